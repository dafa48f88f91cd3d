//! C99: a header and a source file for a microcontroller, without a heap and without libraries.

use std::fmt::Write as _;

use super::graph::{Activation, Graph, Node, Normalisation, Operation, OutputKind};
use super::quantised::{QuantisedWeights, quantised};

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightFormat {
    Float32,
    /// Eight bits and a scale a channel; sums are float32.
    Int8,
}

/// A header and a source file.
#[derive(Debug, Clone, PartialEq)]
pub struct CSource {
    pub header: String,
    pub source: String,
    /// Of weights, biases, scales and slopes.
    pub n_weight_bytes: usize,
    /// Of the one buffer for the values between layers.
    pub n_arena_bytes: usize,
}

/// The network as C. The files are meant to be called after [`Graph::name`].
pub fn c_source(graph: &Graph, format: WeightFormat) -> CSource {
    let (steps, stored) = match format {
        WeightFormat::Float32 => (None, graph.clone()),
        WeightFormat::Int8 => {
            let (steps, rounded) = quantised(graph);
            (Some(steps), rounded)
        }
    };
    let arena = Arena::plan(graph);
    let input = self_test_input(graph.input.n_values());
    // With how large what was added up is: that is what rounding goes by.
    let expected = match graph.result {
        OutputKind::Reconstruction => (stored.score(&input), stored.score(&input)),
        OutputKind::Embedding => {
            let output = stored.run(&input);
            let sum = |of: fn(f64) -> f64| output.iter().map(|&value| of(f64::from(value))).sum::<f64>();
            (sum(|value| value), sum(f64::abs))
        }
    };
    let n_weight_bytes = graph.nodes.iter().enumerate().map(|(at, node)| {
        let scales = steps.as_ref().map_or(0, |steps| 4 * steps[at].scales.len());
        let width = if steps.is_some() { 1 } else { 4 };
        width * node.weights.len() + scales + 4 * (node.n_parameters() - node.weights.len())
    });
    let n_weight_bytes = n_weight_bytes.sum();
    CSource {
        header: header(graph, format, &arena, n_weight_bytes, expected),
        source: source(graph, steps.as_deref(), &arena, expected),
        n_weight_bytes,
        n_arena_bytes: 4 * arena.len,
    }
}

/// The input of the self test: a sawtooth of chance that C makes just so.
fn self_test_input(n_values: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    (0..n_values).map(|_| next()).collect()
}

/// Where each node writes in the one buffer.
struct Arena {
    offsets: Vec<usize>,
    len: usize,
}

impl Arena {
    fn plan(graph: &Graph) -> Self {
        let is_chain = !graph.nodes.iter().any(|node| matches!(node.operation, Operation::Add { .. }));
        if is_chain {
            Self::of_chain(graph)
        } else {
            Self::first_fit(graph)
        }
    }

    /// From one end and from the other in turns: as long as the largest layer's input and output together.
    fn of_chain(graph: &Graph) -> Self {
        let sizes: Vec<usize> = graph.nodes.iter().map(|node| node.output.n_values()).collect();
        let with_input = |at: usize| sizes[at] + at.checked_sub(1).map_or(0, |before| sizes[before]);
        let len = (0..sizes.len()).map(with_input).max().unwrap_or(0);
        let offset = |(at, size): (usize, &usize)| if at % 2 == 0 { 0 } else { len - size };
        Self {
            offsets: sizes.iter().enumerate().map(offset).collect(),
            len,
        }
    }

    /// At the lowest place that nothing alive takes.
    fn first_fit(graph: &Graph) -> Self {
        let last_use = |at: usize| {
            let reads = |node: &Node| matches!(node.operation, Operation::Add { other } if other == at);
            graph.nodes.iter().rposition(reads).unwrap_or(0).max(at + 1)
        };
        let (mut placed, mut offsets, mut len): (Vec<(usize, usize, usize)>, Vec<usize>, usize) = (Vec::new(), Vec::new(), 0);
        for (at, node) in graph.nodes.iter().enumerate() {
            placed.retain(|&(_, _, last)| last >= at);
            placed.sort_unstable();
            let size = node.output.n_values();
            let mut offset = 0;
            for &(start, end, _) in &placed {
                if offset + size <= start {
                    break;
                }
                offset = offset.max(end);
            }
            placed.push((offset, offset + size, last_use(at)));
            offsets.push(offset);
            len = len.max(offset + size);
        }
        Self { offsets, len }
    }
}

fn header(graph: &Graph, format: WeightFormat, arena: &Arena, n_weight_bytes: usize, expected: (f64, f64)) -> String {
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

const TYPES: &str = "\
typedef struct {
    int in_channels, in_height, in_width;
    int out_channels, out_height, out_width;
    int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
    int groups, repeat_y, repeat_x;
    int has_activation; /* 0: none, 1: negative values times the slope (0 without slopes) */
    const WEIGHT *weights;
    const float *scales, *biases, *slopes;
} layer;

/* Padding is known to be at the edge; scales, biases and slopes may be missing. */
static float finished(const layer *l, float sum, int channel, int at)
{
    float value = (l->scales ? sum * l->scales[at] : sum) + (l->biases ? l->biases[at] : 0.0f);
    if (l->has_activation && value < 0.0f) {
        value *= l->slopes ? l->slopes[channel] : 0.0f;
    }
    return value;
}
";

/// Weight by weight over whole rows, so that no product asks whether it is there and compilers make vectors of it.
const CONVOLVE: &str = "
/* The first output that meets an input with this place in the kernel, and the one behind the last. */
static int first_of(int padding, int k, int stride)
{
    return padding > k ? (padding - k + stride - 1) / stride : 0;
}

static int end_of(int padding, int k, int stride, int n_in, int n_out)
{
    const int room = n_in + padding - k;
    const int end = room > 0 ? (room + stride - 1) / stride : 0;
    return end < n_out ? end : n_out;
}

static void convolve(const layer *l, const float *in, float *out)
{
    const int per_group = l->in_channels / l->groups;
    const int from_group = l->out_channels / l->groups;
    const int n_pixels = l->out_height * l->out_width;
    const int high = l->in_height * l->repeat_y, wide = l->in_width * l->repeat_x;
    const WEIGHT *weights = l->weights;
    for (int c = 0; c < l->out_channels; c++, out += n_pixels) {
        for (int p = 0; p < n_pixels; p++) {
            out[p] = 0.0f;
        }
        for (int i = 0; i < per_group; i++) {
            const float *map = in + (long)(c / from_group * per_group + i) * l->in_height * l->in_width;
            for (int ky = 0; ky < l->kernel_height; ky++) {
                const int y_end = end_of(l->padding_y, ky, l->stride_y, high, l->out_height);
                for (int kx = 0; kx < l->kernel_width; kx++) {
                    const float w = (float)*weights++;
                    const int x_first = first_of(l->padding_x, kx, l->stride_x);
                    const int x_end = end_of(l->padding_x, kx, l->stride_x, wide, l->out_width);
                    const int at = kx - l->padding_x;
                    for (int y = first_of(l->padding_y, ky, l->stride_y); y < y_end; y++) {
                        const float *row = map + (y * l->stride_y + ky - l->padding_y) / l->repeat_y * l->in_width;
                        float *to = out + y * l->out_width;
                        if (l->repeat_x == 1 && l->stride_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[x + at];
                            }
                        } else if (l->repeat_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[x * l->stride_x + at];
                            }
                        } else if (l->repeat_x == 2 && l->stride_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[(x + at) >> 1];
                            }
                        } else {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[(x * l->stride_x + at) / l->repeat_x];
                            }
                        }
                    }
                }
            }
        }
        for (int p = 0; p < n_pixels; p++) {
            out[p] = finished(l, out[p], c, c);
        }
    }
}
";

const TRANSPOSED: &str = "
static void convolve_transposed(const layer *l, const float *in, float *out)
{
    for (int c = 0; c < l->out_channels; c++) {
        for (int y = 0; y < l->out_height; y++) {
            for (int x = 0; x < l->out_width; x++) {
                float sum = 0.0f;
                for (int ky = 0; ky < l->kernel_height; ky++) {
                    const int sy = y + l->padding_y - ky;
                    if (sy < 0 || sy % l->stride_y != 0 || sy / l->stride_y >= l->in_height) {
                        continue;
                    }
                    for (int kx = 0; kx < l->kernel_width; kx++) {
                        const int sx = x + l->padding_x - kx;
                        if (sx < 0 || sx % l->stride_x != 0 || sx / l->stride_x >= l->in_width) {
                            continue;
                        }
                        for (int i = 0; i < l->in_channels; i++) {
                            const long w = (((long)i * l->out_channels + c) * l->kernel_height + ky) * l->kernel_width + kx;
                            const long at = ((long)i * l->in_height + sy / l->stride_y) * l->in_width + sx / l->stride_x;
                            sum += (float)l->weights[w] * in[at];
                        }
                    }
                }
                *out++ = finished(l, sum, c, c);
            }
        }
    }
}
";

const DENSE: &str = "
static void dense(const layer *l, const float *in, float *out)
{
    const long n_in = (long)l->in_channels * l->in_height * l->in_width;
    const int n_pixels = l->out_height * l->out_width;
    const WEIGHT *w = l->weights;
    for (int o = 0; o < l->out_channels * n_pixels; o++) {
        float sum = 0.0f;
        for (long i = 0; i < n_in; i++) {
            sum += (float)*w++ * in[i];
        }
        out[o] = finished(l, sum, o / n_pixels, o);
    }
}
";

const ADD: &str = "
static void add(const layer *l, const float *in, const float *other, float *out)
{
    const int n_pixels = l->out_height * l->out_width;
    for (int o = 0; o < l->out_channels * n_pixels; o++) {
        float value = in[o] + other[o];
        if (l->has_activation && value < 0.0f) {
            value *= l->slopes ? l->slopes[o / n_pixels] : 0.0f;
        }
        out[o] = value;
    }
}
";

fn source(graph: &Graph, steps: Option<&[QuantisedWeights]>, arena: &Arena, expected: (f64, f64)) -> String {
    let name = &graph.name;
    let upper = name.to_uppercase();
    let weight = if steps.is_some() { "signed char" } else { "float" };
    let mut text = format!("#include \"{name}.h\"\n\n#define WEIGHT {weight}\n\n");
    for at in 0..graph.nodes.len() {
        numbers_of(&mut text, graph, at, steps);
    }
    text.push_str(TYPES);
    // A function that nobody calls is a warning.
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
    text.push_str("\nstatic const layer layers[] = {\n");
    for at in 0..graph.nodes.len() {
        text.push_str(&layer(graph, at, steps.is_some()));
    }
    text.push_str("};\n\n");
    if let Some(normalisation) = &graph.normalisation {
        text.push_str(&normalise(graph, normalisation));
    }
    let _ = write!(text, "static float arena[{upper}_ARENA_LEN];\n\n");
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
    if graph.result == OutputKind::Reconstruction {
        let _ = write!(
            text,
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
        );
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

/// A constant array, some numbers a line; nothing where there is no number.
fn array(text: &mut String, kind: &str, name: &str, values: impl Iterator<Item = String>) {
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
fn number(value: f32) -> String {
    format!("{value:e}f")
}
