//! The JSON objects that commands print, where no room below has the shape already.

use serde::Serialize;

use crate::dataset::{Dataset, Domain, Label, MachineSection, Split};

/// `scan --json`.
#[derive(Debug, Serialize)]
pub(super) struct ScanJson {
    layout: &'static str,
    #[serde(skip)]
    layout_title: &'static str,
    clips: usize,
    machines: Vec<MachineJson>,
    skipped: Vec<SkippedJson>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MachineJson {
    name: String,
    sections: Vec<SectionJson>,
}

/// Counts of clips.
#[derive(Debug, Serialize)]
struct SectionJson {
    name: String,
    train: usize,
    test_normal: usize,
    test_anomaly: usize,
    test_unknown: usize,
    source: usize,
    target: usize,
}

#[derive(Debug, Serialize)]
struct SkippedJson {
    path: String,
    error: String,
}

impl ScanJson {
    pub(super) fn new(dataset: &Dataset) -> Self {
        let groups = dataset.groups();
        let machine = |name: String| MachineJson {
            sections: groups
                .iter()
                .filter(|group| group.machine == name)
                .map(|group| SectionJson::new(dataset, group))
                .collect(),
            name,
        };
        Self {
            layout: dataset.layout.name(),
            layout_title: dataset.layout.title(),
            clips: dataset.clips.len(),
            machines: dataset.machines().into_iter().map(machine).collect(),
            skipped: dataset
                .skipped
                .iter()
                .map(|file| SkippedJson {
                    path: file.path.to_string_lossy().into_owned(),
                    error: file.error.clone(),
                })
                .collect(),
            notes: dataset.notes.clone(),
        }
    }

    /// The same as lines for a person.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} clips, layout {} ({})",
            self.clips, self.layout, self.layout_title
        )];
        for machine in &self.machines {
            for section in &machine.sections {
                let SectionJson {
                    name,
                    train,
                    test_normal,
                    test_anomaly,
                    test_unknown,
                    source,
                    target,
                } = section;
                let unknown = if *test_unknown > 0 {
                    format!(" + {test_unknown} without label")
                } else {
                    String::new()
                };
                let domains = if source + target > 0 {
                    format!(", source {source}, target {target}")
                } else {
                    String::new()
                };
                lines.push(format!(
                    "{} {name}: train {train}, test {test_normal} normal + {test_anomaly} anomalous{unknown}{domains}",
                    machine.name
                ));
            }
        }
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.extend(
            self.skipped
                .iter()
                .map(|file| format!("left out: {}: {}", file.path, file.error)),
        );
        lines
    }
}

impl SectionJson {
    fn new(dataset: &Dataset, group: &MachineSection) -> Self {
        let clips = || dataset.clips.iter().filter(|clip| clip.group == *group);
        let tested = |label| {
            clips()
                .filter(|clip| clip.split == Split::Test && clip.label == label)
                .count()
        };
        Self {
            name: group.section.clone(),
            train: clips().filter(|clip| clip.split == Split::Train).count(),
            test_normal: tested(Label::Normal),
            test_anomaly: tested(Label::Anomalous),
            test_unknown: tested(Label::Unknown),
            source: clips().filter(|clip| clip.domain == Some(Domain::Source)).count(),
            target: clips().filter(|clip| clip.domain == Some(Domain::Target)).count(),
        }
    }
}
