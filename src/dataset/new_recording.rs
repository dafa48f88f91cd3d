//! What a new recording is called, so that a folder of them opens in the layout of the data set that they belong to.

use super::{Attribute, Label, Layout, MachineSection};

/// The name of a recording but for its number: `folder/prefix0000suffix.wav`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRecording {
    /// Below the root, with `/` between folders.
    pub folder: String,
    pub prefix: String,
    pub suffix: String,
}

/// Where a recording of this machine belongs in a tree of this layout: to its training clips, unless it is anomalous.
pub fn new_recording(layout: Layout, group: &MachineSection, label: Label, attributes: &[Attribute]) -> NewRecording {
    let (machine, section) = (plain(&group.machine), plain(&group.section));
    let is_anomalous = label == Label::Anomalous;
    let split = if is_anomalous { "test" } else { "train" };
    let word = if is_anomalous { "anomaly" } else { "normal" };
    match layout {
        Layout::Dcase2021 | Layout::Dcase2022 | Layout::Dcase2023 => NewRecording {
            folder: format!("{machine}/{split}"),
            prefix: format!("section_{section}_source_{split}_{word}_"),
            suffix: attributes
                .iter()
                .map(|attribute| format!("_{}_{}", plain(&attribute.name), plain(&attribute.value)))
                .collect(),
        },
        Layout::Dcase2020 => NewRecording {
            folder: format!("{machine}/{split}"),
            prefix: format!("{word}_id_{section}_"),
            suffix: String::new(),
        },
        Layout::Mimii => {
            // A section of several noise levels (`00_-6dB`) is that of the machine's id.
            let id = section.split('_').next().unwrap_or_default();
            NewRecording {
                folder: format!("{machine}/id_{id}/{}", if is_anomalous { "abnormal" } else { "normal" }),
                prefix: "0000".to_owned(),
                suffix: String::new(),
            }
        }
        Layout::Manifest | Layout::PlainFolders => NewRecording {
            folder: format!("{machine}/{section}/{}", if is_anomalous { "anomalous" } else { "normal" }),
            prefix: "recording_".to_owned(),
            suffix: String::new(),
        },
    }
}

/// Letters that no file system and no layout minds.
fn plain(word: &str) -> String {
    let kept = |letter: char| letter.is_alphanumeric() || "-+.".contains(letter);
    word.trim()
        .chars()
        .map(|letter| if kept(letter) || letter == '_' { letter } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::new_recording;
    use crate::audio::{Clip, write_wav};
    use crate::dataset::{Attribute, Label, Layout, MachineSection, ScanOptions, scan};
    use crate::progress::NoProgress;

    #[test]
    fn a_folder_of_new_recordings_opens_in_the_layout_that_they_were_named_for() {
        let layouts = [
            Layout::Dcase2020,
            Layout::Dcase2022,
            Layout::Dcase2023,
            Layout::Mimii,
            Layout::PlainFolders,
        ];
        for layout in layouts {
            let root = tempfile::tempdir().expect("a folder");
            let group = MachineSection {
                machine: "fan".into(),
                section: "00".into(),
            };
            let attributes = [Attribute {
                name: "vel".into(),
                value: "6".into(),
            }];
            for label in [Label::Normal, Label::Anomalous] {
                for number in 0..3 {
                    let name = new_recording(layout, &group, label, &attributes);
                    let folder = root.path().join(&name.folder);
                    std::fs::create_dir_all(&folder).expect("made");
                    let path = folder.join(format!("{}{number:04}{}.wav", name.prefix, name.suffix));
                    let clip = Clip {
                        samples: vec![0.1; 16_000],
                        sample_rate_hz: 16_000,
                    };
                    write_wav(&path, &clip).expect("written");
                }
            }
            let options = ScanOptions {
                layout: Some(layout),
                ..ScanOptions::default()
            };
            let dataset = scan(root.path(), options, &mut NoProgress).expect("scanned");
            assert_eq!(dataset.clips.len(), 6, "{layout:?}: {:?}", dataset.skipped);
            for clip in &dataset.clips {
                assert_eq!(clip.group.machine, "fan", "{layout:?}");
                assert_eq!(
                    clip.label == Label::Anomalous,
                    clip.path.contains("ano") || clip.path.contains("abn"),
                    "{layout:?}: {clip:?}"
                );
            }
        }
    }
}
