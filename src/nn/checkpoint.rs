//! A training interrupted between two epochs, as one safetensors file: weights, the optimiser's state, figures, plan.

use std::collections::HashMap;
use std::path::Path;

use burn::optim::ModuleOptimizer;
use burn::tensor::Bytes;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::learner::Learner;
use super::parameters::tensors_of;
use super::trainable::Trainable;
use super::weights::{from_view, read_whole, to_bytes, weights_error, write_whole};
use super::{EpochMetrics, NamedTensor, TrainingError, TrainingObserver, TrainingPlan};

/// Name of the optimiser's state in the file: burn's own record, as bytes.
const OPTIMISER: &str = "optimiser";
/// Before the names of the network's tensors.
const NETWORK: &str = "network.";
/// Key of the [`Header`] in the file's metadata.
const HEADER: &str = "training";

/// What is known of the training besides its tensors.
#[derive(Serialize, Deserialize)]
struct Header {
    plan: TrainingPlan,
    history: Vec<EpochMetrics>,
    n_steps: u64,
}

/// A training as it stood at the end of an epoch.
pub(super) struct Checkpoint {
    pub network: Vec<NamedTensor>,
    pub history: Vec<EpochMetrics>,
    pub n_steps: u64,
    optimiser: Vec<u8>,
}

impl Checkpoint {
    /// Writes the state of `learner`; the previous checkpoint stays until the new one is whole.
    pub(super) fn write<N: Trainable>(path: &Path, plan: &TrainingPlan, learner: &Learner<N>) -> Result<(), TrainingError> {
        let unfit = |error: &dyn std::fmt::Display| weights_error(path, error);
        let header = Header {
            plan: plan.clone(),
            history: learner.history.clone(),
            n_steps: learner.n_steps,
        };
        let header = serde_json::to_string(&header).map_err(|error| unfit(&error))?;
        let optimiser = learner.optimiser.into_bytes().map_err(|error| unfit(&error))?;
        let network: Vec<_> = tensors_of(&learner.network)?
            .into_iter()
            .map(|tensor| (format!("{NETWORK}{}", tensor.name), tensor.shape, to_bytes(&tensor.values)))
            .collect();
        let mut views = vec![(
            OPTIMISER.to_owned(),
            TensorView::new(Dtype::U8, vec![optimiser.len()], &optimiser).map_err(|error| unfit(&error))?,
        )];
        for (name, shape, bytes) in &network {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|error| unfit(&error))?;
            views.push((name.clone(), view));
        }
        let metadata = HashMap::from([(HEADER.to_owned(), header)]);
        let file = safetensors::serialize(views, Some(metadata)).map_err(|error| unfit(&error))?;
        write_whole(path, &file)
    }

    /// The checkpoint at `path` if it is of this plan, or of one that had other epochs to come and has made the same steps:
    /// `learning_rate` of a plan and an epoch tells. Any other file there is as good as none: training begins anew, and the
    /// log says why.
    pub(super) fn read(
        path: &Path,
        plan: &TrainingPlan,
        learning_rate: impl Fn(&TrainingPlan, usize) -> f64,
        observer: &mut dyn TrainingObserver,
    ) -> Option<Self> {
        if !path.exists() {
            return None;
        }
        let is_begun_by = |header: &Header| {
            let begun = &header.plan;
            let as_long = TrainingPlan {
                n_epochs: plan.n_epochs,
                ..begun.clone()
            };
            let n_done = header.history.len();
            let mut rates = (0..n_done).map(|epoch| (learning_rate(begun, epoch), learning_rate(plan, epoch)));
            as_long == *plan && n_done <= plan.n_epochs && rates.all(|(begun, now)| begun == now)
        };
        match Self::parse(path) {
            Ok((header, _)) if !is_begun_by(&header) => {
                observer.log("the checkpoint is of another configuration or other clips: training begins anew");
                None
            }
            Ok((_, checkpoint)) => Some(checkpoint),
            Err(error) => {
                observer.log(&format!("training begins anew: {error}"));
                None
            }
        }
    }

    fn parse(path: &Path) -> Result<(Header, Self), TrainingError> {
        let unfit = |error: &dyn std::fmt::Display| weights_error(path, error);
        let file = read_whole(path)?;
        let (_, metadata) = SafeTensors::read_metadata(&file).map_err(|error| unfit(&error))?;
        let header = metadata
            .metadata()
            .as_ref()
            .and_then(|entries| entries.get(HEADER))
            .ok_or_else(|| unfit(&"it is no checkpoint"))?;
        let header: Header = serde_json::from_str(header).map_err(|error| unfit(&error))?;
        let tensors = SafeTensors::deserialize(&file).map_err(|error| unfit(&error))?;
        let optimiser = tensors.tensor(OPTIMISER).map_err(|error| unfit(&error))?;
        let network = tensors
            .iter()
            .filter_map(|(name, view)| Some(from_view(name.strip_prefix(NETWORK)?, &view)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|reason| unfit(&reason))?;
        let checkpoint = Self {
            network,
            history: header.history.clone(),
            n_steps: header.n_steps,
            optimiser: optimiser.data().to_vec(),
        };
        Ok((header, checkpoint))
    }

    /// A fresh optimiser of the same kind with the saved state.
    pub(super) fn restore_optimiser(&self, fresh: ModuleOptimizer, path: &Path) -> Result<ModuleOptimizer, TrainingError> {
        let bytes = Bytes::from_bytes_vec(self.optimiser.clone());
        fresh.from_bytes(bytes).map_err(|error| weights_error(path, &error))
    }
}
