//! The one training loop: epochs, batches, Adam, held-out figures, cancel, checkpoints.

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::early_stop::EarlyStop;
use super::optimiser::adam;
use super::parameters::with_tensors;
use super::tally::{ClipMeans, ClipVotes, FigureSum, Judged, Means};
use super::{
    Batch, ClipEmbeddings, DeviceChoice, EpochFigure, EpochMetrics, ExampleSource, Examples, TrainingError, cross_check,
};
use crate::progress::{NoProgress, Progress};

/// Steps between two looks at the loss: reading it makes a graphics card wait.
const STEPS_PER_LOOK: u64 = 16;
/// The held-out examples are drawn alike in every epoch, so that its figures can be compared.
const HELD_OUT_SEED: u64 = 0x5eed;

/// The name of the votes whose share of right clips is an epoch's accuracy; those of other names are further figures.
pub(super) const ACCURACY: &str = "accuracy";

/// Who watches a training: progress, and the figures of each epoch.
pub trait TrainingObserver: Progress {
    /// An epoch has ended. A resumed training tells of its earlier epochs first.
    fn epoch(&mut self, metrics: &EpochMetrics);

    /// These recordings are held out: nothing is learned from them. Told once a network, before it is trained.
    fn held_out(&mut self, _files: &[&Path]) {}
}

impl TrainingObserver for NoProgress {
    fn epoch(&mut self, _metrics: &EpochMetrics) {}
}

/// How one network is trained. Two plans that are equal give the same weights on the same device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingPlan {
    /// Which network of a run, for the figures; may be empty.
    pub network: String,
    pub n_epochs: usize,
    pub batch_size: usize,
    pub learning_rate: f64,
    /// The learning rate is multiplied by this after each epoch.
    pub learning_rate_decay: f64,
    /// L2 penalty on all parameters, added to the gradient as PyTorch's Adam does; 0 for none.
    pub weight_decay: f64,
    pub seed: u64,
    pub device: DeviceChoice,
    /// Fewer epochs than `n_epochs` where that is enough.
    #[serde(default)]
    pub early_stop: Option<EarlyStop>,
    /// What is trained on and by which losses: a hash, or words that are others where it is another.
    pub data: String,
}

/// A network that the loop can train.
pub(super) trait Trainable: Module {
    /// The loss of a batch, on the device of the network.
    fn judge(&self, batch: Batch, device: &Device) -> Judged;

    /// The learning rate of an epoch.
    fn learning_rate(&self, plan: &TrainingPlan, epoch_idx: usize) -> f64 {
        plan.learning_rate * plan.learning_rate_decay.powi(epoch_idx as i32)
    }

    /// Sets how fast the running statistics of the batch norms follow; see [`norm_momentum`].
    fn set_norm_momentum(&mut self, step_idx: u64);
}

/// Momentum of running statistics at a step: the published one in the end, more before.
///
/// With the published momentum alone a training of a few hundred steps would end with statistics that still hold much of
/// their arbitrary start, and would judge clips by those.
pub(super) fn norm_momentum(published: f64, step_idx: u64) -> f64 {
    published.max(10.0 / (10.0 + step_idx as f64))
}

/// Trains `network`, which lies on the plain device of `choice`, and gives it back there.
pub(super) fn train<N: Trainable>(
    network: N,
    choice: DeviceChoice,
    plan: &TrainingPlan,
    mut examples: Examples<'_>,
    checkpoint: Option<&Path>,
    observer: &mut dyn TrainingObserver,
) -> Result<N, TrainingError> {
    let device = choice.open()?.autodiff();
    let n_examples = examples.train.n_examples();
    if n_examples < 2 {
        return Err(TrainingError::TooFewExamples { found: n_examples });
    }
    if choice == DeviceChoice::Gpu {
        cross_check::first_step(&network, &device, plan, examples.train)?;
    }
    let mut learner = Learner {
        network,
        optimiser: adam(plan.weight_decay),
        device,
        history: Vec::new(),
        n_steps: 0,
        progress: (0, 0),
    };
    let saved = checkpoint.and_then(|path| {
        let rate = |plan: &TrainingPlan, epoch_idx| learner.network.learning_rate(plan, epoch_idx);
        Checkpoint::read(path, plan, rate, observer)
    });
    if let Some(saved) = saved {
        learner = learner.resumed(saved, checkpoint.unwrap_or(Path::new("")))?;
        observer.log(&format!(
            "resuming after epoch {} of {}",
            learner.history.len(),
            plan.n_epochs
        ));
        for metrics in &learner.history {
            observer.epoch(metrics);
        }
    }
    learner.network = learner.network.train();
    while learner.history.len() < plan.n_epochs {
        if let Some(stop) = plan.early_stop.filter(|stop| stop.is_reached(&learner.history)) {
            let EarlyStop { patience, min_delta } = stop;
            observer.log(&format!(
                "enough after epoch {} of {}: the loss on held-out clips has not fallen by {min_delta:e} for {patience} epochs",
                learner.history.len(),
                plan.n_epochs
            ));
            let total = (plan.n_epochs * n_examples) as u64;
            observer.step(total, total)?;
            break;
        }
        let metrics;
        (learner, metrics) = learner.epoch(plan, &mut examples, observer)?;
        observer.epoch(&metrics);
        learner.history.push(metrics);
        if let Some(path) = checkpoint {
            Checkpoint::write(path, plan, &learner)?;
        }
    }
    Ok(learner.network.valid())
}

/// A network in training.
pub(super) struct Learner<N> {
    pub network: N,
    pub optimiser: ModuleOptimizer,
    device: Device,
    /// One entry for each finished epoch.
    pub history: Vec<EpochMetrics>,
    /// Batches that were learned from.
    pub n_steps: u64,
    /// Progress in training examples, of all epochs: done and total.
    progress: (u64, u64),
}

impl<N: Trainable> Learner<N> {
    fn resumed(self, saved: Checkpoint, path: &Path) -> Result<Self, TrainingError> {
        Ok(Self {
            network: with_tensors(self.network, &saved.network).map_err(|reason| TrainingError::Weights {
                path: path.to_owned(),
                reason,
            })?,
            optimiser: saved.restore_optimiser(self.optimiser, path)?,
            device: self.device,
            history: saved.history,
            n_steps: saved.n_steps,
            progress: (0, 0),
        })
    }

    fn epoch(
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

/// A seed for each epoch, so that a resumed training draws what an uninterrupted one draws.
pub(super) fn epoch_seed(seed: u64, epoch_idx: usize) -> u64 {
    seed.wrapping_add((epoch_idx as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
