//! What normal clips usually score where a clip lies: the scale on which the scores of different detectors can be added.

use std::sync::Arc;

use super::columns::in_blocks_of_rows;
use super::neighbours::Neighbourhood;
use super::{Bank, DetectorConfig, Observations, Shared};

/// A domain's usual score is that of its clips and of so many more that score as all clips do: two or three target clips alone
/// would say little of what target clips score.
const CLIPS_OF_NO_DOMAIN: f64 = 1.0;

/// Which domain a clip is measured by: that of the training clip nearest to it. Nobody says of a tested clip where it was recorded.
pub(super) struct Domains {
    /// `None` where the bank is of one domain.
    neighbourhood: Option<Arc<Neighbourhood>>,
    /// Of each clip of the bank.
    is_target: Vec<bool>,
    /// Of the nearest other clip of each clip of the bank.
    is_near_target: Vec<bool>,
}

impl Domains {
    pub(super) fn new(config: &DetectorConfig, bank: &Bank, shared: &Shared) -> Self {
        let n_clips = bank.observations.n_clips();
        let is_target: Vec<bool> = (0..n_clips)
            .map(|clip| bank.is_target.get(clip).copied().unwrap_or(false))
            .collect();
        let is_mixed = is_target.contains(&true) && is_target.contains(&false);
        let neighbourhood = (is_mixed && bank.observations.n_features > 0).then(|| {
            let alone = || Arc::new(Neighbourhood::new(config.knn_metric, Arc::clone(&shared.clips), 1));
            shared.neighbourhood(config.knn_metric).unwrap_or_else(alone)
        });
        let is_near_target = match &neighbourhood {
            Some(found) => found.near().iter().map(|near| is_target[near[0].clip]).collect(),
            None => vec![false; n_clips],
        };
        Self {
            neighbourhood,
            is_target,
            is_near_target,
        }
    }

    /// `[n_queries]`: whether each lies nearest to a target clip.
    pub(super) fn are_near_target(&self, queries: &Observations) -> Vec<bool> {
        let Some(neighbourhood) = &self.neighbourhood else {
            return vec![false; queries.n_clips()];
        };
        in_blocks_of_rows(queries, |block| {
            let nearest = neighbourhood.bank.nearest(block, 1);
            nearest.iter().map(|near| self.is_target[near[0].clip]).collect()
        })
    }

    /// The same of a clip of the bank and the others.
    pub(super) fn is_near_target(&self, clip: usize) -> bool {
        self.is_near_target[clip]
    }
}

/// What normal clips score near source clips and near target clips, and how widely that spreads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    /// Source, target.
    levels: [f64; 2],
    /// Mean and standard deviation of what the training clips score beyond the level of where they lie.
    mean: f64,
    deviation: f64,
}

impl Usual {
    /// `scores` are those of the bank, leave-one-out; without what one of the clips scores, if any.
    pub(super) fn of(scores: &[f64], domains: &Domains, left_out: Option<usize>) -> Self {
        let clips = || (0..scores.len()).filter(|&clip| Some(clip) != left_out);
        let n_scores = clips().count() as f64;
        let mean = clips().map(|clip| scores[clip]).sum::<f64>() / n_scores;
        let levels = [false, true].map(|is_target| {
            let of_domain = clips().filter(|&clip| domains.is_target[clip] == is_target);
            let (n, sum) = of_domain.fold((0.0, 0.0), |(n, sum), clip| (n + 1.0, sum + scores[clip]));
            (sum + CLIPS_OF_NO_DOMAIN * mean) / (n + CLIPS_OF_NO_DOMAIN)
        });
        let beyond = |clip: usize| scores[clip] - levels[usize::from(domains.is_near_target[clip])];
        let mean_beyond = clips().map(beyond).sum::<f64>() / n_scores;
        let square = clips().map(|clip| (beyond(clip) - mean_beyond).powi(2)).sum::<f64>();
        // Where all clips score the same, any rounding would be many deviations.
        let smallest = 1e-9 * mean.abs() + f64::MIN_POSITIVE.sqrt();
        Self {
            levels,
            mean: mean_beyond,
            deviation: (square / (n_scores - 1.0).max(1.0)).sqrt().max(smallest),
        }
    }

    /// 0 is usual where the clip lies, 1 one standard deviation more.
    pub(super) fn normalised(self, score: f64, is_near_target: bool) -> f64 {
        (score - self.levels[usize::from(is_near_target)] - self.mean) / self.deviation
    }
}
