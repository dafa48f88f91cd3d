//! The parameters of a network: counting, drawing, reading and replacing them.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{NamedTensor, TrainingError};

/// Trainable numbers of a network: running statistics of batch norms are not among them.
pub(super) fn n_trainable<N: Module>(network: &N) -> usize {
    let mut counter = Counter {
        n_trainable: 0,
        path: Vec::new(),
    };
    network.visit(&mut counter);
    counter.n_trainable
}

struct Counter {
    n_trainable: usize,
    path: Vec<String>,
}

impl ModuleVisitor for Counter {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.path.last().is_some_and(|name| name.starts_with("running_")) {
            self.n_trainable += param.lazy_shape().num_elements();
        }
    }
}

/// All tensors of a network, running statistics included, in the order of its fields.
pub(super) fn tensors_of<N: Module>(network: &N) -> Result<Vec<NamedTensor>, TrainingError> {
    // `valid` also settles the last update of the running statistics, which burn keeps apart until it is asked for.
    let mut reader = Reader::default();
    network.valid().visit(&mut reader);
    match reader.failed {
        Some(error) => Err(error),
        None => Ok(reader.tensors),
    }
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    tensors: Vec<NamedTensor>,
    failed: Option<TrainingError>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        match tensor.try_into_vec_as::<f32>() {
            Ok(values) => self.tensors.push(NamedTensor {
                name: self.path.join("."),
                shape,
                values,
            }),
            Err(error) => self.failed = Some(TrainingError::device(error)),
        }
    }
}

/// The network with its tensors replaced by those of the same name; else which one is missing or misshapen.
pub(super) fn with_tensors<N: Module>(network: N, tensors: &[NamedTensor]) -> Result<N, String> {
    let mut writer = Writer {
        path: Vec::new(),
        tensors: tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
        failed: None,
    };
    let network = network.map(&mut writer);
    match (writer.failed, writer.tensors.keys().next()) {
        (Some(reason), _) => Err(reason),
        (None, Some(name)) => Err(format!("{name} has no place in this network")),
        (None, None) => Ok(network),
    }
}

struct Writer<'a> {
    path: Vec<String>,
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
    failed: Option<String>,
}

impl Writer<'_> {
    fn take(&mut self, shape: &[usize]) -> Result<TensorData, String> {
        let name = self.path.join(".");
        let tensor = self
            .tensors
            .remove(name.as_str())
            .ok_or_else(|| format!("{name} is missing"))?;
        if tensor.shape != shape || tensor.values.len() != shape.iter().product::<usize>() {
            return Err(format!("{name} has the shape {:?}, {shape:?} is expected", tensor.shape));
        }
        Ok(TensorData::new(tensor.values.clone(), tensor.shape.clone()))
    }
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.take(&param.lazy_shape()) {
            Ok(data) => replace(param, data),
            Err(reason) => {
                self.failed.get_or_insert(reason);
                param
            }
        }
    }
}

/// The parameter with new values on its own device, as trainable as it was.
pub(super) fn replace<const D: usize>(param: Param<Tensor<D>>, data: TensorData) -> Param<Tensor<D>> {
    let (id, device) = (param.id, param.lazy_device());
    param.transform_for_load(Tensor::from_data(data, &device), id)
}

/// The network with every matrix and kernel drawn uniformly from `[-bound, bound]`, and with numbered parameters.
///
/// burn would draw lazily from one generator a device, shared with every other training of the process. Numbering instead of
/// burn's random identities lets the optimiser's state find its parameters again in another process.
pub(super) fn initialised<N: Module>(network: N, seed: u64, bound: fn(&[usize]) -> f32) -> N {
    network.map(&mut Initialiser {
        rng: ChaCha8Rng::seed_from_u64(seed),
        bound,
        n_visited: 0,
    })
}

struct Initialiser {
    rng: ChaCha8Rng,
    bound: fn(&[usize]) -> f32,
    n_visited: u64,
}

impl ModuleMapper for Initialiser {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.n_visited += 1;
        let id = ParamId::from(self.n_visited);
        let (device, shape) = (param.lazy_device(), param.lazy_shape());
        // Vectors (biases, batch norms, slopes) begin as constants and keep them.
        let tensor = if D < 2 {
            param.val()
        } else {
            let bound = (self.bound)(&shape);
            let values: Vec<f32> = (0..shape.num_elements())
                .map(|_| self.rng.random_range(-bound..=bound))
                .collect();
            Tensor::from_data(TensorData::new(values, shape), &device)
        };
        param.transform_for_load(tensor, id)
    }
}

/// `rows` as a tensor of this shape on the device.
pub(super) fn input_tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
