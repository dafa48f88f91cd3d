//! Adam, with a state that is read back on the processor wherever it was saved.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::{Adam, AdamConfig, AdamState, LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

/// Adam as PyTorch has it: the L2 penalty is added to the gradient; 0 for none.
pub(super) fn adam(weight_decay: f64) -> ModuleOptimizer {
    let weight_decay = (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
    let adam = AdamConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay).build();
    ModuleOptimizer::from(PortableAdam(adam))
}

/// burn reads an optimiser's state back on the build's default device before it moves it to where the network is. In a build
/// with `gpu` that is the graphics card, and a training on the processor could not be resumed where there is none.
#[derive(Clone)]
struct PortableAdam(Adam);

impl Optimizer for PortableAdam {
    type State<const D: usize> = PortableState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<PortableState<D>>,
    ) -> (Tensor<D>, Option<PortableState<D>>) {
        let (tensor, state) = self.0.step(learning_rate, tensor, gradient, state.map(|state| state.0));
        (tensor, state.map(PortableState))
    }

    fn to_device<const D: usize>(state: PortableState<D>, device: &Device) -> PortableState<D> {
        PortableState(Adam::to_device(state.0, device))
    }
}

/// Written as burn writes Adam's own state.
#[derive(Clone)]
struct PortableState<const D: usize>(AdamState<D>);

impl<const D: usize> RecordState for PortableState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        self.0.state_flatten(prefix, out);
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, _default: &Device) -> Option<Self> {
        AdamState::state_unflatten(prefix, source, &Device::flex()).map(Self)
    }
}
