//! What a report holds: a figure or a table, set for a place and written in the formats that it has.

use std::path::Path;

use super::raster::Image;
use super::style::FigureStyle;
use super::{Figure, FigureError, Provenance, Table, drawing, save};

/// A figure or a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Plate {
    Figure(Figure),
    Table { title: String, table: Table },
}

/// A drawing as SVG.
#[derive(Debug, Clone, PartialEq)]
pub struct OnPaper {
    pub svg: String,
    /// The size of its type, in points: less than was asked for where a table would not fit.
    pub type_pt: f64,
    /// Height over width.
    pub aspect: f64,
}

/// A drawing in pixels: 8-bit RGBA, not premultiplied, `[height, width, 4]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}

impl Plate {
    /// The endings of the files that a figure can be written as.
    pub const FIGURE_ENDINGS: &[&str] = &["svg", "png", "csv"];
    /// The same of a table.
    pub const TABLE_ENDINGS: &[&str] = &["svg", "png", "csv", "tex", "md"];

    /// The endings of the files that it can be written as.
    pub fn endings(&self) -> &'static [&'static str] {
        match self {
            Self::Figure(_) => Self::FIGURE_ENDINGS,
            Self::Table { .. } => Self::TABLE_ENDINGS,
        }
    }

    pub fn title(&self) -> &str {
        match self {
            Self::Figure(figure) => figure.title(),
            Self::Table { title, .. } => title,
        }
    }

    /// The same under another title.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        match &mut self {
            Self::Figure(figure) => figure.set_title(title),
            Self::Table { title: own, .. } => title.clone_into(own),
        }
        self
    }

    /// A hash of everything that is plotted: the same data have the same, whatever the title and the style.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        match self {
            // Written out as text its hundred thousands of levels would take a second.
            Self::Figure(Figure::Spectrogram(figure)) => figure.hash_into(&mut hasher),
            Self::Figure(figure) => hash_rows(&mut hasher, &figure.rows()),
            Self::Table { table, .. } => {
                hash_rows(&mut hasher, &table.rows());
                hasher.update(table.caption.as_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// The drawing: what a file holds and what a preview shows.
    ///
    /// # Errors
    /// Where the data do not fit together.
    pub fn on_paper(&self, style: &FigureStyle, provenance: Option<&Provenance>) -> Result<OnPaper, String> {
        let canvas = drawing::set(
            style,
            |room| self.plot_height(room),
            |room| match self {
                Self::Figure(figure) => figure.draw(room),
                Self::Table { title, table } => Ok(table.draw(room, title)),
            },
        )?;
        let provenance = provenance.map(Provenance::to_string);
        Ok(drawing::on_paper(&canvas, style, self.title(), provenance.as_deref()))
    }

    fn plot_height(&self, room: super::style::Room) -> f64 {
        match self {
            Self::Figure(figure) => figure.plot_height(room),
            // Rows have the height that they have.
            Self::Table { .. } => 0.0,
        }
    }

    /// Writes it; the ending of `path` chooses among [`Plate::endings`].
    ///
    /// # Errors
    /// Where the ending is another, it cannot be drawn, or the file cannot be written; nothing half-written is left under its name.
    pub fn write(&self, path: &Path, style: &FigureStyle, provenance: &Provenance) -> Result<(), FigureError> {
        let reason = |reason: String| FigureError::Draw {
            path: path.to_owned(),
            reason,
        };
        let bytes = match (save::ending(path).as_str(), self) {
            ("svg", _) => self.on_paper(style, Some(provenance)).map_err(reason)?.svg.into_bytes(),
            ("png", _) => {
                let svg = self.on_paper(style, None).map_err(reason)?.svg;
                let image = Image::of_svg_wide(&svg, style.width_px()).map_err(reason)?;
                let per_point = (style.preset.dots_per_inch() / 96.0) as f32;
                let comment = provenance.to_string();
                image.to_png(Some(&comment), Some(per_point)).map_err(reason)?
            }
            ("csv", Self::Figure(figure)) => save::csv(&figure.rows(), Some(&provenance.to_string())).map_err(reason)?,
            (_, Self::Table { table, .. }) => return super::write_table_with(table, path, Some(provenance)),
            _ => return Err(save::unknown(path, ".svg, .png or .csv")),
        };
        save::write_whole(path, &bytes)
    }
}

/// An SVG in so many pixels' width.
///
/// # Errors
/// Where the text is no SVG.
pub fn pixels_of(svg: &str, width: u32) -> Result<Pixels, String> {
    let Image { width, height, pixels } = Image::of_svg_wide(svg, width)?;
    Ok(Pixels {
        width,
        height,
        rgba: pixels,
    })
}

fn hash_rows(hasher: &mut blake3::Hasher, rows: &[Vec<String>]) {
    for cell in rows.iter().flatten() {
        hasher.update(cell.as_bytes());
        hasher.update(b"\n");
    }
}
