//! Which systems a table has, how each is trained as published, and how its detector is chosen.

use super::challenge::Challenge;
use super::published::{self, Published};
use super::settings::Settings;
use crate::detectors::DetectorKind;
use crate::extractors::{LossChoice, Recipe, TrainingConfig};

/// What of the paper is reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    TableII,
    TableIII,
    TableIV,
    Figure2,
    Figure3,
}

impl Target {
    pub const ALL: [Self; 5] = [Self::TableII, Self::TableIII, Self::TableIV, Self::Figure2, Self::Figure3];

    /// The name on the command line, and of the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::TableII => "table-ii",
            Self::TableIII => "table-iii",
            Self::TableIV => "table-iv",
            Self::Figure2 => "figure-2",
            Self::Figure3 => "figure-3",
        }
    }

    /// As the paper heads it.
    pub fn title(self) -> &'static str {
        match self {
            Self::TableII => "Table II: results on DCASE 2022",
            Self::TableIII => "Table III: results on DCASE 2023",
            Self::TableIV => "Table IV: ablation study on DCASE 2023",
            Self::Figure2 => "Figure 2: embeddings of the normal clips of DCASE 2023",
            Self::Figure3 => "Figure 3: embeddings of single machines, anomalies in black",
        }
    }

    pub fn is_figure(self) -> bool {
        matches!(self, Self::Figure2 | Self::Figure3)
    }

    pub fn challenge(self) -> Challenge {
        match self {
            Self::TableII => Challenge::Dcase2022,
            _ => Challenge::Dcase2023,
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// The systems, each trained once; a figure has the one that it draws.
    pub(super) fn systems(self) -> &'static [System] {
        match self {
            Self::TableII => &TABLE_II,
            Self::TableIII => &TABLE_III,
            Self::TableIV => &TABLE_IV,
            Self::Figure2 | Self::Figure3 => std::slice::from_ref(&TABLE_III[2]),
        }
    }
}

/// A front end of a table, trained once.
pub(super) struct System {
    pub(super) name: &'static str,
    /// Names the run's folder.
    pub(super) slug: &'static str,
    /// `None` where this version has no such front end.
    pub(super) recipe: Option<Recipe>,
    /// Read by `MobileAnoNet` alone.
    pub(super) loss: LossChoice,
    /// A row of ours each.
    pub(super) choices: &'static [Choice],
    pub(super) published: Option<&'static Published>,
}

/// How the detector of each machine comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The system's own, as published.
    Fixed(DetectorKind),
    /// The label-free default.
    Fusion,
    /// The best of the paper's six on one half of the labelled test clips, reported on the other; both ways round.
    OtherHalf,
    /// The best of the paper's six on the test labels.
    Oracle,
}

/// The six detectors of the paper, out of which it chooses.
pub(super) const SIX: [DetectorKind; 6] = [
    DetectorKind::Knn,
    DetectorKind::Lof,
    DetectorKind::Cos,
    DetectorKind::Maha,
    DetectorKind::SoftCos,
    DetectorKind::SoftMaha,
];

impl Choice {
    pub(super) fn title(self) -> String {
        match self {
            Self::Fixed(kind) => kind.title().to_owned(),
            Self::Fusion => "fusion".to_owned(),
            Self::OtherHalf => "chosen on a labelled half".to_owned(),
            Self::Oracle => "oracle".to_owned(),
        }
    }

    /// Which labels steer it, in words.
    pub(super) fn labels_used(self) -> &'static str {
        match self {
            Self::Fixed(_) | Self::Fusion => "none",
            Self::OtherHalf => "those of the other half of the test clips",
            Self::Oracle => "all test labels, as in the paper: an upper bound",
        }
    }
}

const THREE_WAYS: &[Choice] = &[Choice::Fusion, Choice::OtherHalf, Choice::Oracle];
const RESIDUAL: &[Choice] = &[Choice::Fixed(DetectorKind::Residual)];
const PROBABILITY: &[Choice] = &[Choice::Fixed(DetectorKind::Probability)];

static TABLE_II: [System; 5] = [
    System {
        name: "Official-AE",
        slug: "dense-ae",
        recipe: Some(Recipe::DenseAe),
        loss: LossChoice::Both,
        choices: RESIDUAL,
        published: Some(&published::II_AE),
    },
    System {
        name: "Official-MBN",
        slug: "mobilenet-v2",
        recipe: Some(Recipe::MobileNetV2),
        loss: LossChoice::Both,
        choices: PROBABILITY,
        published: Some(&published::II_MBN),
    },
    System {
        name: "Guan et al.",
        slug: "attribute-classifier",
        recipe: Some(Recipe::AttributeClassifier),
        loss: LossChoice::Both,
        choices: PROBABILITY,
        published: Some(&published::II_GUAN),
    },
    System {
        name: "MobileAnoNet",
        slug: "mobileanonet-both",
        recipe: Some(Recipe::MobileAnoNet),
        loss: LossChoice::Both,
        choices: THREE_WAYS,
        published: Some(&published::II_MOBILEANONET),
    },
    System {
        name: "GWRP + GMM",
        slug: "gwrp-gmm",
        recipe: Some(Recipe::GwrpGmm),
        loss: LossChoice::Both,
        choices: &[Choice::Fixed(DetectorKind::Gmm)],
        published: Some(&published::II_GWRP_GMM),
    },
];

const fn official_2023(name: &'static str, choices: &'static [Choice], published: &'static Published) -> System {
    System {
        name,
        slug: "dense-ae",
        recipe: Some(Recipe::DenseAe),
        loss: LossChoice::Both,
        choices,
        published: Some(published),
    }
}

static TABLE_III: [System; 3] = [
    official_2023("Official-AE", RESIDUAL, &published::III_AE),
    official_2023(
        "Official-AEMA",
        &[
            Choice::Fixed(DetectorKind::SelectiveMaha),
            Choice::Fixed(DetectorKind::SelectiveMahaNtt),
        ],
        &published::III_AEMA,
    ),
    MOBILEANONET_2023_ROW,
];

const MOBILEANONET_2023_ROW: System = System {
    name: "MobileAnoNet",
    slug: "mobileanonet-both",
    recipe: Some(Recipe::MobileAnoNet),
    loss: LossChoice::Both,
    choices: THREE_WAYS,
    published: Some(&published::III_MOBILEANONET),
};

static TABLE_IV: [System; 3] = [
    System {
        name: "Only machine type",
        slug: "mobileanonet-machine",
        recipe: Some(Recipe::MobileAnoNet),
        loss: LossChoice::Machine,
        choices: THREE_WAYS,
        published: Some(&published::IV_MACHINE),
    },
    System {
        name: "Only working conditions",
        slug: "mobileanonet-condition",
        recipe: Some(Recipe::MobileAnoNet),
        loss: LossChoice::Condition,
        choices: THREE_WAYS,
        published: Some(&published::IV_CONDITION),
    },
    MOBILEANONET_2023_ROW,
];

impl System {
    /// The settings of the paper or of the system's authors, capped where the run is a quick one; an error says in words why the
    /// system cannot be trained.
    pub(super) fn training(&self, challenge: Challenge, settings: &Settings) -> Result<TrainingConfig, String> {
        let recipe = self.recipe.ok_or("this version has no such front end")?;
        let mut training = TrainingConfig {
            seed: settings.seed,
            device: settings.device,
            ..TrainingConfig::published(recipe)
        };
        match (recipe, challenge) {
            // The paper's batch, and a segment at every frame.
            (Recipe::MobileAnoNet, _) => {
                (training.batch_size, training.segment_hop) = (160, 1);
                training.mobileanonet.loss = self.loss;
            }
            (Recipe::DenseAe, Challenge::Dcase2023) => training.batch_size = 256,
            _ => {}
        }
        if let Some(caps) = &settings.caps {
            training.n_epochs = training.n_epochs.min(caps.n_epochs);
            if recipe == Recipe::MobileAnoNet {
                training.batch_size = training.batch_size.min(caps.batch_size);
            }
            training.segments_per_clip = training.segments_per_clip.min(caps.segments_per_clip);
            training.segment_hop = training.segment_hop.max(caps.segment_hop);
        }
        Ok(training)
    }
}
