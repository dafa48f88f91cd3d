//! The works that the performance goals name, timed by calling the library as the program itself calls it.
//!
//! A key says what is done and in which unit; keys that programs for other languages are timed under, too, keep to the same
//! shapes, batch sizes and counts. The networks have random weights and the inputs are seeded noise: speed depends on neither.
//!
//! # How to add a work
//! One function and one line in the list of the file it belongs to.

mod back_ends;
mod child;
mod front_ends;
mod growth;
mod inputs;
#[cfg(feature = "gui")]
mod long;
mod networks;
mod pace;
#[cfg(feature = "gui")]
mod window;

pub use pace::Pace;

use std::path::Path;

use super::output::print;
use super::progress::{self, Interrupts};
use crate::pipeline;
use crate::progress::Progress;

/// Something that takes time.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// What and in which unit, as in the JSON object.
    pub key: &'static str,
    /// The same for a person.
    pub title: &'static str,
    measure: fn(Pace, &mut dyn Progress) -> anyhow::Result<f64>,
}

impl Work {
    /// All of them, in the order of the way of a clip.
    pub fn all() -> impl Iterator<Item = Self> {
        let works = networks::WORKS.iter().chain(&front_ends::WORKS).chain(&back_ends::WORKS);
        #[cfg(feature = "gui")]
        let works = works.chain(&window::WORKS).chain(&long::WORKS);
        works.copied()
    }

    /// Does the work again and again and returns the median time, in the unit of the key.
    ///
    /// # Errors
    /// Where the work itself fails, or the wish to stop.
    pub fn measure(&self, pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
        (self.measure)(pace, progress)
    }
}

/// The names of all works.
pub(super) fn keys() -> Vec<&'static str> {
    Work::all().map(|work| work.key).collect()
}

/// Prints the figures of the works of these keys, of all where none is named: one JSON object, or a line each as they arrive.
pub(super) fn run(only: &[String], is_json: bool) -> anyhow::Result<()> {
    let mut figures = serde_json::Map::new();
    // A table says itself how far it is.
    if !is_json {
        print(&machine())?;
    }
    for work in Work::all().filter(|work| only.is_empty() || only.iter().any(|key| key == work.key)) {
        if is_json {
            progress::say(work.key);
        }
        let figure = work.measure(Pace::default(), &mut Interrupts)?;
        if is_json {
            figures.insert(work.key.to_owned(), figure.into());
        } else {
            print(&format!("{:42} {figure:12.4}  {}", work.key, work.title))?;
        }
    }
    if is_json {
        print(&serde_json::to_string(&figures)?)?;
    }
    Ok(())
}

/// Measures how time and memory grow with the work, on data sets of so many clips, and writes the curves below `out`.
pub(super) fn run_growth(out: &Path, n_clips: &[usize]) -> anyhow::Result<()> {
    growth::write(out, n_clips)?
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// What the figures hang on: version, processor, threads.
fn machine() -> String {
    format!(
        "auscult {} on {}, {} threads",
        env!("CARGO_PKG_VERSION"),
        pipeline::processor(),
        rayon::current_num_threads()
    )
}
