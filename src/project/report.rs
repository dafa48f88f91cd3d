//! What a report shows and how: recipes, from which every figure can be drawn again, and never the drawings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PictureSettings;
use crate::audio::ChannelChoice;
use crate::dataset::MachineSection;
use crate::figures::{FigurePreset, FigureTheme};

/// The figures of a report in their order, and how all of them are set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    #[serde(default)]
    pub figures: Vec<ReportFigure>,
    #[serde(default)]
    pub style: ReportStyle,
}

impl Report {
    /// Nothing of it need be written down.
    pub fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    pub fn figure(&self, id: u32) -> Option<&ReportFigure> {
        self.figures.iter().find(|figure| figure.id == id)
    }

    pub fn figure_mut(&mut self, id: u32) -> Option<&mut ReportFigure> {
        self.figures.iter_mut().find(|figure| figure.id == id)
    }

    /// The number of a figure as a reader counts, from 1.
    pub fn number(&self, id: u32) -> Option<usize> {
        self.figures.iter().position(|figure| figure.id == id).map(|place| place + 1)
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportFigure {
    /// No other figure of the report has it.
    pub id: u32,
    pub recipe: FigureRecipe,
    /// A person's own; `None`: as the recipe says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A person's own; `None`: made from what is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Where the figure has any.
    #[serde(default = "yes")]
    pub shows_intervals: bool,
}

impl ReportFigure {
    /// A figure as its recipe says.
    pub fn new(id: u32, recipe: FigureRecipe) -> Self {
        Self {
            id,
            title: None,
            caption: None,
            // A dozen columns with intervals fit on no page of a paper.
            shows_intervals: !matches!(recipe, FigureRecipe::Matrix { .. }),
            recipe,
        }
    }
}

fn yes() -> bool {
    true
}

/// How all figures of a report are set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportStyle {
    pub preset: FigurePreset,
    pub theme: FigureTheme,
    /// In points on paper; `None`: as is usual for the preset.
    pub font_pt: Option<f64>,
    /// Run, seed, data and day below each figure.
    pub shows_footer: bool,
}

impl Default for ReportStyle {
    fn default() -> Self {
        Self {
            preset: FigurePreset::default(),
            theme: FigureTheme::default(),
            font_pt: None,
            shows_footer: true,
        }
    }
}

impl ReportStyle {
    /// The sizes of type that can be asked for.
    pub const FONT_PT: [f64; 2] = [5.0, 48.0];

    /// The size of type in use.
    pub fn font_pt(&self) -> f64 {
        let [least, most] = Self::FONT_PT;
        // A file may say anything.
        let asked = self.font_pt.filter(|size| size.is_finite());
        asked.map_or(self.preset.font_pt(), |size| size.clamp(least, most))
    }
}

/// What a figure shows. Where `run` is `None` it is the run in use; quantities stand by their titles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FigureRecipe {
    /// The picture of a clip, or of a part of it.
    Spectrogram {
        /// Path in the data set, or of a recording relative to the project's file.
        clip: String,
        channel: ChannelChoice,
        picture: PictureSettings,
        /// Start and end; `None`: the whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_secs: Option<[f64; 2]>,
        /// Lowest and highest; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frequency_hz: Option<[f64; 2]>,
    },
    Roc {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<String>,
        group: MachineSection,
    },
    Histogram {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<String>,
        group: MachineSection,
    },
    /// The machine × detector table.
    Matrix {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<String>,
        metric: String,
    },
    Map {
        color: String,
        shows: String,
        /// Of the scope, where the map shows nothing else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        machine: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        section: Option<String>,
    },
    Loss {
        run: String,
    },
    /// Designs of a search, one quantity over another.
    TradeOff {
        exploration: String,
        x: String,
        y: String,
        shows_unfinished: bool,
    },
    /// The best design so far, as a search went on.
    BestSoFar {
        exploration: String,
    },
    /// How a design tells the clips apart that it was judged by.
    Separation {
        exploration: String,
        trial: usize,
    },
    /// The designs of a search.
    Designs {
        exploration: String,
        shows_unfinished: bool,
    },
}

impl FigureRecipe {
    /// The run that it names, where it is one that can name any or none.
    pub fn run_mut(&mut self) -> Option<&mut Option<String>> {
        match self {
            Self::Roc { run, .. } | Self::Histogram { run, .. } | Self::Matrix { run, .. } => Some(run),
            _ => None,
        }
    }
}

/// What a figure was drawn from the last time: names of inputs and what they were (or a hash of it). Where one is another now,
/// the drawing is stale.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DrawnFrom {
    pub inputs: BTreeMap<String, String>,
    /// The day: `2026-11-22`.
    pub on: String,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{FigureRecipe, Report, ReportStyle};

    #[test]
    fn what_a_file_leaves_out_is_as_usual() {
        let text = r#"{"figures":[{"id":3,"recipe":{"kind":"roc","group":{"machine":"fan","section":"00"}}}]}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        let figure = report.figure(3).unwrap();
        assert!(figure.shows_intervals && figure.title.is_none() && figure.caption.is_none());
        assert!(matches!(&figure.recipe, FigureRecipe::Roc { run: None, group } if group.machine == "fan"));
        assert_eq!(report.style, ReportStyle::default());
        assert_eq!(serde_json::from_str::<Report>("{}").unwrap(), Report::default());
    }

    #[test]
    fn no_file_asks_for_type_that_cannot_be_set() {
        for (asked, set) in [(None, 8.0), (Some(9.5), 9.5), (Some(-3.0), 5.0), (Some(1e9), 48.0)] {
            let style = ReportStyle {
                font_pt: asked,
                ..ReportStyle::default()
            };
            assert!((style.font_pt() - set).abs() < 1e-12, "{asked:?}");
        }
    }
}
