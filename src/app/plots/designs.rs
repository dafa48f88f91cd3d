//! The designs of a search: what they are compared by, which are best, what one of them misses.

use crate::evaluation::{self, ThresholdRule};
use crate::exploration::{Accuracy, Cost, TrialState, net_score, pareto_front};
use crate::figures::{HistogramFigure, Quantity, Scale, ScatterFigure, ScatterGroup, Table, TableRow};
use crate::pipeline::{Exploration, JudgedClip, JudgedLabel, Reference, TrialReport, judged_figures};

/// Something that designs are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DesignQuantity {
    #[default]
    Parameters,
    Kilobytes,
    Mflops,
    /// For the values between layers, in KB.
    Ram,
    /// Median for one window, in ms.
    Latency,
    Auc,
    Pauc,
    NetScore,
}

impl DesignQuantity {
    pub const ALL: [Self; 8] = [
        Self::Parameters,
        Self::Kilobytes,
        Self::Mflops,
        Self::Ram,
        Self::Latency,
        Self::Auc,
        Self::Pauc,
        Self::NetScore,
    ];

    /// With its unit.
    pub fn title(self) -> &'static str {
        match self {
            Self::Parameters => "Parameters",
            Self::Kilobytes => "Model (KB)",
            Self::Mflops => "MFLOPs",
            Self::Ram => "RAM (KB)",
            Self::Latency => "Latency (ms)",
            Self::Auc => "AUC",
            Self::Pauc => "pAUC",
            Self::NetScore => "NetScore (dB)",
        }
    }

    pub fn definition(self) -> &'static str {
        match self {
            Self::Parameters => "Weights and biases, batch norms folded in",
            Self::Kilobytes => "Four bytes a parameter, 1 KB = 1024 bytes",
            Self::Mflops => "Millions of operations for one window of about a second, two a multiply-add",
            Self::Ram => "Values that are alive at once, at most, four bytes each",
            Self::Latency => "Median for one window on one thread, measured on the computer that searched",
            Self::Auc => "Area under the ROC curve over the clips that designs are judged by; 0.5 is chance",
            Self::Pauc => "The same up to a false-alarm rate of 0.1, standardised; 0.5 is chance",
            Self::NetScore => "Accuracy held against size and work: 20 log10 of a² / (√p √m)",
        }
    }

    /// Whether less of it is better.
    pub fn is_cost(self) -> bool {
        !matches!(self, Self::Auc | Self::Pauc | Self::NetScore)
    }

    /// What knowing nothing brings.
    pub fn chance(self) -> Option<f64> {
        matches!(self, Self::Auc | Self::Pauc).then_some(0.5)
    }

    /// Of a design; `None` where it is not known.
    pub fn of(self, trial: &TrialReport, accuracy: Accuracy) -> Option<f64> {
        let value = match self {
            Self::Auc => trial.auc()?,
            Self::Pauc => trial.pauc?,
            Self::Latency => trial.latency_ms?.0,
            Self::NetScore => net_score(trial.auc()?, &trial.cost, accuracy),
            cost => cost.of_cost(&trial.cost),
        };
        value.is_finite().then_some(value)
    }

    /// Of the large network; `None` where it is not known.
    pub fn of_reference(self, reference: &Reference, accuracy: Accuracy) -> Option<f64> {
        let cost = Cost {
            n_parameters: reference.n_parameters,
            n_trainable: reference.n_parameters,
            n_multiply_adds: reference.n_multiply_adds,
            n_live_values: 0,
        };
        let value = match self {
            Self::Auc => reference.auc,
            Self::Pauc => reference.pauc,
            Self::Latency => reference.latency_ms?.0,
            Self::NetScore => net_score(reference.auc, &cost, accuracy),
            Self::Ram => return None,
            other => other.of_cost(&cost),
        };
        value.is_finite().then_some(value)
    }

    fn of_cost(self, cost: &Cost) -> f64 {
        match self {
            Self::Kilobytes => cost.kilobytes(),
            Self::Mflops => cost.mflops(),
            Self::Ram => cost.peak_kilobytes(),
            _ => cost.n_parameters as f64,
        }
    }

    fn quantity(self) -> Quantity {
        Quantity {
            name: self.title().to_owned(),
            scale: if self.is_cost() { Scale::Logarithmic } else { Scale::Linear },
        }
    }
}

/// The AUC below which a design is too far from the reference; `None` without one.
pub fn asked_auc(exploration: &Exploration) -> Option<f64> {
    let limits = exploration.limits();
    limits.reference_auc.map(|reference| reference * (1.0 - limits.auc_tolerance))
}

/// After each trained design, by its number: the largest `NetScore` so far among those that [`Exploration::best`] chooses from.
pub fn best_so_far(exploration: &Exploration) -> Vec<(usize, f64)> {
    let (limits, accuracy) = (exploration.limits(), exploration.settings.search.accuracy);
    let is_done = |trial: &&TrialReport| trial.state == TrialState::Done;
    let is_within_reach = |trial: &TrialReport| trial.auc().is_some_and(|auc| limits.allow_auc(auc));
    let mut done = exploration.trials.iter().filter(is_done);
    let any_hears = done.any(|trial| is_within_reach(trial) && trial.hears_more_than_chance());
    let mut best: Option<f64> = None;
    let mut curve = Vec::new();
    for trial in exploration.trials.iter().filter(is_done) {
        if is_within_reach(trial)
            && (!any_hears || trial.hears_more_than_chance())
            && let Some(score) = DesignQuantity::NetScore.of(trial, accuracy)
        {
            best = Some(best.map_or(score, |best| best.max(score)));
        }
        curve.extend(best.map(|best| (trial.number, best)));
    }
    curve
}

/// The place in `trials` of the design with the largest `NetScore` within reach of the reference.
pub fn best_design(exploration: &Exploration) -> Option<usize> {
    let number = exploration.best()?.number;
    exploration.trials.binary_search_by_key(&number, |trial| trial.number).ok()
}

/// The places in `trials` of the designs that no other one beats in both quantities, among those trained to the end, from left to
/// right.
pub fn design_front(exploration: &Exploration, x: DesignQuantity, y: DesignQuantity) -> Vec<usize> {
    let accuracy = exploration.settings.search.accuracy;
    let turned = |quantity: DesignQuantity, value: f64| if quantity.is_cost() { value } else { -value };
    let known: Vec<(usize, f64, f64)> = exploration
        .trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| trial.state == TrialState::Done)
        .filter_map(|(place, trial)| Some((place, x.of(trial, accuracy)?, y.of(trial, accuracy)?)))
        .collect();
    // Smaller is better along x, larger along y.
    let points: Vec<(f64, f64)> = known.iter().map(|&(_, a, b)| (turned(x, a), -turned(y, b))).collect();
    let is_front = pareto_front(&points);
    let mut front: Vec<_> = known.into_iter().zip(is_front).filter(|(_, is_front)| *is_front).collect();
    front.sort_by(|((_, a, b), _), ((_, c, d), _)| a.total_cmp(c).then(b.total_cmp(d)));
    front.into_iter().map(|((place, ..), _)| place).collect()
}

/// How a design tells the clips apart that it was judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    pub figure: HistogramFigure,
    pub threshold: f64,
    /// The anomalous clips below the threshold, the least suspicious first: places in [`TrialReport::judged`].
    pub missed: Vec<usize>,
    pub n_anomalous: usize,
    pub n_false_alarms: usize,
    pub n_normal: usize,
    /// The AUC that knowing nothing stays below 39 times in 40.
    pub chance_limit: f64,
}

/// The scores of a design's judged clips with the threshold that its normal ones give; `None` before it was judged.
pub fn separation(trial: &TrialReport) -> Option<Separation> {
    let is_normal = |clip: &JudgedClip| clip.label == JudgedLabel::Normal;
    let scores = |wants_normal: bool| -> Vec<f64> {
        let clips = trial.judged.iter().filter(|clip| is_normal(clip) == wants_normal);
        clips.map(|clip| f64::from(clip.score)).collect()
    };
    let (normal, anomalous) = (scores(true), scores(false));
    let threshold = evaluation::threshold(ThresholdRule::default(), &normal)?;
    let chance_limit = evaluation::chance_limit(normal.len(), anomalous.len())?;
    let judged = || trial.judged.iter().enumerate();
    let mut missed: Vec<usize> = judged()
        .filter(|(_, clip)| !is_normal(clip) && f64::from(clip.score) < threshold)
        .map(|(place, _)| place)
        .collect();
    missed.sort_by(|&a, &b| trial.judged[a].score.total_cmp(&trial.judged[b].score));
    Some(Separation {
        threshold,
        missed,
        n_anomalous: anomalous.len(),
        n_false_alarms: normal.iter().filter(|score| **score >= threshold).count(),
        n_normal: normal.len(),
        chance_limit,
        figure: HistogramFigure {
            title: format!("Design {}: scores of the clips that it was judged by", trial.number),
            score_name: "Mean squared error".to_owned(),
            normal,
            anomalous,
            unknown: Vec::new(),
            threshold: Some(threshold),
        },
    })
}

/// A design's AUC on the clips that it was judged by, with its interval.
pub fn judged_auc(trial: &TrialReport) -> Option<evaluation::Figure> {
    judged_figures(&trial.judged).auc
}

/// One quantity of all designs against another, as it is saved.
pub fn design_figure(
    name: &str,
    exploration: &Exploration,
    (x, y): (DesignQuantity, DesignQuantity),
    shows_unfinished: bool,
    is_pinned: impl Fn(usize) -> bool,
) -> ScatterFigure {
    let accuracy = exploration.settings.search.accuracy;
    let point = |trial: &TrialReport| Some([x.of(trial, accuracy)?, y.of(trial, accuracy)?]);
    let points = |is_meant: &dyn Fn(&TrialReport) -> bool| -> Vec<[f64; 2]> {
        let meant = exploration.trials.iter().filter(|trial| is_meant(trial));
        meant.filter_map(point).collect()
    };
    let group = |name: &str, is_open, points| ScatterGroup {
        name: name.to_owned(),
        is_open,
        points,
    };
    let mut groups = vec![
        group("trained to the end", false, points(&|trial| trial.state == TrialState::Done)),
        group("pinned", false, points(&|trial| is_pinned(trial.number))),
    ];
    if shows_unfinished {
        groups.push(group("cut", true, points(&|trial| trial.state == TrialState::Cut)));
        groups.push(group("failed", true, points(&|trial| trial.state == TrialState::Failed)));
    }
    groups.retain(|group| !group.points.is_empty());
    let front = design_front(exploration, x, y);
    let front = front.iter().filter_map(|&place| point(&exploration.trials[place])).collect();
    let mut levels: Vec<(String, f64)> = Vec::new();
    levels.extend(y.chance().map(|chance| ("chance".to_owned(), chance)));
    let reference = exploration.reference.as_ref();
    levels.extend(
        reference
            .and_then(|reference| y.of_reference(reference, accuracy))
            .map(|value| ("CAE-MCS".to_owned(), value)),
    );
    ScatterFigure {
        title: format!("{name}: {} against {}", y.title(), x.title()),
        x: x.quantity(),
        y: y.quantity(),
        groups,
        line: ("front".to_owned(), front),
        levels,
    }
}

/// The `NetScore` of the designs in the order in which they were bred, with the best so far, as it is saved.
pub fn best_figure(name: &str, exploration: &Exploration) -> ScatterFigure {
    let accuracy = exploration.settings.search.accuracy;
    let trained = exploration.trials.iter().filter(|trial| trial.state == TrialState::Done);
    let points = trained.filter_map(|trial| Some([trial.number as f64, DesignQuantity::NetScore.of(trial, accuracy)?]));
    let quantity = |name: &str| Quantity {
        name: name.to_owned(),
        scale: Scale::Linear,
    };
    ScatterFigure {
        title: format!("{name}: best so far"),
        x: quantity("Design"),
        y: quantity(DesignQuantity::NetScore.title()),
        groups: vec![ScatterGroup {
            name: "trained to the end".to_owned(),
            is_open: false,
            points: points.collect(),
        }],
        line: (
            "best so far".to_owned(),
            best_so_far(exploration)
                .into_iter()
                .map(|(number, score)| [number as f64, score])
                .collect(),
        ),
        levels: Vec::new(),
    }
}

/// All designs of these places in `trials`, a row each.
pub fn design_table(name: &str, exploration: &Exploration, places: &[usize]) -> Table {
    let accuracy = exploration.settings.search.accuracy;
    let mut columns: Vec<String> = vec!["design".to_owned()];
    columns.extend(DesignQuantity::ALL.map(|quantity| quantity.title().to_owned()));
    columns.extend(["Latency p95 (ms)", "Epochs", "Seed"].map(str::to_owned));
    let row = |trial: &TrialReport| TableRow {
        name: format!("{} {}: {}", trial.number, state_title(trial.state), trial.genome),
        values: DesignQuantity::ALL
            .into_iter()
            .map(|quantity| quantity.of(trial, accuracy))
            .chain([
                trial.latency_ms.map(|(_, p95)| p95),
                Some(trial.epochs() as f64),
                Some(trial.seed as f64),
            ])
            .collect(),
        marks_best: false,
    };
    Table {
        caption: format!(
            "{name}: designs for {}, judged by {}",
            exploration.settings.group,
            exploration.settings.judged_by.title()
        ),
        columns,
        rows: places.iter().map(|&place| row(&exploration.trials[place])).collect(),
        intervals: Vec::new(),
    }
}

/// A state in a word.
pub fn state_title(state: TrialState) -> &'static str {
    match state {
        TrialState::Running => "running",
        TrialState::Done => "done",
        TrialState::Cut => "cut",
        TrialState::Failed => "failed",
    }
}
