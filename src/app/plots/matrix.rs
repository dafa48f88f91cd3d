//! The machine × detector matrix: a row a machine, which opens into its sections and their domains; a column a detector, the
//! detectors in use and the oracle apart.

use crate::app::Workbench;
use crate::dataset::MachineSection;
use crate::detectors::DetectorKind;
use crate::evaluation::{self, SectionMetrics, harmonic_mean};
use crate::figures::{Table, TableRow};
use crate::pipeline::{ChoiceWorth, Comparison, GroupComparison, LabelUse, worth_lines};
use crate::project::DetectorChoice;

/// The figure in the cells of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatrixMetric {
    #[default]
    Hmean,
    Auc,
    AucSource,
    AucTarget,
    Pauc,
    PaucRaw,
}

impl MatrixMetric {
    pub const ALL: [Self; 6] = [
        Self::Hmean,
        Self::Auc,
        Self::AucSource,
        Self::AucTarget,
        Self::Pauc,
        Self::PaucRaw,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Hmean => "hmean",
            Self::Auc => "AUC",
            Self::AucSource => "AUC source",
            Self::AucTarget => "AUC target",
            Self::Pauc => "pAUC",
            Self::PaucRaw => "pAUC eq. 5",
        }
    }

    /// Which definition is shown, in one sentence.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Hmean => "Harmonic mean of AUC source, AUC target and pAUC; of AUC and pAUC where there are no domains",
            Self::Auc => "Area under the ROC curve: all normal clips against all anomalies",
            Self::AucSource => "Normal clips of the source domain against all anomalies of the section",
            Self::AucTarget => "Normal clips of the target domain against all anomalies of the section",
            Self::Pauc => "Area up to a false positive rate of 0.1, McClish-standardised: chance is 0.5",
            Self::PaucRaw => "Equation 5 of the MobileAnoNet paper: the same area, not standardised; chance is 0.05",
        }
    }

    /// The figure of this name.
    pub fn figure(self, metrics: &SectionMetrics) -> Option<evaluation::Figure> {
        match self {
            Self::Hmean => metrics.hmean,
            Self::Auc => metrics.auc,
            Self::AucSource => metrics.auc_source,
            Self::AucTarget => metrics.auc_target,
            Self::Pauc => metrics.pauc,
            Self::PaucRaw => metrics.pauc_raw,
        }
    }

    /// What the harmonic mean over all sections is taken of: the official score pools the parts of each section's own mean.
    fn parts(self, metrics: &SectionMetrics) -> Vec<f64> {
        match self {
            Self::Hmean => metrics.hmean_parts(),
            _ => self.figure(metrics).map(|figure| figure.value).into_iter().collect(),
        }
    }
}

/// The matrix as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub metric: MatrixMetric,
    pub choice: DetectorChoice,
    pub columns: Vec<DetectorKind>,
    pub machines: Vec<MatrixMachine>,
    /// Harmonic mean over all sections, one a column; undefined where a section lacks the figure.
    pub totals: Vec<MatrixCell>,
    pub total_in_use: Option<f64>,
    pub total_oracle: Option<f64>,
    /// Sections whose detector a person chose with the test figures before the eyes.
    pub n_pinned: usize,
    /// The three modes of the choice, by the harmonic mean of all.
    pub worth: ChoiceWorth,
    /// Other runs, each with columns of its own; their rows are found by [`MatrixBeside::row`].
    pub beside: Vec<MatrixBeside>,
}

/// What another run makes of the same machines.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixBeside {
    pub run: String,
    pub columns: Vec<DetectorKind>,
    pub totals: Vec<MatrixCell>,
    machines: Vec<MatrixMachine>,
}

impl MatrixBeside {
    /// The row of a machine as a whole.
    pub fn machine(&self, name: &str) -> Option<&MatrixRow> {
        let found = self.machines.iter().find(|machine| machine.row.name == name);
        found.map(|machine| &machine.row)
    }

    /// The row of a section, or of one of its parts.
    pub fn section(&self, group: &MachineSection, part: Option<&str>) -> Option<&MatrixRow> {
        let mut sections = self.machines.iter().flat_map(|machine| &machine.sections);
        let section = sections.find(|section| section.row.group == *group)?;
        match part {
            None => Some(&section.row),
            Some(name) => section.parts.iter().find(|part| part.name == name),
        }
    }
}

/// A machine, and what its figure is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixMachine {
    /// The harmonic mean over the sections; of an only section its figure.
    pub row: MatrixRow,
    pub sections: Vec<MatrixSection>,
}

/// A section, and the figures by domain that its own is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixSection {
    pub row: MatrixRow,
    pub parts: Vec<MatrixRow>,
}

/// A machine, a section, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixRow {
    pub name: String,
    /// What the curves show when the row is clicked: the section, or the machine's first.
    pub group: MachineSection,
    /// Parallel to [`Matrix::columns`].
    pub cells: Vec<MatrixCell>,
    /// Where the largest figure stands.
    pub best: Option<usize>,
    /// `None`: not the same in all sections.
    pub in_use: Option<DetectorKind>,
    pub label_use: LabelUse,
    pub in_use_value: Option<f64>,
    /// The best of the machine over all its sections by the labels that are shown.
    pub oracle: Option<DetectorKind>,
    pub oracle_value: Option<f64>,
}

/// One detector on one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatrixCell {
    /// `None`: undefined, or the detector could not be fitted.
    pub value: Option<f64>,
    /// The 95 % bootstrap interval. Over several sections only the harmonic mean has one.
    pub interval: Option<[f64; 2]>,
    /// Cannot be told from the best of the row. The best itself is no tie.
    pub is_tie: bool,
    pub trouble: Option<Trouble>,
}

/// What a detector could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It did something else instead.
    FellBack,
    NotFitted,
}

impl MatrixCell {
    fn of(figure: Option<evaluation::Figure>) -> Self {
        Self {
            value: figure.map(|figure| figure.value),
            interval: figure.map(|figure| [figure.low, figure.high]),
            ..Self::default()
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.interval.zip(other.interval);
        intervals.is_some_and(|([low, high], [other_low, other_high])| low <= other_high && high >= other_low)
    }
}

impl Matrix {
    /// Whether any section has labelled test clips.
    pub fn has_figures(&self) -> bool {
        self.machines.iter().any(|machine| machine.row.best.is_some())
    }

    /// All sections.
    pub fn sections(&self) -> impl Iterator<Item = &MatrixSection> {
        self.machines.iter().flat_map(|machine| &machine.sections)
    }

    /// Digits that the intervals support: 3 where most are narrower than ±0.02, else 2.
    pub fn n_digits(&self) -> usize {
        let cells = || self.sections().flat_map(|section| &section.row.cells);
        let intervals = || cells().filter_map(|cell| cell.interval);
        let n_narrow = intervals().filter(|[low, high]| high - low < 0.04).count();
        if 2 * n_narrow > intervals().count() { 3 } else { 2 }
    }
}

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

/// The matrix as a table: the active run's detectors, those of the runs beside it, and as its last columns the detectors in use
/// and the oracle. A machine of several sections has a row of its own above theirs.
pub fn matrix_table(workbench: &Workbench, metric: MatrixMetric) -> Option<Table> {
    let matrix = matrix(workbench, metric)?;
    let mut columns: Vec<String> = matrix.columns.iter().map(|detector| detector.title().to_owned()).collect();
    for other in &matrix.beside {
        let titles = other
            .columns
            .iter()
            .map(|detector| format!("{} ({})", detector.title(), other.run));
        columns.extend(titles);
    }
    columns.push("In use".to_owned());
    columns.push("Oracle (best on test labels)".to_owned());
    let beside = |row_of: &dyn Fn(&MatrixBeside) -> Option<Vec<MatrixCell>>| -> Vec<MatrixCell> {
        let cells_of = |other: &MatrixBeside| row_of(other).unwrap_or_else(|| vec![MatrixCell::default(); other.columns.len()]);
        matrix.beside.iter().flat_map(cells_of).collect()
    };
    let of = |name: String, row: &MatrixRow, others: Vec<MatrixCell>| {
        table_row(
            name,
            &[row.cells.clone(), others].concat(),
            row.in_use_value,
            row.oracle_value,
        )
    };
    let mut rows: Vec<TableRow> = Vec::new();
    for machine in &matrix.machines {
        if machine.sections.len() > 1 {
            let name = &machine.row.name;
            let others = beside(&|other| Some(other.machine(name)?.cells.clone()));
            rows.push(of(format!("{name} (harmonic mean)"), &machine.row, others));
        }
        for MatrixSection { row, .. } in &machine.sections {
            let others = beside(&|other| Some(other.section(&row.group, None)?.cells.clone()));
            rows.push(of(row.group.to_string(), row, others));
        }
    }
    let all = [matrix.totals.clone(), beside(&|other| Some(other.totals.clone()))].concat();
    let name = "All (harmonic mean)".to_owned();
    rows.push(table_row(name, &all, matrix.total_in_use, matrix.total_oracle));
    Some(Table {
        caption: caption(&matrix),
        columns,
        rows,
    })
}

fn table_row(name: String, cells: &[MatrixCell], in_use: Option<f64>, oracle: Option<f64>) -> TableRow {
    TableRow {
        name,
        values: cells.iter().map(|cell| cell.value).chain([in_use, oracle]).collect(),
        marks_best: true,
    }
}

/// Says what is in use and which labels that rests on, and what that is worth: a table must not lose its badge on the way out.
fn caption(matrix: &Matrix) -> String {
    let in_use = match matrix.choice {
        DetectorChoice::Fixed => fixed_words(matrix),
        DetectorChoice::OtherHalf => {
            "In use: the best on one half of the labelled test clips; all figures are of the other half alone.".to_owned()
        }
        DetectorChoice::Oracle => {
            "In use: the best detector of each machine on the test labels themselves, as in the paper: an upper bound, not a result."
                .to_owned()
        }
    };
    let worth = worth_lines(&(&matrix.worth).into());
    let mut caption = format!("{} of each detector on each machine section. {in_use}", matrix.metric.title());
    if matrix.worth.fixed.is_some() {
        caption += " Harmonic mean of all, in percent:";
        caption += &worth.iter().map(|line| format!(" {line};")).collect::<String>();
        caption.pop();
        caption.push('.');
    }
    caption
}

fn fixed_words(matrix: &Matrix) -> String {
    let rows = matrix.sections().map(|section| &section.row);
    let pinned = rows.filter(|row| row.label_use == LabelUse::PersonSawTestLabels);
    let pinned: Vec<String> = pinned
        .map(|row| format!("{} for {}", row.in_use.map_or("–", DetectorKind::title), row.group))
        .collect();
    if pinned.is_empty() {
        "In use: fusion, no labels used.".to_owned()
    } else {
        format!("In use: {} (chosen seeing test labels), fusion elsewhere.", pinned.join(", "))
    }
}
