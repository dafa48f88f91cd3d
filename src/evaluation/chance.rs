//! How high an AUC chance alone may reach.
//!
//! Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other" (1947):
//! of scores that know nothing, the AUC has mean 1/2 and variance (n + m + 1) / (12 n m), and is nearly normal.

/// Half the width of a 95 % interval, in standard deviations.
const Z: f64 = 1.959_964;

/// The AUC that scores which know nothing stay below 39 times in 40 (the upper end of
/// their 95 % interval), for so many normal and anomalous clips; `None` without both.
///
/// From ten clips a class on it is within 0.015 of the exact value.
pub fn chance_limit(n_normals: usize, n_anomalies: usize) -> Option<f64> {
    if n_normals == 0 || n_anomalies == 0 {
        return None;
    }
    let (n, m) = (n_normals as f64, n_anomalies as f64);
    Some((0.5 + Z * ((n + m + 1.0) / (12.0 * n * m)).sqrt()).min(1.0))
}

/// Whether scores that know nothing may well reach this AUC on so many clips: it is not above [`chance_limit`].
pub fn is_chance(auc: f64, n_normals: usize, n_anomalies: usize) -> bool {
    chance_limit(n_normals, n_anomalies).is_none_or(|limit| auc <= limit)
}

#[cfg(test)]
mod tests {
    use super::chance_limit;

    #[test]
    fn near_the_exact_distribution() {
        // The smallest AUC whose chance is at most 2.5 %, counted over all orders of the clips.
        for (n, m, exact) in [(10, 10, 0.77), (20, 30, 0.6667), (60, 60, 0.6039), (100, 50, 0.5984)] {
            let limit = chance_limit(n, m).expect("both classes");
            assert!((limit - exact).abs() < 0.015, "{n} and {m}: {limit}, exactly {exact}");
        }
    }

    #[test]
    fn without_a_class_there_is_none() {
        assert_eq!((chance_limit(0, 9), chance_limit(9, 0)), (None, None));
        assert_eq!(chance_limit(1, 1), Some(1.0), "two clips prove nothing");
    }
}
