//! The colour and the marker of every clip, kept until labels, scores or the colouring change.

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{self, Color32, ecolor::Hsva};

use super::markers::Marker;
use crate::app::{ClipScore, MapColor, MapShow, Scope, Workbench, map_categories};
use crate::dataset::{Dataset, Label};
use crate::ui::theme;

/// How one clip is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) category: u32,
    pub(super) marker: Marker,
    /// Among what the screen shows now.
    pub(super) is_shown: bool,
}

/// All clips of the data set.
pub(super) struct Looks {
    dataset: Arc<Dataset>,
    clips_on_map: Arc<Vec<usize>>,
    color: MapColor,
    show: MapShow,
    scope: Scope,
    labels: BTreeMap<String, Label>,
    scores: Vec<Option<ClipScore>>,
    /// Names of the categories.
    pub(super) categories: Vec<String>,
    /// Clips that are shown, one a category.
    pub(super) counts: Vec<usize>,
    pub(super) n_targets: usize,
    pub(super) n_anomalies: usize,
    /// Parallel to the data set's clips.
    pub(super) of_clip: Vec<Look>,
}

impl Looks {
    pub(super) fn renew(before: Option<Self>, workbench: &Workbench, color: MapColor, show: MapShow) -> Self {
        match before {
            Some(before) if before.holds(workbench, color, show) => before,
            _ => Self::new(workbench, color, show),
        }
    }

    fn holds(&self, workbench: &Workbench, color: MapColor, show: MapShow) -> bool {
        Arc::ptr_eq(&self.dataset, &workbench.dataset)
            && Arc::ptr_eq(&self.clips_on_map, &workbench.map.clips)
            && self.color == color
            && self.show == show
            && (show != MapShow::Scope || self.scope == workbench.scope)
            && self.labels == workbench.project.labels
            && (color != MapColor::Score || self.scores == workbench.scores)
    }

    fn new(workbench: &Workbench, color: MapColor, show: MapShow) -> Self {
        let (categories, category_of) = map_categories(workbench, color);
        let look = |(clip_idx, &category): (usize, &usize)| Look {
            category: category as u32,
            marker: Marker::of(
                workbench.label(clip_idx) == Label::Anomalous,
                workbench.dataset.clips[clip_idx].is_target(),
            ),
            is_shown: show.shows(workbench, clip_idx),
        };
        let of_clip: Vec<Look> = category_of.iter().enumerate().map(look).collect();
        let mut counts = vec![0; categories.len()];
        let (mut n_targets, mut n_anomalies) = (0, 0);
        let on_map = workbench.map.clips.iter().filter_map(|&clip_idx| of_clip.get(clip_idx));
        for look in on_map.filter(|look| look.is_shown) {
            counts[look.category as usize] += 1;
            n_targets += usize::from(look.marker.is_target());
            n_anomalies += usize::from(look.marker.is_anomaly());
        }
        Self {
            dataset: Arc::clone(&workbench.dataset),
            clips_on_map: Arc::clone(&workbench.map.clips),
            color,
            show,
            scope: workbench.scope.clone(),
            labels: workbench.project.labels.clone(),
            scores: if color == MapColor::Score {
                workbench.scores.clone()
            } else {
                Vec::new()
            },
            categories,
            counts,
            n_targets,
            n_anomalies,
            of_clip,
        }
    }

    /// One a category.
    pub(super) fn colors(&self, ui: &egui::Ui) -> Vec<Color32> {
        let n = self.categories.len();
        let (palette, is_dark) = (theme::palette(ui), ui.visuals().dark_mode);
        let eight = theme::categories(ui);
        match self.color {
            MapColor::Label => vec![palette.normal, palette.anomalous, palette.weak],
            MapColor::Domain => vec![palette.normal, eight[1], palette.weak],
            MapColor::Score => {
                let mut colors: Vec<Color32> = (0..n - 1).map(|step| score_color(step, n - 1, is_dark)).collect();
                colors.push(palette.weak.gamma_multiply(0.6));
                colors
            }
            MapColor::Machine => (0..n).map(|place| spread(&eight, place, n)).collect(),
            MapColor::Section => self.section_colors(&eight),
        }
    }

    /// The sections of one machine are shades of the machine's colour.
    fn section_colors(&self, eight: &[Color32; 8]) -> Vec<Color32> {
        let machine = |name: &str| name.rsplit_once(' ').map_or(name, |(machine, _)| machine).to_owned();
        let mut sections: BTreeMap<String, usize> = BTreeMap::new();
        for name in &self.categories {
            *sections.entry(machine(name)).or_default() += 1;
        }
        let places: BTreeMap<String, usize> = sections.keys().cloned().zip(0..).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let color = |name: &String| {
            let machine = machine(name);
            let place = seen.entry(machine.clone()).or_default();
            *place += 1;
            let part = *place as f32 / (sections[&machine] + 1) as f32;
            shade(spread(eight, places[&machine], places.len()), part)
        };
        self.categories.iter().map(color).collect()
    }
}

/// Eight colours that all eyes tell apart; round the wheel of hues where there are more.
fn spread(eight: &[Color32; 8], place: usize, n: usize) -> Color32 {
    match eight.get(place) {
        Some(&color) if n <= eight.len() => color,
        // Neighbours in the list differ in value too.
        _ => Hsva::new(
            place as f32 / n as f32,
            0.65,
            if place.is_multiple_of(2) { 0.9 } else { 0.65 },
            1.0,
        )
        .into(),
    }
}

/// Darker below 0.5, lighter above.
fn shade(color: Color32, part: f32) -> Color32 {
    if part < 0.5 {
        color.lerp_to_gamma(Color32::BLACK, 0.5 - part)
    } else {
        color.lerp_to_gamma(Color32::WHITE, (part - 0.5) * 1.2)
    }
}

/// Steps of one scale, always away from the background.
fn score_color(step: usize, n_steps: usize, is_dark: bool) -> Color32 {
    let part = step as f64 / (n_steps.max(2) - 1) as f64;
    let at = if is_dark { 0.25 + 0.75 * part } else { 0.85 * (1.0 - part) };
    let color = colorous::VIRIDIS.eval_continuous(at);
    Color32::from_rgb(color.r, color.g, color.b)
}
