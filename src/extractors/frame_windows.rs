//! Examples for the training loop: windows of consecutive frames cut from spectrograms.

use rand::SeedableRng;
use rand::seq::{SliceRandom, index};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::training_parts::{FrontEnd, Taken};
use super::training_set::TrainingSpectrogram;
use crate::dsp::Spectrogram;
use crate::nn::{Batch, ExampleSource, TrainingError};

/// Spectrograms that are computed anew are held in pools of this size: the one at hand, and the next one in the making.
const POOL_BYTES: usize = 256 << 20;

/// What is cut from a spectrogram and how it is laid out for the network.
#[derive(Clone, Copy)]
pub(super) struct WindowRule {
    pub n_frames: usize,
    /// Frames between two windows.
    pub hop: usize,
    /// Whether the last window that fits is taken even where the hop does not lead to it.
    pub takes_end: bool,
    /// Random windows a clip and epoch; `None` takes every window.
    pub n_per_clip: Option<usize>,
    /// Appends the window that begins at a frame.
    pub cut: fn(&Spectrogram, usize, &mut Vec<f32>),
}

/// The windows of a set of clips. An epoch goes through pools of clips in random order and mixes the windows of a pool; where
/// all spectrograms are in memory there is one pool.
pub(super) struct FrameWindows<'a> {
    clips: Vec<(TrainingSpectrogram, u32)>,
    /// `[n_clips]`: the classes of each clip by further classifiers; empty where there are none.
    conditions: Vec<Vec<u32>>,
    front_end: FrontEnd<'a>,
    rule: WindowRule,
    /// What the windows of a clip are drawn from; `None` draws other ones in each epoch.
    window_seed: Option<u64>,
    pool_bytes: usize,
    rng: ChaCha8Rng,
    /// Pools of this epoch that are still to come, the next one last.
    pools: Vec<Vec<usize>>,
    /// The pool whose spectrograms are being computed while the windows of the one before are learned from.
    ahead: Pool,
    /// Spectrograms of the pool at hand that are not kept anyway, sorted by clip.
    computed: Vec<(usize, Spectrogram)>,
    /// Clip and place in it of the windows still to come, the next one last.
    windows: Vec<(usize, usize)>,
}

/// Clips, with those of their spectrograms that are not kept anyway.
#[derive(Default)]
struct Pool {
    clips: Vec<usize>,
    /// Clips whose spectrograms are still to be computed.
    missing: Vec<usize>,
    computed: Vec<(usize, Spectrogram)>,
}

impl WindowRule {
    /// What it takes of a clip.
    pub(super) fn taken(&self) -> Taken {
        Taken::Windows {
            n_frames: self.n_frames,
            hop: self.hop,
        }
    }
}

impl<'a> FrameWindows<'a> {
    /// Windows of clips with their classes. Every clip must have at least the frames of one window.
    pub(super) fn new(clips: Vec<(TrainingSpectrogram, u32)>, front_end: FrontEnd<'a>, rule: WindowRule) -> Self {
        Self {
            clips,
            conditions: Vec::new(),
            front_end,
            rule,
            window_seed: None,
            pool_bytes: POOL_BYTES,
            rng: ChaCha8Rng::seed_from_u64(0),
            pools: Vec::new(),
            ahead: Pool::default(),
            computed: Vec::new(),
            windows: Vec::new(),
        }
    }

    /// With the classes of each clip by further classifiers.
    pub(super) fn with_conditions(self, conditions: Vec<Vec<u32>>) -> Self {
        Self { conditions, ..self }
    }

    /// With the same random windows of a clip in every epoch, in another order.
    pub(super) fn with_fixed_windows(self, seed: u64) -> Self {
        Self {
            window_seed: Some(seed),
            ..self
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    fn n_starts(&self, clip_idx: usize) -> usize {
        let WindowRule { hop, n_frames, .. } = self.rule;
        let further = self.clips[clip_idx].0.n_frames.checked_sub(n_frames);
        further.map_or(0, |further| {
            let by_hop = 1 + further / hop;
            by_hop + usize::from(self.rule.takes_end && !further.is_multiple_of(hop))
        })
    }

    fn n_windows(&self, clip_idx: usize) -> usize {
        let n_starts = self.n_starts(clip_idx);
        self.rule.n_per_clip.map_or(n_starts, |n| n.min(n_starts))
    }

    /// Clips in random order, cut into pools that fit into memory.
    fn draw_pools(&mut self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.clips.len()).collect();
        order.shuffle(&mut self.rng);
        if self.clips.iter().all(|(clip, _)| clip.kept.is_some()) {
            return vec![order];
        }
        // All clips count, kept or not: which ones were kept hangs on the timing of threads, and the order must not.
        let mut pools = vec![Vec::new()];
        let mut n_bytes = 0;
        for clip_idx in order {
            let clip_bytes = self.clips[clip_idx].0.n_bytes;
            if n_bytes + clip_bytes > self.pool_bytes && n_bytes > 0 {
                pools.push(Vec::new());
                n_bytes = 0;
            }
            n_bytes += clip_bytes;
            if let Some(pool) = pools.last_mut() {
                pool.push(clip_idx);
            }
        }
        pools
    }

    /// Computes some spectrograms of the pool that comes next, in parallel.
    fn compute_ahead(&mut self, n_clips: usize) -> Result<(), TrainingError> {
        let first = self.ahead.missing.len().saturating_sub(n_clips);
        let todo = self.ahead.missing.split_off(first);
        let (clips, front_end) = (&self.clips, self.front_end);
        let computed: Result<Vec<_>, _> = todo
            .par_iter()
            .map(|&clip_idx| {
                let read = &clips[clip_idx].0;
                let computed = read.computed(front_end).map(|spectrogram| (clip_idx, spectrogram));
                computed.map_err(|error| TrainingError::Io {
                    path: read.clip.file.clone(),
                    source: std::io::Error::other(error),
                })
            })
            .collect();
        self.ahead.computed.extend(computed?);
        Ok(())
    }

    /// Makes the next pool the one that is computed ahead.
    fn begin_pool(&mut self) {
        let clips = self.pools.pop().unwrap_or_default();
        let is_missing = |&clip_idx: &usize| self.clips[clip_idx].0.kept.is_none();
        self.ahead = Pool {
            missing: clips.iter().copied().filter(is_missing).collect(),
            clips,
            computed: Vec::new(),
        };
    }

    /// Brings what is missing of the next pool into memory and draws its windows; `false` at the end of the epoch.
    fn next_pool(&mut self) -> Result<bool, TrainingError> {
        // The spectrograms of the pool before go first.
        self.computed.clear();
        self.compute_ahead(usize::MAX)?;
        let pool = std::mem::take(&mut self.ahead);
        if pool.clips.is_empty() {
            return Ok(false);
        }
        self.begin_pool();
        self.computed = pool.computed;
        self.computed.sort_by_key(|(clip_idx, _)| *clip_idx);
        for clip_idx in pool.clips {
            let (n_starts, n_windows) = (self.n_starts(clip_idx), self.n_windows(clip_idx));
            if n_windows == n_starts {
                self.windows.extend((0..n_starts).map(|start| (clip_idx, start)));
            } else {
                let starts = match self.window_seed {
                    Some(seed) => {
                        let mut rng = ChaCha8Rng::seed_from_u64(seed);
                        rng.set_stream(clip_idx as u64);
                        index::sample(&mut rng, n_starts, n_windows)
                    }
                    None => index::sample(&mut self.rng, n_starts, n_windows),
                };
                self.windows.extend(starts.into_iter().map(|start| (clip_idx, start)));
            }
        }
        self.windows.shuffle(&mut self.rng);
        Ok(true)
    }

    fn spectrogram(&self, clip_idx: usize) -> Option<&Spectrogram> {
        self.clips[clip_idx].0.kept.as_deref().or_else(|| {
            let found = self.computed.binary_search_by_key(&clip_idx, |(idx, _)| *idx).ok()?;
            Some(&self.computed[found].1)
        })
    }
}

impl ExampleSource for FrameWindows<'_> {
    fn n_examples(&self) -> usize {
        (0..self.clips.len()).map(|clip_idx| self.n_windows(clip_idx)).sum()
    }

    fn begin_epoch(&mut self, seed: u64) {
        self.rng = ChaCha8Rng::seed_from_u64(seed);
        self.windows.clear();
        self.pools = self.draw_pools();
        self.begin_pool();
    }

    fn next_batch(&mut self, batch_size: usize) -> Result<Batch, TrainingError> {
        let mut batch = Batch::default();
        while batch.classes.len() < batch_size {
            let Some((clip_idx, start)) = self.windows.pop() else {
                // A batch ends with its pool.
                if !batch.classes.is_empty() || !self.next_pool()? {
                    break;
                }
                continue;
            };
            if let Some(spectrogram) = self.spectrogram(clip_idx) {
                let start = start * self.rule.hop;
                // A file that has become shorter since it was first read gives its last window.
                let last_start = spectrogram.n_frames.saturating_sub(self.rule.n_frames);
                (self.rule.cut)(spectrogram, start.min(last_start), &mut batch.inputs);
                batch.classes.push(self.clips[clip_idx].1);
                batch.clips.push(clip_idx as u32);
                if let Some(conditions) = self.conditions.get(clip_idx) {
                    batch.conditions.extend(conditions);
                }
                if batch.classes.len() == 1 {
                    // All windows are of one size: the batch need not move while it grows.
                    let n_more = (batch_size - 1).min(self.windows.len());
                    batch.inputs.reserve_exact(n_more * batch.inputs.len());
                }
            }
        }
        // So much of the next pool that it is done when this one is.
        let n_windows = batch.classes.len() + self.windows.len();
        let n_clips = (self.ahead.missing.len() * batch.classes.len()).div_ceil(n_windows.max(1));
        self.compute_ahead(n_clips)?;
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{ChannelChoice, Clip, SAMPLE_RATE_HZ, write_wav};
    use crate::dataset::MachineSection;
    use crate::extractors::TrainingClip;
    use crate::extractors::training_set::read_training_clips;
    use crate::progress::NoProgress;

    /// "Frames" of two samples each.
    fn pairs(samples: &[f32]) -> Spectrogram {
        Spectrogram {
            values: samples.to_vec(),
            n_frames: samples.len() / 2,
            n_bins: 2,
        }
    }

    fn epoch(source: &mut FrameWindows<'_>, seed: u64) -> Vec<(u32, Vec<f32>)> {
        source.begin_epoch(seed);
        let mut examples = Vec::new();
        loop {
            let batch = source.next_batch(7).expect("all files can be read");
            if batch.classes.is_empty() {
                return examples;
            }
            assert!(batch.classes.len() <= 7);
            let inputs = batch.inputs.chunks(6).map(<[f32]>::to_vec);
            examples.extend(batch.classes.iter().copied().zip(inputs));
        }
    }

    #[test]
    fn windows_are_the_same_whether_spectrograms_are_kept_or_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clips: Vec<TrainingClip> = (0..6)
            .map(|clip_idx| {
                let file = folder.path().join(format!("{clip_idx}.wav"));
                let samples = (0..20).map(|i| (100 * clip_idx + i) as f32 / 1000.0).collect();
                let sample_rate_hz = SAMPLE_RATE_HZ;
                write_wav(&file, &Clip { samples, sample_rate_hz }).expect("a writable folder");
                TrainingClip {
                    file,
                    channel: ChannelChoice::default(),
                    group: MachineSection {
                        machine: "fan".to_owned(),
                        section: "00".to_owned(),
                    },
                    attributes: Vec::new(),
                    is_target: false,
                }
            })
            .collect();
        let rule = WindowRule {
            n_frames: 3,
            hop: 1,
            takes_end: false,
            n_per_clip: None,
            cut: |pairs, start, inputs| inputs.extend_from_slice(&pairs.values[2 * start..2 * start + 6]),
        };
        let source = |rule: WindowRule, is_kept: bool| {
            let mut read = read_training_clips(&clips, &pairs, rule.taken(), &mut NoProgress).expect("six clips");
            if !is_kept {
                read.iter_mut().for_each(|read| read.kept = None);
            }
            let mut source = FrameWindows::new(read.into_iter().zip(0..).collect(), &pairs, rule);
            // Two clips fit into a pool.
            source.pool_bytes = 2 * 20 * size_of::<f32>();
            source
        };
        let (mut kept, mut computed) = (source(rule, true), source(rule, false));
        assert_eq!(kept.n_examples(), 6 * 8);
        let (a, b) = (epoch(&mut kept, 1), epoch(&mut computed, 1));
        assert_ne!(a, b, "pools change the order");
        let sorted = |mut examples: Vec<(u32, Vec<f32>)>| {
            examples.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
            examples
        };
        assert_eq!(sorted(a.clone()), sorted(b.clone()));
        assert_eq!(b, epoch(&mut computed, 1), "the seed decides");
        assert_ne!(a, epoch(&mut kept, 2));

        let every_other = sorted(epoch(&mut source(WindowRule { hop: 2, ..rule }, false), 1));
        assert_eq!(every_other.len(), 6 * 4, "windows at 0, 2, 4 and 6 of ten frames");
        assert!(every_other.iter().all(|window| a.contains(window)));
        assert!(
            (every_other[1].1[0] - every_other[0].1[0] - 0.004).abs() < 1e-4,
            "four samples apart"
        );

        let to_the_end = WindowRule {
            hop: 2,
            takes_end: true,
            ..rule
        };
        let to_the_end = sorted(epoch(&mut source(to_the_end, true), 1));
        assert_eq!(to_the_end.len(), 6 * 5, "windows at 0, 2, 4, 6 and 7 of ten frames");
        assert!(to_the_end.iter().all(|window| a.contains(window)));

        let few = WindowRule {
            n_per_clip: Some(3),
            ..rule
        };
        let drawn = sorted(epoch(&mut source(few, false), 1));
        assert_eq!(drawn.len(), 18);
        assert!(drawn.windows(2).all(|pair| pair[0] != pair[1]), "no window is drawn twice");
        assert_ne!(drawn, sorted(epoch(&mut source(few, false), 2)), "others in another epoch");
        let fixed = |is_kept, seed| sorted(epoch(&mut source(few, is_kept).with_fixed_windows(9), seed));
        assert_eq!(fixed(false, 1), fixed(false, 2));
        assert_eq!(fixed(false, 1), fixed(true, 2));

        let conditions = (0..6).map(|clip_idx| vec![clip_idx, 10 + clip_idx]).collect();
        let mut labelled = source(few, true).with_conditions(conditions);
        labelled.begin_epoch(1);
        let batch = labelled.next_batch(5).expect("all files can be read");
        let expected: Vec<u32> = batch.clips.iter().flat_map(|clip| [*clip, 10 + clip]).collect();
        assert_eq!((batch.clips.len(), batch.conditions), (5, expected));
    }
}
