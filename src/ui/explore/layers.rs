//! A design drawn layer by layer: how wide the stream of values is, and what each layer costs.

use eframe::egui::{self, Align2, FontId, Rect, RichText, Sense, TextStyle, WidgetInfo, pos2, vec2};

use super::numbers::short;
use super::status::remark;
use crate::exploration::{Genome, Layer, N_BANDS, N_FRAMES, Operation, Shape};
use crate::ui::theme;
use crate::ui::widgets::{count, heading};

const ROW_HEIGHT: f32 = 30.0;
/// Of the column that shows how many values flow.
const STREAM_WIDTH: f32 = 64.0;

pub(super) fn ui(ui: &mut egui::Ui, genome: &Genome) {
    let layers = genome.layers();
    heading(ui, &format!("{} layers", layers.len()));
    remark(
        ui,
        "Frames × bands × channels; the bars at the left show how many values flow, those behind the figures each layer's share",
    );
    ui.spacing_mut().item_spacing.y = 2.0;
    let input = Shape {
        frames: N_FRAMES,
        bands: N_BANDS,
        channels: 1,
    };
    let widest = layers.iter().map(|layer| layer.output.n_values()).max().unwrap_or(1);
    let widest = widest.max(input.n_values());
    let most = [n_parameters, Layer::n_multiply_adds].map(|cost| layers.iter().map(cost).max().unwrap_or(1).max(1));
    row(ui, "input", input, widest, None);
    for (number, layer) in layers.iter().enumerate() {
        let costs = [(n_parameters(layer), most[0]), (layer.n_multiply_adds(), most[1])];
        row(
            ui,
            &format!("{} {}", number + 1, operation(layer)),
            layer.output,
            widest,
            Some(costs),
        );
    }
}

fn n_parameters(layer: &Layer) -> usize {
    layer.n_weights() + layer.n_biases()
}

/// What a layer does, in few words.
fn operation(layer: &Layer) -> String {
    let kind = match layer.operation {
        Operation::Convolution { kernel: 1 } => "pointwise 1×1".to_owned(),
        Operation::Convolution { kernel } => format!("conv {kernel}×{kernel}"),
        Operation::Depthwise => "depthwise 3×3".to_owned(),
        Operation::Dense => "dense".to_owned(),
    };
    let [frames, bands] = layer.replicated;
    let up = if layer.replicated == [1, 1] {
        String::new()
    } else {
        format!(", repeat {frames}×{bands}")
    };
    let [frames, bands] = layer.stride;
    let down = if layer.stride == [1, 1] {
        String::new()
    } else {
        format!(", stride {frames}×{bands}")
    };
    format!("{kind}{up}{down}")
}

/// One layer: the stream, what it does, its shape, and (value, largest of all layers) of parameters and operations.
fn row(ui: &mut egui::Ui, name: &str, shape: Shape, widest: usize, costs: Option<[(usize, usize); 2]>) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let shape_text = if shape.frames * shape.bands == 1 {
        format!("{} values", count(shape.channels))
    } else {
        format!("{} × {} × {}", shape.frames, shape.bands, shape.channels)
    };
    let cost_texts = costs.map(|[(n_parameters, _), (n_multiply_adds, _)]| {
        [
            format!("{} par", short(n_parameters as f64)),
            format!("{} op", short(2.0 * n_multiply_adds as f64)),
        ]
    });
    let said = match (&cost_texts, costs) {
        (Some(_), Some([(n_parameters, _), (n_multiply_adds, _)])) => format!(
            "{name}: {shape_text}, {} parameters, {} operations",
            count(n_parameters),
            count(2 * n_multiply_adds)
        ),
        _ => format!("{name}: {shape_text}"),
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, said.clone()));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter();
    // By the square root: areas, as the eye compares them.
    let width = STREAM_WIDTH * ((shape.n_values() as f32 / widest as f32).sqrt()).max(0.03);
    let centre = rect.left() + 0.5 * STREAM_WIDTH;
    let stream = Rect::from_center_size(pos2(centre, rect.center().y), vec2(width, ROW_HEIGHT - 6.0));
    painter.rect_filled(stream, 2.0, palette.normal.gamma_multiply(0.7));
    let text_left = rect.left() + STREAM_WIDTH + 8.0;
    let cost_width = 66.0;
    let small = TextStyle::Small.resolve(ui.style());
    let digits = FontId::monospace(small.size - 0.5);
    let costs_left = rect.right() - cost_width;
    let words = painter.with_clip_rect(Rect::from_min_max(rect.min, pos2(costs_left - 4.0, rect.bottom())));
    let text_colour = ui.visuals().text_color();
    words.text(
        pos2(text_left, rect.top() + 2.0),
        Align2::LEFT_TOP,
        name,
        small.clone(),
        text_colour,
    );
    let below = pos2(text_left, rect.bottom() - 2.0);
    words.text(below, Align2::LEFT_BOTTOM, &shape_text, digits.clone(), palette.weak);
    if let (Some(texts), Some(costs)) = (cost_texts, costs) {
        for (line, (text, (value, most))) in texts.iter().zip(costs).enumerate() {
            let top = rect.top() + 1.0 + line as f32 * 0.5 * ROW_HEIGHT;
            let cell = Rect::from_min_size(pos2(costs_left, top), vec2(cost_width, 0.5 * ROW_HEIGHT - 2.0));
            let share = value as f32 / most as f32;
            let bar = Rect::from_min_max(pos2(cell.right() - share * cell.width(), cell.top()), cell.max);
            painter.rect_filled(bar, 1.0, palette.accent.gamma_multiply(0.3));
            painter.text(
                cell.right_center() - vec2(3.0, 0.0),
                Align2::RIGHT_CENTER,
                text,
                digits.clone(),
                text_colour,
            );
        }
    }
    response.on_hover_text(RichText::new(said));
}
