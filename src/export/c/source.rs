//! The source file.

use std::fmt::Write as _;

use super::arena::Arena;
use super::functions::{ADD, CONVOLVE, DENSE, TRANSPOSED, TYPES};
use super::numbers::{array, number};
use crate::export::graph::{Activation, Graph, Normalisation, Operation, OutputKind};
use crate::export::quantised::QuantisedWeights;

/// The source file; `steps` are the weights in eight bits, if they are.
pub(super) fn source(graph: &Graph, steps: Option<&[QuantisedWeights]>, arena: &Arena, expected: (f64, f64)) -> String {
    let name = &graph.name;
    let upper = name.to_uppercase();
    let weight = if steps.is_some() { "signed char" } else { "float" };
    let mut text = format!("#include \"{name}.h\"\n\n#define WEIGHT {weight}\n\n");
    for at in 0..graph.nodes.len() {
        numbers_of(&mut text, graph, at, steps);
    }
    add_functions(&mut text, graph);
    text.push_str("\nstatic const layer layers[] = {\n");
    for at in 0..graph.nodes.len() {
        text.push_str(&layer(graph, at, steps.is_some()));
    }
    text.push_str("};\n\n");
    if let Some(normalisation) = &graph.normalisation {
        text.push_str(&normalise(graph, normalisation));
    }
    let _ = write!(text, "static float arena[{upper}_ARENA_LEN];\n\n");
    add_run(&mut text, graph, arena);
    if graph.result == OutputKind::Reconstruction {
        text.push_str(&score(graph));
    }
    text.push_str(&self_test(graph, expected));
    text
}

/// The weights, biases and slopes of a node as arrays.
fn numbers_of(text: &mut String, graph: &Graph, at: usize, steps: Option<&[QuantisedWeights]>) {
    let node = &graph.nodes[at];
    match steps {
        Some(steps) if !node.weights.is_empty() => {
            array(
                text,
                "signed char",
                &format!("weights{at}"),
                steps[at].steps.iter().map(i8::to_string),
            );
            array(
                text,
                "float",
                &format!("scales{at}"),
                steps[at].scales.iter().copied().map(number),
            );
        }
        _ => array(
            text,
            "float",
            &format!("weights{at}"),
            node.weights.iter().copied().map(number),
        ),
    }
    array(text, "float", &format!("biases{at}"), node.biases.iter().copied().map(number));
    if let Activation::Prelu(slopes) = &node.activation {
        array(text, "float", &format!("slopes{at}"), slopes.iter().copied().map(number));
    }
}

/// The functions that the layers of this network call: one that nobody calls is a warning.
fn add_functions(text: &mut String, graph: &Graph) {
    text.push_str(TYPES);
    let uses = |wanted: fn(&Operation) -> bool| graph.nodes.iter().any(|node| wanted(&node.operation));
    for (is_used, function) in [
        (uses(|operation| matches!(operation, Operation::Convolution { .. })), CONVOLVE),
        (
            uses(|operation| matches!(operation, Operation::TransposedConvolution { .. })),
            TRANSPOSED,
        ),
        (uses(|operation| matches!(operation, Operation::Dense)), DENSE),
        (uses(|operation| matches!(operation, Operation::Add { .. })), ADD),
    ] {
        if is_used {
            text.push_str(function);
        }
    }
}

/// `_run`: a call a layer.
fn add_run(text: &mut String, graph: &Graph, arena: &Arena) {
    let name = &graph.name;
    let _ = write!(text, "const float *{name}_run(const float *input)\n{{\n");
    for (at, node) in graph.nodes.iter().enumerate() {
        let from = at
            .checked_sub(1)
            .map_or_else(|| "input".to_owned(), |before| format!("arena + {}", arena.offsets[before]));
        let to = format!("arena + {}", arena.offsets[at]);
        let _ = match node.operation {
            Operation::Convolution { .. } => writeln!(text, "    convolve(&layers[{at}], {from}, {to});"),
            Operation::TransposedConvolution { .. } => writeln!(text, "    convolve_transposed(&layers[{at}], {from}, {to});"),
            Operation::Dense => writeln!(text, "    dense(&layers[{at}], {from}, {to});"),
            Operation::Add { other } => {
                writeln!(
                    text,
                    "    add(&layers[{at}], {from}, arena + {}, {to});",
                    arena.offsets[other]
                )
            }
        };
    }
    let result = arena
        .offsets
        .last()
        .map_or_else(|| "input".to_owned(), |offset| format!("arena + {offset}"));
    let _ = write!(text, "    return {result};\n}}\n\n");
}

/// `_score`.
fn score(graph: &Graph) -> String {
    let (name, upper) = (&graph.name, graph.name.to_uppercase());
    format!(
        "float {name}_score(const float *input)
{{
    const float *redrawn = {name}_run(input);
    float sum = 0.0f;
    /* Row by row: long sums of small numbers lose digits. */
    for (int row = 0; row < {upper}_INPUT_LEN; row += {width}) {{
        float of_row = 0.0f;
        for (int i = row; i < row + {width}; i++) {{
            const float difference = redrawn[i] - input[i];
            of_row += difference * difference;
        }}
        sum += of_row;
    }}
    return sum / {upper}_INPUT_LEN;
}}

",
        width = graph.input.width,
    )
}

/// `_normalise`, and the numbers that it goes by.
fn normalise(graph: &Graph, Normalisation { means, deviations }: &Normalisation) -> String {
    let (name, upper) = (&graph.name, graph.name.to_uppercase());
    let mut text = String::new();
    array(&mut text, "float", "means", means.iter().copied().map(number));
    array(&mut text, "float", "deviations", deviations.iter().copied().map(number));
    let n_columns = means.len();
    let _ = write!(
        text,
        "void {name}_normalise(float *window)
{{
    for (int i = 0; i < {upper}_INPUT_LEN; i++) {{
        window[i] = (window[i] - means[i % {n_columns}]) / deviations[i % {n_columns}];
    }}
}}

"
    );
    text
}

/// The sum or score that the test expects, and how large what it is made of is.
fn self_test(graph: &Graph, (expected, size): (f64, f64)) -> String {
    let name = &graph.name;
    let upper = name.to_uppercase();
    let result = match graph.result {
        OutputKind::Reconstruction => format!("const float found = {name}_score(input);"),
        OutputKind::Embedding => format!(
            "const float *embedding = {name}_run(input);
    float found = 0.0f;
    for (int i = 0; i < {upper}_OUTPUT_LEN; i++) {{
        found += embedding[i];
    }}"
        ),
    };
    let tolerance = number((1e-5 * size.max(1.0)) as f32);
    let expected = number(expected as f32);
    format!(
        "int {name}_self_test(void)
{{
    static float input[{upper}_INPUT_LEN];
    unsigned long state = 1;
    for (int i = 0; i < {upper}_INPUT_LEN; i++) {{
        state = (state * 1664525UL + 1013904223UL) & 0xffffffffUL;
        input[i] = (float)(state >> 8) / 16777216.0f - 0.5f;
    }}
    {result}
    const float difference = found - ({expected});
    return difference > {tolerance} || difference < -{tolerance};
}}
"
    )
}

/// A layer in the table of all.
fn layer(graph: &Graph, at: usize, has_scales: bool) -> String {
    let (node, input) = (&graph.nodes[at], graph.input_of(at));
    let (kernel, stride, padding, groups, repeat) = match node.operation {
        Operation::Convolution {
            kernel,
            stride,
            padding,
            groups,
            replicated,
        } => (kernel, stride, padding, groups, replicated),
        Operation::TransposedConvolution {
            kernel, stride, padding, ..
        } => (kernel, stride, padding, 1, [1, 1]),
        Operation::Dense | Operation::Add { .. } => ([1, 1], [1, 1], [0, 0], 1, [1, 1]),
    };
    let named = |is_there: bool, name: &str| if is_there { format!("{name}{at}") } else { "0".to_owned() };
    let has_weights = !node.weights.is_empty();
    let numbers = [
        input.channels,
        input.height,
        input.width,
        node.output.channels,
        node.output.height,
        node.output.width,
        kernel[0],
        kernel[1],
        stride[0],
        stride[1],
        padding[0],
        padding[1],
        groups,
        repeat[0],
        repeat[1],
        usize::from(node.activation != Activation::None),
    ];
    let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
    format!(
        "    {{{}, {}, {}, {}, {}}},\n",
        numbers.join(", "),
        named(has_weights, "weights"),
        named(has_weights && has_scales, "scales"),
        named(!node.biases.is_empty(), "biases"),
        named(matches!(node.activation, Activation::Prelu(_)), "slopes"),
    )
}
