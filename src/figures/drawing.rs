//! A figure or table set for a place: the size of the page, the type, the colours, the footer.

use super::canvas::{Anchor, Canvas, TextStyle};
use super::font;
use super::frame::MARGIN;
use super::palette::WEAK;
use super::plate::OnPaper;
use super::style::{FigureStyle, Room};

const FOOTER_SIZE: f64 = 8.0;
/// A plot lower than this shows nothing.
const LOWEST_PLOT: f64 = 40.0;
/// The legend may wrap otherwise when the plot gives way: how often the height is corrected.
const N_CORRECTIONS: usize = 4;

/// The drawing that fills a page of the style, where it has one. `plot` is the height of the plot in the first, natural drawing.
pub(super) fn set(
    style: &FigureStyle,
    plot: impl Fn(Room) -> f64,
    draw: impl Fn(Room) -> Result<Canvas, String>,
) -> Result<Canvas, String> {
    let with_footer = |room: Room| {
        let mut canvas = draw(room)?;
        if let Some(footer) = &style.footer {
            footer_below(&mut canvas, footer);
        }
        Ok::<_, String>(canvas)
    };
    let room = style.room(None);
    let mut canvas = with_footer(room)?;
    let Some(page_height) = style.height() else {
        return Ok(canvas);
    };
    let mut plot_height = plot(room);
    for _ in 0..N_CORRECTIONS {
        let too_high = canvas.height - page_height;
        if too_high.abs() < 0.5 {
            break;
        }
        plot_height = (plot_height - too_high).max(LOWEST_PLOT);
        canvas = with_footer(style.room(Some(plot_height)))?;
    }
    Ok(canvas)
}

/// A drawing on its paper. What needs more room than there is, a table with many columns, is set smaller.
pub(super) fn on_paper(canvas: &Canvas, style: &FigureStyle, title: &str, provenance: Option<&str>) -> OnPaper {
    let page = style.height();
    let too_high = page.map_or(1.0, |height| canvas.height / height);
    // Drawings come within half a point of the page.
    let scale = (canvas.width / style.width()).max(too_high - 0.01).max(1.0);
    let size = [scale * style.width(), page.map_or(canvas.height, |height| scale * height)];
    OnPaper {
        svg: canvas.finish_on(size, Some(style.preset.width_mm()), title, provenance),
        type_pt: style.font_pt / scale,
        aspect: size[1] / size[0],
    }
}

fn footer_below(canvas: &mut Canvas, footer: &str) {
    let text = font::shortened(footer, FOOTER_SIZE, canvas.width - 2.0 * MARGIN);
    let style = TextStyle {
        colour: WEAK,
        ..TextStyle::new(FOOTER_SIZE, Anchor::Start)
    };
    canvas.text([MARGIN, canvas.height + 0.4 * FOOTER_SIZE], &text, style);
    canvas.height += FOOTER_SIZE + 4.0;
}
