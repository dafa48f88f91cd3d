//! Several classifiers on one embedding: the machine with its centre loss, and its working conditions.
//!
//! Source: the MobileAnoNet paper, equations 1 to 3; where it is silent, its published code: no batch norm after the machine's
//! classifier, no bias before that of the conditions', learned centres that the same Adam moves.

use burn::module::{Initializer, Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Batch;
use super::parameters::replace;
use super::tally::{Judged, Term, Votes};
use super::trainable::ACCURACY;

/// Which of the two losses a network learns from: the three columns of Table IV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossChoice {
    #[default]
    Both,
    Machine,
    Condition,
}

impl LossChoice {
    pub const ALL: [Self; 3] = [Self::Both, Self::Machine, Self::Condition];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Machine => "machine",
            Self::Condition => "condition",
        }
    }
}

/// How the losses of the conditions' classifiers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionAveraging {
    /// Equation 3 of the paper: the sum over examples and their conditions, for each example of the batch.
    #[default]
    Examples,
    /// The published code: the mean over classifiers of the mean over their examples; classifiers without examples count as 0.
    /// In a balanced batch it weighs about as much less as there are fewer conditions to a machine than classifiers.
    Heads,
}

impl ConditionAveraging {
    pub const ALL: [Self; 2] = [Self::Examples, Self::Heads];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Examples => "examples",
            Self::Heads => "heads",
        }
    }
}

/// Which classifiers a network has, and how it learns by them.
#[derive(Debug, Clone, PartialEq)]
pub struct Heads {
    pub loss: LossChoice,
    /// Machines to tell apart.
    pub n_classes: usize,
    /// `[n_conditions]`: how many values each working condition has.
    pub n_values: Vec<usize>,
    pub averaging: ConditionAveraging,
    /// The weight of the centre loss, lambda; 0 for none.
    pub centre_weight: f64,
    /// Batch norm after the machine's classifier too, as the paper's text has it.
    pub has_machine_norm: bool,
}

impl Heads {
    /// The machine's classifier alone, by cross-entropy alone.
    pub fn of_machines(n_classes: usize) -> Self {
        Self {
            loss: LossChoice::Machine,
            n_classes,
            n_values: Vec::new(),
            averaging: ConditionAveraging::default(),
            centre_weight: 0.0,
            has_machine_norm: false,
        }
    }

    /// None at all: a network that only embeds.
    pub(super) fn none() -> Self {
        Self {
            loss: LossChoice::Condition,
            ..Self::of_machines(0)
        }
    }
}

/// The classifiers of a network.
#[derive(Module, Debug)]
pub(super) struct MultiTask {
    machine: Option<MachineHead>,
    conditions: Vec<ConditionHead>,
    #[module(skip)]
    is_averaged_by_heads: bool,
    #[module(skip)]
    centre_weight: f64,
}

#[derive(Module, Debug)]
struct MachineHead {
    linear: Linear,
    norm: Option<BatchNorm>,
    /// `[n_classes, n_features]`
    centres: Param<Tensor<2>>,
}

#[derive(Module, Debug)]
struct ConditionHead {
    linear: Linear,
    norm: BatchNorm,
}

impl MultiTask {
    /// With all matrices 0, to be drawn by `initialised`, and the centres then by [`Self::with_drawn_centres`].
    pub(super) fn new(n_features: usize, heads: &Heads, device: &Device) -> Self {
        let linear = |n_outputs, has_bias| {
            LinearConfig::new(n_features, n_outputs)
                .with_bias(has_bias)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        let machine = || MachineHead {
            linear: linear(heads.n_classes, true),
            norm: heads
                .has_machine_norm
                .then(|| BatchNormConfig::new(heads.n_classes).init(device)),
            centres: Initializer::Zeros.init([heads.n_classes, n_features], device),
        };
        let condition = |&n_values: &usize| ConditionHead {
            linear: linear(n_values, false),
            norm: BatchNormConfig::new(n_values).init(device),
        };
        let has_conditions = heads.loss != LossChoice::Machine;
        Self {
            machine: (heads.loss != LossChoice::Condition).then(machine),
            conditions: heads.n_values.iter().filter(|_| has_conditions).map(condition).collect(),
            is_averaged_by_heads: heads.averaging == ConditionAveraging::Heads,
            centre_weight: heads.centre_weight,
        }
    }

    /// With centres drawn from the standard normal distribution, as the published code begins.
    pub(super) fn with_drawn_centres(mut self, seed: u64) -> Self {
        if let Some(head) = self.machine.take() {
            let shape = head.centres.lazy_shape();
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // Box and Muller.
            let normal = |_| {
                let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
                radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
            };
            let values: Vec<f32> = (0..shape.num_elements()).map(normal).collect();
            let centres = replace(head.centres, TensorData::new(values, shape));
            self.machine = Some(MachineHead { centres, ..head });
        }
        self
    }

    /// The loss of embeddings `[n_examples, n_features]` by the labels of their batch.
    pub(super) fn judge(&self, embeddings: Tensor<2>, batch: Batch, device: &Device) -> Judged {
        // A sum that is 0 keeps the way back to the embeddings where no classifier has examples enough.
        let mut judged = Judged {
            embeddings: Some(embeddings.clone()),
            ..Judged::of(embeddings.clone().sum().mul_scalar(0.0))
        };
        if !self.conditions.is_empty() {
            self.judge_conditions(&embeddings, &batch, device, &mut judged);
        }
        if let Some(machine) = &self.machine {
            self.judge_machine(machine, embeddings, batch, device, &mut judged);
        }
        judged
    }

    /// Equation 2.
    fn judge_machine(&self, head: &MachineHead, embeddings: Tensor<2>, batch: Batch, device: &Device, judged: &mut Judged) {
        let classes = indices(batch.classes.iter().copied(), device);
        let logits = head.linear.forward(embeddings.clone());
        let logits = match &head.norm {
            Some(norm) => norm.forward(logits),
            None => logits,
        };
        let log_probabilities = log_softmax(logits, 1);
        let mut add = |name, mean: Tensor<1>, weight: f64| {
            judged.loss = judged.loss.clone() + mean.clone().mul_scalar(weight);
            judged.terms.push(Term { name, mean });
        };
        add(
            "machine loss",
            cross_entropies(&log_probabilities, classes.clone()).mean(),
            1.0,
        );
        if self.centre_weight > 0.0 {
            let distances = (embeddings - head.centres.val().select(0, classes)).square().sum_dim(1);
            add("centre loss", distances.mean(), self.centre_weight);
        }
        judged.votes.push(Votes {
            name: ACCURACY,
            head_idx: 0,
            clips: batch.clips,
            classes: batch.classes,
            log_probabilities,
        });
    }

    /// Equation 3 or the code's average of it. An example goes to the classifiers that have a class for it.
    fn judge_conditions(&self, embeddings: &Tensor<2>, batch: &Batch, device: &Device, judged: &mut Judged) {
        let [n_examples, _] = embeddings.dims();
        // The statistics of a batch norm in training need two rows.
        let fewest = if device.is_autodiff() { 2 } else { 1 };
        let nothing = Tensor::<1>::zeros([1], device);
        let (mut sum, mut sum_of_means) = (nothing.clone(), nothing);
        for (head_idx, head) in self.conditions.iter().enumerate() {
            let [_, n_values] = head.linear.weight.dims();
            let labels = batch.conditions.chunks(self.conditions.len()).map(|labels| labels[head_idx]);
            let rows: Vec<(u32, u32)> = (0..).zip(labels).filter(|(_, label)| (*label as usize) < n_values).collect();
            if rows.len() < fewest {
                continue;
            }
            let taken = embeddings
                .clone()
                .select(0, indices(rows.iter().map(|(row, _)| *row), device));
            let log_probabilities = log_softmax(head.norm.forward(head.linear.forward(taken)), 1);
            let losses = cross_entropies(&log_probabilities, indices(rows.iter().map(|(_, label)| *label), device));
            sum = sum + losses.clone().sum();
            sum_of_means = sum_of_means + losses.mean();
            judged.votes.push(Votes {
                name: "condition accuracy",
                head_idx,
                clips: rows
                    .iter()
                    .filter_map(|(row, _)| batch.clips.get(*row as usize).copied())
                    .collect(),
                classes: rows.iter().map(|(_, label)| *label).collect(),
                log_probabilities,
            });
        }
        let by_examples = sum.div_scalar(n_examples.max(1) as f32);
        let by_heads = sum_of_means.div_scalar(self.conditions.len() as f32);
        let (learned, name, other) = if self.is_averaged_by_heads {
            (by_heads, "condition loss if averaged by examples", by_examples)
        } else {
            (by_examples, "condition loss if averaged by heads", by_heads)
        };
        judged.loss = judged.loss.clone() + learned.clone();
        judged.terms.push(Term {
            name: "condition loss",
            mean: learned,
        });
        judged.terms.push(Term { name, mean: other });
    }

    /// The batch norms among the classifiers.
    pub(super) fn norms_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm> {
        let machine = self.machine.iter_mut().filter_map(|head| head.norm.as_mut());
        machine.chain(self.conditions.iter_mut().map(|head| &mut head.norm))
    }
}

fn indices(values: impl Iterator<Item = u32>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.map(i64::from).collect();
    let n_values = values.len();
    Tensor::from_data(TensorData::new(values, [n_values]), device)
}

/// `[n_rows]`: of each row of log probabilities `[n_rows, n_classes]` with its class.
fn cross_entropies(log_probabilities: &Tensor<2>, classes: Tensor<1, Int>) -> Tensor<1> {
    let of_classes = log_probabilities.clone().gather(1, classes.unsqueeze_dim(1));
    of_classes.flatten::<1>(0, 1).neg()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::module::ModuleVisitor;
    use burn::optim::GradientsParams;

    use super::super::NamedTensor;
    use super::super::parameters::{initialised, input_tensor, with_tensors};
    use super::*;

    /// What `tests/data/multi_task/make_reference.py` wrote.
    #[derive(Deserialize)]
    struct Reference {
        n_features: usize,
        n_classes: usize,
        n_values: Vec<usize>,
        centre_weight: f64,
        classes: Vec<u32>,
        conditions: Vec<Vec<i64>>,
        embeddings: Vec<f32>,
        tensors: BTreeMap<String, Values>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Values {
        shape: Vec<usize>,
        values: Vec<f32>,
    }

    #[derive(Deserialize)]
    struct Case {
        loss: LossChoice,
        averaging: ConditionAveraging,
        has_machine_norm: bool,
        total: f64,
        machine: f64,
        centre: f64,
        by_examples: f64,
        by_heads: f64,
        embedding_gradient: Vec<f32>,
        gradients: BTreeMap<String, Vec<f32>>,
    }

    fn reference() -> Reference {
        let json = include_str!("../../tests/data/multi_task/reference.json");
        serde_json::from_str(json).expect("the reference")
    }

    fn batch(classes: &[u32], conditions: &[Vec<i64>]) -> Batch {
        let label = |label: &i64| u32::try_from(*label).unwrap_or(Batch::NO_CLASS);
        Batch {
            classes: classes.to_vec(),
            conditions: conditions.iter().flatten().map(label).collect(),
            clips: (0..classes.len() as u32).collect(),
            ..Batch::default()
        }
    }

    fn heads(n_classes: usize, n_values: &[usize]) -> Heads {
        Heads {
            loss: LossChoice::Both,
            n_values: n_values.to_vec(),
            centre_weight: 0.2,
            ..Heads::of_machines(n_classes)
        }
    }

    struct Gradients<'a>(&'a GradientsParams, Vec<String>, BTreeMap<String, Vec<f32>>);

    impl ModuleVisitor for Gradients<'_> {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.1.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.1.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.get::<D>(param.id) {
                let values = gradient.try_into_vec_as::<f32>().expect("gradients can be read");
                self.2.insert(self.1.join("."), values);
            }
        }
    }

    fn is_close(found: &[f32], expected: &[f32]) -> bool {
        let pairs = found.iter().zip(expected);
        found.len() == expected.len() && pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5 * b.abs().max(1.0))
    }

    fn term(judged: &Judged, name: &str) -> Option<f64> {
        let term = judged.terms.iter().find(|term| term.name == name)?;
        Some(f64::from(term.mean.clone().into_scalar::<f32>()))
    }

    #[test]
    fn losses_and_gradients_equal_pytorchs() {
        let reference = reference();
        #[expect(deprecated, reason = "both processor backends")]
        let devices = [Device::flex(), Device::ndarray()];
        for (case, device) in reference
            .cases
            .iter()
            .flat_map(|case| devices.iter().map(move |device| (case, device)))
        {
            let device = device.clone().autodiff();
            let heads = Heads {
                loss: case.loss,
                n_classes: reference.n_classes,
                n_values: reference.n_values.clone(),
                averaging: case.averaging,
                centre_weight: reference.centre_weight,
                has_machine_norm: case.has_machine_norm,
            };
            let fresh = initialised(MultiTask::new(reference.n_features, &heads, &device), 1, |_| 1.0);
            let own: Vec<NamedTensor> = super::super::parameters::tensors_of(&fresh).expect("tensors");
            let given = own.into_iter().map(|tensor| match reference.tensors.get(&tensor.name) {
                Some(given) => {
                    assert_eq!(given.shape, tensor.shape, "{}", tensor.name);
                    NamedTensor {
                        values: given.values.clone(),
                        ..tensor
                    }
                }
                None => {
                    assert!(tensor.name.contains("running_"), "{}", tensor.name);
                    tensor
                }
            });
            let multi_task = with_tensors(fresh, &given.collect::<Vec<_>>()).expect("they fit");
            let shape = [reference.classes.len(), reference.n_features];
            let embeddings = input_tensor(reference.embeddings.clone(), shape, &device).require_grad();
            let judged = multi_task.judge(embeddings.clone(), batch(&reference.classes, &reference.conditions), &device);

            let other = match case.averaging {
                ConditionAveraging::Examples => "condition loss if averaged by heads",
                ConditionAveraging::Heads => "condition loss if averaged by examples",
            };
            let (learned, not_learned) = match case.averaging {
                ConditionAveraging::Examples => (case.by_examples, case.by_heads),
                ConditionAveraging::Heads => (case.by_heads, case.by_examples),
            };
            let expected = [
                ("machine loss", case.machine, case.loss != LossChoice::Condition),
                ("centre loss", case.centre, case.loss != LossChoice::Condition),
                ("condition loss", learned, case.loss != LossChoice::Machine),
                (other, not_learned, case.loss != LossChoice::Machine),
            ];
            for (name, expected, is_there) in expected {
                let found = term(&judged, name);
                assert_eq!(found.is_some(), is_there, "{name}");
                assert!(
                    found.is_none_or(|found| (found / expected - 1.0).abs() < 1e-5),
                    "{name} {found:?} {expected}"
                );
            }
            let total = f64::from(judged.loss.clone().into_scalar::<f32>());
            assert!((total / case.total - 1.0).abs() < 1e-5, "{total} {}", case.total);

            let mut gradients = judged.loss.backward();
            let of_embeddings = embeddings.grad_remove(&mut gradients).expect("a gradient");
            let of_embeddings = of_embeddings.try_into_vec_as::<f32>().expect("gradients can be read");
            assert!(is_close(&of_embeddings, &case.embedding_gradient));
            let gradients = GradientsParams::from_grads(gradients, &multi_task);
            let mut found = Gradients(&gradients, Vec::new(), BTreeMap::new());
            multi_task.visit(&mut found);
            assert_eq!(found.2.keys().collect::<Vec<_>>(), case.gradients.keys().collect::<Vec<_>>());
            for (name, expected) in &case.gradients {
                assert!(is_close(&found.2[name], expected), "{name}: {:?} {expected:?}", found.2[name]);
            }
        }
    }

    #[test]
    fn an_untrained_network_guesses_and_the_centre_loss_is_a_squared_distance() {
        // Matrices of 0 give each of n classes the probability 1/n. Centres at 0.
        let device = Device::flex().autodiff();
        let embeddings = input_tensor(vec![3.0, 4.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0], [4, 2], &device);
        let labels = [vec![0, -1, -1], vec![2, 1, -1], vec![7, 0, 1], vec![1, -1, -1]];
        let judge = |averaging| {
            let heads = Heads {
                averaging,
                ..heads(3, &[3, 2, 5])
            };
            MultiTask::new(2, &heads, &device).judge(embeddings.clone(), batch(&[0, 1, 2, 1], &labels), &device)
        };
        let judged = judge(ConditionAveraging::Examples);
        // Three rows of ln 3 (the value 7 is unknown), two of ln 2, and one that stands alone: of four examples.
        let by_examples = (3.0 * 3f64.ln() + 2.0 * 2f64.ln()) / 4.0;
        let by_heads = (3f64.ln() + 2f64.ln()) / 3.0;
        let expected = [
            ("machine loss", 3f64.ln()),
            ("centre loss", (25.0 + 1.0 + 4.0) / 4.0),
            ("condition loss", by_examples),
            ("condition loss if averaged by heads", by_heads),
        ];
        for (name, expected) in expected {
            assert!((term(&judged, name).expect(name) - expected).abs() < 1e-6, "{name}");
        }
        let total = |judged: Judged| f64::from(judged.loss.into_scalar::<f32>());
        assert!((total(judged) - (3f64.ln() + 0.2 * 7.5 + by_examples)).abs() < 1e-5);
        assert!((total(judge(ConditionAveraging::Heads)) - (3f64.ln() + 0.2 * 7.5 + by_heads)).abs() < 1e-5);
    }

    #[test]
    fn a_batch_without_conditions_enough_has_a_loss_of_0_and_a_way_back() {
        let device = Device::flex().autodiff();
        let heads = Heads {
            loss: LossChoice::Condition,
            ..heads(2, &[2])
        };
        let multi_task = initialised(MultiTask::new(2, &heads, &device), 1, |_| 1.0);
        let embeddings = input_tensor(vec![1.0, 2.0, 3.0, 4.0], [2, 2], &device).require_grad();
        let judged = multi_task.judge(embeddings.clone(), batch(&[0, 1], &[vec![1], vec![-1]]), &device);
        assert_eq!(judged.loss.clone().into_scalar::<f32>(), 0.0);
        assert!(judged.votes.is_empty());
        let gradients = judged.loss.backward();
        let gradient = embeddings
            .grad(&gradients)
            .expect("a gradient")
            .try_into_vec_as::<f32>()
            .expect("numbers");
        assert_eq!(gradient, [0.0; 4]);
        // Without training a single row is judged by what the norm has learned.
        let judged = multi_task.valid().judge(
            input_tensor(vec![1.0, 2.0], [1, 2], &Device::flex()),
            batch(&[0], &[vec![1]]),
            &Device::flex(),
        );
        assert!(judged.loss.into_scalar::<f32>().is_finite());
        assert_eq!(judged.votes.len(), 1);
    }

    #[test]
    fn centres_begin_normally_distributed() {
        let fresh = initialised(MultiTask::new(128, &heads(40, &[]), &Device::flex()), 1, |_| 1.0).with_drawn_centres(3);
        let centres = fresh
            .machine
            .expect("a machine head")
            .centres
            .val()
            .try_into_vec_as::<f32>()
            .expect("numbers");
        let mean = |f: &dyn Fn(f32) -> f32| centres.iter().map(|&x| f(x)).sum::<f32>() / centres.len() as f32;
        assert!(mean(&|x| x).abs() < 0.05);
        assert!((mean(&|x| x * x) - 1.0).abs() < 0.05);
        assert!((mean(&|x| x.powi(4)) - 3.0).abs() < 0.4);
    }
}
