//! The matrix on its way to paper.

use super::{Matrix, MatrixBeside, MatrixCell, MatrixMetric, MatrixRow, MatrixSection, matrix};
use crate::app::Workbench;
use crate::detectors::DetectorKind;
use crate::figures::{Table, TableRow};
use crate::pipeline::{LabelUse, worth_lines};
use crate::project::DetectorChoice;

/// The matrix as a table: the active run's detectors, those of the runs beside it, and as its last columns the detectors in use
/// and the oracle. A machine of several sections has a row of its own above theirs.
pub fn matrix_table(workbench: &Workbench, metric: MatrixMetric) -> Option<Table> {
    Some(Table {
        intervals: Vec::new(),
        ..matrix_table_with_intervals(workbench, metric)?
    })
}

/// The same with the 95 % intervals of the detectors' figures.
pub fn matrix_table_with_intervals(workbench: &Workbench, metric: MatrixMetric) -> Option<Table> {
    let matrix = matrix(workbench, metric)?;
    let mut columns: Vec<String> = matrix.columns.iter().map(|detector| detector.title().to_owned()).collect();
    for other in &matrix.beside {
        let titles = other
            .columns
            .iter()
            .map(|detector| format!("{} ({})", detector.title(), other.run));
        columns.extend(titles);
    }
    columns.push("In use".to_owned());
    columns.push("Oracle (best on test labels)".to_owned());
    let beside = |row_of: &dyn Fn(&MatrixBeside) -> Option<Vec<MatrixCell>>| -> Vec<MatrixCell> {
        let cells_of = |other: &MatrixBeside| row_of(other).unwrap_or_else(|| vec![MatrixCell::default(); other.columns.len()]);
        matrix.beside.iter().flat_map(cells_of).collect()
    };
    let of = |name: String, row: &MatrixRow, others: Vec<MatrixCell>| {
        table_row(
            name,
            &[row.cells.clone(), others].concat(),
            row.in_use_value,
            row.oracle_value,
        )
    };
    let mut rows: Vec<(TableRow, Vec<Option<[f64; 2]>>)> = Vec::new();
    for machine in &matrix.machines {
        if machine.sections.len() > 1 {
            let name = &machine.row.name;
            let others = beside(&|other| Some(other.machine(name)?.cells.clone()));
            rows.push(of(format!("{name} (harmonic mean)"), &machine.row, others));
        }
        for MatrixSection { row, .. } in &machine.sections {
            let others = beside(&|other| Some(other.section(&row.group, None)?.cells.clone()));
            rows.push(of(row.group.to_string(), row, others));
        }
    }
    let all = [matrix.totals.clone(), beside(&|other| Some(other.totals.clone()))].concat();
    let name = "All (harmonic mean)".to_owned();
    rows.push(table_row(name, &all, matrix.total_in_use, matrix.total_oracle));
    let (rows, intervals) = rows.into_iter().unzip();
    Some(Table {
        caption: caption(&matrix),
        columns,
        rows,
        intervals,
    })
}

/// A row, and the intervals of its first values.
fn table_row(name: String, cells: &[MatrixCell], in_use: Option<f64>, oracle: Option<f64>) -> (TableRow, Vec<Option<[f64; 2]>>) {
    let row = TableRow {
        name,
        values: cells.iter().map(|cell| cell.value).chain([in_use, oracle]).collect(),
        marks_best: true,
    };
    (row, cells.iter().map(|cell| cell.interval).collect())
}

/// Says what is in use and which labels that rests on, and what that is worth: a table must not lose its badge on the way out.
fn caption(matrix: &Matrix) -> String {
    let in_use = match matrix.choice {
        DetectorChoice::Fixed => fixed_words(matrix),
        DetectorChoice::OtherHalf => {
            "In use: the best on one half of the labelled test clips; all figures are of the other half alone.".to_owned()
        }
        DetectorChoice::Oracle => {
            "In use: the best detector of each machine on the test labels themselves, as in the paper: an upper bound, not a result."
                .to_owned()
        }
    };
    let worth = worth_lines(&(&matrix.worth).into());
    let mut caption = format!("{} of each detector on each machine section. {in_use}", matrix.metric.title());
    if matrix.worth.fixed.is_some() {
        caption += " Harmonic mean of all, in percent:";
        caption += &worth.iter().map(|line| format!(" {line};")).collect::<String>();
        caption.pop();
        caption.push('.');
    }
    caption
}

fn fixed_words(matrix: &Matrix) -> String {
    let rows = matrix.sections().map(|section| &section.row);
    let pinned = rows.filter(|row| row.label_use == LabelUse::PersonSawTestLabels);
    let pinned: Vec<String> = pinned
        .map(|row| format!("{} for {}", row.in_use.map_or("–", DetectorKind::title), row.group))
        .collect();
    if pinned.is_empty() {
        "In use: fusion, no labels used.".to_owned()
    } else {
        format!("In use: {} (chosen seeing test labels), fusion elsewhere.", pinned.join(", "))
    }
}
