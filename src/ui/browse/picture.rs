//! The picture of the focused clip: waveform, spectrogram, ribbon and time axis, all on one span of time.

use std::path::Path;
use std::sync::{Arc, Weak};

use eframe::egui::{self, Align, Color32, Pos2, Rect, Role, Sense, WidgetInfo, emath::GuiRounding as _, emath::Rangef};

use super::boxes::{self, BoxesView};
use super::context_menu::Place;
use super::gestures::{Drag, gestures, keys, zoomed_area};
use super::instruments::{self, Instruments};
use super::listening_row::follow_choice;
use super::tool_row::tool_row;
use super::{channel, color_bar, crops, measuring, overlays, rulers};
use crate::app::{
    Action, LevelRange, LoadedClip, LongPiece, LongView, Measured, PictureLook, Playback, State, TriageAction, Workbench,
    spectrogram_figure,
};
use crate::audio::Clip;
use crate::dataset::ClipEntry;
use crate::dsp::TimeFrequencyBox;
use crate::figures::Figure;
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::plots::{
    Coloring, FrequencyAxis, Picture, Scale, Span, TileValues, TiledSpectrogram, format_secs, loudest, n_columns, paint_outline,
    paint_waveform, peak_amplitude,
};
use crate::ui::theme::{self, GRID, Palette};
use crate::ui::widgets;

const COLOR_BAR_POINTS: f32 = 12.0;

/// The private look of the picture.
pub(super) struct PictureView {
    pub(super) axis: FrequencyAxis,
    /// The project's, as of this frame.
    pub(super) look: PictureLook,
    range_db: [f32; 2],
    /// The levels are those of what is drawn so far of a long recording.
    is_settling: bool,
    pub(super) instruments: Instruments,
    /// The visible seconds.
    pub(super) time: Span,
    /// The visible part of the frequency axis.
    pub(super) positions: Span,
    pub(super) drag: Option<Drag>,
    /// Where the menu of the right button was opened.
    pub(super) menu_at: Option<Place>,
    pub(super) boxes: BoxesView,
    /// The sound whose stretch is shown, the clip that it is of, and its length.
    shown: Weak<Clip>,
    shown_idx: Option<usize>,
    whole: Span,
    pub(super) last_position_secs: f64,
    /// Of a long recording, what the app was told to be in sight.
    pub(super) in_sight: Vec<LongPiece>,
    /// Frames in a column of its picture.
    pub(super) pool: usize,
    tiles: TiledSpectrogram,
}

impl Default for PictureView {
    fn default() -> Self {
        Self {
            axis: FrequencyAxis::default(),
            look: PictureLook::default(),
            range_db: LevelRange::USUAL_DB,
            is_settling: false,
            instruments: Instruments::default(),
            time: Span::UNIT,
            positions: Span::UNIT,
            drag: None,
            menu_at: None,
            boxes: BoxesView::default(),
            shown: Weak::new(),
            shown_idx: None,
            whole: Span::UNIT,
            last_position_secs: 0.0,
            in_sight: Vec::new(),
            pool: 1,
            tiles: TiledSpectrogram::default(),
        }
    }
}

/// Where the parts of the picture lie, and what is common to them.
pub(super) struct Stage {
    pub(super) waveform: Rect,
    pub(super) spectrogram: Rect,
    pub(super) ribbon: Rect,
    pub(super) time_axis: Rect,
    pub(super) color_bar: Rect,
    pub(super) readout: Rect,
    pub(super) time: Scale,
    pub(super) frequency: Scale,
    /// The whole clip, in seconds.
    pub(super) whole: Span,
    /// Where the frequency axis ends.
    pub(super) top_hz: f64,
}

impl Stage {
    /// The time at a place of the screen, within the clip.
    pub(super) fn secs(&self, x: f32) -> f64 {
        self.time.value(x).clamp(0.0, self.whole.end)
    }

    /// The frequency at a height of the screen, within the axis.
    pub(super) fn hz(&self, axis: FrequencyAxis, y: f32) -> f64 {
        axis.hz(self.frequency.value(y).clamp(0.0, 1.0), self.top_hz)
    }
}

impl PictureView {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, state: &State, workbench: &Workbench, actions: &mut Vec<Action>) {
        let Some(clip) = workbench.focused() else {
            widgets::empty_state(
                ui,
                "No clip in focus",
                "Click a row of the table to see and hear its clip.",
                None,
            );
            return;
        };
        self.boxes.follow(workbench);
        offers::offer(ui, ui.max_rect(), || self.recipe(workbench, clip));
        let focus = &workbench.focus_view;
        self.take_look(workbench.look, focus.loaded.as_deref());
        let is_whole = focus.long.as_ref().is_none_or(|long| long.progress() == 1.0);
        self.is_settling = !is_whole && !matches!(workbench.look.level, LevelRange::Fixed(_));
        // Before the menus of the tool row: what Esc closes there is not to close a box too.
        instruments::keys(&mut self.instruments, ui, workbench, actions);
        self.title(ui, state, workbench, clip, actions);
        tool_row(ui, self, workbench, actions);
        if let Some(error) = &focus.error {
            let file = workbench.dataset.file(clip);
            let text = format!("{error}\n{}", file.display());
            widgets::empty_state(ui, "This clip cannot be shown", &text, None);
            return;
        }
        match focus
            .loaded
            .as_ref()
            .filter(|loaded| Some(loaded.clip_idx) == workbench.focus)
        {
            Some(loaded) => {
                boxes::list(&mut self.boxes, ui, workbench, clip, actions);
                self.loaded(ui, loaded, workbench, state, actions);
            }
            None => {
                ui.vertical_centered(|ui| {
                    ui.add_space(ui.available_height() * 0.4);
                    ui.weak(format!("Reading {}", clip.file_name()));
                });
            }
        }
    }

    /// The clip's name; at the right how to go along with what is heard, and where to save the picture.
    fn title(&self, ui: &mut egui::Ui, state: &State, workbench: &Workbench, clip: &ClipEntry, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.with_layout(egui::Layout::right_to_left(Align::Center), |ui| {
                let stem = clip.file_name().rsplit_once('.').map_or(clip.file_name(), |(stem, _)| stem);
                let figure = || spectrogram_figure(workbench).map(Figure::Spectrogram);
                widgets::save_figure_menu(ui, stem, figure, || self.recipe(workbench, clip));
                follow_choice(ui, state.listening, actions);
                let is_in_triage = workbench.triage.as_ref().is_some_and(|triage| triage.is_shown);
                let hint = "Decide on the clips of the table one by one (R)";
                if !is_in_triage && widgets::labelled_button(ui, true, "Triage", hint).clicked() {
                    actions.push(Action::Triage(TriageAction::Begin));
                }
                channel::picker(ui, workbench, clip, actions);
                ui.with_layout(egui::Layout::left_to_right(Align::Center), |ui| {
                    let name = egui::RichText::new(clip.file_name()).strong();
                    ui.add(egui::Label::new(name).truncate()).on_hover_text(&clip.path);
                });
            });
        });
    }

    /// What is in sight, to be drawn again by the report.
    fn recipe(&self, workbench: &Workbench, clip: &ClipEntry) -> FigureRecipe {
        let heard = workbench.focus_view.loaded.as_ref().map(|loaded| loaded.heard);
        let top_hz = f64::from(crate::audio::SAMPLE_RATE_HZ) / 2.0;
        // The zoom is of the clip that is shown: another one that is still being read is shown whole.
        let is_shown = self.shown_idx.is_some() && self.shown_idx == workbench.focus;
        FigureRecipe::Spectrogram {
            clip: workbench.clip_name(Path::new(&clip.path)),
            channel: heard.unwrap_or(workbench.dataset.channel),
            picture: workbench.picture_settings(),
            time_secs: (is_shown && self.time != self.whole).then_some([self.time.start, self.time.end]),
            frequency_hz: (self.positions != Span::UNIT)
                .then(|| [self.positions.start, self.positions.end].map(|position| self.axis.hz(position, top_hz))),
        }
    }

    pub(super) fn shown(&self) -> (Span, Span) {
        (self.time, self.positions)
    }

    /// The zoom shows the whole again.
    pub(super) fn reset_zoom(&mut self, whole: Span) {
        self.time = whole;
        self.positions = Span::UNIT;
    }

    /// The look that the project asks for, and its levels for the clip that is there.
    fn take_look(&mut self, look: PictureLook, loaded: Option<&LoadedClip>) {
        if look.axis != self.axis {
            self.set_axis(look.axis);
        }
        self.look = look;
        if let Some(loaded) = loaded {
            self.range_db = look.level.ends_db(&loaded.levels);
        }
    }

    /// By which rule the levels are chosen, and whether they may still change.
    pub(super) fn level_title(&self) -> String {
        let title = self.look.level.title();
        if self.is_settling { format!("{title}, so far") } else { title }
    }

    pub(super) fn coloring(&self) -> Coloring {
        Coloring {
            map: self.look.map,
            is_inverted: self.look.is_inverted,
            range_db: self.range_db,
        }
    }

    /// Another axis, with the same frequencies in sight.
    fn set_axis(&mut self, axis: FrequencyAxis) {
        if self.positions != Span::UNIT {
            // Any top serves: both positions are taken of the same one.
            let top_hz = f64::from(crate::audio::SAMPLE_RATE_HZ) / 2.0;
            let moved = |position| axis.position(self.axis.hz(position, top_hz), top_hz).clamp(0.0, 1.0);
            self.positions = Span::new(moved(self.positions.start), moved(self.positions.end));
        }
        self.axis = axis;
    }

    fn loaded(
        &mut self,
        ui: &mut egui::Ui,
        loaded: &Arc<LoadedClip>,
        workbench: &Workbench,
        state: &State,
        actions: &mut Vec<Action>,
    ) {
        let playback = &state.playback;
        let duration_secs = workbench.focus_view.duration_secs().unwrap_or(0.0);
        let whole = Span::new(0.0, duration_secs.max(1e-3));
        self.show(loaded, whole);
        self.follow(state.listening.follow, playback, whole);
        self.boxes.keys(ui, workbench, actions);
        keys(self, ui, whole, playback, actions);
        let top_hz = f64::from(loaded.clip.sample_rate_hz.max(80)) / 2.0;
        let above = ui.cursor().top();
        self.instruments.harmonics.row(ui, top_hz);
        measuring::row(ui, workbench, actions);
        let taken = ui.cursor().top() - above;
        // Windows have their scores in a moment: the picture keeps its height meanwhile.
        let has_ribbon = workbench.focus_view.ribbon.is_some() || workbench.focus_view.window.is_some();
        let stage = self.stage(ui, loaded, whole, has_ribbon, taken);
        let focus = &workbench.focus_view;
        let name = workbench.focused().map_or("", |clip| clip.file_name());
        let sense = Sense::click_and_drag();
        let waveform = ui.interact(stage.waveform, ui.scope_id().with("waveform"), sense);
        waveform.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Waveform of {name}")));
        let picture = ui.interact(stage.spectrogram, ui.scope_id().with("spectrogram"), sense);
        picture.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Spectrogram of {name}")));
        gestures(self, ui, &waveform, &stage, false, playback, actions);
        let annotated = (loaded.clip_idx, workbench.boxes(loaded.clip_idx));
        if !self.boxes.gestures(ui, &picture, &stage, self.axis, annotated, actions) {
            gestures(self, ui, &picture, &stage, true, playback, actions);
        }

        let painter = ui.painter().clone();
        let palette = theme::palette(ui);
        let long = focus.long.as_ref();
        if let Some(long) = long {
            let n_pixels = n_columns(&painter, on_pixels(&painter, stage.spectrogram));
            self.tell_sight(long, loaded.settings.hop, n_pixels, actions);
        }
        self.paint_sound(&painter, palette, &stage, loaded, long);
        crops::paint_boxes(&painter, &stage, self.axis, focus);
        self.boxes.paint(&painter, &stage, self.axis, loaded, workbench);
        if let Some(ribbon) = &focus.ribbon {
            crops::ribbon(ui, &stage, (ribbon, focus.window), actions);
        }
        if let Some(selected) = self.selected(playback) {
            overlays::paint_selection(&painter, palette, &stage, selected);
        }
        if let Some(Drag::Zoom { from, to }) = self.drag {
            overlays::paint_zoom(&painter, &stage, zoomed_area(&stage, from, to));
        }
        overlays::paint_playhead(&painter, palette, &stage, playback.position_secs);
        let pointer = picture.hover_pos().or(waveform.hover_pos());
        self.paint_instruments(&painter, &stage, focus.measured.as_ref(), pointer);
        rulers::paint(&painter, palette, &stage, self, pointer);
        color_bar::ui(ui, self, &stage, actions);
        let selected = self.selected(playback);
        rulers::readout(ui, &stage, self, (loaded, long), pointer, selected);
    }

    /// Another clip is shown whole at first, another channel of the same one where a person was.
    fn show(&mut self, loaded: &LoadedClip, whole: Span) {
        let clip = Arc::downgrade(&loaded.clip);
        if !self.shown.ptr_eq(&clip) {
            let is_same_clip = self.shown_idx == Some(loaded.clip_idx) && self.whole == whole;
            (self.shown, self.shown_idx, self.whole) = (clip, Some(loaded.clip_idx), whole);
            if !is_same_clip {
                self.time = whole;
                self.drag = None;
            }
        }
    }

    fn paint_instruments(&mut self, painter: &egui::Painter, stage: &Stage, measured: Option<&Measured>, pointer: Option<Pos2>) {
        let on_picture = pointer.filter(|pointer| stage.spectrogram.contains(*pointer));
        self.instruments.pointer_hz = on_picture.map(|pointer| stage.hz(self.axis, pointer.y));
        let held = match self.drag {
            Some(Drag::Harmonic { order }) => Some(order),
            _ => on_picture.and_then(|pointer| self.instruments.harmonics.line_at(stage, self.axis, pointer)),
        };
        self.instruments.harmonics.paint(painter, stage, self.axis, held);
        let being_drawn = match self.drag {
            Some(Drag::Measure { from, to }) => Some(Measured {
                area: TimeFrequencyBox::between(from, to),
                result: None,
            }),
            _ => None,
        };
        if let Some(measured) = being_drawn.as_ref().or(measured) {
            measuring::paint(painter, stage, self.axis, measured);
        }
    }

    /// Room for the parts: gutters left and right for labels, the spectrogram gets what is left. What the figures of the instruments
    /// have `taken` above, the waveform gives up: the picture stays where the pointer is.
    fn stage(&self, ui: &mut egui::Ui, loaded: &LoadedClip, whole: Span, has_ribbon: bool, taken: f32) -> Stage {
        let (area, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
        let x = Rangef::new(
            area.left() + 46.0,
            (area.right() - 2.0 * GRID - COLOR_BAR_POINTS - color_bar::ROOM).max(area.left() + 100.0),
        );
        let strip = |top: f32, height: f32| Rect::from_x_y_ranges(x, Rangef::new(top, top + height));
        let readout = strip(area.bottom() - 18.0, 18.0);
        let time_axis = strip(readout.top() - 20.0, 20.0);
        let ribbon_height = if has_ribbon { 20.0 } else { 0.0 };
        let ribbon = strip(time_axis.top() - ribbon_height, ribbon_height);
        let waveform_height = if area.height() + taken > 320.0 { 72.0 } else { 40.0 };
        let waveform = strip(area.top(), (waveform_height - taken).max(24.0));
        let top = waveform.bottom() + 2.0 * GRID;
        let bottom = ribbon.top() - if has_ribbon { 3.0 } else { 0.0 };
        let spectrogram = strip(top, (bottom - top).max(60.0));
        let bar_x = Rangef::new(x.max + 2.0 * GRID, x.max + 2.0 * GRID + COLOR_BAR_POINTS);
        Stage {
            waveform,
            spectrogram,
            ribbon,
            time_axis,
            color_bar: Rect::from_x_y_ranges(bar_x, spectrogram.y_range()),
            readout: Rect::from_x_y_ranges(area.x_range(), readout.y_range()),
            time: Scale::horizontal(self.time, x),
            frequency: Scale::vertical(self.positions, spectrogram.y_range()),
            whole,
            top_hz: f64::from(loaded.clip.sample_rate_hz.max(80)) / 2.0,
        }
    }

    fn paint_sound(
        &mut self,
        painter: &egui::Painter,
        palette: Palette,
        stage: &Stage,
        loaded: &LoadedClip,
        long: Option<&LongView>,
    ) {
        painter.rect_filled(stage.waveform, 0.0, palette.canvas);
        let inside = stage.waveform.shrink2(egui::vec2(0.0, 2.0));
        let (clip, peaks) = (&loaded.clip, &loaded.peaks);
        let amplitude = match long {
            None => {
                let amplitude = peak_amplitude(clip, peaks);
                paint_waveform(painter, inside, clip, peaks, self.time, amplitude, palette.normal);
                amplitude
            }
            Some(long) => {
                let amplitude = loudest(&long.outline(0.0, stage.whole.end, 1));
                let columns = long.outline(self.time.start, self.time.end, n_columns(painter, inside));
                paint_outline(painter, inside, &columns, amplitude, palette.normal);
                amplitude
            }
        };
        rulers::paint_amplitude(painter, palette, stage.waveform, amplitude);
        painter.rect_filled(stage.spectrogram, 0.0, Color32::BLACK);
        // Frame i is centred on sample i * hop.
        let frame = |secs: f64| secs * f64::from(loaded.clip.sample_rate_hz) / loaded.settings.hop.max(1) as f64 + 0.5;
        self.tiles.paint(
            painter,
            stage.spectrogram,
            &Picture {
                spectrogram: &loaded.spectrogram,
                long: long.map(|long| long as &dyn TileValues),
                bin_hz: &loaded.bin_hz,
                frames: Span::new(frame(self.time.start), frame(self.time.end)),
                axis: self.axis,
                top_hz: stage.top_hz,
                positions: self.positions,
                coloring: self.coloring(),
            },
        );
    }

    /// What is being dragged over, else what is looped.
    fn selected(&self, playback: &Playback) -> Option<Span> {
        match self.drag {
            Some(Drag::Select { from_secs, to_secs }) => Some(Span::new(from_secs.min(to_secs), from_secs.max(to_secs))),
            _ => playback.loop_span_secs.map(|(start, end)| Span::new(start, end)),
        }
    }
}

/// Where the picture's edges lie on the screen.
fn on_pixels(painter: &egui::Painter, rect: Rect) -> Rect {
    rect.round_to_pixels(painter.pixels_per_point())
}

/// `1.200–3.400 s (2.200 s)`.
pub(super) fn span_text(span: Span) -> String {
    format!(
        "{} \u{2013} {} ({})",
        format_secs(span.start),
        format_secs(span.end),
        format_secs(span.len())
    )
}
