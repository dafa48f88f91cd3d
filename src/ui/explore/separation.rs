//! How a design tells the clips apart that it was judged by, and the anomalous ones that it misses, to be heard.

use eframe::egui::{self, Align2, Button, Color32, Rect, RichText, Role, Sense, Stroke, TextStyle, WidgetInfo, pos2, vec2};

use super::detail::Detail;
use super::numbers;
use super::status::remark;
use crate::app::{Action, Bins, Separation, Workbench};
use crate::figures::Figure;
use crate::pipeline::{JudgedLabel, TrialReport};
use crate::project::FigureRecipe;
use crate::ui::offers;
use crate::ui::theme;
use crate::ui::widgets::{count, heading, save_figure_menu};

const PLOT_HEIGHT: f32 = 92.0;
/// Missed clips that are listed: the rest is counted.
const MOST_LISTED: usize = 40;
/// Letters of a name that fit into the list beside a fault.
const LONGEST_NAME: usize = 26;

pub(super) fn ui(ui: &mut egui::Ui, workbench: &Workbench, trial: &TrialReport, detail: &Detail, actions: &mut Vec<Action>) {
    let Some(separation) = &detail.separation else { return };
    // To be drawn again by the report.
    let recipe = || FigureRecipe::Separation {
        exploration: detail.name.clone(),
        trial: trial.number,
    };
    ui.horizontal(|ui| {
        heading(ui, "Separation");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let figure = || Some(Figure::Histogram(separation.figure.clone()));
            save_figure_menu(ui, &format!("design_{}_scores", trial.number), figure, recipe);
        });
    });
    let plot = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), PLOT_HEIGHT));
    offers::offer(ui, plot, recipe);
    histogram(ui, separation, &detail.bins, PLOT_HEIGHT);
    remark(
        ui,
        format!(
            "Threshold {} by its normal clips: {} of {} normal above it, {} of {} anomalous below",
            numbers::three_digits(separation.threshold),
            separation.n_false_alarms,
            separation.n_normal,
            separation.missed.len(),
            separation.n_anomalous
        ),
    );
    misses(
        ui,
        workbench,
        (&detail.name, trial),
        separation,
        &detail.missed_clips,
        actions,
    );
}

/// Normal and anomalous scores in the same bins, the threshold as a line.
pub(super) fn histogram(ui: &mut egui::Ui, separation: &Separation, bins: &Bins, height: f32) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let figure = &separation.figure;
    response.widget_info(|| {
        let text = format!(
            "Scores of {} normal and {} anomalous clips",
            figure.normal.len(),
            figure.anomalous.len()
        );
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, palette.canvas);
    let (Some(&low), Some(&high)) = (bins.edges.first(), bins.edges.last()) else {
        return;
    };
    let small = TextStyle::Small.resolve(ui.style());
    let plot = Rect::from_min_max(rect.min + vec2(4.0, 16.0), rect.max - vec2(4.0, 3.0));
    let x = |value: f64| plot.left() + plot.width() * ((value - low) / (high - low)) as f32;
    let top = bins.max_count().max(1) as f32;
    for (counts, colour) in [(&bins.normal, palette.normal), (&bins.anomalous, palette.anomalous)] {
        for (edges, &n_clips) in bins.edges.windows(2).zip(counts) {
            if n_clips > 0 {
                let bar = Rect::from_min_max(
                    pos2(x(edges[0]) + 0.5, plot.bottom() - plot.height() * n_clips as f32 / top),
                    pos2(x(edges[1]) - 0.5, plot.bottom()),
                );
                painter.rect_filled(bar, 0.0, colour.gamma_multiply(0.55));
                painter.hline(bar.x_range(), bar.top(), Stroke::new(1.5, colour));
            }
        }
    }
    painter.vline(x(separation.threshold), plot.y_range(), Stroke::new(1.5, palette.ink));
    let legend = |at, anchor, name: &str, n_clips: usize, colour: Color32| {
        painter.text(at, anchor, format!("{name} {}", count(n_clips)), small.clone(), colour);
    };
    let (left, right) = (rect.left_top() + vec2(4.0, 2.0), rect.right_top() + vec2(-4.0, 2.0));
    legend(left, Align2::LEFT_TOP, "normal", figure.normal.len(), palette.normal);
    legend(
        right,
        Align2::RIGHT_TOP,
        "anomalous",
        figure.anomalous.len(),
        palette.anomalous,
    );
    response.on_hover_text("Scores grow to the right; the line is the threshold");
}

/// The end of a long name: that is where names of clips differ.
fn ending(file: &str) -> String {
    let n_letters = file.chars().count();
    if n_letters <= LONGEST_NAME {
        return file.to_owned();
    }
    let end: String = file.chars().skip(n_letters + 1 - LONGEST_NAME).collect();
    format!("…{end}")
}

/// The anomalous clips below the threshold: a click plays one.
fn misses(
    ui: &mut egui::Ui,
    workbench: &Workbench,
    (name, trial): (&str, &TrialReport),
    separation: &Separation,
    clips: &[Option<usize>],
    actions: &mut Vec<Action>,
) {
    let n_missed = separation.missed.len();
    heading(
        ui,
        &format!("Its {} {}", count(n_missed), if n_missed == 1 { "miss" } else { "misses" }),
    );
    if n_missed == 0 {
        remark(ui, "Every anomalous clip scores above the threshold");
        return;
    }
    let is_synthetic = |place: &usize| matches!(trial.judged[*place].label, JudgedLabel::Synthetic(_));
    if separation.missed.iter().any(is_synthetic) {
        remark(
            ui,
            "Click to hear one, with the fault that the search put in. A right click plays the recording before that.",
        );
    } else {
        remark(ui, "Click to hear one, Space to pause");
    }
    ui.spacing_mut().item_spacing.y = 1.0;
    for (&place, &clip_idx) in separation.missed.iter().zip(clips).take(MOST_LISTED) {
        let clip = &trial.judged[place];
        let file = clip.path.rsplit('/').next().unwrap_or(&clip.path);
        let file = ending(file);
        let what = match &clip.label {
            JudgedLabel::Synthetic(fault) => format!("{fault}: {file}"),
            JudgedLabel::Normal | JudgedLabel::Anomalous => file,
        };
        let is_focused = clip_idx.is_some() && workbench.focus == clip_idx;
        let button = Button::new(RichText::new(&what).small())
            .truncate()
            .selected(is_focused)
            .frame_when_inactive(false)
            .min_size(vec2(ui.available_width(), 20.0));
        let hint = match clip_idx {
            Some(_) => format!("{}\nscore {}", clip.path, numbers::three_digits(clip.score.into())),
            None => format!("{}: no longer in the data set", clip.path),
        };
        let response = ui.add_enabled(clip_idx.is_some(), button);
        let response = response.on_hover_text(hint.clone()).on_disabled_hover_text(hint);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, clip_idx.is_some(), format!("Play {what}")));
        let Some(clip_idx) = clip_idx else { continue };
        let is_faulty = is_synthetic(&place);
        if response.clicked() && is_faulty {
            actions.push(Action::HearJudged {
                exploration: name.to_owned(),
                trial: trial.number,
                place,
            });
        } else if response.clicked() || response.secondary_clicked() {
            actions.push(Action::Listen(clip_idx));
        }
    }
    if n_missed > MOST_LISTED {
        remark(ui, format!("and {} more", count(n_missed - MOST_LISTED)));
    }
}
