//! Finding out what a folder holds: layout, clips, unreadable files. Headers only, in parallel.

use std::path::Path;

use super::layouts::PlacedClip;
use super::{ClipEntry, Dataset, DatasetError, Layout, SkippedFile, notes, walk};
use crate::audio::{AudioError, ChannelChoice, Header, read_header};
use crate::progress::{Progress, par_map};

/// What a person may decide before a folder is scanned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScanOptions {
    /// `None`: detected.
    pub layout: Option<Layout>,
    pub channel: ChannelChoice,
}

/// Lists the clips below `root`. Where every recording is unreadable, the data set has no clips and says why in [`Dataset::skipped`].
///
/// # Errors
/// Where the folder cannot be read, holds no recording, or its manifest is broken. Single unreadable files are listed in [`Dataset::skipped`] instead.
pub fn scan(root: &Path, options: ScanOptions, progress: &mut dyn Progress) -> Result<Dataset, DatasetError> {
    progress.stage("Listing files");
    let tree = walk::walk(root, progress)?;
    let layout = options.layout.unwrap_or_else(|| Layout::detect(&tree));
    let placement = layout.place(&tree)?;
    progress.stage("Reading headers");
    let looks = par_map(&placement.clips, progress, |clip| look(root, &clip.path))?;

    let (mut clips, mut heads) = (Vec::with_capacity(looks.len()), Vec::with_capacity(looks.len()));
    let mut skipped = tree.skipped;
    skipped.extend(placement.skipped);
    for (placed, look) in placement.clips.into_iter().zip(looks) {
        match look {
            Ok(look) => {
                clips.push(entry(placed, look.header));
                heads.push(look.head);
            }
            Err(error) => skipped.push(SkippedFile {
                path: root.join(&placed.path),
                error,
            }),
        }
    }
    if clips.is_empty() && skipped.is_empty() {
        return Err(DatasetError::Empty { path: root.to_owned() });
    }
    let mut notes = placement.notes;
    notes.extend(notes::on_formats(&clips, options.channel));
    notes.extend(notes::on_copies(&clips, &heads));
    clips.sort_by(|a, b| a.path.cmp(&b.path));
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Dataset {
        root: root.to_owned(),
        layout,
        channel: options.channel,
        clips,
        skipped,
        notes,
    })
}

/// What one look into a file tells.
struct Look {
    header: Header,
    head: notes::Head,
}

/// Reads a file's header, or says why it is no recording.
fn look(root: &Path, path: &str) -> Result<Look, String> {
    let file = root.join(path);
    let header = read_header(&file).map_err(|error| reason(&error))?;
    if header.n_frames == 0 {
        return Err("the file holds no samples".to_owned());
    }
    if header.sample_rate_hz == 0 || header.n_channels == 0 {
        return Err("the header names no sample rate or no channel".to_owned());
    }
    let head = notes::Head::read(&file).map_err(|error| error.to_string())?;
    Ok(Look { header, head })
}

/// The reason alone: the path stands beside it in the list.
fn reason(error: &AudioError) -> String {
    match error {
        AudioError::Io { source, .. } => source.to_string(),
        AudioError::Unreadable { reason, .. } => reason.clone(),
        AudioError::SoundCard { .. } | AudioError::Input { .. } => error.to_string(),
    }
}

fn entry(placed: PlacedClip, header: Header) -> ClipEntry {
    ClipEntry {
        path: placed.path,
        group: placed.group,
        split: placed.split,
        label: placed.label,
        domain: placed.domain,
        attributes: placed.attributes,
        sample_rate_hz: header.sample_rate_hz,
        n_channels: header.n_channels,
        duration_secs: header.n_frames as f64 / f64::from(header.sample_rate_hz),
    }
}
