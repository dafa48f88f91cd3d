//! Undo: the project is small, so each step keeps a whole copy of it.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::project::Project;

/// Steps kept.
const LIMIT: usize = 200;

/// A state of the project and the words for the edit that led away from it.
#[derive(Debug, Clone)]
struct Step {
    /// Of the edit; never used twice.
    id: u64,
    label: String,
    project: Arc<Project>,
}

/// What can be taken back, and what can be done again.
#[derive(Debug, Clone, Default)]
pub(super) struct UndoHistory {
    past: VecDeque<Step>,
    future: Vec<Step>,
    n_recorded: u64,
}

impl UndoHistory {
    /// Keeps the project as it was before an edit named `label`.
    pub(super) fn record(&mut self, label: &str, before: &Project) {
        self.n_recorded += 1;
        self.future.clear();
        self.past.push_back(Step {
            id: self.n_recorded,
            label: label.to_owned(),
            project: Arc::new(before.clone()),
        });
        if self.past.len() > LIMIT {
            self.past.pop_front();
        }
    }

    /// The project before the last edit.
    pub(super) fn undo(&mut self, now: &Project) -> Option<Project> {
        let step = self.past.pop_back()?;
        self.future.push(Step {
            id: step.id,
            label: step.label,
            project: Arc::new(now.clone()),
        });
        Some(Arc::unwrap_or_clone(step.project))
    }

    /// The project after the edit that was last taken back.
    pub(super) fn redo(&mut self, now: &Project) -> Option<Project> {
        let step = self.future.pop()?;
        self.past.push_back(Step {
            id: step.id,
            label: step.label,
            project: Arc::new(now.clone()),
        });
        Some(Arc::unwrap_or_clone(step.project))
    }

    /// The edit that would be taken back next.
    pub(super) fn last(&self) -> Option<u64> {
        self.past.back().map(|step| step.id)
    }

    pub(super) fn undo_label(&self) -> Option<&str> {
        self.past.back().map(|step| step.label.as_str())
    }

    pub(super) fn redo_label(&self) -> Option<&str> {
        self.future.last().map(|step| step.label.as_str())
    }
}
