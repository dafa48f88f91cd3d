//! The one training loop: from epoch to epoch, from a checkpoint on, until it is enough.

use std::path::Path;

use super::checkpoint::Checkpoint;
use super::early_stop::EarlyStop;
use super::learner::Learner;
use super::optimiser::adam;
use super::parameters::with_tensors;
use super::trainable::{Trainable, TrainingObserver, TrainingPlan};
use super::{DeviceChoice, Examples, TrainingError, cross_check};

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
        learner = resumed(learner, saved, checkpoint.unwrap_or(Path::new("")))?;
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

/// Goes on where a checkpoint was written.
fn resumed<N: Trainable>(learner: Learner<N>, saved: Checkpoint, path: &Path) -> Result<Learner<N>, TrainingError> {
    Ok(Learner {
        network: with_tensors(learner.network, &saved.network).map_err(|reason| TrainingError::Weights {
            path: path.to_owned(),
            reason,
        })?,
        optimiser: saved.restore_optimiser(learner.optimiser, path)?,
        device: learner.device,
        history: saved.history,
        n_steps: saved.n_steps,
        progress: (0, 0),
    })
}
