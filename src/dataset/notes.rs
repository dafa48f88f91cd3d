//! What a person should know of the recordings themselves: mixed rates, many channels, very short clips, copies.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;

use super::{ClipEntry, Split};
use crate::audio::{ChannelChoice, SAMPLE_RATE_HZ};

/// Shorter clips give front ends fewer than two frames.
const SHORT_SECS: f64 = 0.25;

/// How much of a file is compared when copies are looked for: half a second of 16-bit mono at 16 kHz.
const HEAD_BYTES: u64 = 16 << 10;

/// A file's size and a hash of its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Head {
    n_bytes: u64,
    /// `None` where the beginning is constant (digital silence), which tells nothing.
    hash: Option<[u8; 32]>,
}

impl Head {
    pub(super) fn read(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::File::open(path)?;
        let n_bytes = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut bytes)?;
        let end = &bytes[bytes.len() / 2..];
        let is_constant = end.iter().all(|byte| end.first() == Some(byte));
        Ok(Self {
            n_bytes,
            hash: (!is_constant).then(|| *blake3::hash(&bytes).as_bytes()),
        })
    }
}

/// Notes on rates, channels and lengths.
pub(super) fn on_formats(clips: &[ClipEntry], channel: ChannelChoice) -> Vec<String> {
    let mut notes = Vec::new();
    let (mut rates, mut channels) = (BTreeMap::new(), BTreeMap::new());
    for clip in clips {
        *rates.entry(clip.sample_rate_hz).or_insert(0_usize) += 1;
        *channels.entry(clip.n_channels).or_insert(0_usize) += 1;
    }
    if rates.len() > 1 {
        let list: Vec<String> = rates.iter().map(|(rate, n)| format!("{n} at {rate} Hz")).collect();
        notes.push(format!(
            "mixed sample rates ({}): all are resampled to {SAMPLE_RATE_HZ} Hz",
            list.join(", ")
        ));
    }
    if let Some((most, _)) = channels.last_key_value().filter(|(n, _)| **n > 1) {
        let fewest = channels.first_key_value().map_or(*most, |(n, _)| *n);
        let found = if fewest == *most {
            format!("{most} channels")
        } else {
            format!("{fewest} to {most} channels")
        };
        let missing = match channel {
            ChannelChoice::Mean | ChannelChoice::Loudest => 0,
            ChannelChoice::Index(index) => channels.range(..=index).map(|(_, n_clips)| n_clips).sum(),
        };
        let missing = match missing {
            0 => String::new(),
            n_clips => format!("; of {n_clips} clips that have fewer, their last"),
        };
        notes.push(format!("{found}: {channel} is used{missing}"));
    }
    let n_short = clips.iter().filter(|clip| clip.duration_secs < SHORT_SECS).count();
    if n_short > 0 {
        notes.push(format!("{n_short} of {} clips are shorter than {SHORT_SECS} s", clips.len()));
    }
    notes
}

/// A note on files with the same size and the same beginning: copies, which must not lie on both sides of a split.
pub(super) fn on_copies(clips: &[ClipEntry], heads: &[Head]) -> Option<String> {
    let mut first_of: HashMap<Head, usize> = HashMap::new();
    let (mut n_copies, mut n_across, mut example) = (0, 0, None);
    for (clip_idx, head) in heads.iter().enumerate().filter(|(_, head)| head.hash.is_some()) {
        let first = *first_of.entry(*head).or_insert(clip_idx);
        if first == clip_idx {
            continue;
        }
        n_copies += 1;
        n_across += usize::from(is_across(&clips[first], &clips[clip_idx]));
        example.get_or_insert((first, clip_idx));
    }
    let (first, copy) = example?;
    let across = if n_across > 0 {
        format!("; {n_across} of them lie both in training and in test")
    } else {
        String::new()
    };
    let (first, copy) = (&clips[first].path, &clips[copy].path);
    Some(format!(
        "copies of other clips (same size, same beginning): {n_copies}, e.g. {copy} of {first}{across}"
    ))
}

fn is_across(a: &ClipEntry, b: &ClipEntry) -> bool {
    (a.split == Split::Train) != (b.split == Split::Train)
}
