//! Project files: they come back as they were saved, old ones open, and what cannot be understood is never touched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use auscult::annotations::Annotation;
use auscult::audio::ChannelChoice;
use auscult::dataset::{Attribute, ClipEntry, Domain, Label, Layout, MachineSection, Split};
use auscult::detectors::{Covariance, DetectorConfig, DetectorKind, Metric};
use auscult::evaluation::ThresholdRule;
use auscult::exploration::Genome;
use auscult::extractors::{MobileAnoNetConfig, Recipe, TrainingConfig};
use auscult::figures::{FigurePreset, FigureTheme};
use auscult::nn::DeviceChoice;
use auscult::project::{
    self, DataSource, DetectorChoice, DrawnFrom, FigureRecipe, LiveSettings, PictureSettings, Project, ProjectError, Report,
    ReportFigure, ReportStyle, RunRecipe, UnsavedPlaces, ViewSettings,
};
use auscult::projection::ProjectionConfig;
use serde_json::Value;

fn example(path: &Path) -> Project {
    let mut project = Project::new(
        path,
        Path::new("/recordings/plant a"),
        Some(Layout::Mimii),
        ChannelChoice::Index(3),
    );
    let training = TrainingConfig {
        learning_rate: 0.1 + 0.2,
        ..TrainingConfig::published(Recipe::MobileAnoNet)
    };
    project.runs.insert(
        "mobileanonet-1".to_owned(),
        RunRecipe {
            training,
            machines: vec!["fan".to_owned()],
            sections: Vec::new(),
        },
    );
    project.active_run = Some("mobileanonet-1".to_owned());
    project.pins.insert("fan 00".to_owned(), DetectorKind::SoftMaha);
    project.choice = DetectorChoice::OtherHalf;
    project.section_detectors.insert(
        "fan 00".to_owned(),
        DetectorConfig {
            knn_metric: Metric::Euclidean,
            covariance: Covariance::Ridge(0.1 + 0.2),
            ..DetectorConfig::default()
        },
    );
    project
        .thresholds
        .insert("fan 00".to_owned(), ThresholdRule::Manual(1.0 / 3.0));
    project
        .labels
        .insert("fan/id_00/normal/00000000.wav".to_owned(), Label::Anomalous);
    project
}

#[test]
fn a_project_comes_back_as_it_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    let saved = example(&path);
    project::save(&path, &saved).unwrap();
    assert_eq!(project::open(&path).unwrap(), saved);
}

#[test]
fn the_state_before_the_last_save_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    let mut saved = example(&path);
    project::save(&path, &saved).unwrap();
    let before = std::fs::read(&path).unwrap();
    saved.pins.clear();
    project::save(&path, &saved).unwrap();
    assert_eq!(std::fs::read(folder.path().join("project.json.bak")).unwrap(), before);
    assert_eq!(project::open(&path).unwrap(), saved);
    let n_files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(n_files, 2, "no temporary file may be left behind");
}

/// Whatever is wrong with a file: it is refused by a fitting error that names it, and stays as it is, to the byte.
fn refused(content: &[u8]) -> ProjectError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    std::fs::write(&path, content).unwrap();
    let error = project::open(&path).unwrap_err();
    assert!(
        error.to_string().contains("project.json"),
        "the error must name the file: {error}"
    );
    assert_eq!(
        std::fs::read(&path).unwrap(),
        content,
        "a file that is refused must not be touched"
    );
    error
}

#[test]
fn a_newer_file_is_refused() {
    let error = refused(br#"{"version": 999, "name": "from the future", "unheard_of": true}"#);
    assert!(matches!(error, ProjectError::TooNew { found: 999, .. }));
    let words = error.to_string();
    assert!(
        words.contains("made by a newer auscult (format 999;") && words.contains("update auscult"),
        "{words}"
    );
}

/// Two computers share a disk, and one of them was updated while the other had the project open.
#[test]
fn a_newer_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    let ours = example(&path);
    let newer = br#"{"version": 999, "unheard_of": true}"#;
    std::fs::write(&path, newer).unwrap();
    assert!(matches!(project::save(&path, &ours), Err(ProjectError::TooNew { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), newer);
    assert!(!folder.path().join("project.json.bak").exists());

    // Nor is what a newer program has not saved: the project waits for it.
    let places = UnsavedPlaces::of(&path, &folder.path().join("elsewhere"));
    std::fs::write(&places.beside, newer).unwrap();
    assert!(matches!(places.find(&ours), Err(ProjectError::TooNew { .. })));
    places.keep(&ours).unwrap();
    assert_eq!(std::fs::read(&places.beside).unwrap(), newer);
    std::fs::write(&places.beside, "damaged").unwrap();
    let mut saved = ours.clone();
    saved.pins.clear();
    assert_eq!(places.find(&saved).unwrap().unwrap().project, ours);
}

#[test]
fn broken_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = serde_json::to_vec(&example(&folder.path().join("project.json"))).unwrap();
    for cut in [1, whole.len() / 3, whole.len() - 1] {
        assert!(matches!(refused(&whole[..cut]), ProjectError::Invalid { .. }));
    }
    assert!(matches!(refused(b""), ProjectError::Invalid { .. }));
    assert!(matches!(refused(b"\xff\xfe\x00"), ProjectError::Invalid { .. }));
    assert!(matches!(refused(b"[1, 2]"), ProjectError::NotAProject { .. }));
    assert!(matches!(refused(b"{\"version\": -3}"), ProjectError::NotAProject { .. }));
    assert!(matches!(refused(b"{\"version\": 0}"), ProjectError::NotAProject { .. }));
    assert!(matches!(
        refused(b"{\"name\": \"some other program's\"}"),
        ProjectError::NotAProject { .. }
    ));
}

/// A file of this very format that holds more than this program knows: each place is told by name, however deep it lies.
#[test]
fn what_the_next_save_would_lose_is_refused_by_name() {
    let whole = serde_json::to_value(everything()).unwrap();
    for (place, named) in [
        ("", "'colour'"),
        ("/data", "'data > colour'"),
        ("/detector", "'detector > colour'"),
        ("/runs/mobileanonet-1/training", "'runs > mobileanonet-1 > training > colour'"),
        ("/live", "'live > colour'"),
        ("/view/picture/look", "'view > picture > look > colour'"),
        ("/added/0/group", "'added > group > colour'"),
    ] {
        let mut strange = whole.clone();
        strange.pointer_mut(place).unwrap()["colour"] = "mauve".into();
        let error = refused(&serde_json::to_vec(&strange).unwrap());
        assert!(matches!(error, ProjectError::UnknownField { .. }), "{place}: {error}");
        assert!(error.to_string().contains(named), "{place}: {error}");
        strange.pointer_mut(place).unwrap()["colour"] = serde_json::Value::Null;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.json");
        std::fs::write(&path, serde_json::to_vec(&strange).unwrap()).unwrap();
        assert_eq!(
            project::open(&path).unwrap(),
            everything(),
            "nothing is lost with a field that is empty"
        );
    }
}

#[test]
fn a_failed_save_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("gone").join("project.json");
    assert!(matches!(
        project::save(&missing, &example(&missing)),
        Err(ProjectError::Io { .. })
    ));
}

#[test]
fn what_could_not_be_opened_again_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    let mut project = example(&path);
    project::save(&path, &project).unwrap();
    project.map.perplexity = f32::NAN;
    assert!(matches!(project::save(&path, &project), Err(ProjectError::NotSavable { .. })));
    assert!(project::open(&path).is_ok(), "the file is as it was");
}

#[test]
fn runs_outside_of_the_project_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project.json");
    for name in ["..", "../..", "a/b", "/", ""] {
        let mut project = example(&path);
        let recipe = project.runs.values().next().unwrap().clone();
        project.runs.insert(name.to_owned(), recipe);
        project::save(&path, &project).unwrap();
        assert!(matches!(project::open(&path), Err(ProjectError::Invalid { .. })), "{name}");
    }
}

#[test]
fn recordings_are_found_again_when_both_folders_move_together() {
    let project = Project::new(
        Path::new("/plant/projects/a/project.json"),
        Path::new("/plant/recordings"),
        None,
        ChannelChoice::Mean,
    );
    assert_eq!(project.data.root, PathBuf::from("../../recordings"));
    assert_eq!(
        project.data_root(Path::new("/plant/projects/a/project.json")),
        PathBuf::from("/plant/recordings")
    );
    assert_eq!(
        project.data_root(Path::new("/moved/projects/a/project.json")),
        PathBuf::from("/moved/recordings")
    );
    let far = Project::new(
        Path::new("/home/ann/p/project.json"),
        Path::new("/mnt/disk/recordings"),
        None,
        ChannelChoice::Mean,
    );
    assert_eq!(
        far.data_root(Path::new("/elsewhere/project.json")),
        PathBuf::from("/mnt/disk/recordings")
    );
}

/// `v1.json` and, for a format that was written in more than one shape, `v2-boxes.json`.
fn former_shapes() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/projects");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// Whether all that the first holds stands in the second too.
fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|kept| is_part_of(value, kept))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part_of(part, whole))
        }
        _ => part == whole,
    }
}

#[test]
fn every_shape_that_was_ever_written_opens_and_nothing_is_lost_on_the_way() {
    let shapes = former_shapes();
    for version in 1..=project::VERSION {
        let name = format!("v{version}.json");
        assert!(shapes.iter().any(|path| path.ends_with(&name)), "{name} is missing");
    }
    for path in shapes {
        let opened = project::open(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opened.version, project::VERSION);
        let mut written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        written["version"] = project::VERSION.into();
        let kept = serde_json::to_value(&opened).unwrap();
        assert!(is_part_of(&written, &kept), "{}: {kept:#}", path.display());
    }
}

/// The newest shape is frozen: what is added to it without a new format fails here.
#[test]
fn an_addition_raises_the_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/projects/v{}.json", project::VERSION));
    let frozen: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let now = serde_json::to_value(everything()).unwrap();
    assert!(
        now == frozen,
        "the project file is not what format {} is: add a line to STEPS in src/project/file.rs, and keep this as v{}.json:\n{now:#}",
        project::VERSION,
        project::VERSION + 1
    );
    assert_eq!(project::open(&path).unwrap(), everything());
}

/// A project with all that a file can hold. Nothing is left to a default that may be left out of the file.
fn everything() -> Project {
    let fan = || MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    };
    let clip = || "fan/id_00/normal/00000000.wav".to_owned();
    Project {
        version: project::VERSION,
        name: "plant a".to_owned(),
        data: DataSource {
            root: PathBuf::from("../recordings"),
            layout: Some(Layout::Mimii),
            channel: ChannelChoice::Index(3),
        },
        runs: BTreeMap::from([(
            "mobileanonet-1".to_owned(),
            RunRecipe {
                training: TrainingConfig {
                    recipe: Recipe::MobileAnoNet,
                    n_epochs: 15,
                    batch_size: 32,
                    learning_rate: 1e-3,
                    segments_per_clip: 20,
                    segment_hop: 16,
                    window_hop: 3,
                    ranking_decay: 1.0,
                    channel: Some(ChannelChoice::Loudest),
                    seed: 7,
                    device: DeviceChoice::Cpu,
                    genome: Genome::fan_example(),
                    mobileanonet: MobileAnoNetConfig::default(),
                },
                machines: vec!["fan".to_owned()],
                sections: vec!["00".to_owned()],
            },
        )]),
        active_run: Some("mobileanonet-1".to_owned()),
        detector: DetectorConfig::default(),
        section_detectors: BTreeMap::from([("fan 00".to_owned(), DetectorConfig::default())]),
        pins: BTreeMap::from([("fan 00".to_owned(), DetectorKind::SoftMaha)]),
        choice: DetectorChoice::OtherHalf,
        thresholds: BTreeMap::from([("fan 00".to_owned(), ThresholdRule::Manual(0.25))]),
        design_pins: BTreeMap::from([("search-1".to_owned(), BTreeSet::from([3, 14]))]),
        labels: BTreeMap::from([(clip(), Label::Anomalous)]),
        boxes: BTreeMap::from([(
            clip(),
            vec![Annotation {
                start_secs: 1.0,
                end_secs: 2.5,
                low_hz: Some(300.0),
                high_hz: Some(1200.0),
                label: "squeal".to_owned(),
                note: "at every turn".to_owned(),
                columns: BTreeMap::from([("View".to_owned(), "1".to_owned())]),
            }],
        )]),
        added: vec![ClipEntry {
            path: "recordings/fan/00/take.wav".to_owned(),
            group: fan(),
            split: Split::Train,
            label: Label::Normal,
            domain: Some(Domain::Target),
            attributes: vec![Attribute {
                name: "vel".to_owned(),
                value: "6".to_owned(),
            }],
            sample_rate_hz: 48_000,
            n_channels: 2,
            duration_secs: 10.0,
        }],
        live: Some(LiveSettings {
            device: Some("hw:1".to_owned()),
            rate_hz: Some(48_000),
            score_as: Some(fan()),
            run: Some("mobileanonet-1".to_owned()),
            detector: Some(DetectorKind::Knn),
            ..LiveSettings::default()
        }),
        map: ProjectionConfig::default(),
        report: report(),
        drawn: BTreeMap::from([(
            0,
            DrawnFrom {
                inputs: BTreeMap::from([("clip".to_owned(), "91ac".to_owned())]),
                on: "2026-11-22".to_owned(),
            },
        )]),
        view: ViewSettings {
            screen: "Compare".to_owned(),
            focus: Some(clip()),
            scope_machine: Some("fan".to_owned()),
            scope_section: Some("00".to_owned()),
            hidden_columns: BTreeSet::from(["Score".to_owned()]),
            picture: Some(PictureSettings::default()),
        },
    }
}

fn report() -> Report {
    Report {
        figures: figures(),
        style: ReportStyle {
            preset: FigurePreset::Slide,
            theme: FigureTheme::Dark,
            font_pt: Some(18.0),
            shows_footer: false,
        },
    }
}

/// One of each kind, each with all that it may say.
fn figures() -> Vec<ReportFigure> {
    let run = || Some("mobileanonet-1".to_owned());
    let exploration = || "search-1".to_owned();
    let group = MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    };
    let recipes = [
        FigureRecipe::Spectrogram {
            clip: "fan/id_00/normal/00000000.wav".to_owned(),
            channel: ChannelChoice::Index(3),
            picture: PictureSettings::default(),
            time_secs: Some([1.0, 2.5]),
            frequency_hz: Some([300.0, 1200.0]),
        },
        FigureRecipe::Roc {
            run: run(),
            group: group.clone(),
        },
        FigureRecipe::Histogram { run: run(), group },
        FigureRecipe::Matrix {
            run: run(),
            metric: "AUC".to_owned(),
        },
        FigureRecipe::Map {
            color: "Machine".to_owned(),
            shows: "All".to_owned(),
            machine: Some("fan".to_owned()),
            section: Some("00".to_owned()),
        },
        FigureRecipe::Loss {
            run: "mobileanonet-1".to_owned(),
        },
        FigureRecipe::TradeOff {
            exploration: exploration(),
            x: "Parameters".to_owned(),
            y: "AUC".to_owned(),
            shows_unfinished: true,
        },
        FigureRecipe::BestSoFar {
            exploration: exploration(),
        },
        FigureRecipe::Separation {
            exploration: exploration(),
            trial: 14,
        },
        FigureRecipe::Designs {
            exploration: exploration(),
            shows_unfinished: false,
        },
    ];
    let figure = |(id, recipe): (usize, FigureRecipe)| ReportFigure {
        id: id as u32,
        recipe,
        title: Some("A title".to_owned()),
        caption: Some("And a caption".to_owned()),
        shows_intervals: false,
    };
    recipes.into_iter().enumerate().map(figure).collect()
}

#[test]
fn parameters_that_a_file_does_not_name_are_the_default() {
    let written = r#"{"knn_k": 3, "knn_metric": "euclidean"}"#;
    let expected = DetectorConfig {
        knn_k: 3,
        knn_metric: Metric::Euclidean,
        ..DetectorConfig::default()
    };
    assert_eq!(serde_json::from_str::<DetectorConfig>(written).unwrap(), expected);
}
