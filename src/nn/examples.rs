//! Examples on their way from the front ends into the training loop.

use super::TrainingError;

/// Examples side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// `[n_examples, example_len]`
    pub inputs: Vec<f32>,
    /// `[n_examples]`: the class of each example; an autoencoder ignores it.
    pub classes: Vec<u32>,
}

/// Where the training loop takes its examples from: from another thread, while it learns from the examples before.
///
/// *Invariant:* the same seed gives the same examples in the same order, which is what makes a resumed training equal to
/// an uninterrupted one.
pub trait ExampleSource: Send {
    /// Examples in one epoch.
    fn n_examples(&self) -> usize;

    /// Begins an epoch, with all that is random in it drawn from `seed`.
    fn begin_epoch(&mut self, seed: u64);

    /// The next examples of this epoch, `batch_size` or fewer; empty at the end of the epoch.
    ///
    /// # Errors
    /// Where a recording that could be read before cannot be read any more.
    fn next_batch(&mut self, batch_size: usize) -> Result<Batch, TrainingError>;
}

/// What one network learns from and what it is judged by, from different clips.
pub struct Examples<'a> {
    pub train: &'a mut dyn ExampleSource,
    /// `None` where there are too few clips to hold some out.
    pub held_out: Option<&'a mut dyn ExampleSource>,
}
