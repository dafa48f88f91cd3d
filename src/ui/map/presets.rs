//! The maps of the `MobileAnoNet` paper by one click each: what is shown, its colours and the scope.

use eframe::egui::{self, RichText};

use super::MapView;
use crate::app::{Action, MapColor, MapShow, Workbench};
use crate::ui::theme::{self, GRID};

/// What the paper's Figure 3 shows first.
const FIGURE_3_MACHINE: &str = "slider";

/// One figure of the paper.
struct Preset {
    name: &'static str,
    hint: &'static str,
    show: MapShow,
    color: MapColor,
}

const PRESETS: [Preset; 2] = [
    Preset {
        name: "Figure 2",
        hint: "The normal clips of all machines, a colour each, the target domain open. Click again for all clips",
        show: MapShow::Normals,
        color: MapColor::Machine,
    },
    Preset {
        name: "Figure 3",
        hint: "One machine with its anomalies as crosses, the target domain open. The scope above chooses the machine; click again for \
               all clips",
        show: MapShow::Scope,
        color: MapColor::Domain,
    },
];

/// The row of presets; the one in use is lit, and a second click leaves it.
pub(super) fn ui(ui: &mut egui::Ui, view: &mut MapView, workbench: &Workbench, actions: &mut Vec<Action>) {
    ui.label(
        RichText::new("As in the MobileAnoNet paper")
            .small()
            .color(theme::palette(ui).weak),
    );
    ui.horizontal(|ui| {
        for preset in &PRESETS {
            let is_on = view.show == preset.show;
            let button = ui
                .add(egui::Button::new(preset.name).selected(is_on))
                .on_hover_text(preset.hint);
            if button.clicked() {
                let (show, color) = if is_on {
                    (MapShow::All, MapColor::Machine)
                } else {
                    (preset.show, preset.color)
                };
                (view.show, view.color) = (show, color);
                view.hidden.clear();
                view.camera = None;
                actions.extend(scope_of(show, workbench));
            }
        }
    });
    ui.add_space(GRID);
}

/// The scope that goes with what is shown; `None` where it is that already.
fn scope_of(show: MapShow, workbench: &Workbench) -> Option<Action> {
    let machine = match show {
        MapShow::All | MapShow::Normals => None,
        MapShow::Scope => {
            let paper = workbench.machines.iter().find(|machine| *machine == FIGURE_3_MACHINE);
            let any = paper.or_else(|| workbench.machines.first());
            workbench.scope.machine.clone().or_else(|| any.cloned())
        }
    };
    let is_set = workbench.scope.machine == machine && workbench.scope.section.is_none();
    (!is_set).then_some(Action::SetScope { machine, section: None })
}
