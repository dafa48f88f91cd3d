//! The lines of the matrix: machines, and of those that are open their sections and what these are made of.

use std::collections::BTreeSet;

use crate::app::{Matrix, MatrixBeside, MatrixRow};

/// One line of the matrix.
pub(super) struct Line<'a> {
    pub(super) row: &'a MatrixRow,
    /// What the line speaks of: `fan`, `fan 00`, `fan 00 AUC source`.
    pub(super) subject: String,
    /// Steps to the right.
    pub(super) depth: usize,
    /// The name that opens it; `None`: there is nothing below.
    pub(super) handle: Option<String>,
    pub(super) is_open: bool,
    /// Whether its cells are of a part: a figure that its section's own is made of.
    pub(super) is_part: bool,
}

impl Line<'_> {
    /// The same line of another run; `None` where that run does not speak of it.
    pub(super) fn in_run<'b>(&self, other: &'b MatrixBeside) -> Option<&'b MatrixRow> {
        if self.is_part {
            other.section(&self.row.group, Some(&self.row.name))
        } else if self.depth == 0 {
            other.machine(&self.row.name)
        } else {
            other.section(&self.row.group, None)
        }
    }
}

/// The lines that are to be seen, from top to bottom.
pub(super) fn lines<'a>(matrix: &'a Matrix, open: &BTreeSet<String>) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for machine in &matrix.machines {
        let is_single = machine.sections.len() == 1;
        let has_more = !is_single || machine.sections.iter().any(|section| !section.parts.is_empty());
        let name = &machine.row.name;
        let is_open = has_more && open.contains(name);
        lines.push(Line {
            row: &machine.row,
            subject: if is_single {
                machine.row.group.to_string()
            } else {
                name.clone()
            },
            depth: 0,
            handle: has_more.then(|| name.clone()),
            is_open,
            is_part: false,
        });
        for section in machine.sections.iter().filter(|_| is_open) {
            let subject = section.row.group.to_string();
            let is_section_open = is_single || open.contains(&subject);
            if !is_single {
                lines.push(Line {
                    row: &section.row,
                    subject: subject.clone(),
                    depth: 1,
                    handle: (!section.parts.is_empty()).then(|| subject.clone()),
                    is_open: is_section_open,
                    is_part: false,
                });
            }
            let parts = section.parts.iter().filter(|_| is_section_open);
            lines.extend(parts.map(|part| Line {
                row: part,
                subject: format!("{subject} {}", part.name),
                depth: if is_single { 1 } else { 2 },
                handle: None,
                is_open: false,
                is_part: true,
            }));
        }
    }
    lines
}

/// Opens what is closed and closes what is open.
pub(super) fn toggle(open: &mut BTreeSet<String>, handle: &str) {
    if !open.remove(handle) {
        open.insert(handle.to_owned());
    }
}
