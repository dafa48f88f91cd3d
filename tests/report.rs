//! The report in the program itself: `F9` on a screen adds its figure, labels and runs make it stale, and what is exported is what
//! was shown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/program.rs"]
mod program;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use auscult::app::{Action, App, FigureStatus, ReportAction, Screen, Workbench};
use auscult::dataset::{self, Label, Split, SyntheticConfig, SyntheticLayout};
use auscult::figures::{FigurePreset, FigureTheme};
use auscult::progress::NoProgress;
use auscult::project::{self, FigureRecipe, ReportFigure, ReportStyle};
use auscult::ui::frame::Frame;
use auscult::ui::{dialogs, theme};
use eframe::egui::{self, Event, Key, Modifiers, Pos2, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use program::{app, wait};
use resvg::usvg::roxmltree::Document;

/// A project on two synthetic machines, scored.
fn scored_project(home: &Path) -> App {
    let data = home.join("recordings");
    let config = SyntheticConfig {
        layout: SyntheticLayout::Dcase2023,
        machines: vec!["fan".to_owned(), "slider".to_owned()],
        n_clips: 20,
        clip_secs: 2.0,
        seed: 11,
    };
    dataset::write_synthetic(&data, &config, &mut NoProgress).unwrap();
    let mut app = app(home);
    app.apply(Action::Inspect(data));
    wait(&mut app, "the preview", |app| {
        app.state.preview.as_ref().is_some_and(|preview| preview.dataset.is_some())
    });
    let file = app.state.preview.as_ref().unwrap().project_file.clone();
    app.apply(Action::CreateProject(file));
    wait(&mut app, "the scores", |app| {
        app.state.workbench.as_ref().is_some_and(|open| open.comparison.is_some())
    });
    app
}

fn workbench(app: &App) -> &Workbench {
    app.state.workbench.as_ref().unwrap()
}

fn figures(app: &App) -> &[ReportFigure] {
    &workbench(app).project.report.figures
}

fn act(app: &mut App, action: ReportAction) {
    app.apply(Action::Report(action));
}

fn add(app: &mut App, recipe: FigureRecipe) -> u32 {
    act(app, ReportAction::Add(Box::new(recipe)));
    figures(app).last().unwrap().id
}

fn status(app: &App, id: u32) -> FigureStatus {
    let view = workbench(app).report.figures.get(&id);
    view.map(|view| view.status.clone()).unwrap_or_default()
}

fn svg(app: &App, id: u32) -> Option<String> {
    let view = workbench(app).report.figures.get(&id)?;
    Some(view.preview.as_ref()?.svg.clone())
}

fn wait_for(app: &mut App, id: u32, what: &str, is_so: impl Fn(&FigureStatus) -> bool) {
    wait(app, what, |app| {
        !workbench(app).report.is_drawing(id) && is_so(&status(app, id))
    });
}

fn is_fresh(status: &FigureStatus) -> bool {
    *status == FigureStatus::Fresh
}

fn is_stale(status: &FigureStatus) -> bool {
    matches!(status, FigureStatus::Stale(_))
}

fn roc(app: &App) -> FigureRecipe {
    FigureRecipe::Roc {
        run: None,
        group: workbench(app).groups[0].clone(),
    }
}

fn matrix() -> FigureRecipe {
    FigureRecipe::Matrix {
        run: None,
        metric: "hmean".to_owned(),
    }
}

fn spectrogram(app: &App) -> FigureRecipe {
    let open = workbench(app);
    FigureRecipe::Spectrogram {
        clip: open.dataset.clips[0].path.clone(),
        channel: open.dataset.channel,
        picture: open.picture_settings(),
        time_secs: None,
        frequency_hz: None,
    }
}

/// The program with its window's frame.
struct Program {
    app: App,
    frame: Frame,
}

fn window(app: App) -> Harness<'static, Program> {
    let program = Program {
        app,
        frame: Frame::default(),
    };
    Harness::builder()
        .with_size([1280.0, 720.0])
        .with_theme(Theme::Dark)
        .with_context_setup(|context| {
            theme::install(context);
            dialogs::type_paths(context);
        })
        .build_ui_state(
            |ui, program: &mut Program| {
                program.app.poll();
                let mut actions = Vec::new();
                let whole = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                ui.scope_builder(whole, |ui| program.frame.ui(ui, &program.app.state, &mut actions));
                for action in actions {
                    program.app.apply(action);
                }
            },
            program,
        )
}

fn until(harness: &mut Harness<'_, Program>, what: &str, is_so: impl Fn(&App) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so(&harness.state().app) {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    harness.run_steps(2);
}

fn press(harness: &mut Harness<'_, Program>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(3);
}

fn point_at(harness: &mut Harness<'_, Program>, pos: Pos2) {
    harness.event(Event::PointerMoved(pos));
    harness.run_steps(2);
}

#[test]
fn f9_adds_the_figure_in_sight_and_the_report_draws_it() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    app.apply(Action::ComputeMap);
    wait(&mut app, "the map", |app| {
        workbench(app).map.layout.is_some() && workbench(app).map.job.is_none()
    });
    let mut harness = window(app);
    until(&mut harness, "the clip", |app| workbench(app).focus_view.loaded.is_some());
    press(&mut harness, Modifiers::NONE, Key::F9);
    {
        let app = &harness.state().app;
        let clip = workbench(app).focused().unwrap().path.clone();
        assert!(matches!(&figures(app)[0].recipe, FigureRecipe::Spectrogram { clip: of, time_secs: None, .. } if *of == clip));
        let told = app
            .state
            .notices
            .iter()
            .any(|notice| notice.text.starts_with("Added as Fig 1"));
        assert!(told, "{:?}", app.state.notices);
    }
    press(&mut harness, Modifiers::NONE, Key::F9);
    assert_eq!(figures(&harness.state().app).len(), 1, "the same again is no second figure");

    press(&mut harness, Modifiers::COMMAND, Key::Num4);
    assert_eq!(harness.state().app.state.screen, Screen::Compare);
    point_at(&mut harness, Pos2::new(2.0, 2.0));
    press(&mut harness, Modifiers::NONE, Key::F9);
    let group = workbench(&harness.state().app).current_group().unwrap();
    for picture in [format!("ROC curves of {group}"), format!("Score histogram of {group}")] {
        let at = harness.get_by_label(&picture).rect().center();
        point_at(&mut harness, at);
        press(&mut harness, Modifiers::NONE, Key::F9);
    }
    press(&mut harness, Modifiers::COMMAND, Key::Num5);
    press(&mut harness, Modifiers::NONE, Key::F9);
    // Pooled log-mel learns nothing: it has no loss.
    press(&mut harness, Modifiers::COMMAND, Key::Num3);
    press(&mut harness, Modifiers::NONE, Key::F9);
    {
        let app = &harness.state().app;
        let kinds: Vec<&str> = figures(app).iter().map(auscult::app::figure_kind).collect();
        assert_eq!(
            kinds,
            ["Spectrogram", "Detector table", "ROC curves", "Score histogram", "Map"]
        );
        let told = app.state.notices.iter().any(|notice| notice.text.contains("no loss curve"));
        assert!(told, "{:?}", app.state.notices);
    }
    press(&mut harness, Modifiers::COMMAND, Key::Num7);
    assert_eq!(harness.state().app.state.screen, Screen::Report);
    let ids: Vec<u32> = figures(&harness.state().app).iter().map(|figure| figure.id).collect();
    until(&mut harness, "all figures", |app| {
        ids.iter().all(|&id| is_fresh(&status(app, id)) && svg(app, id).is_some())
    });
    for &id in &ids {
        let text = svg(&harness.state().app, id).unwrap();
        let document = Document::parse(&text).unwrap();
        assert_eq!(document.root_element().attribute("width"), Some("85mm"));
    }
    harness.get_by_label("Preview of Fig 5");
    press(&mut harness, Modifiers::NONE, Key::ArrowUp);
    harness.get_by_label("Preview of Fig 4");
    press(&mut harness, Modifiers::ALT, Key::ArrowUp);
    let order =
        |harness: &Harness<'_, Program>| -> Vec<u32> { figures(&harness.state().app).iter().map(|figure| figure.id).collect() };
    assert_eq!(order(&harness), [ids[0], ids[1], ids[3], ids[2], ids[4]]);
    harness.get_by_label("Preview of Fig 3");
    press(&mut harness, Modifiers::NONE, Key::Delete);
    assert_eq!(order(&harness), [ids[0], ids[1], ids[2], ids[4]]);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(order(&harness), ids, "both steps can be taken back");
}

#[test]
fn a_figure_is_stale_once_its_data_changed_and_fresh_once_it_was_refreshed() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let (recipe, picture) = (roc(&app), spectrogram(&app));
    let (curves, sound) = (add(&mut app, recipe), add(&mut app, picture));
    app.apply(Action::Show(Screen::Report));
    for id in [curves, sound] {
        wait_for(&mut app, id, "a fresh figure", is_fresh);
    }
    let (before, sound_before) = (svg(&app, curves).unwrap(), svg(&app, sound).unwrap());

    // Another label of one of its test clips.
    let group = workbench(&app).groups[0].clone();
    let clip = workbench(&app).dataset.indices(&group, Split::Test)[0];
    let was = workbench(&app).label(clip);
    let other = if was == Label::Normal {
        Label::Anomalous
    } else {
        Label::Normal
    };
    app.apply(Action::SetLabel { clip, label: other });
    wait_for(&mut app, curves, "a stale figure", is_stale);
    assert!(
        status(&app, curves).reason().unwrap().contains("labels"),
        "{:?}",
        status(&app, curves)
    );
    assert_eq!(status(&app, sound), FigureStatus::Fresh, "a label changes no sound");
    // Its curve is the one of before (the line of its data below it is the only thing that may differ).
    let points = |text: &str| -> Vec<String> {
        let document = Document::parse(text).unwrap();
        let lines = document.descendants().filter(|node| node.has_tag_name("polyline"));
        lines.map(|line| line.attribute("points").unwrap().to_owned()).collect()
    };
    assert_eq!(
        points(&svg(&app, curves).unwrap()),
        points(&before),
        "what was drawn stays until it is refreshed"
    );
    wait(&mut app, "the new comparison", |app| app.state.jobs.is_empty());
    act(&mut app, ReportAction::RefreshAll);
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    assert_ne!(points(&svg(&app, curves).unwrap()), points(&before));

    // The same label again, and the figure that was drawn with it.
    app.apply(Action::SetLabel { clip, label: was });
    wait_for(&mut app, curves, "a stale figure", is_stale);
    wait(&mut app, "the comparison of before", |app| app.state.jobs.is_empty());
    act(&mut app, ReportAction::Refresh(curves));
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    assert_eq!(points(&svg(&app, curves).unwrap()), points(&before));

    // Another run.
    app.apply(Action::score_now());
    wait(&mut app, "a second run", |app| {
        let runs = &workbench(app).runs;
        runs.len() == 2 && runs.values().all(|run| run.status == auscult::app::RunStatus::Done)
    });
    let second = workbench(&app).runs.keys().last().unwrap().clone();
    app.apply(Action::ActivateRun(second.clone()));
    wait_for(&mut app, curves, "a stale figure", is_stale);
    assert!(
        status(&app, curves).reason().unwrap().contains(&second),
        "{:?}",
        status(&app, curves)
    );
    act(&mut app, ReportAction::RefreshAll);
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    assert!(svg(&app, curves).unwrap().contains(&second), "the footer names the run");

    // Its file is gone, and back.
    let file = workbench(&app).dataset.file(&workbench(&app).dataset.clips[0]);
    let aside = home.path().join("aside.wav");
    std::fs::rename(&file, &aside).unwrap();
    app.apply(Action::Show(Screen::Browse));
    app.apply(Action::Show(Screen::Report));
    wait_for(&mut app, sound, "a broken figure", |status| {
        matches!(status, FigureStatus::Broken(_))
    });
    assert!(
        status(&app, sound).reason().unwrap().contains("is gone"),
        "{:?}",
        status(&app, sound)
    );
    std::fs::rename(&aside, &file).unwrap();
    act(&mut app, ReportAction::RefreshAll);
    wait_for(&mut app, sound, "a fresh figure", is_fresh);
    assert_eq!(svg(&app, sound).unwrap(), sound_before, "the same sound, the same drawing");
}

#[test]
fn the_report_survives_the_end_of_the_program_and_tells_what_changed_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let recipe = roc(&app);
    let (curves, table) = (add(&mut app, recipe), add(&mut app, matrix()));
    let caption = Some("Ours hears more.".to_owned());
    act(
        &mut app,
        ReportAction::SetCaption {
            id: curves,
            caption: caption.clone(),
        },
    );
    let style = ReportStyle {
        preset: FigurePreset::Slide,
        theme: FigureTheme::Dark,
        font_pt: Some(20.0),
        shows_footer: false,
    };
    act(&mut app, ReportAction::SetStyle(style));
    app.apply(Action::Show(Screen::Report));
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    wait_for(&mut app, table, "a fresh figure", is_fresh);
    let file = workbench(&app).path.clone();
    let drawn = svg(&app, curves).unwrap();
    let group = workbench(&app).groups[0].clone();
    let tested = workbench(&app).dataset.indices(&group, Split::Test)[0];
    let tested = workbench(&app).dataset.clips[tested].clone();
    app.shut_down();
    drop(app);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("<svg") && !text.contains("base64"), "recipes only");

    let mut app = program::app(home.path());
    app.apply(Action::OpenProject(file.clone()));
    wait(&mut app, "the project", |app| app.state.workbench.is_some());
    assert_eq!(app.state.screen, Screen::Report);
    let report = &workbench(&app).project.report;
    assert_eq!(
        (report.style, report.figure(curves).unwrap().caption.clone()),
        (style, caption)
    );
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    assert_eq!(
        svg(&app, curves).unwrap(),
        drawn,
        "drawn again from its recipe, it is the same"
    );
    app.shut_down();
    drop(app);

    // A label is changed in the file while nobody looks.
    let mut changed = project::open(&file).unwrap();
    let other = if tested.label == Label::Normal {
        Label::Anomalous
    } else {
        Label::Normal
    };
    changed.labels.insert(tested.path.clone(), other);
    project::save(&file, &changed).unwrap();
    let mut app = program::app(home.path());
    app.apply(Action::OpenProject(file));
    wait(&mut app, "the project", |app| app.state.workbench.is_some());
    wait_for(&mut app, curves, "a stale figure", is_stale);
    assert_eq!(
        svg(&app, curves),
        None,
        "the old drawing is nowhere kept, and the new one is not passed for it"
    );
    act(&mut app, ReportAction::Refresh(curves));
    wait_for(&mut app, curves, "a fresh figure", is_fresh);
    assert!(svg(&app, curves).is_some());
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn png_size(path: &Path) -> [u32; 2] {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let reader = png::Decoder::new(file).read_info().unwrap();
    let info = reader.info();
    [info.width, info.height]
}

#[test]
fn a_figure_that_is_not_in_the_report_is_written_alone_and_leaves_it_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let recipe = Box::new(roc(&app));
    let path = home.path().join("curves.png");
    act(
        &mut app,
        ReportAction::Save {
            recipe,
            path: path.clone(),
        },
    );
    wait(&mut app, "the figure", |app| {
        app.state.notices.iter().any(|notice| notice.text.contains("curves.png"))
    });
    assert_eq!(png_size(&path)[0], 1004, "85 mm at 300 dots an inch");
    let project = &workbench(&app).project;
    assert!(project.report.is_untouched() && project.drawn.is_empty());
}

#[test]
fn export_all_writes_the_named_files_and_each_can_be_read() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let (recipe, picture) = (roc(&app), spectrogram(&app));
    let (curves, sound, table) = (add(&mut app, recipe), add(&mut app, picture), add(&mut app, matrix()));
    let lost = add(
        &mut app,
        FigureRecipe::Loss {
            run: "no such run".to_owned(),
        },
    );
    let title = Some("A fan, heard".to_owned());
    act(&mut app, ReportAction::SetTitle { id: sound, title });
    let mine = "Mine & <only> mine".to_owned();
    act(
        &mut app,
        ReportAction::SetCaption {
            id: sound,
            caption: Some(mine),
        },
    );
    let out = home.path().join("a folder/that is new");
    act(&mut app, ReportAction::ExportAll(out.clone()));
    wait(&mut app, "the export", |app| {
        app.state.notices.iter().any(|notice| notice.text.starts_with("Exported"))
    });
    let group = workbench(&app).groups[0].to_string().replace(' ', "-");
    let curve_stem = format!("fig-1-{group}-ROC");
    let stems = [
        (curve_stem.as_str(), vec!["svg", "png", "csv"]),
        ("fig-2-A-fan-heard", vec!["svg", "png", "csv"]),
        ("fig-3-hmean-by-machine-and-detector", vec!["svg", "png", "csv", "tex", "md"]),
    ];
    let mut expected: BTreeSet<String> = stems
        .iter()
        .flat_map(|(stem, endings)| endings.iter().map(move |ending| format!("{stem}.{ending}")))
        .collect();
    expected.insert("report.html".to_owned());
    assert_eq!(names_in(&out), expected);
    let left_out = app
        .state
        .notices
        .iter()
        .find(|notice| notice.text.starts_with("Fig 4"))
        .unwrap();
    assert!(left_out.text.contains("no such run"), "{}", left_out.text);
    for (stem, _) in &stems {
        let text = std::fs::read_to_string(out.join(format!("{stem}.svg"))).unwrap();
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("width"), Some("85mm"));
        // 85 mm at 300 dots an inch, and the height in proportion.
        let view: Vec<f64> = root
            .attribute("viewBox")
            .unwrap()
            .split(' ')
            .map(|part| part.parse().unwrap())
            .collect();
        let [width, height] = png_size(&out.join(format!("{stem}.png")));
        assert_eq!(width, 1004);
        assert!(
            (f64::from(height) - 1004.0 * view[3] / view[2]).abs() <= 1.0,
            "{height} for {view:?}"
        );
        let rows = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .flexible(true)
            .from_path(out.join(format!("{stem}.csv")))
            .unwrap()
            .into_records()
            .count();
        assert!(rows > 1, "{stem}.csv");
    }
    let latex = std::fs::read_to_string(out.join(format!("{}.tex", stems[2].0))).unwrap();
    assert!(latex.contains("\\toprule") && latex.contains("fan 00") && latex.contains("slider 00"));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(page.matches("<figure ").count(), 3);
    assert!(page.contains("Mine &amp; &lt;only&gt; mine") && page.contains("no labels used"));
    assert_eq!(svg(&app, lost), None);

    // On a slide: the page of a slide, 1920 × 1080 pixels.
    let style = ReportStyle {
        preset: FigurePreset::Slide,
        ..ReportStyle::default()
    };
    act(&mut app, ReportAction::SetStyle(style));
    for (id, name) in [(curves, "curves.png"), (sound, "sound.png"), (table, "table.png")] {
        let path = home.path().join(name);
        act(&mut app, ReportAction::Export { id, path: path.clone() });
        wait(&mut app, "a slide", |_| path.exists());
        assert_eq!(png_size(&path), [1920, 1080], "{name}");
    }
    let wrong = PathBuf::from(home.path()).join("curves.docx");
    act(&mut app, ReportAction::Export { id: curves, path: wrong });
    wait(&mut app, "the refusal", |app| {
        app.state
            .notices
            .iter()
            .any(|notice| notice.text.contains("choose a name that ends in .svg, .png or .csv"))
    });
}

/// A kept event is no clip of the data set: its file lies beside the project's.
#[test]
fn a_part_of_a_recording_beside_the_project_is_drawn_from_its_file() {
    let home = tempfile::tempdir().unwrap();
    let mut app = scored_project(home.path());
    let beside = workbench(&app).path.parent().unwrap().join("recordings");
    std::fs::create_dir_all(&beside).unwrap();
    let clip = workbench(&app).dataset.file(&workbench(&app).dataset.clips[0]);
    std::fs::copy(clip, beside.join("kept.wav")).unwrap();
    let whole = spectrogram(&app);
    let FigureRecipe::Spectrogram { channel, picture, .. } = whole else {
        panic!("a spectrogram was asked for");
    };
    let part = FigureRecipe::Spectrogram {
        clip: workbench(&app).clip_name(&beside.join("kept.wav")),
        channel,
        picture,
        time_secs: Some([0.5, 1.0]),
        frequency_hz: Some([300.0, 1200.0]),
    };
    assert!(matches!(&part, FigureRecipe::Spectrogram { clip, .. } if clip == "recordings/kept.wav"));
    let id = add(&mut app, part);
    wait_for(&mut app, id, "a fresh figure", is_fresh);
    let path = home.path().join("part.csv");
    act(&mut app, ReportAction::Export { id, path: path.clone() });
    wait(&mut app, "the file", |_| path.exists());
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let hz: Vec<f64> = header
        .iter()
        .skip(1)
        .map(|name| name.trim_end_matches(" Hz").parse().unwrap())
        .collect();
    assert!(hz.len() > 100 && hz.iter().all(|hz| (300.0..=1200.0).contains(hz)), "{hz:?}");
    let secs: Vec<f64> = reader.records().map(|row| row.unwrap()[0].parse().unwrap()).collect();
    assert!(
        secs.len() > 10 && secs.iter().all(|secs| (0.45..1.05).contains(secs)),
        "{secs:?}"
    );
}
