//! Colours, dashes and markers: categories differ in two of them, never in colour alone.

use super::canvas::{Canvas, number};

/// Okabe–Ito in the order that the window uses.
const COLOURS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#a89a00", "#777777",
];
const DASHES: [&str; 6] = ["", "6 2.5", "1.8 1.8", "7 2 1.8 2", "12 3", "7 2 1.8 2 1.8 2"];

pub(super) const NORMAL: &str = "#0072b2";
pub(super) const ANOMALOUS: &str = "#d55e00";
pub(super) const INK: &str = "#000000";
pub(super) const WEAK: &str = "#555555";
pub(super) const GRID: &str = "#dddddd";

/// The colour of a category; the yellow of the palette is darkened so that it is seen on white.
pub(super) fn colour(category: usize) -> &'static str {
    COLOURS[category % COLOURS.len()]
}

/// The dashes of a line's category.
pub(super) fn dash(category: usize) -> &'static str {
    DASHES[category % DASHES.len()]
}

/// The form of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
    TriangleDown,
    /// ×
    Cross,
    /// +
    Plus,
}

/// The shape of a category; a fifth category has the first shape again, in another colour.
pub(super) fn shape(category: usize) -> Shape {
    [
        Shape::Circle,
        Shape::Triangle,
        Shape::Square,
        Shape::Diamond,
        Shape::TriangleDown,
    ][category % 5]
}

/// Draws one mark of about `radius` around `at`; open marks are an outline.
pub(super) fn mark(canvas: &mut Canvas, at: [f64; 2], radius: f64, shape: Shape, colour: &str, is_open: bool) {
    let [x, y] = at;
    let point = |dx: f64, dy: f64| format!("{} {}", number(x + dx * radius), number(y + dy * radius));
    let polygon = |corners: &[(f64, f64)]| {
        let corners: Vec<String> = corners.iter().map(|(dx, dy)| point(*dx, *dy)).collect();
        format!("M{}Z", corners.join("L"))
    };
    let stroke = |from: (f64, f64), to: (f64, f64)| format!("M{}L{}", point(from.0, from.1), point(to.0, to.1));
    let commands = match shape {
        Shape::Circle => {
            let r = number(radius);
            format!(
                "M{}A{r} {r} 0 1 1 {}A{r} {r} 0 1 1 {}Z",
                point(-1.0, 0.0),
                point(1.0, 0.0),
                point(-1.0, 0.0)
            )
        }
        Shape::Triangle => polygon(&[(0.0, -1.2), (1.1, 0.75), (-1.1, 0.75)]),
        Shape::TriangleDown => polygon(&[(0.0, 1.2), (1.1, -0.75), (-1.1, -0.75)]),
        Shape::Square => polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Shape::Diamond => polygon(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
        Shape::Cross => stroke((-1.0, -1.0), (1.0, 1.0)) + &stroke((-1.0, 1.0), (1.0, -1.0)),
        Shape::Plus => stroke((-1.3, 0.0), (1.3, 0.0)) + &stroke((0.0, -1.3), (0.0, 1.3)),
    };
    let (colour, paper) = (canvas.theme.colour(colour), canvas.theme.colour("#ffffff"));
    let style = match (shape, is_open) {
        (Shape::Cross | Shape::Plus, _) => format!(r#"fill="none" stroke="{colour}" stroke-width="1.2""#),
        (_, true) => format!(r#"fill="{paper}" stroke="{colour}" stroke-width="1""#),
        (_, false) => format!(r#"fill="{colour}" stroke="{paper}" stroke-width="0.4""#),
    };
    canvas.path(&commands, &style);
}
