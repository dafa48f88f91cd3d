//! How a person looks at sound: the transform, the axis, the colours and the levels that they stand for.

use serde::{Deserialize, Serialize};

use crate::dsp::{FrequencyAxis, LevelHistogram};
use crate::figures::ColorMap;

/// What the picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpectrogramKind {
    #[default]
    Stft,
    Mel,
}

/// How the picture is computed; the window is a periodic Hann window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpectrogramSettings {
    pub kind: SpectrogramKind,
    pub n_fft: usize,
    pub hop: usize,
    /// Bands, for [`SpectrogramKind::Mel`].
    pub n_mels: usize,
}

impl Default for SpectrogramSettings {
    fn default() -> Self {
        Self {
            kind: SpectrogramKind::Stft,
            n_fft: 2048,
            hop: 512,
            n_mels: 128,
        }
    }
}

impl SpectrogramSettings {
    pub const FFT_SIZES: [usize; 6] = [256, 512, 1024, 2048, 4096, 8192];
    pub const BAND_COUNTS: [usize; 4] = [40, 64, 128, 256];

    /// The next larger (1) or smaller (-1) transform, if there is one; the hop keeps its part of it.
    #[must_use]
    pub fn other_fft(self, by: isize) -> Option<Self> {
        let at = Self::FFT_SIZES.iter().position(|&size| size == self.n_fft)?;
        let n_fft = *Self::FFT_SIZES.get(at.checked_add_signed(by)?)?;
        Some(self.with_fft(n_fft))
    }

    /// Another transform; the hop keeps its part of it.
    #[must_use]
    pub fn with_fft(self, n_fft: usize) -> Self {
        Self {
            n_fft,
            hop: (self.hop * n_fft / self.n_fft.max(1)).max(1),
            ..self
        }
    }
}

/// Which levels the first and the last colour stand for, in dB of full scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelRange {
    /// The same for every clip, so that clips can be compared.
    Fixed([f32; 2]),
    /// 80 dB below the loudest place of the clip up to it.
    Peak,
    /// From the level below which 1 % of the clip's places lie to that below which 99.5 % lie.
    Auto,
}

impl Default for LevelRange {
    fn default() -> Self {
        Self::Fixed(Self::USUAL_DB)
    }
}

impl LevelRange {
    /// Audacity's window: a gain of 20 dB and a range of 80 dB.
    pub const USUAL_DB: [f32; 2] = [-100.0, -20.0];
    /// The smallest distance between the two ends.
    pub const MIN_DB: f32 = 5.0;
    /// No end lies beyond.
    pub const LIMITS_DB: [f32; 2] = [-200.0, 20.0];
    const BELOW_PEAK_DB: f32 = 80.0;
    const AUTO_PERCENT: [f64; 2] = [1.0, 99.5];
    /// Where a part of a clip is digital silence, the rest is still to be seen.
    const MAX_AUTO_DB: f32 = 120.0;

    /// The two levels for a clip with these ones.
    pub fn ends_db(self, levels: &LevelHistogram) -> [f32; 2] {
        let ends = match self {
            Self::Fixed(ends) => Some(ends),
            Self::Peak => levels.loudest_db().map(|peak| [peak - Self::BELOW_PEAK_DB, peak]),
            Self::Auto => {
                let [low, high] = Self::AUTO_PERCENT.map(|percent| levels.percentile_db(percent));
                low.zip(high).map(|(low, high)| [low.max(high - Self::MAX_AUTO_DB), high])
            }
        };
        let [low, high] = ends.unwrap_or(Self::USUAL_DB);
        if low.is_finite() && high.is_finite() {
            [low.min(high - Self::MIN_DB), high]
        } else {
            Self::USUAL_DB
        }
    }

    /// `Fixed −100…−20 dBFS`, as it stands on the colour bar.
    pub fn title(self) -> String {
        match self {
            Self::Fixed(ends) => format!("Fixed {} dBFS", Self::ends_text(ends)),
            Self::Peak => format!("Peak \u{2212}{:.0} dB", Self::BELOW_PEAK_DB),
            Self::Auto => {
                let [low, high] = Self::AUTO_PERCENT;
                format!("Auto {low}\u{2013}{high} %")
            }
        }
    }

    /// `−100…−20`.
    pub fn ends_text([low, high]: [f32; 2]) -> String {
        format!("{low:.0}\u{2026}{high:.0}").replace('-', "\u{2212}")
    }
}

/// Axis and colours: changing them computes nothing anew.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PictureLook {
    pub axis: FrequencyAxis,
    pub map: ColorMap,
    /// Light stands for quiet.
    pub is_inverted: bool,
    pub level: LevelRange,
}

/// All of it, as a project and the program remember it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PictureSettings {
    pub spectrogram: SpectrogramSettings,
    pub look: PictureLook,
}

impl PictureSettings {
    /// These settings, if a picture can be made with them: a file may say anything.
    ///
    /// # Errors
    /// What cannot be, in words.
    pub fn checked(self) -> Result<Self, String> {
        let SpectrogramSettings { n_fft, hop, n_mels, .. } = self.spectrogram;
        if !SpectrogramSettings::FFT_SIZES.contains(&n_fft) {
            return Err(format!("an FFT of {n_fft} samples"));
        }
        if !(1..=n_fft).contains(&hop) {
            return Err(format!("a hop of {hop} samples for an FFT of {n_fft}"));
        }
        if !SpectrogramSettings::BAND_COUNTS.contains(&n_mels) {
            return Err(format!("{n_mels} mel bands"));
        }
        if let LevelRange::Fixed([low, high]) = self.look.level {
            let [lowest, highest] = LevelRange::LIMITS_DB;
            if !(low >= lowest && high <= highest && high - low >= LevelRange::MIN_DB) {
                return Err(format!("levels from {low} to {high} dBFS"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{LevelRange, PictureLook, PictureSettings, SpectrogramSettings};
    use crate::dsp::LevelHistogram;

    #[test]
    fn sizes_go_up_and_down_with_their_hop_and_stop_at_the_ends() {
        let settings = SpectrogramSettings::default();
        let larger = settings.other_fft(1).unwrap();
        assert_eq!((larger.n_fft, larger.hop), (4096, 1024));
        assert_eq!(larger.other_fft(-1), Some(settings));
        assert_eq!(larger.other_fft(1).unwrap().other_fft(1), None);
    }

    #[test]
    fn each_way_to_choose_the_levels_has_its_ends_and_its_words() {
        let levels = LevelHistogram::of(&(0..=1000).map(|i| -110.0 + 0.1 * i as f32).collect::<Vec<_>>());
        let fixed = LevelRange::default();
        assert_eq!(
            (fixed.ends_db(&levels), fixed.title()),
            ([-100.0, -20.0], "Fixed −100…−20 dBFS".to_owned())
        );
        let peak = LevelRange::Peak.ends_db(&levels);
        assert!((peak[0] + 90.0).abs() < 1e-3 && (peak[1] + 10.0).abs() < 1e-3, "{peak:?}");
        assert_eq!(LevelRange::Peak.title(), "Peak −80 dB");
        let auto = LevelRange::Auto.ends_db(&levels);
        assert!((auto[0] + 109.0).abs() < 0.11 && (auto[1] + 10.5).abs() < 0.11, "{auto:?}");
        assert_eq!(LevelRange::Auto.title(), "Auto 1–99.5 %");
    }

    #[test]
    fn silence_has_levels_too() {
        let silence = LevelHistogram::of(&[-254.0; 10]);
        for level in [LevelRange::default(), LevelRange::Peak, LevelRange::Auto] {
            for levels in [&silence, &LevelHistogram::default()] {
                let [low, high] = level.ends_db(levels);
                assert!(high - low >= LevelRange::MIN_DB, "{level:?}: {low}..{high}");
            }
        }
    }

    #[test]
    fn what_no_picture_can_be_made_with_is_refused_by_name() {
        assert!(PictureSettings::default().checked().is_ok());
        let with = |spectrogram| PictureSettings {
            spectrogram,
            ..PictureSettings::default()
        };
        let usual = SpectrogramSettings::default();
        for (settings, words) in [
            (with(SpectrogramSettings { n_fft: 0, ..usual }), "an FFT of 0"),
            (with(SpectrogramSettings { hop: 0, ..usual }), "a hop of 0"),
            (with(SpectrogramSettings { n_mels: 0, ..usual }), "0 mel"),
            (
                PictureSettings {
                    look: PictureLook {
                        level: LevelRange::Fixed([-20.0, -100.0]),
                        ..PictureLook::default()
                    },
                    ..PictureSettings::default()
                },
                "levels from -20 to -100",
            ),
        ] {
            assert!(settings.checked().unwrap_err().contains(words), "{settings:?}");
        }
    }
}
