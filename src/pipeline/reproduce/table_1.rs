//! Table 1 of the `OutlierNets` paper: a search for each task, its chosen design beside CAE-MCS and the printed row.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::published_tasks::{AVERAGES, NOTES, PublishedTask, TASKS};
use super::settings::Settings;
use crate::dataset::{Dataset, MachineSection};
use crate::evaluation::Figure;
use crate::exploration::{Cost, Limits, SearchConfig};
use crate::extractors::{EpochMetrics, TrainingObserver};
use crate::figures::{self, Grid, GridRow, Page};
use crate::pipeline::{
    self, Exploration, ExploreEvent, ExploreObserver, ExploreSettings, JudgedBy, PipelineError, Reference, TestedDesign,
};
use crate::progress::{Cancelled, Progress};
use crate::whole_file::write_whole;

const NAME: &str = "table-1";
/// The paper's machines.
const MACHINES: [&str; 2] = ["fan", "slider"];
/// Larger designs than the paper's largest are not tried: a training of one takes as long as a dozen of the others.
const MAX_MFLOPS: f64 = 25.0;
const NOTHING: &str = "–";

/// The table, as far as it has come.
#[derive(Debug, Clone)]
pub struct TableOne {
    pub settings: Settings,
    pub tasks: Vec<TaskRow>,
    /// Tasks that are not among the rows, and why.
    pub left_out: Vec<(String, String)>,
    data: String,
}

/// A task.
#[derive(Debug, Clone)]
pub struct TaskRow {
    pub group: MachineSection,
    pub design: ChosenDesign,
    /// CAE-MCS, with its figures on the same test clips; none in a quick run.
    pub reference: Option<(Reference, Option<TestedDesign>)>,
    pub published: Option<&'static PublishedTask>,
}

/// The design that the search chose.
#[derive(Debug, Clone)]
pub struct ChosenDesign {
    pub genome: String,
    pub cost: Cost,
    pub latency_ms: Option<(f64, f64)>,
    /// On all labelled test clips, none of which had a part in the search.
    pub tested: Option<TestedDesign>,
}

/// Searches a design for each fan and slider section of `dataset` and writes the table into `out`, anew after each task. Called
/// again it goes on where it was stopped.
///
/// # Errors
/// Where there is no fan and no slider, `out` cannot be written, or the wish to stop.
pub fn reproduce_table_1(
    dataset: &Dataset,
    settings: &Settings,
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<(TableOne, Vec<PathBuf>), PipelineError> {
    let mut groups = dataset.groups();
    groups.retain(|group| MACHINES.contains(&group.machine.as_str()));
    if groups.is_empty() {
        return Err(PipelineError::OtherData {
            root: dataset.root.clone(),
            target: NAME,
            challenge: "MIMII",
            reason: "it has neither a fan nor a slider".to_owned(),
            records: "zenodo.org/records/3384388".to_owned(),
        });
    }
    let mut table = TableOne {
        settings: settings.clone(),
        tasks: Vec::new(),
        left_out: Vec::new(),
        data: format!("{}, fingerprint {}", dataset.layout.name(), dataset.fingerprint()),
    };
    let mut paths = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        observer.log(&format!("{NAME}: {group} ({} of {})", place + 1, groups.len()));
        match row(dataset, settings, group, out, observer) {
            Ok(row) => table.tasks.push(row),
            Err(error) if error.is_cancelled() || matches!(error, PipelineError::Io { .. }) => return Err(error),
            Err(error) => {
                observer.log(&format!("{group} is left out: {error}"));
                table.left_out.push((group.to_string(), error.to_string()));
            }
        }
        let mut so_far = table.clone();
        let to_come = groups[place + 1..].iter();
        so_far
            .left_out
            .extend(to_come.map(|group| (group.to_string(), "not run yet: give the same command again".to_owned())));
        paths = write(&so_far, out)?;
    }
    Ok((table, paths))
}

fn explore_settings(group: &MachineSection, settings: &Settings) -> ExploreSettings {
    let is_quick = settings.caps.is_some();
    let published = SearchConfig::default();
    let limits = Limits {
        max_mflops: Some(if is_quick { 1.0 } else { MAX_MFLOPS }),
        ..Limits::default()
    };
    ExploreSettings {
        group: group.clone(),
        search: if is_quick {
            SearchConfig {
                limits,
                n_trials: 3,
                generation_size: 3,
                rungs: vec![1],
                seed: settings.seed,
                ..published
            }
        } else {
            SearchConfig {
                limits,
                seed: settings.seed,
                ..published
            }
        },
        judged_by: JudgedBy::SyntheticAnomalies,
        with_reference: !is_quick,
    }
}

fn row(
    dataset: &Dataset,
    settings: &Settings,
    group: &MachineSection,
    out: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<TaskRow, PipelineError> {
    let asked = explore_settings(group, settings);
    let kind = if settings.caps.is_some() { "quick-" } else { "" };
    let place = |what: &str| out.join(what).join(format!("{kind}{}-{}", group.machine, group.section));
    let search_dir = place("searches");
    let exploration = pipeline::explore(dataset, &asked, &search_dir, &mut Watcher(&mut *observer))?;
    let chosen = exploration.best().ok_or_else(|| PipelineError::NothingToExplore {
        group: group.clone(),
        reason: "no finished design comes within 10 % of the AUC of CAE-MCS".to_owned(),
    })?;
    let run_dir = place("runs");
    let run = if pipeline::is_finished(&run_dir) {
        pipeline::load_run(&run_dir)?
    } else {
        pipeline::keep(dataset, &search_dir, chosen.number, 0, &run_dir, observer)?
    };
    let design = ChosenDesign {
        genome: chosen.genome.to_string(),
        cost: chosen.cost,
        latency_ms: chosen.latency_ms,
        tested: pipeline::test_design(dataset, &asked, &run, observer)?,
    };
    let reference = reference(dataset, &exploration, &search_dir, observer)?;
    Ok(TaskRow {
        group: group.clone(),
        design,
        reference,
        published: published(group),
    })
}

fn reference(
    dataset: &Dataset,
    exploration: &Exploration,
    search_dir: &Path,
    observer: &mut dyn TrainingObserver,
) -> Result<Option<(Reference, Option<TestedDesign>)>, PipelineError> {
    let Some(reference) = &exploration.reference else {
        return Ok(None);
    };
    let tested = pipeline::test_reference(dataset, &exploration.settings, search_dir, observer)?;
    Ok(Some((reference.clone(), tested)))
}

/// The printed row of a section such as `00_-6dB`: where a tree holds one noise level, its folders do not say which.
fn published(group: &MachineSection) -> Option<&'static PublishedTask> {
    let (id, level) = group.section.split_once('_')?;
    let snr_db: i32 = level.strip_suffix("dB")?.parse().ok()?;
    TASKS
        .iter()
        .find(|task| task.machine == group.machine && task.id == id && task.snr_db == snr_db)
}

/// A search's designs are no lines of their own here.
struct Watcher<'a>(&'a mut dyn TrainingObserver);

impl Progress for Watcher<'_> {
    fn step(&mut self, done: u64, total: u64) -> Result<(), Cancelled> {
        self.0.step(done, total)
    }

    fn stage(&mut self, name: &str) {
        self.0.stage(name);
    }

    fn log(&mut self, line: &str) {
        self.0.log(line);
    }
}

impl ExploreObserver for Watcher<'_> {
    fn event(&mut self, _event: &ExploreEvent) {}
}

impl TrainingObserver for Watcher<'_> {
    fn epoch(&mut self, metrics: &EpochMetrics) {
        self.0.epoch(metrics);
    }
}

impl TableOne {
    /// A line a task for a person.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.settings.warning().into_iter().collect();
        for row in &self.tasks {
            let cells = header().into_iter().zip(cells(row)).skip(2);
            let cells: Vec<String> = cells.map(|(name, cell)| format!("{name} {cell}")).collect();
            lines.push(format!("{}: {}", row.group, cells.join(", ")));
        }
        lines.extend(
            self.left_out
                .iter()
                .map(|(task, reason)| format!("Not in this table: {task}: {reason}.")),
        );
        lines
    }
}

fn header() -> Vec<String> {
    [
        "machine",
        "section",
        "design",
        "parameters",
        "KB",
        "MFLOP",
        "ms",
        "AUC",
        "CAE-MCS ms",
        "CAE-MCS AUC",
        "paper: parameters",
        "MFLOP",
        "ms (printed as µs)",
        "AUC",
        "CAE-MCS AUC",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn cells(row: &TaskRow) -> Vec<String> {
    let TaskRow {
        group,
        design,
        reference,
        published,
    } = row;
    let milliseconds = |latency: Option<(f64, f64)>| latency.map_or_else(dash, |(median, _)| format!("{median:.3}"));
    let reference_tested = reference.as_ref().and_then(|(_, tested)| *tested);
    let mut cells = vec![
        group.machine.clone(),
        group.section.clone(),
        design.genome.clone(),
        design.cost.n_parameters.to_string(),
        format!("{:.1}", design.cost.kilobytes()),
        format!("{:.2}", design.cost.mflops()),
        milliseconds(design.latency_ms),
        percent(design.tested),
        milliseconds(reference.as_ref().and_then(|(reference, _)| reference.latency_ms)),
        percent(reference_tested),
    ];
    match published {
        Some(task) => cells.extend([
            task.n_parameters.to_string(),
            task.mflops.to_string(),
            task.latency.to_string(),
            format!("{:.1}", task.auc),
            format!("{:.1}", task.cae_auc),
        ]),
        None => cells.extend((0..5).map(|_| dash())),
    }
    cells
}

fn dash() -> String {
    NOTHING.to_owned()
}

/// The AUC.
fn percent(tested: Option<TestedDesign>) -> String {
    let figure = tested.and_then(|tested| Some((tested, tested.metrics.auc?)));
    figure.map_or_else(dash, |(tested, Figure { value, low, high })| {
        let chance = if tested.is_chance(value) {
            ", no better than chance"
        } else {
            ""
        };
        format!("{:.1} [{:.1}–{:.1}{chance}]", 100.0 * value, 100.0 * low, 100.0 * high)
    })
}

fn write(table: &TableOne, out: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    std::fs::create_dir_all(out).map_err(|source| PipelineError::io(out, source))?;
    let path = |ending: &str| out.join(format!("{NAME}.{ending}"));
    let csv_path = path("csv");
    let bytes = csv(table).map_err(|source| PipelineError::io(&csv_path, source))?;
    write_whole(&csv_path, |file| file.write_all(&bytes)).map_err(|source| PipelineError::io(&csv_path, source))?;
    let page = page(table);
    let mut paths = vec![csv_path];
    for ending in ["tex", "md", "html"] {
        figures::write_page(&page, &path(ending))?;
        paths.push(path(ending));
    }
    Ok(paths)
}

/// A line a task; AUC in percent.
fn csv(table: &TableOne) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "machine",
        "section",
        "design",
        "parameters",
        "kilobytes",
        "mflops",
        "latency_p50_ms",
        "latency_p95_ms",
        "auc",
        "auc_low",
        "auc_high",
        "cae_mcs_auc",
        "cae_mcs_low",
        "cae_mcs_high",
        "paper_parameters",
        "paper_mflops",
        "paper_latency_as_printed",
        "paper_auc",
        "paper_cae_mcs_auc",
    ])?;
    for row in &table.tasks {
        let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
        let figure = |tested: Option<TestedDesign>| {
            let auc = tested.and_then(|tested| tested.metrics.auc);
            [auc.map(|auc| auc.value), auc.map(|auc| auc.low), auc.map(|auc| auc.high)]
                .map(|value| number(value.map(|value| 100.0 * value)))
        };
        let (design, published) = (&row.design, row.published);
        let mut record = vec![
            row.group.machine.clone(),
            row.group.section.clone(),
            design.genome.clone(),
            design.cost.n_parameters.to_string(),
            number(Some(design.cost.kilobytes())),
            number(Some(design.cost.mflops())),
            number(design.latency_ms.map(|(median, _)| median)),
            number(design.latency_ms.map(|(_, high)| high)),
        ];
        record.extend(figure(design.tested));
        record.extend(figure(row.reference.as_ref().and_then(|(_, tested)| *tested)));
        record.push(published.map(|task| task.n_parameters.to_string()).unwrap_or_default());
        let printed = [
            published.map(|task| task.mflops),
            published.map(|task| task.latency),
            published.map(|task| task.auc),
            published.map(|task| task.cae_auc),
        ];
        record.extend(printed.map(number));
        writer.write_record(record)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn page(table: &TableOne) -> Page {
    let settings = &table.settings;
    let rows = table.tasks.iter().map(|row| GridRow {
        cells: cells(row),
        is_total: false,
    });
    let mut remarks: Vec<String> = AVERAGES
        .iter()
        .map(|(machine, auc, cae_auc)| {
            format!("The paper's averages over its 12 {machine} tasks: {auc} for its OutlierNets, {cae_auc} for CAE-MCS.")
        })
        .collect();
    remarks.extend(
        table
            .left_out
            .iter()
            .map(|(task, reason)| format!("Not in this table: {task}: {reason}.")),
    );
    let facts = [
        ("data", table.data.clone()),
        ("tasks", format!("{} of the paper's {}", table.tasks.len(), TASKS.len())),
        (
            "chosen by",
            "the highest NetScore among designs trained to the end, on normal clips with made-up faults".to_owned(),
        ),
        (
            "intervals",
            "95 %, stratified bootstrap over the test clips, 1000 resamples".to_owned(),
        ),
        ("seed", settings.seed.to_string()),
        ("date", settings.date.clone()),
        ("program", format!("auscult {}", env!("CARGO_PKG_VERSION"))),
    ];
    Page {
        title: "OutlierNets paper, Table 1: compact autoencoders against CAE-MCS".to_owned(),
        warning: settings.warning(),
        facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        grids: vec![Grid {
            caption: "A design for each machine and noise level; AUC in percent with 95 % intervals".to_owned(),
            header: header(),
            rows: rows.collect(),
            remarks,
        }],
        notes: NOTES.map(str::to_owned).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_finds_its_printed_row_where_its_noise_level_is_known() {
        let of = |machine: &str, section: &str| {
            let group = MachineSection {
                machine: machine.to_owned(),
                section: section.to_owned(),
            };
            published(&group).map(|task| task.n_parameters)
        };
        assert_eq!(of("fan", "06_6dB"), Some(686));
        assert_eq!(of("slider", "00_-6dB"), Some(27_229));
        assert_eq!(of("slider", "00"), None);
        assert_eq!(of("pump", "00_6dB"), None);
    }
}
