//! The screen Report and `F9` on made-up states: what each control wishes, found by its accessible name, and one picture a state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use auscult::app::{
    Action, EventVerdict, FigureStatus, FigureView, LiveEvent, Preview, ReportAction, RunStatus, Screen, State, Workbench,
};
use auscult::audio::Clip;
use auscult::figures::{self, Figure, FigurePreset, FigureStyle, FigureTheme, LossFigure, Plate, Table, TableRow};
use auscult::project::{FigureRecipe, ReportFigure, ReportStyle};
use auscult::ui::frame::Frame;
use common::{Scene, focus, group, run, workbench};
use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Theme, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

const ROC: u32 = 3;
const TABLE: u32 = 7;
const LOSS: u32 = 8;

fn window_of_size(size: [f32; 2], state: State, theme: Theme) -> Harness<'static, Scene> {
    let mut frame = Frame::default();
    let mut harness = common::harness_of_size(size, state, theme, move |ui, state, actions| frame.ui(ui, state, actions));
    harness.run();
    harness.state_mut().take();
    harness
}

fn window(state: State) -> Harness<'static, Scene> {
    window_of_size([1280.0, 720.0], state, Theme::Dark)
}

fn press(harness: &mut Harness<'_, Scene>, modifiers: Modifiers, key: Key) -> Vec<Action> {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
    harness.state_mut().take()
}

fn click(harness: &mut Harness<'_, Scene>, label: &str) -> Vec<Action> {
    harness.get_by_label(label).click();
    harness.run();
    harness.state_mut().take()
}

fn show(screen: Screen, workbench: Workbench) -> State {
    State {
        screen,
        workbench: Some(workbench),
        ..State::default()
    }
}

fn figure(id: u32, recipe: FigureRecipe) -> ReportFigure {
    ReportFigure {
        id,
        recipe,
        title: None,
        caption: None,
        shows_intervals: true,
    }
}

fn loss_plate() -> Plate {
    let curve = |lift: f64| {
        (0..12)
            .map(|epoch| 8.0 + lift + 12.0 * (-0.5 * f64::from(epoch)).exp())
            .collect()
    };
    Plate::Figure(Figure::Loss(LossFigure {
        title: "fan 00: ROC".to_owned(),
        curves: vec![("training".to_owned(), curve(0.0)), ("held out".to_owned(), curve(1.0))],
    }))
}

fn table_plate() -> Plate {
    let row = |name: &str, values: [f64; 4]| TableRow {
        name: name.to_owned(),
        values: values.map(Some).to_vec(),
        marks_best: true,
    };
    Plate::Table {
        title: "hmean by machine and detector".to_owned(),
        table: Table {
            caption: "Made up.".to_owned(),
            columns: ["KNN", "LOF", "COS", "Fusion"].map(str::to_owned).to_vec(),
            rows: vec![
                row("bearing 00", [0.61, 0.58, 0.6, 0.66]),
                row("fan 00", [0.71, 0.69, 0.66, 0.7]),
            ],
            intervals: Vec::new(),
        },
    }
}

fn drawn(plate: &Plate, style: &FigureStyle, status: FigureStatus) -> FigureView {
    let drawn = plate.on_paper(style, None).unwrap();
    let mut view = FigureView::default();
    view.status = status;
    view.caption = "Loss of fan over 12 epochs, made up for a test.".to_owned();
    view.preview = Some(Arc::new(Preview {
        pixels: figures::pixels_of(&drawn.svg, 1200).unwrap(),
        svg: drawn.svg,
        type_pt: drawn.type_pt,
    }));
    view
}

/// Three figures: a fresh one, a stale table, one that cannot be drawn.
fn report() -> Workbench {
    report_in(&FigureStyle::of(FigurePreset::PaperColumn))
}

fn report_in(style: &FigureStyle) -> Workbench {
    let mut workbench = workbench();
    focus(&mut workbench, 37);
    let roc = FigureRecipe::Roc {
        run: None,
        group: group("fan", "00"),
    };
    let matrix = FigureRecipe::Matrix {
        run: None,
        metric: "hmean".to_owned(),
    };
    let loss = FigureRecipe::Loss {
        run: "dense-ae-1".to_owned(),
    };
    workbench.project.report.figures = vec![figure(ROC, roc), figure(TABLE, matrix), figure(LOSS, loss)];
    workbench.project.report.style = ReportStyle {
        preset: style.preset,
        theme: style.theme,
        ..ReportStyle::default()
    };
    let style = FigureStyle {
        footer: Some("run dense-ae-1 · seed 7 · data 91ac0d2e · 2026-11-22".to_owned()),
        ..style.clone()
    };
    let changes = vec!["labels of its clips changed".to_owned()];
    let views = &mut workbench.report.figures;
    views.insert(ROC, drawn(&loss_plate(), &style, FigureStatus::Fresh));
    views.insert(TABLE, drawn(&table_plate(), &style, FigureStatus::Stale(changes)));
    let mut broken = FigureView::default();
    broken.status = FigureStatus::Broken("the run dense-ae-1 is not in this project any more".to_owned());
    views.insert(LOSS, broken);
    workbench
}

fn wish(action: ReportAction) -> Action {
    Action::Report(action)
}

#[test]
fn pictures() {
    let mut results = egui_kittest::SnapshotResults::new();
    let slide = FigureStyle {
        theme: FigureTheme::Dark,
        ..FigureStyle::of(FigurePreset::Slide)
    };
    let broken = |mut workbench: Workbench| {
        workbench.project.report.figures.swap(0, 2);
        workbench
    };
    let large = [1280.0, 720.0];
    let small = [1024.0, 640.0];
    // (name, size, theme, what is clicked first)
    let shots = [
        ("report_empty_dark", large, Theme::Dark, workbench(), None),
        (
            "report_fresh_dark",
            large,
            Theme::Dark,
            report(),
            Some("Fig 1: fan 00: ROC, fresh"),
        ),
        (
            "report_stale_light",
            small,
            Theme::Light,
            report(),
            Some("Fig 2: hmean by machine and detector, stale"),
        ),
        ("report_broken_light", large, Theme::Light, report(), None),
        (
            "report_slide_dark",
            small,
            Theme::Dark,
            broken(report_in(&slide)),
            Some("Fig 3: fan 00: ROC, fresh"),
        ),
    ];
    for (name, size, theme, workbench, clicked) in shots {
        let mut harness = window_of_size(size, show(Screen::Report, workbench), theme);
        if let Some(label) = clicked {
            harness.get_by_label(label).click();
            harness.run();
            // The pointer is not to be in the picture.
            harness.event(Event::PointerGone);
            harness.run();
        }
        harness.snapshot(name);
        results.extend_harness(&mut harness);
    }
}

#[test]
fn an_empty_report_says_what_fills_it() {
    let mut harness = window(show(Screen::Report, workbench()));
    harness.get_by_label("No figures yet");
    assert!(harness.query_by_label("Export all…").is_none());
    let wishes = press(&mut harness, Modifiers::NONE, Key::F9);
    assert!(
        matches!(&wishes[..], [Action::Report(ReportAction::NothingToAdd(_))]),
        "{wishes:?}"
    );
}

#[test]
fn every_control_wishes_what_it_says() {
    let mut harness = window(show(Screen::Report, report()));
    // The last one is shown at first: it was added last.
    harness.get_by_label("Preview of Fig 3");
    assert!(
        harness
            .query_by_label_contains("It cannot be drawn: the run dense-ae-1")
            .is_some()
    );
    assert_eq!(click(&mut harness, "Fig 1: fan 00: ROC, fresh"), [], "a look changes nothing");
    harness.get_by_label("Preview of Fig 1");
    let id = ROC;
    assert_eq!(click(&mut harness, "Down"), [wish(ReportAction::Move { id, to: 1 })]);
    assert_eq!(click(&mut harness, "Remove"), [wish(ReportAction::Remove(id))]);
    assert_eq!(click(&mut harness, "Refresh"), [wish(ReportAction::Refresh(id))]);
    assert_eq!(click(&mut harness, "Refresh all"), [wish(ReportAction::RefreshAll)]);
    assert_eq!(
        click(&mut harness, "Intervals"),
        [wish(ReportAction::ShowIntervals { id, is_shown: false })]
    );
    let style = ReportStyle::default();
    assert_eq!(
        click(&mut harness, "Footer"),
        [wish(ReportAction::SetStyle(ReportStyle {
            shows_footer: false,
            ..style
        }))]
    );
    harness.get_by_role_and_label(Role::ComboBox, "Size").click();
    harness.run();
    assert_eq!(
        click(&mut harness, "Slide 16:9"),
        [wish(ReportAction::SetStyle(ReportStyle {
            preset: FigurePreset::Slide,
            ..style
        }))]
    );
    harness.get_by_role_and_label(Role::ComboBox, "Colours").click();
    harness.run();
    assert_eq!(
        click(&mut harness, "Dark"),
        [wish(ReportAction::SetStyle(ReportStyle {
            theme: FigureTheme::Dark,
            ..style
        }))]
    );
    assert!(harness.query_by_label("LaTeX").is_none(), "curves are no table");
    click(&mut harness, "SVG");
    let saved = click(&mut harness, "Save");
    assert_eq!(
        saved,
        [wish(ReportAction::Export {
            id,
            path: PathBuf::from("fig-1-fan-00-ROC.svg")
        })]
    );
    click(&mut harness, "Export all…");
    harness.get_by_label("Path of the folder").type_text("/tmp/out");
    harness.run();
    assert_eq!(
        click(&mut harness, "Open"),
        [wish(ReportAction::ExportAll(PathBuf::from("/tmp/out")))]
    );
    click(&mut harness, "Fig 2: hmean by machine and detector, stale");
    harness.get_by_label("Drawn before this changed: labels of its clips changed");
    for format in ["SVG", "PNG", "CSV", "LaTeX", "Markdown"] {
        harness.get_by_label(format);
    }
}

#[test]
fn keys_go_through_the_list_and_move_and_remove() {
    let mut harness = window(show(Screen::Report, report()));
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::ArrowUp), []);
    harness.get_by_label("Preview of Fig 2");
    assert_eq!(
        press(&mut harness, Modifiers::ALT, Key::ArrowUp),
        [wish(ReportAction::Move { id: TABLE, to: 0 })]
    );
    assert_eq!(
        press(&mut harness, Modifiers::ALT, Key::ArrowDown),
        [wish(ReportAction::Move { id: TABLE, to: 2 })]
    );
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::Delete),
        [wish(ReportAction::Remove(TABLE))]
    );
}

#[test]
fn a_title_and_a_caption_are_the_reports_once_the_field_is_left() {
    let mut harness = window(show(Screen::Report, report()));
    click(&mut harness, "Fig 1: fan 00: ROC, fresh");
    harness.get_by_role_and_label(Role::TextInput, "Title").focus();
    harness.run();
    assert_eq!(
        press(&mut harness, Modifiers::NONE, Key::Delete),
        [],
        "Delete belongs to the field"
    );
    harness.get_by_role_and_label(Role::TextInput, "Title").type_text(" of ours");
    harness.run();
    assert_eq!(harness.state_mut().take(), [], "nothing while a person types");
    harness.get_by_role_and_label(Role::MultilineTextInput, "Caption").focus();
    harness.run();
    let wishes = harness.state_mut().take();
    assert!(
        matches!(&wishes[..], [Action::Report(ReportAction::SetTitle { id: ROC, title: Some(title) })] if title.contains("of ours")),
        "{wishes:?}"
    );
    // Another figure is shown before the field is left.
    harness
        .get_by_role_and_label(Role::MultilineTextInput, "Caption")
        .type_text("Mine. ");
    harness.run();
    let wishes = click(&mut harness, "Fig 2: hmean by machine and detector, stale");
    assert!(
        matches!(&wishes[..], [Action::Report(ReportAction::SetCaption { id: ROC, caption: Some(caption) })] if caption.contains("Mine.")),
        "{wishes:?}"
    );
}

#[test]
fn dragging_a_figure_moves_it() {
    let mut harness = window(show(Screen::Report, report()));
    let from = harness.get_by_label("Fig 1: fan 00: ROC, fresh").rect().center();
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(from));
    harness.event(button(from, true));
    harness.run_steps(1);
    let to = from + vec2(0.0, 100.0);
    for step in 1..=4 {
        harness.event(Event::PointerMoved(from + (to - from) * (step as f32 / 4.0)));
        harness.run_steps(1);
    }
    harness.event(button(to, false));
    harness.run_steps(2);
    assert_eq!(harness.state_mut().take(), [wish(ReportAction::Move { id: ROC, to: 2 })]);
}

#[test]
fn f9_adds_the_loss_of_the_run_that_is_shown() {
    let mut workbench = workbench();
    workbench.runs.insert("dense-ae-1".to_owned(), run(RunStatus::Done, 12, None));
    let mut harness = window(show(Screen::Train, workbench));
    let loss = [wish(ReportAction::Add(Box::new(FigureRecipe::Loss {
        run: "dense-ae-1".to_owned(),
    })))];
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::F9), loss);
    click(&mut harness, "Save figure…");
    assert_eq!(click(&mut harness, "Add to report F9"), loss);
}

#[test]
fn a_figure_in_sight_is_written_to_a_file_by_its_key() {
    let mut workbench = workbench();
    focus(&mut workbench, 37);
    let mut harness = window(show(Screen::Browse, workbench));
    assert_eq!(press(&mut harness, Modifiers::COMMAND, Key::E), [], "first it is asked where");
    let wishes = click(&mut harness, "Save");
    let [Action::Report(ReportAction::Save { recipe, path })] = wishes.as_slice() else {
        panic!("not {wishes:?}");
    };
    assert!(matches!(**recipe, FigureRecipe::Spectrogram { .. }));
    assert!(path.extension().is_some_and(|ending| ending == "svg"), "{}", path.display());
}

#[test]
fn f9_adds_what_is_in_sight_of_the_clip() {
    let mut workbench = workbench();
    focus(&mut workbench, 37);
    let path = workbench.focused().unwrap().path.clone();
    let mut harness = window(show(Screen::Browse, workbench));
    let added = |wishes: &[Action]| match wishes {
        [Action::Report(ReportAction::Add(recipe))] => (**recipe).clone(),
        other => panic!("{other:?}"),
    };
    let whole = added(&press(&mut harness, Modifiers::NONE, Key::F9));
    let FigureRecipe::Spectrogram {
        clip,
        time_secs: None,
        frequency_hz: None,
        ..
    } = whole
    else {
        panic!("{whole:?}");
    };
    assert_eq!(clip, path);
    // Zoomed, the part that is in sight.
    let name = path.rsplit('/').next().unwrap();
    let middle = harness.get_by_label(&format!("Spectrogram of {name}")).rect().center();
    harness.event(Event::PointerMoved(middle));
    harness.event(Event::Zoom(4.0));
    harness.run();
    harness.state_mut().take();
    let FigureRecipe::Spectrogram {
        time_secs: Some([start, end]),
        ..
    } = added(&press(&mut harness, Modifiers::NONE, Key::F9))
    else {
        panic!("the zoom is lost");
    };
    assert!(start > 0.5 && end < 9.5 && end - start < 6.0, "{start}..{end}");
}

#[test]
fn f9_in_live_adds_the_event_that_was_kept() {
    let event = |id: u64, file: Option<&str>| LiveEvent {
        id,
        start: id * 80_000,
        end: id * 80_000 + 40_000,
        peak: 99.0,
        is_near_miss: false,
        at: 1_795_000_000,
        is_going_on: false,
        clip: Some(Arc::new(Clip::default())),
        verdict: file.map(|_| EventVerdict::Kept),
        file: file.map(PathBuf::from),
    };
    let mut state = show(Screen::Live, workbench());
    state.live.devices = Some(Vec::new());
    state.live.events = vec![event(3, None)];
    let mut harness = window(state);
    let wishes = press(&mut harness, Modifiers::NONE, Key::F9);
    assert!(
        matches!(&wishes[..], [Action::Report(ReportAction::NothingToAdd(why))] if why.contains("Keep an event first")),
        "{wishes:?}"
    );
    let folder = harness
        .state()
        .state
        .workbench
        .as_ref()
        .unwrap()
        .path
        .parent()
        .unwrap()
        .to_owned();
    let kept = |name: &str| folder.join("recordings").join(name);
    harness.state_mut().state.live.events = vec![
        event(3, None),
        event(2, kept("second.wav").to_str()),
        event(1, kept("first.wav").to_str()),
    ];
    harness.run();
    let clip_of = |wishes: &[Action]| match wishes {
        [Action::Report(ReportAction::Add(recipe))] => match &**recipe {
            FigureRecipe::Spectrogram { clip, .. } => clip.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    // The newest that was kept, or the one under the pointer; its place is told relative to the project.
    assert_eq!(
        clip_of(&press(&mut harness, Modifiers::NONE, Key::F9)),
        "recordings/second.wav"
    );
    let first = harness.get_by_label("Play the event at 00:05.00").rect().center();
    harness.event(Event::PointerMoved(pos2(first.x + 60.0, first.y)));
    harness.run();
    assert_eq!(
        clip_of(&press(&mut harness, Modifiers::NONE, Key::F9)),
        "recordings/first.wav"
    );
}
