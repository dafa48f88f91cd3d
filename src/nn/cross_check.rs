//! The first step of a training on the graphics card, held against the processor: some drivers compute wrongly without a word.
//!
//! Mesa's software driver ends every loop after 65,535 rounds, and a batch norm then knows a part of a large batch only. What
//! comes of that looks like a training.

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::optimiser::adam;
use super::trainable::{Trainable, epoch_seed};
use super::{Batch, ExampleSource, TrainingError, TrainingPlan};

/// How far the losses before and after the step may lie apart, in parts of the processor's. Rounding alone parts the first by
/// some 1e-6; the second more, since Adam takes a step of one size for the smallest gradient as for the largest.
const TOLERANCES: [f32; 2] = [1e-3, 5e-2];

/// Takes the first step of the training on `device` and on the processor, with copies of the network, which stays as it is.
///
/// # Errors
/// Where the losses differ, or the device or the examples fail.
pub(super) fn first_step<N: Trainable>(
    network: &N,
    device: &Device,
    plan: &TrainingPlan,
    examples: &mut dyn ExampleSource,
) -> Result<(), TrainingError> {
    examples.begin_epoch(epoch_seed(plan.seed, 0));
    let batch = examples.next_batch(plan.batch_size)?;
    // A batch norm cannot learn from a single example.
    if batch.classes.len() < 2 {
        return Ok(());
    }
    let expected = losses(network, &Device::flex().autodiff(), plan, &batch)?;
    let found = losses(network, device, plan, &batch)?;
    // A loss that is no number is no reason: the training itself will say so.
    let is_apart = |i: usize| (found[i] - expected[i]).abs() > TOLERANCES[i] * expected[i].abs();
    match (0..TOLERANCES.len()).find(|&i| is_apart(i)) {
        Some(i) => Err(TrainingError::device(format!(
            "the driver of the graphics card computes a loss of {}, the processor one of {}: train on cpu",
            found[i], expected[i]
        ))),
        None => Ok(()),
    }
}

/// The losses of a batch before and after it was learned from.
fn losses<N: Trainable>(network: &N, device: &Device, plan: &TrainingPlan, batch: &Batch) -> Result<[f32; 2], TrainingError> {
    // A snapshot: running statistics would be shared with a clone.
    let mut network = network.valid().fork(&device.clone().without_autodiff()).train();
    network.set_norm_momentum(0);
    let before = network.judge(batch.clone(), device).loss;
    let gradients = GradientsParams::from_grads(before.backward(), &network);
    let network = adam(plan.weight_decay).step(plan.learning_rate, network, gradients);
    let after = network.judge(batch.clone(), device).loss;
    let read = |loss: Tensor<1>| loss.try_into_scalar::<f32>().map_err(TrainingError::device);
    Ok([read(before)?, read(after)?])
}
