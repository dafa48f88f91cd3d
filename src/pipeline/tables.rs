//! The matrix as a table: lines for a terminal, rows for LaTeX and CSV.

use super::ComparisonSummary;
use crate::figures::{Table, TableRow};

/// A row a machine, a column a detector: harmonic means in percent, the last row over all machines.
pub fn summary_table(summary: &ComparisonSummary) -> Table {
    let Some(first) = summary.machines.first() else {
        return Table::default();
    };
    let columns: Vec<String> = first.detectors.iter().map(|detector| detector.name.to_owned()).collect();
    let percent = |value: Option<f64>| value.map(|value| 100.0 * value);
    let of_machine = |machine: &super::MachineSummary| TableRow {
        name: machine.name.clone(),
        values: machine.detectors.iter().map(|detector| percent(detector.hmean)).collect(),
        marks_best: true,
    };
    let mut rows: Vec<TableRow> = summary.machines.iter().map(of_machine).collect();
    let overall = columns
        .iter()
        .map(|name| percent(summary.hmean.get(name).copied().flatten()))
        .collect();
    rows.push(TableRow {
        name: "all".to_owned(),
        values: overall,
        marks_best: true,
    });
    let caption = "Harmonic mean of the AUCs and the pAUC in percent, by machine and detector".to_owned();
    Table { caption, columns, rows }
}

/// AUC and hmean of each machine and detector as lines for a person, figures in percent.
pub fn summary_lines(summary: &ComparisonSummary) -> Vec<String> {
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", 100.0 * value));
    let n_name = summary
        .machines
        .iter()
        .map(|machine| machine.name.chars().count())
        .max()
        .unwrap_or(0)
        .max("AUC / hmean".len());
    let row = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>13}")).collect();
        format!("{name:<n_name$}{cells}")
    };
    let Some(first) = summary.machines.first() else {
        return vec!["no section could be compared".to_owned()];
    };
    let mut lines = vec![row(
        "AUC / hmean",
        first.detectors.iter().map(|detector| detector.name.to_owned()).collect(),
    )];
    for machine in &summary.machines {
        let cells = machine
            .detectors
            .iter()
            .map(|detector| format!("{} / {}", percent(detector.auc), percent(detector.hmean)));
        lines.push(row(&machine.name, cells.collect()));
    }
    let figure = |name: &str| percent(summary.hmean.get(name).copied().flatten());
    lines.push(row(
        "all (hmean)",
        first.detectors.iter().map(|detector| figure(detector.name)).collect(),
    ));
    lines.push(format!("default (fusion, no labels used): {}", figure("default")));
    lines.push(format!(
        "oracle (best per section on the test labels, an upper bound): {}",
        figure("oracle")
    ));
    lines
}
