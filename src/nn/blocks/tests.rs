//! Blocks against their definition, written down plainly in double precision: outputs, statistics, and gradients as slopes.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Block, Bottleneck, Chain, Grid, NormRule, Residuals, Stem, Values, Wanted, Widening};

const EPSILON: f64 = 1e-5;

/// A ceiling low enough that some activations lie above it.
const RULE: NormRule = NormRule {
    epsilon: EPSILON,
    ceiling: 1.0,
};

/// Random numbers from -1 to 1.
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}

/// Maps `[batch, rows, width, channels]`.
#[derive(Clone)]
struct Maps {
    values: Vec<f64>,
    grid: Grid,
    n_channels: usize,
}

/// The plain layers, with the parameters that are still to be used and the statistics that were found.
struct Plain<'a> {
    parameters: &'a [f64],
    statistics: Vec<f64>,
}

impl Plain<'_> {
    fn take(&mut self, n: usize) -> Vec<f64> {
        let (taken, rest) = self.parameters.split_at(n);
        self.parameters = rest;
        taken.to_vec()
    }

    fn pointwise(&mut self, maps: &Maps, n_outputs: usize) -> Maps {
        let weights = self.take(n_outputs * maps.n_channels);
        let position = |inputs: &[f64]| -> Vec<f64> {
            let outputs = weights.chunks(maps.n_channels);
            outputs
                .map(|weights| weights.iter().zip(inputs).map(|(w, x)| w * x).sum())
                .collect()
        };
        Maps {
            values: maps.values.chunks(maps.n_channels).flat_map(position).collect(),
            grid: maps.grid,
            n_channels: n_outputs,
        }
    }

    /// 3x3, padded by one; each output channel sees one input channel.
    fn filter(&mut self, maps: &Maps, n_outputs: usize, stride: usize) -> Maps {
        let weights = self.take(n_outputs * 9);
        let (from, to) = (maps.grid, maps.grid.filtered(stride));
        let n_inputs = maps.n_channels;
        let mut values = Vec::new();
        for segment in maps.values.chunks(from.rows * from.width * n_inputs) {
            for at in 0..to.rows * to.width * n_outputs {
                let (channel, column, row) = (at % n_outputs, at / n_outputs % to.width, at / n_outputs / to.width);
                let mut sum = 0.0;
                for tap in 0..9 {
                    let (y, x) = (row * stride + tap / 3, column * stride + tap % 3);
                    if (1..=from.rows).contains(&y) && (1..=from.width).contains(&x) {
                        let input = ((y - 1) * from.width + x - 1) * n_inputs + channel % n_inputs;
                        sum += weights[channel * 9 + tap] * segment[input];
                    }
                }
                values.push(sum);
            }
        }
        Maps {
            values,
            grid: to,
            n_channels: n_outputs,
        }
    }

    fn norm(&mut self, mut maps: Maps) -> Maps {
        let n_channels = maps.n_channels;
        let (gamma, beta) = (self.take(n_channels), self.take(n_channels));
        let n = (maps.values.len() / n_channels) as f64;
        let mean_of = |channel: usize, of: &dyn Fn(f64) -> f64| {
            maps.values
                .iter()
                .skip(channel)
                .step_by(n_channels)
                .map(|&value| of(value))
                .sum::<f64>()
                / n
        };
        let means: Vec<f64> = (0..n_channels).map(|channel| mean_of(channel, &|value| value)).collect();
        let variance = |channel: usize| mean_of(channel, &|value| (value - means[channel]).powi(2));
        let variances: Vec<f64> = (0..n_channels).map(variance).collect();
        for (at, value) in maps.values.iter_mut().enumerate() {
            let channel = at % n_channels;
            let normed = (*value - means[channel]) / (variances[channel] + EPSILON).sqrt();
            *value = normed * gamma[channel] + beta[channel];
        }
        self.statistics.extend(means);
        self.statistics.extend(variances);
        maps
    }

    fn norm_and_activation(&mut self, maps: Maps) -> Maps {
        let mut maps = self.norm(maps);
        let slopes = self.take(maps.n_channels);
        for (at, value) in maps.values.iter_mut().enumerate() {
            *value = if *value < 0.0 {
                *value * slopes[at % maps.n_channels]
            } else {
                value.min(f64::from(RULE.ceiling))
            };
        }
        maps
    }

    fn bottleneck(&mut self, input: &Maps, [n_wide, n_outputs]: [usize; 2], stride: usize) -> Maps {
        let wide = self.pointwise(input, n_wide);
        let wide = self.norm_and_activation(wide);
        let filtered = self.filter(&wide, n_wide, stride);
        let filtered = self.norm_and_activation(filtered);
        let projected = self.pointwise(&filtered, n_outputs);
        self.norm(projected)
    }

    fn residual(&mut self, input: &Maps, n_wide: usize) -> Maps {
        let mut output = self.bottleneck(input, [n_wide, input.n_channels], 1);
        output
            .values
            .iter_mut()
            .zip(&input.values)
            .for_each(|(output, input)| *output += input);
        output
    }

    fn stem(&mut self, input: &Maps, n_channels: usize) -> Maps {
        let filtered = self.filter(input, n_channels, 2);
        let filtered = self.norm_and_activation(filtered);
        let filtered = self.filter(&filtered, n_channels, 1);
        self.norm_and_activation(filtered)
    }

    fn widening(&mut self, input: &Maps, n_outputs: usize) -> Maps {
        let wide = self.pointwise(input, n_outputs);
        self.norm_and_activation(wide)
    }
}

/// Compares a block with the plain layers: every number of output and statistics, and the slope along every parameter and some
/// inputs, of a sum of outputs with arbitrary weights.
fn check(name: &str, block: &dyn Block, input: &Maps, plain: &dyn Fn(&mut Plain<'_>, &Maps) -> Maps, wanted: Wanted) {
    let parameters: Vec<f64> = numbers(block.n_parameters(), 1).iter().map(|x| 0.6 * x + 0.15).collect();
    let pass = |parameters: &[f64], input: &Maps| {
        let mut layers = Plain {
            parameters,
            statistics: Vec::new(),
        };
        let output = plain(&mut layers, input);
        assert!(layers.parameters.is_empty(), "{name}: all parameters are used");
        (output, layers.statistics)
    };
    let (output, statistics) = pass(&parameters, input);
    let weights = numbers(output.values.len(), 2);
    let value = |parameters: &[f64], input: &Maps| -> f64 {
        let (output, _) = pass(parameters, input);
        output
            .values
            .iter()
            .zip(&weights)
            .map(|(output, weight)| output * weight)
            .sum()
    };
    let forward = block.forward(Values::new(narrow(&input.values)), &narrow(&parameters));
    assert_close(&format!("{name}: output"), &forward.output, &output.values, 2e-5);
    assert_close(&format!("{name}: statistics"), &forward.statistics, &statistics, 2e-5);
    assert_eq!(forward.shape, [output.grid.rows, output.grid.width, output.n_channels]);
    let found = (forward.backward)(Values::new(narrow(&weights)), wanted);
    let slope = |moved: &dyn Fn(f64) -> f64| {
        const STEP: f64 = 1e-6;
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
    };
    let along_parameter = |idx: usize| {
        slope(&|step| {
            let mut parameters = parameters.clone();
            parameters[idx] += step;
            value(&parameters, input)
        })
    };
    let slopes: Vec<f64> = (0..parameters.len()).map(along_parameter).collect();
    assert_close(&format!("{name}: parameters"), &found.parameters, &slopes, 2e-4);
    if wanted == Wanted::ParametersOnly {
        return;
    }
    assert_eq!(found.input.len(), input.values.len());
    let every = (input.values.len() / 100).max(1);
    let along_input = |idx: usize| {
        slope(&|step| {
            let mut input = input.clone();
            input.values[idx] += step;
            value(&parameters, &input)
        })
    };
    let slopes: Vec<f64> = (0..input.values.len()).step_by(every).map(along_input).collect();
    let found: Vec<f32> = found.input.iter().step_by(every).copied().collect();
    assert_close(&format!("{name}: input"), &found, &slopes, 2e-4);
}

/// Differences are measured against the largest number.
fn assert_close(name: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-3, |largest: f64, value| largest.max(value.abs()));
    for (idx, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*found) - expected).abs() / largest;
        assert!(difference < tolerance, "{name} [{idx}]: {found}, {expected} expected");
    }
}

fn maps(n_segments: usize, (rows, width): (usize, usize), n_channels: usize) -> Maps {
    Maps {
        values: numbers(n_segments * rows * width * n_channels, 3),
        grid: Grid { rows, width },
        n_channels,
    }
}

#[test]
fn bottlenecks_equal_their_layers() {
    // Single rows, columns and channels; sizes that no vector divides; more rows than are held at once.
    let sizes = [
        ((1, 1), [1, 1, 1]),
        ((1, 5), [2, 3, 2]),
        ((5, 1), [3, 5, 3]),
        ((2, 2), [1, 17, 1]),
        ((7, 6), [16, 32, 16]),
        ((6, 7), [4, 20, 5]),
        ((67, 4), [2, 65, 2]),
    ];
    for (size, [n_inputs, n_wide, n_outputs]) in sizes {
        for stride in [1, 2] {
            let input = maps(3, size, n_inputs);
            let block = Bottleneck::new(input.grid, [n_inputs, n_wide, n_outputs], stride, RULE);
            let name = format!("{size:?}, {n_inputs} to {n_wide} to {n_outputs}, stride {stride}");
            let plain = |layers: &mut Plain<'_>, input: &Maps| layers.bottleneck(input, [n_wide, n_outputs], stride);
            check(&name, &block, &input, &plain, Wanted::All);
        }
    }
}

#[test]
fn residual_bottlenecks_equal_their_layers() {
    for (size, n_channels, n_wide, n_blocks) in [((1, 1), 1, 1, 1), ((5, 3), 3, 7, 3), ((9, 4), 16, 32, 2)] {
        let input = maps(3, size, n_channels);
        let block = Bottleneck::new(input.grid, [n_channels, n_wide, n_channels], 1, RULE);
        for block in [block, block.keeping_nothing()] {
            let blocks = Residuals(vec![block; n_blocks]);
            let plain = |layers: &mut Plain<'_>, input: &Maps| {
                (0..n_blocks).fold(input.clone(), |maps, _| layers.residual(&maps, n_wide))
            };
            check(
                &format!("{size:?}, {n_channels} and {n_wide}, {n_blocks}"),
                &blocks,
                &input,
                &plain,
                Wanted::All,
            );
        }
    }
}

#[test]
fn the_stem_equals_its_layers() {
    for (size, n_channels) in [((1, 1), 1), ((2, 3), 3), ((9, 8), 16), ((8, 5), 17), ((150, 4), 33)] {
        let input = maps(2, size, 1);
        let block = Stem::new(input.grid, n_channels, RULE);
        let plain = |layers: &mut Plain<'_>, input: &Maps| layers.stem(input, n_channels);
        check(
            &format!("{size:?} to {n_channels}"),
            &block,
            &input,
            &plain,
            Wanted::ParametersOnly,
        );
    }
}

#[test]
fn the_widening_equals_its_layers() {
    for (size, n_inputs, n_outputs) in [((1, 1), 1, 1), ((3, 5), 7, 19), ((33, 4), 32, 128)] {
        let input = maps(2, size, n_inputs);
        let block = Widening {
            grid: input.grid,
            n_inputs,
            n_outputs,
            rule: RULE,
        };
        let plain = |layers: &mut Plain<'_>, input: &Maps| layers.widening(input, n_outputs);
        check(
            &format!("{size:?}, {n_inputs} to {n_outputs}"),
            &block,
            &input,
            &plain,
            Wanted::All,
        );
    }
}

#[test]
fn a_chain_equals_its_blocks_one_after_another() {
    let picture = Grid { rows: 13, width: 8 };
    let small = picture.filtered(2);
    let chain = Chain(vec![
        Box::new(Stem::new(picture, 3, RULE)),
        Box::new(Bottleneck::new(small, [3, 6, 4], 2, RULE)),
        Box::new(Residuals(vec![Bottleneck::new(small.filtered(2), [4, 8, 4], 1, RULE); 2])),
        Box::new(Widening {
            grid: small.filtered(2),
            n_inputs: 4,
            n_outputs: 5,
            rule: RULE,
        }),
    ]);
    let plain = |layers: &mut Plain<'_>, input: &Maps| {
        let maps = layers.stem(input, 3);
        let maps = layers.bottleneck(&maps, [6, 4], 2);
        let maps = layers.residual(&maps, 8);
        let maps = layers.residual(&maps, 8);
        layers.widening(&maps, 5)
    };
    let input = maps(3, (picture.rows, picture.width), 1);
    check("chain", &chain, &input, &plain, Wanted::ParametersOnly);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let input = maps(5, (20, 6), 4);
    let block = Bottleneck::new(input.grid, [4, 8, 4], 1, RULE);
    let parameters = narrow(&numbers(block.n_parameters(), 1));
    let results = [1, 3].map(|n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            let forward = block.forward(Values::new(narrow(&input.values)), &parameters);
            let of_output = Values::new(narrow(&numbers(forward.output.len(), 2)));
            let gradients = (forward.backward)(of_output, Wanted::All);
            (forward.output, forward.statistics, gradients.input, gradients.parameters)
        })
    });
    assert!(results[0] == results[1]);
}
