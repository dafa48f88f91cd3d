//! auscult: hear what is wrong with a machine before it breaks.

pub mod app;
pub mod audio;
pub mod cli;
pub mod dataset;
pub mod detectors;
pub mod dsp;
pub mod evaluation;
pub mod extractors;
pub mod figures;
pub mod jobs;
pub mod nn;
pub mod pipeline;
pub mod progress;
pub mod project;
pub mod projection;
#[cfg(feature = "gui")]
pub mod ui;
