//! How the matrix is worked out of a comparison.

use super::{Matrix, MatrixBeside, MatrixCell, MatrixMachine, MatrixMetric, MatrixRow, MatrixSection, Trouble};
use crate::app::Workbench;
use crate::detectors::DetectorKind;
use crate::evaluation::harmonic_mean;
use crate::pipeline::{Comparison, GroupComparison, LabelUse};

/// The matrix of what is shown; `None` before the first comparison.
pub fn matrix(workbench: &Workbench, metric: MatrixMetric) -> Option<Matrix> {
    let making = Making {
        workbench,
        comparison: workbench.shown_comparison()?,
        metric,
    };
    let comparison = making.comparison;
    let (machines, totals) = (making.machines(), making.totals());
    let all: Vec<usize> = (0..comparison.groups.len()).collect();
    let beside = workbench.beside.iter().filter_map(|(run, comparison)| {
        let comparison = workbench.shown_of(comparison.as_ref()?)?;
        let making = Making { comparison, ..making };
        Some(MatrixBeside {
            run: run.clone(),
            columns: comparison.detectors.clone(),
            totals: making.totals(),
            machines: making.machines(),
        })
    });
    let is_pinned = |section: &&MatrixSection| section.row.label_use == LabelUse::PersonSawTestLabels;
    let sections = machines.iter().flat_map(|machine| &machine.sections);
    Some(Matrix {
        metric,
        choice: workbench.project.choice,
        columns: comparison.detectors.clone(),
        totals,
        total_in_use: making.mean(&all, |group| Some(making.in_use(group).0)),
        beside: beside.collect(),
        total_oracle: making.mean(&all, |group| making.oracle(group)),
        n_pinned: sections.filter(is_pinned).count(),
        machines,
        worth: workbench
            .comparison
            .as_ref()?
            .worth(|group| workbench.fixed_detector(group).0),
    })
}

/// What every row is made from.
#[derive(Clone, Copy)]
struct Making<'a> {
    workbench: &'a Workbench,
    comparison: &'a Comparison,
    metric: MatrixMetric,
}

impl Making<'_> {
    fn machines(&self) -> Vec<MatrixMachine> {
        let machines = self.comparison.machines().into_iter();
        machines.map(|(name, groups)| self.machine(name, groups)).collect()
    }

    fn totals(&self) -> Vec<MatrixCell> {
        let all: Vec<usize> = (0..self.comparison.groups.len()).collect();
        let kinds = self.comparison.detectors.iter();
        let mut totals: Vec<MatrixCell> = kinds.map(|&kind| self.cell(&all, kind)).collect();
        self.mark_ties(&all, &mut totals);
        totals
    }

    fn machine(&self, name: &str, mut groups: Vec<usize>) -> MatrixMachine {
        groups.sort_by_key(|&group| &self.comparison.groups[group].group);
        let sections: Vec<MatrixSection> = groups.iter().map(|&group| self.section(group)).collect();
        let mut row = match sections.as_slice() {
            [only] => only.row.clone(),
            _ => self.row(&groups),
        };
        name.clone_into(&mut row.name);
        MatrixMachine { row, sections }
    }

    fn section(&self, group: usize) -> MatrixSection {
        let mut row = self.row(&[group]);
        row.name.clone_from(&row.group.section);
        let part = |metric: MatrixMetric| {
            let making = Making { metric, ..*self };
            let mut part = making.row(&[group]);
            metric.title().clone_into(&mut part.name);
            part
        };
        let has_domains = [MatrixMetric::AucSource, MatrixMetric::AucTarget]
            .iter()
            .any(|metric| self.has_figure(group, *metric));
        let parts: &[MatrixMetric] = match (self.metric, has_domains) {
            (MatrixMetric::Hmean, true) => &[MatrixMetric::AucSource, MatrixMetric::AucTarget, MatrixMetric::Pauc],
            (MatrixMetric::Hmean, false) => &[MatrixMetric::Auc, MatrixMetric::Pauc],
            (MatrixMetric::Auc, true) => &[MatrixMetric::AucSource, MatrixMetric::AucTarget],
            _ => &[],
        };
        let parts = parts.iter().filter(|metric| self.has_figure(group, **metric));
        MatrixSection {
            parts: parts.map(|&metric| part(metric)).collect(),
            row,
        }
    }

    fn has_figure(&self, group: usize, metric: MatrixMetric) -> bool {
        let results = self.comparison.groups[group].results.iter().flatten();
        results.into_iter().any(|result| metric.figure(&result.metrics).is_some())
    }

    /// The row of the sections of one machine, or of one of them; its name is left empty.
    fn row(&self, groups: &[usize]) -> MatrixRow {
        let kinds = &self.comparison.detectors;
        let mut cells: Vec<MatrixCell> = kinds.iter().map(|&kind| self.cell(groups, kind)).collect();
        let best = self.mark_ties(groups, &mut cells);
        let in_use: Vec<(DetectorKind, LabelUse)> = groups.iter().map(|&group| self.in_use(group)).collect();
        let kind = in_use.first().map(|&(kind, _)| kind);
        let pinned = in_use.iter().map(|&(_, label_use)| label_use);
        let seen = pinned.clone().find(|&label_use| label_use != LabelUse::None);
        let oracle = self.oracle(groups[0]);
        MatrixRow {
            name: String::new(),
            group: self.comparison.groups[groups[0]].group.clone(),
            cells,
            best,
            in_use: kind.filter(|&kind| in_use.iter().all(|&(other, _)| other == kind)),
            label_use: seen.unwrap_or(LabelUse::None),
            in_use_value: self.mean(groups, |group| Some(self.in_use(group).0)),
            oracle,
            oracle_value: self.mean(groups, |_| oracle),
        }
    }

    fn in_use(&self, group: usize) -> (DetectorKind, LabelUse) {
        self.workbench.detector(&self.comparison.groups[group].group)
    }

    fn oracle(&self, group: usize) -> Option<DetectorKind> {
        self.comparison
            .best
            .get(&self.comparison.groups[group].group.machine)
            .copied()
    }

    fn cell(&self, groups: &[usize], kind: DetectorKind) -> MatrixCell {
        let mut cell = match groups {
            [only] => {
                let result = self.comparison.groups[*only].result(kind);
                MatrixCell::of(result.and_then(|result| self.metric.figure(&result.metrics)))
            }
            _ if self.metric == MatrixMetric::Hmean => {
                let mean = self.comparison.hmean(groups, |_| Some(kind));
                MatrixCell::of(mean.map(|mean| mean.figure()))
            }
            _ => MatrixCell {
                value: self.mean(groups, |_| Some(kind)),
                ..MatrixCell::default()
            },
        };
        let trouble = groups
            .iter()
            .filter_map(|&group| trouble(&self.comparison.groups[group], kind));
        cell.trouble = trouble.max();
        cell
    }

    /// Finds the best cell of a row and marks those that cannot be told from it: by a paired bootstrap of the harmonic mean, by
    /// overlapping intervals of other figures.
    fn mark_ties(&self, groups: &[usize], cells: &mut [MatrixCell]) -> Option<usize> {
        let value = |cells: &[MatrixCell], column: usize| cells[column].value.unwrap_or(f64::NEG_INFINITY);
        let defined = (0..cells.len()).filter(|&column| cells[column].value.is_some());
        let best = defined.reduce(|best, column| {
            if value(cells, column) > value(cells, best) {
                column
            } else {
                best
            }
        })?;
        let mean = |column: usize| self.comparison.hmean(groups, |_| Some(self.comparison.detectors[column]));
        let of_best = (self.metric == MatrixMetric::Hmean).then(|| mean(best)).flatten();
        let is_tie = |column: usize| match &of_best {
            Some(of_best) => mean(column).is_some_and(|mean| of_best.compare(&mean).is_none_or(|found| found.is_tie)),
            None => cells[best].overlaps(&cells[column]),
        };
        let ties: Vec<bool> = (0..cells.len()).map(|column| column != best && is_tie(column)).collect();
        for (cell, is_tie) in cells.iter_mut().zip(ties) {
            cell.is_tie = is_tie && cell.value.is_some();
        }
        Some(best)
    }

    /// Harmonic mean over the sections with labels, each by the detector that `pick` names for it.
    fn mean(&self, groups: &[usize], pick: impl Fn(usize) -> Option<DetectorKind>) -> Option<f64> {
        let mut parts = Vec::new();
        for &group in groups.iter().filter(|&&group| self.has_figure(group, self.metric)) {
            let of_section = self
                .metric
                .parts(&self.comparison.groups[group].result(pick(group)?)?.metrics);
            if of_section.is_empty() {
                return None;
            }
            parts.extend(of_section);
        }
        harmonic_mean(&parts)
    }
}

/// What a detector could not do on a section.
fn trouble(group: &GroupComparison, kind: DetectorKind) -> Option<Trouble> {
    match group.result(kind) {
        None => Some(Trouble::NotFitted),
        Some(result) => result.fallback.is_some().then_some(Trouble::FellBack),
    }
}
