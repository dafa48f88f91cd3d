//! Notices: what happened, in a corner, until it is dismissed or (when nothing is wrong) has been there for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use eframe::egui::{self, Align, Align2, Area, Id, Layout, Margin, Order, Stroke, vec2};

use super::theme;
use crate::app::{Action, Notice, Severity};
use crate::ui::widgets::{Icon, icon_button, message};

const WIDTH: f32 = 360.0;
/// How long a notice stays that needs no answer.
const STAY_SECS: f64 = 6.0;
/// How long one stays that offers a next step: long enough to read it and to decide.
const STAY_WITH_STEP_SECS: f64 = 15.0;

/// When each notice was first seen.
#[derive(Default)]
pub(super) struct Notices {
    first_seen: BTreeMap<u64, f64>,
}

impl Notices {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, notices: &[Notice], actions: &mut Vec<Action>) {
        self.first_seen.retain(|id, _| notices.iter().any(|notice| notice.id == *id));
        if notices.is_empty() {
            return;
        }
        let now = ui.input(|input| input.time);
        Area::new(Id::unique("notices"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -92.0))
            .show(ui.ctx(), |ui| {
                for notice in notices {
                    let age = now - *self.first_seen.entry(notice.id).or_insert(now);
                    let stay_secs = if notice.next_step.is_some() {
                        STAY_WITH_STEP_SECS
                    } else {
                        STAY_SECS
                    };
                    let is_over = notice.severity == Severity::Info && age > stay_secs;
                    if is_over || notice_ui(ui, notice, actions) {
                        actions.push(Action::DismissNotice(notice.id));
                    } else if notice.severity == Severity::Info {
                        ui.ctx()
                            .request_repaint_after(Duration::from_secs_f64(stay_secs - age + 0.05));
                    }
                }
            });
    }
}

/// Draws one notice; returns whether it was answered or dismissed.
fn notice_ui(ui: &mut egui::Ui, notice: &Notice, actions: &mut Vec<Action>) -> bool {
    let palette = theme::palette(ui);
    let colour = match notice.severity {
        Severity::Info => palette.accent,
        Severity::Warning => palette.warning,
        Severity::Error => palette.error,
    };
    egui::Frame::popup(ui.style())
        .inner_margin(Margin::symmetric(12, 6))
        .stroke(Stroke::new(1.0, colour))
        .show(ui, |ui| {
            ui.set_width(WIDTH);
            // From the right, so that the text takes what the buttons leave.
            ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
                let is_closed = icon_button(ui, true, Icon::Close, "Dismiss notice", "").clicked();
                let step = notice.next_step.as_ref();
                let taken = step.filter(|step| ui.button(step.label).clicked());
                actions.extend(taken.map(|step| step.action.clone()));
                ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
                    // The first line stands level with the cross.
                    ui.add_space(3.0);
                    message(ui, ui.visuals().text_color(), &notice.text);
                });
                is_closed || taken.is_some()
            })
            .inner
        })
        .inner
}
