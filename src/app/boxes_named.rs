//! Which clip a file of boxes means: by the recording that it names, or by its own name.

use std::collections::BTreeMap;
use std::path::Path;

use crate::dataset::{ClipEntry, Dataset};

/// The clip that a name in a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meant {
    One(usize),
    /// Several clips bear the name.
    Several,
    None,
}

/// The clips of a data set by the names of their files, without their ending.
pub(super) struct Names<'a> {
    clips: &'a [ClipEntry],
    by_stem: BTreeMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(dataset: &'a Dataset) -> Self {
        let mut by_stem: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (clip_idx, clip) in dataset.clips.iter().enumerate() {
            by_stem
                .entry(stem(clip.file_name()).to_lowercase())
                .or_default()
                .push(clip_idx);
        }
        Self {
            clips: &dataset.clips,
            by_stem,
        }
    }

    /// The clip whose path ends most like this one; its ending may differ, where that leaves no doubt.
    pub(super) fn meant(&self, path: &str) -> Meant {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some(candidates) = self.by_stem.get(&stem(name).to_lowercase()) else {
            return Meant::None;
        };
        let likeness = |clip_idx: &usize| {
            let folders = |path: &str| path.rsplit('/').skip(1).map(str::to_lowercase).collect::<Vec<_>>();
            let (theirs, ours) = (folders(path), folders(&self.clips[*clip_idx].path));
            let n_folders = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
            (n_folders, self.clips[*clip_idx].file_name().eq_ignore_ascii_case(name))
        };
        let best = candidates.iter().map(likeness).max();
        let mut most_alike = candidates.iter().filter(|clip_idx| Some(likeness(clip_idx)) == best);
        match (most_alike.next(), most_alike.next()) {
            (Some(&clip_idx), None) => Meant::One(clip_idx),
            (Some(_), Some(_)) => Meant::Several,
            (None, _) => Meant::None,
        }
    }
}

/// A file's name without its ending.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The recording that a file of boxes is named after: Raven calls that of `a.wav` `a.Table.1.selections.txt`, others `a.wav.txt`.
pub(super) fn recording_of(file: &Path, folder: &Path) -> String {
    let place = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let mut name = stem(&place);
    name = name.strip_suffix(".selections").unwrap_or(name);
    if let Some((before, table)) = name.rsplit_once(".Table.")
        && table.chars().all(|c| c.is_ascii_digit())
    {
        name = before;
    }
    // The ending is cut off when names are compared: one has to be there.
    let has_ending = [".wav", ".flac", ".aif", ".aiff", ".mp3", ".ogg"]
        .iter()
        .any(|ending| name.to_lowercase().ends_with(ending));
    if has_ending { name.to_owned() } else { format!("{name}.wav") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Meant, Names, recording_of};
    use crate::audio::ChannelChoice;
    use crate::dataset::{ClipEntry, Dataset, Label, Layout, MachineSection, Split};

    fn dataset(paths: &[&str]) -> Dataset {
        let clip = |path: &&str| ClipEntry {
            path: (*path).to_owned(),
            group: MachineSection {
                machine: "fan".to_owned(),
                section: "00".to_owned(),
            },
            split: Split::Train,
            label: Label::Normal,
            domain: None,
            attributes: Vec::new(),
            sample_rate_hz: 16_000,
            n_channels: 1,
            duration_secs: 10.0,
        };
        Dataset {
            root: "data".into(),
            layout: Layout::Mimii,
            channel: ChannelChoice::default(),
            clips: paths.iter().map(clip).collect(),
            skipped: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_clip_that_is_meant_is_the_one_whose_path_is_most_alike() {
        let dataset = dataset(&["fan/id_00/normal/0.wav", "fan/id_02/normal/0.wav", "fan/id_02/abnormal/7.wav"]);
        let names = Names::of(&dataset);
        assert_eq!(names.meant("D:/old disk/fan/id_02/normal/0.wav"), Meant::One(1));
        assert_eq!(names.meant("0.wav"), Meant::Several, "two clips bear it");
        assert_eq!(names.meant("7.WAV"), Meant::One(2));
        assert_eq!(names.meant("somewhere/else/7.flac"), Meant::One(2));
        assert_eq!(names.meant("8.wav"), Meant::None);
    }

    #[test]
    fn files_of_boxes_are_named_after_their_recording() {
        let named = |file: &str| recording_of(Path::new(file), Path::new("labels"));
        assert_eq!(named("labels/fan/0001.Table.1.selections.txt"), "fan/0001.wav");
        assert_eq!(named("labels/0001.txt"), "0001.wav");
        assert_eq!(named("labels/0001.wav.txt"), "0001.wav");
        assert_eq!(named("labels/vel_6.5.txt"), "vel_6.5.wav");
    }
}
