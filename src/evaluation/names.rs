//! The names of DCASE score, decision and truth files, 2020 to today, and what labelled clip names say.

/// What a file is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSubject {
    pub(super) machine: String,
    pub(super) section: String,
    /// 2021 has one file a domain.
    pub(super) is_target: Option<bool>,
}

/// Reads `<prefix>_<machine>_section_<NN>[_source|_target][_test][…].csv`, or `_id_<NN>` as in 2020.
///
/// The NTT baseline writes `DCASE2023T2<machine>` and appends seeds and tags, which are passed over.
pub(super) fn parse(file_name: &str, prefix: &str) -> Option<FileSubject> {
    let rest = file_name.strip_suffix(".csv")?.strip_prefix(prefix)?.strip_prefix('_')?;
    let (machine, rest) = rest.split_once("_section_").or_else(|| rest.split_once("_id_"))?;
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
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ["wav", "flac"].iter().any(|known| ending.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    };
    stem.replacen("_test", "", 1)
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

#[cfg(test)]
mod tests {
    use super::{clip_key, labels_in, parse};

    #[test]
    fn every_year_s_names_are_read() {
        let cases = [
            ("anomaly_score_fan_section_03_test.csv", "fan", "03", None),
            ("anomaly_score_fan_section_03.csv", "fan", "03", None),
            ("anomaly_score_ToyCar_section_03_source_test.csv", "ToyCar", "03", Some(false)),
            ("anomaly_score_ToyCar_section_03_target.csv", "ToyCar", "03", Some(true)),
            ("anomaly_score_pump_id_04.csv", "pump", "04", None),
            (
                "anomaly_score_DCASE2023T2bearing_section_00_test_seed13711_id(0_)_Eval.csv",
                "bearing",
                "00",
                None,
            ),
        ];
        for (name, machine, section, is_target) in cases {
            let subject = parse(name, "anomaly_score").expect(name);
            assert_eq!(
                (subject.machine.as_str(), subject.section.as_str(), subject.is_target),
                (machine, section, is_target)
            );
        }
        assert_eq!(parse("anomaly_score_fan.csv", "anomaly_score"), None);
        assert_eq!(parse("result.csv", "anomaly_score"), None);
    }

    #[test]
    fn clips_are_joined_by_name_whatever_surrounds_it() {
        assert_eq!(clip_key("a/b/section_03_test_0000.wav"), clip_key("section_03_0000"));
        assert_eq!(clip_key("section_00_x_vel_1.5"), "section_00_x_vel_1.5");
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
}
