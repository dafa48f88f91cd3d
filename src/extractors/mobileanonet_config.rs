//! The settings that MobileAnoNet alone knows.

use serde::{Deserialize, Serialize};

use crate::dsp::{Spectrogram, Stft, StftConfig};
use crate::nn::{ConditionAveraging, LossChoice};

/// Magnitudes below this are taken for it in decibel: -100 dB, where digital silence lies.
const LEAST_MAGNITUDE: f32 = 1e-5;
/// The decibels of a full-scale tone are some 54; from -100 on they become about 0 to 1.
const DECIBELS: [f32; 2] = [-100.0, 60.0];

/// How MobileAnoNet is trained beyond what every network knows; the default is the paper, and its code where the paper is silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MobileAnoNetConfig {
    pub loss: LossChoice,
    /// Equation 3 of the paper or its code.
    pub averaging: ConditionAveraging,
    /// The weight of the centre loss, lambda; 0 for none.
    pub centre_weight: f64,
    /// Batch norm after the machine's classifier, as the paper's text has it and its code has not.
    pub has_machine_norm: bool,
    pub input: SegmentInput,
    /// The same random segments in every epoch, as in the code; else other ones, as the paper may be read.
    pub has_fixed_segments: bool,
    /// L2 penalty on all parameters.
    pub weight_decay: f64,
    /// The learning rate is multiplied by this after each epoch.
    pub learning_rate_decay: f64,
}

impl Default for MobileAnoNetConfig {
    fn default() -> Self {
        Self {
            loss: LossChoice::Both,
            averaging: ConditionAveraging::Examples,
            centre_weight: 0.2,
            has_machine_norm: false,
            input: SegmentInput::LinearMinMax,
            has_fixed_segments: false,
            weight_decay: 1e-4,
            learning_rate_decay: 0.8,
        }
    }
}

impl MobileAnoNetConfig {
    /// What runs were trained by before they had these settings.
    pub(super) fn before_it_was_kept() -> Self {
        Self {
            loss: LossChoice::Machine,
            centre_weight: 0.0,
            ..Self::default()
        }
    }
}

/// What the network sees of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SegmentInput {
    /// Magnitude, each segment scaled to 0..1: the paper.
    #[default]
    LinearMinMax,
    /// Decibels, each segment scaled to 0..1.
    LogMinMax,
    /// Decibels, each clip brought to mean 0 and standard deviation 1.
    LogClip,
    /// Decibels on one scale for all clips.
    LogFixed,
}

impl SegmentInput {
    pub const ALL: [Self; 4] = [Self::LinearMinMax, Self::LogMinMax, Self::LogClip, Self::LogFixed];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinearMinMax => "linear-min-max",
            Self::LogMinMax => "log-min-max",
            Self::LogClip => "log-clip",
            Self::LogFixed => "log-fixed",
        }
    }

    /// The name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::LinearMinMax => "Magnitude, segment 0 to 1",
            Self::LogMinMax => "Decibel, segment 0 to 1",
            Self::LogClip => "Decibel, clip standardised",
            Self::LogFixed => "Decibel, fixed scale",
        }
    }

    /// The faults that a network with this input cannot hear.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::LinearMinMax | Self::LogMinMax => Some(
                "each segment is scaled by itself: a machine that only becomes louder or quieter looks the same. The decibel input \
                 with a fixed scale keeps levels",
            ),
            Self::LogClip => Some(
                "each clip is scaled by itself: a machine that is louder or quieter all the time looks the same. The decibel input \
                 with a fixed scale keeps levels",
            ),
            Self::LogFixed => None,
        }
    }

    /// How the picture is made and scaled, by key: for whoever feeds the network elsewhere.
    pub(super) fn front_end_in_words(self) -> Vec<(&'static str, String)> {
        let StftConfig { n_fft, hop, padding: _ } = StftConfig::default();
        let decibel = format!("20 log10(max(x, {LEAST_MAGNITUDE:e})), reference 1");
        let (decibel, normalisation) = match self {
            Self::LinearMinMax => (
                "none".to_owned(),
                "each window: (x - min) / (max - min) over all of it".to_owned(),
            ),
            Self::LogMinMax => (decibel, "each window: (x - min) / (max - min) over all of it".to_owned()),
            Self::LogClip => (
                decibel,
                "each clip: (x - mean) / standard deviation over all of it".to_owned(),
            ),
            Self::LogFixed => {
                let [low, high] = DECIBELS;
                (decibel, format!("(x - ({low})) / ({high} - ({low}))"))
            }
        };
        vec![
            ("front_end", "spectrogram of magnitudes".to_owned()),
            ("n_fft", n_fft.to_string()),
            ("hop_samples", hop.to_string()),
            (
                "frames",
                format!("periodic Hann window of {n_fft}, frame t centred on sample {hop} t, zeros beyond the clip's ends"),
            ),
            (
                "spectrum",
                "magnitude of the Fourier transform, not scaled, from 0 Hz to half the sample rate".to_owned(),
            ),
            ("decibel", decibel),
            ("normalisation", normalisation),
        ]
    }

    /// What the numbers are that the network gets.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::LinearMinMax => "magnitude, 0 to 1 in each segment",
            Self::LogMinMax => "dB, 0 to 1 in each segment",
            Self::LogClip => "dB, in standard deviations of the clip",
            Self::LogFixed => "dB, 0 at -100 and 1 at 60",
        }
    }

    /// Whether the scale is that of the whole clip.
    pub(super) fn is_scaled_by_clip(self) -> bool {
        self == Self::LogClip
    }

    /// Whether what is left to do is to scale each segment to 0..1.
    pub(super) fn is_scaled_by_segment(self) -> bool {
        matches!(self, Self::LinearMinMax | Self::LogMinMax)
    }

    /// The picture of a clip that segments are cut from.
    pub(super) fn picture(self, stft: &Stft, samples: &[f32]) -> Spectrogram {
        let mut picture = self.levels(stft, samples);
        let levels = LevelSums::of(if self.is_scaled_by_clip() { &picture.values } else { &[] });
        self.scale(&mut picture, levels);
        picture
    }

    /// The same before it is scaled.
    pub(super) fn levels(self, stft: &Stft, samples: &[f32]) -> Spectrogram {
        let mut picture = stft.magnitude(samples);
        if self != Self::LinearMinMax {
            for value in &mut picture.values {
                *value = 20.0 * value.max(LEAST_MAGNITUDE).log10();
            }
        }
        picture
    }

    /// Scales a part of the picture of a clip; `of_clip` are the levels of all of it, where they set the scale.
    pub(super) fn scale(self, picture: &mut Spectrogram, of_clip: LevelSums) {
        let (low, scale) = match self {
            Self::LinearMinMax | Self::LogMinMax => return,
            Self::LogClip => of_clip.standardisation(),
            Self::LogFixed => (DECIBELS[0], 1.0 / (DECIBELS[1] - DECIBELS[0])),
        };
        picture.values.iter_mut().for_each(|value| *value = (*value - low) * scale);
    }
}

/// Sums over the levels of a clip, stretch by stretch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LevelSums {
    n_levels: usize,
    sum: f64,
    squares: f64,
}

impl LevelSums {
    pub(super) fn of(levels: &[f32]) -> Self {
        let add = |(sum, squares), &level: &f32| (sum + f64::from(level), squares + f64::from(level).powi(2));
        let (sum, squares) = levels.iter().fold((0.0, 0.0), add);
        Self {
            n_levels: levels.len(),
            sum,
            squares,
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.n_levels += other.n_levels;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Mean and inverse standard deviation; 0 for the second where all levels are the same.
    fn standardisation(self) -> (f32, f32) {
        let n_levels = self.n_levels.max(1) as f64;
        let mean = self.sum / n_levels;
        let variance = self.squares / n_levels - mean * mean;
        // Squares of levels of some 100 dB leave this much of rounding.
        let scale = if variance > 1e-8 { 1.0 / variance.sqrt() } else { 0.0 };
        (mean as f32, scale as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_keep_or_lose_the_level_as_they_say() {
        let stft = Stft::new(StftConfig::default());
        // Noise: no bin is silent.
        let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let mixed = |i: u32| noise(i ^ (i >> 3).wrapping_mul(40_503));
        let sound = |gain: f32| -> Vec<f32> { (0..40_000).map(|i| gain * mixed(i)).collect() };
        let (quiet, loud) = (sound(0.1), sound(0.4));
        for input in SegmentInput::ALL {
            let [quiet, loud] = [&quiet, &loud].map(|samples| input.picture(&stft, samples).values);
            let shift: Vec<f32> = loud.iter().zip(&quiet).map(|(loud, quiet)| loud - quiet).collect();
            let far = shift.iter().filter(|shift| shift.abs() > 0.01).count() as f32 / shift.len() as f32;
            match input {
                SegmentInput::LogClip => assert!(far < 0.05, "{far}"),
                SegmentInput::LogFixed => assert!(far > 0.95, "{far}"),
                // Lost when the segment is scaled.
                SegmentInput::LinearMinMax | SegmentInput::LogMinMax => assert!(input.is_scaled_by_segment()),
            }
            assert_eq!(input.warning().is_none(), input == SegmentInput::LogFixed);
        }
        let standardised = SegmentInput::LogClip.picture(&stft, &quiet).values;
        let (mean, scale) = LevelSums::of(&standardised).standardisation();
        assert!(mean.abs() < 1e-4 && (scale - 1.0).abs() < 1e-4);
        let silence = SegmentInput::LogClip.picture(&stft, &[0.0; 40_000]).values;
        assert!(silence.iter().all(|value| *value == 0.0), "a constant picture is no fault");
    }

    #[test]
    fn settings_that_a_file_leaves_out_are_the_papers() {
        let config: MobileAnoNetConfig =
            serde_json::from_str(r#"{"loss": "condition", "averaging": "heads"}"#).expect("settings");
        assert_eq!(config.loss, LossChoice::Condition);
        assert_eq!(config.averaging, ConditionAveraging::Heads);
        assert_eq!(config.centre_weight, 0.2);
    }
}
