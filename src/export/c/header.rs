//! The header file.

use super::WeightFormat;
use super::arena::Arena;
use super::numbers::number;
use crate::export::graph::{Graph, Normalisation, OutputKind};

/// Names, sizes and what each function does, for who calls them; `expected` is what the self test finds.
pub(super) fn header(graph: &Graph, format: WeightFormat, arena: &Arena, n_weight_bytes: usize, expected: (f64, f64)) -> String {
    let name = &graph.name;
    let upper = name.to_uppercase();
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("/* {name}: made by auscult {}.", env!("CARGO_PKG_VERSION")));
    for (key, value) in &graph.metadata {
        line(format!(" * {}: {}", comment(key), comment(value)));
    }
    let stored = match format {
        WeightFormat::Float32 => "float32",
        WeightFormat::Int8 => "int8 with a float32 scale a channel",
    };
    line(format!(" * weights: {stored}, {n_weight_bytes} bytes"));
    line(format!(
        " * values between layers: {} bytes, static; no heap */",
        4 * arena.len
    ));
    line(format!("#ifndef {upper}_H\n#define {upper}_H\n"));
    line(format!("#define {upper}_INPUT_LEN {}", graph.input.n_values()));
    line(format!("#define {upper}_OUTPUT_LEN {}", graph.output().n_values()));
    line(format!("#define {upper}_ARENA_LEN {}", arena.len));
    let threshold = graph.metadata.iter().find(|(key, _)| key == "threshold");
    if let Some(threshold) = threshold.and_then(|(_, value)| value.parse::<f32>().ok()) {
        line("/* A clip whose windows score at least this on average is anomalous. */".to_owned());
        line(format!("#define {upper}_THRESHOLD {}", number(threshold)));
    }
    line(String::new());
    line(format!(
        "/* input: [{}][{}][{}] (channels, height, width). The result is valid until the next call. */",
        graph.input.channels, graph.input.height, graph.input.width
    ));
    line(format!("const float *{name}_run(const float *input);\n"));
    if let Some(Normalisation { means, .. }) = &graph.normalisation {
        line(format!(
            "/* Makes of a window of levels in dB, in place, the input of the functions here: each of its {} columns less\n   \
             its mean, in units of its spread. */",
            means.len()
        ));
        line(format!("void {name}_normalise(float *window);\n"));
    }
    if graph.result == OutputKind::Reconstruction {
        line("/* The anomaly score of a window: the mean squared difference from what the network makes of it. */".to_owned());
        line(format!("float {name}_score(const float *input);\n"));
    }
    line(format!(
        "/* 0 where the network computes here what it computed where it was made: of a made-up window the {}. */",
        match graph.result {
            OutputKind::Reconstruction => format!("score {:.7}", expected.0),
            OutputKind::Embedding => format!("sum {:.7}", expected.0),
        }
    ));
    line(format!("int {name}_self_test(void);\n\n#endif"));
    text
}

/// Words that cannot end a comment.
fn comment(words: &str) -> String {
    let one_line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    one_line.replace("*/", "* /").replace("/*", "/ *")
}
