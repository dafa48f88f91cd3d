//! Detectors, thresholds, scores, the crops of the focused clip, and the map.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::job_types::{CropBankKey, JobOutput, JobUpdate};
use super::{App, ClipScore, JobKind, MapView, RunStatus, Workbench};
use crate::dataset::MachineSection;
use crate::detectors::{DetectorConfig, DetectorKind};
use crate::evaluation::{self, ThresholdRule};
use crate::pipeline::{self, CropBank, DetectorResult, Ribbon, ThresholdBasis};
use crate::project::{DetectorChoice, Project};
use crate::projection;

impl App {
    pub(super) fn pin(&mut self, group: &MachineSection, detector: Option<DetectorKind>) {
        let key = group.to_string();
        let words = match detector {
            Some(kind) => format!("Pin {} for {key}", kind.title()),
            None => format!("Unpin the detector of {key}"),
        };
        self.edit(&words, |project| {
            match detector {
                Some(kind) => project.pins.insert(key.clone(), kind),
                None => project.pins.remove(&key),
            };
            // A threshold set by hand is in the unit of the detector that it was set for.
            if matches!(project.thresholds.get(&key), Some(ThresholdRule::Manual(_))) {
                project.thresholds.remove(&key);
            }
        });
        self.scores_changed();
    }

    pub(super) fn set_choice(&mut self, choice: DetectorChoice) {
        let words = match choice {
            DetectorChoice::Fixed => "Choose detectors without labels",
            DetectorChoice::OtherHalf => "Choose detectors on one half of the labels",
            DetectorChoice::Oracle => "Choose detectors on the test labels",
        };
        self.edit(words, |project| project.choice = choice);
        self.scores_changed();
    }

    pub(super) fn set_threshold(&mut self, group: &MachineSection, rule: ThresholdRule) {
        // No number, no decision; and JSON has none for it.
        if matches!(rule, ThresholdRule::Manual(value) | ThresholdRule::Gamma(value) | ThresholdRule::Quantile(value) if !value.is_finite())
        {
            return;
        }
        let Some(workbench) = &self.state.workbench else { return };
        let key = workbench.threshold_key(group);
        self.edit(&format!("Set the threshold of {group}"), |project| {
            if rule == ThresholdRule::default() {
                project.thresholds.remove(&key)
            } else {
                project.thresholds.insert(key.clone(), rule)
            };
        });
        if let Some(workbench) = &mut self.state.workbench {
            workbench.refresh_scores();
        }
    }

    /// The detectors' parameters of one section, or of all that have none of their own; `None`: as if nobody had set any.
    pub(super) fn set_detector_config(&mut self, group: Option<&MachineSection>, config: Option<DetectorConfig>) {
        let words = match (group, config) {
            (Some(group), Some(_)) => format!("Change the detectors' settings of {group}"),
            (Some(group), None) => format!("Reset the detectors' settings of {group}"),
            (None, _) => "Change the detectors' settings".to_owned(),
        };
        self.edit(&words, |project| {
            let before = project.detector_settings();
            match (group, config) {
                (Some(group), Some(config)) => {
                    project.section_detectors.insert(group.to_string(), config);
                }
                (Some(group), None) => {
                    project.section_detectors.remove(&group.to_string());
                }
                (None, config) => project.detector = config.unwrap_or_default(),
            }
            // A threshold set by hand is in the unit of the scores that it was set for.
            let now = project.detector_settings();
            project.thresholds.retain(|key, rule| {
                !matches!(rule, ThresholdRule::Manual(_)) || before.of(section_of(key)) == now.of(section_of(key))
            });
        });
        self.forget_crop_banks();
        self.compare_again();
        self.score_focused_crops();
    }

    /// After the detectors' settings or the labels of training clips have changed.
    pub(super) fn forget_crop_banks(&mut self) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.crop_banks.clear();
        }
        // One that is still being fitted would come back.
        self.abandon(|kind| *kind == JobKind::Ribbon);
    }

    fn scores_changed(&mut self) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.refresh_scores();
        }
        self.score_focused_crops();
    }

    /// Evaluates anew after labels or the detectors' settings have changed, and fits anew where the fit rests on them.
    pub(super) fn compare_again(&mut self) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(embedded) = workbench.embedded.clone() else { return };
        let (dataset, settings) = (Arc::clone(&workbench.dataset), workbench.project.detector_settings());
        let before = workbench.comparison.clone();
        self.abandon(|kind| *kind == JobKind::Score);
        self.spawn(JobKind::Score, "Fit the detectors again", move |context| {
            let before = before.unwrap_or_default();
            Ok(JobOutput::Compared(Arc::new(pipeline::compare_again(
                &dataset, &embedded, &settings, &before, context,
            )?)))
        });
        let beside: Vec<String> = self
            .state
            .workbench
            .iter()
            .flat_map(|workbench| workbench.beside.keys().cloned())
            .collect();
        for run in beside {
            self.show_beside(run, true);
        }
    }

    /// Compares the detectors on what another run embedded, to stand beside those of the active run.
    pub(super) fn show_beside(&mut self, run: String, is_shown: bool) {
        let kind = JobKind::CompareBeside { run: run.clone() };
        self.abandon(|other| *other == kind);
        let Some(workbench) = &mut self.state.workbench else { return };
        let is_done = workbench.runs.get(&run).is_some_and(|view| view.status == RunStatus::Done);
        if !is_shown || !is_done || workbench.project.active_run.as_ref() == Some(&run) {
            workbench.beside.remove(&run);
            return;
        }
        let before = workbench.beside.insert(run.clone(), None).flatten();
        let (dataset, settings) = (Arc::clone(&workbench.dataset), workbench.project.detector_settings());
        let run_dir = Project::run_dir(&workbench.path, &run);
        self.spawn(kind, &format!("Compare with {run}"), move |context| {
            let loaded = pipeline::load_run(&run_dir)?;
            let embedded = pipeline::extract(&loaded, &dataset, context)?;
            let before = before.unwrap_or_default();
            let comparison = pipeline::compare_again(&dataset, &embedded, &settings, &before, context)?;
            Ok(JobOutput::ComparedBeside {
                run,
                comparison: Arc::new(comparison),
            })
        });
    }

    pub(super) fn take_beside(&mut self, run: &str, comparison: Option<Arc<pipeline::Comparison>>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        match (workbench.beside.get_mut(run), comparison) {
            (Some(place), Some(comparison)) => *place = Some(comparison),
            (_, None) => drop(workbench.beside.remove(run)),
            (None, _) => {}
        }
    }

    pub(super) fn take_compared(&mut self, comparison: Arc<pipeline::Comparison>) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.comparison = Some(comparison);
            workbench.refresh_scores();
        }
    }

    /// Scores the crops of the focused clip, fitting the bank of its section first where there is none yet.
    pub(super) fn score_focused_crops(&mut self) {
        self.abandon(|kind| *kind == JobKind::Ribbon);
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(clip_idx) = workbench.focus else { return };
        workbench.focus_view.ribbon = None;
        let Some((name, run)) = workbench.run.clone() else { return };
        let clip = &workbench.dataset.clips[clip_idx];
        let (shape, hop) = (run.extractor.window_shape(), workbench.window_hop);
        workbench.focus_view.crops = match (shape, hop) {
            (Some(shape), Some(hop)) => shape.windows(clip.duration_secs, hop),
            _ => run.extractor.crop_windows(clip.duration_secs),
        };
        workbench.focus_view.window = shape;
        let (kind, _) = workbench.detector(&clip.group);
        let key = CropBankKey {
            run_name: name,
            group: clip.group.clone(),
            detector: kind.name(),
        };
        let (bank, dataset, config) = (
            workbench.crop_banks.get(&key).cloned(),
            Arc::clone(&workbench.dataset),
            *workbench.project.detector_settings().of(&clip.group.to_string()),
        );
        self.spawn(JobKind::Ribbon, "Score the crops of the clip", move |context| {
            let bank = match bank {
                Some(bank) => bank,
                None => Arc::new(CropBank::fit(&run, &dataset, &key.group, kind, &config, context)?),
            };
            let ribbon = Arc::new(bank.score(&run, &dataset, clip_idx, hop, context)?);
            Ok(JobOutput::RibbonScored {
                clip_idx,
                key,
                bank,
                ribbon,
            })
        });
    }

    /// How far apart the windows lie that the focused clip is judged by; `None`: side by side.
    pub(super) fn set_window_hop(&mut self, hop: Option<usize>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.window_hop = hop.map(|hop| hop.max(1));
        self.score_focused_crops();
    }

    pub(super) fn take_ribbon(&mut self, clip_idx: usize, key: CropBankKey, bank: Arc<CropBank>, ribbon: Arc<Ribbon>) {
        let Some(workbench) = &mut self.state.workbench else { return };
        workbench.crop_banks.insert(key, bank);
        if workbench.focus == Some(clip_idx) {
            workbench.focus_view.crops.clone_from(&ribbon.crops);
            workbench.focus_view.ribbon = Some(ribbon);
        }
    }

    pub(super) fn compute_map(&mut self) {
        self.abandon(|kind| *kind == JobKind::Map);
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(embedded) = workbench.embedded.clone() else { return };
        let config = workbench.project.map;
        let (observations, clips) = embedded.observations(&embedded.clips_with_a_place());
        workbench.map = MapView {
            clips: Arc::new(clips),
            ..MapView::default()
        };
        let job = self.spawn(JobKind::Map, "Draw the map", move |context| {
            let updates = context.updates();
            let mut on_layout = |layout| updates.send(JobUpdate::Layout(layout));
            let layout = projection::project_embeddings(
                &config,
                &observations.embeddings,
                observations.n_features,
                context,
                &mut on_layout,
            )?;
            Ok(JobOutput::MapComputed(layout))
        });
        if let Some(workbench) = &mut self.state.workbench {
            workbench.map.job = job;
        }
    }

    pub(super) fn take_layout(&mut self, layout: projection::Layout) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.map.layout = Some(Arc::new(layout));
        }
    }

    pub(super) fn end_map(&mut self, error: Option<String>) {
        if let Some(workbench) = &mut self.state.workbench {
            workbench.map.job = None;
            workbench.map.error = error;
        }
    }
}

/// The section that a threshold is filed under, see [`Workbench::threshold_key`].
fn section_of(key: &str) -> &str {
    key.rsplit_once(" by ").map_or(key, |(section, _)| section)
}

impl Workbench {
    /// What the detector in use makes of a section, as figures and tables show it; `None` before it is scored, or where that
    /// detector could not be fitted.
    pub fn detector_result(&self, group: &MachineSection) -> Option<&DetectorResult> {
        let (kind, _) = self.detector(group);
        self.shown_group(group)?.result(kind)
    }

    /// The rule in use for a section's threshold.
    pub fn threshold_rule(&self, group: &MachineSection) -> ThresholdRule {
        let rule = self.project.thresholds.get(&self.threshold_key(group));
        rule.copied().unwrap_or_default()
    }

    /// What a section's threshold is filed under. A threshold set by hand is in the unit of its detector: one that labels
    /// chose has its own, so that a look at their choice and back loses nothing.
    fn threshold_key(&self, group: &MachineSection) -> String {
        match self.project.choice {
            DetectorChoice::Fixed => group.to_string(),
            DetectorChoice::OtherHalf | DetectorChoice::Oracle => format!("{group} by {}", self.detector(group).0.name()),
        }
    }

    /// The threshold in use for a section, in the unit of the detector in use.
    pub fn threshold(&self, group: &MachineSection) -> Option<f64> {
        let (result, rule) = (self.detector_result(group)?, self.threshold_rule(group));
        let known = self.thresholds.value(self.comparison.as_ref(), group, result.detector, rule);
        known.unwrap_or_else(|| {
            let (comparison, group) = self.comparison.as_ref().zip(self.group_comparison(group))?;
            evaluation::threshold(rule, &comparison.threshold_scores(group, result))
        })
    }

    /// What a section's threshold rests on, where it is not set by hand.
    pub fn threshold_basis(&self, group: &MachineSection) -> Option<ThresholdBasis> {
        let (comparison, group) = self.comparison.as_ref().zip(self.group_comparison(group))?;
        Some(comparison.threshold_basis(group))
    }

    /// Works out [`Workbench::scores`] and the thresholds anew: after the comparison, a detector or a threshold has changed.
    pub(super) fn refresh_scores(&mut self) {
        let mut scores = vec![None; self.dataset.clips.len()];
        let mut thresholds = Thresholds {
            comparison: self.comparison.clone(),
            of_sections: BTreeMap::new(),
        };
        if let Some(comparison) = self.comparison.clone() {
            for group in &comparison.groups {
                let Some(result) = group.result(self.detector(&group.group).0) else {
                    continue;
                };
                let (rule, threshold) = (self.threshold_rule(&group.group), self.threshold(&group.group));
                let basis = (result.detector, rule);
                thresholds.of_sections.insert(group.group.clone(), (basis, threshold));
                let Some(threshold) = threshold else { continue };
                let spread = Spread::of(&result.normal_scores);
                let mut normal_scores = result.normal_scores.clone();
                normal_scores.sort_unstable_by(f64::total_cmp);
                let of_test = group.test_clips.iter().zip(&result.test_scores);
                for (&clip, &raw) in of_test.chain(group.train_clips.iter().zip(&result.normal_scores)) {
                    let percentile = evaluation::percentile_of_sorted(raw, &normal_scores).unwrap_or(0.0);
                    scores[clip] = Some(ClipScore {
                        raw,
                        percentile,
                        order: spread.deviations(raw),
                        is_anomalous: raw >= threshold,
                    });
                }
            }
        }
        self.scores = scores;
        self.thresholds = thresholds;
        self.refresh_visible();
    }
}

/// The thresholds of all sections by the detectors and rules in use: a gamma distribution takes a millisecond to fit, and the
/// screens ask for it in every frame.
#[derive(Default)]
pub(super) struct Thresholds {
    /// What they were worked out from.
    comparison: Option<Arc<pipeline::Comparison>>,
    of_sections: BTreeMap<MachineSection, ((DetectorKind, ThresholdRule), Option<f64>)>,
}

impl Thresholds {
    /// `None` where it was not worked out by this detector and rule from this comparison.
    fn value(
        &self,
        comparison: Option<&Arc<pipeline::Comparison>>,
        group: &MachineSection,
        detector: DetectorKind,
        rule: ThresholdRule,
    ) -> Option<Option<f64>> {
        let is_of_comparison = comparison
            .zip(self.comparison.as_ref())
            .is_some_and(|(now, then)| Arc::ptr_eq(now, then));
        let &(basis, threshold) = self.of_sections.get(group).filter(|_| is_of_comparison)?;
        (basis == (detector, rule)).then_some(threshold)
    }
}

/// Mean and standard deviation of normal scores: brings the detectors of different sections to one scale.
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(scores: &[f64]) -> Self {
        let n = scores.len().max(1) as f64;
        let mean = scores.iter().sum::<f64>() / n;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / n;
        Self {
            mean,
            deviation: variance.sqrt().max(f64::MIN_POSITIVE),
        }
    }

    fn deviations(&self, score: f64) -> f64 {
        (score - self.mean) / self.deviation
    }
}
