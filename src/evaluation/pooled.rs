//! Figures as a paper's table gives them: a row a machine type over its sections, and a last row over all machines.
//!
//! Each figure of a machine is the harmonic mean of that figure over its sections, each of the last row the harmonic mean over
//! the machines; the fourth is the harmonic mean of AUC source, AUC target and pAUC within a row, and over the machines'
//! fourth figures in the last.

use super::bootstrap::{self, DRAWN_PARTS};
use super::{BootstrapConfig, Figure, LabelledScore, harmonic_mean};

/// One row: with 95 % bootstrap intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowFigures {
    pub auc_source: Figure,
    pub auc_target: Figure,
    pub pauc: Figure,
    pub hmean: Figure,
}

impl RowFigures {
    /// In the order of the columns of the papers' tables.
    pub fn columns(&self) -> [Figure; 4] {
        [self.auc_source, self.auc_target, self.pauc, self.hmean]
    }
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableFigures {
    /// A machine each; `None` where a figure of one of its sections is undefined.
    pub machines: Vec<Option<RowFigures>>,
    /// Over all machines; `None` where one of them is undefined, because a mean of the others would be of another thing.
    pub overall: Option<RowFigures>,
}

/// `machines[m][s]`: the scores of section `s` of machine `m`.
///
/// Sections are resampled independently of each other, each within its domains and labels, and every resample goes through the
/// same means as the figures themselves.
pub fn table_figures(machines: &[Vec<&[LabelledScore]>], config: BootstrapConfig) -> TableFigures {
    Rows::of(machines, config).into_figures()
}

/// Half-way between two tables of the same machines on different clips, figure by figure: what is reported where either half of
/// the clips was spoken of by what the other half had chosen.
pub fn table_figures_midway(
    first: &[Vec<&[LabelledScore]>],
    second: &[Vec<&[LabelledScore]>],
    config: BootstrapConfig,
) -> TableFigures {
    let n_sections = first.iter().map(|sections| sections.len() as u64).sum::<u64>();
    let seed = config.seed.wrapping_add(n_sections);
    let (first, second) = (Rows::of(first, config), Rows::of(second, BootstrapConfig { seed, ..config }));
    let midway = |(first, second): (&Option<Drawn<4>>, &Option<Drawn<4>>)| Some(Drawn::midway(first.as_ref()?, second.as_ref()?));
    Rows {
        machines: first.machines.iter().zip(&second.machines).map(midway).collect(),
        overall: midway((&first.overall, &second.overall)),
    }
    .into_figures()
}

/// A table before its intervals are taken.
struct Rows {
    machines: Vec<Option<Drawn<4>>>,
    overall: Option<Drawn<4>>,
}

impl Rows {
    fn of(machines: &[Vec<&[LabelledScore]>], config: BootstrapConfig) -> Self {
        let mut next_seed = config.seed;
        let mut section = |scores: &&[LabelledScore]| {
            // Sections of one size would otherwise be drawn alike, and their errors would add up instead of averaging out.
            let seed = next_seed;
            next_seed = next_seed.wrapping_add(1);
            Drawn::of_section(scores, BootstrapConfig { seed, ..config })
        };
        let mut machine = |sections: &Vec<&[LabelledScore]>| {
            let sections: Vec<Option<_>> = sections.iter().map(&mut section).collect();
            let sections: Option<Vec<_>> = sections.into_iter().collect();
            Drawn::mean(&sections?).map(Drawn::with_row_mean)
        };
        let machines: Vec<Option<Drawn<4>>> = machines.iter().map(&mut machine).collect();
        let all: Option<Vec<Drawn<4>>> = machines.iter().cloned().collect();
        Self {
            overall: all.and_then(|all| Drawn::mean(&all)),
            machines,
        }
    }

    fn into_figures(self) -> TableFigures {
        TableFigures {
            machines: self.machines.into_iter().map(|row| row.map(Drawn::into_figures)).collect(),
            overall: self.overall.map(Drawn::into_figures),
        }
    }
}

/// Figures and what each resample made of them.
#[derive(Clone)]
struct Drawn<const N: usize> {
    values: [f64; N],
    draws: Vec<[f64; N]>,
}

impl Drawn<DRAWN_PARTS> {
    fn of_section(scores: &[LabelledScore], config: BootstrapConfig) -> Option<Self> {
        let (values, draws) = bootstrap::drawn_parts(scores, config)?;
        Some(Self { values, draws })
    }

    fn with_row_mean(self) -> Drawn<4> {
        let with_mean = |&[source, target, pauc]: &[f64; DRAWN_PARTS]| {
            // None of the parts is negative or undefined, so there is a mean.
            let mean = harmonic_mean(&[source, target, pauc]).unwrap_or(0.0);
            [source, target, pauc, mean]
        };
        Drawn {
            values: with_mean(&self.values),
            draws: self.draws.iter().map(with_mean).collect(),
        }
    }
}

impl<const N: usize> Drawn<N> {
    /// The harmonic mean of each figure, resample by resample; `None` of nothing.
    fn mean(parts: &[Self]) -> Option<Self> {
        let column = |figure: usize, of: &dyn Fn(&Self) -> [f64; N]| {
            let values: Vec<f64> = parts.iter().map(|part| of(part)[figure]).collect();
            harmonic_mean(&values)
        };
        let means = |of: &dyn Fn(&Self) -> [f64; N]| {
            let mut means = [0.0; N];
            for (figure, mean) in means.iter_mut().enumerate() {
                *mean = column(figure, of)?;
            }
            Some(means)
        };
        let n_draws = parts.iter().map(|part| part.draws.len()).min()?;
        Some(Self {
            values: means(&|part| part.values)?,
            draws: (0..n_draws)
                .map(|draw| means(&|part| part.draws[draw]))
                .collect::<Option<_>>()?,
        })
    }
}

impl Drawn<4> {
    fn midway(first: &Self, second: &Self) -> Self {
        let mean = |a: &[f64; 4], b: &[f64; 4]| std::array::from_fn(|place| 0.5 * (a[place] + b[place]));
        Self {
            values: mean(&first.values, &second.values),
            draws: first.draws.iter().zip(&second.draws).map(|(a, b)| mean(a, b)).collect(),
        }
    }

    fn into_figures(self) -> RowFigures {
        let figure = |place: usize| {
            let mut drawn: Vec<f64> = self.draws.iter().map(|draw| draw[place]).collect();
            bootstrap::interval(self.values[place], &mut drawn)
        };
        RowFigures {
            auc_source: figure(0),
            auc_target: figure(1),
            pauc: figure(2),
            hmean: figure(3),
        }
    }
}
