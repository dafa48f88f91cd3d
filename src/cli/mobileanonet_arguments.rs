//! What `auscult train --recipe mobileanonet` alone understands.

use anyhow::bail;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::extractors::{ConditionAveraging, LossChoice, MobileAnoNetConfig, Recipe, SegmentInput};

/// Each left out: as published.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of mobileanonet")]
pub(super) struct MobileAnoNetArguments {
    /// Learn to tell machines apart, their working conditions, or both
    #[arg(long, value_parser = PossibleValuesParser::new(LossChoice::ALL.map(LossChoice::name)))]
    loss: Option<String>,
    /// The condition loss for each example (equation 3 of the paper) or for each classifier (its code)
    #[arg(long, value_parser = PossibleValuesParser::new(ConditionAveraging::ALL.map(ConditionAveraging::name)))]
    averaging: Option<String>,
    /// What the network sees of a segment; only log-fixed keeps the level of the machine
    #[arg(long, value_parser = PossibleValuesParser::new(SegmentInput::ALL.map(SegmentInput::name)))]
    input: Option<String>,
    /// The same random segments of a clip in every epoch
    #[arg(long)]
    fixed_segments: bool,
    /// Batch norm after the machine's classifier too
    #[arg(long)]
    machine_norm: bool,
    /// Weight of the centre loss, lambda; 0 for none [default: 0.2]
    #[arg(long, value_parser = weight)]
    centre_weight: Option<f64>,
    /// L2 penalty on all parameters [default: 1e-4]
    #[arg(long, value_parser = weight)]
    weight_decay: Option<f64>,
    /// The learning rate is multiplied by this after each epoch [default: 0.8]
    #[arg(long, value_parser = decay)]
    learning_rate_decay: Option<f64>,
}

impl MobileAnoNetArguments {
    /// The settings with these arguments in them.
    ///
    /// # Errors
    /// Where there are arguments, but the recipe is another: they would say something that is not done.
    pub(super) fn settings(self, recipe: Recipe) -> anyhow::Result<MobileAnoNetConfig> {
        if recipe != Recipe::MobileAnoNet
            && let Some(name) = self.given()
        {
            bail!("{name} is an option of mobileanonet, not of {}: leave it out", recipe.name());
        }
        let published = MobileAnoNetConfig::default();
        Ok(MobileAnoNetConfig {
            loss: named(self.loss, &LossChoice::ALL, LossChoice::name).unwrap_or(published.loss),
            averaging: named(self.averaging, &ConditionAveraging::ALL, ConditionAveraging::name).unwrap_or(published.averaging),
            input: named(self.input, &SegmentInput::ALL, SegmentInput::name).unwrap_or(published.input),
            has_fixed_segments: self.fixed_segments,
            has_machine_norm: self.machine_norm,
            centre_weight: self.centre_weight.unwrap_or(published.centre_weight),
            weight_decay: self.weight_decay.unwrap_or(published.weight_decay),
            learning_rate_decay: self.learning_rate_decay.unwrap_or(published.learning_rate_decay),
        })
    }

    /// The first argument that was given.
    fn given(&self) -> Option<&'static str> {
        let given = [
            (self.loss.is_some(), "--loss"),
            (self.averaging.is_some(), "--averaging"),
            (self.input.is_some(), "--input"),
            (self.fixed_segments, "--fixed-segments"),
            (self.machine_norm, "--machine-norm"),
            (self.centre_weight.is_some(), "--centre-weight"),
            (self.weight_decay.is_some(), "--weight-decay"),
            (self.learning_rate_decay.is_some(), "--learning-rate-decay"),
        ];
        given.into_iter().find_map(|(is_given, name)| is_given.then_some(name))
    }
}

/// The choice of a name that was taken from the list.
fn named<T: Copy>(name: Option<String>, all: &[T], name_of: impl Fn(T) -> &'static str) -> Option<T> {
    let name = name?;
    all.iter().copied().find(|choice| name_of(*choice) == name)
}

fn weight(text: &str) -> Result<f64, String> {
    number_in(text, 0.0, 1000.0)
}

fn decay(text: &str) -> Result<f64, String> {
    number_in(text, 0.01, 1.0)
}

pub(super) fn learning_rate(text: &str) -> Result<f64, String> {
    number_in(text, 1e-7, 1.0)
}

fn number_in(text: &str, least: f64, most: f64) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| format!("a number from {least} to {most} is needed"))
}
