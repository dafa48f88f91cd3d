//! The window: opens it, wakes it when a job has told something, and turns the frame round.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui;

use super::frame::Frame;
use super::theme;
use crate::app::{Action, App};

/// How often the playhead moves, and what is heard live.
const PLAYHEAD_INTERVAL: Duration = Duration::from_millis(33);

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error("there is no screen to open a window on ({reason}): use the commands, see auscult --help")]
    NoScreen { reason: String },
    #[error(
        "no graphics driver can draw the window ({reason}): install one (Debian: mesa-vulkan-drivers) or set WGPU_BACKEND=gl"
    )]
    NoDriver { reason: String },
    #[error("the window failed: {reason}")]
    Other { reason: String },
}

/// Opens the window and stays until it is closed. `first` is carried out before anything is shown.
///
/// # Errors
/// Where there is no screen or no graphics driver.
pub fn run(first: Option<Action>) -> Result<(), WindowError> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("auscult")
        .with_app_id("auscult")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([1024.0, 640.0]);
    let options = eframe::NativeOptions {
        viewport,
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(|creation| Ok(Box::new(Window::new(&creation.egui_ctx, first))));
    eframe::run_native("auscult", options, create).map_err(|error| WindowError::from_eframe(&error))
}

impl WindowError {
    fn from_eframe(error: &eframe::Error) -> Self {
        let reason = error.to_string();
        match error {
            // The last part says what is wrong; before it come lines of winit's source.
            eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => Self::NoScreen {
                reason: reason.rsplit(": ").next().unwrap_or(&reason).trim_end_matches('.').to_owned(),
            },
            eframe::Error::Wgpu(_) => Self::NoDriver { reason },
            _ => Self::Other { reason },
        }
    }
}

/// The program in its window.
struct Window {
    app: App,
    frame: Frame,
    /// Kept between frames, so that it is not allocated anew in each.
    actions: Vec<Action>,
}

impl Window {
    fn new(context: &egui::Context, first: Option<Action>) -> Self {
        theme::install(context);
        let wake = context.clone();
        let mut app = App::new(Arc::new(move || wake.request_repaint()));
        if let Some(action) = first {
            app.apply(action);
        }
        app.look_for_left_takes();
        Self {
            app,
            frame: Frame::default(),
            actions: Vec::new(),
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, context: &egui::Context, _frame: &mut eframe::Frame) {
        if self.app.poll() {
            context.request_repaint();
        } else if self.app.state.playback.is_playing || self.app.state.live.input.is_some() {
            context.request_repaint_after(PLAYHEAD_INTERVAL);
        } else if let Some(wait) = self.app.next_wake() {
            context.request_repaint_after(wait);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.frame.ui(ui, &self.app.state, &mut self.actions);
        if self.actions.is_empty() {
            return;
        }
        for action in self.actions.drain(..) {
            self.app.apply(action);
        }
        // What the actions changed is drawn at once, not at the next move of the mouse.
        ui.ctx().request_repaint();
    }

    fn on_exit(&mut self) {
        self.app.shut_down();
    }
}
