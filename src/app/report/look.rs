//! The work of one look at a figure: is it still what was drawn, and how does it look on paper?

use std::sync::{Arc, OnceLock};

use super::clip::Stamp;
use super::task::{Source, Task};
use crate::dataset::Dataset;
use crate::figures::{self, FigureStyle, OnPaper, Pixels, Plate, Provenance};
use crate::progress::Progress;
use crate::project::{DrawnFrom, FigureRecipe, ReportStyle};

/// Pixels of a preview at most: width and height.
const PREVIEW_PX: [f64; 2] = [1280.0, 800.0];

/// A figure as it was last drawn: what a change of style alone sets anew.
#[derive(Debug, PartialEq)]
pub(super) struct Drawing {
    pub(super) plate: Arc<Plate>,
    pub(super) caption: String,
    pub(super) from: DrawnFrom,
    run: Option<String>,
    seed: Option<u64>,
    /// Of a picture of a file: the file is read again only when it is another, or something else of it is asked for.
    clip: Option<(FigureRecipe, Stamp)>,
}

/// What is seen of a figure: the very SVG that is saved, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub svg: String,
    pub pixels: Pixels,
    /// The size of its type on paper: less than was asked for where a table would not fit.
    pub type_pt: f64,
}

/// What all figures of a report have in common while they are drawn.
pub(super) struct Setting {
    pub(super) style: ReportStyle,
    pub(super) project: String,
    pub(super) dataset: Arc<Dataset>,
    pub(super) today: String,
    /// Of the data set, once it was asked for: of many clips it takes a moment.
    pub(super) fingerprint: OnceLock<String>,
}

impl Setting {
    pub(super) fn data(&self) -> &str {
        self.fingerprint.get_or_init(|| self.dataset.fingerprint())
    }
}

/// What was known of a figure before the look.
#[derive(Default)]
pub(super) struct Before {
    pub(super) drawing: Option<Arc<Drawing>>,
    pub(super) preview: Option<Arc<Preview>>,
    /// As the project's file tells it.
    pub(super) from: Option<DrawnFrom>,
    /// A person asks for the figure as it is now.
    pub(super) is_refreshed: bool,
}

/// The outcome of a look.
pub(in crate::app) struct Looked {
    pub(super) id: u32,
    /// What has changed since it was drawn; empty: it is fresh.
    pub(super) changes: Vec<String>,
    pub(super) drawing: Option<Arc<Drawing>>,
    pub(super) preview: Option<Arc<Preview>>,
}

/// Looks at a figure. A stale one stays as it was drawn; after the program was closed there is nothing left of it to see.
pub(super) fn look(task: Task, before: Before, setting: &Setting, progress: &mut dyn Progress) -> anyhow::Result<Looked> {
    let (id, title) = (task.figure.id, task.title.clone());
    let now = draw(task, before.drawing.as_deref(), setting, progress)?;
    let changes = match &before.from {
        Some(from) if !before.is_refreshed => changes(from, &now.from),
        _ => Vec::new(),
    };
    let drawing = if changes.is_empty() {
        // What was drawn on an earlier day and is still so keeps its day.
        let from = before
            .from
            .filter(|from| !before.is_refreshed && from.inputs == now.from.inputs);
        let from = from.unwrap_or_else(|| now.from.clone());
        Some(Arc::new(Drawing { from, ..now }))
    } else {
        before.drawing
    };
    let preview = match &drawing {
        None => None,
        Some(drawing) => {
            let drawn = drawing.on_paper(&title, setting)?;
            match before.preview.filter(|preview| preview.svg == drawn.svg) {
                Some(preview) => Some(preview),
                None => Some(Arc::new(Preview {
                    pixels: pixels(&drawn)?,
                    svg: drawn.svg,
                    type_pt: drawn.type_pt,
                })),
            }
        }
    };
    Ok(Looked {
        id,
        changes,
        drawing,
        preview,
    })
}

/// Draws a figure from its inputs as they are; what is read of a file that has not changed is taken from `before`.
pub(super) fn draw(
    task: Task,
    before: Option<&Drawing>,
    setting: &Setting,
    progress: &mut dyn Progress,
) -> anyhow::Result<Drawing> {
    let Task {
        figure,
        source,
        mut inputs,
        caption,
        run,
        seed,
        ..
    } = task;
    let (plate, clip) = match source {
        Source::Plate(plate) => (Arc::new(*plate), None),
        Source::Clip(clip) => {
            let key = clip.stamp().map(|stamp| (figure.recipe.clone(), stamp));
            let known = before.filter(|before| key.is_some() && before.clip == key);
            let plate = match known {
                Some(known) => Arc::clone(&known.plate),
                None => Arc::new(clip.draw(progress)?),
            };
            (plate, key)
        }
    };
    inputs.insert("shown".to_owned(), plate.fingerprint());
    Ok(Drawing {
        plate,
        caption,
        from: DrawnFrom {
            inputs,
            on: setting.today.clone(),
        },
        run,
        seed,
        clip,
    })
}

impl Drawing {
    pub(super) fn style(&self, setting: &Setting) -> FigureStyle {
        let ReportStyle {
            preset,
            theme,
            shows_footer,
            ..
        } = setting.style;
        FigureStyle {
            preset,
            theme,
            font_pt: setting.style.font_pt(),
            footer: shows_footer.then(|| self.footer(setting)),
        }
    }

    /// `run dense-ae-1 · seed 7 · data 91ac0d2e · 2026-11-22`.
    fn footer(&self, setting: &Setting) -> String {
        let run = self.run.as_ref().map(|run| format!("run {run}"));
        let seed = self.seed.map(|seed| format!("seed {seed}"));
        let data = format!("data {}", &setting.data()[..8]);
        let parts = [run, seed, Some(data), Some(self.from.on.clone())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    pub(super) fn provenance(&self, setting: &Setting) -> Provenance {
        Provenance {
            project: setting.project.clone(),
            run: self.run.clone().unwrap_or_default(),
            seed: self.seed,
            data_fingerprint: setting.data().to_owned(),
            version: format!("{}, {}", env!("CARGO_PKG_VERSION"), self.from.on),
        }
    }

    /// As it is saved.
    pub(super) fn on_paper(&self, title: &str, setting: &Setting) -> anyhow::Result<OnPaper> {
        let plate = (*self.plate).clone().titled(title);
        let provenance = self.provenance(setting);
        let drawn = plate.on_paper(&self.style(setting), Some(&provenance));
        drawn.map_err(anyhow::Error::msg)
    }
}

/// About as many pixels as a window shows: a picture that is made much smaller there loses its thin lines.
fn pixels(drawn: &OnPaper) -> anyhow::Result<Pixels> {
    let [width, height] = PREVIEW_PX;
    let width = width.min(height / drawn.aspect.max(0.01)).round().max(1.0);
    figures::pixels_of(&drawn.svg, width as u32).map_err(anyhow::Error::msg)
}

/// What makes a drawing stale, in words. What a person changed of the figure itself does not: then it is drawn anew.
fn changes(before: &DrawnFrom, now: &DrawnFrom) -> Vec<String> {
    let value = |from: &DrawnFrom, name: &str| from.inputs.get(name).cloned();
    if value(before, "recipe") != value(now, "recipe") {
        return Vec::new();
    }
    let names = before.inputs.keys().chain(now.inputs.keys());
    let mut differing: Vec<&str> = names
        .map(String::as_str)
        .filter(|name| value(before, name) != value(now, name))
        .collect();
    differing.sort_unstable();
    differing.dedup();
    // What is shown differs in consequence: told only where there is no reason to tell.
    if differing.len() > 1 {
        differing.retain(|name| *name != "shown");
    }
    let was = |name: &str| value(before, name).unwrap_or_else(|| "none".to_owned());
    let is = |name: &str| value(now, name).unwrap_or_else(|| "none".to_owned());
    let words = differing.into_iter().map(|name| match name {
        "run" => format!("another run is in use: {}, not {}", is(name), was(name)),
        "labels" => "labels of its clips changed".to_owned(),
        "scores" => "its clips have other scores".to_owned(),
        "detector" => format!("another detector is in use: {}, not {}", is(name), was(name)),
        "detectors" => "other detectors are in use".to_owned(),
        "threshold" => format!("the threshold is {}, not {}", is(name), was(name)),
        "epochs" => format!("the run has {} epochs, not {}", is(name), was(name)),
        "designs" => format!("the search has {} designs, not {}", is(name), was(name)),
        "map" => "the map has other settings".to_owned(),
        _ => "what it shows changed".to_owned(),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::{DrawnFrom, changes};

    fn from(inputs: &[(&str, &str)]) -> DrawnFrom {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        DrawnFrom {
            inputs: inputs.collect(),
            on: String::new(),
        }
    }

    #[test]
    fn the_reason_is_named_and_the_consequence_only_where_it_stands_alone() {
        let before = from(&[("recipe", "r"), ("run", "a"), ("labels", "1"), ("shown", "x")]);
        assert!(changes(&before, &before).is_empty());
        let retrained = from(&[("recipe", "r"), ("run", "b"), ("labels", "1"), ("shown", "y")]);
        assert_eq!(changes(&before, &retrained), ["another run is in use: b, not a"]);
        let other = from(&[("recipe", "r"), ("run", "a"), ("labels", "1"), ("shown", "y")]);
        assert_eq!(changes(&before, &other), ["what it shows changed"]);
        let own = from(&[("recipe", "s"), ("run", "b"), ("labels", "1"), ("shown", "y")]);
        assert!(changes(&before, &own).is_empty(), "a person asked for it");
    }
}
