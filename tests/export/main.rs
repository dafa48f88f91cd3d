//! Networks that leave compute outside what they compute inside: a C compiler and onnxruntime say so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/command.rs"]
mod command;
mod commands;
#[path = "../common/numbers.rs"]
mod numbers;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use auscult::export::{Activation, Graph, MapShape, Node, Operation, OutputKind, WeightFormat, c_source, onnx, quantised};
use numbers::largest_difference;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn shape(height: usize, width: usize, channels: usize) -> MapShape {
    MapShape { height, width, channels }
}

/// Makes nodes with random numbers.
struct Maker(ChaCha8Rng);

impl Maker {
    fn numbers(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.0.random::<f32>() - 0.5).collect()
    }

    fn node(
        &mut self,
        operation: Operation,
        n_weights: usize,
        n_biases: usize,
        activation: Activation,
        output: MapShape,
    ) -> Node {
        Node {
            operation,
            weights: self.numbers(n_weights),
            biases: self.numbers(n_biases),
            activation,
            output,
        }
    }
}

fn convolution(kernel: [usize; 2], stride: [usize; 2], groups: usize, replicated: [usize; 2]) -> Operation {
    Operation::Convolution {
        kernel,
        stride,
        padding: [kernel[0] / 2, kernel[1] / 2],
        groups,
        replicated,
    }
}

/// An autoencoder with every kind of operation that autoencoders have.
fn autoencoder() -> Graph {
    let mut make = Maker(ChaCha8Rng::seed_from_u64(3));
    let transposed = Operation::TransposedConvolution {
        kernel: [5, 3],
        stride: [1, 2],
        padding: [2, 1],
        output_padding: [0, 1],
    };
    let nodes = vec![
        make.node(
            convolution([3, 3], [2, 2], 1, [1, 1]),
            4 * 9,
            4,
            Activation::Relu,
            shape(4, 8, 4),
        ),
        make.node(
            convolution([3, 3], [1, 2], 4, [1, 1]),
            4 * 9,
            0,
            Activation::None,
            shape(4, 4, 4),
        ),
        make.node(
            convolution([1, 1], [1, 1], 1, [1, 1]),
            4 * 6,
            6,
            Activation::Prelu(vec![0.1, 0.2, -0.3, 0.4, 0.5, 2.0]),
            shape(4, 4, 6),
        ),
        make.node(Operation::Dense, 96 * 5, 5, Activation::None, shape(1, 1, 5)),
        make.node(Operation::Dense, 5 * 96, 96, Activation::Relu, shape(4, 4, 6)),
        make.node(
            convolution([3, 3], [1, 1], 1, [2, 2]),
            6 * 3 * 9,
            3,
            Activation::Relu,
            shape(8, 8, 3),
        ),
        make.node(transposed, 3 * 15, 1, Activation::None, shape(8, 16, 1)),
    ];
    Graph {
        name: "tiny".to_owned(),
        input: shape(8, 16, 1),
        nodes,
        result: OutputKind::Reconstruction,
        normalisation: None,
        metadata: vec![("sample_rate".to_owned(), "16000 */ evil".to_owned())],
    }
}

/// A network with a path around others, that gives an embedding.
fn embedder() -> Graph {
    let mut make = Maker(ChaCha8Rng::seed_from_u64(4));
    let nodes = vec![
        make.node(
            convolution([3, 3], [2, 1], 1, [1, 1]),
            2 * 3 * 9,
            3,
            Activation::Prelu(vec![0.3, -0.1, 0.0]),
            shape(3, 7, 3),
        ),
        make.node(
            convolution([1, 1], [1, 1], 1, [1, 1]),
            3 * 6,
            6,
            Activation::Relu,
            shape(3, 7, 6),
        ),
        make.node(
            convolution([1, 1], [1, 1], 1, [1, 1]),
            6 * 3,
            3,
            Activation::None,
            shape(3, 7, 3),
        ),
        make.node(Operation::Add { other: 0 }, 0, 0, Activation::Relu, shape(3, 7, 3)),
        make.node(Operation::Dense, 63 * 4, 4, Activation::None, shape(1, 1, 4)),
    ];
    Graph {
        name: "embedder".to_owned(),
        input: shape(5, 7, 2),
        nodes,
        result: OutputKind::Embedding,
        normalisation: None,
        metadata: Vec::new(),
    }
}

fn windows(graph: &Graph, n: usize) -> Vec<Vec<f32>> {
    let mut make = Maker(ChaCha8Rng::seed_from_u64(9));
    (0..n).map(|_| make.numbers(graph.input.n_values())).collect()
}

fn has_compiler() -> bool {
    let is_there = Command::new("cc").arg("--version").output().is_ok();
    if !is_there {
        writeln!(std::io::stderr(), "SKIPPED: no C compiler").ok();
    }
    is_there
}

/// Compiles the files of a graph with a program around them, and returns what it prints: the self test's verdict, then numbers.
fn run_c(graph: &Graph, format: WeightFormat, window: &[f32], dir: &Path) -> Option<Vec<f32>> {
    if !has_compiler() {
        return None;
    }
    let files = c_source(graph, format);
    let name = &graph.name;
    std::fs::write(dir.join(format!("{name}.h")), &files.header).unwrap();
    std::fs::write(dir.join(format!("{name}.c")), &files.source).unwrap();
    let numbers: Vec<String> = window.iter().map(|value| format!("{value:e}f")).collect();
    let main = format!(
        "#include <stdio.h>\n#include \"{name}.h\"\nstatic const float window[] = {{{}}};\nint main(void)\n{{\n    \
         if ({name}_self_test()) {{ return 3; }}\n    const float *out = {name}_run(window);\n    \
         for (int i = 0; i < {}; i++) {{ printf(\"%.9g\\n\", (double)out[i]); }}\n    return 0;\n}}\n",
        numbers.join(", "),
        graph.output().n_values(),
    );
    std::fs::write(dir.join("main.c"), main).unwrap();
    let program = dir.join("program");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-o"])
        .arg(&program)
        .args([dir.join("main.c"), dir.join(format!("{name}.c"))])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).output().unwrap();
    assert!(ran.status.success(), "{name}: the self test says {:?}", ran.status.code());
    let printed = String::from_utf8(ran.stdout).unwrap();
    Some(printed.lines().map(|line| line.parse().unwrap()).collect())
}

#[test]
fn c_computes_what_the_graph_says() {
    for graph in [autoencoder(), embedder()] {
        let window = &windows(&graph, 1)[0];
        let dir = tempfile::tempdir().unwrap();
        let Some(found) = run_c(&graph, WeightFormat::Float32, window, dir.path()) else {
            return;
        };
        assert!(largest_difference(&found, &graph.run(window)) < 1e-5, "{}", graph.name);
    }
}

#[test]
fn c_with_eight_bits_computes_what_the_rounded_weights_say() {
    for graph in [autoencoder(), embedder()] {
        let window = &windows(&graph, 1)[0];
        let dir = tempfile::tempdir().unwrap();
        let Some(found) = run_c(&graph, WeightFormat::Int8, window, dir.path()) else {
            return;
        };
        let (_, rounded) = quantised(&graph);
        assert!(largest_difference(&found, &rounded.run(window)) < 1e-5, "{}", graph.name);
        assert!(largest_difference(&found, &graph.run(window)) < 0.1, "{}", graph.name);
    }
}

#[test]
fn eight_bits_are_within_half_a_step() {
    let graph = autoencoder();
    let (weights, rounded) = quantised(&graph);
    for ((node, rounded), quantised) in graph.nodes.iter().zip(&rounded.nodes).zip(&weights) {
        let half_step = quantised.scales.iter().copied().fold(0.0, f32::max) / 2.0;
        assert!(largest_difference(&node.weights, &rounded.weights) <= half_step * 1.001);
        assert!(node.weights.is_empty() || quantised.steps.iter().any(|step| step.unsigned_abs() == 127));
    }
}

#[test]
fn the_buffer_of_a_chain_is_its_largest_layer() {
    let graph = autoencoder();
    let files = c_source(&graph, WeightFormat::Float32);
    // 6 maps of 4 x 4 in, 3 of 8 x 8 out; then 8 x 8 x 3 in, 8 x 16 out.
    assert_eq!(files.n_arena_bytes, 4 * (8 * 8 * 3 + 8 * 16));
    assert_eq!(files.n_weight_bytes, 4 * graph.n_parameters());
    assert!(files.header.contains("* / evil"), "{}", files.header);
}

/// A Python that has onnxruntime, looked for once: tests that make one at the same time would be in each other's way.
fn python() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(found_python).clone()
}

fn found_python() -> Option<PathBuf> {
    let python = std::env::var_os("AUSCULT_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has_runtime = |python: &Path| {
        let asked = Command::new(python).args(["-c", "import onnxruntime, numpy"]).output();
        asked.is_ok_and(|asked| asked.status.success())
    };
    if has_runtime(&python) {
        return Some(python);
    }
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnxruntime");
    let own = home.join("bin/python");
    if !has_runtime(&own) {
        let quietly = |command: &mut Command| command.output().is_ok_and(|done| done.status.success());
        let is_made = quietly(Command::new(&python).args(["-m", "venv"]).arg(&home))
            && quietly(Command::new(home.join("bin/pip")).args(["install", "--quiet", "onnxruntime", "numpy"]));
        if !is_made || !has_runtime(&own) {
            writeln!(
                std::io::stderr(),
                "SKIPPED: no onnxruntime; AUSCULT_PYTHON may name a Python that has it"
            )
            .ok();
            return None;
        }
    }
    Some(own)
}

const RUN_ONNX: &str = "
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])
shape = [-1] + session.get_inputs()[0].shape[1:]
windows = numpy.fromfile(sys.argv[2], dtype='<f4').reshape(shape)
for output in session.run(None, {session.get_inputs()[0].name: windows}):
    print(*output.reshape(-1))
for key, value in session.get_modelmeta().custom_metadata_map.items():
    print(key, value)
";

#[test]
fn onnxruntime_computes_what_the_graph_says() {
    let Some(python) = python() else { return };
    for graph in [autoencoder(), embedder()] {
        let windows = windows(&graph, 3);
        let dir = tempfile::tempdir().unwrap();
        let (model, input) = (dir.path().join("model.onnx"), dir.path().join("input.f32"));
        std::fs::write(&model, onnx(&graph)).unwrap();
        let bytes: Vec<u8> = windows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(&input, bytes).unwrap();
        let ran = Command::new(&python)
            .args(["-c", RUN_ONNX])
            .args([&model, &input])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let printed = String::from_utf8(ran.stdout).unwrap();
        let mut lines = printed.lines();
        let mut numbers = || -> Vec<f32> { lines.next().unwrap().split(' ').map(|word| word.parse().unwrap()).collect() };
        let expected: Vec<f32> = windows.iter().flat_map(|window| graph.run(window)).collect();
        assert!(largest_difference(&numbers(), &expected) < 1e-5, "{}", graph.name);
        if graph.result == OutputKind::Reconstruction {
            let scores: Vec<f32> = windows.iter().map(|window| graph.score(window) as f32).collect();
            assert!(largest_difference(&numbers(), &scores) < 1e-5);
            assert_eq!(lines.next(), Some("sample_rate 16000 */ evil"));
        }
    }
}
