//! What the list shows, as a sheet of text: the same clips in the same order, a column for each that is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{ClipScore, Verdict, Workbench};
use super::columns::ClipColumn;
use super::index::{attribute_text, domain_name, label_name, split_name};
use crate::dataset::{ClipEntry, Dataset, MachineSection};
use crate::figures::Sheet;

/// All that the sheet is made of, to be taken to another thread.
pub(in crate::app) struct ListExport {
    dataset: Arc<Dataset>,
    scores: Vec<Option<ClipScore>>,
    /// In their order.
    clips: Vec<usize>,
    columns: Vec<ClipColumn>,
    /// By which detector each section is scored, and its threshold.
    detectors: BTreeMap<MachineSection, (&'static str, Option<f64>)>,
}

impl Workbench {
    pub(in crate::app) fn list_export(&self) -> ListExport {
        let columns = ClipColumn::worth_showing(&self.dataset).into_iter();
        let detector = |group: &MachineSection| (group.clone(), (self.detector(group).0.name(), self.threshold(group)));
        ListExport {
            dataset: Arc::clone(&self.dataset),
            scores: self.scores.clone(),
            clips: self.visible.clone(),
            columns: columns.filter(|&column| !self.is_hidden(column)).collect(),
            detectors: self.groups.iter().map(detector).collect(),
        }
    }
}

impl ListExport {
    pub(in crate::app) fn sheet(&self) -> Sheet {
        let names = self.attribute_names();
        let header = self.columns.iter().flat_map(|&column| self.titles(column, &names)).collect();
        let rows = self.clips.iter().map(|&clip| self.row(clip, &names)).collect();
        Sheet { header, rows }
    }

    /// The columns of text that one of the list becomes.
    fn titles(&self, column: ClipColumn, names: &[&str]) -> Vec<String> {
        match column {
            ClipColumn::File => vec!["path".to_owned()],
            ClipColumn::Score => ["percentile", "score", "detector", "threshold"].map(str::to_owned).to_vec(),
            ClipColumn::Duration => vec!["duration_secs".to_owned()],
            ClipColumn::Attributes => names.iter().map(|name| format!("attribute_{name}")).collect(),
            _ => vec![column.title().to_owned()],
        }
    }

    fn row(&self, clip_idx: usize, names: &[&str]) -> Vec<String> {
        let clip = &self.dataset.clips[clip_idx];
        let score = self.scores.get(clip_idx).copied().flatten();
        self.columns
            .iter()
            .flat_map(|&column| self.cells(column, clip, score, names))
            .collect()
    }

    fn cells(&self, column: ClipColumn, clip: &ClipEntry, score: Option<ClipScore>, names: &[&str]) -> Vec<String> {
        let text = |text: &str| vec![text.to_owned()];
        match column {
            ClipColumn::File => text(&clip.path),
            ClipColumn::Machine => text(&clip.group.machine),
            ClipColumn::Section => text(&clip.group.section),
            ClipColumn::Domain => text(clip.domain.map_or("", domain_name)),
            ClipColumn::Split => text(split_name(clip.split)),
            ClipColumn::Label => text(label_name(clip.label)),
            ClipColumn::Mark => text(match Verdict::of(clip, score) {
                Verdict::Open => "",
                verdict => verdict.name(),
            }),
            ClipColumn::Duration => vec![clip.duration_secs.to_string()],
            ClipColumn::Attributes => names.iter().map(|name| value_of(clip, name)).collect(),
            ClipColumn::Score => {
                let Some(score) = score else { return vec![String::new(); 4] };
                let (detector, threshold) = self.detectors.get(&clip.group).copied().unwrap_or_default();
                let threshold = threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
                vec![
                    score.percentile.to_string(),
                    score.raw.to_string(),
                    detector.to_owned(),
                    threshold,
                ]
            }
        }
    }

    fn attribute_names(&self) -> Vec<&str> {
        let clips = self.clips.iter().map(|&clip| &self.dataset.clips[clip]);
        let mut names: Vec<&str> = clips.flat_map(|clip| &clip.attributes).map(|of| of.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn value_of(clip: &ClipEntry, name: &str) -> String {
    let found = clip.attributes.iter().find(|attribute| attribute.name == name);
    found.map(|attribute| attribute.value.clone()).unwrap_or_default()
}

impl Workbench {
    /// `vel=6 loc=A`: the working conditions of a clip in one line.
    pub fn attribute_line(clip: &ClipEntry, between: &str) -> String {
        clip.attributes.iter().map(attribute_text).collect::<Vec<_>>().join(between)
    }
}
