//! Numbers as C.

use std::fmt::Write as _;

/// A constant array, some numbers a line; nothing where there is no number.
pub(super) fn array(text: &mut String, kind: &str, name: &str, values: impl Iterator<Item = String>) {
    let values: Vec<String> = values.collect();
    if values.is_empty() {
        return;
    }
    let _ = writeln!(text, "static const {kind} {name}[{}] = {{", values.len());
    for line in values.chunks(12) {
        let _ = writeln!(text, "    {},", line.join(", "));
    }
    text.push_str("};\n\n");
}

/// A float32 that C reads back bit by bit.
pub(super) fn number(value: f32) -> String {
    format!("{value:e}f")
}
