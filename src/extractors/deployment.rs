//! What of a trained front end can leave the program: its network, and how it must be fed elsewhere.

use std::fmt;

use super::Recipe;
use super::standardised::Standardiser;
use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::dsp::{LogMel, LogMelConfig, MelScale, Padding, Spectrogram};
use crate::export::{Graph, OutputKind};

/// A network with everything that an engineer must know to feed it.
pub struct Deployment {
    /// The machine type that it was trained on; `None`: one network for all machines of the run.
    pub machine: Option<String>,
    /// Its metadata tell the front end; its normalisation is in numbers.
    pub graph: Graph,
    windows: Box<Windows>,
}

type Windows = dyn Fn(&Clip) -> Vec<f32> + Send + Sync;

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment")
            .field("machine", &self.machine)
            .field("graph", &self.graph.name)
            .finish_non_exhaustive()
    }
}

/// How windows are cut from the frames of a clip.
#[derive(Debug, Clone, Copy)]
pub(super) struct WindowPlan {
    pub n_frames: usize,
    /// Frames between two windows.
    pub hop: usize,
    /// Whether one more window ends where the clip does.
    pub takes_end: bool,
}

impl WindowPlan {
    fn starts(&self, n_frames: usize) -> Vec<usize> {
        let Some(last) = n_frames.checked_sub(self.n_frames) else {
            return Vec::new();
        };
        let mut starts: Vec<usize> = (0..=last).step_by(self.hop.max(1)).collect();
        if self.takes_end && starts.last() != Some(&last) {
            starts.push(last);
        }
        starts
    }

    fn text(&self) -> String {
        let end = if self.takes_end {
            ", and one that ends with the last frame"
        } else {
            "; frames that are left over at the end are dropped"
        };
        format!("one every {} frames{end}", self.hop.max(1))
    }
}

impl Deployment {
    /// Of an autoencoder that draws windows of a log-mel spectrogram, frame by frame, again.
    pub(super) fn of_log_mel(
        (recipe, machine): (Recipe, &str),
        graph: Graph,
        log_mel: &LogMel,
        standardiser: Option<&Standardiser>,
        plan: WindowPlan,
    ) -> Self {
        let mut told = Told::of(recipe, &graph, Some(machine));
        told.log_mel(log_mel.config());
        told.row("window_frames", plan.n_frames.to_string());
        told.row("windows", plan.text());
        told.row(
            "window_layout",
            "frame after frame, each from the lowest band to the highest".to_owned(),
        );
        told.row(
            "normalisation",
            match standardiser {
                Some(_) => "(level - normalisation_means[band]) / normalisation_deviations[band], before the window is cut",
                None => "none: the network gets levels in dB",
            }
            .to_owned(),
        );
        let normalisation = standardiser.map(Standardiser::normalisation);
        let (log_mel, standardiser) = (log_mel.clone(), standardiser.cloned());
        let windows = move |clip: &Clip| {
            let levels = log_mel.decibel(&clip.samples);
            let levels = match &standardiser {
                Some(standardiser) => standardiser.apply(levels),
                None => levels,
            };
            let rows = plan.starts(levels.n_frames).into_iter().map(|start| start * levels.n_bins);
            let len = plan.n_frames * levels.n_bins;
            rows.flat_map(|first| levels.values[first..first + len].to_vec()).collect()
        };
        Self {
            machine: Some(machine.to_owned()),
            graph: Graph {
                metadata: told.0,
                normalisation,
                ..graph
            },
            windows: Box::new(windows),
        }
    }

    /// Of a network that embeds segments `[n_bins, n_frames]` of a picture; `front_end` are words for a person, by key.
    pub(super) fn of_segments(
        recipe: Recipe,
        graph: Graph,
        front_end: Vec<(&str, String)>,
        plan: WindowPlan,
        windows: impl Fn(&Clip) -> Vec<f32> + Send + Sync + 'static,
    ) -> Self {
        let mut told = Told::of(recipe, &graph, None);
        for (key, value) in front_end {
            told.row(key, value);
        }
        told.row("window_frames", plan.n_frames.to_string());
        told.row("windows", plan.text());
        told.row(
            "window_layout",
            "frequency after frequency from the lowest on, each with its frames in order".to_owned(),
        );
        Self {
            machine: None,
            graph: Graph {
                metadata: told.0,
                ..graph
            },
            windows: Box::new(windows),
        }
    }

    /// The windows of a clip, `[n_windows][channels, height, width]`, as the run's own score meets them; empty where the clip is
    /// shorter than one.
    pub fn windows(&self, clip: &Clip) -> Vec<f32> {
        (self.windows)(clip)
    }
}

/// What is told about a network, by key.
struct Told(Vec<(String, String)>);

impl Told {
    fn of(recipe: Recipe, graph: &Graph, machine: Option<&str>) -> Self {
        let mut told = Self(Vec::new());
        told.row("recipe", recipe.name().to_owned());
        told.row("machine", machine.unwrap_or("all machines of the run").to_owned());
        told.row("parameters", graph.n_parameters().to_string());
        told.row("multiply_adds_per_window", graph.n_multiply_adds().to_string());
        let shape = graph.input;
        told.row(
            "input",
            format!("float32 [batch, {}, {}, {}]", shape.channels, shape.height, shape.width),
        );
        told.row(
            "score",
            match graph.result {
                OutputKind::Reconstruction => {
                    "mean squared difference between a normalised window and what the network makes of it; the score of a clip is \
                     the mean over its windows; larger is more anomalous; it is no probability"
                }
                OutputKind::Embedding => {
                    "none by itself: the mean of the embeddings of a clip's windows is judged by a detector, by its distance from \
                     those of normal clips"
                }
            }
            .to_owned(),
        );
        told.row("sample_rate_hz", SAMPLE_RATE_HZ.to_string());
        told.row("samples", "one channel, full scale is -1 to 1".to_owned());
        told
    }

    fn row(&mut self, key: &str, value: String) {
        self.0.push((key.to_owned(), value));
    }

    fn log_mel(&mut self, config: LogMelConfig) {
        let LogMelConfig {
            n_fft,
            hop,
            n_mels,
            power,
            padding,
            scale,
        } = config;
        let beyond = match padding {
            Padding::Zero => "zeros",
            Padding::Reflect => "the clip's mirror image",
        };
        let factor = if power == 2 { 10 } else { 20 };
        let spectrum = if power == 2 { "power" } else { "magnitude" };
        let mel = match scale {
            MelScale::Slaney => "Slaney's scale, each filter of the same area, as librosa.filters.mel by default",
            MelScale::Htk => "HTK's scale, each filter of peak 1, as torchaudio by default",
        };
        self.row("front_end", "log-mel spectrogram".to_owned());
        self.row("n_fft", n_fft.to_string());
        self.row("hop_samples", hop.to_string());
        self.row(
            "frames",
            format!("periodic Hann window of {n_fft}, frame t centred on sample {hop} t, {beyond} beyond the clip's ends"),
        );
        self.row("spectrum", format!("{spectrum} of the Fourier transform, not scaled"));
        self.row("n_mels", n_mels.to_string());
        self.row("mel", format!("0 to {} Hz, {mel}", SAMPLE_RATE_HZ / 2));
        self.row(
            "decibel",
            format!("{factor} log10(max(x, 2.220446e-16)), reference 1; no maximum is subtracted, no range is clipped"),
        );
    }
}

/// A name that may stand in code, of a recipe and a machine: `cae_mcs_fan`.
pub(super) fn code_name(recipe: Recipe, machine: Option<&str>) -> String {
    let words = [Some(recipe.name()), machine].into_iter().flatten();
    let whole: Vec<&str> = words.collect();
    let in_code = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    whole.join("_").chars().map(in_code).collect()
}

/// Windows `[n_bins, n_frames]` of a picture at the starts of a plan, each appended by `cut`.
pub(super) fn segments_of(picture: &Spectrogram, plan: WindowPlan, cut: impl Fn(&Spectrogram, usize, &mut Vec<f32>)) -> Vec<f32> {
    let mut segments = Vec::new();
    for start in plan.starts(picture.n_frames) {
        cut(picture, start, &mut segments);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_where_the_plan_says() {
        let plan = |hop, takes_end| WindowPlan {
            n_frames: 32,
            hop,
            takes_end,
        };
        assert_eq!(plan(32, false).starts(313).len(), 9, "25 frames are dropped");
        assert_eq!(plan(32, true).starts(313).last(), Some(&281));
        assert_eq!(plan(3, true).starts(313).len(), 95, "as CAE-MCS counts them");
        assert_eq!(plan(1, true).starts(33), [0, 1]);
        assert_eq!(plan(1, true).starts(31), [0usize; 0]);
    }

    #[test]
    fn names_may_stand_in_code() {
        assert_eq!(code_name(Recipe::CaeMcs, Some("Fan 00/x")), "cae_mcs_fan_00_x");
        assert_eq!(code_name(Recipe::MobileAnoNet, None), "mobileanonet");
    }
}
