//! The search for tiny designs end to end on synthetic machines: the same seed gives the same search, one that was cut off goes
//! on as if it had not been, and what is kept is an ordinary run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::path::Path;
use std::process::Command;

use auscult::dataset::{self, Dataset, Label, MachineSection, ScanOptions, Split, SyntheticConfig, SyntheticLayout};
use auscult::exploration::{Limits, SearchConfig, TrialState};
use auscult::extractors::DeviceChoice;
use auscult::pipeline::reproduce::{Caps, Settings, reproduce_table_1};
use auscult::pipeline::{
    self, Exploration, ExploreEvent, ExploreObserver, ExploreSettings, JudgedBy, JudgedLabel, explore, open_exploration,
};
use auscult::progress::{Cancelled, NoProgress, Progress};

/// Counts what it is told, and asks to stop after so many trained designs.
#[derive(Default)]
struct Watcher {
    stop_after: Option<usize>,
    n_concluded: usize,
}

impl Progress for Watcher {
    fn step(&mut self, _done: u64, _total: u64) -> Result<(), Cancelled> {
        match self.stop_after {
            Some(most) if self.n_concluded >= most => Err(Cancelled),
            _ => Ok(()),
        }
    }
}

impl ExploreObserver for Watcher {
    fn event(&mut self, event: &ExploreEvent) {
        if let ExploreEvent::Trial(report) = event {
            self.n_concluded += usize::from(!report.outcomes.is_empty());
        }
    }
}

fn recordings(dir: &Path) -> Dataset {
    let config = SyntheticConfig {
        layout: SyntheticLayout::Mimii,
        machines: vec!["fan".to_owned()],
        n_clips: 16,
        clip_secs: 2.2,
        seed: 3,
    };
    dataset::write_synthetic(dir, &config, &mut NoProgress).unwrap();
    dataset::scan(dir, ScanOptions::default(), &mut NoProgress).unwrap()
}

fn settings(judged_by: JudgedBy) -> ExploreSettings {
    ExploreSettings {
        group: MachineSection {
            machine: "fan".to_owned(),
            section: "00".to_owned(),
        },
        search: SearchConfig {
            limits: Limits {
                max_parameters: 6000,
                max_mflops: Some(0.4),
                ..Limits::default()
            },
            n_trials: 6,
            generation_size: 3,
            rungs: vec![1, 2],
            ..SearchConfig::default()
        },
        judged_by,
        with_reference: false,
    }
}

/// All that does not hang on the clock.
fn comparable(mut exploration: Exploration) -> Exploration {
    for trial in &mut exploration.trials {
        assert!(
            trial
                .latency_ms
                .take()
                .is_some_and(|(median, high)| 0.0 < median && median <= high)
        );
        trial.outcomes.iter_mut().for_each(|outcome| outcome.latency_ms = None);
    }
    exploration
}

fn run(dataset: &Dataset, settings: &ExploreSettings, dir: &Path) -> Exploration {
    comparable(explore(dataset, settings, dir, &mut Watcher::default()).unwrap())
}

#[test]
fn a_search_repeats_itself_goes_on_where_it_was_stopped_and_leaves_runs() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(&folder.path().join("data"));
    let settings = settings(JudgedBy::SyntheticAnomalies);
    let at = |name: &str| folder.path().join(name);
    let whole = run(&dataset, &settings, &at("whole"));
    assert_eq!(whole.trials.len(), 6);
    for trial in &whole.trials {
        assert!(settings.search.limits.allow(&trial.cost));
        assert!(matches!(trial.state, TrialState::Done | TrialState::Cut), "{trial:?}");
        assert_eq!(trial.curve.len(), trial.epochs());
        assert!(trial.auc().is_some_and(|auc| (0.0..=1.0).contains(&auc)));
        // 8 normal clips to train on: 4 held out, and each of them with six faults.
        let count = |is_normal: bool| {
            let clips = trial.judged.iter();
            clips.filter(|clip| (clip.label == JudgedLabel::Normal) == is_normal).count()
        };
        assert_eq!((count(true), count(false)), (4, 24));
        println!("{} {:?} {:?}", trial.genome, trial.state, trial.auc());
    }
    let path_of = |path: &str| dataset.clips.iter().find(|clip| clip.path == path).unwrap();
    let judged = &whole.trials[0].judged;
    assert!(judged.iter().all(|clip| path_of(&clip.path).split == dataset::Split::Train));
    assert_eq!(comparable(open_exploration(&at("whole")).unwrap()), whole);

    // On one thread instead of all.
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one_thread.install(|| run(&dataset, &settings, &at("alone"))), whole);

    for stop_after in [1, 4] {
        let dir = at(&format!("stopped-{stop_after}"));
        let mut watcher = Watcher {
            stop_after: Some(stop_after),
            ..Watcher::default()
        };
        let stopped = explore(&dataset, &settings, &dir, &mut watcher).unwrap_err();
        assert!(stopped.is_cancelled(), "{stopped}");
        // Cut off in the middle of a line.
        let log = dir.join("trials.jsonl");
        let mut bytes = std::fs::read(&log).unwrap();
        bytes.extend(b"{\"trial\":{\"num");
        std::fs::write(&log, bytes).unwrap();
        assert_eq!(run(&dataset, &settings, &dir), whole, "stopped after {stop_after}");
    }

    let gap = at("gap");
    only_a_later_design_is_done(&at("whole"), &whole, &gap);
    assert_eq!(
        run(&dataset, &settings, &gap),
        whole,
        "a later design was done before the first"
    );

    let mut other = settings.clone();
    other.search.seed += 1;
    let refused = explore(&dataset, &other, &at("whole"), &mut Watcher::default()).unwrap_err();
    assert!(refused.to_string().contains("other settings"), "{refused}");
    let genomes = |exploration: &Exploration| {
        exploration
            .trials
            .iter()
            .map(|trial| trial.genome.clone())
            .collect::<Vec<_>>()
    };
    assert_ne!(genomes(&run(&dataset, &other, &at("other seed"))), genomes(&whole));

    keeps(&dataset, &settings, &whole, folder.path());
}

/// The folder of a search that was stopped when one design was done that is not the first: as many are trained at a time as there
/// are cores, and any of them may be quickest.
fn only_a_later_design_is_done(from: &Path, whole: &Exploration, to: &Path) {
    let later = whole.trials[1..3].iter().find(|trial| trial.state == TrialState::Cut);
    let number = later.expect("a design of the first three is cut").number;
    std::fs::create_dir_all(to.join("weights")).unwrap();
    std::fs::copy(from.join("explore.json"), to.join("explore.json")).unwrap();
    let weights = format!("weights/trial-{number:04}.safetensors");
    std::fs::copy(from.join(&weights), to.join(&weights)).unwrap();
    let log = std::fs::read_to_string(from.join("trials.jsonl")).unwrap();
    let is_its = |line: &&str| line.contains(&format!("\"number\":{number},"));
    let done = log.lines().find(is_its).expect("it was written down");
    std::fs::write(to.join("trials.jsonl"), format!("{done}\n")).unwrap();
}

fn keeps(dataset: &Dataset, settings: &ExploreSettings, whole: &Exploration, folder: &Path) {
    let best = whole.best().unwrap();
    assert!(whole.front().iter().any(|report| report.auc() >= best.auc()));
    let dir = folder.join("kept");
    let kept = pipeline::keep(dataset, &folder.join("whole"), best.number, 0, &dir, &mut NoProgress).unwrap();
    assert_eq!(kept.recipe.training.genome, best.genome);
    // The kept network scores the clips that it was judged by as it did then.
    let normal = best.judged.iter().find(|clip| clip.label == JudgedLabel::Normal).unwrap();
    let entry = dataset.clips.iter().find(|clip| clip.path == normal.path).unwrap();
    let clip = auscult::audio::read_clip(&dataset.file(entry), dataset.channel).unwrap();
    let opened = pipeline::load_run(&dir).unwrap();
    let score = opened.extractor.embed(&clip, &settings.group).unwrap().own_scores[0];
    assert!((score / normal.score - 1.0).abs() < 1e-4, "{score} {}", normal.score);
    let card = std::fs::read_to_string(dir.join("model_card.md")).unwrap();
    for words in [
        "made-up faults",
        "fewer than 6000 parameters",
        "had no part in the search",
        &best.genome.to_string(),
    ] {
        assert!(card.contains(words), "{words}: {card}");
    }
    assert!(
        std::fs::read_to_string(dir.join("held_out.csv"))
            .unwrap()
            .contains(&normal.path)
    );

    let longer = pipeline::keep(
        dataset,
        &folder.join("whole"),
        best.number,
        2,
        &folder.join("longer"),
        &mut NoProgress,
    )
    .unwrap();
    let epochs = pipeline::read_epochs(&longer.dir);
    assert_eq!(epochs.len(), best.epochs() + 2);
    let curve: Vec<f64> = epochs.iter().filter_map(|epoch| epoch.validation_loss).collect();
    assert_eq!(curve[..best.epochs()], best.curve, "it goes on where the search stopped");
    let missing = pipeline::keep(dataset, &folder.join("whole"), 99, 0, &folder.join("none"), &mut NoProgress).unwrap_err();
    assert!(missing.to_string().contains("no trained design 99"), "{missing}");
}

#[test]
fn a_labelled_half_guides_and_the_other_half_reports() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(&folder.path().join("data"));
    let mut settings = settings(JudgedBy::LabelledHalf);
    settings.search.n_trials = 3;
    settings.search.rungs = vec![1];
    let found = run(&dataset, &settings, &folder.path().join("half"));
    let judged = &found.trials[0].judged;
    let count = |label| judged.iter().filter(|clip| clip.label == label).count();
    assert_eq!(
        (count(JudgedLabel::Normal), count(JudgedLabel::Anomalous)),
        (2, 2),
        "of four and four"
    );
    let run = pipeline::keep(
        &dataset,
        &folder.path().join("half"),
        0,
        0,
        &folder.path().join("kept"),
        &mut NoProgress,
    )
    .unwrap();
    let tested = pipeline::test_design(&dataset, &settings, &run, &mut NoProgress)
        .unwrap()
        .unwrap();
    assert_eq!((tested.n_normal, tested.n_anomalous), (2, 2));
}

#[test]
fn the_command_line_explores_and_says_what_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    recordings(&data);
    let out = folder.path().join("out");
    let explore = |section: &str, more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_auscult"))
            .args(["explore", data.to_str().unwrap(), "--machine", "fan", "--section", section])
            .args([
                "--max-params",
                "4000",
                "--max-mflops",
                "0.3",
                "--trials",
                "2",
                "--generation",
                "2",
                "--rungs",
                "1",
            ])
            .args(["--json", "--out", out.to_str().unwrap()])
            .args(more)
            .output()
            .unwrap()
    };
    let found = explore("00", &[]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    let designs = found["designs"].as_array().unwrap();
    assert!(
        !designs.is_empty() && designs.iter().any(|design| design["is_best"] == true),
        "{found}"
    );
    for design in designs {
        assert!(design["parameters"].as_u64().unwrap() < 4000);
        assert!(Path::new(design["run"].as_str().unwrap()).join("recipe.json").exists());
        assert!(design["test_auc"]["low"].is_number(), "{design}");
    }
    let unknown = explore("77", &[]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said.contains("'fan 77'") && said.contains("fan 02"), "{said}");
}

#[test]
fn table_1_is_written_for_each_task_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(&folder.path().join("data"));
    let settings = Settings {
        seed: 3,
        device: DeviceChoice::Cpu,
        is_synthetic: true,
        caps: Some(Caps::default()),
        date: "2026-11-22".to_owned(),
    };
    let out = folder.path().join("out");
    let (table, written) = reproduce_table_1(&dataset, &settings, &out, &mut NoProgress).unwrap();
    assert_eq!(table.tasks.len(), 4, "the ids of the fan: {:?}", table.left_out);
    assert_eq!(written.len(), 4);
    let csv = std::fs::read_to_string(out.join("table-1.csv")).unwrap();
    assert_eq!(csv.lines().count(), 5, "{csv}");
    for row in &table.tasks {
        let auc = row.design.tested.and_then(|tested| tested.metrics.auc).unwrap();
        assert!(csv.contains(&format!("{:.4}", 100.0 * auc.value)), "{csv}");
        assert!(csv.contains(&row.design.genome));
    }
    for ending in ["md", "tex", "html"] {
        let page = std::fs::read_to_string(out.join(format!("table-1.{ending}"))).unwrap();
        assert!(page.contains("Quick run") && page.contains("latencies in"), "{page}");
    }
    let log = out.join("searches/quick-fan-00/trials.jsonl");
    let before = std::fs::metadata(&log).unwrap().len();
    let (again, _) = reproduce_table_1(&dataset, &settings, &out, &mut NoProgress).unwrap();
    assert_eq!(again.lines(), table.lines());
    assert_eq!(std::fs::metadata(&log).unwrap().len(), before, "nothing is searched again");
}

#[test]
fn labels_of_clips_without_a_part_in_it_leave_a_search_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = recordings(&folder.path().join("data"));
    let mut settings = settings(JudgedBy::SyntheticAnomalies);
    settings.search.n_trials = 2;
    settings.search.rungs = vec![1];
    let out = folder.path().join("search");
    run(&dataset, &settings, &out);
    let tested = dataset.indices(&settings.group, Split::Test);
    dataset.clips[tested[0]].label = Label::Unknown;
    let again = pipeline::explore(&dataset, &settings, &out, &mut Watcher::default());
    assert!(again.is_ok(), "{:?}", again.err());
    // What it learns from matters.
    let learned = dataset.indices(&settings.group, Split::Train);
    dataset.clips[learned[0]].label = Label::Anomalous;
    let other = pipeline::explore(&dataset, &settings, &out, &mut Watcher::default()).unwrap_err();
    assert!(other.to_string().contains("recordings"), "{other}");
}

#[test]
fn a_clip_is_heard_as_it_was_judged() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(&folder.path().join("data"));
    let mut settings = settings(JudgedBy::SyntheticAnomalies);
    settings.search.n_trials = 1;
    settings.search.rungs = vec![1];
    let found = run(&dataset, &settings, &folder.path().join("search"));
    let judged = &found.trials[0].judged;
    let faulty = judged
        .iter()
        .find(|clip| matches!(clip.label, JudgedLabel::Synthetic(_)))
        .unwrap();
    let sound = |label: &JudgedLabel| pipeline::judged_sound(&dataset, &settings, &faulty.path, label).unwrap();
    let (plain, with_fault) = (sound(&JudgedLabel::Normal), sound(&faulty.label));
    assert_eq!(plain.samples.len(), with_fault.samples.len());
    assert_ne!(plain.samples, with_fault.samples);
    let gone = pipeline::judged_sound(&dataset, &settings, "fan/gone.wav", &faulty.label).unwrap_err();
    assert!(gone.to_string().contains("gone.wav"), "{gone}");
}
