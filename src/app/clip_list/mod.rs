//! Which clips the list shows, and in what order.
//!
//! The order is worked out when it, a label or a score changes, the choice when the filter does; a frame only reads both.

mod columns;
mod export;
mod filter;
mod index;
mod order;
#[cfg(test)]
mod tests;

pub use columns::ClipColumn;
pub use filter::{ClipFilter, Facet, FacetCounts, ListCounts, ListView};
pub use order::SortKey;

use std::path::PathBuf;

use self::index::ClipIndex;
use super::job_types::JobOutput;
use super::{Action, App, JobKind, ListAction, Screen, Workbench};
use crate::figures;

/// The list as it stands, beside the filter and the first key of its order.
#[derive(Debug, Default)]
pub struct ClipList {
    pub view: ListView,
    /// What sorts the clips that the first key finds equal, and whether smallest first.
    pub then_by: Option<(SortKey, bool)>,
    pub counts: ListCounts,
    /// Of the properties that clips have.
    pub facets: Vec<FacetCounts>,
    index: ClipIndex,
    /// All clips, sorted.
    order: Vec<u32>,
}

impl Workbench {
    /// Works out [`Workbench::visible`] anew: after the order, labels or scores have changed.
    pub(super) fn refresh_visible(&mut self) {
        if self.list.index.n_clips() != self.dataset.clips.len() {
            self.list.index = ClipIndex::new(&self.dataset.clips);
        }
        self.list.index.judge(&self.dataset.clips, &self.scores);
        self.list.order = self.sorted_clips();
        self.choose_visible();
    }

    /// The same where only the filter, the scope, the view or the selection have changed.
    pub(super) fn choose_visible(&mut self) {
        let mut search = self.list.index.search(&self.filter);
        let mut counts = ListCounts::default();
        let mut visible = Vec::with_capacity(self.visible.len());
        for &clip in &self.list.order {
            let clip = clip as usize;
            if !self.scope.contains(&self.dataset.clips[clip].group) {
                continue;
            }
            let is_filtered = search.meets(clip, self.scores.get(clip).copied().flatten());
            let is_selected = self.selection.contains(&clip);
            counts.all += 1;
            counts.filtered += usize::from(is_filtered);
            counts.selected += usize::from(is_selected);
            let is_shown = match self.list.view {
                ListView::All => true,
                ListView::Filtered => is_filtered,
                ListView::Selected => is_selected,
            };
            if is_shown {
                visible.push(clip);
            }
        }
        self.list.facets = search.counts();
        self.list.counts = counts;
        self.visible = visible;
    }

    /// The row to be shown so many rows after the focused one. A clip that the filter has taken away meanwhile, because it was
    /// labelled, say, is thought to stand between the rows where it stood.
    pub(super) fn row_after_focus(&self, n_rows: isize) -> usize {
        let Some(focus) = self.focus else { return 0 };
        let row = match self.visible.iter().position(|&clip| clip == focus) {
            Some(row) => row.saturating_add_signed(n_rows),
            None => {
                let before = self.list.order.iter().take_while(|&&clip| clip as usize != focus);
                let mut row = 0;
                for &clip in before {
                    row += usize::from(self.visible.get(row) == Some(&(clip as usize)));
                }
                row.saturating_add_signed(if n_rows > 0 { n_rows - 1 } else { n_rows })
            }
        };
        row.min(self.visible.len().saturating_sub(1))
    }
}

impl App {
    pub(super) fn apply_list(&mut self, action: ListAction) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match action {
            ListAction::ThenBy(key) => {
                workbench.then_by(key);
                workbench.refresh_visible();
            }
            ListAction::Show(view) => {
                workbench.list.view = view;
                workbench.choose_visible();
            }
            ListAction::Hide { column, is_hidden } => {
                let hidden = &mut workbench.project.view.hidden_columns;
                let is_change = if is_hidden {
                    hidden.insert(column.title().to_owned())
                } else {
                    hidden.remove(column.title())
                };
                if is_change {
                    self.touch();
                }
            }
            ListAction::Export(path) => self.export_list(path),
        }
    }

    pub(super) fn set_filter(&mut self, filter: ClipFilter) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.list.view = if filter.is_empty() {
                ListView::All
            } else {
                ListView::Filtered
            };
            workbench.filter = filter;
            workbench.choose_visible();
        }
    }

    pub(super) fn sort_by(&mut self, key: SortKey) {
        if let Some(workbench) = &mut self.state.workbench {
            let (current, is_ascending) = workbench.sort;
            if current == key {
                workbench.sort = (key, !is_ascending);
            } else {
                workbench.sort = (key, key.begins_ascending());
                workbench.list.then_by = None;
            }
            workbench.refresh_visible();
        }
    }

    pub(super) fn show_most_suspicious(&mut self) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.sort = (SortKey::Score, false);
        workbench.list.then_by = None;
        workbench.refresh_visible();
        let first = workbench.visible.first().copied();
        self.apply(Action::Show(Screen::Browse));
        if let Some(first) = first {
            self.focus(first);
        }
    }

    fn export_list(&mut self, path: PathBuf) {
        let Some(workbench) = &self.state.workbench else { return };
        let export = workbench.list_export();
        self.spawn(JobKind::SaveFile, "Save the list of clips", move |_| {
            figures::write_sheet(&export.sheet(), &path)?;
            Ok(JobOutput::FileSaved(path))
        });
    }
}

impl Workbench {
    /// Sorts by a second key; again the other way round; and once more no longer.
    fn then_by(&mut self, key: SortKey) {
        if self.sort.0 == key {
            self.sort.1 = !self.sort.1;
            return;
        }
        let first = key.begins_ascending();
        self.list.then_by = match self.list.then_by {
            Some((known, is_ascending)) if known == key => (is_ascending == first).then_some((key, !first)),
            _ => Some((key, first)),
        };
    }
}
