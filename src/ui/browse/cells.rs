//! The columns of the table and what stands in their cells.

use eframe::egui::{self, Color32, Label, RichText, Sense, Stroke, TextStyle, WidgetInfo, pos2, vec2};

use super::crops::ordinal;
use crate::app::{SortKey, Verdict, Workbench};
use crate::dataset::{Attribute, ClipEntry, Dataset, Domain, Label as ClipLabel, Split};
use crate::ui::theme::{self, Palette};

/// One column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClipColumn {
    File,
    Machine,
    Section,
    Domain,
    Split,
    Label,
    Score,
    Mark,
    Duration,
    Attributes,
}

impl ClipColumn {
    const ALL: [Self; 10] = [
        Self::File,
        Self::Score,
        Self::Mark,
        Self::Label,
        Self::Split,
        Self::Machine,
        Self::Section,
        Self::Domain,
        Self::Duration,
        Self::Attributes,
    ];

    /// All but those that would be empty from top to bottom.
    pub(super) fn worth_showing(dataset: &Dataset) -> Vec<Self> {
        let any = |is_filled: fn(&ClipEntry) -> bool| dataset.clips.iter().any(is_filled);
        Self::ALL
            .into_iter()
            .filter(|column| match column {
                Self::Domain => any(|clip| clip.domain.is_some()),
                Self::Attributes => any(|clip| !clip.attributes.is_empty()),
                _ => true,
            })
            .collect()
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Machine => "machine",
            Self::Section => "section",
            Self::Domain => "domain",
            Self::Split => "split",
            Self::Label => "label",
            Self::Score => "score",
            Self::Mark => "mark",
            Self::Duration => "secs",
            Self::Attributes => "attributes",
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::File => "Name of the recording",
            Self::Machine => "Machine type",
            Self::Section => "Section or machine id",
            Self::Domain => "Source: usual conditions; target: shifted ones, with few training clips",
            Self::Split => "Train: may be learned from; test: never",
            Self::Label => "What the data set, or you, say of the clip",
            Self::Score => "Anomaly score as a percentile of normal clips",
            Self::Mark => "The decision held against the label",
            Self::Duration => "Length in seconds",
            Self::Attributes => "Working conditions",
        }
    }

    /// In points, at the size of body text.
    pub(super) fn width(self) -> f32 {
        match self {
            Self::File => 120.0,
            Self::Machine => 54.0,
            Self::Section => 50.0,
            Self::Domain => 50.0,
            Self::Split => 36.0,
            Self::Label => 70.0,
            Self::Score => 46.0,
            Self::Mark => 30.0,
            Self::Duration => 40.0,
            Self::Attributes => 60.0,
        }
    }

    /// Its part of the room that is left over.
    pub(super) fn share(self, columns: &[Self]) -> f32 {
        let has_attributes = columns.contains(&Self::Attributes);
        match self {
            Self::File if has_attributes => 0.8,
            Self::File => 1.0,
            Self::Attributes => 0.2,
            _ => 0.0,
        }
    }

    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Score | Self::Duration)
    }

    pub(super) fn sort_key(self) -> Option<SortKey> {
        Some(match self {
            Self::File => SortKey::Path,
            Self::Machine => SortKey::Machine,
            Self::Section => SortKey::Section,
            Self::Domain => SortKey::Domain,
            Self::Split => SortKey::Split,
            Self::Label => SortKey::Label,
            Self::Score => SortKey::Score,
            Self::Duration => SortKey::Duration,
            Self::Mark | Self::Attributes => return None,
        })
    }
}

/// Draws one cell.
pub(super) fn cell(ui: &mut egui::Ui, column: ClipColumn, workbench: &Workbench, clip_idx: usize) {
    let clip = &workbench.dataset.clips[clip_idx];
    let palette = theme::palette(ui);
    // The tint of a selected row is enough; coloured text on it would be hard to read.
    ui.visuals_mut().override_text_color = None;
    match column {
        ClipColumn::File => file(ui, clip),
        ClipColumn::Machine => text(ui, &clip.group.machine),
        ClipColumn::Section => text(ui, &clip.group.section),
        ClipColumn::Domain => text(ui, clip.domain.map_or("", domain_name)),
        ClipColumn::Split => text(ui, split_name(clip.split)),
        ClipColumn::Label => label(ui, workbench, clip_idx, palette),
        ClipColumn::Score => score(ui, workbench, clip_idx, palette),
        ClipColumn::Mark => mark(ui, workbench.verdict(clip_idx), palette),
        ClipColumn::Duration => number(ui, format!("{:.1}", clip.duration_secs)),
        ClipColumn::Attributes => attributes(ui, &clip.attributes),
    }
}

/// The name of a label, as everywhere on this screen.
pub(super) fn label_name(label: ClipLabel) -> &'static str {
    match label {
        ClipLabel::Normal => "normal",
        ClipLabel::Anomalous => "anomalous",
        ClipLabel::Unknown => "unknown",
    }
}

/// How strange a percentile looks: nothing up to the middle of the normal clips, full colour beyond them all.
pub(super) fn percentile_color(palette: Palette, percentile: f32) -> Color32 {
    let strength = ((percentile - 50.0) / 50.0).clamp(0.0, 1.0);
    palette.grid.lerp_to_gamma(palette.anomalous, strength * strength)
}

fn split_name(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Test => "test",
    }
}

fn domain_name(domain: Domain) -> &'static str {
    match domain {
        Domain::Source => "source",
        Domain::Target => "target",
    }
}

fn text(ui: &mut egui::Ui, text: &str) {
    ui.add(Label::new(text).selectable(false).truncate());
}

fn number(ui: &mut egui::Ui, text: String) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.add(Label::new(RichText::new(text).monospace()).selectable(false));
    });
}

/// The part of a clip's file name that the other columns do not say: `anomaly_0012` of
/// `section_00_target_test_anomaly_0012_vel_6.wav`.
fn own_name(clip: &ClipEntry) -> &str {
    let name = clip.file_name();
    let mut own = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let section = format!("section_{}_", clip.group.section);
    for prefix in [section.as_str(), "source_", "target_", "train_", "test_"] {
        own = own.strip_prefix(prefix).unwrap_or(own);
    }
    let attributes: String = clip
        .attributes
        .iter()
        .map(|attribute| format!("_{}_{}", attribute.name, attribute.value))
        .collect();
    own.strip_suffix(attributes.as_str()).unwrap_or(own)
}

/// The end of a name says more than its start (`section_00_target_test_anomaly_0012`): the start gives way.
/// The ending (`.wav`) is in the tooltip.
fn file(ui: &mut egui::Ui, clip: &ClipEntry) {
    ui.add_space(theme::GRID);
    let name = clip.file_name();
    let own = own_name(clip);
    let font = TextStyle::Body.resolve(ui.style());
    let room = ui.available_width() - 2.0;
    let shown = ui.fonts_mut(|fonts| {
        let mut width = |c: char| fonts.glyph_width(&font, c);
        let whole: f32 = own.chars().map(&mut width).sum();
        if whole <= room {
            return None;
        }
        let mut left = room - width('…');
        let fits = own.char_indices().rev().take_while(|&(_, c)| {
            left -= width(c);
            left >= 0.0
        });
        let start = fits.last().map_or(own.len(), |(start, _)| start);
        Some(format!("…{}", &own[start..]))
    });
    let response = ui.add(Label::new(shown.as_deref().unwrap_or(own)).selectable(false).truncate());
    // The whole name for tests and screen readers, whatever fits.
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, name));
    response.on_hover_text(&clip.path);
}

fn label(ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize, palette: Palette) {
    let label = workbench.label(clip_idx);
    let color = match label {
        ClipLabel::Normal => palette.normal,
        ClipLabel::Anomalous => palette.anomalous,
        ClipLabel::Unknown => palette.weak,
    };
    ui.add(
        Label::new(RichText::new(label_name(label)).color(color))
            .selectable(false)
            .truncate(),
    );
}

fn score(ui: &mut egui::Ui, workbench: &Workbench, clip_idx: usize, palette: Palette) {
    let Some(score) = workbench.scores.get(clip_idx).copied().flatten() else {
        return;
    };
    let bar = ui.max_rect().shrink2(vec2(0.0, 3.0));
    let color = percentile_color(palette, score.percentile as f32);
    ui.painter().rect_filled(bar, 2.0, color.gamma_multiply(0.45));
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.add_space(3.0);
        let text = RichText::new(format!("{:.1}", score.percentile)).monospace();
        ui.add(Label::new(text).selectable(false)).on_hover_text(format!(
            "{} percentile of normal clips\nraw score {:.4}",
            ordinal(score.percentile as f32),
            score.raw
        ));
    });
}

/// A disc for caught, a ring for missed, a triangle for a false alarm.
fn mark(ui: &mut egui::Ui, verdict: Verdict, palette: Palette) {
    let name = match verdict {
        Verdict::Caught => "caught",
        Verdict::Missed => "missed",
        Verdict::FalseAlarm => "false alarm",
        Verdict::CorrectNormal | Verdict::Open => return,
    };
    ui.add_space(8.0);
    let (rect, response) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, name));
    let painter = ui.painter();
    match verdict {
        Verdict::Caught => painter.circle_filled(rect.center(), 4.5, palette.anomalous),
        Verdict::Missed => painter.circle_stroke(rect.center(), 4.0, Stroke::new(1.6, palette.anomalous)),
        _ => {
            let triangle = vec![
                pos2(rect.center().x, rect.top() + 1.0),
                pos2(rect.right() - 0.5, rect.bottom() - 1.5),
                pos2(rect.left() + 0.5, rect.bottom() - 1.5),
            ];
            painter.add(egui::Shape::closed_line(triangle, Stroke::new(1.6, palette.warning)))
        }
    };
    let meaning = match verdict {
        Verdict::Caught => "Caught: anomalous, and decided so",
        Verdict::Missed => "Missed: anomalous, but decided normal",
        _ => "False alarm: normal, but decided anomalous",
    };
    response.on_hover_text(meaning);
}

fn attributes(ui: &mut egui::Ui, attributes: &[Attribute]) {
    if attributes.is_empty() {
        return;
    }
    let pairs = |between: &str| {
        let pairs = attributes
            .iter()
            .map(|attribute| format!("{}={}", attribute.name, attribute.value));
        pairs.collect::<Vec<_>>().join(between)
    };
    ui.add(
        Label::new(RichText::new(pairs(" ")).color(theme::palette(ui).weak))
            .selectable(false)
            .truncate(),
    )
    .on_hover_text(pairs("\n"));
}
