//! Boxes: each step is taken back and done again; they come back with the project; files of other programs.

use auscult::annotations::{Annotation, Format};
use auscult::app::{Action, App, BoxAction};
use auscult::project;

use crate::{Home, add, boxed, is_saved, open, says, wait, workbench};

fn change(app: &mut App, clip: usize, goes_on: bool, change: impl FnOnce(&mut Annotation)) {
    let mut annotation = workbench(app).boxes(clip)[0].clone();
    change(&mut annotation);
    app.apply(Action::Box(BoxAction::Change {
        clip,
        box_idx: 0,
        annotation,
        goes_on,
    }));
}

#[test]
fn every_step_can_be_taken_back_and_done_again() {
    let home = Home::new();
    let mut app = home.opened();
    add(&mut app, 3, boxed("", 0.5));
    change(&mut app, 3, false, |moved| moved.start_secs = 0.25);
    for (typed, goes_on) in [("k", false), ("kn", true), ("knock", true)] {
        change(&mut app, 3, goes_on, |named| typed.clone_into(&mut named.label));
    }
    change(&mut app, 3, false, |noted| "at every turn".clone_into(&mut noted.note));
    app.apply(Action::Box(BoxAction::Delete { clip: 3, box_idx: 0 }));
    assert!(workbench(&app).boxes(3).is_empty());
    assert!(workbench(&app).project.boxes.is_empty(), "no clip without boxes is kept");

    let steps = ["Delete a box", "Note on a box", "Name a box", "Move a box", "Draw a box"];
    for step in steps {
        assert_eq!(workbench(&app).can_undo(), Some(step), "what was typed at one go is one step");
        app.apply(Action::Undo);
    }
    assert!(workbench(&app).boxes(3).is_empty());
    for _ in 0..steps.len() - 1 {
        app.apply(Action::Redo);
    }
    let there = &workbench(&app).boxes(3)[0];
    assert_eq!((there.label.as_str(), there.note.as_str()), ("knock", "at every turn"));
    assert_eq!((there.start_secs, there.end_secs), (0.25, 0.75));

    wait(&mut app, "the save", is_saved);
    let expected = workbench(&app).project.boxes.clone();
    app.apply(Action::CloseProject);
    open(&mut app, &home.project());
    assert_eq!(workbench(&app).project.boxes, expected);
    // What does not exist is not changed.
    app.apply(Action::Box(BoxAction::Delete { clip: 3, box_idx: 9 }));
    add(&mut app, 999, boxed("nowhere", 0.0));
    assert_eq!(workbench(&app).project.boxes, expected);
}

#[test]
fn boxes_go_out_and_come_back_exactly() {
    let home = Home::new();
    let mut app = home.opened();
    let paths: Vec<String> = workbench(&app).dataset.clips.iter().map(|clip| clip.path.clone()).collect();
    // Two folders of this layout have files of the same name: the path tells.
    let same = (1..paths.len()).find(|&clip| name(&paths[clip]) == name(&paths[0])).unwrap();
    for clip in [0, same] {
        add(&mut app, clip, boxed(&format!("on {clip}"), 0.1));
        add(
            &mut app,
            clip,
            Annotation {
                low_hz: None,
                high_hz: None,
                note: "no frequencies".to_owned(),
                ..boxed("all of it", 1.0 / 3.0)
            },
        );
    }
    let drawn = workbench(&app).project.boxes.clone();
    let out = home.path().join("out");
    for (format, clip, path) in [
        (Format::Raven, None, out.join("all.txt")),
        (Format::Raven, Some(same), out.join("one.txt")),
        (Format::Audacity, Some(same), out.join("labels.txt")),
        (Format::Audacity, None, out.join("tracks")),
    ] {
        app.apply(Action::Box(BoxAction::Export {
            format,
            clip,
            path: path.clone(),
        }));
        wait(&mut app, "the file", |app| says(app, &format!(": {}", path.display())));
    }
    let without_boxes = |app: &mut App| {
        while !workbench(app).project.boxes.is_empty() {
            app.apply(Action::Undo);
        }
    };
    without_boxes(&mut app);
    // All by their names in one table.
    app.apply(Action::Box(BoxAction::Import {
        file: out.join("all.txt"),
        clip: 5,
    }));
    wait(&mut app, "the boxes", |app| says(app, "4 boxes imported into 2 clips"));
    assert_eq!(workbench(&app).project.boxes, drawn);
    app.apply(Action::Box(BoxAction::Import {
        file: out.join("all.txt"),
        clip: 5,
    }));
    wait(&mut app, "the word", |app| says(app, "No new boxes; 4 there already"));
    assert_eq!(workbench(&app).project.boxes, drawn);
    // One clip's, into the clip in focus.
    app.apply(Action::Undo);
    app.apply(Action::Box(BoxAction::Import {
        file: out.join("one.txt"),
        clip: same,
    }));
    wait(&mut app, "the boxes", |app| says(app, "2 boxes imported into 1 clip"));
    assert_eq!(workbench(&app).project.boxes[&paths[same]], drawn[&paths[same]]);
    // Label tracks by their own names; they bear no notes.
    app.apply(Action::Undo);
    app.apply(Action::Box(BoxAction::ImportFolder(out.join("tracks"))));
    wait(&mut app, "the boxes", |app| !workbench(app).project.boxes.is_empty());
    let bare = |clip: usize| {
        let strip = |drawn: &Annotation| Annotation {
            note: String::new(),
            ..drawn.clone()
        };
        drawn[&paths[clip]].iter().map(strip).collect::<Vec<_>>()
    };
    for clip in [0, same] {
        assert_eq!(workbench(&app).project.boxes[&paths[clip]], bare(clip));
    }
    wait(&mut app, "the save", is_saved);
    assert_eq!(project::open(&home.project()).unwrap().boxes, workbench(&app).project.boxes);
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[test]
fn what_cannot_be_taken_in_is_said_and_data_folders_are_not_written_to() {
    let home = Home::new();
    let mut app = home.opened();
    let import = |app: &mut App, text: &str, clip| {
        let file = home.path().join("in.txt");
        std::fs::write(&file, text).unwrap();
        app.apply(Action::Box(BoxAction::Import { file, clip }));
    };
    import(&mut app, "1.0\tsoon\tlabel\n", 0);
    wait(&mut app, "the word", |app| {
        says(app, "line 1: 'soon' is no number") && says(app, "in.txt")
    });
    let header = "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tAnnotation\n";
    import(
        &mut app,
        &format!("{header}1\t0\t1\tsomewhere.wav\ta\n2\t0\t1\telse.wav\tb\n"),
        0,
    );
    wait(&mut app, "the word", |app| {
        says(app, "No new boxes; not among these recordings: else.wav, somewhere.wav")
    });
    // The only recording that a table names has another name here: the person has said whose boxes they are.
    import(&mut app, &format!("{header}1\t0\t99\tsomewhere.wav\ta\n"), 2);
    wait(&mut app, "the box", |app| says(app, "1 end after their clip does"));
    assert_eq!(workbench(&app).boxes(2)[0].label, "a");
    let path = home.recordings().join("boxes.txt");
    app.apply(Action::Box(BoxAction::Export {
        format: Format::Raven,
        clip: None,
        path: path.clone(),
    }));
    assert!(says(&app, "outside the folder of recordings") && !path.exists());
}
