//! The legend below the plot, where it can cover nothing.

use super::canvas::{Anchor, Canvas, Stroke, TextStyle};
use super::font;
use super::frame::{GAP, MARGIN};
use super::palette::{Shape, mark};

const SIZE: f64 = 10.0;
const LINE_HEIGHT: f64 = 15.0;
/// Of a stretch of line; marks and boxes among themselves need less.
const LINE_WIDTH: f64 = 26.0;
const MARK_WIDTH: f64 = 16.0;
/// Between entries on one line.
const SPACE: f64 = 14.0;

/// What stands before an entry's text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Line(Stroke),
    Mark {
        shape: Shape,
        colour: &'static str,
        is_open: bool,
    },
    /// A box filled with a colour or `url(#…)`, with its opacity and outline.
    Box {
        fill: &'static str,
        opacity: f64,
        stroke: Stroke,
    },
}

/// Draws the entries from `top` on, as many to a line as fit, in columns of one width; returns the y below.
pub(super) fn draw(canvas: &mut Canvas, left: f64, top: f64, entries: &[(Key, String)]) -> f64 {
    let room = canvas.width - left - MARGIN;
    let key_width = if entries.iter().any(|entry| matches!(entry.0, Key::Line(_))) {
        LINE_WIDTH
    } else {
        MARK_WIDTH
    };
    let text_room = room - key_width - GAP;
    let texts: Vec<String> = entries
        .iter()
        .map(|(_, text)| font::shortened(text, SIZE, text_room))
        .collect();
    let widest = texts.iter().map(|text| font::width(text, SIZE)).fold(0.0, f64::max);
    let column_width = key_width + GAP + widest + SPACE;
    let n_columns = (((room + SPACE) / column_width) as usize).clamp(1, entries.len().max(1));
    for (entry_idx, ((key, _), text)) in entries.iter().zip(&texts).enumerate() {
        let x = left + (entry_idx % n_columns) as f64 * column_width;
        let y = top + (entry_idx / n_columns) as f64 * LINE_HEIGHT + 0.5 * LINE_HEIGHT;
        match *key {
            Key::Line(stroke) => canvas.line([x, y], [x + key_width, y], stroke),
            Key::Mark { shape, colour, is_open } => mark(canvas, [x + 0.5 * key_width, y], 3.4, shape, colour, is_open),
            Key::Box { fill, opacity, stroke } => {
                let area = super::canvas::Area {
                    x: x + 0.5 * key_width - 8.0,
                    y: y - 4.5,
                    width: 16.0,
                    height: 9.0,
                };
                canvas.rectangle(area, fill, opacity, Some(stroke));
            }
        }
        canvas.text(
            [x + key_width + GAP, y + 0.36 * SIZE],
            text,
            TextStyle::new(SIZE, Anchor::Start),
        );
    }
    top + entries.len().div_ceil(n_columns) as f64 * LINE_HEIGHT
}
