//! The top bar: project, scope, undo, theme, keys.

use eframe::egui::{self, Align, ComboBox, Layout, RichText, ThemePreference};

use super::{Frame, theme};
use crate::app::{Action, SaveState, State, Workbench};
use crate::ui::dialogs;
use crate::ui::widgets::{Icon, icon_button, icon_toggle, menu_button};

pub(super) fn ui(ui: &mut egui::Ui, state: &State, frame: &mut Frame, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        project_menu(ui, state.workbench.as_ref(), actions);
        if let Some(workbench) = &state.workbench {
            ui.separator();
            scope(ui, workbench, actions);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if super::has_inspector(state) {
                let name = if frame.shows_inspector {
                    "Hide inspector"
                } else {
                    "Show inspector"
                };
                if icon_toggle(ui, frame.shows_inspector, Icon::SidePanel, name, "I").clicked() {
                    frame.shows_inspector = !frame.shows_inspector;
                }
            }
            if ui.button("Keys").on_hover_text("All keys (?)").clicked() {
                frame.shows_keys = true;
            }
            theme_menu(ui);
            if let Some(workbench) = &state.workbench {
                ui.separator();
                undo(ui, workbench, actions);
            }
        });
    });
}

fn project_menu(ui: &mut egui::Ui, workbench: Option<&Workbench>, actions: &mut Vec<Action>) {
    let name = match workbench {
        None => "auscult".to_owned(),
        Some(workbench) if workbench.save == SaveState::Saved => workbench.project.name.clone(),
        Some(workbench) => format!("{}*", workbench.project.name),
    };
    let menu = menu_button(ui, RichText::new(name).strong(), |ui| {
        ui.set_min_width(220.0);
        if ui.add(egui::Button::new("Open a folder…").shortcut_text("Ctrl+O")).clicked() {
            dialogs::open_folder(ui.ctx());
        }
        if ui.button("Open a project…").clicked() {
            dialogs::open_project(ui.ctx());
        }
        if workbench.is_some() {
            ui.separator();
            if ui.add(egui::Button::new("Save now").shortcut_text("Ctrl+S")).clicked() {
                actions.push(Action::Save);
            }
            if ui
                .add(egui::Button::new("Save a copy…").shortcut_text("Ctrl+Shift+S"))
                .clicked()
            {
                dialogs::save_copy(ui.ctx());
            }
            if ui.button("Close project").clicked() {
                actions.push(Action::CloseProject);
            }
        }
    });
    if let Some(workbench) = workbench {
        menu.on_hover_text(workbench.path.display().to_string());
    }
}

/// Which machine and section every screen speaks of.
fn scope(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let scope = &workbench.scope;
    let weak = theme::palette(ui).weak;
    ui.colored_label(weak, "Scope");
    ui.name_inputs("Machine", |ui| {
        ComboBox::from_id_salt("machine")
            .width(132.0)
            .height(400.0)
            .selected_text(scope.machine.as_deref().unwrap_or("All machines"))
            .show_ui(ui, |ui| {
                if ui.selectable_label(scope.machine.is_none(), "All machines").clicked() {
                    let (machine, section) = (None, None);
                    actions.push(Action::SetScope { machine, section });
                }
                for machine in workbench.dataset.machines() {
                    if ui
                        .selectable_label(scope.machine.as_ref() == Some(&machine), &machine)
                        .clicked()
                    {
                        let section = scope.section.clone().filter(|section| {
                            let groups = workbench.dataset.groups();
                            groups
                                .iter()
                                .any(|group| group.machine == machine && group.section == *section)
                        });
                        let machine = Some(machine);
                        actions.push(Action::SetScope { machine, section });
                    }
                }
            });
    });
    ui.name_inputs("Section", |ui| {
        ComboBox::from_id_salt("section")
            .width(112.0)
            .height(400.0)
            .selected_text(scope.section.as_deref().unwrap_or("All sections"))
            .show_ui(ui, |ui| {
                let machine = || scope.machine.clone();
                if ui.selectable_label(scope.section.is_none(), "All sections").clicked() {
                    actions.push(Action::SetScope {
                        machine: machine(),
                        section: None,
                    });
                }
                for section in sections(workbench) {
                    if ui
                        .selectable_label(scope.section.as_ref() == Some(&section), &section)
                        .clicked()
                    {
                        actions.push(Action::SetScope {
                            machine: machine(),
                            section: Some(section),
                        });
                    }
                }
            });
    });
}

/// The sections of the machine in scope, sorted, each once.
fn sections(workbench: &Workbench) -> Vec<String> {
    let groups = workbench.dataset.groups();
    let in_scope = groups.into_iter().filter(|group| {
        workbench
            .scope
            .machine
            .as_ref()
            .is_none_or(|machine| *machine == group.machine)
    });
    let sections: std::collections::BTreeSet<_> = in_scope.map(|group| group.section).collect();
    sections.into_iter().collect()
}

/// Drawn from the right: redo stands right of undo.
fn undo(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    let name = |verb: &str, label: Option<&str>| label.map_or(format!("Nothing to {verb}"), |label| format!("{verb}: {label}"));
    let (undo, redo) = (workbench.can_undo(), workbench.can_redo());
    if icon_button(ui, redo.is_some(), Icon::Redo, &name("redo", redo), "Ctrl+Shift+Z").clicked() {
        actions.push(Action::Redo);
    }
    if icon_button(ui, undo.is_some(), Icon::Undo, &name("undo", undo), "Ctrl+Z").clicked() {
        actions.push(Action::Undo);
    }
}

fn theme_menu(ui: &mut egui::Ui) {
    let current = ui.ctx().options(|options| options.theme_preference);
    let title = |preference| match preference {
        ThemePreference::Dark => "Dark",
        ThemePreference::Light => "Light",
        ThemePreference::System => "As the system",
    };
    menu_button(ui, "Theme", |ui| {
        for preference in [ThemePreference::Dark, ThemePreference::Light, ThemePreference::System] {
            if ui.selectable_label(preference == current, title(preference)).clicked() {
                ui.ctx().set_theme(preference);
                ui.close();
            }
        }
    });
}
