//! For tests: what a network learns from one batch, so that two ways to compute it can be compared.

use burn::module::{ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::parameters::tensors_of;
use super::trainable::Trainable;
use super::{Batch, NamedTensor};

/// Loss, gradient of each parameter, and the tensors after the running statistics have followed.
pub(super) struct Learned {
    pub loss: f32,
    pub gradients: Vec<Vec<f32>>,
    pub tensors: Vec<NamedTensor>,
}

/// One forward and backward pass of `network`, which is on `device`.
pub(super) fn learned_from<N: Trainable>(network: &N, batch: Batch, device: &Device) -> Learned {
    let loss = network.judge(batch, device).loss;
    let value = loss.clone().into_scalar::<f32>();
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    let mut reader = Reader(&gradients, Vec::new());
    network.visit(&mut reader);
    Learned {
        loss: value,
        gradients: reader.1,
        tensors: tensors_of(network).expect("tensors can be read"),
    }
}

struct Reader<'a>(&'a GradientsParams, Vec<Vec<f32>>);

impl ModuleVisitor for Reader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.0.get::<D>(param.id);
        let values = gradient.map(|gradient| gradient.try_into_vec_as::<f32>().expect("gradients can be read"));
        self.1.push(values.unwrap_or_default());
    }
}

/// Length of the difference of two vectors for each unit of length of the second, but at least of `least`.
pub(super) fn distance(a: &[f32], b: &[f32], least: f32) -> f32 {
    assert_eq!(a.len(), b.len());
    let length = |numbers: &mut dyn Iterator<Item = f32>| numbers.map(|x| x * x).sum::<f32>().sqrt();
    length(&mut a.iter().zip(b).map(|(a, b)| a - b)) / length(&mut b.iter().copied()).max(least)
}
