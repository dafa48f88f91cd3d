//! `auscult watch`, the command.

use std::process::Command;

use auscult::dataset::Split;
use auscult::detectors::DetectorKind;

use crate::app::{fan, with_project};

#[test]
fn the_command_scores_what_lies_in_a_folder_as_the_window_does_and_writes_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = with_project(folder.path());
    app.shut_down();
    let workbench = app.state.workbench.as_ref().unwrap();
    let name = workbench.project.active_run.clone().unwrap();
    let recorder = folder.path().join("recorder");
    std::fs::create_dir(&recorder).unwrap();
    let tested = workbench.dataset.indices(&fan(), Split::Test);
    for (n, &clip) in tested.iter().take(3).enumerate() {
        let file = workbench.dataset.file(&workbench.dataset.clips[clip]);
        std::fs::copy(file, recorder.join(format!("{n}.wav"))).unwrap();
    }
    std::fs::write(recorder.join("broken.wav"), "no sound").unwrap();
    let table = folder.path().join("scores.csv");
    let output = Command::new(env!("CARGO_BIN_EXE_auscult"))
        .arg("watch")
        .arg(folder.path().join("projects/fan/runs").join(name))
        .arg(folder.path().join("data"))
        .arg(&recorder)
        .args(["--section", "fan 00", "--detector", DetectorKind::Knn.name()])
        .args(["--once", "--settle", "0.2", "--out"])
        .arg(&table)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("broken.wav") && said.contains("is anomalous from"), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed.lines().count(), 3, "{printed}");
    let comparison = workbench.comparison.as_ref().unwrap();
    let group = comparison.of(&fan()).unwrap();
    assert_eq!(group.test_clips[..3], tested[..3]);
    let scores = &group.result(DetectorKind::Knn).unwrap().test_scores;
    let rows: Vec<csv::StringRecord> = csv::Reader::from_path(&table)
        .unwrap()
        .records()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), 4);
    for (n, score) in scores.iter().take(3).enumerate() {
        let row = rows.iter().find(|row| row[0].ends_with(&format!("{n}.wav"))).unwrap();
        let written: f64 = row[3].parse().unwrap();
        assert!((written - score).abs() < 1e-9 * score.abs().max(1.0), "{written} and {score}");
        assert!(["normal", "anomalous"].contains(&&row[5]));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_auscult"))
        .arg("watch")
        .arg("no run")
        .arg(folder.path().join("data"))
        .arg(&recorder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("no run"),
        "it names what is wrong"
    );
}
