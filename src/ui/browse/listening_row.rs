//! How the picture goes along with what is heard.

use eframe::egui::{self, ComboBox};

use super::picture::PictureView;
use crate::app::{Action, Follow, ListeningAction, ListeningSettings, Playback};
use crate::ui::plots::Span;

/// So much room the whole words need beside a clip's name.
const WIDE_FROM: f32 = 280.0;

/// The choice how to follow the playhead.
pub(super) fn follow_choice(ui: &mut egui::Ui, settings: ListeningSettings, actions: &mut Vec<Action>) {
    let mut wanted = settings;
    // The clip's name beside it needs the room more.
    let (text, width) = if ui.available_width() < WIDE_FROM {
        (wanted.follow.title().to_owned(), 56.0)
    } else {
        (format!("Follow: {}", wanted.follow.title().to_lowercase()), 104.0)
    };
    ComboBox::from_id_salt("follow")
        .selected_text(text)
        .width(width)
        .show_ui(ui, |ui| {
            for follow in Follow::ALL {
                ui.selectable_value(&mut wanted.follow, follow, follow.title())
                    .on_hover_text(hint(follow));
            }
        })
        .response
        .on_hover_text(hint(settings.follow))
        .accessible_name("Follow the playhead");
    if wanted != settings {
        actions.push(Action::Listening(ListeningAction::Set(wanted)));
    }
}

fn hint(follow: Follow) -> &'static str {
    match follow {
        Follow::Off => "The picture stays where it is",
        Follow::Page => "The picture turns the page when the playhead runs over its edge",
        Follow::Centre => "The picture slides along, with the playhead in its middle",
    }
}

impl PictureView {
    /// Moves the picture with the playhead. Whoever pans away from a page is not pulled back.
    pub(super) fn follow(&mut self, follow: Follow, playback: &Playback, whole: Span) {
        let position = playback.position_secs;
        let has_left = self.time.contains(self.last_position_secs) && !self.time.contains(position);
        let has_moved = position != self.last_position_secs;
        self.last_position_secs = position;
        if !playback.is_playing || self.drag.is_some() {
            return;
        }
        let len = self.time.len();
        let start = match follow {
            Follow::Page if has_left => position,
            Follow::Centre if has_moved => position - len / 2.0,
            _ => return,
        };
        self.time = Span::new(start, start + len).pushed_into(whole);
    }
}
