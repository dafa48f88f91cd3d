//! The rail: the screens, with a dot on each whose input is missing.

use eframe::egui::{self, Align2, FontId, Response, Role, Sense, WidgetInfo, pos2, vec2};

use super::theme;
use crate::app::{Action, Screen, State};

/// Width of the rail.
pub(super) const WIDTH: f32 = 72.0;

pub(super) fn ui(ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = theme::GRID;
    for screen in Screen::ALL {
        let missing = missing_input(screen, state);
        let response = item(ui, screen, state.screen == screen, missing.is_some());
        let key = match screen.number() {
            Some(number) => format!("{} (Ctrl+{number})", screen.title()),
            None => format!("{} (Ctrl+Home)", screen.title()),
        };
        let hint = missing.map_or(key.clone(), |missing| format!("{key}: {missing}"));
        if response.on_hover_text(hint).clicked() {
            actions.push(Action::Show(screen));
        }
    }
}

/// What a screen lacks, in words for a person.
fn missing_input(screen: Screen, state: &State) -> Option<&'static str> {
    let Some(workbench) = &state.workbench else {
        return (!matches!(screen, Screen::Welcome | Screen::Live)).then_some("needs an open project");
    };
    match screen {
        Screen::Compare if workbench.comparison.is_none() => Some("needs scores"),
        Screen::Map if workbench.embedded.is_none() => Some("needs a finished run"),
        _ => None,
    }
}

fn item(ui: &mut egui::Ui, screen: Screen, is_current: bool, is_missing: bool) -> Response {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 44.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_current, screen.title()));
    let visuals = ui.style().interact(&response);
    let fill = if is_current {
        Some(ui.visuals().selection.bg_fill)
    } else {
        (response.hovered() || response.has_focus()).then_some(visuals.weak_bg_fill)
    };
    let painter = ui.painter();
    if let Some(fill) = fill {
        painter.rect_filled(rect, visuals.corner_radius, fill);
    }
    let ink = if is_current {
        ui.visuals().strong_text_color()
    } else {
        ui.visuals().text_color()
    };
    let number_ink = if is_current { ink } else { palette.weak };
    let centre = rect.center();
    if let Some(number) = screen.number() {
        painter.text(
            pos2(centre.x, rect.top() + 13.0),
            Align2::CENTER_CENTER,
            number,
            FontId::monospace(11.5),
            number_ink,
        );
    }
    let title_y = if screen.number().is_some() {
        rect.top() + 29.0
    } else {
        centre.y
    };
    painter.text(
        pos2(centre.x, title_y),
        Align2::CENTER_CENTER,
        screen.title(),
        FontId::proportional(12.5),
        ink,
    );
    if is_missing {
        painter.circle_filled(pos2(centre.x + 12.0, rect.top() + 13.0), 2.5, palette.warning);
    }
    response
}
