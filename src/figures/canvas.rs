//! An SVG under construction. Lengths are in points of 1/96 inch, y grows downwards.

use std::fmt::Write;

use super::font;
use super::raster::base64;
use super::save::one_line;
use super::style::FigureTheme;

/// Colour, width and dashes of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    /// As SVG writes it; empty is solid.
    pub(super) dash: &'static str,
}

impl Stroke {
    pub(super) const fn solid(colour: &'static str, width: f64) -> Self {
        Self { colour, width, dash: "" }
    }

    fn attributes(self, theme: FigureTheme) -> String {
        let dash = if self.dash.is_empty() {
            String::new()
        } else {
            format!(r#" stroke-dasharray="{}""#, self.dash)
        };
        format!(
            r#"stroke="{}" stroke-width="{}"{dash}"#,
            theme.colour(self.colour),
            number(self.width)
        )
    }
}

/// Which point of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) is_bold: bool,
    /// Read from bottom to top.
    pub(super) is_upright: bool,
    pub(super) colour: &'static str,
}

impl TextStyle {
    pub(super) const fn new(size: f64, anchor: Anchor) -> Self {
        Self {
            size,
            anchor,
            is_bold: false,
            is_upright: false,
            colour: "#000000",
        }
    }
}

/// A rectangle by its corner and size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }
}

/// The drawing so far.
pub(super) struct Canvas {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) theme: FigureTheme,
    body: String,
}

impl Canvas {
    pub(super) fn new(width: f64, theme: FigureTheme) -> Self {
        Self {
            width,
            height: 0.0,
            theme,
            body: String::new(),
        }
    }

    fn element(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// A filled or outlined rectangle; `fill` is a colour, `none` or `url(#…)`.
    pub(super) fn rectangle(&mut self, area: Area, fill: &str, opacity: f64, stroke: Option<Stroke>) {
        let [x, y, width, height] = [area.x, area.y, area.width.max(0.0), area.height.max(0.0)].map(number);
        let opacity = if opacity < 1.0 {
            format!(r#" fill-opacity="{}""#, number(opacity))
        } else {
            String::new()
        };
        let stroke = stroke
            .map(|stroke| format!(" {}", stroke.attributes(self.theme)))
            .unwrap_or_default();
        let fill = self.theme.colour(fill);
        self.element(&format!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"{opacity}{stroke}/>"#
        ));
    }

    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: Stroke) {
        let [x1, y1, x2, y2] = [from[0], from[1], to[0], to[1]].map(number);
        self.element(&format!(
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {}/>"#,
            stroke.attributes(self.theme)
        ));
    }

    /// An open line through `points`; `class` names what it is, for whoever styles or reads the file.
    pub(super) fn polyline(&mut self, points: &[[f64; 2]], class: &str, stroke: Stroke) {
        let mut list = String::new();
        for [x, y] in points {
            let separator = if list.is_empty() { "" } else { " " };
            let _ = write!(list, "{separator}{},{}", number(*x), number(*y));
        }
        self.element(&format!(
            r#"<polyline class="{class}" points="{list}" fill="none" stroke-linejoin="round" {}/>"#,
            stroke.attributes(self.theme)
        ));
    }

    /// A path by its SVG commands; `style` holds its attributes.
    pub(super) fn path(&mut self, commands: &str, style: &str) {
        self.element(&format!(r#"<path d="{commands}" {style}/>"#));
    }

    pub(super) fn text(&mut self, at: [f64; 2], text: &str, style: TextStyle) {
        let [x, y] = at.map(number);
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let bold = if style.is_bold { r#" font-weight="bold""# } else { "" };
        let turn = if style.is_upright {
            format!(r#" transform="rotate(-90 {x} {y})""#)
        } else {
            String::new()
        };
        self.element(&format!(
            r#"<text x="{x}" y="{y}" font-size="{}" fill="{}"{anchor}{bold}{turn} xml:space="preserve">{}</text>"#,
            number(style.size),
            self.theme.colour(style.colour),
            escaped(text),
        ));
    }

    /// An embedded PNG, stretched to `area`.
    pub(super) fn image(&mut self, area: Area, png: &[u8]) {
        let [x, y, width, height] = [area.x, area.y, area.width, area.height].map(number);
        self.element(&format!(
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" xlink:href="data:image/png;base64,{}"/>"#,
            base64(png)
        ));
    }

    /// Everything until [`Canvas::end_group`] shares `attributes`.
    pub(super) fn begin_group(&mut self, attributes: &str) {
        self.element(&format!("<g {attributes}>"));
    }

    pub(super) fn end_group(&mut self) {
        self.element("</g>");
    }

    /// A clip path, gradient or pattern, for use as `url(#…)`.
    pub(super) fn definition(&mut self, definition: &str) {
        self.element(&format!("<defs>{definition}</defs>"));
    }

    /// The whole document on its ground, as large as it was drawn.
    pub(super) fn finish(&self, title: &str, provenance: Option<&str>) -> String {
        self.finish_on([self.width, self.height], None, title, provenance)
    }

    /// The same in the middle of a page of this size, which is so wide on paper (mm).
    pub(super) fn finish_on(&self, page: [f64; 2], width_mm: Option<f64>, title: &str, provenance: Option<&str>) -> String {
        let (unit, scale) = width_mm.map_or(("", 1.0), |width| ("mm", width / page[0]));
        let [paper_width, paper_height] = page.map(|length| number(length * scale));
        let [left, top] = [0.5 * (self.width - page[0]), 0.5 * (self.height - page[1])].map(number);
        let [width, height] = page.map(number);
        let metadata = provenance
            .map(|text| format!("<metadata>{}</metadata>\n", escaped(text)))
            .unwrap_or_default();
        let place = if (left.as_str(), top.as_str()) == ("0", "0") {
            String::new()
        } else {
            format!(r#" x="{left}" y="{top}""#)
        };
        format!(
            concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" ",
                "width=\"{paper_width}{unit}\" height=\"{paper_height}{unit}\" viewBox=\"{left} {top} {width} {height}\" ",
                "font-family=\"{families}\">\n<title>{title}</title>\n{metadata}",
                "<rect{place} width=\"100%\" height=\"100%\" fill=\"{ground}\"/>\n{body}</svg>\n",
            ),
            paper_width = paper_width,
            paper_height = paper_height,
            unit = unit,
            left = left,
            top = top,
            width = width,
            height = height,
            families = font::FAMILIES,
            title = escaped(title),
            metadata = metadata,
            place = place,
            ground = self.theme.colour("#ffffff"),
            body = self.body,
        )
    }

    /// The document without a ground, for a layer that is made into pixels.
    pub(super) fn finish_transparent(&self) -> String {
        let [width, height] = [self.width, self.height].map(number);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{}</svg>"#,
            self.body
        )
    }
}

/// A length with at most two decimals: finer than any printer.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as XML holds it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
