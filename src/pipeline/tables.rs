//! The matrix as a table: lines for a terminal, rows for LaTeX and CSV.

use super::summary::{ChoiceSummary, IntervalSummary};
use super::{ComparisonSummary, MachineSummary};
use crate::figures::{Table, TableRow};

/// A row a machine, a column a detector: harmonic means in percent, the last row over all machines. The last columns are the
/// three modes of the choice.
pub fn summary_table(summary: &ComparisonSummary) -> Table {
    let Some(first) = summary.machines.first() else {
        return Table::default();
    };
    let names = || first.detectors.iter().map(|detector| detector.name);
    let columns = names().chain(["fixed (fusion)", "chosen on the other half", "oracle"]);
    let of_machine = |machine: &MachineSummary| {
        let of_name = |name: &str| {
            let found = machine.detectors.iter().find(|detector| detector.name == name);
            found.and_then(|detector| detector.hmean)
        };
        let half = machine.half.as_ref().map(|half| half.worth.hmean);
        let modes = [of_name(machine.default), half, machine.oracle.and_then(of_name)];
        row(&machine.name, names().map(of_name).chain(modes))
    };
    let mut rows: Vec<TableRow> = summary.machines.iter().map(of_machine).collect();
    let choice = &summary.choice;
    let modes = [
        choice.fixed.map(|fixed| fixed.hmean),
        choice.half.map(|half| half.hmean),
        choice.oracle.map(|oracle| oracle.hmean),
    ];
    let overall = names().map(|name| summary.hmean.get(name).copied().flatten());
    rows.push(row("all", overall.chain(modes)));
    let mut caption = "Harmonic mean of the AUCs and the pAUC in percent, by machine and detector.".to_owned();
    for line in worth_lines(choice) {
        caption += &format!(" {line}.");
    }
    Table {
        caption,
        columns: columns.map(str::to_owned).collect(),
        rows,
        intervals: Vec::new(),
    }
}

fn row(name: &str, values: impl Iterator<Item = Option<f64>>) -> TableRow {
    TableRow {
        name: name.to_owned(),
        values: values.map(|value| value.map(|value| 100.0 * value)).collect(),
        marks_best: true,
    }
}

/// What the choice of detectors is worth, a sentence a line, figures in percent with 95 % intervals: the three modes, each with
/// the labels that it rests on, and what lies between them.
pub fn worth_lines(choice: &ChoiceSummary) -> Vec<String> {
    let interval = |found: Option<(f64, f64, f64)>| {
        found.map_or("–".to_owned(), |(value, low, high)| {
            format!("{:.1} [{:.1}, {:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
        })
    };
    let of = |found: Option<IntervalSummary>| interval(found.map(|found| (found.hmean, found.low, found.high)));
    let half = interval(choice.half.map(|half| (half.hmean, half.low, half.high)));
    let mut lines = vec![
        format!("default (fusion, no labels used): {}", of(choice.fixed)),
        format!("chosen on one half of the labelled test clips, reported on the other: {half}"),
        format!(
            "oracle (best per machine on the test labels, an upper bound): {}",
            of(choice.oracle)
        ),
    ];
    if let Some(difference) = choice.oracle_over_fixed {
        let rest = choice.oracle_over_half.map_or(String::new(), |rest| {
            format!(
                ", {:+.1} over the choice on the other half (which has half the clips to report)",
                100.0 * rest
            )
        });
        let IntervalSummary { hmean, low, high } = difference;
        lines.push(format!(
            "what the papers' practice is worth: {:+.1} [{:+.1}, {:+.1}] over the default{rest}",
            100.0 * hmean,
            100.0 * low,
            100.0 * high
        ));
    }
    lines
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
    let line = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:>13}")).collect();
        format!("{name:<n_name$}{cells}")
    };
    let Some(first) = summary.machines.first() else {
        return vec!["no section could be compared".to_owned()];
    };
    let mut lines = vec![line(
        "AUC / hmean",
        first.detectors.iter().map(|detector| detector.name.to_owned()).collect(),
    )];
    for machine in &summary.machines {
        let cells = machine
            .detectors
            .iter()
            .map(|detector| format!("{} / {}", percent(detector.auc), percent(detector.hmean)));
        lines.push(line(&machine.name, cells.collect()));
    }
    let figure = |name: &str| percent(summary.hmean.get(name).copied().flatten());
    lines.push(line(
        "all (hmean)",
        first.detectors.iter().map(|detector| figure(detector.name)).collect(),
    ));
    lines.extend(worth_lines(&summary.choice));
    lines
}
