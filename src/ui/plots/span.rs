//! A stretch of an axis, and how it lies on the screen.

use eframe::egui::emath::Rangef;

/// From `start` to `end`, `start < end`, in the unit of its axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    pub start: f64,
    pub end: f64,
}

impl Span {
    /// The whole of an axis that is measured in parts of itself.
    pub const UNIT: Self = Self { start: 0.0, end: 1.0 };

    pub fn new(start: f64, end: f64) -> Self {
        Self { start, end }
    }

    pub fn len(&self) -> f64 {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() <= 0.0
    }

    pub fn contains(&self, value: f64) -> bool {
        self.start <= value && value <= self.end
    }

    /// `factor` times as close, with `anchor` staying where it is; never shorter than `min_len`, never beyond `limits`.
    #[must_use]
    pub fn zoomed(&self, factor: f64, anchor: f64, min_len: f64, limits: Self) -> Self {
        let len = (self.len() / factor).max(min_len).min(limits.len());
        let part = ((anchor - self.start) / self.len()).clamp(0.0, 1.0);
        let start = anchor - part * len;
        Self::new(start, start + len).pushed_into(limits)
    }

    /// Moved by `by`, up to the edge of `limits`.
    #[must_use]
    pub fn panned(&self, by: f64, limits: Self) -> Self {
        Self::new(self.start + by, self.end + by).pushed_into(limits)
    }

    /// The nearest span of the same length within `limits`, or `limits` where it is longer.
    #[must_use]
    pub fn pushed_into(&self, limits: Self) -> Self {
        let len = self.len();
        if len >= limits.len() {
            return limits;
        }
        let start = self.start.clamp(limits.start, limits.end - len);
        Self::new(start, start + len)
    }
}

/// A span laid over a stretch of the screen; `from` may lie right of or below `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub span: Span,
    pub from: f32,
    pub to: f32,
}

impl Scale {
    /// From left to right.
    pub fn horizontal(span: Span, x: Rangef) -> Self {
        Self {
            span,
            from: x.min,
            to: x.max,
        }
    }

    /// From bottom to top.
    pub fn vertical(span: Span, y: Rangef) -> Self {
        Self {
            span,
            from: y.max,
            to: y.min,
        }
    }

    /// Where a value lies on the screen.
    pub fn pixel(&self, value: f64) -> f32 {
        let part = (value - self.span.start) / self.span.len();
        self.from + (f64::from(self.to - self.from) * part) as f32
    }

    /// The value at a place on the screen.
    pub fn value(&self, pixel: f32) -> f64 {
        let part = f64::from(pixel - self.from) / f64::from(self.to - self.from);
        self.span.start + part * self.span.len()
    }

    /// How far in values a way on the screen is.
    pub fn distance(&self, pixels: f32) -> f64 {
        f64::from(pixels) / f64::from(self.to - self.from) * self.span.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Scale, Span};
    use eframe::egui::emath::Rangef;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn zoom_keeps_the_anchor_and_the_limits(
            start in 0.0..9f64, len in 0.1..1f64, part in 0.0..1f64, factor in 0.2..5f64,
        ) {
            let limits = Span::new(0.0, 10.0);
            let span = Span::new(start, start + len);
            let anchor = start + part * len;
            let zoomed = span.zoomed(factor, anchor, 0.01, limits);
            prop_assert!(zoomed.start >= -1e-9 && zoomed.end <= 10.0 + 1e-9);
            prop_assert!((zoomed.len() - (len / factor).max(0.01)).abs() < 1e-9);
            let is_at_edge = zoomed.start < 1e-9 || zoomed.end > 10.0 - 1e-9;
            let new_part = (anchor - zoomed.start) / zoomed.len();
            prop_assert!(is_at_edge || (new_part - part).abs() < 1e-6, "{new_part} is not {part}");
        }

        #[test]
        fn pixels_and_values_are_inverse(start in -5.0..5f64, len in 0.01..100f64, value in -10.0..10f64) {
            for scale in [
                Scale::horizontal(Span::new(start, start + len), Rangef::new(40.0, 640.0)),
                Scale::vertical(Span::new(start, start + len), Rangef::new(40.0, 640.0)),
            ] {
                let there = scale.pixel(value);
                prop_assert!((scale.value(there) - value).abs() < 1e-4 * len.max(1.0) + 1e-3 * (value - start).abs());
            }
        }
    }

    #[test]
    fn a_place_in_two_hours_is_told_to_a_hundredth_of_a_pixel() {
        // 10 ms at the end of two hours, 800 pixels wide; moved by fractions of a pixel.
        let x = Rangef::new(53.0, 853.0);
        for start in [7199.98, 3600.0, 0.0] {
            let mut last = f32::INFINITY;
            for step in 0..1000 {
                let by = f64::from(step) * 1e-6;
                let scale = Scale::horizontal(Span::new(start + by, start + by + 0.01), x);
                let pixel = scale.pixel(start + 0.005);
                let truth = 453.0 - by / 0.01 * 800.0;
                assert!((f64::from(pixel) - truth).abs() < 0.01, "{pixel} for {truth}");
                assert!(pixel < last, "it never trembles");
                last = pixel;
            }
        }
    }

    #[test]
    fn zooming_far_out_shows_the_whole() {
        let limits = Span::new(0.0, 10.0);
        assert_eq!(Span::new(4.0, 5.0).zoomed(0.001, 4.5, 0.01, limits), limits);
    }
}
