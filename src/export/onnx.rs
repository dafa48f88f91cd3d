//! ONNX: one file that onnxruntime and most deployment tools read.
//!
//! The batch is dynamic. A network that draws its input again has a second output, `score`: the mean squared difference of each
//! window.

use super::graph::{Activation, Graph, MapShape, Node, Normalisation, Operation, OutputKind};
use super::protobuf::Message;

/// The oldest set of operators that has all we use; runtimes read old sets.
const OPERATOR_SET: u64 = 13;
const FILE_FORMAT: u64 = 8;
const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// Names of the input and the outputs.
const INPUT: &str = "window";
const SCORE: &str = "score";

/// The bytes of an `.onnx` file.
pub fn onnx(graph: &Graph) -> Vec<u8> {
    let mut file = Writer::default();
    let mut value = INPUT.to_owned();
    let mut values = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let last = at + 1 == graph.nodes.len();
        let output = if last {
            result_name(graph).to_owned()
        } else {
            format!("value{at}")
        };
        file.node(at, node, graph.input_of(at), &value, &values, &output);
        value.clone_from(&output);
        values.push(output);
    }
    let mut outputs = vec![described(result_name(graph), &dimensions(graph.output()))];
    if graph.result == OutputKind::Reconstruction {
        file.score(result_name(graph));
        outputs.push(described(SCORE, &[]));
    }
    let body = Message::default()
        .each(&file.nodes, |body, node| body.message(1, node))
        .text(2, &graph.name)
        .each(&file.tensors, |body, tensor| body.message(5, tensor))
        .message(11, &described(INPUT, &dimensions(graph.input)))
        .each(&outputs, |body, output| body.message(12, output));
    Message::default()
        .number(1, FILE_FORMAT)
        .text(2, "auscult")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &body)
        .message(8, &Message::default().number(2, OPERATOR_SET))
        .each(&graph.metadata, |model, (key, value)| model.message(14, &pair(key, value)))
        .each(
            graph.normalisation.iter().flat_map(Normalisation::in_words),
            |model, (key, value)| model.message(14, &pair(key, &value)),
        )
        .into_bytes()
}

/// An entry of the metadata.
fn pair(key: &str, value: &str) -> Message {
    Message::default().text(1, key).text(2, value)
}

fn result_name(graph: &Graph) -> &'static str {
    match graph.result {
        OutputKind::Reconstruction => "reconstruction",
        OutputKind::Embedding => "embedding",
    }
}

fn dimensions(shape: MapShape) -> [usize; 3] {
    [shape.channels, shape.height, shape.width]
}

/// A value with its type: float32, `[batch, …]`.
fn described(name: &str, dimensions: &[usize]) -> Message {
    let shape = dimensions.iter().fold(
        Message::default().message(1, &Message::default().text(2, "batch")),
        |shape, &size| shape.message(1, &Message::default().number(1, size as u64)),
    );
    let tensor = Message::default().number(1, FLOAT).message(2, &shape);
    Message::default()
        .text(1, name)
        .message(2, &Message::default().message(1, &tensor))
}

#[derive(Default)]
struct Writer {
    nodes: Vec<Message>,
    tensors: Vec<Message>,
}

impl Writer {
    fn node(&mut self, at: usize, node: &Node, input: MapShape, value: &str, values: &[String], output: &str) {
        let has_activation = node.activation != Activation::None;
        let plain = if has_activation {
            format!("sum{at}")
        } else {
            output.to_owned()
        };
        match &node.operation {
            Operation::Convolution {
                kernel,
                stride,
                padding,
                groups,
                replicated,
            } => {
                let value = self.replicated(at, value, *replicated);
                let shape = [node.output.channels, input.channels / groups, kernel[0], kernel[1]];
                let inputs = self.with_numbers(at, &value, node, &shape);
                self.push(
                    "Conv",
                    &inputs,
                    &plain,
                    &[
                        ("kernel_shape", kernel.to_vec()),
                        ("strides", stride.to_vec()),
                        ("pads", [*padding, *padding].concat()),
                        ("group", vec![*groups]),
                    ],
                );
            }
            Operation::TransposedConvolution {
                kernel,
                stride,
                padding,
                output_padding,
            } => {
                let shape = [input.channels, node.output.channels, kernel[0], kernel[1]];
                let inputs = self.with_numbers(at, value, node, &shape);
                self.push(
                    "ConvTranspose",
                    &inputs,
                    &plain,
                    &[
                        ("kernel_shape", kernel.to_vec()),
                        ("strides", stride.to_vec()),
                        ("pads", [*padding, *padding].concat()),
                        ("output_padding", output_padding.to_vec()),
                    ],
                );
            }
            Operation::Dense => {
                let flat = format!("flat{at}");
                self.push("Flatten", &[value.to_owned()], &flat, &[]);
                let inputs = self.with_numbers(at, &flat, node, &[node.output.n_values(), input.n_values()]);
                let product = format!("product{at}");
                self.push("Gemm", &inputs, &product, &[("transB", vec![1])]);
                let shape = [&[-1i64][..], &dimensions(node.output).map(|size| size as i64)].concat();
                let name = self.integers(&format!("shape{at}"), &shape);
                self.push("Reshape", &[product, name], &plain, &[]);
            }
            Operation::Add { other } => self.push("Add", &[value.to_owned(), values[*other].clone()], &plain, &[]),
        }
        match &node.activation {
            Activation::None => {}
            Activation::Relu => self.push("Relu", &[plain], output, &[]),
            Activation::Prelu(slopes) => {
                let name = self.floats(&format!("slopes{at}"), &[slopes.len(), 1, 1], slopes);
                self.push("PRelu", &[plain, name], output, &[]);
            }
        }
    }

    /// The mean squared difference of each window.
    fn score(&mut self, redrawn: &str) {
        let inputs = [redrawn.to_owned(), INPUT.to_owned()];
        self.push("Sub", &inputs, "difference", &[]);
        let squared = ["difference".to_owned(), "difference".to_owned()];
        self.push("Mul", &squared, "squares", &[]);
        self.push(
            "ReduceMean",
            &["squares".to_owned()],
            SCORE,
            &[("axes", vec![1, 2, 3]), ("keepdims", vec![0])],
        );
    }

    fn replicated(&mut self, at: usize, value: &str, times: [usize; 2]) -> String {
        if times == [1, 1] {
            return value.to_owned();
        }
        let scales = [1.0, 1.0, times[0] as f32, times[1] as f32];
        let scales = self.floats(&format!("scales{at}"), &[4], &scales);
        let output = format!("replicated{at}");
        let node = operator("Resize", &[value.to_owned(), String::new(), scales], &output);
        let word = |name: &str, word: &str| Message::default().text(1, name).text(4, word).number(20, 3);
        let attributes = [
            word("mode", "nearest"),
            word("coordinate_transformation_mode", "asymmetric"),
            word("nearest_mode", "floor"),
        ];
        self.nodes
            .push(node.each(&attributes, |node, attribute| node.message(5, attribute)));
        output
    }

    /// The names of a value and of the weights and biases that it meets.
    fn with_numbers(&mut self, at: usize, value: &str, node: &Node, shape: &[usize]) -> Vec<String> {
        let mut inputs = vec![value.to_owned(), self.floats(&format!("weights{at}"), shape, &node.weights)];
        if !node.biases.is_empty() {
            inputs.push(self.floats(&format!("biases{at}"), &[node.biases.len()], &node.biases));
        }
        inputs
    }

    fn push(&mut self, kind: &str, inputs: &[String], output: &str, attributes: &[(&str, Vec<usize>)]) {
        let attribute = |(name, values): &(&str, Vec<usize>)| {
            let is_single = matches!(*name, "group" | "transB" | "keepdims");
            let attribute = Message::default().text(1, name);
            if is_single {
                attribute.number(3, values[0] as u64).number(20, 2)
            } else {
                attribute
                    .each(values, |attribute, &value| attribute.number(8, value as u64))
                    .number(20, 7)
            }
        };
        let node = operator(kind, inputs, output);
        self.nodes
            .push(node.each(attributes, |node, given| node.message(5, &attribute(given))));
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, shape, FLOAT, &bytes)
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensor(name, &[values.len()], INT64, &bytes)
    }

    fn tensor(&mut self, name: &str, shape: &[usize], kind: u64, bytes: &[u8]) -> String {
        let tensor = Message::default()
            .each(shape, |tensor, &size| tensor.number(1, size as u64))
            .number(2, kind)
            .text(8, name)
            .bytes(9, bytes);
        self.tensors.push(tensor);
        name.to_owned()
    }
}

fn operator(kind: &str, inputs: &[String], output: &str) -> Message {
    Message::default()
        .each(inputs, |node, input| node.text(1, input))
        .text(2, output)
        .text(3, &format!("{output}_{kind}"))
        .text(4, kind)
}
