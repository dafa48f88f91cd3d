//! The result files of the official evaluators, in their own form, so that ours can be laid beside theirs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::score_files::write_file;
use super::{EvaluationError, MachineEvaluation, Means, OfficialEvaluation, Rules, SectionEvaluation};

const MEAN_COLUMNS: [&str; 7] = ["", "", "AUC", "pAUC", "precision", "recall", "F1 score"];
const OVER_ALL: &str = " over all machine types, sections, and domains";

/// Writes `<system>_result.csv` into `dir` (`result_<system>.csv` by the rules of 2020) and returns its path.
///
/// # Errors
/// Where the file cannot be written; nothing half-written is left under its name.
pub fn write_result(dir: &Path, system: &str, evaluation: &OfficialEvaluation) -> Result<PathBuf, EvaluationError> {
    let path = dir.join(match evaluation.rules {
        Rules::Dcase2020 => format!("result_{system}.csv"),
        _ => format!("{system}_result.csv"),
    });
    write_file(&path, result_csv(evaluation).as_bytes())?;
    Ok(path)
}

/// The text of that file. A figure that is undefined is an empty cell.
pub fn result_csv(evaluation: &OfficialEvaluation) -> String {
    let mut table = Table::default();
    for machine in &evaluation.machines {
        table.line([machine.name.as_str()]);
        match evaluation.rules {
            Rules::Dcase2020 => of_2020(&mut table, machine),
            Rules::Dcase2021 => of_2021(&mut table, machine),
            Rules::Dcase2022 | Rules::Dcase2023 => of_2022(&mut table, machine),
            Rules::NoDomains => without_domains(&mut table, machine),
        }
        table.blank();
    }
    if evaluation.rules == Rules::Dcase2020 {
        return table.text;
    }
    table.line(MEAN_COLUMNS);
    table.means(&evaluation.means, OVER_ALL, evaluation.rules);
    table.blank();
    if evaluation.rules != Rules::Dcase2021 {
        table.figures(&["official score", ""], [evaluation.official_score]);
        if evaluation.evaluator_2022_ci95.is_some() {
            table.figures(&["official score ci95", ""], [evaluation.evaluator_2022_ci95]);
        }
        table.blank();
    }
    table.text
}

fn of_2020(table: &mut Table, machine: &MachineEvaluation) {
    table.line(["id", "AUC", "pAUC"]);
    for section in &machine.sections {
        table.figures(&[&section.name], [section.auc, section.pauc]);
    }
    let means = machine.means.arithmetic;
    table.figures(&["Average"], [means.auc, means.pauc]);
}

fn of_2021(table: &mut Table, machine: &MachineEvaluation) {
    table.line(["section", "domain", "AUC", "pAUC", "precision", "recall", "F1 score"]);
    for SectionEvaluation {
        name,
        auc_source,
        pauc_source,
        precision_source,
        recall_source,
        f1_source,
        ..
    } in &machine.sections
    {
        let figures = [auc_source, pauc_source, precision_source, recall_source, f1_source];
        table.figures(&[name, "source"], figures.map(|figure| *figure));
    }
    for SectionEvaluation {
        name,
        auc_target,
        pauc_target,
        precision_target,
        recall_target,
        f1_target,
        ..
    } in &machine.sections
    {
        let figures = [auc_target, pauc_target, precision_target, recall_target, f1_target];
        table.figures(&[name, "target"], figures.map(|figure| *figure));
    }
    table.means(&machine.means, "", Rules::Dcase2021);
}

fn of_2022(table: &mut Table, machine: &MachineEvaluation) {
    table.line([
        "section",
        "AUC (all)",
        "AUC (source)",
        "AUC (target)",
        "pAUC",
        "precision (source)",
        "precision (target)",
        "recall (source)",
        "recall (target)",
        "F1 score (source)",
        "F1 score (target)",
    ]);
    for section in &machine.sections {
        let figures = [
            section.auc,
            section.auc_source,
            section.auc_target,
            section.pauc,
            section.precision_source,
            section.precision_target,
            section.recall_source,
            section.recall_target,
            section.f1_source,
            section.f1_target,
        ];
        table.figures(&[&section.name], figures);
    }
    table.line(MEAN_COLUMNS);
    table.means(&machine.means, "", Rules::Dcase2022);
}

/// No evaluator's form, but as close to theirs as can be.
fn without_domains(table: &mut Table, machine: &MachineEvaluation) {
    table.line(["section", "", "AUC", "pAUC", "precision", "recall", "F1 score"]);
    for section in &machine.sections {
        let figures = [section.auc, section.pauc, section.precision, section.recall, section.f1];
        table.figures(&[&section.name, ""], figures);
    }
    table.means(&machine.means, "", Rules::NoDomains);
}

/// Lines as Python's `csv` module writes them.
#[derive(Default)]
struct Table {
    text: String,
}

impl Table {
    fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (column, cell) in cells.into_iter().enumerate() {
            if column > 0 {
                self.text.push(',');
            }
            if cell.contains(['"', ',', '\n', '\r']) {
                let _ = write!(self.text, "\"{}\"", cell.replace('"', "\"\""));
            } else {
                self.text.push_str(cell);
            }
        }
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn figures<const N: usize>(&mut self, head: &[&str], figures: [Option<f64>; N]) {
        let figures = figures.map(|figure| figure.map_or_else(String::new, number));
        let cells = head.iter().copied().chain(figures.iter().map(String::as_str));
        self.line(cells);
    }

    /// In 2021 the means are of both domains only.
    fn means(&mut self, means: &Means, of_what: &str, rules: Rules) {
        self.figures(&[&format!("arithmetic mean{of_what}"), ""], means.arithmetic.all());
        self.figures(&[&format!("harmonic mean{of_what}"), ""], means.harmonic.all());
        if rules == Rules::Dcase2021 {
            return;
        }
        for (domain, means) in [("source", means.harmonic_source), ("target", means.harmonic_target)] {
            if let Some(means) = means {
                self.figures(&[&format!("{domain} harmonic mean{of_what}"), ""], means.all());
            }
        }
    }
}

/// As Python prints a float: shortest digits, an exponent below 1e-4 and from 1e16 on.
fn number(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, number};

    #[test]
    fn numbers_and_lines_are_python_s() {
        let cases = [
            (1.0, "1.0"),
            (0.6714, "0.6714"),
            (3.284_558_445_592_920_7e-6, "3.2845584455929207e-06"),
            (2.220_446_049_250_313e-16, "2.220446049250313e-16"),
            (0.0001, "0.0001"),
            (0.0, "0.0"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        let mut table = Table::default();
        table.line(["a", "b, c", "say \"d\"", ""]);
        table.blank();
        assert_eq!(table.text, "a,\"b, c\",\"say \"\"d\"\"\",\n\n");
    }
}
