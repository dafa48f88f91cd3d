//! Which channel is shown and heard, and which one the scores listen to.

use eframe::egui::{self, ComboBox, RichText};

use crate::app::{Action, LoadedClip, Workbench};
use crate::audio::ChannelChoice;
use crate::dataset::ClipEntry;
use crate::ui::theme;
use crate::ui::widgets::{channel_choices, channel_name, channel_title};

/// Narrower than this, the title has room for figures only.
const ROOM_FOR_WORDS: f32 = 420.0;
const ROOM_FOR_NOTE: f32 = 560.0;
const HINT: &str =
    "The channel of all recordings of this project that is shown and heard; a run keeps the one that it listens to";

/// For recordings with several channels: the choice, and a warning where the scores are of another channel.
pub(super) fn picker(ui: &mut egui::Ui, workbench: &Workbench, clip: &ClipEntry, actions: &mut Vec<Action>) {
    if clip.n_channels < 2 {
        return;
    }
    let has_room = ui.max_rect().width() >= ROOM_FOR_WORDS;
    let chosen = workbench.dataset.channel;
    let other = workbench
        .channel_of_scores()
        .map(|scored| format!("Scores are of another channel: {}", channel_name(scored)));
    let shown = short_title(chosen, clip.n_channels, workbench.focus_view.loaded.as_deref());
    let shown = if has_room { format!("channel {shown}") } else { shown };
    let warning = theme::palette(ui).warning;
    let title = match other {
        Some(_) => RichText::new(shown).color(warning),
        None => RichText::new(shown),
    };
    ComboBox::from_id_salt("browse channel")
        .selected_text(title)
        .width(30.0)
        .height(400.0)
        .show_ui(ui, |ui| {
            for choice in channel_choices(clip.n_channels) {
                let title = channel_title(choice, clip.n_channels);
                if ui.selectable_label(choice == chosen, title).clicked() && choice != chosen {
                    actions.push(Action::SetChannel(choice));
                }
            }
            if let Some(other) = &other {
                ui.colored_label(warning, other);
            }
        })
        .response
        .on_hover_text(other.as_ref().map_or(HINT.to_owned(), |other| format!("{HINT}.\n{other}")))
        .accessible_name("Channel");
    if let Some(other) = other.filter(|_| ui.max_rect().width() >= ROOM_FOR_NOTE) {
        let text = RichText::new("scores: other channel").small();
        ui.colored_label(warning, text).on_hover_text(other);
    }
}

/// `3/8`, `mean of 8`, `loudest: 5/8`.
fn short_title(chosen: ChannelChoice, n_channels: u16, loaded: Option<&LoadedClip>) -> String {
    let place = |index: u16| format!("{}/{n_channels}", u32::from(index.min(n_channels - 1)) + 1);
    match (chosen, loaded.map(|loaded| loaded.heard)) {
        (ChannelChoice::Index(index), _) => place(index),
        (ChannelChoice::Mean, _) => format!("mean of {n_channels}"),
        (ChannelChoice::Loudest, Some(ChannelChoice::Index(index))) => format!("loudest {}", place(index)),
        (ChannelChoice::Loudest, _) => "loudest".to_owned(),
    }
}
