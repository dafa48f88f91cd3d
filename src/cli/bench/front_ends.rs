//! Transforms of 10 s clips.

use super::{Pace, Work, inputs};
use crate::audio::Clip;
use crate::dsp::{LogMel, LogMelConfig, Stft, StftConfig};
use crate::progress::{NoProgress, Progress, par_map};

pub(super) const WORKS: [Work; 3] = [
    Work {
        key: "stft_2048_512_ms_per_clip",
        title: "STFT magnitude of a 10 s clip, of 32 clips over all cores as a data set is read",
        measure: stft_of_many,
    },
    Work {
        key: "stft_2048_512_librosa_ms_per_clip",
        title: "STFT magnitude of a 10 s clip, one call",
        measure: stft_of_one,
    },
    Work {
        key: "mel_1024_512_128_ms_per_clip",
        title: "log-mel in dB of a 10 s clip, one call",
        measure: log_mel,
    },
];

fn stft_of_many(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let dice = &mut inputs::dice();
    let clips: Vec<Clip> = (0..32).map(|_| inputs::clip(dice)).collect();
    let stft = Stft::new(StftConfig::default());
    let transform = |()| Ok(par_map(&clips, &mut NoProgress, |clip| stft.magnitude(&clip.samples))?);
    Ok(1e3 * pace.median_secs(progress, || (), transform)? / clips.len() as f64)
}

fn stft_of_one(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (clip, stft) = (inputs::clip(&mut inputs::dice()), Stft::new(StftConfig::default()));
    Ok(1e3 * pace.median_secs(progress, || (), |()| Ok(stft.magnitude(&clip.samples)))?)
}

fn log_mel(pace: Pace, progress: &mut dyn Progress) -> anyhow::Result<f64> {
    let (clip, log_mel) = (inputs::clip(&mut inputs::dice()), LogMel::new(LogMelConfig::default()));
    Ok(1e3 * pace.median_secs(progress, || (), |()| Ok(log_mel.decibel(&clip.samples)))?)
}
