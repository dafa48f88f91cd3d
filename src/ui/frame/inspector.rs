//! What is known of the focused clip, and the buttons that label it.

use eframe::egui::{self, Grid, RichText, ScrollArea};

use super::{theme, widgets};
use crate::app::{Action, Verdict, Workbench};
use crate::dataset::{ClipEntry, Domain, Label, Split};

pub(super) fn ui(ui: &mut egui::Ui, workbench: &Workbench, actions: &mut Vec<Action>) {
    ui.take_available_width();
    let palette = theme::palette(ui);
    let (Some(clip_idx), Some(clip)) = (workbench.focus, workbench.focused()) else {
        ui.label(RichText::new("Focused clip").strong());
        widgets::message(ui, palette.weak, "Choose a clip in Browse or on the map to see it here");
        return;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let name = egui::Label::new(RichText::new(clip.file_name()).strong()).wrap();
        ui.add(name).on_hover_text(&clip.path);
        labels(ui, workbench, clip_idx, actions);
        score(ui, workbench, clip_idx);
        metadata(ui, clip);
    });
}

fn labels(ui: &mut egui::Ui, workbench: &Workbench, clip: usize, actions: &mut Vec<Action>) {
    widgets::heading(ui, "Label");
    let current = workbench.label(clip);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        for (label, key) in [(Label::Normal, "N"), (Label::Anomalous, "A"), (Label::Unknown, "U")] {
            let button = ui.add(egui::Button::new(title(label)).selected(label == current));
            if button
                .on_hover_text(format!("Label as {} ({key})", title(label).to_lowercase()))
                .clicked()
            {
                actions.push(Action::SetLabel { clip, label });
            }
        }
    });
    if workbench.project.labels.contains_key(&workbench.dataset.clips[clip].path) {
        let weak = theme::palette(ui).weak;
        let original = title(workbench.scanned_label(clip)).to_lowercase();
        ui.label(
            RichText::new(format!("By hand; the data set says {original}"))
                .small()
                .color(weak),
        );
    }
}

fn title(label: Label) -> &'static str {
    match label {
        Label::Normal => "Normal",
        Label::Anomalous => "Anomaly",
        Label::Unknown => "Unknown",
    }
}

fn score(ui: &mut egui::Ui, workbench: &Workbench, clip: usize) {
    widgets::heading(ui, "Score");
    let palette = theme::palette(ui);
    let Some(score) = workbench.scores.get(clip).copied().flatten() else {
        widgets::message(ui, palette.weak, "Not scored yet");
        return;
    };
    let (verdict, colour) = match workbench.verdict(clip) {
        Verdict::Caught => ("Caught", palette.anomalous),
        Verdict::Missed => ("Missed", palette.error),
        Verdict::FalseAlarm => ("False alarm", palette.warning),
        Verdict::CorrectNormal => ("Normal, as it should be", palette.normal),
        Verdict::Open if score.is_anomalous => ("Sounds anomalous", palette.anomalous),
        Verdict::Open => ("Sounds normal", palette.normal),
    };
    ui.horizontal(|ui| {
        ui.label(
            RichText::new(format!("{:.1}", score.percentile))
                .monospace()
                .size(22.0)
                .color(colour),
        );
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(RichText::new(verdict).color(colour));
            let hint =
                "Percentile among normal training clips that the detector had not seen; in brackets the detector's own score";
            let raw = RichText::new(format!("percentile (raw {})", significant(score.raw)))
                .small()
                .color(palette.weak);
            ui.label(raw).on_hover_text(hint);
        });
    });
    let (detector, _) = workbench.detector(&workbench.dataset.clips[clip].group);
    ui.label(RichText::new(format!("by {}", detector.title())).small().color(palette.weak));
}

/// Four significant digits, whatever the unit of the detector.
fn significant(value: f64) -> String {
    let magnitude = value.abs().max(1e-300).log10().floor();
    if (-4.0..6.0).contains(&magnitude) {
        let decimals = (3.0 - magnitude).clamp(0.0, 7.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.3e}")
    }
}

fn metadata(ui: &mut egui::Ui, clip: &ClipEntry) {
    widgets::heading(ui, "Clip");
    let weak = theme::palette(ui).weak;
    let split = match clip.split {
        Split::Train => "train",
        Split::Test => "test",
    };
    let mut rows = vec![
        ("Machine".to_owned(), clip.group.machine.clone()),
        ("Section".to_owned(), clip.group.section.clone()),
        ("Split".to_owned(), split.to_owned()),
    ];
    if let Some(domain) = clip.domain {
        let domain = match domain {
            Domain::Source => "source",
            Domain::Target => "target",
        };
        rows.push(("Domain".to_owned(), domain.to_owned()));
    }
    rows.push(("Length".to_owned(), format!("{:.2} s", clip.duration_secs)));
    rows.push(("Rate".to_owned(), format!("{} Hz", clip.sample_rate_hz)));
    rows.push(("Channels".to_owned(), clip.n_channels.to_string()));
    for attribute in &clip.attributes {
        rows.push((attribute.name.clone(), attribute.value.clone()));
    }
    rows.push(("Path".to_owned(), clip.path.clone()));
    Grid::new("metadata")
        .num_columns(2)
        .min_row_height(18.0)
        .spacing([8.0, 2.0])
        .show(ui, |ui| {
            for (name, value) in rows {
                ui.colored_label(weak, name);
                ui.add(
                    egui::Label::new(&value)
                        .wrap_mode(egui::TextWrapMode::Truncate)
                        .selectable(true),
                );
                ui.end_row();
            }
        });
}
