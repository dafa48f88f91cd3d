//! A table as a drawing: names at the left, figures under their columns, the best of a row in bold.

use super::Table;
use super::canvas::{Anchor, Canvas, Stroke, TextStyle};
use super::font;
use super::frame::{MARGIN, TITLE_SIZE};
use super::palette::INK;
use super::style::Room;

const SIZE: f64 = 10.0;
const ROW_HEIGHT: f64 = 16.0;
/// Between two columns.
const GAP: f64 = 12.0;
/// Bold letters are wider than the plain ones that are measured.
const BOLD: f64 = 1.15;

impl Table {
    /// As wide as its columns need, `room.width` at least.
    pub(super) fn draw(&self, room: Room, title: &str) -> Canvas {
        let rows = self.printed_rows();
        let n_columns = rows.first().map_or(0, Vec::len);
        let width_of = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widths = cells.map(|(text, is_bold)| font::width(text, SIZE) * if *is_bold { BOLD } else { 1.0 });
            widths.fold(0.0, f64::max)
        };
        let widths: Vec<f64> = (0..n_columns).map(width_of).collect();
        let needed = widths.iter().sum::<f64>() + GAP * n_columns.saturating_sub(1) as f64 + 2.0 * MARGIN;
        let mut canvas = Canvas::new(room.width.max(needed), room.theme);
        let bold = TextStyle {
            is_bold: true,
            ..TextStyle::new(TITLE_SIZE, Anchor::Start)
        };
        let title = font::shortened(title, TITLE_SIZE, (canvas.width - 2.0 * MARGIN) / BOLD);
        canvas.text([MARGIN, MARGIN + TITLE_SIZE], &title, bold);
        // What is left over is given to the gaps, so that the table fills its place.
        let gap = GAP + (canvas.width - needed) / n_columns.saturating_sub(1).max(1) as f64;
        let right = canvas.width - MARGIN;
        let rule = |canvas: &mut Canvas, y: f64, width: f64| canvas.line([MARGIN, y], [right, y], Stroke::solid(INK, width));
        let mut y = MARGIN + TITLE_SIZE + 10.0;
        rule(&mut canvas, y, 1.2);
        for (row_idx, row) in rows.iter().enumerate() {
            let mut x = MARGIN;
            for (column, (text, is_bold)) in row.iter().enumerate() {
                // Names begin at the left of their column, figures end at its right.
                let (at, anchor) = if column == 0 {
                    (x, Anchor::Start)
                } else {
                    (x + widths[column], Anchor::End)
                };
                let style = TextStyle {
                    is_bold: *is_bold,
                    ..TextStyle::new(SIZE, anchor)
                };
                canvas.text([at, y + 0.5 * ROW_HEIGHT + 0.36 * SIZE], text, style);
                x += widths[column] + gap;
            }
            y += ROW_HEIGHT;
            if row_idx == 0 {
                rule(&mut canvas, y, 0.6);
            }
        }
        rule(&mut canvas, y, 1.2);
        canvas.height = y + MARGIN;
        canvas
    }
}
