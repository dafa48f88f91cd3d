//! The only room that imports egui: frame, screens (one folder each), plots, widgets, theme.
//!
//! A view is a struct with its private look (zoom, open tab) and one method
//! `ui(&mut self, ui: &mut egui::Ui, state: &State, actions: &mut Vec<Action>)`.
//!
//! *Invariant:* views read `&State` and push `Action`s; they never change `State`.

pub mod browse;
pub mod compare;
pub mod dialogs;
pub mod explore;
pub mod frame;
mod headless;
pub mod live;
pub mod map;
pub mod offers;
pub mod plots;
pub mod report;
pub mod theme;
pub mod train;
pub mod welcome;
pub mod widgets;
mod window;

pub use headless::{Gesture, Headless};
pub use window::{WindowError, run};
