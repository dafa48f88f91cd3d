//! A figure as data, drawn as SVG, PNG and CSV (tables also as LaTeX): the same figure that the window shows.
//!
//! # How to add a figure
//! One new file with its data, drawing and CSV, one variant of [`Figure`], one line in each `match` of this file.
//!
//! *Invariant:* a figure is drawn from its own data and nothing else; never from the screen. The same data give the same bytes.

mod axis;
mod book;
mod canvas;
mod color_map;
mod date;
mod drawing;
mod error;
mod escape;
mod font;
mod frame;
mod histogram;
mod legend;
mod lines;
mod loss;
mod map;
mod page;
mod palette;
mod plate;
mod raster;
mod roc;
mod save;
mod scatter;
mod sheet;
mod spectrogram;
mod style;
mod table;
mod table_drawing;

pub use book::{Book, BookFigure, write_book};
pub use color_map::ColorMap;
pub use date::date;
pub use error::FigureError;
pub use histogram::HistogramFigure;
pub use lines::{LineFigure, Quantity, Scale};
pub use loss::LossFigure;
pub use map::{MapFigure, MapPoint};
pub use page::{Grid, GridRow, Page, write_page};
pub use plate::{OnPaper, Pixels, Plate, pixels_of};
pub use roc::{RocFigure, RocSeries};
pub use save::Provenance;
pub use scatter::{ScatterFigure, ScatterGroup};
pub use sheet::{Sheet, write_sheet};
pub use spectrogram::SpectrogramFigure;
pub use style::{FigurePreset, FigureStyle, FigureTheme};
pub use table::{Table, TableRow};

use std::path::Path;

use style::Room;

/// Pixels of a PNG per point of the drawing (96 a inch): 200 dots an inch on paper.
const PNG_SCALE: f32 = 200.0 / 96.0;

/// A picture to be saved.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    Roc(RocFigure),
    Histogram(HistogramFigure),
    Map(MapFigure),
    Loss(LossFigure),
    Lines(LineFigure),
    Scatter(ScatterFigure),
    Spectrogram(SpectrogramFigure),
}

impl Figure {
    /// As large as it is by itself, on white.
    fn draw_natural(&self) -> Result<canvas::Canvas, String> {
        self.draw(Room::natural(self.natural_size()[0]))
    }

    fn draw(&self, room: Room) -> Result<canvas::Canvas, String> {
        match self {
            Self::Roc(figure) => Ok(figure.draw(room)),
            Self::Histogram(figure) => Ok(figure.draw(room)),
            Self::Map(figure) => figure.draw(room),
            Self::Loss(figure) => Ok(figure.draw(room)),
            Self::Lines(figure) => Ok(figure.draw(room)),
            Self::Scatter(figure) => Ok(figure.draw(room)),
            Self::Spectrogram(figure) => figure.draw(room),
        }
    }

    /// Width of the whole by itself, and about the height of its plot.
    fn natural_size(&self) -> [f64; 2] {
        match self {
            Self::Roc(_) => [roc::WIDTH, roc::WIDTH],
            Self::Histogram(_) => [histogram::WIDTH, histogram::HEIGHT],
            Self::Map(_) => [map::WIDTH, map::WIDTH],
            Self::Loss(_) => [loss::WIDTH, loss::HEIGHT],
            Self::Lines(_) => [lines::WIDTH, lines::HEIGHT],
            Self::Scatter(_) => [scatter::WIDTH, scatter::HEIGHT],
            Self::Spectrogram(_) => [spectrogram::WIDTH, spectrogram::HEIGHT],
        }
    }

    /// About the height of its plot in a room.
    fn plot_height(&self, room: Room) -> f64 {
        match self {
            Self::Roc(_) => RocFigure::side(room),
            _ => {
                let [width, height] = self.natural_size();
                room.height_of(width, height)
            }
        }
    }

    /// Header and rows of the plotted data.
    fn rows(&self) -> Vec<Vec<String>> {
        match self {
            Self::Roc(figure) => figure.rows(),
            Self::Histogram(figure) => figure.rows(),
            Self::Map(figure) => figure.rows(),
            Self::Loss(figure) => figure.rows(),
            Self::Lines(figure) => figure.rows(),
            Self::Scatter(figure) => figure.rows(),
            Self::Spectrogram(figure) => figure.rows(),
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::Roc(figure) => &figure.title,
            Self::Histogram(figure) => &figure.title,
            Self::Map(figure) => &figure.title,
            Self::Loss(figure) => &figure.title,
            Self::Lines(figure) => &figure.title,
            Self::Scatter(figure) => &figure.title,
            Self::Spectrogram(figure) => &figure.title,
        }
    }
}

impl Figure {
    fn set_title(&mut self, title: &str) {
        let own = match self {
            Self::Roc(figure) => &mut figure.title,
            Self::Histogram(figure) => &mut figure.title,
            Self::Map(figure) => &mut figure.title,
            Self::Loss(figure) => &mut figure.title,
            Self::Lines(figure) => &mut figure.title,
            Self::Scatter(figure) => &mut figure.title,
            Self::Spectrogram(figure) => &mut figure.title,
        };
        title.clone_into(own);
    }
}

/// Writes a figure; the ending of `path` chooses: `.svg`, `.png`, `.csv`.
///
/// # Errors
/// Where the ending is another, or the file cannot be written.
pub fn write(figure: &Figure, path: &Path) -> Result<(), FigureError> {
    write_with(figure, path, None)
}

/// As [`write()`], with where the figure comes from in its metadata (in a CSV: a comment line).
///
/// # Errors
/// Where the ending is another, or the file cannot be written; nothing half-written is left under its name.
pub fn write_with(figure: &Figure, path: &Path, provenance: Option<&Provenance>) -> Result<(), FigureError> {
    let provenance = provenance.map(Provenance::to_string);
    let reason = |reason: String| FigureError::Draw {
        path: path.to_owned(),
        reason,
    };
    let svg = || {
        figure
            .draw_natural()
            .map(|canvas| canvas.finish(figure.title(), provenance.as_deref()))
    };
    let bytes = match save::ending(path).as_str() {
        "svg" => svg().map_err(reason)?.into_bytes(),
        "png" => {
            let image = svg()
                .and_then(|svg| raster::Image::of_svg(&svg, PNG_SCALE, true))
                .map_err(reason)?;
            image.to_png(provenance.as_deref(), Some(PNG_SCALE)).map_err(reason)?
        }
        "csv" => save::csv(&figure.rows(), provenance.as_deref()).map_err(reason)?,
        _ => return Err(save::unknown(path, ".svg, .png or .csv")),
    };
    save::write_whole(path, &bytes)
}

/// The SVG text of a figure, as [`write()`] writes it.
///
/// # Errors
/// Where a raster inside the figure cannot be made.
pub fn to_svg(figure: &Figure) -> Result<String, FigureError> {
    let canvas = figure.draw_natural().map_err(|reason| FigureError::Draw {
        path: "the figure".into(),
        reason,
    })?;
    Ok(canvas.finish(figure.title(), None))
}

/// Writes a table; the ending of `path` chooses: `.csv`, `.tex`, `.md`.
///
/// # Errors
/// Where the ending is another, or the file cannot be written.
pub fn write_table(table: &Table, path: &Path) -> Result<(), FigureError> {
    write_table_with(table, path, None)
}

/// As [`write_table`], with where the table comes from in a comment.
///
/// # Errors
/// Where the ending is another, or the file cannot be written; nothing half-written is left under its name.
pub fn write_table_with(table: &Table, path: &Path, provenance: Option<&Provenance>) -> Result<(), FigureError> {
    let provenance = provenance.map(Provenance::to_string);
    let provenance = provenance.as_deref();
    let bytes = match save::ending(path).as_str() {
        "csv" => save::csv(&table.rows(), provenance).map_err(|reason| FigureError::Draw {
            path: path.to_owned(),
            reason,
        })?,
        "tex" => table.to_latex(provenance).into_bytes(),
        "md" => table.to_markdown(provenance).into_bytes(),
        _ => return Err(save::unknown(path, ".csv, .tex or .md")),
    };
    save::write_whole(path, &bytes)
}
