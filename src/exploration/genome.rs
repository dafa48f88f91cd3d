//! A design as the search sees it: what is inherited, changed and mixed.

use std::fmt;

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::cost::Cost;
use super::layers::{Layer, layers_of};

/// Frames of a window.
pub const N_FRAMES: usize = 32;
/// Mel bands of a frame.
pub const N_BANDS: usize = 128;

/// Channels that a step may have.
const CHANNELS: [usize; 9] = [2, 3, 4, 6, 8, 12, 16, 24, 32];
/// Numbers that a dense code may have.
const CODES: [usize; 8] = [4, 6, 8, 12, 16, 24, 32, 64];
/// Most steps down, and as many up again.
const MAX_STEPS: usize = 5;

/// An autoencoder for windows of 32 frames x 128 bands: so many steps down, a dense code or none, and the same steps up again.
///
/// On the way up a replicator (nearest neighbour) undoes the stride of a step before its convolution, which has as many channels
/// as the step before it; the last one draws the window.
///
/// In files and on the command line it is written as `std6 dw12/1x2 pw8 code16`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Genome {
    pub steps: Vec<Step>,
    /// Numbers of the dense code; `None`: convolutions all the way.
    pub code: Option<usize>,
}

/// One step down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    pub kind: StepKind,
    pub channels: usize,
    /// Over frames and over bands: 1 or 2.
    pub stride: [usize; 2],
}

/// What a step computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A 3 x 3 convolution over all channels.
    Standard,
    /// A 3 x 3 convolution of each channel for itself, then a 1 x 1 convolution over all.
    Separable,
    /// A 1 x 1 convolution.
    Pointwise,
}

impl StepKind {
    const ALL: [Self; 3] = [Self::Standard, Self::Separable, Self::Pointwise];
}

/// Why a genome describes no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenomeError {
    #[error("a design has 1 to {MAX_STEPS} steps, this one has {found}")]
    Steps { found: usize },
    #[error("step {step} has {channels} channels; 1 to 256 are possible")]
    Channels { step: usize, channels: usize },
    #[error("step {step} has a stride of {stride}; 1 and 2 are possible")]
    Stride { step: usize, stride: usize },
    #[error("a code of {found} numbers; 1 to 1024 are possible")]
    Code { found: usize },
    #[error("`{word}` is no part of a design; std6, dw12/1x2, pw8 or code16 would be")]
    Word { word: String },
}

impl Genome {
    /// An example in the kind of the paper's smallest net for a fan, which has 686 parameters: convolutions all the way, at full
    /// resolution.
    pub fn fan_example() -> Self {
        let step = |kind, channels| Step {
            kind,
            channels,
            stride: [1, 1],
        };
        Self {
            steps: vec![
                step(StepKind::Standard, 6),
                step(StepKind::Separable, 9),
                step(StepKind::Separable, 8),
            ],
            code: None,
        }
    }

    /// An example in the kind of the paper's net for a slider, which has 21,781 parameters: most of them around a dense code.
    pub fn slider_example() -> Self {
        let step = |kind, channels, stride| Step { kind, channels, stride };
        Self {
            steps: vec![
                step(StepKind::Standard, 8, [2, 2]),
                step(StepKind::Separable, 16, [2, 2]),
                step(StepKind::Separable, 16, [2, 2]),
                step(StepKind::Separable, 24, [1, 2]),
            ],
            code: Some(12),
        }
    }

    /// Whether a network can be built of it: files may hold anything.
    pub fn check(&self) -> Result<(), GenomeError> {
        let found = self.steps.len();
        if !(1..=MAX_STEPS).contains(&found) {
            return Err(GenomeError::Steps { found });
        }
        for (step, &Step { channels, stride, .. }) in self.steps.iter().enumerate() {
            if !(1..=256).contains(&channels) {
                return Err(GenomeError::Channels { step, channels });
            }
            if let Some(&stride) = stride.iter().find(|stride| !(1..=2).contains(*stride)) {
                return Err(GenomeError::Stride { step, stride });
            }
        }
        match self.code {
            Some(found) if !(1..=1024).contains(&found) => Err(GenomeError::Code { found }),
            _ => Ok(()),
        }
    }

    /// The network, layer by layer.
    pub fn layers(&self) -> Vec<Layer> {
        layers_of(self)
    }

    /// What the network costs, exactly, before anything is built.
    pub fn cost(&self) -> Cost {
        Cost::of(&self.layers())
    }

    /// Eight letters and digits that stand for this design and no other.
    pub fn id(&self) -> String {
        blake3::hash(self.to_string().as_bytes()).to_hex()[..8].to_owned()
    }

    /// Any design.
    pub fn random(random: &mut impl Rng) -> Self {
        let n_steps = random.random_range(1..=4);
        let mut genome = Self {
            steps: (0..n_steps).map(|_| Step::random(random)).collect(),
            code: None,
        };
        if random.random_bool(0.5) {
            genome.code = CODES.choose(random).copied();
        }
        genome
    }

    /// The same with one thing changed.
    #[must_use]
    pub fn mutated(&self, random: &mut impl Rng) -> Self {
        loop {
            let mut child = self.clone();
            child.mutate(random);
            if child != *self {
                return child;
            }
        }
    }

    fn mutate(&mut self, random: &mut impl Rng) {
        let at = random.random_range(0..self.steps.len());
        match random.random_range(0..6) {
            0 if self.steps.len() < MAX_STEPS => self.steps.insert(at, Step::random(random)),
            1 if self.steps.len() > 1 => {
                self.steps.remove(at);
            }
            2 => self.steps[at].kind = *StepKind::ALL.choose(random).unwrap_or(&StepKind::Separable),
            3 => {
                let axis = random.random_range(0..2);
                let stride = &mut self.steps[at].stride[axis];
                *stride = 3 - *stride;
            }
            4 => self.code = neighbour(&CODES, self.code, random),
            _ => self.steps[at].channels = neighbour(&CHANNELS, Some(self.steps[at].channels), random).unwrap_or(CHANNELS[0]),
        }
    }

    /// The outer steps of one parent, the inner ones of the other, and the code of either.
    #[must_use]
    pub fn crossed(&self, other: &Self, random: &mut impl Rng) -> Self {
        let outer = random.random_range(0..=self.steps.len());
        let inner = random.random_range(0..=other.steps.len());
        let mut steps: Vec<Step> = self.steps[..outer].iter().chain(&other.steps[inner..]).copied().collect();
        steps.truncate(MAX_STEPS);
        if steps.is_empty() {
            steps.clone_from(&self.steps);
        }
        let code = if random.random_bool(0.5) { self.code } else { other.code };
        Self { steps, code }
    }
}

impl Step {
    fn random(random: &mut impl Rng) -> Self {
        Self {
            kind: *StepKind::ALL.choose(random).unwrap_or(&StepKind::Separable),
            channels: *CHANNELS.choose(random).unwrap_or(&CHANNELS[0]),
            stride: [random.random_range(1..=2), random.random_range(1..=2)],
        }
    }
}

/// The next larger or smaller choice; from none to any, and beyond the smallest to none.
fn neighbour(choices: &[usize], now: Option<usize>, random: &mut impl Rng) -> Option<usize> {
    let Some(now) = now else {
        return choices.choose(random).copied();
    };
    let at = choices.partition_point(|&choice| choice < now);
    if random.random_bool(0.5) {
        choices.get(at + 1).or(choices.last()).copied()
    } else {
        at.checked_sub(1).map(|below| choices[below])
    }
}

/// `std6 dw12/1x2 pw8 code16`: the steps with their channels and, where it is not 1, their stride.
impl fmt::Display for Genome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let kind = match step.kind {
                StepKind::Standard => "std",
                StepKind::Separable => "dw",
                StepKind::Pointwise => "pw",
            };
            let space = if at > 0 { " " } else { "" };
            write!(f, "{space}{kind}{}", step.channels)?;
            if step.stride != [1, 1] {
                write!(f, "/{}x{}", step.stride[0], step.stride[1])?;
            }
        }
        match self.code {
            Some(code) => write!(f, " code{code}"),
            None => Ok(()),
        }
    }
}

impl From<Genome> for String {
    fn from(genome: Genome) -> Self {
        genome.to_string()
    }
}

impl TryFrom<String> for Genome {
    type Error = GenomeError;

    fn try_from(text: String) -> Result<Self, GenomeError> {
        text.parse()
    }
}

/// Reads what [`Genome`]'s `Display` writes.
impl std::str::FromStr for Genome {
    type Err = GenomeError;

    fn from_str(text: &str) -> Result<Self, GenomeError> {
        let unknown = |word: &str| GenomeError::Word { word: word.to_owned() };
        let (mut steps, mut code) = (Vec::new(), None);
        for word in text.split_whitespace() {
            let letters = word.find(|c: char| c.is_ascii_digit()).ok_or_else(|| unknown(word))?;
            let (name, numbers) = word.split_at(letters);
            let (count, stride) = numbers.split_once('/').unwrap_or((numbers, "1x1"));
            let number = |digits: &str| digits.parse::<usize>().map_err(|_| unknown(word));
            let (frames, bands) = stride.split_once('x').ok_or_else(|| unknown(word))?;
            let kind = match name {
                "std" => StepKind::Standard,
                "dw" => StepKind::Separable,
                "pw" => StepKind::Pointwise,
                "code" if code.is_none() => {
                    code = Some(number(count)?);
                    continue;
                }
                _ => return Err(unknown(word)),
            };
            steps.push(Step {
                kind,
                channels: number(count)?,
                stride: [number(frames)?, number(bands)?],
            });
        }
        let genome = Self { steps, code };
        genome.check()?;
        Ok(genome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exploration::Operation;
    use proptest::prelude::*;
    use rand::SeedableRng;

    #[test]
    fn the_examples_are_of_the_papers_kind() {
        let fan = Genome::fan_example().cost();
        assert!(fan.n_parameters.abs_diff(686) * 20 <= 686, "{}", fan.n_parameters);
        // The paper: 3,348 to 4,184 operations a parameter, that is full resolution.
        let per_parameter = fan.n_multiply_adds as f64 / fan.n_parameters as f64;
        assert!((3348.0..=4184.0).contains(&per_parameter), "{per_parameter}");
        let slider = Genome::slider_example().cost();
        assert!(slider.n_parameters.abs_diff(21_781) * 20 <= 21_781, "{}", slider.n_parameters);
        let dense = Genome::slider_example().layers();
        let dense = dense.iter().filter(|layer| layer.operation == Operation::Dense);
        let n_dense: usize = dense.map(|layer| layer.n_weights() + layer.n_biases()).sum();
        assert!(n_dense * 5 > slider.n_parameters * 4);
        let per_parameter = slider.mflops() * 1e6 / slider.n_parameters as f64;
        assert!((77.0..=213.0).contains(&per_parameter), "{per_parameter}");
    }

    #[test]
    fn costs_by_hand() {
        // Down: 9*4+4 on 16x64, then up: 9*4*1+1 on 32x128; a code of 2 between 16*64*4 values.
        let genome: Genome = "std4/2x2 code2".parse().expect("a design");
        let cost = genome.cost();
        let n_map = 16 * 64 * 4;
        assert_eq!(cost.n_parameters, 40 + (2 * n_map + 2) + (2 * n_map + n_map) + 37);
        assert_eq!(
            cost.n_trainable,
            cost.n_parameters + 4,
            "one norm of four channels: the last layer draws the window"
        );
        assert_eq!(cost.n_multiply_adds, 9 * n_map + 2 * n_map + 2 * n_map + 9 * 4 * 32 * 128);
        assert_eq!(cost.n_live_values, 32 * 128 + n_map, "the first layer and the last");
    }

    #[test]
    fn what_is_no_design_is_said() {
        for (text, expected) in [
            ("", "steps"),
            ("std4 std4 std4 std4 std4 std4", "steps"),
            ("std0", "channels"),
            ("dw4/3x1", "stride"),
            ("dw4 code0", "code"),
            ("conv4", "conv4"),
            ("dw4/2", "dw4/2"),
            ("dw99999999999999999999", "dw9999"),
            ("code4 code4", "code4"),
        ] {
            let error = text.parse::<Genome>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn random_designs_and_their_children_can_be_built(seed in any::<u64>()) {
            let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let (one, other) = (Genome::random(&mut random), Genome::random(&mut random));
            for genome in [one.mutated(&mut random), one.crossed(&other, &mut random), one, other] {
                prop_assert!(genome.check().is_ok());
                prop_assert_eq!(&genome.to_string().parse::<Genome>().expect("its own words"), &genome);
                let layers = genome.layers();
                let window = (N_FRAMES, N_BANDS, 1);
                let ends = [layers[0].input, layers[layers.len() - 1].output];
                for end in ends {
                    prop_assert_eq!((end.frames, end.bands, end.channels), window);
                }
                for pair in layers.windows(2) {
                    prop_assert_eq!(pair[0].output, pair[1].input);
                }
                prop_assert!(!layers[layers.len() - 1].has_norm);
            }
        }
    }
}
