//! Triage: one clip fills the screen, and an arrow key decides on it.

use std::sync::Arc;

use eframe::egui::{
    self, Align, Atom, AtomKind, AtomPaintArgs, Button, Color32, ComboBox, IntoSizedResult, Key, Layout, Modifiers, Panel,
    ProgressBar, RichText, SizedAtomKind, Stroke, Vec2,
};

use super::cells::percentile_color;
use super::crops::ordinal;
use super::picture::PictureView;
use crate::app::{Action, State, Triage, TriageAction, TriageOrder, Workbench};
use crate::dataset::{ClipEntry, Domain, Label};
use crate::ui::theme;
use crate::ui::widgets::{count, labelled_button, primary_button};

/// Height of the buttons that decide.
const DECIDE_POINTS: f32 = 34.0;
const ARROW_POINTS: f32 = 12.0;

/// The whole screen while a triage is going on.
pub(super) fn ui(
    ui: &mut egui::Ui,
    state: &State,
    workbench: &Workbench,
    triage: &Triage,
    picture: &mut PictureView,
    actions: &mut Vec<Action>,
) {
    head(ui, workbench, triage, actions);
    match triage.current() {
        Some(clip_idx) => {
            Panel::bottom("decide")
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::NONE.inner_margin(egui::Margin {
                    top: 2 * theme::GRID as i8,
                    ..egui::Margin::ZERO
                }))
                .show(ui, |ui| decide(ui, workbench, triage, clip_idx, actions));
            about(ui, workbench, clip_idx);
            egui::CentralPanel::no_frame()
                .frame(egui::Frame::NONE)
                .show(ui, |ui| picture.ui(ui, state, workbench, actions));
        }
        None => done(ui, workbench, triage, actions),
    }
    // Last: a box that is being drawn, a selection or a list that is open has the key first.
    let is_elsewhere = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
    if !is_elsewhere && !ui.ctx().text_edit_focused() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        actions.push(Action::Triage(TriageAction::Leave));
    }
}

/// How far it is; in what order; whether clips are heard as they come.
fn head(ui: &mut egui::Ui, workbench: &Workbench, triage: &Triage, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.heading("Triage");
        let n_all = triage.clips.len();
        let number = (triage.steps.len() + 1).min(n_all);
        let n_anomalous = triage.n_decided(Label::Anomalous, workbench);
        ui.label(format!(
            "{} of {}, {} labelled anomalous",
            count(number),
            count(n_all),
            count(n_anomalous)
        ));
        let part = triage.steps.len() as f32 / n_all.max(1) as f32;
        ui.add(ProgressBar::new(part).desired_width(120.0).desired_height(6.0));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if labelled_button(ui, true, "Leave", "Back to the table (Esc)").clicked() {
                actions.push(Action::Triage(TriageAction::Leave));
            }
            let plays = Button::selectable(triage.plays, "Play each").frame_when_inactive(true);
            if ui.add(plays).on_hover_text("Hear each clip as it comes").clicked() {
                actions.push(Action::Triage(TriageAction::SetPlays(!triage.plays)));
            }
            let is_random = triage.order != TriageOrder::Score;
            let hint = format!("Begin anew with another seed than {}", triage.seed);
            if is_random && labelled_button(ui, true, "Shuffle", &hint).clicked() {
                actions.push(Action::Triage(TriageAction::Shuffle));
            }
            let mut order = triage.order;
            ComboBox::from_id_salt("triage order")
                .selected_text(format!("By {}", order.title().to_lowercase()))
                .width(110.0)
                .show_ui(ui, |ui| {
                    for other in TriageOrder::ALL {
                        ui.selectable_value(&mut order, other, other.title())
                            .on_hover_text(hint_of(other));
                    }
                })
                .response
                .on_hover_text(hint_of(order))
                .accessible_name("Order of the clips");
            if order != triage.order {
                actions.push(Action::Triage(TriageAction::SetOrder(order)));
            }
        });
    });
}

fn hint_of(order: TriageOrder) -> &'static str {
    match order {
        TriageOrder::Score => "The most anomalous first",
        TriageOrder::Random => "In any order, by a seed",
        TriageOrder::Balanced => "One of each tenth of the scale of scores in turn: shows where the threshold belongs",
    }
}

/// What the clip is, and how strange the detector finds it.
fn about(ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize) {
    let clip = &workbench.dataset.clips[clip_idx];
    let palette = theme::palette(ui);
    ui.horizontal_wrapped(|ui| {
        match workbench.scores.get(clip_idx).copied().flatten() {
            Some(score) => {
                let percentile = score.percentile as f32;
                let (swatch, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
                ui.painter().rect_filled(swatch, 2.0, percentile_color(palette, percentile));
                let text = format!("{} percentile", ordinal(percentile));
                ui.label(RichText::new(text).strong().size(16.0))
                    .on_hover_text("Of the score, among normal clips");
                let decision = if score.is_anomalous {
                    "above the threshold"
                } else {
                    "below the threshold"
                };
                ui.colored_label(palette.weak, decision);
            }
            None => {
                ui.label(RichText::new("Not scored").strong().size(16.0));
            }
        }
        ui.separator();
        ui.label(what(clip));
        ui.separator();
        let by_hand = workbench.project.labels.contains_key(&clip.path);
        let (label, colour) = said(workbench.label(clip_idx), palette);
        ui.colored_label(palette.weak, "label now");
        ui.colored_label(colour, label);
        if by_hand {
            ui.colored_label(palette.weak, "by hand");
        }
    });
}

/// `fan 00, target, test, vel 6`.
fn what(clip: &ClipEntry) -> String {
    let mut words = vec![clip.group.to_string()];
    words.extend(clip.domain.map(|domain| match domain {
        Domain::Source => "source".to_owned(),
        Domain::Target => "target".to_owned(),
    }));
    words.extend(
        clip.attributes
            .iter()
            .map(|attribute| format!("{} {}", attribute.name, attribute.value)),
    );
    words.join(", ")
}

fn said(label: Label, palette: theme::Palette) -> (&'static str, Color32) {
    match label {
        Label::Normal => ("normal", palette.normal),
        Label::Anomalous => ("anomalous", palette.anomalous),
        Label::Unknown => ("unknown", palette.weak),
    }
}

/// The four decisions, with their keys on them.
fn decide(ui: &mut egui::Ui, workbench: &Workbench, triage: &Triage, clip_idx: usize, actions: &mut Vec<Action>) {
    let is_in_sight = workbench.focus == Some(clip_idx);
    let palette = theme::palette(ui);
    let gap = ui.spacing().item_spacing.x;
    let width = (ui.available_width() - 3.0 * gap) / 4.0;
    let n_back = triage.steps.len();
    let choices = [
        (
            [-1.0, 0.0],
            "Back",
            "Take back the last decision (left)",
            TriageAction::Back,
            None,
            n_back > 0,
        ),
        (
            [0.0, 1.0],
            "Normal",
            "Label as normal and go on (down, N)",
            TriageAction::Decide(Label::Normal),
            Some(palette.normal),
            is_in_sight,
        ),
        (
            [0.0, -1.0],
            "Anomaly",
            "Label as anomalous and go on (up, A)",
            TriageAction::Decide(Label::Anomalous),
            Some(palette.anomalous),
            is_in_sight,
        ),
        (
            [1.0, 0.0],
            "Skip",
            "Go on without a word (right)",
            TriageAction::Skip,
            None,
            is_in_sight,
        ),
    ];
    ui.horizontal(|ui| {
        for (direction, name, hint, action, colour, is_enabled) in choices {
            let text = RichText::new(name).strong();
            let text = colour.map_or(text.clone(), |colour| text.color(colour));
            let button = Button::new((arrow(direction.into(), colour), text)).min_size(egui::vec2(width, DECIDE_POINTS));
            let response = ui.add_enabled(is_enabled, button).on_hover_text(hint).accessible_name(name);
            if response.clicked() {
                actions.push(Action::Triage(action));
            }
        }
    });
}

/// The arrow of a key, drawn: not every font has one.
fn arrow(direction: Vec2, colour: Option<Color32>) -> Atom<'static> {
    let size = Vec2::splat(ARROW_POINTS);
    AtomKind::closure(move |_ui, _args| IntoSizedResult {
        intrinsic_size: size,
        sized: SizedAtomKind::Paint {
            paint: Arc::new(move |ui: &egui::Ui, args: AtomPaintArgs| {
                let colour = colour.unwrap_or(args.fallback_text_color);
                let along = direction * ARROW_POINTS / 2.0;
                let tip = args.rect.center() + along;
                ui.painter().line_segment([tip - 2.0 * along, tip], Stroke::new(2.0, colour));
                for side in [along.rot90(), -along.rot90()] {
                    ui.painter()
                        .line_segment([tip, tip - 0.7 * along + 0.7 * side], Stroke::new(2.0, colour));
                }
            }),
            size,
        },
    })
    .into()
}

/// When all is decided: what came of it, and the way back.
fn done(ui: &mut egui::Ui, workbench: &Workbench, triage: &Triage, actions: &mut Vec<Action>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        ui.heading("All clips are decided on");
        let n_skipped = triage.steps.iter().filter(|step| step.decision.is_none()).count();
        let n_of = |label| count(triage.n_decided(label, workbench));
        ui.label(format!(
            "{} labelled anomalous, {} normal, {} unknown, {} skipped",
            n_of(Label::Anomalous),
            n_of(Label::Normal),
            n_of(Label::Unknown),
            count(n_skipped)
        ));
        ui.add_space(2.0 * theme::GRID);
        if primary_button(ui, true, "Back to the table", "Esc").clicked() {
            actions.push(Action::Triage(TriageAction::Leave));
        }
        ui.add_space(theme::GRID);
        if labelled_button(ui, true, "Back to the last clip", "Takes back its decision").clicked() {
            actions.push(Action::Triage(TriageAction::Back));
        }
        if labelled_button(ui, true, "Begin anew", "The same clips once more").clicked() {
            actions.push(Action::Triage(TriageAction::SetOrder(triage.order)));
        }
    });
}
