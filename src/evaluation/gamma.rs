//! The gamma distribution with a free location: fit by maximum likelihood, and its quantiles.

/// Density ∝ (x − loc)^(shape − 1) exp(−(x − loc) / scale), as `scipy.stats.gamma(shape, loc, scale)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gamma {
    pub shape: f64,
    pub loc: f64,
    pub scale: f64,
}

impl Gamma {
    /// Maximum likelihood with a free location, as the DCASE baselines' `scipy.stats.gamma.fit`.
    ///
    /// For every location the other two have a unique best value, so the search is over one number. With fewer than 3 distinct
    /// values, or with values that are not finite, there is no fit. The location stays a thousandth of the range below the
    /// smallest value, because the likelihood grows without bound towards it when the shape is below 1.
    pub fn fit(values: &[f64]) -> Option<Self> {
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let range = max - min;
        if sorted.len() < 3 || !range.is_finite() {
            return None;
        }
        // The logarithm of the distance from the location to the smallest value, in ranges.
        let fitted = |log_gap: f64| Self::fit_at(values, min - range * log_gap.exp());
        let loss = |log_gap: f64| fitted(log_gap).map_or(f64::INFINITY, |(_, loss)| loss);
        let (first, last, n_cells) = (1e-3f64.ln(), 1e3f64.ln(), 56);
        let cell = (last - first) / f64::from(n_cells);
        let grid = (0..=n_cells).map(|idx| first + cell * f64::from(idx));
        let best = grid.min_by(|a, b| loss(*a).total_cmp(&loss(*b)))?;
        let log_gap = golden_section(loss, (best - cell).max(first), (best + cell).min(last));
        fitted(log_gap).map(|(gamma, _)| gamma)
    }

    /// The best shape and scale at a given location, with the negative log-likelihood.
    fn fit_at(values: &[f64], loc: f64) -> Option<(Self, f64)> {
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value - loc).sum::<f64>() / n;
        let mean_log = values.iter().map(|value| (value - loc).ln()).sum::<f64>() / n;
        let gap = mean.ln() - mean_log;
        if !(gap.is_finite() && gap > 0.0) {
            return None;
        }
        // Solves ln k − ψ(k) = gap; Minka's start is within 1.5 % already.
        let mut shape = (3.0 - gap + ((gap - 3.0).powi(2) + 24.0 * gap).sqrt()) / (12.0 * gap);
        for _ in 0..20 {
            let step = (shape.ln() - digamma(shape) - gap) / (shape.recip() - trigamma(shape));
            shape = if step < shape { shape - step } else { 0.5 * shape };
            if step.abs() <= 1e-14 * shape {
                break;
            }
        }
        let scale = mean / shape;
        let gamma = Self { shape, loc, scale };
        Some((
            gamma,
            -n * ((shape - 1.0) * mean_log - shape - shape * scale.ln() - ln_gamma(shape)),
        ))
    }

    /// Negative log-likelihood of `values`; infinite where one lies at or below the location.
    pub fn negative_log_likelihood(&self, values: &[f64]) -> f64 {
        let log_density = |value: &f64| {
            let x = (value - self.loc) / self.scale;
            (self.shape - 1.0) * x.ln() - x - self.scale.ln() - ln_gamma(self.shape)
        };
        if values.iter().any(|value| *value <= self.loc) {
            return f64::INFINITY;
        }
        -values.iter().map(log_density).sum::<f64>()
    }

    /// The value below which a share `q` (0..1) of the distribution lies.
    pub fn quantile(&self, q: f64) -> f64 {
        if q <= 0.0 {
            return self.loc;
        }
        if q >= 1.0 {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (0.0, self.shape.max(1.0));
        while regularised_lower(self.shape, high) < q {
            high *= 2.0;
        }
        // Bisection down to neighbouring numbers: some 60 rounds, never astray.
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return self.loc + self.scale * middle;
            }
            if regularised_lower(self.shape, middle) < q {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

/// The place of the smallest value of a function with one valley between `low` and `high`.
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..60 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - ratio * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + ratio * (high - low);
            at_right = f(right);
        }
    }
    0.5 * (low + high)
}

/// ln Γ(x) for x > 0: Stirling's series after moving x up to 15, where it is exact to rounding.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 15.0 {
        product *= x;
        x += 1.0;
    }
    let inverse_square = (x * x).recip();
    let series = (1.0 / 12.0
        + inverse_square
            * (-1.0 / 360.0 + inverse_square * (1.0 / 1260.0 + inverse_square * (-1.0 / 1680.0 + inverse_square / 1188.0))))
        / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

/// ψ(x) = d ln Γ(x) / dx for x > 0.
fn digamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift += x.recip();
        x += 1.0;
    }
    let inverse_square = (x * x).recip();
    let series =
        inverse_square * (1.0 / 12.0 - inverse_square * (1.0 / 120.0 - inverse_square * (1.0 / 252.0 - inverse_square / 240.0)));
    x.ln() - 0.5 / x - series - shift
}

/// ψ′(x) for x > 0.
fn trigamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift += (x * x).recip();
        x += 1.0;
    }
    let inverse_square = (x * x).recip();
    let series = 1.0 / 6.0 - inverse_square * (1.0 / 30.0 - inverse_square * (1.0 / 42.0 - inverse_square / 30.0));
    (1.0 + 0.5 / x + inverse_square * series) / x + shift
}

/// P(a, x) = γ(a, x) / Γ(a): the series below a + 1, Lentz's continued fraction above.
fn regularised_lower(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    // Both need some multiple of √a terms when x is close to a large a.
    let n_terms = 200 + (20.0 * a.sqrt()) as u64;
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (a.recip(), a.recip(), a);
        for _ in 0..n_terms {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return front * sum;
    }
    let tiny = f64::MIN_POSITIVE / f64::EPSILON;
    let mut b = x + 1.0 - a;
    let mut c = tiny.recip();
    let mut d = b.recip();
    let mut fraction = d;
    for i in 1..=n_terms {
        let i = i as f64;
        let numerator = -i * (i - a);
        b += 2.0;
        d = numerator * d + b;
        d = if d.abs() < tiny { tiny } else { d }.recip();
        c = b + numerator / c;
        if c.abs() < tiny {
            c = tiny;
        }
        fraction *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    1.0 - front * fraction
}

#[cfg(test)]
mod tests {
    use super::{Gamma, digamma, ln_gamma, regularised_lower, trigamma};

    #[test]
    fn special_functions_agree_with_closed_forms() {
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13);
        assert!((ln_gamma(11.0) - 3_628_800f64.ln()).abs() < 1e-12);
        assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-13);
        assert!((trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-12);
        for x in [0.1, 1.0, 3.0, 10.0] {
            assert!((regularised_lower(1.0, x) - (1.0 - (-x).exp())).abs() < 1e-14, "P(1, {x})");
            assert!(
                (regularised_lower(2.0, x) - (1.0 - (1.0 + x) * (-x).exp())).abs() < 1e-14,
                "P(2, {x})"
            );
        }
    }

    #[test]
    fn quantiles_invert_the_distribution() {
        for shape in [0.3, 1.0, 7.5, 4000.0] {
            let gamma = Gamma {
                shape,
                loc: -2.0,
                scale: 3.0,
            };
            for q in [0.01, 0.5, 0.9, 0.999] {
                let x = gamma.quantile(q);
                assert!(
                    (regularised_lower(shape, (x + 2.0) / 3.0) - q).abs() < 1e-10,
                    "shape {shape}, q {q}"
                );
            }
        }
    }
}
