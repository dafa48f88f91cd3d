//! The design that is selected, with what follows from the clips that it was judged by.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::{Bins, ExplorationView, Separation, Workbench, bins, judged_auc, separation};
use crate::dataset::Dataset;
use crate::evaluation::Figure;
use crate::pipeline::TrialReport;

pub(super) struct Detail {
    /// Of the search.
    pub(super) name: String,
    number: usize,
    /// Rungs behind it, and the AUC after the last: what else follows from the judged clips changes with them.
    rung: (usize, Option<f64>),
    dataset: Arc<Dataset>,
    /// In `trials`.
    pub(super) place: usize,
    /// With its interval.
    pub(super) auc: Option<Figure>,
    pub(super) separation: Option<Separation>,
    pub(super) bins: Bins,
    /// Parallel to the missed clips: where they are in the data set; `None`: no longer there.
    pub(super) missed_clips: Vec<Option<usize>>,
}

impl Detail {
    /// What was worked out before where it still holds, else anew.
    pub(super) fn renew(before: Option<Self>, workbench: &Workbench, view: &ExplorationView, place: usize) -> Self {
        let holds = |before: &Self| {
            let trial = &view.exploration.trials[place];
            before.name == view.name
                && (before.place, before.number) == (place, trial.number)
                && before.rung == (trial.outcomes.len(), trial.auc())
                && Arc::ptr_eq(&before.dataset, &workbench.dataset)
        };
        before.filter(holds).unwrap_or_else(|| Self::new(workbench, view, place))
    }

    fn new(workbench: &Workbench, view: &ExplorationView, place: usize) -> Self {
        let trial = &view.exploration.trials[place];
        let separation = separation(trial);
        Self {
            name: view.name.clone(),
            number: trial.number,
            rung: (trial.outcomes.len(), trial.auc()),
            auc: judged_auc(trial),
            dataset: Arc::clone(&workbench.dataset),
            place,
            bins: separation
                .as_ref()
                .map(|separation| bins(&separation.figure))
                .unwrap_or_default(),
            missed_clips: separation
                .as_ref()
                .map(|separation| clips_of(trial, separation, &workbench.dataset))
                .unwrap_or_default(),
            separation,
        }
    }
}

fn clips_of(trial: &TrialReport, separation: &Separation, dataset: &Dataset) -> Vec<Option<usize>> {
    let path = |&place: &usize| trial.judged[place].path.as_str();
    let mut found: HashMap<&str, Option<usize>> = separation.missed.iter().map(|place| (path(place), None)).collect();
    for (clip_idx, clip) in dataset.clips.iter().enumerate() {
        if let Some(slot) = found.get_mut(clip.path.as_str()) {
            *slot = Some(clip_idx);
        }
    }
    let clips = separation.missed.iter();
    clips.map(|place| found.get(path(place)).copied().flatten()).collect()
}
