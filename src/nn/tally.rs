//! What a network makes of batches, and the sums of it over an epoch: the loss and its terms, votes and embeddings by clip.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{ClipEmbeddings, TrainingError};

/// What a network makes of a batch.
pub(super) struct Judged {
    /// `[1]`: what is learned from, the mean over the batch.
    pub loss: Tensor<1>,
    /// What the loss is made of, for the figures of the epoch; none where it is one piece.
    pub terms: Vec<Term>,
    /// What classifiers take the examples for, read on held-out clips only; see [`ACCURACY`](super::training::ACCURACY).
    pub votes: Vec<Votes>,
    /// `[n_examples, n_features]`, for figures that need no label.
    pub embeddings: Option<Tensor<2>>,
}

impl Judged {
    /// A loss of one piece, and nothing else.
    pub(super) fn of(loss: Tensor<1>) -> Self {
        Self {
            loss,
            terms: Vec::new(),
            votes: Vec::new(),
            embeddings: None,
        }
    }
}

/// A part of the loss by name.
pub(super) struct Term {
    pub name: &'static str,
    /// `[1]`: the mean over the batch.
    pub mean: Tensor<1>,
}

/// What one classifier takes some examples for.
pub(super) struct Votes {
    /// Classifiers of one name share one figure, e.g. "condition accuracy".
    pub name: &'static str,
    /// Tells classifiers of one name apart.
    pub head_idx: usize,
    /// `[n_votes]`: the clip of each example; see [`super::Batch::clips`].
    pub clips: Vec<u32>,
    /// `[n_votes]`: the right classes.
    pub classes: Vec<u32>,
    /// `[n_votes, n_classes]`
    pub log_probabilities: Tensor<2>,
}

/// Means over the examples of an epoch.
#[derive(Debug)]
pub(super) struct Means {
    pub loss: f64,
    pub terms: Vec<(&'static str, f64)>,
}

/// Sums over batches, kept on the device.
#[derive(Default)]
pub(super) struct FigureSum {
    loss: Option<Sum>,
    terms: Vec<(&'static str, Sum)>,
}

struct Sum {
    total: Tensor<1>,
    n_rows: usize,
}

impl Sum {
    fn of(mean: Tensor<1>, n_rows: usize) -> Self {
        Self {
            total: mean.without_autodiff().mul_scalar(n_rows as f32),
            n_rows,
        }
    }

    fn add(&mut self, other: Self) {
        self.total = self.total.clone() + other.total;
        self.n_rows += other.n_rows;
    }

    fn mean(&self) -> Result<f64, TrainingError> {
        let total = self.total.clone().try_into_scalar::<f32>().map_err(TrainingError::device)?;
        Ok(f64::from(total) / self.n_rows.max(1) as f64)
    }
}

impl FigureSum {
    pub(super) fn add(&mut self, loss: Tensor<1>, terms: Vec<Term>, n_rows: usize) {
        let loss = Sum::of(loss, n_rows);
        match &mut self.loss {
            Some(sum) => sum.add(loss),
            None => self.loss = Some(loss),
        }
        for Term { name, mean } in terms {
            let term = Sum::of(mean, n_rows);
            match self.terms.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => sum.add(term),
                None => self.terms.push((name, term)),
            }
        }
    }

    /// Reads the sums; an infinite or undefined loss ends the training.
    pub(super) fn means(&self, epoch_idx: usize) -> Result<Means, TrainingError> {
        let loss = self.loss.as_ref().ok_or(TrainingError::TooFewExamples { found: 0 })?.mean()?;
        if !loss.is_finite() {
            return Err(TrainingError::Diverged { epoch: epoch_idx, loss });
        }
        let terms = self.terms.iter().map(|(name, sum)| Ok((*name, sum.mean()?)));
        Ok(Means {
            loss,
            terms: terms.collect::<Result<_, TrainingError>>()?,
        })
    }
}

/// Votes by clip: the log probabilities of a clip's segments are added up, as if they were independent.
#[derive(Default)]
pub(super) struct ClipVotes {
    /// In the order of their coming.
    names: Vec<&'static str>,
    clips: BTreeMap<(&'static str, usize, u32), (Vec<f32>, u32)>,
}

impl ClipVotes {
    pub(super) fn add(&mut self, votes: Votes) -> Result<(), TrainingError> {
        let Votes { name, head_idx, .. } = votes;
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        let [_, n_classes] = votes.log_probabilities.dims();
        let rows = votes
            .log_probabilities
            .try_into_vec_as::<f32>()
            .map_err(TrainingError::device)?;
        let of_clips = votes.clips.into_iter().zip(votes.classes);
        for ((clip, class), row) in of_clips.zip(rows.chunks(n_classes.max(1))) {
            let clip = self.clips.entry((name, head_idx, clip));
            let (sums, _) = clip.or_insert_with(|| (vec![0.0; n_classes], class));
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        Ok(())
    }

    /// By name, the share of clips that are put into the right class; a clip counts once for each classifier that it went to.
    pub(super) fn accuracies(&self) -> Vec<(&'static str, f64)> {
        let accuracy = |&name: &&'static str| {
            let of_name = || self.clips.iter().filter(move |((known, ..), _)| *known == name);
            let n_right = of_name()
                .filter(|(_, (sums, class))| best(sums) == Some(*class as usize))
                .count();
            (name, n_right as f64 / of_name().count().max(1) as f64)
        };
        self.names.iter().map(accuracy).collect()
    }
}

fn best(values: &[f32]) -> Option<usize> {
    let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map(|(class, _)| class)
}

/// Mean embeddings of clips.
#[derive(Default)]
pub(super) struct ClipMeans {
    clips: BTreeMap<u32, Mean>,
}

struct Mean {
    sums: Vec<f64>,
    n_rows: usize,
    class: u32,
}

impl ClipMeans {
    pub(super) fn add(&mut self, embeddings: Tensor<2>, clips: &[u32], classes: &[u32]) -> Result<(), TrainingError> {
        let [_, n_features] = embeddings.dims();
        let rows = embeddings.try_into_vec_as::<f32>().map_err(TrainingError::device)?;
        for ((&clip, &class), row) in clips.iter().zip(classes).zip(rows.chunks(n_features.max(1))) {
            let mean = self.clips.entry(clip).or_insert_with(|| Mean {
                sums: vec![0.0; n_features],
                n_rows: 0,
                class,
            });
            mean.sums
                .iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += f64::from(*value));
            mean.n_rows += 1;
        }
        Ok(())
    }

    /// The clips in the order of their numbers.
    pub(super) fn embeddings(&self) -> ClipEmbeddings {
        let mut embeddings = ClipEmbeddings::default();
        for Mean { sums, n_rows, class } in self.clips.values() {
            embeddings.n_features = sums.len();
            embeddings.values.extend(sums.iter().map(|sum| (sum / *n_rows as f64) as f32));
            embeddings.classes.push(*class);
        }
        embeddings
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    #[test]
    fn means_weigh_batches_by_their_rows() {
        let mut sum = FigureSum::default();
        let term = |value| Term {
            name: "part",
            mean: tensor(&[value], [1]),
        };
        sum.add(tensor(&[1.0], [1]), vec![term(10.0)], 3);
        sum.add(tensor(&[5.0], [1]), vec![term(2.0)], 1);
        let means = sum.means(0).expect("finite");
        assert!((means.loss - 2.0).abs() < 1e-6);
        assert_eq!(means.terms, [("part", 8.0)]);
        sum.add(tensor(&[f32::NAN], [1]), Vec::new(), 1);
        assert!(matches!(sum.means(4), Err(TrainingError::Diverged { epoch: 4, .. })));
    }

    #[test]
    fn segments_vote_on_their_clip_and_embed_it() {
        // Clip 7 is right as a whole although its second segment is wrong; clip 9 is wrong.
        let votes = |head_idx, name| Votes {
            name,
            head_idx,
            clips: vec![7, 9, 7],
            classes: vec![1, 0, 1],
            log_probabilities: tensor(&[-3.0, -0.1, -2.0, -0.2, -0.3, -1.0], [3, 2]),
        };
        let mut clip_votes = ClipVotes::default();
        clip_votes.add(votes(0, "machine")).expect("read");
        clip_votes.add(votes(1, "conditions")).expect("read");
        clip_votes.add(votes(2, "conditions")).expect("read");
        assert_eq!(clip_votes.accuracies(), [("machine", 0.5), ("conditions", 0.5)]);

        let mut means = ClipMeans::default();
        let rows = tensor(&[1.0, 0.0, 5.0, 5.0, 3.0, 4.0], [3, 2]);
        means.add(rows, &[7, 9, 7], &[1, 0, 1]).expect("read");
        let embeddings = means.embeddings();
        assert_eq!((embeddings.n_features, embeddings.classes), (2, vec![1, 0]));
        assert_eq!(embeddings.values, [2.0, 2.0, 5.0, 5.0]);
    }
}
