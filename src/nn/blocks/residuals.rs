//! Bottlenecks that add to their inputs, one after another, in place.
//!
//! One map stands for the inputs of all: in the backward pass each bottleneck takes away again what it has added. So a run of
//! them keeps one map and not one each.

use super::bottleneck::{Bottleneck, Pass};
use super::{Block, Forward, Gradients, Values, Wanted};

/// Bottlenecks of stride 1 with as many outputs as inputs; parameters stand one after another.
pub(in crate::nn) struct Residuals(pub Vec<Bottleneck>);

impl Block for Residuals {
    fn n_parameters(&self) -> usize {
        self.0.iter().map(Bottleneck::n_parameters).sum()
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let mut maps = input.to_vec();
        drop(input);
        let (mut passes, mut statistics, mut rest) = (Vec::new(), Vec::new(), parameters);
        for block in &self.0 {
            let (parameters, others) = rest.split_at(block.n_parameters());
            rest = others;
            let pass = block.pass(&maps, parameters);
            pass.add_to(&mut maps);
            statistics.extend(pass.statistics());
            passes.push(pass);
        }
        Forward {
            output: maps.clone(),
            shape: self.0.first().map_or(Vec::new(), Bottleneck::shape),
            statistics,
            backward: Box::new(move |of_output, wanted| backward(passes, maps, &of_output, wanted)),
        }
    }
}

/// From the output of the last bottleneck back to the input of the first.
fn backward(passes: Vec<Pass>, mut maps: Vec<f32>, of_output: &[f32], wanted: Wanted) -> Gradients {
    let mut of_parameters = Vec::new();
    let mut of_maps: Option<Vec<f32>> = None;
    for (idx, pass) in passes.into_iter().enumerate().rev() {
        pass.take_from(&mut maps);
        let of_output = of_maps.as_deref().unwrap_or(of_output);
        let wanted = if idx > 0 { Wanted::All } else { wanted };
        let found = pass.backward(&maps, of_output, Some(of_output), wanted);
        of_parameters.push(found.parameters);
        of_maps = Some(found.input);
    }
    of_parameters.reverse();
    Gradients {
        input: of_maps.unwrap_or_default(),
        parameters: of_parameters.concat(),
    }
}
