//! Project files: they come back as they were saved, old ones open, and what cannot be understood is never touched.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use auscult::audio::ChannelChoice;
use auscult::dataset::{Label, Layout};
use auscult::detectors::{Covariance, DetectorConfig, DetectorKind, Metric};
use auscult::evaluation::ThresholdRule;
use auscult::extractors::{Recipe, TrainingConfig};
use auscult::project::{self, DetectorChoice, Project, ProjectError, RunRecipe};

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
    let mut strange: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    strange["colour"] = "mauve".into();
    assert!(matches!(
        refused(&serde_json::to_vec(&strange).unwrap()),
        ProjectError::Invalid { .. }
    ));
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

#[test]
fn every_version_that_was_ever_written_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/projects");
    for version in 1..=project::VERSION {
        let path = folder.join(format!("v{version}.json"));
        let opened = project::open(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opened.version, project::VERSION);
        assert_eq!(opened.pins.len(), 1, "nothing may be lost on the way");
        assert_eq!(opened.labels.len(), 1);
        // Settings of single sections came with the second version.
        assert_eq!(opened.section_detectors.len(), usize::from(version >= 2));
    }
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
