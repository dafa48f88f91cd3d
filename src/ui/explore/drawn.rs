//! What plots and table show of a search, worked out once and kept until something that it rests on changes.

use super::column::Column;
use crate::app::{DesignQuantity, ExplorationView, best_design, best_so_far, design_front, separation};
use crate::exploration::TrialState;
use crate::pipeline::TrialReport;

/// What a person chose to see.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) x: DesignQuantity,
    pub(super) y: DesignQuantity,
    /// Designs that were cut or failed, in plot and table.
    pub(super) shows_unfinished: bool,
    /// Column, and whether smallest first.
    pub(super) sort: (Column, bool),
}

impl Default for Look {
    fn default() -> Self {
        Self {
            x: DesignQuantity::Parameters,
            y: DesignQuantity::Auc,
            shows_unfinished: false,
            sort: (Column::Quantity(DesignQuantity::NetScore), false),
        }
    }
}

/// A design in the plot.
pub(super) struct Mark {
    /// In `trials`.
    pub(super) place: usize,
    /// On the axes: logarithms for costs.
    pub(super) at: [f64; 2],
}

pub(super) struct Drawn {
    name: String,
    revision: u64,
    look: Look,
    /// Places in `trials`, in the order of the table.
    pub(super) rows: Vec<usize>,
    pub(super) marks: Vec<Mark>,
    /// On the axes.
    pub(super) front: Vec<[f64; 2]>,
    /// Parallel to `trials`.
    pub(super) is_on_front: Vec<bool>,
    /// (number, `NetScore`)
    pub(super) best_so_far: Vec<[f64; 2]>,
    /// The place of the best design; where none is within reach of the reference, of the one with the largest AUC.
    pub(super) best_known: usize,
    /// The AUC that knowing nothing stays below 39 times in 40.
    pub(super) chance_limit: Option<f64>,
}

impl Drawn {
    /// What was worked out before where it still holds, else anew.
    pub(super) fn renew(before: Option<Self>, view: &ExplorationView, look: &Look) -> Self {
        let holds = |before: &Self| before.name == view.name && before.revision == view.revision && before.look == *look;
        before.filter(holds).unwrap_or_else(|| Self::new(view, look))
    }

    fn new(view: &ExplorationView, look: &Look) -> Self {
        let exploration = &view.exploration;
        let accuracy = exploration.settings.search.accuracy;
        let trials = &exploration.trials;
        let at = |trial: &TrialReport| {
            Some([
                on_axis(look.x, look.x.of(trial, accuracy)?),
                on_axis(look.y, look.y.of(trial, accuracy)?),
            ])
        };
        let is_shown =
            |trial: &TrialReport| look.shows_unfinished || matches!(trial.state, TrialState::Done | TrialState::Running);
        let shown = || trials.iter().enumerate().filter(|(_, trial)| is_shown(trial));
        let mut rows: Vec<usize> = shown().map(|(place, _)| place).collect();
        let (column, is_ascending) = look.sort;
        rows.sort_by(|&a, &b| {
            let order = column.order(&trials[a], &trials[b], accuracy, is_ascending);
            order.then(a.cmp(&b))
        });
        let front = design_front(exploration, look.x, look.y);
        let mut is_on_front = vec![false; trials.len()];
        for &place in &front {
            is_on_front[place] = true;
        }
        Self {
            name: view.name.clone(),
            revision: view.revision,
            look: look.clone(),
            rows,
            marks: shown()
                .filter_map(|(place, trial)| Some(Mark { place, at: at(trial)? }))
                .collect(),
            front: front.iter().filter_map(|&place| at(&trials[place])).collect(),
            is_on_front,
            best_so_far: best_so_far(exploration)
                .into_iter()
                .map(|(number, score)| [number as f64, score])
                .collect(),
            best_known: best_design(exploration).or_else(|| largest_auc(trials)).unwrap_or(0),
            chance_limit: trials.iter().find_map(separation).map(|separation| separation.chance_limit),
        }
    }
}

fn largest_auc(trials: &[TrialReport]) -> Option<usize> {
    let known = trials
        .iter()
        .enumerate()
        .filter_map(|(place, trial)| Some((place, trial.auc()?)));
    known.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
}

/// Where a value stands on its axis: by its logarithm where it is a cost.
pub(super) fn on_axis(quantity: DesignQuantity, value: f64) -> f64 {
    if quantity.is_cost() { value.max(1e-9).log10() } else { value }
}

/// The value at a place of the axis.
pub(super) fn from_axis(quantity: DesignQuantity, place: f64) -> f64 {
    if quantity.is_cost() { 10f64.powf(place) } else { place }
}
