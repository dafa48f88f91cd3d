//! A table to paper: our figures with their intervals, the published ones beside them, the difference, and the footnotes.

use std::path::{Path, PathBuf};

use super::faults::{self, Fault};
use super::plan::Target;
use super::published::Published;
use super::rows::{DataFacts, Reproduction, SystemRows};
use super::settings::Settings;
use crate::detectors::DetectorKind;
use crate::evaluation::{Figure, RowFigures};
use crate::figures::{self, Grid, GridRow, Page};
use crate::pipeline::PipelineError;
use crate::whole_file::write_whole;

/// Names of the figures, as the paper heads its columns.
pub(super) const FIGURES: [&str; 4] = ["AUCs", "AUCt", "pAUC", "hmean"];
/// The name of the row over all machines.
const OVERALL: &str = "all machines";
const NOTHING: &str = "–";

/// Writes the table as CSV, LaTeX, Markdown and HTML; returns the paths.
pub(super) fn write(reproduction: &Reproduction, out: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    std::fs::create_dir_all(out).map_err(|source| PipelineError::io(out, source))?;
    let path = |ending: &str| out.join(format!("{}.{ending}", reproduction.target.name()));
    let csv_path = path("csv");
    let bytes = csv(reproduction).map_err(|source| PipelineError::io(&csv_path, source))?;
    write_whole(&csv_path, |file| std::io::Write::write_all(file, &bytes))
        .map_err(|source| PipelineError::io(&csv_path, source))?;
    let page = page(reproduction);
    let mut paths = vec![csv_path];
    for ending in ["tex", "md", "html"] {
        figures::write_page(&page, &path(ending))?;
        paths.push(path(ending));
    }
    Ok(paths)
}

impl Reproduction {
    /// The means over the machines as lines for a person: ours with intervals, the published ones in brackets.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.settings.warning().into_iter().collect();
        lines.push(format!(
            "{} (percent, 95 % intervals; the paper's in brackets)",
            self.target.title()
        ));
        for rows in &self.rows {
            let line = overall(self, rows);
            let cells = FIGURES.iter().enumerate().map(|(place, name)| {
                let ours = line
                    .ours
                    .map_or_else(|| NOTHING.to_owned(), |figures| with_interval(figures.columns()[place]));
                let published = line
                    .published
                    .map_or_else(|| NOTHING.to_owned(), |published| format!("{:.1}", published[place]));
                format!("{name} {ours} ({published})")
            });
            let cells: Vec<String> = cells.collect();
            lines.push(format!("{}, {}: {}", rows.system, rows.detector, cells.join("  ")));
        }
        lines.extend(gap_lines(self));
        lines.extend(left_out(self));
        lines
    }
}

/// A line a figure, below the facts and notes as comments; figures in percent.
fn csv(reproduction: &Reproduction) -> std::io::Result<Vec<u8>> {
    let mut head = format!("# {}\n", reproduction.target.title());
    let warning = reproduction.settings.warning();
    let facts = facts(reproduction)
        .into_iter()
        .map(|(name, value)| format!("{name}: {value}"));
    let left_out = left_out(reproduction);
    let notes = faults::of(reproduction.target)
        .into_iter()
        .zip(1..)
        .map(|(fault, number)| format!("note {number}: {}", fault.text));
    for line in warning.into_iter().chain(facts).chain(left_out).chain(notes) {
        head += &format!("# {}\n", line.replace(['\n', '\r'], " "));
    }
    let mut writer = csv::Writer::from_writer(head.into_bytes());
    writer.write_record([
        "table",
        "system",
        "detector_choice",
        "labels_used",
        "machine",
        "detector",
        "figure",
        "ours",
        "low",
        "high",
        "published",
        "difference",
    ])?;
    for rows in &reproduction.rows {
        for line in lines(reproduction, rows) {
            for (place, name) in FIGURES.iter().enumerate() {
                let ours = line.ours.map(|figures| figures.columns()[place]);
                let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
                writer.write_record([
                    reproduction.target.name(),
                    rows.system,
                    &rows.detector,
                    rows.labels_used,
                    &line.machine,
                    &line.detector,
                    name,
                    &number(ours.map(|figure| 100.0 * figure.value)),
                    &number(ours.map(|figure| 100.0 * figure.low)),
                    &number(ours.map(|figure| 100.0 * figure.high)),
                    &number(line.published.map(|published| published[place])),
                    &number(line.difference(place)),
                ])?;
            }
        }
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// A machine of one system, or the mean over them.
struct Line {
    machine: String,
    /// Empty where it differs by machine.
    detector: String,
    ours: Option<RowFigures>,
    published: Option<[f64; 4]>,
    is_comparable: bool,
}

impl Line {
    /// Percentage points.
    fn difference(&self, place: usize) -> Option<f64> {
        let (ours, published) = self.ours.zip(self.published).filter(|_| self.is_comparable)?;
        Some(100.0 * ours.columns()[place].value - published[place])
    }
}

fn lines(reproduction: &Reproduction, rows: &SystemRows) -> Vec<Line> {
    let machine = |(place, machine): (usize, &String)| Line {
        machine: machine.clone(),
        detector: detectors(&rows.chosen[place]),
        ours: rows.figures.machines[place],
        published: rows.published.and_then(|published| published.machine(machine)),
        is_comparable: true,
    };
    let mut lines: Vec<Line> = reproduction.machines.iter().enumerate().map(machine).collect();
    lines.push(overall(reproduction, rows));
    lines
}

/// One detector, or what either half chose where the halves differ.
fn detectors(chosen: &[DetectorKind]) -> String {
    let titles: Vec<&str> = chosen.iter().map(|kind| kind.title()).collect();
    match &titles[..] {
        [] => NOTHING.to_owned(),
        [first, others @ ..] if others.iter().all(|other| other == first) => (*first).to_owned(),
        differing => differing.join(" / "),
    }
}

fn overall(reproduction: &Reproduction, rows: &SystemRows) -> Line {
    Line {
        machine: OVERALL.to_owned(),
        detector: String::new(),
        ours: rows.figures.overall,
        published: rows.published.map(|published| published.overall),
        // A mean over other machines is of another thing.
        is_comparable: reproduction.has_all_machines(),
    }
}

/// The page of a table, as far as it has come.
fn page(reproduction: &Reproduction) -> Page {
    let faults = faults::of(reproduction.target);
    let mut grids = vec![summary(reproduction)];
    grids.extend(reproduction.rows.iter().map(|rows| by_machine(reproduction, rows, &faults)));
    Page {
        title: format!("MobileAnoNet paper, {}", reproduction.target.title()),
        warning: reproduction.settings.warning(),
        facts: facts(reproduction),
        grids,
        notes: faults.iter().map(|fault| fault.text.to_owned()).collect(),
    }
}

/// A line a system and choice of detectors: the means over the machines.
fn summary(reproduction: &Reproduction) -> Grid {
    let mut header = vec!["system".to_owned(), "detector".to_owned(), "labels used".to_owned()];
    header.extend(figure_columns());
    let row = |rows: &SystemRows| {
        let mut cells = vec![rows.system.to_owned(), rows.detector.clone(), rows.labels_used.to_owned()];
        cells.extend(figure_cells(&overall(reproduction, rows)));
        GridRow { cells, is_total: false }
    };
    let mut remarks = Vec::new();
    if !reproduction.has_all_machines() {
        remarks.push(format!(
            "These are means over {} of the paper's {} machine types ({}): they are not set against the paper's means.",
            reproduction.machines.len(),
            super::MACHINES.len(),
            reproduction.machines.join(", ")
        ));
    }
    remarks.extend(gap_lines(reproduction));
    remarks.extend(left_out(reproduction));
    Grid {
        caption: format!(
            "{}: harmonic means over the machines, in percent, with 95 % intervals",
            reproduction.target.title()
        ),
        header,
        rows: reproduction.rows.iter().map(row).collect(),
        remarks,
    }
}

/// What the choice of detectors by test labels is worth, a line a system that has one.
pub(super) fn gap_lines(reproduction: &Reproduction) -> Vec<String> {
    let hmean = |rows: &SystemRows| Some(100.0 * rows.figures.overall?.hmean.value);
    let mut lines = Vec::new();
    for oracle in reproduction.rows.iter().filter(|rows| rows.detector == "oracle") {
        let Some(best) = hmean(oracle) else { continue };
        let of_system = reproduction.rows.iter().filter(|rows| rows.system == oracle.system);
        let others: Vec<(&str, f64)> = of_system
            .filter(|rows| rows.detector != oracle.detector)
            .filter_map(|rows| Some((rows.detector.as_str(), hmean(rows)?)))
            .collect();
        lines.extend(gap_line(oracle.system, best, &others));
    }
    lines
}

/// `best` and the others' values are harmonic means in percent, of all machines.
fn gap_line(system: &str, best: f64, others: &[(&str, f64)]) -> Option<String> {
    // One figure of 0 makes a harmonic mean 0, whatever the others are: no distance to it measures anything.
    let of_nothing = others.iter().filter(|(_, value)| best * value == 0.0);
    let of_nothing: Vec<String> = of_nothing
        .map(|(detector, value)| format!("'{detector}' ({value:.1})"))
        .collect();
    let gaps = others.iter().filter(|(_, value)| best * value != 0.0);
    let gaps: Vec<String> = gaps
        .map(|(detector, value)| {
            // The oracle has the paper's six to choose from, the others may have more.
            let way = if best < *value { "below" } else { "above" };
            format!("{:.1} points {way} '{detector}' ({value:.1})", (best - value).abs())
        })
        .collect();
    let mut line =
        format!("{system}: choosing the detector of each machine on the test labels, as the paper does, gives {best:.1}");
    if !gaps.is_empty() {
        line += &format!(": {}. That is what the practice is worth", gaps.join(", "));
    }
    if !of_nothing.is_empty() {
        line += &format!(
            ". The distance to {} means nothing: a single figure of 0 makes a harmonic mean 0",
            of_nothing.join(" and to ")
        );
    }
    (!others.is_empty()).then(|| line + ".")
}

fn left_out(reproduction: &Reproduction) -> Vec<String> {
    let line = |(system, reason): &(String, String)| format!("Not in this table: {system}: {reason}.");
    reproduction.left_out.iter().map(line).collect()
}

/// The machines of one system by one choice of detectors.
fn by_machine(reproduction: &Reproduction, rows: &SystemRows, faults: &[&'static Fault]) -> Grid {
    let mut header = vec!["machine".to_owned()];
    header.extend(figure_columns());
    header.push("detector".to_owned());
    let row = |line: Line| {
        let mut cells = vec![line.machine.clone()];
        cells.extend(figure_cells(&line));
        cells.push(line.detector.clone());
        GridRow {
            cells,
            is_total: line.machine == OVERALL,
        }
    };
    let mut remarks = Vec::new();
    match rows.published.map(|published| note_numbers(published, faults)).as_deref() {
        None | Some([]) => {}
        Some([number]) => remarks.push(format!("On the published figures see note {number}.")),
        Some(numbers) => remarks.push(format!("On the published figures see notes {}.", numbers.join(", "))),
    }
    let training: Vec<String> = rows.training.iter().map(|(name, value)| format!("{name} {value}")).collect();
    remarks.push(format!("Trained with: {}.", training.join(", ")));
    remarks.extend(rows.fallbacks.iter().cloned());
    Grid {
        caption: format!(
            "{}, detector: {} (labels used: {})",
            rows.system, rows.detector, rows.labels_used
        ),
        header,
        rows: lines(reproduction, rows).into_iter().map(row).collect(),
        remarks,
    }
}

fn note_numbers(published: &Published, faults: &[&'static Fault]) -> Vec<String> {
    let concerns = |fault: &Fault| fault.columns.contains(&published.column);
    let numbered = faults.iter().zip(1..).filter(|(fault, _)| concerns(fault));
    numbered.map(|(_, number): (_, usize)| number.to_string()).collect()
}

fn figure_columns() -> Vec<String> {
    let columns = |name: &&str| [(*name).to_owned(), "paper".to_owned(), "diff.".to_owned()];
    FIGURES.iter().flat_map(columns).collect()
}

fn figure_cells(line: &Line) -> Vec<String> {
    let dash = || NOTHING.to_owned();
    let cells = |place: usize| {
        [
            line.ours.map_or_else(dash, |figures| with_interval(figures.columns()[place])),
            line.published
                .map_or_else(dash, |published| format!("{:.1}", published[place])),
            line.difference(place).map_or_else(dash, |points| format!("{points:+.1}")),
        ]
    };
    (0..FIGURES.len()).flat_map(cells).collect()
}

fn with_interval(figure: Figure) -> String {
    let Figure { value, low, high } = figure;
    format!("{:.1} [{:.1}–{:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
}

fn facts(reproduction: &Reproduction) -> Vec<(String, String)> {
    let mut facts = common_facts(reproduction.target, &reproduction.settings, &reproduction.data);
    facts.push((
        "intervals".to_owned(),
        "95 %, stratified bootstrap by section, domain and label, 1000 resamples".to_owned(),
    ));
    facts
}

/// What was done on what, for tables and figures alike.
pub(super) fn common_facts(target: Target, settings: &Settings, data: &DataFacts) -> Vec<(String, String)> {
    let how = match (&settings.caps, settings.is_synthetic) {
        (None, false) => "all of the data, trained as published".to_owned(),
        (None, true) => "synthetic recordings, trained as published".to_owned(),
        (Some(caps), is_synthetic) => format!(
            "quick run{}: at most {} training clips a section, {} epochs, {} segments a clip",
            if is_synthetic { " on synthetic recordings" } else { "" },
            caps.n_train,
            caps.n_epochs,
            caps.segments_per_clip
        ),
    };
    let trained = if data.n_machines_trained == target.challenge().n_machines_trained() {
        format!("{}, as in the paper", data.n_machines_trained)
    } else {
        format!(
            "{} (the paper: {})",
            data.n_machines_trained,
            target.challenge().n_machines_trained()
        )
    };
    [
        ("run", how),
        (
            "data",
            format!("{}, {} training and {} test clips", data.layout, data.n_train, data.n_test),
        ),
        ("machine types trained on", trained),
        ("data fingerprint", data.fingerprint.clone()),
        ("seed", settings.seed.to_string()),
        ("device", settings.device.name().to_owned()),
        ("date", settings.date.clone()),
        ("program", format!("auscult {}", env!("CARGO_PKG_VERSION"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::gap_line;

    #[test]
    fn a_distance_to_nothing_is_not_told() {
        let line = |best, others: &[(&str, f64)]| gap_line("X", best, others).unwrap_or_default();
        let whole = line(60.0, &[("fusion", 55.5), ("half", 50.0)]);
        assert!(whole.ends_with(
            "gives 60.0: 4.5 points above 'fusion' (55.5), 10.0 points above 'half' (50.0). That is what the practice is worth."
        ));
        let half = line(60.0, &[("fusion", 55.5), ("half", 0.0)]);
        assert!(half.contains("4.5 points above") && !half.contains("60.0 points"), "{half}");
        assert!(half.contains("The distance to 'half' (0.0) means nothing"), "{half}");
        let nothing = line(0.0, &[("fusion", 0.0), ("half", 1.0)]);
        assert!(!nothing.contains("points") && !nothing.contains("worth"), "{nothing}");
        assert!(line(50.0, &[("fusion", 55.5)]).contains("5.5 points below 'fusion'"));
        assert_eq!(gap_line("X", 60.0, &[]), None);
    }
}
