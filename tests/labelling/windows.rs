//! Two windows on one project, and a project that is opened again.

use auscult::app::{Access, Action, SafetyAction};
use auscult::dataset::Label;
use auscult::project;

use crate::{Home, add, app_in, boxed, is_saved, label, open, places, safety, says, wait, workbench};

#[test]
fn the_second_window_reads_only_and_says_who_has_it() {
    let home = Home::new();
    let mut first = home.opened();
    wait(&mut first, "the scores", |app| {
        workbench(app).scores.iter().any(Option::is_some)
    });
    wait(&mut first, "the save", is_saved);
    let mut second = app_in(home.path());
    open(&mut second, &home.project());
    let Access::HeldBy(holder) = &workbench(&second).access else {
        panic!("{:?}", workbench(&second).access);
    };
    assert!(holder.contains(&format!("process {}", std::process::id())), "{holder}");
    label(&mut second, 0, Label::Unknown);
    add(&mut second, 0, boxed("refused", 0.0));
    second.apply(Action::score_now());
    assert!(workbench(&second).project.labels.is_empty() && workbench(&second).project.boxes.is_empty());
    assert!(says(&second, "Read only: the project is open in another window"));

    // The first goes on as if nothing were.
    label(&mut first, 1, Label::Unknown);
    wait(&mut first, "the save", is_saved);
    assert_eq!(project::open(&home.project()).unwrap().labels.len(), 1);
    safety(&mut second, SafetyAction::TryAgain);
    wait(&mut second, "the project", |app| app.state.jobs.is_empty());
    assert!(matches!(workbench(&second).access, Access::HeldBy(_)), "it is held still");

    // A copy is one's own, with runs and all.
    let copy = home.path().join("copy/project.json");
    safety(&mut second, SafetyAction::SaveCopy(copy.clone()));
    wait(&mut second, "the copy", |app| workbench(app).access == Access::Write);
    assert_eq!(workbench(&second).path, copy);
    label(&mut second, 2, Label::Unknown);
    wait(&mut second, "the save", is_saved);
    let copied = project::open(&copy).unwrap();
    assert_eq!(copied.labels.len(), 2, "what the first had done, and one more");
    assert_eq!(copied.data_root(&copy), home.recordings());
    assert!(copied.runs.keys().all(|run| copy.with_file_name("runs").join(run).is_dir()));
    assert_eq!(project::open(&home.project()).unwrap().labels.len(), 1);

    // Whoever closes it, or ends in any way, sets it free.
    let mut third = app_in(home.path());
    open(&mut third, &home.project());
    drop(first);
    safety(&mut third, SafetyAction::TryAgain);
    wait(&mut third, "the project", |app| {
        app.state
            .workbench
            .as_ref()
            .is_some_and(|workbench| workbench.access == Access::Write)
    });
    label(&mut third, 3, Label::Unknown);
    wait(&mut third, "the save", is_saved);
    assert_eq!(project::open(&home.project()).unwrap().labels.len(), 2);
}

#[test]
fn opening_the_open_project_again_loses_nothing() {
    let home = Home::new();
    let mut app = home.opened();
    label(&mut app, 4, Label::Unknown);
    app.apply(Action::OpenProject(home.project()));
    label(&mut app, 5, Label::Unknown);
    wait(&mut app, "the project", |app| {
        !app.state
            .jobs
            .iter()
            .any(|job| job.kind == auscult::app::JobKind::OpenProject)
    });
    assert_eq!(workbench(&app).access, Access::Write);
    assert_eq!(workbench(&app).project.labels.len(), 2);
    wait(&mut app, "the save", is_saved);
    assert_eq!(project::open(&home.project()).unwrap().labels.len(), 2);
}

/// What a program leaves that ended without a word before it had saved a label and a box.
fn crashed(home: &Home) {
    let mut app = home.opened();
    wait(&mut app, "the scores", |app| {
        workbench(app).scores.iter().any(Option::is_some)
    });
    wait(&mut app, "the save", is_saved);
    let path = workbench(&app).dataset.clips[6].path.clone();
    drop(app);
    let mut changed = project::open(&home.project()).unwrap();
    changed.labels.insert(path.clone(), Label::Unknown);
    changed.boxes.insert(path, vec![boxed("unsaved", 0.5)]);
    places(home.path(), &home.project()).keep(&changed).unwrap();
}

#[test]
fn unsaved_work_is_recovered_discarded_or_set_aside() {
    for decision in [SafetyAction::Recover, SafetyAction::Discard, SafetyAction::OpenWithout] {
        let home = Home::new();
        crashed(&home);
        let mut app = home.opened();
        let recovery = app.state.recovery.clone().expect("a question");
        assert!(app.state.workbench.is_none(), "nothing is open before it is answered");
        assert_eq!(recovery.differences.len(), 2, "{:?}", recovery.differences);
        assert!(
            recovery.differences[0].starts_with("1 changed label"),
            "{:?}",
            recovery.differences
        );
        safety(&mut app, decision.clone());
        wait(&mut app, "the project", |app| app.state.workbench.is_some());
        assert!(app.state.recovery.is_none());
        wait(&mut app, "the save", is_saved);
        let n_boxes = usize::from(decision == SafetyAction::Recover);
        assert_eq!(workbench(&app).boxes(6).len(), n_boxes, "{decision:?}");
        assert_eq!(project::open(&home.project()).unwrap().boxes.len(), n_boxes, "{decision:?}");
        let aside = home.project().with_file_name("project unsaved.json");
        assert_eq!(aside.is_file(), decision == SafetyAction::OpenWithout);
        if aside.is_file() {
            assert_eq!(project::open(&aside).unwrap().boxes.len(), 1);
            assert!(says(&app, "project unsaved.json"));
        }
        drop(app);
        assert!(home.opened().state.recovery.is_none(), "a question is asked once");
    }
}
