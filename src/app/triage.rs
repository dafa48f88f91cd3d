//! Triage: one clip after the other fills the screen, and a key decides on each.
//!
//! The clips are those that the table shows when it begins; their order is fixed then, although the scores may change with the labels.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::{App, Screen, Workbench};
use crate::dataset::Label;

/// Ranges of the score that a balanced order goes round.
const N_RANGES: usize = 10;

/// In what order the clips come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TriageOrder {
    /// The most anomalous first, those without a score last.
    #[default]
    Score,
    /// By the seed.
    Random,
    /// One of each tenth of the scale of scores in turn, from the top; by the seed within each.
    Balanced,
}

impl TriageOrder {
    pub const ALL: [Self; 3] = [Self::Score, Self::Random, Self::Balanced];

    pub fn title(self) -> &'static str {
        match self {
            Self::Score => "Score",
            Self::Random => "Random",
            Self::Balanced => "Balanced",
        }
    }
}

/// What a person can do in triage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TriageAction {
    /// Goes on where it was left if the table still shows the same clips, and begins anew if not.
    Begin,
    Leave,
    /// Labels the clip and goes on to the next.
    Decide(Label),
    /// Goes on without a word.
    Skip,
    /// Back to the clip before; what was decided on it is taken back.
    Back,
    /// Begins anew in this order.
    SetOrder(TriageOrder),
    /// Begins anew with another seed.
    Shuffle,
    /// Whether each clip is heard as it comes.
    SetPlays(bool),
}

/// Where a triage stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Triage {
    pub is_shown: bool,
    pub order: TriageOrder,
    pub seed: u64,
    pub plays: bool,
    /// In their order: indices into the data set's clips.
    pub clips: Vec<usize>,
    /// What became of the first of them; the next one is to be decided on.
    pub steps: Vec<TriageStep>,
}

/// What became of one clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriageStep {
    /// `None`: skipped.
    pub decision: Option<Label>,
    /// Its label before.
    before: Label,
    /// The edit that gave the label; `None`: it had that label already.
    edit: Option<u64>,
}

impl Triage {
    /// The clip that is to be decided on; `None`: all have been.
    pub fn current(&self) -> Option<usize> {
        self.clips.get(self.steps.len()).copied()
    }

    /// Clips that were given this label here, and still have it.
    pub fn n_decided(&self, label: Label, workbench: &Workbench) -> usize {
        let decided = self.clips.iter().zip(&self.steps);
        decided
            .filter(|(clip, step)| step.decision == Some(label) && workbench.label(**clip) == label)
            .count()
    }
}

impl App {
    pub(super) fn apply_triage(&mut self, action: TriageAction) {
        match action {
            TriageAction::Begin => self.begin_triage(),
            TriageAction::Leave => {
                if let Some(triage) = self.triage_mut() {
                    triage.is_shown = false;
                }
                self.stop_playing();
            }
            TriageAction::Decide(label) => self.decide(Some(label)),
            TriageAction::Skip => self.decide(None),
            TriageAction::Back => self.back(),
            TriageAction::SetOrder(order) => self.order_anew(|triage| triage.order = order),
            TriageAction::Shuffle => self.order_anew(|triage| triage.seed += 1),
            TriageAction::SetPlays(plays) => {
                if let Some(triage) = self.triage_mut() {
                    triage.plays = plays;
                }
                if !plays {
                    self.stop_playing();
                }
            }
        }
    }

    fn triage_mut(&mut self) -> Option<&mut Triage> {
        self.state.workbench.as_mut()?.triage.as_mut()
    }

    fn begin_triage(&mut self) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let sorted = |clips: &[usize]| {
            let mut clips = clips.to_vec();
            clips.sort_unstable();
            clips
        };
        if workbench.visible.is_empty() {
            return;
        }
        let here = sorted(&workbench.visible);
        match &mut workbench.triage {
            Some(triage) if sorted(&triage.clips) == here && triage.current().is_some() => triage.is_shown = true,
            before => {
                let triage = Triage {
                    is_shown: true,
                    order: before.as_ref().map_or_else(TriageOrder::default, |triage| triage.order),
                    seed: before.as_ref().map_or(1, |triage| triage.seed),
                    plays: before.as_ref().is_none_or(|triage| triage.plays),
                    clips: here,
                    steps: Vec::new(),
                };
                *before = Some(triage);
                self.order_anew(|_| {});
            }
        }
        self.state.screen = Screen::Browse;
        self.refocus_triage();
    }

    /// Begins anew with the same clips.
    fn order_anew(&mut self, change: impl FnOnce(&mut Triage)) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(mut triage) = workbench.triage.take() else { return };
        change(&mut triage);
        triage.clips.sort_unstable();
        triage.steps.clear();
        workbench.sort_for_triage(&mut triage);
        workbench.triage = Some(triage);
        self.refocus_triage();
    }

    fn decide(&mut self, decision: Option<Label>) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(clip) = workbench.triage.as_ref().and_then(Triage::current) else {
            return;
        };
        // What is not in sight is not decided on.
        if workbench.focus != Some(clip) {
            return self.refocus_triage();
        }
        let (before, last_edit) = (workbench.label(clip), workbench.history.last());
        if let Some(label) = decision {
            if !self.may_write() {
                return;
            }
            self.set_label(clip, label);
        }
        let edit = self.state.workbench.as_ref().and_then(|workbench| workbench.history.last());
        if let Some(triage) = self.triage_mut() {
            triage.steps.push(TriageStep {
                decision,
                before,
                edit: edit.filter(|_| edit != last_edit),
            });
        }
        self.refocus_triage();
    }

    fn back(&mut self) {
        let Some(workbench) = &mut self.state.workbench else { return };
        let Some(triage) = &mut workbench.triage else { return };
        let Some(step) = triage.steps.pop() else { return };
        let clip = triage.current();
        let last_edit = workbench.history.last();
        match (clip, step.edit) {
            // Nothing was done since: the history goes back as well, and can go forth again.
            (_, Some(edit)) if Some(edit) == last_edit => self.undo(),
            (Some(clip), Some(_)) => self.set_label(clip, step.before),
            _ => {}
        }
        self.refocus_triage();
    }

    /// Brings the clip that is to be decided on before the person, and lets it be heard.
    pub(super) fn refocus_triage(&mut self) {
        let is_on_browse = self.state.screen == Screen::Browse;
        let Some(workbench) = &self.state.workbench else { return };
        let Some(triage) = workbench.triage.as_ref().filter(|triage| triage.is_shown && is_on_browse) else {
            return;
        };
        // Without a sound card that would be said anew at every clip.
        let plays = triage.plays && self.state.playback.unavailable.is_none();
        let clip = triage.current();
        match clip {
            Some(clip) if workbench.focus != Some(clip) => {
                self.focus(clip);
                self.plays_when_read = plays;
            }
            Some(_) => {}
            None => self.stop_playing(),
        }
    }
}

impl Workbench {
    /// Orders the clips of a triage, which come sorted by index: the same clips, scores and seed give the same order.
    fn sort_for_triage(&self, triage: &mut Triage) {
        let mut random = ChaCha8Rng::seed_from_u64(triage.seed);
        let percentile = |clip: usize| self.scores.get(clip).copied().flatten().map(|score| score.percentile);
        match triage.order {
            TriageOrder::Score => {
                let order = |clip: usize| {
                    self.scores
                        .get(clip)
                        .copied()
                        .flatten()
                        .map(|score| (score.percentile, score.order))
                };
                let key = |clip: usize| order(clip).unwrap_or((f64::NEG_INFINITY, f64::NEG_INFINITY));
                triage.clips.sort_by(|&a, &b| {
                    let (a, b) = (key(a), key(b));
                    b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
                });
            }
            TriageOrder::Random => triage.clips.shuffle(&mut random),
            TriageOrder::Balanced => {
                triage.clips.shuffle(&mut random);
                // The place of a clip within its range, and the range from the top; clips without a score make a range of their own.
                let mut n_in_range = [0_usize; N_RANGES + 1];
                let mut keyed: Vec<((usize, usize), usize)> = Vec::with_capacity(triage.clips.len());
                for &clip in &triage.clips {
                    let range = percentile(clip).map_or(N_RANGES, |percentile| {
                        let from_bottom = (percentile / 100.0 * N_RANGES as f64).clamp(0.0, (N_RANGES - 1) as f64) as usize;
                        N_RANGES - 1 - from_bottom
                    });
                    let round = n_in_range[range];
                    n_in_range[range] += 1;
                    // Those without a score come when all others have.
                    let round = if range == N_RANGES { usize::MAX } else { round };
                    keyed.push(((round, range), clip));
                }
                keyed.sort_by_key(|&(key, _)| key);
                triage.clips = keyed.into_iter().map(|(_, clip)| clip).collect();
            }
        }
    }
}
