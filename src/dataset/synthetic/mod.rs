//! Synthetic machines: recordings of made-up fans, pumps and gearboxes for the tour, the tests and the benches.
//!
//! Each machine is a small physical picture (`machines/`): turning shafts with tones at their orders, blows on bodies that ring,
//! noise of flow and friction. Faults change that picture, working conditions too; `scene` adds the factory and the microphone.

mod dice;
mod machines;
mod plan;
mod scene;
mod shaft;
mod sound;

use std::collections::BTreeSet;
use std::path::Path;

use self::dice::Dice;
use self::machines::{MACHINES, Machine, Take};
use self::plan::{ClipPlan, SectionPlan, plan};
use super::DatasetError;
use crate::audio::{AudioError, Clip, SAMPLE_RATE_HZ, write_wav};
use crate::progress::{Progress, par_map};

/// Fewer clips a section do not fill all parts of training and test.
const FEWEST_CLIPS: usize = 6;
const LONGEST_CLIP_SECS: f32 = 3600.0;

/// The folder structure that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntheticLayout {
    /// Sections 00 to 02, each with one working condition that varies and is named.
    Dcase2022,
    /// One section 00 in which all working conditions vary and are named.
    Dcase2023,
    /// Ids 00, 02, 04 and 06, without domains.
    Mimii,
}

/// What is made. The same configuration gives the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticConfig {
    pub layout: SyntheticLayout,
    /// Names out of [`SyntheticConfig::MACHINES`].
    pub machines: Vec<String>,
    /// Clips a machine section, training and test together: 6 or more. DCASE: two fifths test, in equal parts source and target,
    /// normal and anomalous; 1 % of training, but three clips, is target. MIMII: a quarter is abnormal.
    pub n_clips: usize,
    pub clip_secs: f32,
    pub seed: u64,
}

impl SyntheticConfig {
    /// The machines that can be made.
    pub const MACHINES: [&'static str; 8] = ["fan", "pump", "slider", "valve", "gearbox", "bearing", "ToyCar", "ToyTrain"];

    /// The machines that are asked for, each once.
    fn machines(&self) -> Result<Vec<&'static Machine>, DatasetError> {
        let fail = |reason: String| Err(DatasetError::Synthetic { reason });
        let known = Self::MACHINES.join(", ");
        if self.machines.is_empty() {
            return fail(format!("no machine is named: choose from {known}"));
        }
        if let Some(name) = self.machines.iter().find(|name| !Self::MACHINES.contains(&name.as_str())) {
            return fail(format!("no synthetic machine is called \"{name}\": choose from {known}"));
        }
        if self.n_clips < FEWEST_CLIPS {
            return fail(format!(
                "{} clips a section are too few: make {FEWEST_CLIPS} or more",
                self.n_clips
            ));
        }
        if !(0.1..=LONGEST_CLIP_SECS).contains(&self.clip_secs) {
            return fail(format!(
                "clips of {} s cannot be made: choose 0.1 to {LONGEST_CLIP_SECS} s",
                self.clip_secs
            ));
        }
        Ok(MACHINES
            .into_iter()
            .filter(|machine| self.machines.iter().any(|name| name == machine.name))
            .collect())
    }

    /// The level of the background relative to the machine. MIMII's recordings are the noisier ones.
    fn noise_db(&self) -> f32 {
        if self.layout == SyntheticLayout::Mimii { 3.0 } else { 0.0 }
    }
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            layout: SyntheticLayout::Dcase2023,
            machines: ["fan", "pump", "slider"].map(String::from).to_vec(),
            n_clips: 120,
            clip_secs: 10.0,
            seed: 7,
        }
    }
}

/// Writes the recordings below `dir`, which is made where it is missing: 16 kHz, mono, 16 bit, with the tables of attributes that
/// the DCASE layouts have. Files of the same names are replaced, others are left alone.
///
/// # Errors
/// Where the configuration asks for what cannot be made, a file cannot be written, or on the wish to stop.
pub fn write_synthetic(dir: &Path, config: &SyntheticConfig, progress: &mut dyn Progress) -> Result<(), DatasetError> {
    let sections = plan(config, &config.machines()?);
    progress.stage("Making synthetic machines");
    make_folders(dir, &sections)?;
    let units: Vec<Dice> = sections
        .iter()
        .map(|section| Dice::new(config.seed, &[section.machine.name, section.section], 0))
        .collect();
    let clips: Vec<(usize, usize)> = sections
        .iter()
        .enumerate()
        .flat_map(|(section_idx, section)| (0..section.clips.len()).map(move |clip_idx| (section_idx, clip_idx)))
        .collect();
    let outcomes = par_map(&clips, progress, |&(section_idx, clip_idx)| {
        let section = &sections[section_idx];
        let dice = Dice::new(config.seed, &[section.machine.name, section.section], 1 + clip_idx as u64);
        write_clip(
            dir,
            config,
            section.machine,
            &section.clips[clip_idx],
            dice,
            &units[section_idx],
        )
    })?;
    outcomes.into_iter().collect::<Result<(), AudioError>>()?;
    if config.layout != SyntheticLayout::Mimii {
        for section in &sections {
            let (path, text) = section.table();
            let path = dir.join(path);
            std::fs::write(&path, text).map_err(|source| DatasetError::Io { path, source })?;
        }
    }
    Ok(())
}

fn make_folders(dir: &Path, sections: &[SectionPlan]) -> Result<(), DatasetError> {
    let paths = sections
        .iter()
        .flat_map(|section| &section.clips)
        .map(|clip| dir.join(&clip.path));
    let folders: BTreeSet<_> = paths.filter_map(|path| path.parent().map(Path::to_owned)).collect();
    for path in folders {
        std::fs::create_dir_all(&path).map_err(|source| DatasetError::Io { path, source })?;
    }
    Ok(())
}

fn write_clip(
    dir: &Path,
    config: &SyntheticConfig,
    machine: &'static Machine,
    clip: &ClipPlan,
    dice: Dice,
    unit: &Dice,
) -> Result<(), AudioError> {
    let n_samples = (config.clip_secs * SAMPLE_RATE_HZ as f32).round() as usize;
    let mut take = Take {
        machine,
        n_samples,
        dice,
        amounts: clip.amounts,
        fault: clip.fault,
        unit,
    };
    let samples = scene::record(&mut take, config.noise_db());
    write_wav(
        &dir.join(&clip.path),
        &Clip {
            samples,
            sample_rate_hz: SAMPLE_RATE_HZ,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::machines::{MACHINES, Take};
    use super::{Dice, SyntheticConfig, scene};

    #[test]
    fn the_list_of_names_is_the_list_of_machines() {
        assert!(
            SyntheticConfig::MACHINES
                .iter()
                .eq(MACHINES.iter().map(|machine| &machine.name))
        );
    }

    #[test]
    fn every_machine_is_heard_and_none_clips_whatever_breaks() {
        let unit = Dice::new(7, &["unit"], 0);
        for machine in MACHINES {
            let faults = std::iter::once(None).chain(machine.faults.iter().map(|fault| Some((*fault, 1.0))));
            for fault in faults {
                let amounts = machine.conditions.each_ref().map(|condition| condition.target[0].1);
                let mut take = Take {
                    machine,
                    n_samples: 32_000,
                    dice: unit.clone(),
                    amounts,
                    fault,
                    unit: &unit,
                };
                let samples = scene::record(&mut take, 0.0);
                let rms = (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt();
                let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
                assert!(
                    (0.01..0.15).contains(&rms) && peak < 0.9,
                    "{} {fault:?}: {rms} {peak}",
                    machine.name
                );
            }
        }
    }
}
