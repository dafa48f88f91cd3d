//! What choosing detectors by their test figures is worth: the three modes of the choice side by side.

use std::collections::BTreeMap;

use super::{Comparison, Half};
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::{Figure, PairedComparison, ResampledMean};

/// One harmonic mean over all figures of all sections, by each mode of the choice. The intervals take the choice as given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChoiceWorth {
    /// A detector that was fixed before any test figure was seen, or the fusion.
    pub fixed: Option<Figure>,
    pub half: Option<HalfChoice>,
    /// The best detector of each machine on the very labels that it is reported with, as in the paper.
    pub oracle: Option<Figure>,
    /// Oracle minus fixed, on the same clips: what the paper's practice adds.
    pub oracle_over_fixed: Option<PairedComparison>,
    /// Oracle minus half: the part of it that is gone on clips that the choice has not seen.
    pub oracle_over_half: Option<f64>,
}

/// The best detector on one half of the labelled test clips, reported on the other.
#[derive(Debug, Clone, PartialEq)]
pub struct HalfChoice {
    /// The mean of both directions: every labelled clip is reported once, by a detector that was chosen without it.
    pub figure: Figure,
    /// Chosen on A and reported on B; chosen on B and reported on A.
    pub directions: [f64; 2],
}

/// A machine's part in it.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineChoice {
    /// Chosen on A, on B.
    pub chosen: [DetectorKind; 2],
    pub worth: HalfChoice,
}

impl Comparison {
    /// The detector that one half chose for a machine; it is reported with the other half alone.
    pub fn chosen_on(&self, half: Half, machine: &str) -> Option<DetectorKind> {
        self.half(half)?.best.get(machine).copied()
    }

    /// The three modes over all machines; `fixed` says which detector a section has without the two others.
    pub fn worth(&self, fixed: impl Fn(&MachineSection) -> DetectorKind) -> ChoiceWorth {
        let all: Vec<usize> = (0..self.groups.len()).collect();
        let of_fixed = self.hmean(&all, |group| Some(fixed(&self.groups[group].group)));
        let of_oracle = self.hmean(&all, |group| self.best.get(&self.groups[group].group.machine).copied());
        let half = self.half_choice(&all);
        let oracle = of_oracle.as_ref().map(ResampledMean::figure);
        ChoiceWorth {
            oracle_over_fixed: of_oracle
                .zip(of_fixed.as_ref())
                .and_then(|(oracle, fixed)| oracle.compare(fixed)),
            oracle_over_half: oracle
                .zip(half.as_ref())
                .map(|(oracle, half)| oracle.value - half.figure.value),
            fixed: of_fixed.map(|mean| mean.figure()),
            half,
            oracle,
        }
    }

    /// What the halves choose for each machine, and what that is worth on the half that did not choose.
    pub fn half_choices(&self) -> BTreeMap<&str, MachineChoice> {
        let of_machine = |(machine, groups): (_, Vec<usize>)| {
            let chosen = [self.chosen_on(Half::A, machine)?, self.chosen_on(Half::B, machine)?];
            let worth = self.half_choice(&groups)?;
            Some((machine, MachineChoice { chosen, worth }))
        };
        self.machines().into_iter().filter_map(of_machine).collect()
    }

    /// `None` where a section that has labels lacks a class in either half: leaving it out would compare unlike with unlike.
    fn half_choice(&self, groups: &[usize]) -> Option<HalfChoice> {
        let reported = |chosen_on: Half, reported_on: Half| {
            let half = self.half(reported_on)?;
            let is_labelled_alike = |&group: &usize| self.groups[group].is_labelled() == half.groups[group].is_labelled();
            let chosen = |group: usize| self.chosen_on(chosen_on, &self.groups[group].group.machine);
            groups.iter().all(is_labelled_alike).then(|| half.hmean(groups, chosen))?
        };
        let (on_b, on_a) = (reported(Half::A, Half::B)?, reported(Half::B, Half::A)?);
        Some(HalfChoice {
            figure: on_b.midway(&on_a).figure(),
            directions: [on_b.value, on_a.value],
        })
    }
}
