//! Round ticks: never fewer than four at any zoom, never so many that labels touch.

use super::{FrequencyAxis, Span};

/// Fewer labels than these leave a person guessing.
const MIN_TICKS: usize = 4;

/// A place on an axis and what is written there.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// In the unit of the axis (s, Hz, dB).
    pub value: f64,
    pub label: String,
}

/// Ticks of a time axis in seconds, `len_points` long on the screen.
pub fn time_ticks(span: Span, len_points: f32) -> Vec<Tick> {
    let of_the_clock = [3600.0, 1800.0, 1200.0, 600.0, 300.0, 120.0, 60.0, 30.0, 20.0, 10.0];
    let steps = of_the_clock.into_iter().chain(decimal_steps(5.0));
    let (values, step) = multiples(span, room(len_points, if span.end < 3600.0 { 64.0 } else { 84.0 }), steps);
    let decimals = decimals_of(step);
    let has_minutes = span.end > 90.0;
    values
        .into_iter()
        .map(|value| Tick {
            value,
            label: if has_minutes {
                minutes(value, decimals)
            } else {
                format!("{value:.decimals$}")
            },
        })
        .collect()
}

/// Ticks of a level axis in dB.
pub fn decibel_ticks(span: Span, len_points: f32) -> Vec<Tick> {
    let (values, step) = multiples(span, room(len_points, 32.0), decimal_steps(1000.0));
    let decimals = decimals_of(step);
    values
        .into_iter()
        .map(|value| Tick {
            value,
            label: signed(value, decimals),
        })
        .collect()
}

/// Ticks of a frequency axis: `positions` is the visible part of an axis that ends at `top_hz`.
pub fn frequency_ticks(axis: FrequencyAxis, top_hz: f64, positions: Span, len_points: f32) -> Vec<Tick> {
    let hz = Span::new(axis.hz(positions.start, top_hz), axis.hz(positions.end, top_hz));
    if axis != FrequencyAxis::Linear {
        let points = |value: f64| (axis.position(value, top_hz) / positions.len()) as f32 * len_points;
        let values = decades(hz, points);
        if values.len() >= MIN_TICKS {
            return values
                .into_iter()
                .map(|value| Tick {
                    value,
                    label: frequency_label(value, value.max(1.0)),
                })
                .collect();
        }
    }
    let (values, step) = multiples(hz, room(len_points, 30.0), decimal_steps(1e6));
    values
        .into_iter()
        .map(|value| Tick {
            value,
            label: frequency_label(value, step),
        })
        .collect()
}

/// A frequency with its unit, to the digit that says `step_hz`: `437.2 Hz`, `1.8523 kHz`.
pub fn format_hz(hz: f64, step_hz: f64) -> String {
    if hz < 999.5 {
        format!("{hz:.0$} Hz", decimals_of(step_hz))
    } else {
        format!("{:.1$} kHz", hz / 1000.0, decimals_of(step_hz / 1000.0))
    }
}

/// A time in seconds, to the millisecond: `2.310 s`, `8:02.310`.
pub fn format_secs(secs: f64) -> String {
    if secs < 60.0 {
        format!("{secs:.3} s")
    } else {
        minutes(secs, 3)
    }
}

/// How many labels fit.
fn room(len_points: f32, points_per_label: f32) -> usize {
    ((len_points / points_per_label) as usize).max(MIN_TICKS)
}

/// 1, 2 and 5 of each decade, downwards from `start` (itself 1, 2 or 5 of a decade), without end.
fn decimal_steps(start: f64) -> impl Iterator<Item = f64> {
    let exponent = (start.log10() + 1e-9).floor() as i32;
    (0..)
        .flat_map(move |down| [5.0, 2.0, 1.0].map(|digit| digit * 10f64.powi(exponent - down)))
        .skip_while(move |step| *step > start * 1.01)
}

/// The multiples of the first step that gives enough of them, or of a smaller one while they fit; and that step.
fn multiples(span: Span, max_count: usize, steps: impl Iterator<Item = f64>) -> (Vec<f64>, f64) {
    let bounds = |step: f64| {
        (
            (span.start / step - 1e-6).ceil() as i64,
            (span.end / step + 1e-6).floor() as i64,
        )
    };
    let count = |step: f64| {
        let (first, last) = bounds(step);
        (last - first + 1).max(0) as usize
    };
    let mut chosen = span.len();
    // An empty span has no multiples at any step; 60 steps are 20 decades.
    for step in steps.take(60) {
        if count(chosen) >= MIN_TICKS && count(step) > max_count {
            break;
        }
        chosen = step;
    }
    let (first, last) = bounds(chosen);
    ((first..=last).map(|i| i as f64 * chosen).collect(), chosen)
}

/// Round frequencies for an axis that is not linear, the roundest first: 0, powers of ten, then fives, then twos of
/// each decade where they do not touch one that is there, then other digits where there is plenty of room.
fn decades(hz: Span, points: impl Fn(f64) -> f32) -> Vec<f64> {
    let mut values: Vec<f64> = Vec::new();
    let multiples_of = |digit: f64| (0..6).map(move |exponent| digit * 10f64.powi(exponent));
    let close = [1.0, 5.0, 2.0].into_iter().flat_map(multiples_of).map(|value| (value, 18.0));
    let apart = [3.0, 8.0, 4.0, 6.0, 7.0]
        .into_iter()
        .flat_map(multiples_of)
        .map(|value| (value, 44.0));
    let candidates = std::iter::once((0.0, 0.0)).chain(close).chain(apart);
    // Both ends went through logarithms.
    let slack = 1e-9 * hz.end;
    let is_inside = |value: f64| value >= hz.start - slack && value <= hz.end + slack;
    for (value, room_points) in candidates.filter(|&(value, _)| is_inside(value)) {
        if values
            .iter()
            .all(|&other| (points(other) - points(value)).abs() >= room_points)
        {
            values.push(value);
        }
    }
    values.sort_by(f64::total_cmp);
    values
}

fn decimals_of(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize
}

/// `500`, `1k`, `2.5k`, as fine as the step between ticks asks for.
fn frequency_label(hz: f64, step_hz: f64) -> String {
    if hz < 999.9 {
        let decimals = decimals_of(step_hz.max(1e-9)).min(3);
        return format!("{hz:.decimals$}");
    }
    let decimals = decimals_of(step_hz / 1000.0);
    format!("{:.decimals$}k", hz / 1000.0)
}

fn minutes(secs: f64, decimals: usize) -> String {
    let scale = 10f64.powi(decimals as i32);
    let rounded = (secs * scale).round() / scale;
    let whole_minutes = (rounded / 60.0).floor();
    let width = if decimals == 0 { 2 } else { 3 + decimals };
    let secs = rounded - 60.0 * whole_minutes;
    if whole_minutes < 60.0 {
        return format!("{whole_minutes:.0}:{secs:0width$.decimals$}");
    }
    let hours = (whole_minutes / 60.0).floor();
    format!("{hours:.0}:{:02.0}:{secs:0width$.decimals$}", whole_minutes - 60.0 * hours)
}

/// With a real minus sign.
fn signed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    if value < 0.0 { format!("\u{2212}{digits}") } else { digits }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{FrequencyAxis, MIN_TICKS, Span, Tick, decibel_ticks, format_hz, format_secs, frequency_ticks, time_ticks};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Whether a label reads as the value, within a thousandth of the span.
    fn check(ticks: &[Tick], span: Span) -> Result<(), TestCaseError> {
        prop_assert!(ticks.len() >= MIN_TICKS, "only {} labels in {span:?}", ticks.len());
        prop_assert!(ticks.is_sorted_by(|a, b| a.value < b.value));
        for tick in ticks {
            let slack = 1e-5 * span.len();
            prop_assert!(
                tick.value >= span.start - slack && tick.value <= span.end + slack,
                "{tick:?} beyond {span:?}"
            );
            let read = read(&tick.label);
            prop_assert!((read - tick.value).abs() < 1e-3 * span.len(), "{tick:?} reads {read}");
        }
        let labels: BTreeSet<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        prop_assert_eq!(labels.len(), ticks.len(), "two ticks with one label");
        Ok(())
    }

    fn read(label: &str) -> f64 {
        let label = label.replace('\u{2212}', "-");
        if let Some(thousands) = label.strip_suffix('k') {
            return thousands.parse::<f64>().unwrap() * 1000.0;
        }
        label
            .split(':')
            .fold(0.0, |secs, part| 60.0 * secs + part.parse::<f64>().unwrap())
    }

    proptest! {
        #[test]
        fn every_time_span_has_four_round_labels(start in 0.0..43_200.0, exponent in -2.3..3.9, len_points in 100f32..2000.0) {
            let span = Span::new(start, start + 10f64.powf(exponent));
            let ticks = time_ticks(span, len_points);
            check(&ticks, span)?;
            prop_assert!(ticks.len() <= (len_points as usize / 64).max(10), "{} labels in {len_points}", ticks.len());
        }

        #[test]
        fn every_level_range_has_four_round_labels(low in -200.0..-10.0, len in 2.0..180.0, len_points in 60f32..1000.0) {
            let span = Span::new(low, low + len);
            check(&decibel_ticks(span, len_points), span)?;
        }

        #[test]
        fn every_frequency_span_has_four_round_labels(
            start in 0.0..0.99f64, len in 0.01..1f64, len_points in 120f32..1500.0, top_hz in 4000.0..24_000.0,
        ) {
            for axis in FrequencyAxis::ALL {
                let positions = Span::new(start, (start + len).min(1.0));
                let ticks = frequency_ticks(axis, top_hz, positions, len_points);
                check(&ticks, Span::new(axis.hz(positions.start, top_hz), axis.hz(positions.end, top_hz)))?;
            }
        }
    }

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn the_usual_axes_read_as_a_person_expects() {
        assert_eq!(
            labels(&time_ticks(Span::new(0.0, 10.0), 600.0)),
            ["0", "2", "4", "6", "8", "10"]
        );
        assert_eq!(
            labels(&time_ticks(Span::new(0.0, 600.0), 600.0)),
            ["0:00", "2:00", "4:00", "6:00", "8:00", "10:00"]
        );
        assert_eq!(
            labels(&time_ticks(Span::new(100.0, 101.0), 400.0)),
            ["1:40.0", "1:40.2", "1:40.4", "1:40.6", "1:40.8", "1:41.0"]
        );
        let whole = |axis| frequency_ticks(axis, 8000.0, Span::UNIT, 320.0);
        assert_eq!(
            labels(&whole(FrequencyAxis::Linear)),
            ["0", "1k", "2k", "3k", "4k", "5k", "6k", "7k", "8k"]
        );
        assert_eq!(
            labels(&whole(FrequencyAxis::Log)),
            ["20", "50", "100", "200", "500", "1k", "2k", "5k"]
        );
        assert_eq!(
            labels(&whole(FrequencyAxis::Mel)),
            ["0", "200", "500", "1k", "2k", "5k", "8k"]
        );
        assert_eq!(
            labels(&decibel_ticks(Span::new(-100.0, -20.0), 200.0)),
            ["\u{2212}100", "\u{2212}80", "\u{2212}60", "\u{2212}40", "\u{2212}20"]
        );
        assert_eq!(format_hz(437.24, 0.1), "437.2 Hz");
        assert_eq!(format_hz(1852.34, 0.1), "1.8523 kHz");
        assert_eq!(format_hz(1852.34, 8.0), "1.852 kHz");
        assert_eq!(format_hz(999.9, 10.0), "1.00 kHz");
        assert_eq!(format_secs(482.31), "8:02.310");
        assert_eq!(format_secs(7199.9996), "2:00:00.000");
        assert_eq!(
            labels(&time_ticks(Span::new(0.0, 7200.0), 400.0)),
            ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]
        );
    }
}
