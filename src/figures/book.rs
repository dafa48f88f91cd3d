//! One page with all figures of a report and their captions, in a file that needs no other.

use std::fmt::Write as _;
use std::path::Path;

use super::escape::html;
use super::raster::base64;
use super::{FigureError, Table, save};

/// Figures with captions below a title.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    pub title: String,
    /// Below the title: where all of it comes from.
    pub facts: Vec<(String, String)>,
    pub figures: Vec<BookFigure>,
}

/// One figure of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct BookFigure {
    pub number: usize,
    pub title: String,
    pub caption: String,
    pub svg: String,
    /// Its figures to be read and copied, where it is a table.
    pub table: Option<Table>,
}

/// Writes the page as HTML with the drawings inside.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_book(book: &Book, path: &Path) -> Result<(), FigureError> {
    save::write_whole(path, book.to_html().as_bytes())
}

impl Book {
    fn to_html(&self) -> String {
        let title = html(&self.title);
        let mut text = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>\n{STYLE}</style></head>\n\
             <body>\n<h1>{title}</h1>\n<p class=\"facts\">"
        );
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!("{} {}", html(name), html(value)));
        text += &facts.collect::<Vec<_>>().join(" · ");
        text += "</p>\n";
        for figure in &self.figures {
            // As an image of its own: names inside one drawing do not meet those of another.
            let _ = writeln!(
                text,
                "<figure id=\"fig-{number}\">\n<img alt=\"{title}\" src=\"data:image/svg+xml;base64,{svg}\">\n\
                 <figcaption><b>Fig {number}.</b> {caption}</figcaption>",
                number = figure.number,
                title = html(&figure.title),
                svg = base64(figure.svg.as_bytes()),
                caption = html(&figure.caption),
            );
            if let Some(table) = &figure.table {
                text += &cells(table);
            }
            text += "</figure>\n";
        }
        text + "</body></html>\n"
    }
}

fn cells(table: &Table) -> String {
    let mut text = String::from("<details><summary>As text</summary><table>\n");
    for (row_idx, row) in table.printed_rows().iter().enumerate() {
        let tag = if row_idx == 0 { "th" } else { "td" };
        let cells = row.iter().map(|(cell, is_bold)| {
            let cell = html(cell);
            if *is_bold {
                format!("<{tag}><b>{cell}</b></{tag}>")
            } else {
                format!("<{tag}>{cell}</{tag}>")
            }
        });
        let _ = writeln!(text, "<tr>{}</tr>", cells.collect::<String>());
    }
    text + "</table></details>\n"
}

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; color: #1c1d1f; background: #fff; }
figure { margin: 2.5rem 0; } img { max-width: 100%; border: 1px solid #d8dbdf; }
figcaption { margin-top: .5rem; } .facts { color: #5c626a; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .2rem .6rem; text-align: right; }
tr :first-child { text-align: left; } tr + tr { border-top: 1px solid #d8dbdf; }
";
