//! Global weighted ranking pooling: between the mean over time and the largest value.

/// The mean of `values` with weights that fall by `ratio` from the largest value to the next, and so on to the smallest
/// (Kolesnikov and Lampert 2016): 1 is the mean, 0 the largest value.
pub(super) fn ranking_pooled(values: Vec<f32>, ratio: f32) -> f32 {
    let mut ranks: Vec<i32> = values.into_iter().map(rank).collect();
    ranks.sort_unstable();
    let (mut weight, mut weights, mut weighted) = (1.0, 0.0, 0.0);
    for value in ranks.into_iter().map(of_rank) {
        weighted += weight * value;
        weights += weight;
        weight *= ratio;
    }
    weighted / weights
}

/// A whole number that is the smaller, the larger the value is: whole numbers are sorted in half the time.
fn rank(value: f32) -> i32 {
    // As in `f32::total_cmp`, upside down.
    let bits = value.to_bits().cast_signed();
    !(bits ^ (bits >> 31).cast_unsigned().wrapping_shr(1).cast_signed())
}

fn of_rank(rank: i32) -> f32 {
    let bits = !rank;
    f32::from_bits((bits ^ (bits >> 31).cast_unsigned().wrapping_shr(1).cast_signed()).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{of_rank, rank, ranking_pooled};

    #[test]
    fn ranks_fall_as_values_rise_and_lead_back_to_them() {
        let values = [
            f32::NEG_INFINITY,
            -1e30,
            -1.0,
            -1e-40,
            -0.0,
            0.0,
            1e-40,
            0.5,
            1.0,
            f32::MAX,
            f32::INFINITY,
        ];
        assert!(values.map(rank).is_sorted_by(|a, b| a > b));
        assert_eq!(values.map(|value| of_rank(rank(value)).to_bits()), values.map(f32::to_bits));
    }

    #[test]
    fn pooling_lies_between_the_mean_and_the_largest() {
        let values: Vec<f32> = (0..312).map(|i| (i % 10) as f32).collect();
        let mean = values.iter().sum::<f32>() / 312.0;
        let [all, some, few, largest] = [1.0, 0.98, 0.5, 0.0].map(|ratio| ranking_pooled(values.clone(), ratio));
        assert!((all - mean).abs() < 1e-5, "{all}, the mean is {mean}");
        assert!(some > 6.0 && some < 9.0, "{some}");
        assert!(few > some && few <= 9.0, "{few}");
        assert_eq!(largest, 9.0);
        assert!((ranking_pooled(vec![2.0; 50], 0.98) - 2.0).abs() < 1e-5);
    }

    #[test]
    fn the_weights_are_those_of_the_formula() {
        // (3 + 2 r + r²) / (1 + r + r²) with r = 1/2.
        assert!((ranking_pooled(vec![1.0, 3.0, 2.0], 0.5) - 4.25 / 1.75).abs() < 1e-6);
    }
}
