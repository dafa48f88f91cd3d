//! The badge: which labels a choice of detector rests on. Form, colour and words say the same.

use eframe::egui::{self, Color32, Painter, Pos2, Response, RichText, Shape, Stroke, Vec2, vec2};

use crate::app::Matrix;
use crate::pipeline::LabelUse;
use crate::project::DetectorChoice;
use crate::ui::theme::{self, Palette};

/// Half the size of the mark.
const RADIUS: f32 = 4.0;

/// The words of the badge.
pub(super) fn words(label_use: LabelUse) -> &'static str {
    match label_use {
        LabelUse::None => "no labels used",
        LabelUse::PersonSawTestLabels => "chosen seeing test labels",
        LabelUse::OtherHalf => "chosen on the other half",
        LabelUse::Oracle => "oracle: best on test labels",
    }
}

/// The same where there is little room.
pub(super) fn short(label_use: LabelUse) -> &'static str {
    match label_use {
        LabelUse::None => "no labels",
        LabelUse::PersonSawTestLabels => "seen by a person",
        LabelUse::OtherHalf => "other half",
        LabelUse::Oracle => "oracle",
    }
}

/// What the badge means, in a sentence.
pub(super) fn meaning(label_use: LabelUse) -> &'static str {
    match label_use {
        LabelUse::None => "Fixed before any label was seen: this figure can be reported as it is",
        LabelUse::PersonSawTestLabels => "A person chose with the test figures before the eyes: optimistic",
        LabelUse::OtherHalf => {
            "The best detector on one half of the labelled test clips; every figure comes from the other half alone, which had no say"
        }
        LabelUse::Oracle => "The best detector on the very labels that it is measured with: an upper bound, not a result",
    }
}

fn colour(palette: &Palette, label_use: LabelUse) -> Color32 {
    match label_use {
        LabelUse::None => palette.accent,
        LabelUse::PersonSawTestLabels => palette.warning,
        LabelUse::OtherHalf => palette.accent,
        LabelUse::Oracle => palette.weak,
    }
}

/// The mark alone: a ring, a disc, a ring half full, or a diamond.
pub(super) fn mark(painter: &Painter, palette: &Palette, center: Pos2, label_use: LabelUse) {
    let colour = colour(palette, label_use);
    match label_use {
        LabelUse::None => {
            painter.circle_stroke(center, RADIUS - 0.75, Stroke::new(1.5, colour));
        }
        LabelUse::PersonSawTestLabels => {
            painter.circle_filled(center, RADIUS, colour);
        }
        LabelUse::OtherHalf => {
            painter.circle_stroke(center, RADIUS - 0.75, Stroke::new(1.5, colour));
            let upper: Vec<Pos2> = (0..=12)
                .map(|step| center + RADIUS * Vec2::angled(std::f32::consts::PI * (1.0 + step as f32 / 12.0)))
                .collect();
            painter.add(Shape::convex_polygon(upper, colour, Stroke::NONE));
        }
        LabelUse::Oracle => {
            let corners = [vec2(0.0, -1.0), vec2(1.0, 0.0), vec2(0.0, 1.0), vec2(-1.0, 0.0)];
            let diamond = corners.map(|corner| center + corner * (RADIUS + 0.5));
            painter.add(Shape::convex_polygon(diamond.to_vec(), colour, Stroke::NONE));
        }
    }
}

/// Mark and text in a line.
pub(super) fn badge(ui: &mut egui::Ui, label_use: LabelUse, text: &str) -> Response {
    let palette = theme::palette(ui);
    let fill = ui.visuals().faint_bg_color;
    let frame = egui::Frame::NONE
        .fill(fill)
        .corner_radius(4)
        .inner_margin(egui::Margin::symmetric(8, 3));
    frame
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let (rect, _) = ui.allocate_exact_size(vec2(2.0 * RADIUS, 12.0), egui::Sense::hover());
            mark(ui.painter(), &palette, rect.center(), label_use);
            ui.label(RichText::new(text).size(12.0));
        })
        .response
        .on_hover_text(meaning(label_use))
}

/// The badge of the whole table.
pub(super) fn of_table(ui: &mut egui::Ui, matrix: &Matrix) {
    let label_use = of_choice(matrix.choice, matrix.n_pinned);
    let text = match label_use {
        LabelUse::PersonSawTestLabels => {
            let n_sections = matrix.sections().count();
            format!("{} of {n_sections} {}", matrix.n_pinned, words(label_use))
        }
        LabelUse::OtherHalf => "chosen on one half, all figures of the other".to_owned(),
        LabelUse::Oracle => "oracle, as in the paper: an upper bound, not a result".to_owned(),
        LabelUse::None => words(label_use).to_owned(),
    };
    badge(ui, label_use, &text);
}

/// Which labels a mode of the choice rests on.
pub(super) fn of_choice(choice: DetectorChoice, n_pinned: usize) -> LabelUse {
    match choice {
        DetectorChoice::Fixed if n_pinned > 0 => LabelUse::PersonSawTestLabels,
        DetectorChoice::Fixed => LabelUse::None,
        DetectorChoice::OtherHalf => LabelUse::OtherHalf,
        DetectorChoice::Oracle => LabelUse::Oracle,
    }
}
