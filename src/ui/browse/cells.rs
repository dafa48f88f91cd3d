//! The columns of the table and what stands in their cells.

use eframe::egui::{self, Color32, Label, RichText, Sense, Stroke, TextStyle, WidgetInfo, pos2, vec2};

use super::crops::ordinal;
use crate::app::{ClipColumn, Verdict, Workbench};
use crate::dataset::{ClipEntry, Domain, Label as ClipLabel, Split};
use crate::ui::theme::{self, Palette};

/// What a header says when it is pointed at.
pub(super) fn hint(column: ClipColumn) -> &'static str {
    match column {
        ClipColumn::File => "Name of the recording",
        ClipColumn::Machine => "Machine type",
        ClipColumn::Section => "Section or machine id",
        ClipColumn::Domain => "Source: usual conditions; target: shifted ones, with few training clips",
        ClipColumn::Split => "Train: may be learned from; test: never",
        ClipColumn::Label => "What the data set, or you, say of the clip",
        ClipColumn::Score => "Anomaly score as a percentile of normal clips",
        ClipColumn::Mark => "The decision held against the label; nothing without a label, and for training clips",
        ClipColumn::Duration => "Length in seconds",
        ClipColumn::Attributes => "Working conditions",
    }
}

/// In points, at the size of body text.
pub(super) fn width(column: ClipColumn) -> f32 {
    match column {
        ClipColumn::File => 120.0,
        ClipColumn::Machine => 54.0,
        ClipColumn::Section => 50.0,
        ClipColumn::Domain => 50.0,
        ClipColumn::Split => 36.0,
        ClipColumn::Label => 70.0,
        ClipColumn::Score => 46.0,
        ClipColumn::Mark => 88.0,
        ClipColumn::Duration => 40.0,
        ClipColumn::Attributes => 60.0,
    }
}

/// Its part of the room that is left over.
pub(super) fn share(column: ClipColumn, columns: &[ClipColumn]) -> f32 {
    let has_attributes = columns.contains(&ClipColumn::Attributes);
    match column {
        ClipColumn::File if has_attributes => 0.8,
        ClipColumn::File => 1.0,
        ClipColumn::Attributes => 0.2,
        _ => 0.0,
    }
}

pub(super) fn is_number(column: ClipColumn) -> bool {
    matches!(column, ClipColumn::Score | ClipColumn::Duration)
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
        ClipColumn::Attributes => attributes(ui, clip),
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
pub(super) fn own_name(clip: &ClipEntry) -> &str {
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

/// A disc for caught, a ring for missed, a triangle for a false alarm, and the word beside it.
fn mark(ui: &mut egui::Ui, verdict: Verdict, palette: Palette) {
    let (color, meaning) = match verdict {
        Verdict::Caught => (palette.anomalous, "Caught: anomalous, and decided so"),
        Verdict::Missed => (palette.anomalous, "Missed: anomalous, but under the threshold"),
        Verdict::FalseAlarm => (palette.warning, "False alarm: normal, but over the threshold"),
        Verdict::CorrectNormal | Verdict::Open => return,
    };
    ui.spacing_mut().item_spacing.x = theme::GRID;
    let (rect, symbol) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
    symbol.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, verdict.name()));
    let painter = ui.painter();
    match verdict {
        Verdict::Caught => painter.circle_filled(rect.center(), 4.5, color),
        Verdict::Missed => painter.circle_stroke(rect.center(), 4.0, Stroke::new(1.6, color)),
        _ => {
            let triangle = vec![
                pos2(rect.center().x, rect.top() + 1.0),
                pos2(rect.right() - 0.5, rect.bottom() - 1.5),
                pos2(rect.left() + 0.5, rect.bottom() - 1.5),
            ];
            painter.add(egui::Shape::closed_line(triangle, Stroke::new(1.6, color)))
        }
    };
    // Only caught is as it should be.
    let text = RichText::new(verdict.name());
    let text = if verdict == Verdict::Caught {
        text.color(palette.weak)
    } else {
        text
    };
    let word = ui.add(Label::new(text).selectable(false).truncate());
    (symbol | word).on_hover_text(meaning);
}

fn attributes(ui: &mut egui::Ui, clip: &ClipEntry) {
    if clip.attributes.is_empty() {
        return;
    }
    let line = RichText::new(Workbench::attribute_line(clip, " ")).color(theme::palette(ui).weak);
    let response = ui.add(Label::new(line).selectable(false).truncate());
    if response.hovered() {
        response.on_hover_text(Workbench::attribute_line(clip, "\n"));
    }
}
