//! A button that opens a menu, and shows that it does.

use std::sync::Arc;

use eframe::egui::{
    self, Atom, AtomKind, AtomPaintArgs, Button, IntoSizedResult, PopupCloseBehavior, Response, RichText, Shape, SizedAtomKind,
    Stroke, Ui, Vec2,
    containers::menu::{MenuButton, MenuConfig},
    pos2,
};

/// A button with `text` and an arrow that opens a menu.
pub fn menu_button(ui: &mut Ui, text: impl Into<RichText>, add_items: impl FnOnce(&mut Ui)) -> Response {
    let text = text.into();
    let name = text.text().to_owned();
    let button = Button::new((text, arrow()));
    MenuButton::from_button(button).ui(ui, add_items).0.accessible_name(name)
}

/// The same that may look chosen, with a menu that closes as it is told.
pub fn menu_button_that(
    ui: &mut Ui,
    text: impl Into<RichText>,
    is_chosen: bool,
    closes: PopupCloseBehavior,
    add_items: impl FnOnce(&mut Ui),
) -> Response {
    let text = text.into();
    let name = text.text().to_owned();
    let button = Button::new((text, arrow())).selected(is_chosen);
    let menu = MenuButton::from_button(button).config(MenuConfig::new().close_behavior(closes));
    menu.ui(ui, add_items).0.accessible_name(name)
}

/// The same with a name of its own and a tooltip; it stays open while several things are set in it.
pub fn settings_menu(ui: &mut Ui, name: &str, title: &str, hint: &str, add_items: impl FnOnce(&mut Ui)) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let button = Button::new((RichText::new(title), arrow()));
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, add_items);
    response.on_hover_text(hint).accessible_name(name);
}

/// A small triangle that points down, in the colour of the text beside it.
fn arrow() -> Atom<'static> {
    let size = Vec2::splat(10.0);
    AtomKind::closure(move |_ui, _args| IntoSizedResult {
        intrinsic_size: size,
        sized: SizedAtomKind::Paint {
            paint: Arc::new(|ui: &egui::Ui, args: AtomPaintArgs| {
                let (centre, colour) = (args.rect.center(), args.fallback_text_color);
                let corner = |x: f32, y: f32| pos2(centre.x + x, centre.y + y);
                let corners = vec![corner(-3.5, -1.5), corner(3.5, -1.5), corner(0.0, 2.5)];
                ui.painter().add(Shape::convex_polygon(corners, colour, Stroke::NONE));
            }),
            size,
        },
    })
    .into()
}
