//! The loss of a run over its epochs, and the spectrogram of the focused clip.

use crate::app::{SpectrogramKind, SpectrogramSettings, Workbench};
use crate::extractors::{EpochFigure, EpochMetrics, Recipe, TrainingConfig};
use crate::figures::{LossFigure, SpectrogramFigure};

/// Columns of a saved picture of a long recording at most.
const FIGURE_COLUMNS: usize = 4096;

/// Loss over epochs of one run: a curve for each network, term of its loss and kind of clip; `None` before the first epoch.
pub fn loss_figure(workbench: &Workbench, run: &str) -> Option<LossFigure> {
    let view = workbench.runs.get(run)?;
    let epochs = &view.epochs;
    let mut curves: Vec<(String, Vec<f64>)> = Vec::new();
    for epoch in epochs {
        let terms: Vec<&EpochFigure> = epoch.figures.iter().filter(|figure| figure.name.ends_with(" loss")).collect();
        // The whole is named as such where its parts are drawn too.
        let whole = if terms.is_empty() { "" } else { "whole loss" };
        add(&mut curves, name(epoch, whole, false), epoch.train_loss);
        if let Some(loss) = epoch.validation_loss {
            add(&mut curves, name(epoch, whole, true), loss);
        }
        for term in terms {
            let weight = weight(&view.recipe.training, &term.name);
            let what = if weight == 1.0 {
                term.name.clone()
            } else {
                format!("{} × {weight}", term.name)
            };
            add(&mut curves, name(epoch, &what, term.is_held_out), weight * term.value);
        }
    }
    (!curves.is_empty()).then(|| LossFigure {
        title: format!("{run}: loss"),
        curves,
    })
}

/// How much of a term goes into the whole: on one axis the parts are to add up to it.
fn weight(training: &TrainingConfig, term: &str) -> f64 {
    if training.recipe == Recipe::MobileAnoNet && term == "centre loss" {
        training.mobileanonet.centre_weight
    } else {
        1.0
    }
}

/// `fan centre loss, held out`; of what there is but one, nothing is said.
fn name(epoch: &EpochMetrics, what: &str, is_held_out: bool) -> String {
    let kind = if is_held_out { "held out" } else { "training" };
    let words = [epoch.network.as_str(), what].into_iter().filter(|word| !word.is_empty());
    let subject = words.collect::<Vec<_>>().join(" ");
    if what.is_empty() {
        format!("{subject} {kind}").trim_start().to_owned()
    } else {
        format!("{subject}, {kind}")
    }
}

fn add(curves: &mut Vec<(String, Vec<f64>)>, name: String, value: f64) {
    match curves.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => curves.push((name, vec![value])),
    }
}

/// The focused clip's spectrogram with its crop boxes and, once scored, their scores; `None` before it is read.
pub fn spectrogram_figure(workbench: &Workbench) -> Option<SpectrogramFigure> {
    let entry = workbench.focused()?;
    let view = &workbench.focus_view;
    let loaded = view
        .loaded
        .as_ref()
        .filter(|loaded| Some(loaded.clip_idx) == workbench.focus)?;
    let crops = match &view.ribbon {
        Some(ribbon) => {
            // Windows of a network bear what it says of them, crops where they stand among those of normal clips.
            let scores = if view.window.is_some() {
                &ribbon.scores
            } else {
                &ribbon.percentiles
            };
            let scored = ribbon.crops.iter().zip(scores);
            scored
                .map(|(crop, &score)| (crop.start_secs as f32, crop.end_secs as f32, Some(score)))
                .collect()
        }
        None => view
            .crops
            .iter()
            .map(|crop| (crop.start_secs as f32, crop.end_secs as f32, None))
            .collect(),
    };
    // Of a long recording the whole, in as many columns as a figure can show.
    let spectrogram = match &view.long {
        Some(long) => long.overview(FIGURE_COLUMNS)?.0,
        None => (*loaded.spectrogram).clone(),
    };
    Some(SpectrogramFigure {
        title: if entry.n_channels > 1 {
            format!("{}, {}", entry.path, loaded.heard)
        } else {
            entry.path.clone()
        },
        spectrogram,
        duration_secs: entry.duration_secs,
        start_secs: 0.0,
        bin_hz: loaded.bin_hz.clone(),
        range_db: workbench.look.level.ends_db(&loaded.levels),
        map: workbench.look.map,
        is_inverted: workbench.look.is_inverted,
        crops,
    })
}

/// How a picture is computed, in words.
pub fn spectrogram_words(settings: SpectrogramSettings) -> String {
    let SpectrogramSettings {
        kind,
        n_fft,
        hop,
        n_mels,
    } = settings;
    match kind {
        SpectrogramKind::Stft => format!("STFT of {n_fft} samples, hop {hop}, Hann window"),
        SpectrogramKind::Mel => format!("{n_mels} mel bands, FFT of {n_fft} samples, hop {hop}, Hann window"),
    }
}
