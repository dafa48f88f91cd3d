//! Every layout on a tree of tiny recordings, hostile trees, and what a scan must never do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/command.rs"]
mod command;
#[path = "common/shared.rs"]
mod shared;
#[path = "common/wav.rs"]
mod wav;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use auscult::audio::ChannelChoice;
use auscult::dataset::{ClipEntry, Dataset, DatasetError, Domain, Label, Layout, ScanOptions, Split, scan};
use auscult::progress::{CancelAfter, NoProgress};
use command::results;
use shared::shared;
use tempfile::TempDir;
use wav::{PCM, wav_head};

/// A 16-bit WAV file with `n_frames` frames, each sample of them different from file to file.
fn wav_bytes(sample_rate_hz: u32, n_channels: u16, n_frames: u32, seed: u32) -> Vec<u8> {
    let n_data_bytes = n_frames * u32::from(n_channels) * 2;
    let mut bytes = wav_head(PCM, 16, sample_rate_hz, n_channels, n_data_bytes);
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    for _ in 0..n_data_bytes / 2 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend(((state >> 16) as u16).to_le_bytes());
    }
    bytes
}

/// A folder that fills up with recordings of half a second.
struct Tree {
    dir: TempDir,
    n_files: u32,
}

impl Tree {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            n_files: 0,
        }
    }

    fn with(paths: &[&str]) -> Self {
        let mut tree = Self::new();
        for path in paths {
            tree.sound(path);
        }
        tree
    }

    fn write(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn sound(&mut self, path: &str) -> PathBuf {
        self.n_files += 1;
        self.write(path, &wav_bytes(16_000, 1, 8000, self.n_files))
    }

    fn scan(&self) -> Dataset {
        self.scan_as(None)
    }

    fn scan_as(&self, layout: Option<Layout>) -> Dataset {
        self.scan_below("", layout)
    }

    fn scan_below(&self, folder: &str, layout: Option<Layout>) -> Dataset {
        let root = self.dir.path().join(folder);
        scan(
            &root,
            ScanOptions {
                layout,
                ..ScanOptions::default()
            },
            &mut NoProgress,
        )
        .unwrap()
    }
}

fn clip<'a>(dataset: &'a Dataset, path: &str) -> &'a ClipEntry {
    dataset
        .clips
        .iter()
        .find(|clip| clip.path == path)
        .unwrap_or_else(|| panic!("{path} is not among {:#?}", dataset.clips))
}

fn groups(dataset: &Dataset) -> Vec<String> {
    dataset.groups().iter().map(ToString::to_string).collect()
}

/// Split, label and domain in one line.
fn said(clip: &ClipEntry) -> (Split, Label, Option<Domain>) {
    (clip.split, clip.label, clip.domain)
}

fn attributes(clip: &ClipEntry) -> String {
    let pairs: Vec<String> = clip.attributes.iter().map(|a| format!("{}={}", a.name, a.value)).collect();
    pairs.join(" ")
}

fn n_of(dataset: &Dataset, section: &str, split: Split, label: Label) -> usize {
    dataset
        .clips
        .iter()
        .filter(|clip| clip.group.section == section && clip.split == split && clip.label == label)
        .count()
}

#[test]
fn mimii_bare_with_the_official_split() {
    let mut tree = Tree::new();
    for clip_idx in 0..10 {
        tree.sound(&format!("fan/id_00/normal/{clip_idx:08}.wav"));
    }
    for clip_idx in 0..3 {
        tree.sound(&format!("fan/id_00/abnormal/{clip_idx:08}.wav"));
    }
    let dataset = tree.scan();
    assert_eq!((dataset.layout, groups(&dataset)), (Layout::Mimii, vec!["fan 00".to_owned()]));
    let is_test = |clip_idx: usize| clip(&dataset, &format!("fan/id_00/normal/{clip_idx:08}.wav")).split == Split::Test;
    assert!(
        (0..3).all(is_test) && !(3..10).any(is_test),
        "the first n(abnormal) normal clips are tested"
    );
    assert_eq!(n_of(&dataset, "00", Split::Test, Label::Anomalous), 3);
    assert!(dataset.notes.is_empty(), "{:?}", dataset.notes);
}

#[test]
fn mimii_opened_at_any_folder_above_the_ids() {
    let tree = Tree::with(&["data/min6dB/fan/id_00/normal/0.wav", "data/min6dB/fan/id_00/abnormal/0.wav"]);
    for folder in ["", "data", "data/min6dB", "data/min6dB/fan", "data/min6dB/fan/id_00"] {
        let dataset = tree.scan_below(folder, None);
        assert_eq!(
            (dataset.layout, groups(&dataset)),
            (Layout::Mimii, vec!["fan 00".to_owned()]),
            "{folder}"
        );
    }
}

#[test]
fn mimii_with_several_noise_levels_has_a_section_for_each() {
    let tree = Tree::with(&[
        "-6_dB_fan/fan/id_00/normal/00000000.wav",
        "0_dB_fan/fan/id_00/normal/00000000.wav",
        "6dB/fan/id_02/abnormal/00000000.wav",
        "6_dB_pump/pump/id_02/abnormal/00000000.wav",
    ]);
    let dataset = tree.scan();
    assert_eq!(groups(&dataset), ["fan 00_-6dB", "fan 00_0dB", "fan 02_6dB", "pump 02_6dB"]);
    let one_level = tree.scan_below("-6_dB_fan", None);
    assert_eq!(groups(&one_level), ["fan 00"]);
}

/// Fan and slider, four ids each, three ratios: the 24 tasks of the `OutlierNets` paper's Table 1, whatever the archives are
/// called after unpacking.
#[test]
fn mimii_with_all_noise_levels_shows_its_24_tasks() {
    for spelled in [["-6_dB_", "0_dB_", "6_dB_"], ["min6dB/", "0dB/", "6dB/"]] {
        let mut tree = Tree::new();
        for level in spelled {
            for machine in ["fan", "slider"] {
                for id in ["00", "02", "04", "06"] {
                    // As `-6_dB_fan/id_00`, and as `min6dB/fan/id_00`.
                    for clip_idx in 0..3 {
                        tree.sound(&format!("{level}{machine}/id_{id}/normal/{clip_idx:08}.wav"));
                    }
                    tree.sound(&format!("{level}{machine}/id_{id}/abnormal/00000000.wav"));
                }
            }
        }
        let dataset = tree.scan();
        assert_eq!(dataset.layout, Layout::Mimii);
        let found = groups(&dataset);
        assert_eq!(found.len(), 24, "{found:?}");
        assert_eq!(found[..4], ["fan 00_-6dB", "fan 00_0dB", "fan 00_6dB", "fan 02_-6dB"]);
        assert_eq!(found[23], "slider 06_6dB");
        for group in dataset.groups() {
            let n = |split| dataset.indices(&group, split).len();
            assert_eq!((n(Split::Train), n(Split::Test)), (2, 2), "{group}");
        }
        let note =
            "3 signal-to-noise ratios (-6 dB, 0 dB, 6 dB): each machine id at each of them is a task of its own, 24 in all";
        assert!(dataset.notes.iter().any(|found| found == note), "{:?}", dataset.notes);
    }
}

#[test]
fn dcase_2020_names() {
    let tree = Tree::with(&[
        "dev_data/ToyCar/train/normal_id_01_00000000.wav",
        "dev_data/ToyCar/test/normal_id_01_00000000.wav",
        "dev_data/ToyCar/test/anomaly_id_02_00000000.wav",
        "eval_data/ToyConveyor/test/id_05_00000000.wav",
    ]);
    tree.write(
        "eval_data/ToyConveyor/eval_data_list.csv",
        b"ToyConveyor\nid_05_00000000.wav,anomaly_id_05_00000000.wav,1\n",
    );
    let dataset = tree.scan();
    assert_eq!(dataset.layout, Layout::Dcase2020);
    assert_eq!(groups(&dataset), ["ToyCar 01", "ToyCar 02", "ToyConveyor 05"]);
    assert_eq!(said(&dataset.clips[2]), (Split::Train, Label::Normal, None));
    assert_eq!(
        said(clip(&dataset, "dev_data/ToyCar/test/anomaly_id_02_00000000.wav")),
        (Split::Test, Label::Anomalous, None)
    );
    assert_eq!(
        said(clip(&dataset, "eval_data/ToyConveyor/test/id_05_00000000.wav")),
        (Split::Test, Label::Anomalous, None)
    );
}

#[test]
fn dcase_2021_names_and_truth() {
    let tree = Tree::with(&[
        "fan/train/section_00_source_train_normal_0000_strength_1_ambient.wav",
        "fan/train/section_00_target_train_normal_0002.wav",
        "fan/source_test/section_00_source_test_anomaly_0000.wav",
        "fan/target_test/section_00_target_test_normal_0000.wav",
        "fan/source_test/section_03_source_test_0000.wav",
    ]);
    tree.write(
        "truth/ground_truth_fan_section_03_source_test.csv",
        b"section_03_source_test_0000.wav,1\n",
    );
    let dataset = tree.scan();
    assert_eq!(
        (dataset.layout, groups(&dataset)),
        (Layout::Dcase2021, vec!["fan 00".to_owned(), "fan 03".to_owned()])
    );
    let train = clip(
        &dataset,
        "fan/train/section_00_source_train_normal_0000_strength_1_ambient.wav",
    );
    assert_eq!(
        (said(train), attributes(train).as_str()),
        ((Split::Train, Label::Normal, Some(Domain::Source)), "strength=1 ambient=")
    );
    let eval = clip(&dataset, "fan/source_test/section_03_source_test_0000.wav");
    assert_eq!(said(eval), (Split::Test, Label::Anomalous, Some(Domain::Source)));
}

#[test]
fn dcase_2022_names_and_the_truth_of_nameless_clips() {
    let tree = Tree::with(&[
        "fan/train/section_00_source_train_normal_0000_m-n_W.wav",
        "fan/train/section_00_target_train_normal_0000_m-n_Z.wav",
        "fan/test/section_01_target_test_anomaly_0049_f-n_C.wav",
        "fan/test/section_03_0000.wav",
        "fan/test/section_03_0001.wav",
        "fan/test/section_04_0000.wav",
        "bearing/test/section_04_test_0000.wav",
        "fan/test/section_05_test_0000.wav",
    ]);
    tree.write(
        "truth/ground_truth_data/ground_truth_fan_section_05_test.csv",
        b"section_05_0000.wav,1\n",
    );
    tree.write(
        "fan/attributes_00.csv",
        b"file_name,d1p,d1v\nfan/train/section_00_source_train_normal_0000_m-n_W.wav,m-n,W\n",
    );
    tree.write(
        "truth/ground_truth_data/ground_truth_fan_section_03_test.csv",
        b"section_03_0000.wav,1\nsection_03_0001.wav,0\n",
    );
    tree.write(
        "truth/ground_truth_domain/ground_truth_fan_section_03_test.csv",
        b"section_03_0000.wav,1\nsection_03_0001.wav,0\n",
    );
    let row = "fan/test/section_04_0000.wav,n-lv,L1,fan/test/section_04_source_test_anomaly_0000_n-lv_L1.wav";
    tree.write(
        "truth/fan/attributes_04.csv",
        format!("file_name,d1p,d1v,file_name_with_full_attributes\n{row}\n").as_bytes(),
    );
    let dataset = tree.scan();
    assert_eq!(dataset.layout, Layout::Dcase2022);
    assert_eq!(
        groups(&dataset),
        ["bearing 04", "fan 00", "fan 01", "fan 03", "fan 04", "fan 05"]
    );
    let train = clip(&dataset, "fan/train/section_00_source_train_normal_0000_m-n_W.wav");
    assert_eq!(
        (said(train), attributes(train).as_str()),
        ((Split::Train, Label::Normal, Some(Domain::Source)), "m-n=W")
    );
    let first = clip(&dataset, "fan/test/section_03_0000.wav");
    assert_eq!(said(first), (Split::Test, Label::Anomalous, Some(Domain::Target)));
    assert_eq!(
        said(clip(&dataset, "fan/test/section_03_0001.wav")),
        (Split::Test, Label::Normal, Some(Domain::Source))
    );
    let with_name = clip(&dataset, "fan/test/section_04_0000.wav");
    assert_eq!(
        (said(with_name), attributes(with_name).as_str()),
        ((Split::Test, Label::Anomalous, Some(Domain::Source)), "n-lv=L1")
    );
    assert_eq!(
        said(clip(&dataset, "fan/test/section_05_test_0000.wav")),
        (Split::Test, Label::Anomalous, None),
        "the README's spelling"
    );
    assert_eq!(
        said(clip(&dataset, "bearing/test/section_04_test_0000.wav")),
        (Split::Test, Label::Unknown, None)
    );
}

#[test]
fn dcase_2023_and_later_in_wrapper_folders() {
    let tree = Tree::with(&[
        "data/dcase2024t2/dev_data/raw/ToyCar/train/section_00_source_train_normal_0001_car_A1_spd_28V_mic_1.wav",
        "data/dcase2024t2/dev_data/raw/ToyTrain/train/section_00_source_train_normal_0001_noAttribute.wav",
        "data/dcase2024t2/dev_data/raw/ToyTrain/test/section_00_target_test_anomaly_0050_noAttribute.wav",
        "data/dcase2024t2/eval_data/raw/3DPrinter/train/section_00_target_train_normal_0003.wav",
        "data/dcase2024t2/eval_data/raw/3DPrinter/test/section_00_0000.wav",
        "data/dcase2024t2/eval_data/raw/3DPrinter/supplemental/section_00_noise_0000.wav",
    ]);
    let table = b"file_name,d1p,d1v\nsection_00_target_train_normal_0003,temp,210\n";
    tree.write("data/dcase2024t2/eval_data/raw/3DPrinter/attributes_00.csv", table);
    let dataset = tree.scan();
    assert_eq!(
        (dataset.layout, groups(&dataset)),
        (
            Layout::Dcase2023,
            ["3DPrinter 00", "ToyCar 00", "ToyTrain 00"].map(String::from).to_vec()
        )
    );
    let by_name = |name: &str| dataset.clips.iter().find(|clip| clip.file_name() == name).unwrap();
    assert_eq!(
        attributes(by_name("section_00_source_train_normal_0001_car_A1_spd_28V_mic_1.wav")),
        "car=A1 spd=28V mic=1"
    );
    assert_eq!(attributes(by_name("section_00_target_test_anomaly_0050_noAttribute.wav")), "");
    assert_eq!(attributes(by_name("section_00_target_train_normal_0003.wav")), "temp=210");
    assert_eq!(said(by_name("section_00_0000.wav")), (Split::Test, Label::Unknown, None));
    assert!(
        dataset.notes.iter().any(|note| note.contains("supplemental")),
        "{:?}",
        dataset.notes
    );
}

#[test]
fn labelled_copies_of_the_evaluation_clips_replace_the_nameless_ones() {
    let tree = Tree::with(&[
        "fan/train/section_00_source_train_normal_0000_m-n_W.wav",
        "fan/test/section_00_0000.wav",
        "fan/test_rename/section_00_source_test_anomaly_0000_m-n_W.wav",
    ]);
    let dataset = tree.scan();
    assert_eq!(dataset.clips.len(), 2);
    assert_eq!(n_of(&dataset, "00", Split::Test, Label::Anomalous), 1);
    assert!(dataset.notes[0].contains("test_rename"), "{:?}", dataset.notes);
}

#[test]
fn a_machine_of_dcase_opened_alone_and_strays_in_it() {
    let tree = Tree::with(&[
        "fan/train/section_00_source_train_normal_0000_m-n_W.wav",
        "fan/test/section_00_source_test_normal_0000_m-n_W.wav",
        "fan/test/my own recording.wav",
    ]);
    for folder in ["fan", "fan/train"] {
        let dataset = tree.scan_below(folder, None);
        assert_eq!(groups(&dataset)[0], "fan 00", "{folder}");
    }
    let dataset = tree.scan();
    assert_eq!((dataset.clips.len(), dataset.skipped.len()), (2, 1));
    assert!(
        dataset.skipped[0].error.contains("does not follow DCASE 2023"),
        "{:?}",
        dataset.skipped
    );
}

#[test]
fn plain_folders_with_labels() {
    let mut tree = Tree::new();
    for clip_idx in 0..10 {
        tree.sound(&format!("press/OK/{clip_idx}.wav"));
    }
    tree.sound("press/faulty/0.wav");
    let dataset = tree.scan();
    assert_eq!(
        (dataset.layout, groups(&dataset)),
        (Layout::PlainFolders, vec!["press 00".to_owned()])
    );
    let parts = [
        (Split::Train, Label::Normal),
        (Split::Test, Label::Normal),
        (Split::Test, Label::Anomalous),
    ];
    assert_eq!(parts.map(|(split, label)| n_of(&dataset, "00", split, label)), [6, 4, 1]);
    assert!(dataset.notes.iter().any(|note| note.contains("60 %")), "{:?}", dataset.notes);
}

#[test]
fn plain_folders_with_train_and_test() {
    let tree = Tree::with(&["train/a.wav", "test/good/b.wav", "test/bad/c.wav", "train/bad/d.wav"]);
    let dataset = tree.scan();
    assert_eq!(said(clip(&dataset, "train/a.wav")), (Split::Train, Label::Normal, None));
    assert_eq!(said(clip(&dataset, "test/good/b.wav")), (Split::Test, Label::Normal, None));
    assert_eq!(said(clip(&dataset, "test/bad/c.wav")), (Split::Test, Label::Anomalous, None));
    assert_eq!(
        said(clip(&dataset, "train/bad/d.wav")),
        (Split::Test, Label::Anomalous, None),
        "anomalies never train"
    );
    assert_eq!(dataset.machines(), [tree.dir.path().file_name().unwrap().to_str().unwrap()]);
}

#[test]
fn a_folder_without_labels_can_be_trained_and_scored() {
    let paths: Vec<String> = (0..5).map(|day| format!("mill/2026-03-0{day}.wav")).collect();
    let tree = Tree::with(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let dataset = tree.scan();
    let splits: Vec<Split> = dataset.clips.iter().map(|clip| clip.split).collect();
    assert_eq!(splits, [Split::Train, Split::Train, Split::Train, Split::Test, Split::Test]);
    assert!(
        dataset
            .clips
            .iter()
            .all(|clip| clip.label == Label::Unknown && clip.group.machine == "mill")
    );
    assert!(dataset.notes[0].contains("no labels"), "{:?}", dataset.notes);
}

#[test]
fn a_manifest_says_everything() {
    let tree = Tree::with(&["x/a.wav", "x/b.wav", "unlisted.wav"]);
    let rows = "x/a.wav,press,07,train,normal,source,5 bar\nx/b.wav,press,07,test,anomaly,target,\nx/gone.wav,,,,,,\n";
    tree.write(
        "manifest.csv",
        format!("path,machine,section,split,label,domain,pressure\n{rows}").as_bytes(),
    );
    let dataset = tree.scan();
    assert_eq!(
        (dataset.layout, groups(&dataset)),
        (Layout::Manifest, vec!["press 07".to_owned()])
    );
    let (a, b) = (clip(&dataset, "x/a.wav"), clip(&dataset, "x/b.wav"));
    assert_eq!(
        (said(a), attributes(a).as_str()),
        ((Split::Train, Label::Normal, Some(Domain::Source)), "pressure=5 bar")
    );
    assert_eq!(
        (said(b), attributes(b).as_str()),
        ((Split::Test, Label::Anomalous, Some(Domain::Target)), "")
    );
    assert!(
        dataset.skipped.len() == 1 && dataset.skipped[0].path.ends_with("x/gone.wav"),
        "{:?}",
        dataset.skipped
    );
    assert!(dataset.notes[0].contains("1 recording not listed"), "{:?}", dataset.notes);

    tree.write("manifest.csv", b"path,label\nx/a.wav,normal\nx/b.wav,purple\n");
    let error = scan(tree.dir.path(), ScanOptions::default(), &mut NoProgress).unwrap_err();
    assert!(matches!(error, DatasetError::Manifest { line: 3, .. }));
    let text = error.to_string();
    assert!(text.contains("manifest.csv, line 3") && text.contains("purple"), "{text}");
}

#[test]
fn a_layout_can_be_forced() {
    let tree = Tree::with(&["fan/id_00/normal/0.wav"]);
    assert_eq!(tree.scan_as(Some(Layout::PlainFolders)).groups()[0].to_string(), "fan id_00");
    let forced = tree.scan_as(Some(Layout::Dcase2022));
    assert_eq!((forced.clips.len(), forced.skipped.len()), (0, 1));
}

#[test]
fn unreadable_files_are_listed_and_others_ignored() {
    let tree = Tree::with(&["a.wav", ".hidden.wav", ".cache/b.wav", "__MACOSX/c.wav"]);
    tree.write("broken.wav", b"RIFF....WAVE");
    tree.write("empty.flac", b"");
    tree.write("no samples.wav", &wav_bytes(16_000, 1, 0, 0));
    tree.write("notes.txt", b"not a sound");
    let dataset = tree.scan();
    assert_eq!(dataset.clips.len(), 1);
    let skipped: Vec<_> = dataset
        .skipped
        .iter()
        .map(|file| file.path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(skipped, ["broken.wav", "empty.flac", "no samples.wav"]);
    assert!(
        dataset.skipped.iter().all(|file| file.error.len() > 5),
        "{:?}",
        dataset.skipped
    );
}

#[test]
fn an_empty_folder_and_a_missing_one_are_errors_that_name_them() {
    let tree = Tree::new();
    tree.write("readme.txt", b"");
    let error = scan(tree.dir.path(), ScanOptions::default(), &mut NoProgress).unwrap_err();
    assert!(matches!(error, DatasetError::Empty { .. }));
    let missing = tree.dir.path().join("nothing here");
    let error = scan(&missing, ScanOptions::default(), &mut NoProgress).unwrap_err();
    assert!(error.to_string().contains("nothing here"), "{error}");
}

#[test]
fn notes_on_rates_channels_lengths_and_copies() {
    let tree = Tree::new();
    tree.write("train/a.wav", &wav_bytes(16_000, 8, 8000, 1));
    tree.write("train/b.wav", &wav_bytes(48_000, 1, 24_000, 2));
    tree.write("test/short.wav", &wav_bytes(16_000, 1, 100, 3));
    tree.write("test/copy of a.wav", &wav_bytes(16_000, 8, 8000, 1));
    let notes = tree.scan().notes.join("\n");
    for part in [
        "mixed sample rates (3 at 16000 Hz, 1 at 48000 Hz)",
        "1 to 8 channels: the 1st channel is used",
        "1 of 4 clips are shorter",
        "1 of them lie both in training and in test",
    ] {
        assert!(notes.contains(part), "{part:?} is not in {notes}");
    }
    let options = ScanOptions {
        channel: ChannelChoice::Mean,
        ..ScanOptions::default()
    };
    let of_mean = scan(tree.dir.path(), options, &mut NoProgress).unwrap().notes.join("\n");
    assert!(of_mean.contains("the mean of all channels is used"), "{of_mean}");
    let options = ScanOptions {
        channel: ChannelChoice::Index(2),
        ..ScanOptions::default()
    };
    let of_third = scan(tree.dir.path(), options, &mut NoProgress).unwrap().notes.join("\n");
    let expected = "1 to 8 channels: the 3rd channel is used; of 2 clips that have fewer, their last";
    assert!(of_third.contains(expected), "{of_third}");
}

#[cfg(unix)]
#[test]
fn hostile_names_and_links_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let mut tree = Tree::new();
    let long = format!("{}.wav", "x".repeat(250));
    let names = [
        "new\nline.wav",
        "comma,quote\".wav",
        "(.*)+$.wav",
        "section_00_.wav",
        "a..wav",
        "id_.wav",
        "%s%n.wav",
        "é\u{202e}.wav",
        &long,
    ];
    for name in names {
        tree.sound(&format!("{0}/{0}/{name}", "deep".repeat(60)));
    }
    let bad = tree.dir.path().join(std::ffi::OsStr::from_bytes(b"not \xff utf8.wav"));
    std::fs::write(bad, wav_bytes(16_000, 1, 8000, 99)).unwrap();
    std::os::unix::fs::symlink(tree.dir.path(), tree.dir.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere.wav", tree.dir.path().join("dead.wav")).unwrap();
    for layout in [None, Some(Layout::Mimii), Some(Layout::Dcase2020), Some(Layout::Dcase2022)] {
        let dataset = tree.scan_as(layout);
        let n_placed = dataset.clips.len() + dataset.skipped.len();
        assert_eq!(
            n_placed,
            names.len() + 2,
            "{layout:?}: each file is either a clip or skipped with a reason"
        );
    }
    let dataset = tree.scan();
    assert!(dataset.clips.iter().all(|clip| dataset.file(clip).is_file()));
    let reasons: Vec<_> = dataset.skipped.iter().map(|file| file.error.as_str()).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("UTF-8")) && reasons.iter().any(|reason| reason.contains("not there")),
        "{reasons:?}"
    );
}

/// Every path below `dir` with its size and the time it was last changed, folders included.
fn state_of(dir: &Path) -> BTreeMap<PathBuf, (u64, std::time::SystemTime)> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    entries
        .map(|entry| {
            (entry.path().to_owned(), {
                let data = entry.metadata().unwrap();
                (data.len(), data.modified().unwrap())
            })
        })
        .collect()
}

#[test]
fn nothing_is_written_into_the_data_folder() {
    let tree = Tree::with(&[
        "fan/train/section_00_source_train_normal_0000.wav",
        "fan/test/section_00_0000.wav",
    ]);
    let file = tree.write("fan/attributes_00.csv", b"file_name,d1p,d1v\n");
    let folder = file.parent().unwrap().to_owned();
    let set_readonly = |is_readonly: bool| {
        let mut permissions = std::fs::metadata(&folder).unwrap().permissions();
        permissions.set_readonly(is_readonly);
        std::fs::set_permissions(&folder, permissions).unwrap();
    };
    let before = state_of(tree.dir.path());
    set_readonly(true);
    let dataset = tree.scan();
    set_readonly(false);
    assert_eq!((dataset.clips.len(), before), (2, state_of(tree.dir.path())));
}

#[test]
fn a_scan_stops_when_asked() {
    let paths: Vec<String> = (0..50).map(|clip_idx| format!("{clip_idx}.wav")).collect();
    let tree = Tree::with(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for n_steps in [0, 1, 10] {
        let outcome = scan(tree.dir.path(), ScanOptions::default(), &mut CancelAfter(n_steps));
        assert!(matches!(outcome, Err(DatasetError::Cancelled(_))), "after {n_steps} steps");
    }
}

/// `cargo test --release --test layouts -- --ignored --nocapture` prints the time.
#[test]
#[ignore = "makes 50,000 files"]
fn fifty_thousand_files() {
    let mut tree = Tree::new();
    for clip_idx in 0..50_000 {
        tree.sound(&format!("fan/id_{:02}/normal/{clip_idx:08}.wav", clip_idx % 50));
    }
    let started = std::time::Instant::now();
    let dataset = tree.scan();
    eprintln!("{} clips in {:.2} s", dataset.clips.len(), started.elapsed().as_secs_f64());
    assert_eq!(dataset.clips.len(), 50_000);
}

#[test]
fn the_real_set_is_split_six_to_four() {
    let Some(root) = shared("real/mimii_minus6dB") else { return };
    let dataset = scan(&root, ScanOptions::default(), &mut NoProgress).unwrap();
    assert_eq!(
        (dataset.layout, dataset.clips.len(), dataset.groups().len()),
        (Layout::Mimii, 240, 16)
    );
    for group in dataset.groups() {
        let n = |split, label| {
            dataset
                .indices(&group, split)
                .iter()
                .filter(|i| dataset.clips[**i].label == label)
                .count()
        };
        assert_eq!(
            [
                n(Split::Train, Label::Normal),
                n(Split::Test, Label::Normal),
                n(Split::Test, Label::Anomalous)
            ],
            [6, 4, 5],
            "{group}"
        );
    }
    assert!(dataset.notes[0].contains("16 machine sections"), "{:?}", dataset.notes);
}

#[test]
fn faults_beside_good_clips_as_in_mvtec() {
    let tree = Tree::with(&[
        "gearbox/train/good/000.wav",
        "gearbox/test/good/000.wav",
        "gearbox/test/broken_tooth/000.wav",
        "gearbox/test/low oil/000.wav",
        "pump/left/train/000.wav",
        "pump/left/test/normal/000.wav",
        "pump/left/test/leak/000.wav",
        "press/test/line 1/ok/000.wav",
        "press/test/line 1/faulty/000.wav",
    ]);
    let dataset = tree.scan();
    assert_eq!(groups(&dataset), ["gearbox 00", "press line 1", "pump left"]);
    let broken = clip(&dataset, "gearbox/test/broken_tooth/000.wav");
    assert_eq!(
        (said(broken), attributes(broken).as_str()),
        ((Split::Test, Label::Anomalous, None), "fault=broken_tooth")
    );
    assert_eq!(attributes(clip(&dataset, "gearbox/test/low oil/000.wav")), "fault=low oil");
    assert_eq!(
        said(clip(&dataset, "pump/left/test/leak/000.wav")),
        (Split::Test, Label::Anomalous, None)
    );
    assert_eq!(attributes(clip(&dataset, "gearbox/test/good/000.wav")), "");
    // Without a folder of normal clips a name in `test` is a section's.
    let other = Tree::with(&["fan/train/a/0.wav", "fan/test/a/0.wav", "fan/test/b/0.wav"]);
    assert_eq!(groups(&other.scan()), ["fan a", "fan b"]);
}

#[test]
fn attributes_that_2024_hid_come_back_from_correspondence_tables() {
    let tree = Tree::with(&[
        "dev_data/raw/ToyTrain/train/section_00_source_train_normal_0001_noAttribute.wav",
        "dev_data/raw/ToyTrain/test/section_00_target_test_anomaly_0050_noAttribute.wav",
    ]);
    let folder = "ground_truth_attributes/dcase2024t2/dev_data/ToyTrain";
    let row = "section_00_source_train_normal_0001_car_A1_spd_6.wav,section_00_source_train_normal_0001_noAttribute.wav";
    tree.write(
        &format!("{folder}/attributes_00_train_correspondence.csv"),
        format!("source_file_name,target_file_name\n{row}\n").as_bytes(),
    );
    let dataset = tree.scan();
    assert_eq!(
        (dataset.layout, groups(&dataset)),
        (Layout::Dcase2023, vec!["ToyTrain 00".to_owned()])
    );
    let by_name = |part: &str| dataset.clips.iter().find(|clip| clip.path.contains(part)).unwrap();
    assert_eq!(attributes(by_name("train_normal")), "car=A1 spd=6");
    assert_eq!(attributes(by_name("test_anomaly")), "");
    assert!(dataset.notes[0].contains("1 clip named noAttribute"), "{:?}", dataset.notes);
}

#[test]
fn the_microphone_of_2026_is_chosen_for_the_data_set() {
    let tree = Tree::new();
    for (number, split) in [(0, "train"), (1, "test")] {
        tree.write(
            &format!("bearingEmu/{split}/section_00_source_{split}_normal_{number:04}_noAttribute.wav"),
            &wav_bytes(16_000, 2, 8000, number),
        );
    }
    for (channel, note) in [
        (ChannelChoice::default(), "2 channels: the 1st channel is used"),
        (ChannelChoice::Index(1), "2 channels: the 2nd channel is used"),
    ] {
        let options = ScanOptions {
            channel,
            ..ScanOptions::default()
        };
        let dataset = scan(tree.dir.path(), options, &mut NoProgress).unwrap();
        assert_eq!((dataset.layout, dataset.channel), (Layout::Dcase2023, channel));
        assert_eq!(dataset.notes, [note]);
    }
}

/// Trains on a tree, scores it and evaluates the scores: the layout, the rules, and the files that were written.
fn round_trip(tree: &Tree) -> (String, String, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let data = tree.dir.path().to_str().unwrap();
    let (run, scores) = (at("run"), at("scores"));
    results(&["train", data, "--recipe", "pooled-log-mel", "--out", &run]);
    results(&["score", &run, data, "--detector", "knn", "--out", &scores]);
    let json = |arguments: &[&str]| serde_json::from_str::<serde_json::Value>(&results(arguments)).unwrap();
    let evaluated = json(&[
        "evaluate",
        "--scores",
        &scores,
        "--truth",
        data,
        "--json",
        "--out",
        &at("results"),
    ]);
    let compared = json(&["compare", &run, data, "--json"]);
    let machines = compared["machines"].as_array().unwrap();
    assert_eq!(evaluated["machines"].as_array().unwrap().len(), machines.len());
    for (evaluated, compared) in evaluated["machines"].as_array().unwrap().iter().zip(machines) {
        assert_eq!(evaluated["name"], compared["name"]);
        let detectors = compared["detectors"].as_array().unwrap();
        let knn = detectors.iter().find(|detector| detector["name"] == "knn").unwrap();
        let sections = evaluated["sections"].as_array().unwrap();
        let aucs: Vec<f64> = sections.iter().map(|section| section["auc"].as_f64().unwrap()).collect();
        let mean = aucs.iter().sum::<f64>() / aucs.len() as f64;
        assert!((mean - knn["auc"].as_f64().unwrap()).abs() < 1e-12, "{evaluated} {knn}");
    }
    assert!(evaluated["official_score"].as_f64().is_some(), "{evaluated}");
    assert!(evaluated.get("notes").is_none(), "{evaluated}");
    assert_eq!(std::fs::read_dir(at("results")).unwrap().count(), 1);
    let scan = json(&["scan", data, "--json"]);
    let mut files: Vec<String> = std::fs::read_dir(scores)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("anomaly_score"))
        .collect();
    files.sort();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&scan["layout"]), text(&evaluated["rules"]), files)
}

/// Six training clips and four tested ones, named by a function of (split, domain, label, number).
fn machine(tree: &mut Tree, name: impl Fn(&str, &str, &str, usize) -> String) {
    for number in 0..6 {
        let domain = if number < 4 { "source" } else { "target" };
        tree.sound(&name("train", domain, "normal", number));
    }
    for number in 6..14 {
        let (domain, label) = (["source", "target"][number % 2], ["normal", "anomaly"][number / 2 % 2]);
        tree.sound(&name("test", domain, label, number));
    }
}

#[test]
fn what_score_writes_evaluate_reads_in_every_layout() {
    let found = |layout: &str, rules: &str, files: &[&str]| {
        let files = files
            .iter()
            .map(|name| format!("anomaly_score_{name}.csv"))
            .collect::<Vec<_>>();
        (layout.to_owned(), rules.to_owned(), files)
    };
    let mut tree = Tree::new();
    machine(&mut tree, |split, _, label, number| {
        format!("ToyCar/{split}/{label}_id_01_{number:08}.wav")
    });
    machine(&mut tree, |split, _, label, number| {
        format!("fan/{split}/{label}_id_00_{number:08}.wav")
    });
    assert_eq!(round_trip(&tree), found("dcase2020", "2020", &["ToyCar_id_01", "fan_id_00"]));

    let mut tree = Tree::new();
    machine(&mut tree, |split, domain, label, number| {
        let folder = if split == "train" {
            split.to_owned()
        } else {
            format!("{domain}_test")
        };
        format!("pump/{folder}/section_00_{domain}_{split}_{label}_{number:04}.wav")
    });
    let files = ["pump_section_00_source_test", "pump_section_00_target_test"];
    assert_eq!(round_trip(&tree), found("dcase2021", "2021", &files));

    for (layout, rules, section) in [("dcase2022", "2022", "01"), ("dcase2023", "2023", "00")] {
        let mut tree = Tree::new();
        machine(&mut tree, |split, domain, label, number| {
            format!("fan/{split}/section_{section}_{domain}_{split}_{label}_{number:04}_m-n_W.wav")
        });
        assert_eq!(
            round_trip(&tree),
            found(layout, rules, &[&format!("fan_section_{section}_test")])
        );
    }

    // MIMII numbers normal and abnormal clips alike.
    let mut tree = Tree::new();
    for number in 0..10 {
        tree.sound(&format!("min6dB/valve/id_04/normal/{number:08}.wav"));
    }
    for number in 0..4 {
        tree.sound(&format!("min6dB/valve/id_04/abnormal/{number:08}.wav"));
    }
    assert_eq!(round_trip(&tree), found("mimii", "no-domains", &["valve_section_04_test"]));

    // Names that no challenge would give.
    for name in [
        "press",
        "my_section_3",
        "a_id_b_test",
        "tab\tcomma, \"quote\"",
        "DCASE2023T2x",
    ] {
        let mut tree = Tree::new();
        machine(&mut tree, |split, _, label, number| {
            format!("{name}/{split}/{label}/ day\t{number}, noon.wav")
        });
        assert_eq!(
            round_trip(&tree),
            found("folders", "no-domains", &[&format!("{name}_section_00_test")]),
            "{name}"
        );
    }

    let mut tree = Tree::new();
    let mut table = "path,machine,section,split,label,domain\n".to_owned();
    for number in 0..14 {
        let path = format!("{number}.wav");
        tree.sound(&path);
        let split = if number < 6 { "train" } else { "test" };
        let (label, domain) = (
            ["normal", "anomaly"][number / 2 % 2 * usize::from(number > 5)],
            ["source", "target"][number % 2],
        );
        table += &format!("{path},press,07,{split},{label},{domain}\n");
    }
    tree.write("manifest.csv", table.as_bytes());
    assert_eq!(round_trip(&tree), found("manifest", "2022", &["press_section_07_test"]));
}
