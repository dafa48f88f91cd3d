//! The names of DCASE clips: what a file's stem says by the two grammars, with an id (2020) and with a section (since).

use super::{is_number, words};
use crate::dataset::{Attribute, Domain, Label, Split};

/// What a file's name says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SectionName {
    pub(super) section: String,
    pub(super) domain: Option<Domain>,
    pub(super) split: Option<Split>,
    pub(super) label: Label,
    pub(super) attributes: Vec<Attribute>,
}

/// What a stem as of DCASE 2021 to 2026 says,
/// `section_NN[_source|_target][_train|_test][_normal|_anomaly]_<number>[_<attribute>_<value>]…`; `None` where it does not follow the
/// grammar.
pub(super) fn section_name(stem: &str) -> Option<SectionName> {
    let mut fields = stem.split('_').peekable();
    if fields.next() != Some("section") {
        return None;
    }
    let section = fields.next().filter(|field| is_number(field))?.to_owned();
    let domain = fields.peek().and_then(|field| words::domain(field));
    fields.next_if(|_| domain.is_some());
    let split = fields.peek().and_then(|field| words::split(field));
    fields.next_if(|_| split.is_some());
    let label = fields.peek().and_then(|field| words::label(field));
    fields.next_if(|_| label.is_some());
    fields.next().filter(|field| is_number(field))?;
    Some(SectionName {
        section,
        domain,
        split,
        label: label.unwrap_or(Label::Unknown),
        attributes: attributes(fields),
    })
}

/// Names and values in turn. A last name without a value is kept with an empty one; `noAttribute` says that there is none.
fn attributes<'a>(mut fields: impl Iterator<Item = &'a str>) -> Vec<Attribute> {
    let mut found = Vec::new();
    while let Some(name) = fields.next() {
        if name.is_empty() || name == "noAttribute" {
            continue;
        }
        found.push(Attribute {
            name: name.to_owned(),
            value: fields.next().unwrap_or_default().to_owned(),
        });
    }
    found
}

/// The id and the label of a stem as of DCASE 2020, `[normal_|anomaly_]id_NN_<number>`; `None` where it does not follow the grammar.
pub(super) fn machine_id(stem: &str) -> Option<(&str, Label)> {
    let fields: Vec<&str> = stem.split('_').collect();
    let (label, rest) = match fields.as_slice() {
        ["id", rest @ ..] => (Label::Unknown, rest),
        [word, "id", rest @ ..] => (words::label(word)?, rest),
        _ => return None,
    };
    match rest {
        [id, number] if is_number(id) && is_number(number) => Some((id, label)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{machine_id, section_name};
    use crate::dataset::{Attribute, Domain, Label, Split};

    fn attribute(name: &str, value: &str) -> Attribute {
        Attribute {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_full_name_says_everything() {
        let name = section_name("section_02_target_train_normal_0007_m-n_W_spd_2.5V").expect("follows the grammar");
        assert_eq!(
            (name.section.as_str(), name.domain, name.split),
            ("02", Some(Domain::Target), Some(Split::Train))
        );
        assert_eq!(name.label, Label::Normal);
        assert_eq!(name.attributes, [attribute("m-n", "W"), attribute("spd", "2.5V")]);
    }

    #[test]
    fn short_names_of_the_evaluation_sets_say_less() {
        let two_fields = section_name("section_03_0000").expect("2022 and later");
        assert_eq!(
            (two_fields.domain, two_fields.split, two_fields.label),
            (None, None, Label::Unknown)
        );
        let readme = section_name("section_03_test_0000").expect("the spelling of the README");
        assert_eq!((readme.split, readme.label), (Some(Split::Test), Label::Unknown));
        let of_2021 = section_name("section_03_source_test_0000").expect("2021");
        assert_eq!((of_2021.domain, of_2021.label), (Some(Domain::Source), Label::Unknown));
    }

    #[test]
    fn tails_without_a_value_or_without_attributes() {
        assert_eq!(
            section_name("section_00_source_train_normal_0000_noAttribute")
                .expect("2024")
                .attributes,
            []
        );
        let odd = section_name("section_00_source_train_normal_0000_strength_1_ambient").expect("2021");
        assert_eq!(odd.attributes, [attribute("strength", "1"), attribute("ambient", "")]);
    }

    #[test]
    fn other_names_are_refused() {
        for stem in [
            "",
            "section",
            "section_",
            "section_x_0000",
            "section_00",
            "section_00_normal",
            "normal_id_00_00000000",
        ] {
            assert_eq!(section_name(stem), None, "{stem}");
        }
    }

    #[test]
    fn names_with_an_id_with_and_without_a_label() {
        assert_eq!(machine_id("normal_id_01_00000000"), Some(("01", Label::Normal)));
        assert_eq!(machine_id("anomaly_id_06_00000012"), Some(("06", Label::Anomalous)));
        assert_eq!(machine_id("id_05_00000003"), Some(("05", Label::Unknown)));
        for stem in [
            "",
            "id",
            "id_05",
            "id_x_0",
            "normal_id_01",
            "crow_id_01_0",
            "normal_id_01_0_1",
            "section_00_0000",
        ] {
            assert_eq!(machine_id(stem), None, "{stem}");
        }
    }

    proptest! {
        #[test]
        fn no_name_with_an_id_panics(name in any::<String>()) {
            let _ = (machine_id(&name), machine_id(&format!("normal_id_{name}")));
        }

        #[test]
        fn no_name_panics(tail in any::<String>(), fields in "(_?(section|source|train|normal|[0-9]{0,3}|\\PC{0,4})){0,12}") {
            let _ = (section_name(&tail), section_name(&format!("section_{tail}")), section_name(&fields));
        }

        #[test]
        fn every_pair_of_the_tail_is_found(pairs in proptest::collection::vec(("[a-z-]{1,6}", "[A-Za-z0-9.-]{1,6}"), 0..5)) {
            let tail: String = pairs.iter().map(|(name, value)| format!("_{name}_{value}")).collect();
            let name = section_name(&format!("section_00_source_test_anomaly_0001{tail}")).expect("follows the grammar");
            prop_assert!(name.attributes.iter().map(|a| (&a.name, &a.value)).eq(pairs.iter().map(|(n, v)| (n, v))));
        }
    }
}
