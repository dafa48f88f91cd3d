//! The tables and figures of the `MobileAnoNet` paper, and Table 1 of the `OutlierNets` paper, reproduced: `auscult reproduce`.
//!
//! `published` holds the printed figures and `faults` their footnotes, `plan` says which systems a table has and `challenge` on
//! which data, `run` trains them and works out the `rows`, `figures` draws the maps, `write` puts both to paper.
//! `table_1` is a search a task and has little in common with the others; `published_tasks` are its printed rows.
//!
//! # How to add a system
//! One line in the table of `plan`, and its printed column in `published`.
//!
//! *Invariant:* the printed figures are only ever held against ours, never used; every choice of a detector says which labels it saw.

mod challenge;
mod faults;
mod figures;
mod plan;
mod published;
mod published_tasks;
mod rows;
mod run;
mod settings;
mod table_1;
mod write;

pub use challenge::Challenge;
pub use figures::reproduce_figure;
pub use plan::Target;
pub use published::{III_AE_BEARING, III_AE_OVERALL, MACHINES, Published, ROUNDING};
pub use published_tasks::{PublishedTask, TASKS};
pub use rows::{DataFacts, Reproduction, SystemRows};
pub use run::{PlannedTraining, planned_trainings, reproduce_table};
pub use settings::{Caps, Settings};
pub use table_1::{ChosenDesign, TableOne, TaskRow, reproduce_table_1};

/// The printed columns of a table, in their order; none of a figure.
pub fn published_columns(target: Target) -> Vec<&'static Published> {
    let systems = if target.is_figure() { &[] } else { target.systems() };
    systems.iter().filter_map(|system| system.published).collect()
}
