//! How large a figure is set, in which type size and in which colours.

use serde::{Deserialize, Serialize};

use super::frame::LABEL_SIZE;

/// Points of a drawing an inch.
const POINTS_PER_INCH: f64 = 96.0;
const MM_PER_INCH: f64 = 25.4;
/// Pixels a point where nothing else is asked for: 200 dots an inch.
const PIXELS: f32 = 200.0 / 96.0;

/// The colours of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureTheme {
    /// On white.
    #[default]
    Print,
    /// On near black: for a dark slide.
    Dark,
}

impl FigureTheme {
    pub const ALL: [Self; 2] = [Self::Print, Self::Dark];

    pub fn title(self) -> &'static str {
        match self {
            Self::Print => "Print",
            Self::Dark => "Dark",
        }
    }

    /// What stands for a colour of the printed figure. The two blues change places, so that the one used first is seen best.
    pub(super) fn colour(self, printed: &str) -> &str {
        if self == Self::Print {
            return printed;
        }
        match printed {
            "#000000" => "#f2f2f2",
            "#ffffff" => "#17191c",
            "#dddddd" => "#3a3d42",
            "#555555" => "#b4b8be",
            "#777777" => "#999999",
            "#0072b2" => "#56b4e9",
            "#56b4e9" => "#0072b2",
            "#d55e00" => "#f27a2e",
            "#a89a00" => "#f0e442",
            other => other,
        }
    }
}

/// The places that figures are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigurePreset {
    /// One column of a paper.
    #[default]
    PaperColumn,
    /// Across both columns.
    PaperPage,
    /// A whole slide.
    Slide,
    Poster,
}

impl FigurePreset {
    pub const ALL: [Self; 4] = [Self::PaperColumn, Self::PaperPage, Self::Slide, Self::Poster];

    pub fn title(self) -> &'static str {
        match self {
            Self::PaperColumn => "Paper, one column (85 mm)",
            Self::PaperPage => "Paper, two columns (178 mm)",
            Self::Slide => "Slide 16:9",
            Self::Poster => "Poster (400 mm)",
        }
    }

    pub fn width_mm(self) -> f64 {
        match self {
            Self::PaperColumn => 85.0,
            Self::PaperPage => 178.0,
            // The wide slide of the usual programs: 13⅓ × 7½ inches.
            Self::Slide => 40.0 / 3.0 * MM_PER_INCH,
            Self::Poster => 400.0,
        }
    }

    /// `None`: as high as the figure is.
    pub fn height_mm(self) -> Option<f64> {
        (self == Self::Slide).then_some(7.5 * MM_PER_INCH)
    }

    /// The usual size of type, in points (72 an inch) on paper.
    pub fn font_pt(self) -> f64 {
        match self {
            Self::PaperColumn | Self::PaperPage => 8.0,
            Self::Slide => 16.0,
            Self::Poster => 24.0,
        }
    }

    /// Of a PNG. A slide is 1920 × 1080 pixels.
    pub fn dots_per_inch(self) -> f64 {
        match self {
            Self::PaperColumn | Self::PaperPage => 300.0,
            Self::Slide => 144.0,
            Self::Poster => 200.0,
        }
    }
}

/// How a figure is set.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureStyle {
    pub preset: FigurePreset,
    pub theme: FigureTheme,
    /// Of the axes' names, in points (72 an inch) on paper; the rest keeps its proportion to it.
    pub font_pt: f64,
    /// A line below the figure.
    pub footer: Option<String>,
}

impl FigureStyle {
    /// The usual type for a place, without a footer.
    pub fn of(preset: FigurePreset) -> Self {
        Self {
            preset,
            theme: FigureTheme::default(),
            font_pt: preset.font_pt(),
            footer: None,
        }
    }

    /// How much larger than drawn a figure is set, so that its type has the size that is asked for.
    fn scale(&self) -> f64 {
        self.font_pt.clamp(4.0, 72.0) / 72.0 * POINTS_PER_INCH / LABEL_SIZE
    }

    /// The points of a drawing that stand for so many millimetres.
    fn points(&self, mm: f64) -> f64 {
        mm / MM_PER_INCH * POINTS_PER_INCH / self.scale()
    }

    /// Width of the drawing.
    pub(super) fn width(&self) -> f64 {
        self.points(self.preset.width_mm())
    }

    /// Height of the drawing where the place has one.
    pub(super) fn height(&self) -> Option<f64> {
        self.preset.height_mm().map(|mm| self.points(mm))
    }

    pub(super) fn room(&self, plot_height: Option<f64>) -> Room {
        let width = self.width();
        Room {
            width,
            plot_height,
            theme: self.theme,
            pixels: PIXELS.max((f64::from(self.width_px()) / width) as f32),
            is_wide: self.height().is_some_and(|height| width > 1.3 * height),
        }
    }

    /// Pixels of a PNG's width.
    pub(super) fn width_px(&self) -> u32 {
        (self.preset.width_mm() / MM_PER_INCH * self.preset.dots_per_inch()).round() as u32
    }
}

/// What a drawing may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Of the whole drawing.
    pub(super) width: f64,
    /// Of the plot alone; `None`: in the figure's own proportion to its width.
    pub(super) plot_height: Option<f64>,
    pub(super) theme: FigureTheme,
    /// Pixels a point of what is drawn into pixels.
    pub(super) pixels: f32,
    /// Wider than high: what stands below the plot elsewhere may stand beside it.
    pub(super) is_wide: bool,
}

impl Room {
    /// A drawing of this width on white.
    pub(super) fn natural(width: f64) -> Self {
        Self {
            width,
            plot_height: None,
            theme: FigureTheme::Print,
            pixels: PIXELS,
            is_wide: false,
        }
    }

    /// Height of a plot that is `height` high in a drawing that is `width` wide.
    pub(super) fn height_of(self, width: f64, height: f64) -> f64 {
        self.plot_height.unwrap_or(height * self.width / width)
    }
}
