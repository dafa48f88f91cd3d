//! Blocks one after another as one block.

use super::{BackwardPass, Block, Forward, Gradients, Values, Wanted};

/// Blocks of which each takes what the one before gives; parameters and statistics stand one after another too.
pub(in crate::nn) struct Chain(pub Vec<Box<dyn Block>>);

impl Block for Chain {
    fn n_parameters(&self) -> usize {
        self.0.iter().map(|block| block.n_parameters()).sum()
    }

    fn forward(&self, input: Values, parameters: &[f32]) -> Forward {
        let mut values = input;
        let (mut shape, mut statistics, mut passes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut rest, mut output) = (parameters, Vec::new());
        for (idx, block) in self.0.iter().enumerate() {
            let (parameters, others) = rest.split_at(block.n_parameters());
            rest = others;
            let forward = block.forward(values.clone(), parameters);
            statistics.extend(forward.statistics);
            passes.push(forward.backward);
            shape = forward.shape;
            if idx + 1 < self.0.len() {
                values = Values::new(forward.output);
            } else {
                output = forward.output;
            }
        }
        Forward {
            output,
            shape,
            statistics,
            backward: Box::new(move |of_output, wanted| backward(passes, of_output, wanted)),
        }
    }
}

/// Each pass goes, with what was kept for it, as soon as it is done.
fn backward(passes: Vec<BackwardPass>, of_output: Values, wanted: Wanted) -> Gradients {
    let mut of_parameters = Vec::new();
    let mut gradient = of_output;
    let mut of_input = Vec::new();
    for (idx, pass) in passes.into_iter().enumerate().rev() {
        let found = pass(gradient.clone(), if idx > 0 { Wanted::All } else { wanted });
        of_parameters.push(found.parameters);
        if idx > 0 {
            gradient = Values::new(found.input);
        } else {
            of_input = found.input;
        }
    }
    of_parameters.reverse();
    Gradients {
        input: of_input,
        parameters: of_parameters.concat(),
    }
}
