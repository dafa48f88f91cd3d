//! Round ticks and their labels.

/// A stretch of numbers with round ticks inside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    /// (value, label)
    pub(super) ticks: Vec<(f64, String)>,
    /// Power of ten that the labels are to be multiplied with.
    pub(super) exponent: i32,
}

impl Axis {
    /// About `n_ticks` ticks at multiples of 1, 2, 2.5 or 5 times a power of ten between `low` and `high`.
    pub(super) fn new(low: f64, high: f64, n_ticks: usize) -> Self {
        let (low, high) = spread(low, high);
        let step = round_step((high - low) / n_ticks.max(1) as f64);
        let largest = low.abs().max(high.abs());
        // Very large and very small numbers share one power of ten, so that labels stay short.
        let exponent = if (1e-2..1e5).contains(&largest) {
            0
        } else {
            largest.log10().floor() as i32
        };
        let unit = 10f64.powi(exponent);
        let n_decimals = decimals(step / unit);
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let ticks = (first..=last).map(|multiple| {
            let value = multiple as f64 * step;
            (value, label(value / unit, n_decimals))
        });
        Self {
            low,
            high,
            ticks: ticks.collect(),
            exponent,
        }
    }

    /// Ticks at 1, 2 and 5 times powers of ten, at powers alone where there are many, from the last one before `low` to the first
    /// one after `high`, both positive. Places on the axis are decimal logarithms.
    pub(super) fn logarithmic(low: f64, high: f64) -> Self {
        let (low, high) = (low.log10(), high.log10());
        let span = high - low;
        let digits: &[i32] = if span > 4.0 { &[1] } else { &[1, 2, 5] };
        let step = 1 + span as usize / 8;
        let first_power = (low / step as f64).floor() as i32 * step as i32;
        let powers = (first_power..=high.ceil() as i32 + step as i32).step_by(step);
        let mut ticks: Vec<(f64, String)> = powers
            .flat_map(|power| digits.iter().map(move |&digit| (digit, power)))
            .map(|(digit, power)| (f64::from(power) + f64::from(digit).log10(), power_label(digit, power)))
            .collect();
        let last = ticks.iter().position(|tick| tick.0 > high - 1e-9).unwrap_or(ticks.len() - 1);
        let first = ticks.iter().rposition(|tick| tick.0 < low + 1e-9).unwrap_or(0);
        // A single round value has the next one beside it.
        ticks.truncate(last.max(first + 1) + 1);
        ticks.drain(..first);
        Self {
            low: ticks[0].0,
            high: ticks[ticks.len() - 1].0,
            ticks,
            exponent: 0,
        }
    }

    /// 0 at the low end, 1 at the high end.
    pub(super) fn position(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// `name` with the power of ten that belongs to the labels.
    pub(super) fn title(&self, name: &str) -> String {
        if self.exponent == 0 {
            return name.to_owned();
        }
        format!("{name} (×10{})", raised(self.exponent))
    }
}

/// An exponent in small figures.
fn raised(power: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit.to_digit(10).unwrap_or(0) as usize],
    };
    power.to_string().chars().map(raised).collect()
}

/// `digit` times a power of ten, written out where that is short.
fn power_label(digit: i32, power: i32) -> String {
    match power {
        -4..=4 => label(f64::from(digit) * 10f64.powi(power), (-power).max(0) as usize),
        _ if digit == 1 => format!("10{}", raised(power)),
        _ => format!("{digit}×10{}", raised(power)),
    }
}

/// The range of finite values; `None` where there are none.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold(None, |range, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
}

/// A range that has a width.
fn spread(low: f64, high: f64) -> (f64, f64) {
    if high - low > 1e-12 * low.abs().max(high.abs()) && (high - low).is_finite() {
        return (low, high);
    }
    let half = if low == 0.0 || !low.is_finite() {
        0.5
    } else {
        0.05 * low.abs()
    };
    let middle = if low.is_finite() { low } else { 0.0 };
    (middle - half, middle + half)
}

/// The smallest round number that is at least `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    power
        * steps
            .into_iter()
            .find(|step| step * power >= raw * (1.0 - 1e-9))
            .unwrap_or(10.0)
}

/// Decimals that tell multiples of `step` apart.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|n| {
            let scaled = step * 10f64.powi(*n);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        })
        .unwrap_or(12) as usize
}

fn label(value: f64, n_decimals: usize) -> String {
    let text = format!("{value:.n_decimals$}");
    let is_zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    // A minus sign is wider than a hyphen, and there is no negative zero.
    if is_zero {
        text.replace('-', "")
    } else {
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Axis::new(0.0, 1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::new(-0.37, 0.61, 5)), ["−0.2", "0.0", "0.2", "0.4", "0.6"]);
        assert_eq!(labels(&Axis::new(0.0, 9.7, 4)), ["0.0", "2.5", "5.0", "7.5"]);
        let large = Axis::new(0.0, 4.2e7, 4);
        assert_eq!(
            (labels(&large), large.title("x")),
            (vec!["0", "2", "4"], "x (×10⁷)".to_owned())
        );
        let small = Axis::new(1e-6, 3.1e-6, 4);
        assert_eq!(
            (labels(&small), small.title("x")),
            (vec!["1", "2", "3"], "x (×10⁻⁶)".to_owned())
        );
    }

    #[test]
    fn logarithmic_ticks_are_round_and_enclose_the_values() {
        let hops = Axis::logarithmic(1.0, 64.0);
        assert_eq!(labels(&hops), ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!((hops.position(0.0), hops.position(2.0), hops.position(1.0)), (0.0, 1.0, 0.5));
        assert_eq!(
            labels(&Axis::logarithmic(0.012, 0.3)),
            ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]
        );
        assert_eq!(labels(&Axis::logarithmic(1e-3, 1e3)).len(), 7, "powers alone");
        assert_eq!(labels(&Axis::logarithmic(3e-6, 8e-6)), ["2×10⁻⁶", "5×10⁻⁶", "10⁻⁵"]);
        assert!(Axis::logarithmic(f64::from_bits(1), f64::MAX).ticks.len() < 12);
        for value in [1.0, 3.0, 1e-9, 1e9] {
            let one = Axis::logarithmic(value, value);
            assert!(one.low < one.high && one.ticks.len() < 4, "{value}: {one:?}");
            assert!((0.0..=1.0).contains(&one.position(value.log10())), "{value}: {one:?}");
        }
    }

    #[test]
    fn degenerate_ranges_still_make_an_axis() {
        for (low, high) in [
            (3.0, 3.0),
            (0.0, 0.0),
            (f64::NAN, f64::NAN),
            (f64::INFINITY, 1.0),
            (1e300, 1e300),
        ] {
            let axis = Axis::new(low, high, 5);
            assert!(
                axis.low < axis.high && !axis.ticks.is_empty() && axis.ticks.len() < 20,
                "{low} {high} {axis:?}"
            );
        }
    }
}
