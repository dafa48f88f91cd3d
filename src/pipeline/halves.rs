//! The labelled test clips in two halves: a detector is chosen on one and reported on the other.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, Domain, Label, MachineSection};

/// One half of the labelled test clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// Where the detector is chosen.
    A,
    /// Where it is reported.
    B,
}

impl Half {
    pub const ALL: [Self; 2] = [Self::A, Self::B];
}

/// Another seed, another pair of halves; fixed, so that nobody picks the pair that flatters.
const SEED: u64 = 7;

/// Section, domain, and whether anomalous.
type Stratum<'a> = (&'a MachineSection, Option<Domain>, bool);

/// The half of each of these clips; `None` for clips without a label, which cannot measure anything.
///
/// Section, domain and label are split evenly: within each such stratum the clips are put in an order that rests on nothing but
/// their paths and the seed, and every other one belongs to A. So neither the order of the clips nor the machine matters. Of
/// an odd number the odd one goes to a half that the stratum's first path decides.
pub fn halves(dataset: &Dataset, clips: &[usize]) -> Vec<Option<Half>> {
    let mut strata: BTreeMap<Stratum<'_>, Vec<(u64, usize)>> = BTreeMap::new();
    for (place, &clip_idx) in clips.iter().enumerate() {
        let clip = &dataset.clips[clip_idx];
        if clip.label != Label::Unknown {
            let stratum = (&clip.group, clip.domain, clip.label == Label::Anomalous);
            strata.entry(stratum).or_default().push((rank(&clip.path), place));
        }
    }
    let mut found = vec![None; clips.len()];
    for members in strata.values_mut() {
        members.sort_unstable_by_key(|&(rank, place)| (rank, &dataset.clips[clips[place]].path));
        let first = members.first().map_or(0, |&(rank, _)| (rank & 1) as usize);
        for (idx, &(_, place)) in members.iter().enumerate() {
            found[place] = Some(Half::ALL[(idx + first) % 2]);
        }
    }
    found
}

/// A number that looks random and rests on the path alone: FNV-1a, its bits mixed as in `SplitMix64`.
pub(super) fn rank(path: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ SEED;
    for byte in path.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
