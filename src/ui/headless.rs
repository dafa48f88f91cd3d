//! Frames without a window: what drawing one costs the processor.

use eframe::egui::{self, Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, vec2};

use super::frame::Frame;
use super::theme;
use crate::app::{Action, State};

/// The size that the window opens with, in points.
const SIZE: egui::Vec2 = vec2(1280.0, 800.0);
/// Seconds between two frames of a screen.
const INTERVAL_SECS: f64 = 1.0 / 60.0;

/// What a pointer does before a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gesture {
    /// It goes about the window.
    Wander,
    /// Over the picture of Browse: nothing, so many times as close, so many points onwards in time.
    Rest,
    Zoom(f32),
    Pan(f32),
}

/// The window's own frame on a context that no window shows. What a person wishes is dropped: nobody is there.
pub struct Headless {
    context: Context,
    frame: Frame,
    n_frames: u32,
}

impl Default for Headless {
    fn default() -> Self {
        let context = Context::default();
        theme::install(&context);
        Self {
            context,
            frame: Frame::default(),
            n_frames: 0,
        }
    }
}

impl Headless {
    /// Lays out and tessellates the next frame, all that the processor does before the graphics card gets it, and returns how many
    /// triangles it has. The pointer wanders, so that something is hovered and nothing can be drawn from memory.
    pub fn draw(&mut self, state: &State) -> usize {
        self.draw_after(state, Gesture::Wander).0
    }

    /// The same after this gesture, with what it made a person wish.
    pub fn draw_after(&mut self, state: &State, gesture: Gesture) -> (usize, Vec<Action>) {
        let events = self.events(gesture);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(f64::from(self.n_frames) * INTERVAL_SECS),
            events,
            ..RawInput::default()
        };
        self.n_frames += 1;
        let (frame, mut actions) = (&mut self.frame, Vec::new());
        let mut output = self.context.run_ui(input, |ui| frame.ui(ui, state, &mut actions));
        // There is no graphics card to take them.
        output.textures_delta.clear();
        let triangles = |primitive: &egui::ClippedPrimitive| match &primitive.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
            egui::epaint::Primitive::Callback(_) => 0,
        };
        let primitives = self.context.tessellate(output.shapes, output.pixels_per_point);
        (primitives.iter().map(triangles).sum(), actions)
    }

    fn events(&self, gesture: Gesture) -> Vec<Event> {
        let wander = f32::from(self.n_frames as u16 % 97) / 97.0;
        let place = match gesture {
            Gesture::Wander => vec2(0.2 + 0.6 * wander, 0.3 + 0.4 * wander),
            _ => vec2(0.64, 0.4),
        };
        let and = match gesture {
            Gesture::Wander | Gesture::Rest => None,
            Gesture::Zoom(factor) => Some(Event::Zoom(factor)),
            Gesture::Pan(points) => Some(Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta: vec2(-points, 0.0),
                phase: TouchPhase::Move,
                source: MouseWheelSource::Unknown,
                modifiers: Modifiers::NONE,
            }),
        };
        std::iter::once(Event::PointerMoved(Pos2::ZERO + SIZE * place))
            .chain(and)
            .collect()
    }
}
