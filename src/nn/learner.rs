//! One epoch: learning from batches, and judging what nothing is learned from.

use std::time::Instant;

use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::tally::{ClipMeans, ClipVotes, FigureSum, Means};
use super::trainable::{ACCURACY, Trainable, TrainingObserver, TrainingPlan, epoch_seed};
use super::{Batch, ClipEmbeddings, EpochFigure, EpochMetrics, ExampleSource, Examples, TrainingError};

/// Steps between two looks at the loss: reading it makes a graphics card wait.
const STEPS_PER_LOOK: u64 = 16;
/// The held-out examples are drawn alike in every epoch, so that its figures can be compared.
const HELD_OUT_SEED: u64 = 0x5eed;

/// A network in training.
pub(super) struct Learner<N> {
    pub network: N,
    pub optimiser: ModuleOptimizer,
    pub device: Device,
    /// One entry for each finished epoch.
    pub history: Vec<EpochMetrics>,
    /// Batches that were learned from.
    pub n_steps: u64,
    /// Progress in training examples, of all epochs: done and total.
    pub progress: (u64, u64),
}

impl<N: Trainable> Learner<N> {
    /// One pass over the training examples, and what the held-out ones say of it.
    pub(super) fn epoch(
        self,
        plan: &TrainingPlan,
        examples: &mut Examples<'_>,
        observer: &mut dyn TrainingObserver,
    ) -> Result<(Self, EpochMetrics), TrainingError> {
        let (started, epoch_idx) = (Instant::now(), self.history.len());
        let (learner, trained) = self.learn(plan, examples.train, observer)?;
        let mut metrics = EpochMetrics {
            epoch_idx,
            network: plan.network.clone(),
            train_loss: trained.loss,
            validation_loss: None,
            validation_accuracy: None,
            secs: 0.0,
            figures: named(false, trained.terms),
        };
        if let Some(held_out) = &mut examples.held_out {
            let judged = learner.judge(plan, &mut **held_out, observer)?;
            let (accuracy, further): (Vec<_>, Vec<_>) = judged.accuracies.into_iter().partition(|(name, _)| *name == ACCURACY);
            metrics.validation_loss = Some(judged.means.loss);
            metrics.validation_accuracy = accuracy.first().map(|(_, share)| *share);
            metrics.figures.extend(named(true, judged.means.terms));
            metrics.figures.extend(named(true, further));
            if let Some(label_free) = &mut examples.label_free {
                let reference = learner.judge(plan, &mut *label_free.reference, observer)?.clips;
                metrics
                    .figures
                    .extend(named(true, (label_free.figures)(&reference, &judged.clips)));
            }
        }
        metrics.secs = started.elapsed().as_secs_f64();
        Ok((learner, metrics))
    }

    /// One pass over the training examples.
    fn learn(
        self,
        plan: &TrainingPlan,
        train: &mut dyn ExampleSource,
        observer: &mut dyn TrainingObserver,
    ) -> Result<(Self, Means), TrainingError> {
        let epoch_idx = self.history.len();
        let n_examples = train.n_examples() as u64;
        let (done_before, total) = (epoch_idx as u64 * n_examples, plan.n_epochs as u64 * n_examples);
        let learning_rate = self.network.learning_rate(plan, epoch_idx);
        train.begin_epoch(epoch_seed(plan.seed, epoch_idx));
        let (mut sum, mut n_seen) = (FigureSum::default(), 0u64);
        observer.step(done_before, total)?;
        let learner = each_batch(train, plan.batch_size, self, |mut learner, batch| {
            let n_rows = batch.classes.len();
            n_seen += n_rows as u64;
            // A batch norm cannot learn from a single example.
            if n_rows > 1 {
                learner.network.set_norm_momentum(learner.n_steps);
                let judged = learner.network.judge(batch, &learner.device);
                let gradients = GradientsParams::from_grads(judged.loss.backward(), &learner.network);
                // By value: parameters that nobody else holds are moved in their place and not copied first.
                learner.network = learner.optimiser.step(learning_rate, learner.network, gradients);
                learner.n_steps += 1;
                sum.add(judged.loss, judged.terms, n_rows);
                if learner.n_steps.is_multiple_of(STEPS_PER_LOOK) {
                    sum.means(epoch_idx)?;
                }
            }
            learner.progress = ((done_before + n_seen).min(total), total);
            observer.step(learner.progress.0, learner.progress.1)?;
            Ok(learner)
        })?;
        Ok((learner, sum.means(epoch_idx)?))
    }

    /// One pass over examples that nothing is learned from.
    fn judge(
        &self,
        plan: &TrainingPlan,
        source: &mut dyn ExampleSource,
        observer: &mut dyn TrainingObserver,
    ) -> Result<JudgedClips, TrainingError> {
        let (network, device) = (self.network.valid(), self.device.clone().without_autodiff());
        source.begin_epoch(HELD_OUT_SEED);
        let (mut sum, mut votes, mut clips) = (FigureSum::default(), ClipVotes::default(), ClipMeans::default());
        each_batch(source, plan.batch_size, (), |(), batch| {
            let (clips_of_rows, classes) = (batch.clips.clone(), batch.classes.clone());
            let judged = network.judge(batch, &device);
            sum.add(judged.loss, judged.terms, classes.len());
            judged.votes.into_iter().try_for_each(|one| votes.add(one))?;
            if let Some(embeddings) = judged.embeddings {
                clips.add(embeddings, &clips_of_rows, &classes)?;
            }
            // Nothing more is learned, but a wish to stop is heard.
            Ok(observer.step(self.progress.0, self.progress.1)?)
        })?;
        Ok(JudgedClips {
            means: sum.means(self.history.len())?,
            accuracies: votes.accuracies(),
            clips: clips.embeddings(),
        })
    }
}

/// What a network makes of clips that it did not learn from.
struct JudgedClips {
    means: Means,
    accuracies: Vec<(&'static str, f64)>,
    clips: ClipEmbeddings,
}

fn named(is_held_out: bool, figures: impl IntoIterator<Item = (&'static str, f64)>) -> Vec<EpochFigure> {
    let figure = |(name, value): (&str, f64)| EpochFigure {
        name: name.to_owned(),
        is_held_out,
        value,
    };
    figures.into_iter().map(figure).collect()
}

/// Works on the batches of an epoch, in their order and on this thread; meanwhile the next batch is prepared on another one.
/// `state` goes from batch to batch.
fn each_batch<S>(
    source: &mut dyn ExampleSource,
    batch_size: usize,
    mut state: S,
    mut work: impl FnMut(S, Batch) -> Result<S, TrainingError>,
) -> Result<S, TrainingError> {
    let mut batch = source.next_batch(batch_size)?;
    let mut n_seen = 0;
    while !batch.classes.is_empty() {
        if batch.clips.is_empty() {
            batch.clips = (n_seen..).take(batch.classes.len()).collect();
        }
        n_seen += batch.classes.len() as u32;
        let mut next = Ok(Batch::default());
        let done = rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = source.next_batch(batch_size));
            work(state, batch)
        });
        state = done?;
        batch = next?;
    }
    Ok(state)
}
