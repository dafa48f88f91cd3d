//! The figures that are in sight: `F9` sends the one under the pointer to the report, or else the main one; `Ctrl+E` writes it to
//! a file.
//!
//! A screen says with [`offer`] where a figure of its lies and how it is drawn again; only a press of these keys makes it say so.

use eframe::egui::{self, Rect};

use crate::app::{Action, ReportAction, figure_file_name};
use crate::project::FigureRecipe;
use crate::ui::dialogs;

/// Where the figure is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    InReport,
    AsFile,
}

/// What was offered and chosen in this frame, kept beside the egui context so that every plot reaches it.
#[derive(Default)]
struct Offers {
    wanted: Option<Wanted>,
    offered: Vec<(Rect, FigureRecipe)>,
    chosen: Vec<FigureRecipe>,
    why_none: Option<&'static str>,
}

impl egui::Plugin for Offers {
    fn debug_name(&self) -> &'static str {
        "offers of figures"
    }
}

/// Every figure in sight is to come forward in this frame.
pub fn ask(context: &egui::Context, wanted: Wanted) {
    let handle = context.plugin_or_default::<Offers>();
    let mut offers = handle.lock();
    *offers = Offers {
        wanted: Some(wanted),
        chosen: std::mem::take(&mut offers.chosen),
        ..Offers::default()
    };
}

/// There is a figure in `area`. The first that is offered is the main one of its screen, unless another is said to be.
pub fn offer(ui: &egui::Ui, area: Rect, make_recipe: impl FnOnce() -> FigureRecipe) {
    let handle = ui.ctx().plugin_or_default::<Offers>();
    let is_asked = handle.lock().wanted.is_some();
    if is_asked {
        let offered = (area, make_recipe());
        handle.lock().offered.push(offered);
    }
}

/// The same, of the main figure of the screen.
pub fn offer_main(ui: &egui::Ui, area: Rect, make_recipe: impl FnOnce() -> FigureRecipe) {
    let handle = ui.ctx().plugin_or_default::<Offers>();
    let is_asked = handle.lock().wanted.is_some();
    if is_asked {
        let offered = (area, make_recipe());
        handle.lock().offered.insert(0, offered);
    }
}

/// Why there is none, where a screen could have one.
pub fn none_because(ui: &egui::Ui, why: &'static str) {
    ui.ctx().plugin_or_default::<Offers>().lock().why_none = Some(why);
}

/// A person chose this one by name.
pub fn send(ui: &egui::Ui, recipe: FigureRecipe) {
    ui.ctx().plugin_or_default::<Offers>().lock().chosen.push(recipe);
}

/// Hands on what was chosen in this frame. Called once a frame, after all screens.
pub fn settle(context: &egui::Context, actions: &mut Vec<Action>) {
    let handle = context.plugin_or_default::<Offers>();
    let Offers {
        wanted,
        mut offered,
        mut chosen,
        why_none,
    } = std::mem::take(&mut *handle.lock());
    if let Some(wanted) = wanted {
        let pointer = context.pointer_hover_pos();
        let under_pointer = |(area, _): &(Rect, FigureRecipe)| pointer.is_some_and(|pointer| area.contains(pointer));
        // Of two that lie in each other the smaller one is meant.
        let pointed_at = offered
            .iter()
            .enumerate()
            .filter(|(_, offer)| under_pointer(offer))
            .min_by(|(_, (a, _)), (_, (b, _))| a.area().total_cmp(&b.area()))
            .map(|(place, _)| place);
        if offered.is_empty() {
            let why =
                why_none.unwrap_or("No figure is in sight: F9 adds the one that a screen shows to the report, Ctrl+E saves it");
            actions.push(Action::Report(ReportAction::NothingToAdd(why.to_owned())));
        } else {
            let recipe = offered.swap_remove(pointed_at.unwrap_or(0)).1;
            match wanted {
                Wanted::InReport => chosen.push(recipe),
                Wanted::AsFile => save(context, recipe),
            }
        }
    }
    let add = |recipe| Action::Report(ReportAction::Add(Box::new(recipe)));
    actions.extend(chosen.into_iter().map(add));
}

fn save(context: &egui::Context, recipe: FigureRecipe) {
    let name = figure_file_name(&recipe);
    let recipe = Box::new(recipe);
    dialogs::save_file(context, "Save figure", &name, move |path| {
        Action::Report(ReportAction::Save { recipe, path })
    });
}
