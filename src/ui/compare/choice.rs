//! The three modes of the choice side by side: a click changes it, and what lies between their figures stands beside them.

use eframe::egui::{self, Button, RichText};

use super::badge;
use super::drawn::Drawn;
use crate::app::{Action, Workbench};
use crate::evaluation::Figure;
use crate::project::DetectorChoice;
use crate::ui::theme::{self, GRID};
use crate::ui::widgets;

/// So much room the whole sentence about the paper's practice takes.
const WIDE_GAP: f32 = 360.0;

/// The private look of the row.
#[derive(Default)]
pub(super) struct ChoiceView {
    /// Where the way back from the paper's practice leads.
    before_paper: DetectorChoice,
}

pub(super) fn title(choice: DetectorChoice) -> &'static str {
    match choice {
        DetectorChoice::Fixed => "Fixed or fusion",
        DetectorChoice::OtherHalf => "Other half",
        DetectorChoice::Oracle => "Oracle",
    }
}

fn meaning(choice: DetectorChoice) -> &'static str {
    match choice {
        DetectorChoice::Fixed => {
            "The fusion, which needs no label, or the detector that you pinned. Nothing is chosen by test figures."
        }
        DetectorChoice::OtherHalf => {
            "The labelled test clips are halved by section, domain and label, always in the same way. The detector of a machine is \
             the best on half A; every figure, curve and count on this screen is of half B. The number here is the mean of both \
             directions: A chooses for B, and B for A. Half the clips mean wider intervals."
        }
        DetectorChoice::Oracle => {
            "The best detector of each machine on the very labels that it is reported with, as the paper chooses: an upper bound, \
             not a result."
        }
    }
}

impl ChoiceView {
    /// The badge of the table, the way to the paper's practice and back, and what that is worth.
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, actions: &mut Vec<Action>) {
        let (worth, now) = (&drawn.matrix.worth, workbench.project.choice);
        ui.horizontal_wrapped(|ui| {
            badge::of_table(ui, &drawn.matrix);
            let is_paper = now == DetectorChoice::Oracle;
            let (text, hint) = if is_paper {
                (
                    format!("Back to {}", title(self.before_paper).to_lowercase()),
                    "Leave the paper's practice".to_owned(),
                )
            } else {
                (
                    "What would the paper have reported?".to_owned(),
                    meaning(DetectorChoice::Oracle).to_owned(),
                )
            };
            if widgets::labelled_button(ui, worth.oracle.is_some(), &text, &hint).clicked() {
                let choice = if is_paper {
                    self.before_paper
                } else {
                    self.before_paper = now;
                    DetectorChoice::Oracle
                };
                actions.push(Action::SetChoice(choice));
            }
            let has_room = ui.available_width() > WIDE_GAP;
            ui.label(RichText::new(gap(drawn, has_room)).small().color(theme::palette(ui).weak)).on_hover_text(
                "Oracle minus fixed, with a paired 95 % interval; and oracle minus the choice on the other half: what comes from \
                 having seen the answers. The intervals take the choice as given.",
            );
        });
    }
}

/// The three modes in a row: that in use is pressed, a click changes it.
pub(super) fn modes(ui: &mut egui::Ui, workbench: &Workbench, drawn: &Drawn, actions: &mut Vec<Action>) {
    let (worth, now) = (&drawn.matrix.worth, workbench.project.choice);
    ui.spacing_mut().item_spacing.x = GRID;
    for choice in DetectorChoice::ALL {
        let figure = match choice {
            DetectorChoice::Fixed => worth.fixed,
            DetectorChoice::OtherHalf => worth.half.as_ref().map(|half| half.figure),
            DetectorChoice::Oracle => worth.oracle,
        };
        if mode(ui, choice, now == choice, figure, drawn.matrix.n_pinned).clicked() && now != choice {
            actions.push(Action::SetChoice(choice));
        }
    }
}

/// What the paper's practice is worth.
fn gap(drawn: &Drawn, has_room: bool) -> String {
    let worth = &drawn.matrix.worth;
    let Some(over_fixed) = &worth.oracle_over_fixed else {
        return "Without labels nothing can be chosen by them".to_owned();
    };
    let Figure { value, low, high } = over_fixed.difference;
    let mut text = format!("Its practice is worth {value:+.3} [{low:+.2}, {high:+.2}]");
    if has_room && let Some(over_half) = worth.oracle_over_half {
        text += &format!(", {over_half:+.3} over other half");
    }
    text.replace('-', "−")
}

/// A mode with its badge and its figure.
fn mode(ui: &mut egui::Ui, choice: DetectorChoice, is_on: bool, figure: Option<Figure>, n_pinned: usize) -> egui::Response {
    let label_use = badge::of_choice(choice, n_pinned);
    let value = figure.map_or("–".to_owned(), |figure| format!("{:.3}", figure.value));
    let text = format!("     {} {value}", title(choice));
    let response = ui.add(Button::new(text).selected(is_on));
    let mark = response.rect.left_center() + egui::vec2(12.0, 0.0);
    badge::mark(ui.painter(), &theme::palette(ui), mark, label_use);
    let name = format!("{}: {value}, {}", title(choice), badge::words(label_use));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_on, &name));
    let interval = figure.map_or(String::new(), |figure| {
        format!(
            "hmean of all {:.3}, 95 % interval {:.2}–{:.2}\n",
            figure.value, figure.low, figure.high
        )
    });
    response.on_hover_text(format!("{interval}{}", meaning(choice)))
}
