//! Colours, spaces and text sizes: the one place that decides how the window looks.

use eframe::egui::{self, Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Theme, Visuals};

/// The grid that all spaces are multiples of.
pub const GRID: f32 = 4.0;
/// Height of every control.
pub const CONTROL_HEIGHT: f32 = 24.0;

const YELLOW: Color32 = Color32::from_rgb(0xF0, 0xE4, 0x42);
/// What stands for the yellow where the canvas is white, as in saved figures.
const DARK_YELLOW: Color32 = Color32::from_rgb(0xA8, 0x9A, 0x00);

/// Okabe–Ito: eight categories that people with colour-blindness can tell apart.
pub const CATEGORIES: [Color32; 8] = [
    Color32::from_rgb(0x00, 0x72, 0xB2),
    Color32::from_rgb(0xE6, 0x9F, 0x00),
    Color32::from_rgb(0x00, 0x9E, 0x73),
    Color32::from_rgb(0xCC, 0x79, 0xA7),
    Color32::from_rgb(0x56, 0xB4, 0xE9),
    Color32::from_rgb(0xD5, 0x5E, 0x00),
    YELLOW,
    Color32::from_rgb(0x99, 0x99, 0x99),
];

/// The categories in the order in which they stand out best from the canvas of the theme in use.
pub fn categories(ui: &egui::Ui) -> [Color32; 8] {
    let order = if ui.visuals().dark_mode {
        [4, 1, 2, 3, 6, 5, 0, 7]
    } else {
        [0, 5, 2, 3, 1, 4, 7, 6]
    };
    order.map(|category: usize| match CATEGORIES[category] {
        YELLOW if !ui.visuals().dark_mode => DARK_YELLOW,
        colour => colour,
    })
}

/// Colours with a meaning, for the theme in use.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// What is active or selected.
    pub accent: Color32,
    /// Normal clips.
    pub normal: Color32,
    /// Anomalous clips.
    pub anomalous: Color32,
    pub warning: Color32,
    pub error: Color32,
    /// Anomalies on the map: black on light, white on dark.
    pub ink: Color32,
    /// Text that explains.
    pub weak: Color32,
    /// Behind plots and pictures.
    pub canvas: Color32,
    /// Lines of grids and axes.
    pub grid: Color32,
}

/// The colours of the theme that `ui` is drawn in.
pub fn palette(ui: &egui::Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

const DARK: Palette = Palette {
    accent: Color32::from_rgb(0x3D, 0xB8, 0xA6),
    normal: Color32::from_rgb(0x56, 0xB4, 0xE9),
    anomalous: Color32::from_rgb(0xF2, 0x7A, 0x2E),
    warning: Color32::from_rgb(0xE6, 0xB0, 0x3A),
    error: Color32::from_rgb(0xF0, 0x6A, 0x6A),
    ink: Color32::from_rgb(0xF4, 0xF4, 0xF4),
    weak: Color32::from_rgb(0x9A, 0x9F, 0xA6),
    canvas: Color32::from_rgb(0x12, 0x13, 0x15),
    grid: Color32::from_rgb(0x33, 0x36, 0x3A),
};

const LIGHT: Palette = Palette {
    accent: Color32::from_rgb(0x0B, 0x7A, 0x6B),
    normal: Color32::from_rgb(0x00, 0x72, 0xB2),
    anomalous: Color32::from_rgb(0xC8, 0x4E, 0x00),
    warning: Color32::from_rgb(0x9A, 0x6A, 0x00),
    error: Color32::from_rgb(0xB8, 0x22, 0x22),
    ink: Color32::from_rgb(0x14, 0x15, 0x17),
    weak: Color32::from_rgb(0x5C, 0x62, 0x6A),
    canvas: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    grid: Color32::from_rgb(0xD8, 0xDB, 0xDF),
};

/// Sets both themes; which one is used follows the person's or the system's choice.
pub fn install(context: &egui::Context) {
    for (theme, palette) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        context.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, palette);
            style.spacing.item_spacing = egui::vec2(2.0 * GRID, 1.5 * GRID);
            style.spacing.button_padding = egui::vec2(2.5 * GRID, GRID);
            style.spacing.interact_size.y = CONTROL_HEIGHT;
            style.text_styles = [
                (TextStyle::Heading, FontId::new(18.0, FontFamily::Proportional)),
                (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
                (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
            ]
            .into();
        });
    }
}

fn visuals(theme: Theme, palette: Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    let is_dark = theme == Theme::Dark;
    let grey = |dark: u8, light: u8| Color32::from_gray(if is_dark { dark } else { light });
    visuals.panel_fill = if is_dark {
        Color32::from_rgb(0x1B, 0x1D, 0x20)
    } else {
        Color32::from_rgb(0xF6, 0xF7, 0xF8)
    };
    visuals.window_fill = visuals.panel_fill;
    visuals.extreme_bg_color = palette.canvas;
    visuals.faint_bg_color = if is_dark {
        Color32::from_rgb(0x21, 0x24, 0x28)
    } else {
        Color32::from_rgb(0xEE, 0xF0, 0xF2)
    };
    visuals.selection.bg_fill = palette.accent.gamma_multiply(if is_dark { 0.35 } else { 0.22 });
    visuals.selection.stroke = Stroke::new(1.0, if is_dark { palette.accent } else { palette.ink });
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.window_shadow = egui::Shadow::NONE;
    // A cursor that blinks draws the whole window twice a second for nothing.
    visuals.text_cursor.blink = false;
    visuals.popup_shadow = egui::Shadow {
        offset: [0, 2],
        blur: 8,
        spread: 0,
        color: Color32::from_black_alpha(60),
    };
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.fg_stroke.color = grey(0xD6, 0x1E);
    widgets.noninteractive.bg_stroke.color = grey(0x33, 0xD4);
    widgets.inactive.fg_stroke.color = grey(0xDC, 0x20);
    // Check boxes and radio buttons; plain buttons have the weaker fill.
    widgets.inactive.bg_fill = grey(0x4A, 0xC6);
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = CornerRadius::same(4);
        state.expansion = 0.0;
    }
    visuals
}
