//! A network for each machine type or section: trained one after the other, kept in one file of weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ExtractorError, TrainingClip, TrainingObserver};
use crate::dataset::MachineSection;
use crate::nn::{EpochMetrics, NamedTensor, TrainingError, read_weights, write_weights};
use crate::progress::{Cancelled, Progress};

/// What a network is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All sections of a machine type: its networks go by the name of the machine, `fan`.
    Machine,
    /// One section of a machine type: `fan 00`.
    Section,
}

impl Scope {
    fn name_of(self, group: &MachineSection) -> String {
        match self {
            Self::Machine => group.machine.clone(),
            Self::Section => group.to_string(),
        }
    }
}

/// What there is of each machine type or section, by its name.
pub(super) struct PerMachine<N> {
    scope: Scope,
    networks: BTreeMap<String, N>,
}

/// What one network is trained on, and where it is kept meanwhile.
pub(super) struct MachineClips<'a> {
    /// The network's name.
    pub machine: &'a str,
    pub clips: Vec<TrainingClip>,
    pub checkpoint: PathBuf,
}

impl<N> PerMachine<N> {
    /// Trains a network for each machine type or section among the clips, one after the other.
    pub(super) fn train(
        scope: Scope,
        clips: &[TrainingClip],
        run_dir: &Path,
        observer: &mut dyn TrainingObserver,
        mut train: impl FnMut(MachineClips<'_>, &mut Part<'_>) -> Result<N, ExtractorError>,
    ) -> Result<Self, ExtractorError> {
        let mut machines: BTreeMap<String, Vec<TrainingClip>> = BTreeMap::new();
        for clip in clips {
            machines.entry(scope.name_of(&clip.group)).or_default().push(clip.clone());
        }
        if machines.is_empty() {
            return Err(ExtractorError::NoTrainingClips);
        }
        let n_parts = machines.len() as u64;
        let mut networks = BTreeMap::new();
        for (part_idx, (machine, clips)) in machines.into_iter().enumerate() {
            let mut part = Part {
                observer: &mut *observer,
                part_idx: part_idx as u64,
                n_parts,
            };
            let clips = MachineClips {
                machine: &machine,
                clips,
                checkpoint: run_dir.join(format!("checkpoint-{part_idx:02}.safetensors")),
            };
            let network = train(clips, &mut part)?;
            networks.insert(machine, network);
        }
        Ok(Self { scope, networks })
    }

    /// One network alone.
    pub(super) fn of_one(scope: Scope, group: &MachineSection, network: N) -> Self {
        Self {
            scope,
            networks: BTreeMap::from([(scope.name_of(group), network)]),
        }
    }

    /// Opens what [`Self::save`] wrote.
    pub(super) fn load(
        scope: Scope,
        path: &Path,
        open: impl Fn(Vec<NamedTensor>) -> Result<N, TrainingError>,
    ) -> Result<Self, ExtractorError> {
        let mut machines: BTreeMap<String, Vec<NamedTensor>> = BTreeMap::new();
        for tensor in read_weights(path)? {
            // Machines may have a slash in their names, tensors have none.
            let Some((machine, name)) = tensor.name.rsplit_once('/') else {
                return Err(unfit(path, format!("{} names no machine", tensor.name)).into());
            };
            let (machine, name) = (machine.to_owned(), name.to_owned());
            machines.entry(machine).or_default().push(NamedTensor { name, ..tensor });
        }
        if machines.is_empty() {
            return Err(unfit(path, "it holds no network".to_owned()).into());
        }
        let networks = machines.into_iter().map(|(machine, tensors)| Ok((machine, open(tensors)?)));
        let networks = networks.collect::<Result<_, TrainingError>>()?;
        Ok(Self { scope, networks })
    }

    /// Writes the tensors of all machines; the machine's name stands before a tensor's name.
    pub(super) fn save(
        &self,
        path: &Path,
        tensors_of: impl Fn(&N) -> Result<Vec<NamedTensor>, TrainingError>,
    ) -> Result<(), ExtractorError> {
        let mut tensors = Vec::new();
        for (machine, network) in &self.networks {
            tensors.extend(tensors_of(network)?.into_iter().map(|tensor| NamedTensor {
                name: format!("{machine}/{}", tensor.name),
                ..tensor
            }));
        }
        Ok(write_weights(path, &tensors)?)
    }

    pub(super) fn of(&self, group: &MachineSection) -> Result<&N, ExtractorError> {
        let machine = self.scope.name_of(group);
        self.networks.get(&machine).ok_or(ExtractorError::UnknownMachine { machine })
    }

    /// Each machine's name and what there is of it.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &N)> {
        self.networks.iter().map(|(machine, network)| (machine.as_str(), network))
    }
}

/// Weights that are not what they should be.
pub(super) fn unfit(path: &Path, reason: String) -> TrainingError {
    TrainingError::Weights {
        path: path.to_owned(),
        reason,
    }
}

/// The progress of one network as a part of the whole: all machines count alike.
pub(super) struct Part<'a> {
    observer: &'a mut dyn TrainingObserver,
    part_idx: u64,
    n_parts: u64,
}

impl<'a> Part<'a> {
    /// Who watches the whole: for steps that are counted by themselves.
    pub(super) fn whole(&mut self) -> &mut (dyn TrainingObserver + 'a) {
        self.observer
    }
}

impl Progress for Part<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.observer.step(self.part_idx * total + done, self.n_parts * total)
    }

    fn stage(&mut self, name: &str) {
        self.observer.stage(name);
    }

    fn log(&mut self, line: &str) {
        self.observer.log(line);
    }
}

impl TrainingObserver for Part<'_> {
    fn held_out(&mut self, files: &[&Path]) {
        self.observer.held_out(files);
    }

    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.observer.epoch(metrics);
    }
}
