//! A disk that is full and one that cannot be written to: small disks in memory that a child mounts for itself alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use auscult::app::{Access, Action, App, SafetyAction, SaveState};
use auscult::dataset::Label;
use auscult::project;

use crate::{Home, app_in, is_saved, label, open, safety, says, wait, workbench};

/// Names the home with the project to be worked on, in the child that has the disk.
const HOME: &str = "AUSCULT_TEST_DISK_IN";

/// Runs a test of this file again where a disk of 4 MB lies over the project's folder; says so where the system does not let it.
fn on_a_small_disk(test: &str) {
    let may_mount = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    if !may_mount.is_ok_and(|tried| tried.status.success()) {
        println!("SKIPPED {test}: this system lets no one mount a disk of their own");
        return;
    }
    let home = Home::new();
    let folder = home.project().parent().unwrap().to_owned();
    let script = "cp \"$1/project.json\" \"$1.json\" && mount -t tmpfs -o size=4m tmpfs \"$1\" && mv \"$1.json\" \"$1/project.json\" && shift && exec \"$@\"";
    let done = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .arg(&folder)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(HOME, home.path())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(done.status.success() && said.contains("REACHED THE END"), "{said}");
}

/// The home of the child; `None`: this is no child.
fn home() -> Option<PathBuf> {
    std::env::var(HOME).ok().map(PathBuf::from)
}

fn project_in(home: &Path) -> PathBuf {
    home.join("plant/project.json")
}

/// The project with its scores there, all saved.
fn settled(home: &Path) -> App {
    let mut app = app_in(home);
    open(&mut app, &project_in(home));
    wait(&mut app, "the scores", |app| {
        workbench(app).scores.iter().any(Option::is_some)
    });
    wait(&mut app, "the save", is_saved);
    app
}

fn is_failed(app: &App) -> bool {
    matches!(workbench(app).save, SaveState::Failed(_))
}

#[test]
fn full() {
    let Some(home) = home() else {
        return;
    };
    let path = project_in(&home);
    let mut app = settled(&home);
    let filler = path.with_file_name("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    label(&mut app, 0, Label::Unknown);
    wait(&mut app, "the failure", is_failed);
    let SaveState::Failed(reason) = &workbench(&app).save else {
        unreachable!()
    };
    assert!(
        reason.contains("project.json") && reason.contains("No space left"),
        "{reason}"
    );
    assert_eq!(workbench(&app).label(0), Label::Unknown, "what is in memory stays");
    assert!(project::open(&path).unwrap().labels.is_empty(), "what was there is whole");

    // Room again: it saves itself.
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    wait(&mut app, "the save", is_saved);
    assert_eq!(project::open(&path).unwrap().labels.len(), 1);

    // Full again, and the program dies: it was kept elsewhere.
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    label(&mut app, 1, Label::Unknown);
    wait(&mut app, "the failure", is_failed);
    drop(app);
    let mut app = app_in(&home);
    open(&mut app, &path);
    assert!(app.state.recovery.is_some(), "it is offered at the next start");
    safety(&mut app, SafetyAction::Recover);
    wait(&mut app, "the project", |app| app.state.workbench.is_some());
    assert_eq!(workbench(&app).project.labels.len(), 2);
    wait(&mut app, "the failure", is_failed);
    // The way out.
    let copy = home.join("copy/project.json");
    safety(&mut app, SafetyAction::SaveCopy(copy.clone()));
    wait(&mut app, "the copy", |app| workbench(app).path == copy);
    wait(&mut app, "the save", is_saved);
    assert_eq!(project::open(&copy).unwrap().labels.len(), 2);
    assert_eq!(project::open(&path).unwrap().labels.len(), 1, "what was there is whole");
    app.shut_down();
    println!("REACHED THE END");
}

#[test]
fn read_only() {
    let Some(home) = home() else {
        return;
    };
    let path = project_in(&home);
    let app = settled(&home);
    drop(app);
    let folder = path.parent().unwrap();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(folder).status().unwrap();
    assert!(remounted.success());
    let mut app = app_in(&home);
    open(&mut app, &path);
    let Access::ReadOnly(reason) = &workbench(&app).access else {
        panic!("{:?}", workbench(&app).access);
    };
    assert!(reason.contains("read-only"), "{reason}");
    wait(&mut app, "the scores", |app| {
        workbench(app).scores.iter().any(Option::is_some)
    });
    label(&mut app, 0, Label::Unknown);
    app.apply(Action::Undo);
    assert!(workbench(&app).project.labels.is_empty());
    assert!(says(&app, "Save a copy"), "{:?}", app.state.notices);
    // Beside the recordings nothing is written either.
    safety(&mut app, SafetyAction::SaveCopy(home.join("recordings/copy/project.json")));
    assert!(says(&app, "outside the folder of recordings"));
    let copy = home.join("copy");
    safety(&mut app, SafetyAction::SaveCopy(copy.clone()));
    wait(&mut app, "the copy", |app| workbench(app).access == Access::Write);
    label(&mut app, 0, Label::Unknown);
    wait(&mut app, "the save", is_saved);
    assert_eq!(project::open(&copy.join("project.json")).unwrap().labels.len(), 1);
    app.shut_down();
    println!("REACHED THE END");
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    on_a_small_disk("disks::full");
}

#[test]
fn a_folder_that_cannot_be_written_to_opens_read_only_with_a_way_out() {
    on_a_small_disk("disks::read_only");
}
