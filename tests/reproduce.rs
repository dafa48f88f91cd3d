//! The paper's tables and figures: the printed figures against their own arithmetic, ours against references, and the whole
//! way from recordings to pages on synthetic machines, stopped and resumed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "common/shared.rs"]
mod shared;

use std::collections::BTreeMap;
use std::path::Path;

use auscult::dataset::{self, Dataset, ScanOptions, SyntheticConfig};
use auscult::evaluation::{BootstrapConfig, LabelledScore, TableFigures, harmonic_mean, read_scores, table_figures};
use auscult::extractors::{DeviceChoice, EpochMetrics, TrainingObserver};
use auscult::pipeline::reproduce::{
    Caps, III_AE_BEARING, III_AE_OVERALL, MACHINES, Published, ROUNDING, Settings, Target, published_columns, reproduce_figure,
    reproduce_table,
};
use auscult::progress::{Cancelled, NoProgress, Progress};
use shared::shared;

const TABLES: [Target; 3] = [Target::TableII, Target::TableIII, Target::TableIV];

/// Whether a printed mean can be the harmonic mean of printed values, each rounded to its last digit.
fn agrees(values: &[f64], mean: f64) -> bool {
    let shifted = |by: f64| harmonic_mean(&values.iter().map(|value| value + by).collect::<Vec<_>>()).unwrap();
    // The mean grows with each value.
    (shifted(-ROUNDING) - ROUNDING - 1e-9..=shifted(ROUNDING) + ROUNDING + 1e-9).contains(&mean)
}

fn with_machines(table: Target) -> Vec<&'static Published> {
    published_columns(table)
        .into_iter()
        .filter(|column| column.machines.is_some())
        .collect()
}

#[test]
fn printed_means_are_means_of_the_printed_cells() {
    let n_columns: Vec<usize> = TABLES.iter().map(|&table| with_machines(table).len()).collect();
    assert_eq!(n_columns, [4, 3, 3]);
    for table in TABLES {
        for column in with_machines(table) {
            let machines = column.machines.unwrap();
            for (name, row) in MACHINES.iter().zip(machines) {
                assert!(agrees(&row[..3], row[3]), "{table:?} {} {name}: {row:?}", column.column);
            }
            for place in 0..4 {
                let cells: Vec<f64> = machines.iter().map(|row| row[place]).collect();
                assert!(
                    agrees(&cells, column.overall[place]),
                    "{table:?} {}, column {place}: {cells:?} {}",
                    column.column,
                    column.overall[place]
                );
            }
            assert!(agrees(&column.overall[..3], column.overall[3]), "{table:?} {}", column.column);
        }
    }
}

#[test]
fn the_repeated_row_of_table_iii_is_there_and_its_correction_adds_up() {
    let official = with_machines(Target::TableIII)[0];
    let machines = official.machines.unwrap();
    assert_eq!(machines[0], machines[5], "bearing as printed is ToyTrain");
    for place in 0..3 {
        let mut cells: Vec<f64> = machines.iter().map(|row| row[place]).collect();
        cells[0] = III_AE_BEARING[place];
        assert!(agrees(&cells, III_AE_OVERALL[place]), "{place}");
    }
    assert!(
        (official.overall[0] - III_AE_OVERALL[0]).abs() > 1.0,
        "the printed mean is of the printed rows"
    );
}

#[test]
fn rows_and_intervals_are_those_of_scikit_learn() {
    let reference: serde_json::Value = serde_json::from_str(include_str!("data/reproduce/table_figures.json")).unwrap();
    let machines: Vec<Vec<Vec<LabelledScore>>> = ["m0", "m1"]
        .iter()
        .map(|machine| {
            let sections: Vec<Vec<(f64, bool, bool)>> = serde_json::from_value(reference["scores"][machine].clone()).unwrap();
            let labelled = |(score, is_anomaly, is_target)| LabelledScore {
                score,
                is_anomaly,
                is_target: Some(is_target),
            };
            sections
                .into_iter()
                .map(|section| section.into_iter().map(labelled).collect())
                .collect()
        })
        .collect();
    let borrowed: Vec<Vec<&[LabelledScore]>> = machines
        .iter()
        .map(|sections| sections.iter().map(Vec::as_slice).collect())
        .collect();
    let config = BootstrapConfig {
        n_resamples: 20_000,
        ..BootstrapConfig::default()
    };
    let table = table_figures(&borrowed, config);
    let expected = |name: &str| -> Vec<Vec<f64>> { serde_json::from_value(reference[name].clone()).unwrap() };
    let (values, low, high) = (expected("values"), expected("low"), expected("high"));
    let rows = table.machines.iter().copied().chain([table.overall]);
    for (row, figures) in rows.enumerate() {
        for (place, figure) in figures.unwrap().columns().into_iter().enumerate() {
            assert!((figure.value - values[row][place]).abs() < 1e-9, "{row} {place}: {figure:?}");
            // Two bootstraps of 20,000 draws differ by their own noise: standard errors of the quantiles are some 0.002.
            assert!(
                (figure.low - low[row][place]).abs() < 0.008,
                "{row} {place}: {figure:?}, {}",
                low[row][place]
            );
            assert!(
                (figure.high - high[row][place]).abs() < 0.008,
                "{row} {place}: {figure:?}, {}",
                high[row][place]
            );
        }
    }
}

/// The published score files of one sub-system of Guan et al. give the paper's column of that name.
#[test]
fn the_column_of_guan_et_al_comes_out_of_their_score_files() {
    let Some(folder) = shared("evaluator/dcase2022_dev/guan_attrcls_ft_target") else {
        return;
    };
    let section = |machine: &str, section: usize| -> Vec<LabelledScore> {
        let path = folder.join(format!("anomaly_score_{machine}_section_{section:02}.csv"));
        let scores = read_scores(&path).unwrap();
        let labelled = |(name, score): (String, f64)| LabelledScore {
            score,
            is_anomaly: name.contains("_anomaly_"),
            is_target: Some(name.contains("_target_")),
        };
        scores.into_iter().map(labelled).collect()
    };
    let machines: Vec<Vec<Vec<LabelledScore>>> = MACHINES
        .iter()
        .map(|machine| (0..3).map(|number| section(machine, number)).collect())
        .collect();
    let borrowed: Vec<Vec<&[LabelledScore]>> = machines
        .iter()
        .map(|sections| sections.iter().map(Vec::as_slice).collect())
        .collect();
    let table = table_figures(&borrowed, BootstrapConfig::default());
    let guan = with_machines(Target::TableII)[2];
    let printed = guan.machines.unwrap();
    for (place, row) in printed.iter().chain([&guan.overall]).enumerate() {
        let ours = table.machines.get(place).copied().unwrap_or(table.overall).unwrap();
        for (figure, printed) in ours.columns().into_iter().zip(row) {
            let found = 100.0 * figure.value;
            assert!((found - printed).abs() <= 0.1 + 1e-9, "{place}: {found} {printed}");
            assert!(figure.low < figure.value && figure.value < figure.high);
        }
    }
}

#[test]
fn an_undefined_section_leaves_its_machine_and_the_mean_undefined() {
    let clip = |score: f64, is_anomaly: bool, is_target: bool| LabelledScore {
        score,
        is_anomaly,
        is_target: Some(is_target),
    };
    let whole = [
        clip(0.0, false, false),
        clip(0.1, false, true),
        clip(1.0, true, false),
        clip(2.0, true, true),
    ];
    let without_target_normals = [clip(0.0, false, false), clip(1.0, true, false)];
    let table = table_figures(
        &[vec![&whole[..]], vec![&whole[..], &without_target_normals[..]], vec![&[]]],
        BootstrapConfig::default(),
    );
    assert!(table.machines[0].is_some());
    assert_eq!(table.machines[1..], [None, None]);
    assert_eq!(table.overall, None);
    assert_eq!(table_figures(&[], BootstrapConfig::default()), TableFigures::default());
}

/// Small enough for a test, with everything that a table has.
fn settings() -> Settings {
    Settings {
        seed: 3,
        device: DeviceChoice::Cpu,
        is_synthetic: true,
        caps: Some(Caps {
            n_epochs: 1,
            batch_size: 8,
            segments_per_clip: 1,
            segment_hop: 32,
            n_train: 9,
            n_test: 3,
        }),
        date: "2026-11-22".to_owned(),
    }
}

fn recordings(target: Target, dir: &Path) -> Dataset {
    let config = SyntheticConfig {
        machines: vec!["fan".to_owned(), "slider".to_owned()],
        n_clips: 22,
        clip_secs: 4.0,
        ..settings().synthetic(target.challenge())
    };
    let data = dir.join("data");
    dataset::write_synthetic(&data, &config, &mut NoProgress).unwrap();
    dataset::scan(&data, ScanOptions::default(), &mut NoProgress).unwrap()
}

/// The lines of a table's CSV: by system, choice, machine and figure.
fn cells(path: &Path) -> BTreeMap<[String; 4], Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..5], ["table", "system", "detector_choice", "labels_used", "machine"]);
    assert_eq!(header[6..], ["figure", "ours", "low", "high", "published", "difference"]);
    let mut cells = BTreeMap::new();
    for record in reader.records() {
        let record: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        let key = [1, 2, 4, 6].map(|place| record[place].clone());
        assert!(cells.insert(key, record[7..].to_vec()).is_none(), "each figure once");
    }
    cells
}

fn is_balanced(latex: &str) -> bool {
    let mut depth = 0i32;
    let mut open: Vec<&str> = Vec::new();
    let bytes = latex.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let is_escaped = place > 0 && bytes[place - 1] == b'\\';
        depth += match byte {
            b'{' if !is_escaped => 1,
            b'}' if !is_escaped => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    for word in latex.split("\\begin{").skip(1).map(|rest| rest.split('}').next().unwrap()) {
        open.push(word);
    }
    let count = |word: &str, text: &str| latex.matches(&format!("\\{text}{{{word}}}")).count();
    depth == 0 && open.iter().all(|word| count(word, "begin") == count(word, "end"))
}

#[track_caller]
fn assert_table_is_whole(target: Target, out: &Path) {
    let path = |ending: &str| out.join(format!("{}.{ending}", target.name()));
    let read = |ending: &str| std::fs::read_to_string(path(ending)).unwrap();
    for (key, values) in cells(&path("csv")) {
        let number = |place: usize| values[place].parse::<f64>().ok();
        let (ours, low, high) = (number(0), number(1), number(2));
        if let (Some(ours), Some(low), Some(high)) = (ours, low, high) {
            assert!(
                low <= ours && ours <= high && (0.0..=100.0).contains(&ours),
                "{key:?}: {values:?}"
            );
        }
        if let (Some(ours), Some(published), Some(difference)) = (ours, number(3), number(4)) {
            assert!((ours - published - difference).abs() < 1e-3, "{key:?}: {values:?}");
        }
        let is_overall = key[2] == "all machines";
        assert_eq!(
            values[4].is_empty(),
            is_overall || ours.is_none() || number(3).is_none(),
            "{key:?}: {values:?}"
        );
    }
    for ending in ["csv", "tex", "md", "html"] {
        let text = read(ending);
        for needed in [
            "Quick run on synthetic data",
            "2026-11-22",
            env!("CARGO_PKG_VERSION"),
            "fingerprint",
        ] {
            assert!(text.contains(needed), "{ending} lacks {needed}");
        }
    }
    assert!(is_balanced(&read("tex")));
    let columns: Vec<usize> = read("md")
        .lines()
        .filter(|line| line.starts_with("| machine |") || line.starts_with("| fan"))
        .map(|line| line.matches(" | ").count())
        .collect();
    assert!(!columns.is_empty() && columns.iter().all(|&n| n == columns[0]), "{columns:?}");
    let html = read("html");
    for tag in ["table", "tr", "h2", "p", "ol", "li"] {
        let n_opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(n_opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

fn whole_table(target: Target, not_there: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let dataset = recordings(target, home.path());
    let out = home.path().join("out");
    let (reproduction, written) = reproduce_table(target, &dataset, &settings(), &out, &mut NoProgress).unwrap();
    assert_eq!(written.len(), 4);
    let left_out: Vec<&str> = reproduction.left_out.iter().map(|(system, _)| system.as_str()).collect();
    assert_eq!(
        left_out, not_there,
        "every other system can be run: {:?}",
        reproduction.left_out
    );
    assert_eq!(reproduction.machines, ["fan", "slider"]);
    for rows in &reproduction.rows {
        assert!(
            rows.figures.overall.is_some(),
            "{} {}: {:?}",
            rows.system,
            rows.detector,
            rows.fallbacks
        );
    }
    assert_table_is_whole(target, &out);
}

#[test]
fn table_ii_runs_from_recordings_to_pages() {
    whole_table(Target::TableII, &[]);
}

#[test]
fn table_iii_runs_from_recordings_to_pages() {
    whole_table(Target::TableIII, &[]);
}

#[test]
fn table_iv_runs_from_recordings_to_pages() {
    whole_table(Target::TableIV, &[]);
}

/// Stops after so many steps, wherever that is.
struct StopAfter {
    steps: u64,
    n_epochs: usize,
}

impl Progress for StopAfter {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        self.steps = self.steps.checked_sub(1).ok_or(Cancelled)?;
        Ok(())
    }
}

impl TrainingObserver for StopAfter {
    fn epoch(&mut self, _metrics: &EpochMetrics) {
        self.n_epochs += 1;
    }
}

#[test]
fn a_table_that_was_stopped_anywhere_goes_on_to_the_same_table() {
    let target = Target::TableIII;
    let home = tempfile::tempdir().unwrap();
    let dataset = recordings(target, home.path());
    let out = |name: &str| home.path().join(name);
    let bytes = |name: &str| {
        ["csv", "tex", "md", "html"].map(|ending| std::fs::read(out(name).join(format!("{}.{ending}", target.name()))).unwrap())
    };
    reproduce_table(target, &dataset, &settings(), &out("at-once"), &mut NoProgress).unwrap();
    let (mut steps, mut n_stopped) = (2, 0);
    loop {
        let mut observer = StopAfter { steps, n_epochs: 0 };
        match reproduce_table(target, &dataset, &settings(), &out("stopped"), &mut observer) {
            Ok(_) => break,
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
        n_stopped += 1;
        steps += steps / 2;
    }
    assert!(n_stopped > 8, "stopped {n_stopped} times");
    assert_eq!(bytes("stopped"), bytes("at-once"));

    let mut again = StopAfter {
        steps: u64::MAX,
        n_epochs: 0,
    };
    reproduce_table(target, &dataset, &settings(), &out("stopped"), &mut again).unwrap();
    assert_eq!(again.n_epochs, 0, "nothing that is finished is trained again");
    assert_eq!(bytes("stopped"), bytes("at-once"));
}

#[test]
fn other_data_are_refused_by_name_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let dataset = recordings(Target::TableIII, home.path());
    let out = home.path().join("out");
    let error = reproduce_table(Target::TableII, &dataset, &settings(), &out, &mut NoProgress).unwrap_err();
    let text = error.to_string();
    for needed in ["data", "dcase2023", "DCASE 2022", "6355122", "--synthetic"] {
        assert!(text.contains(needed), "{text}");
    }
    assert!(!out.exists(), "nothing is written for what cannot be run");
}

#[test]
fn figures_are_written_with_what_they_show() {
    let home = tempfile::tempdir().unwrap();
    let dataset = recordings(Target::Figure2, home.path());
    let out = home.path().join("out");
    let written = reproduce_figure(Target::Figure2, &dataset, &settings(), &[], &out, &mut NoProgress).unwrap();
    assert_eq!(written.len(), 4);
    let panels = ["fan".to_owned(), "slider".to_owned()];
    let written = reproduce_figure(Target::Figure3, &dataset, &settings(), &panels, &out, &mut NoProgress).unwrap();
    assert_eq!(written.len(), 7);
    let rows = |name: &str| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_path(out.join(name))
            .unwrap();
        reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    };
    let all = rows("figure-2.csv");
    // 9 training clips and 2 normal test clips of each domain, of each machine.
    assert_eq!(all.len(), 2 * 13);
    assert!(
        all.iter()
            .all(|row| row[5] == "normal" && (row[3] == "fan" || row[3] == "slider"))
    );
    let slider = rows("figure-3b-slider.csv");
    assert_eq!(slider.len(), 9 + 4 * 2);
    assert_eq!(slider.iter().filter(|row| row[5] == "anomalous").count(), 4);
    for name in [
        "figure-2.svg",
        "figure-3a-fan.svg",
        "figure-3b-slider.svg",
        "figure-2.md",
        "figure-3.md",
        "figure-2.csv",
    ] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        let lower = text.to_lowercase();
        assert!(lower.contains("quick run") && lower.contains("synthetic data"), "{name}");
    }
    let unknown = ["ToyTrain".to_owned()];
    let error = reproduce_figure(Target::Figure3, &dataset, &settings(), &unknown, &out, &mut NoProgress).unwrap_err();
    assert!(
        error.to_string().contains("ToyTrain") && error.to_string().contains("fan, slider"),
        "{error}"
    );
}
