//! Examples on their way from the front ends into the training loop.

use super::TrainingError;

/// Examples side by side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// `[n_examples, example_len]`
    pub inputs: Vec<f32>,
    /// `[n_examples]`: the class of each example; an autoencoder ignores it.
    pub classes: Vec<u32>,
    /// `[n_examples, n_conditions]`: the class of each example by each further classifier, or [`Batch::NO_CLASS`]; empty where
    /// there are no further classifiers.
    pub conditions: Vec<u32>,
    /// `[n_examples]`: which clip of its source each example is of; may be empty, then each example counts as a clip.
    pub clips: Vec<u32>,
}

impl Batch {
    /// Where an example has no class that a classifier knows.
    pub const NO_CLASS: u32 = u32::MAX;
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
    /// Figures that look at embeddings of clips instead of at labels.
    pub label_free: Option<LabelFree<'a>>,
}

/// Figures of an epoch that need neither anomalies nor labels, made of embeddings of normal clips.
pub struct LabelFree<'a> {
    /// Some of the clips that are trained on.
    pub reference: &'a mut dyn ExampleSource,
    /// From the clips of `reference` and those held out to figures by name.
    pub figures: &'a LabelFreeFigures,
}

/// From embeddings of some clips that were trained on, and of all that were held out, to figures by name.
pub type LabelFreeFigures = dyn Fn(&ClipEmbeddings, &ClipEmbeddings) -> Vec<(&'static str, f64)>;

/// Clips as a network in training sees them: each the mean of its examples' embeddings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClipEmbeddings {
    pub n_features: usize,
    /// `[n_clips, n_features]`
    pub values: Vec<f32>,
    /// `[n_clips]`
    pub classes: Vec<u32>,
}
