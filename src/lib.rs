//! auscult: hear what is wrong with a machine before it breaks.
//!
//! # The way of a clip
//! A recording becomes an anomaly score on one straight way:
//!
//! ```text
//! file ── audio ──► clip ── extractors ──► embedding ── detectors ──► anomaly score ── evaluation ──► ROC, AUC, threshold
//!         dataset says what it is     └─ dsp, nn                  projection ──► map        figures ──► SVG, PNG, CSV, LaTeX
//! ```
//!
//! # Rooms
//! The rooms below stand in the order in which they are best read. Imports point to rooms further up only;
//! `tests/architecture.rs` holds them to it. Each room's `mod.rs` ends with its *Invariant:* what it deliberately does not know.
//!
//! | room | in one sentence |
//! |---|---|
//! | [`progress`] | the seam between long computations and whoever waits: report, and learn that you must stop |
//! | `whole_file` | files that are there whole or not at all |
//! | [`audio`] | sound as samples: reading and writing files, resampling, playback, capture |
//! | [`dsp`] | pure functions on slices: STFT, mel, the outline of a waveform, measuring in time and frequency |
//! | [`dataset`] | what the clips are: labels, the layouts of known data sets, synthetic machines |
//! | [`annotations`] | boxes that a person draws on a clip, and the files in which other programs keep theirs |
//! | [`exploration`] | tiny designs: what one is, what it costs, and what a search tries next |
//! | [`export`] | a trained network on its way out: ONNX, C |
//! | [`nn`] | the only room that imports burn: networks, the training loop, checkpoints |
//! | [`extractors`] | front ends: clip → embedding, and what some of them score it themselves |
//! | [`detectors`] | back ends: embeddings of normal clips in, an anomaly score for any clip out |
//! | [`evaluation`] | scores and labels → ROC, AUC, pAUC, intervals, thresholds; the DCASE files |
//! | [`projection`] | embeddings → points on a map |
//! | [`figures`] | a figure as data, and its way to paper |
//! | [`project`] | what a person saves: recipes only |
//! | [`pipeline`] | the verbs: train, extract, compare, score, explore, deploy |
//! | [`jobs`] | threads: generic, knows no subject |
//! | [`app`] | the program without widgets: state, actions, what each changes |
//! | [`cli`] | commands on the same pipeline |
//! | [`ui`] | the only room that imports egui |
//!
//! # Where to start reading
//! [`pipeline::compare`] shows the whole way on one page. To add a detector, an extractor, a layout or a figure, see "How to add …"
//! at the head of its room: it is one new file and one line in a list.
//!
//! # What always holds
//! * A clip that is tested is never fitted on: [`pipeline::compare`] asserts it.
//! * A data folder is only ever read.
//! * A long computation is a plain function with a [`progress::Progress`]; only [`jobs`] makes threads for it.
//! * Views read `&State` and push `Action`s; only [`app`] changes anything.

pub mod progress;
mod whole_file;

pub mod annotations;
pub mod audio;
pub mod dataset;
pub mod dsp;

pub mod detectors;
pub mod exploration;
pub mod export;
pub mod extractors;
pub mod nn;

pub mod evaluation;
pub mod figures;
pub mod projection;

pub mod pipeline;
pub mod project;

pub mod app;
pub mod cli;
pub mod jobs;
#[cfg(feature = "gui")]
pub mod ui;
