//! What a person says of one figure: title, caption, what it shows; and the files that it goes into.

use eframe::egui::{self, TextEdit};

use crate::app::{Action, FigureView, ReportAction, figure_endings, figure_stem, figure_title};
use crate::project::{FigureRecipe, ReportFigure};
use crate::ui::dialogs;
use crate::ui::widgets::{self, field};

const CAPTION_ROWS: usize = 2;

/// Title and caption under a person's hands, until the field is left.
#[derive(Default)]
pub(super) struct Draft {
    /// Of this figure.
    id: Option<u32>,
    title: Text,
    caption: Text,
}

/// One field.
#[derive(Default)]
struct Text {
    text: String,
    /// A person has typed and not left the field.
    is_changed: bool,
}

impl Text {
    /// Shows what the report says, unless a person is typing.
    fn follow(&mut self, said: &str) {
        if !self.is_changed && self.text != said {
            said.clone_into(&mut self.text);
        }
    }

    /// What a person has typed, once they have left the field.
    fn take(&mut self, response: &egui::Response) -> Option<String> {
        self.is_changed |= response.changed();
        (self.is_changed && !response.has_focus()).then(|| self.settle())
    }

    fn settle(&mut self) -> String {
        self.is_changed = false;
        self.text.clone()
    }
}

impl Draft {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, figure: &ReportFigure, view: &FigureView, actions: &mut Vec<Action>) {
        self.turn_to(figure.id, actions);
        let id = figure.id;
        self.title.follow(&figure_title(figure));
        self.caption.follow(figure.caption.as_deref().unwrap_or(&view.caption));
        let title = field(ui, "Title", |ui| {
            ui.add(TextEdit::singleline(&mut self.title.text).desired_width(f32::INFINITY))
        });
        if let Some(title) = self.title.take(&title) {
            actions.push(set_title(id, &title));
        }
        let caption = field(ui, "Caption", |ui| {
            let width = ui.available_width() - 96.0;
            let edit = TextEdit::multiline(&mut self.caption.text)
                .desired_rows(CAPTION_ROWS)
                .desired_width(width);
            let response = egui::ScrollArea::vertical()
                .id_salt("report_caption")
                .max_height(52.0)
                .max_width(width)
                .show(ui, |ui| ui.add(edit))
                .inner;
            let hint = "The caption that is made from what is drawn, kept true when it changes";
            if widgets::labelled_button(ui, figure.caption.is_some(), "As made", hint).clicked() {
                self.caption.is_changed = false;
                actions.push(Action::Report(ReportAction::SetCaption { id, caption: None }));
            }
            response
        });
        if let Some(caption) = self.caption.take(&caption) {
            actions.push(set_caption(id, &caption));
        }
    }

    /// Another figure is shown: what was typed for the one before is not lost.
    fn turn_to(&mut self, id: u32, actions: &mut Vec<Action>) {
        if let Some(before) = self.id.filter(|before| *before != id) {
            if self.title.is_changed {
                actions.push(set_title(before, &self.title.settle()));
            }
            if self.caption.is_changed {
                actions.push(set_caption(before, &self.caption.settle()));
            }
        }
        self.id = Some(id);
    }
}

fn set_title(id: u32, text: &str) -> Action {
    let title = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Action::Report(ReportAction::SetTitle { id, title })
}

fn set_caption(id: u32, text: &str) -> Action {
    let caption = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Action::Report(ReportAction::SetCaption { id, caption })
}

/// What the figure shows, where it can show more or less.
pub(super) fn choices(ui: &mut egui::Ui, figure: &ReportFigure, actions: &mut Vec<Action>) {
    if matches!(figure.recipe, FigureRecipe::Roc { .. } | FigureRecipe::Matrix { .. }) {
        field(ui, "Show", |ui| {
            let mut is_shown = figure.shows_intervals;
            let hint = "95 % bootstrap intervals";
            if ui.checkbox(&mut is_shown, "Intervals").on_hover_text(hint).changed() {
                let id = figure.id;
                actions.push(Action::Report(ReportAction::ShowIntervals { id, is_shown }));
            }
        });
    }
}

/// The files that this figure can go into.
pub(super) fn save(ui: &mut egui::Ui, number: usize, figure: &ReportFigure) {
    let formats = [
        ("svg", "SVG"),
        ("png", "PNG"),
        ("csv", "CSV"),
        ("tex", "LaTeX"),
        ("md", "Markdown"),
    ];
    field(ui, "Save as", |ui| {
        let endings = figure_endings(figure);
        for (ending, name) in formats.into_iter().filter(|(ending, _)| endings.contains(ending)) {
            let hint = format!("Write Fig {number} as {name}");
            if widgets::labelled_button(ui, true, name, &hint).clicked() {
                let suggestion = format!("{}.{ending}", figure_stem(number, &figure_title(figure)));
                let id = figure.id;
                dialogs::save_file(ui.ctx(), &format!("Save Fig {number}"), &suggestion, move |path| {
                    Action::Report(ReportAction::Export { id, path })
                });
            }
        }
    });
}
