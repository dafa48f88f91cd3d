//! The tables and figures of the `MobileAnoNet` paper, reproduced: `auscult reproduce`.
//!
//! `published` holds the printed figures and `faults` their footnotes, `plan` says which systems a table has, `run` trains them
//! and works out the rows, `figures` draws the maps, `write` puts both to paper.
//!
//! # How to add a system
//! One line in the table of `plan`, and its printed column in `published`.
//!
//! *Invariant:* the printed figures are only ever held against ours, never used; every choice of a detector says which labels it saw.

mod faults;
mod figures;
mod plan;
mod published;
mod run;
mod settings;
mod write;

pub use figures::reproduce_figure;
pub use plan::{Challenge, Target};
pub use published::{III_AE_BEARING, III_AE_OVERALL, MACHINES, Published, ROUNDING};
pub use run::{DataFacts, PlannedTraining, Reproduction, SystemRows, planned_trainings, reproduce_table};
pub use settings::{Caps, Settings};

/// The printed columns of a table, in their order; none of a figure.
pub fn published_columns(target: Target) -> Vec<&'static Published> {
    let systems = if target.is_figure() { &[] } else { target.systems() };
    systems.iter().filter_map(|system| system.published).collect()
}
