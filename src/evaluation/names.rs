//! The names of DCASE score, decision and truth files, 2020 to today, and what the names of clips say.

use std::collections::HashMap;

/// What files of scores begin with.
pub(super) const SCORES: &str = "anomaly_score";
/// What files of decisions begin with.
pub(super) const DECISIONS: &str = "decision_result";

/// How a file name calls the part of a machine type that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `_id_NN`, as in 2020.
    Id,
    /// `_section_NN…_test`, since 2021.
    Section,
}

/// What a score, decision or truth file is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSubject {
    pub machine: String,
    pub section: String,
    /// In 2021 each domain has a file of its own.
    pub is_target: Option<bool>,
    pub naming: Naming,
}

impl FileSubject {
    /// A section's one file, as 2022 and later name it.
    pub fn section(machine: &str, section: &str) -> Self {
        Self {
            machine: machine.to_owned(),
            section: section.to_owned(),
            is_target: None,
            naming: Naming::Section,
        }
    }

    /// Whether a file's name is that of a score or decision file.
    pub fn is_score_file(file_name: &str) -> bool {
        [SCORES, DECISIONS].iter().any(|prefix| parse(file_name, prefix).is_some())
    }

    /// `<prefix>_<machine>_section_<NN>[_source|_target]_test.csv`, or `<prefix>_<machine>_id_<NN>.csv`.
    pub(super) fn file_name(&self, prefix: &str) -> String {
        let plain = |name: &str| name.replace(['/', '\\', ':'], "_");
        let (machine, section) = (plain(&self.machine), plain(&self.section));
        let domain = match self.is_target {
            Some(true) => "_target",
            Some(false) => "_source",
            None => "",
        };
        match self.naming {
            Naming::Id => format!("{prefix}_{machine}_id_{section}.csv"),
            Naming::Section => format!("{prefix}_{machine}_section_{section}{domain}_test.csv"),
        }
    }

    /// All names that [`FileSubject::file_name`] may give to files about a section.
    pub(super) fn all_of(machine: &str, section: &str) -> [Self; 4] {
        let section = Self::section(machine, section);
        let of_domain = |is_target| Self {
            is_target: Some(is_target),
            ..section.clone()
        };
        let id = Self {
            naming: Naming::Id,
            ..section.clone()
        };
        [of_domain(false), of_domain(true), id, section]
    }
}

/// Reads `<prefix>_<machine>_section_<NN>[_source|_target][_test][…].csv`, or `_id_<NN>` as in 2020.
///
/// The NTT baseline writes `DCASE2023T2<machine>` and appends seeds and tags, which are passed over.
pub(super) fn parse(file_name: &str, prefix: &str) -> Option<FileSubject> {
    let rest = file_name.strip_suffix(".csv")?.strip_prefix(prefix)?.strip_prefix('_')?;
    let (machine, rest, naming) = match rest.split_once("_section_") {
        Some((machine, rest)) => (machine, rest, Naming::Section),
        None => rest.split_once("_id_").map(|(machine, rest)| (machine, rest, Naming::Id))?,
    };
    let ends = ["_source", "_target", "_test", "_seed"]
        .iter()
        .filter_map(|word| rest.find(word));
    let (section, tail) = rest.split_at(ends.min().unwrap_or(rest.len()));
    if machine.is_empty() || section.is_empty() {
        return None;
    }
    let is_target = match tail {
        _ if tail.starts_with("_source") => Some(false),
        _ if tail.starts_with("_target") => Some(true),
        _ => None,
    };
    Some(FileSubject {
        machine: without_challenge_tag(machine).to_owned(),
        section: section.to_owned(),
        is_target,
        naming,
    })
}

/// `DCASE2023T2fan` → `fan`.
fn without_challenge_tag(machine: &str) -> &str {
    let tagged = machine.strip_prefix("DCASE").and_then(|rest| rest.split_once("T2"));
    match tagged {
        Some((year, name)) if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty() => name,
        _ => machine,
    }
}

/// The name by which a clip is joined: without folders, ending, and the `_test` that only some truth files carry.
pub(super) fn clip_key(file_name: &str) -> String {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name).trim();
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ["wav", "flac"].iter().any(|known| ending.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    };
    stem.replacen("_test", "", 1)
}

/// The part of a labelled name before its attributes, which some lists spell out and others hide as `noAttribute`:
/// `section_00_source_test_normal_0036_car_D1_spd_7` → `section_00_source_normal_0036`.
fn without_attributes(key: &str) -> Option<String> {
    let fields: Vec<&str> = key.split('_').collect();
    let is_label = |field: &&str| ["normal", "anomaly"].contains(field);
    match fields.as_slice() {
        ["section", section, domain @ ("source" | "target"), label, number, ..] if is_label(label) => {
            Some(format!("section_{section}_{domain}_{label}_{number}"))
        }
        _ => None,
    }
}

/// (is anomaly, is target) of a labelled name: `section_00_source_test_normal_0000_…`, or `normal_id_01_00000000` as in 2020.
pub(super) fn labels_in(file_name: &str) -> Option<(bool, Option<bool>)> {
    let name = clip_key(file_name);
    let mut is_anomaly = None;
    let mut is_target = None;
    // The labels stand among the first fields; attribute values behind them may hold the same words.
    for field in name.split('_').take(5) {
        match field {
            "normal" if is_anomaly.is_none() => is_anomaly = Some(false),
            "anomaly" if is_anomaly.is_none() => is_anomaly = Some(true),
            "source" if is_target.is_none() => is_target = Some(false),
            "target" if is_target.is_none() => is_target = Some(true),
            _ => {}
        }
    }
    is_anomaly.map(|is_anomaly| (is_anomaly, is_target))
}

/// The section in a clip's name: `section_03_0000` or `[normal_]id_03_00000000`.
pub(super) fn section_in(file_name: &str) -> Option<String> {
    let key = clip_key(file_name);
    let fields: Vec<&str> = key.split('_').collect();
    match fields.as_slice() {
        ["section" | "id", section, _, ..] | [_, "id", section, _, ..] => Some((*section).to_owned()),
        _ => None,
    }
}

/// Finds clips by name in whatever spelling: as a whole, without what surrounds it, without its attributes.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    whole: HashMap<String, usize>,
    /// `None` where several clips share the spelling.
    shared: HashMap<String, Option<usize>>,
}

impl NameIndex {
    /// One clip may be added under several names. Returns the clip that already has this very name.
    pub(super) fn add(&mut self, name: &str, clip_idx: usize) -> Option<usize> {
        let key = clip_key(name);
        for spelling in [without_attributes(&key), Some(key)].into_iter().flatten() {
            let known = self.shared.entry(spelling).or_insert(Some(clip_idx));
            if *known != Some(clip_idx) {
                *known = None;
            }
        }
        self.whole
            .insert(name.to_owned(), clip_idx)
            .filter(|&other| other != clip_idx)
    }

    pub(super) fn find_whole(&self, name: &str) -> Option<usize> {
        self.whole.get(name).copied()
    }

    /// `None` where no clip has the name, or several could be meant.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        // Whole names first: MIMII numbers its normal and its abnormal clips alike, in two folders.
        if let Some(clip_idx) = self.find_whole(name) {
            return Some(clip_idx);
        }
        let key = clip_key(name);
        let by_key = self.shared.get(&key);
        let found = by_key.or_else(|| self.shared.get(&without_attributes(&key)?));
        found.copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{FileSubject, NameIndex, Naming, clip_key, labels_in, parse, section_in};

    #[test]
    fn every_year_s_names_are_read() {
        let cases = [
            ("anomaly_score_fan_section_03_test.csv", "fan", "03", None, Naming::Section),
            ("anomaly_score_fan_section_03.csv", "fan", "03", None, Naming::Section),
            (
                "anomaly_score_ToyCar_section_03_source_test.csv",
                "ToyCar",
                "03",
                Some(false),
                Naming::Section,
            ),
            (
                "anomaly_score_ToyCar_section_03_target.csv",
                "ToyCar",
                "03",
                Some(true),
                Naming::Section,
            ),
            ("anomaly_score_pump_id_04.csv", "pump", "04", None, Naming::Id),
            (
                "anomaly_score_DCASE2023T2bearing_section_00_test_seed13711_id(0_)_Eval.csv",
                "bearing",
                "00",
                None,
                Naming::Section,
            ),
        ];
        for (name, machine, section, is_target, naming) in cases {
            let subject = parse(name, "anomaly_score").expect(name);
            assert_eq!(
                (
                    subject.machine.as_str(),
                    subject.section.as_str(),
                    subject.is_target,
                    subject.naming
                ),
                (machine, section, is_target, naming)
            );
        }
        assert_eq!(parse("anomaly_score_fan.csv", "anomaly_score"), None);
        assert_eq!(parse("result.csv", "anomaly_score"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for subject in FileSubject::all_of("ToyCar", "03") {
            assert_eq!(parse(&subject.file_name("anomaly_score"), "anomaly_score"), Some(subject));
        }
    }

    #[test]
    fn clips_are_joined_by_name_whatever_surrounds_it() {
        assert_eq!(clip_key("a/b/section_03_test_0000.wav"), clip_key("section_03_0000"));
        assert_eq!(clip_key("section_00_x_vel_1.5"), "section_00_x_vel_1.5");
        let mut index = NameIndex::default();
        let names = [
            "section_00_source_test_normal_0036_car_D1.wav",
            "a/0.wav",
            "b/0.wav",
            "section_03_0000",
        ];
        for (clip_idx, name) in names.into_iter().enumerate() {
            assert_eq!(index.add(name, clip_idx), None);
        }
        assert_eq!(index.find("section_00_source_test_normal_0036_noAttribute.wav"), Some(0));
        assert_eq!(index.find("b/0.wav"), Some(2));
        assert_eq!(index.find("0.wav"), None, "two clips could be meant");
        assert_eq!(index.find("section_03_test_0000.wav"), Some(3));
        assert_eq!(index.find("section_00_source_test_anomaly_0036.wav"), None);
    }

    #[test]
    fn labels_come_from_the_first_fields_only() {
        assert_eq!(
            labels_in("section_00_target_test_anomaly_0001_m-n_W.wav"),
            Some((true, Some(true)))
        );
        assert_eq!(labels_in("normal_id_01_00000000.wav"), Some((false, None)));
        assert_eq!(labels_in("section_00_0001_x_y_state_anomaly.wav"), None);
    }

    #[test]
    fn sections_in_names_of_clips() {
        for (name, section) in [
            ("section_03_0000.wav", Some("03")),
            ("id_05_00000003.wav", Some("05")),
            ("anomaly_id_06_00000003.wav", Some("06")),
            ("id.wav", None),
            ("clip.wav", None),
        ] {
            assert_eq!(section_in(name).as_deref(), section, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(name in any::<String>(), fields in "(_?(section|id|source|test|normal|[0-9]{0,3}|\\PC{0,4})){0,12}") {
            for name in [&name, &fields] {
                let _ = (clip_key(name), labels_in(name), section_in(name), parse(name, "x"));
                let _ = parse(&format!("anomaly_score_{name}.csv"), "anomaly_score");
                let mut index = NameIndex::default();
                prop_assert_eq!((index.add(name, 0), index.find(name)), (None, Some(0)));
            }
        }
    }
}
