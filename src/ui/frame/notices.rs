//! Notices: what happened, in a corner, until it is dismissed or (when nothing is wrong) has been there for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use eframe::egui::{self, Align2, Area, Id, Margin, Order, Stroke, vec2};

use super::theme;
use crate::app::{Action, Notice, Severity};
use crate::ui::widgets::{Icon, icon_button, message};

const WIDTH: f32 = 360.0;
/// How long a notice stays that needs no answer.
const STAY_SECS: f64 = 6.0;

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
                    let is_over = notice.severity == Severity::Info && age > STAY_SECS;
                    if is_over || notice_ui(ui, notice) {
                        actions.push(Action::DismissNotice(notice.id));
                    } else if notice.severity == Severity::Info {
                        ui.ctx()
                            .request_repaint_after(Duration::from_secs_f64(STAY_SECS - age + 0.05));
                    }
                }
            });
    }
}

/// Draws one notice; returns whether it was dismissed.
fn notice_ui(ui: &mut egui::Ui, notice: &Notice) -> bool {
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
            ui.horizontal_top(|ui| {
                ui.allocate_ui(vec2(WIDTH - 36.0, 0.0), |ui| {
                    ui.set_width(WIDTH - 36.0);
                    // The first line stands level with the cross.
                    ui.add_space(3.0);
                    message(ui, ui.visuals().text_color(), &notice.text);
                });
                icon_button(ui, true, Icon::Close, "Dismiss notice", "").clicked()
            })
            .inner
        })
        .inner
}
