//! What another recorder writes into a folder: each file with its score and decision, to hear.

use eframe::egui::{self, Label, RichText, ScrollArea};

use crate::app::{Action, LiveAction, WatchView};
use crate::pipeline::{WatchedFile, WatchedState};
use crate::ui::widgets::{Icon, clock, icon_button, labelled_button, message};
use crate::ui::{dialogs, theme};

const ROW_HEIGHT: f32 = 24.0;

pub(super) fn ui(ui: &mut egui::Ui, watch: &WatchView, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let (mut n_scored, mut n_anomalous) = (0usize, 0usize);
    for file in &watch.files {
        if let WatchedState::Judged(judged) = &file.state {
            n_scored += 1;
            n_anomalous += usize::from(judged.is_anomalous);
        }
    }
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Watched folder: {n_scored} scored, {n_anomalous} anomalous")).strong());
        if labelled_button(ui, n_scored > 0, "Save CSV…", "Write the scores of all its files as a table").clicked() {
            dialogs::save_file(ui.ctx(), "Save the scores", "watched.csv", |path| {
                Action::Live(LiveAction::SaveWatched(path))
            });
        }
        if labelled_button(ui, true, "Stop watching", "Score nothing more; the files stay as they are").clicked() {
            actions.push(Action::Live(LiveAction::StopWatching));
        }
    });
    if watch.is_gone {
        let text = format!(
            "{} is not there: it is looked for, and watched again when it is back",
            watch.folder.display()
        );
        message(ui, palette.warning, &text);
    } else {
        let threshold = match &watch.threshold {
            Some((threshold, basis)) => format!("anomalous from {threshold:.4} on, by {basis}"),
            None => "the training clips are being heard".to_owned(),
        };
        let text = format!(
            "{} as {} with {}, {}; {threshold}",
            watch.folder.display(),
            watch.group,
            watch.run,
            watch.detector
        );
        ui.add(Label::new(RichText::new(&text).color(palette.weak).small()).truncate())
            .on_hover_text(text);
    }
    if watch.files.is_empty() {
        ui.colored_label(
            palette.weak,
            "No recording yet: what is written into the folder is listed here once it is complete",
        );
        return;
    }
    ScrollArea::vertical()
        .id_salt("watched")
        .auto_shrink(false)
        .show_rows(ui, ROW_HEIGHT, watch.files.len(), |ui, rows| {
            for row_idx in rows {
                row(ui, watch, &watch.files[watch.files.len() - 1 - row_idx], actions);
            }
        });
}

fn row(ui: &mut egui::Ui, watch: &WatchView, file: &WatchedFile, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let name = file
        .path
        .strip_prefix(&watch.folder)
        .unwrap_or(&file.path)
        .display()
        .to_string();
    ui.push_id(&file.path, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_height(ROW_HEIGHT - 4.0);
            let judged = match &file.state {
                WatchedState::Judged(judged) => Some(judged),
                _ => None,
            };
            if icon_button(ui, judged.is_some(), Icon::Play, &format!("Play {name}"), "").clicked() {
                actions.push(Action::Live(LiveAction::PlayWatched(file.path.clone())));
            }
            match (judged, &file.state) {
                (Some(judged), _) => {
                    let (word, colour) = if judged.is_anomalous {
                        ("anomalous", palette.anomalous)
                    } else {
                        ("normal", palette.normal)
                    };
                    ui.add_sized([72.0, ROW_HEIGHT - 4.0], Label::new(RichText::new(word).color(colour)));
                    ui.monospace(format!("{:>5.1} {:>8.3}", judged.percentile, judged.score))
                        .on_hover_text(format!(
                            "Percentile among normal clips, and score; {} long",
                            clock(judged.duration_secs)
                        ));
                }
                (None, WatchedState::Failed(_)) => {
                    ui.colored_label(palette.error, "not scored");
                }
                (None, WatchedState::Unfinished) => {
                    ui.colored_label(palette.warning, "half-written");
                }
                (None, _) => {
                    ui.colored_label(palette.weak, "being written");
                }
            }
            let text = match &file.state {
                WatchedState::Failed(reason) => format!("{name}: {reason}; it is tried again"),
                WatchedState::Unfinished => format!("{name}: its header is not closed; it is waited for"),
                _ => name,
            };
            ui.add(Label::new(&text).truncate()).on_hover_text(text);
        });
    });
}
