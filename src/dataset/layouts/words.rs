//! The words that people name folders and columns with, and what they say of a clip.

use crate::dataset::{Domain, Label, Split};

/// Compares letters and digits only, so that `Not OK`, `not_ok` and `NotOK` are one word.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

pub(super) fn label(word: &str) -> Option<Label> {
    match plain(word).as_str() {
        "normal" | "normals" | "ok" | "okay" | "good" | "healthy" | "intact" | "nominal" | "pass" => Some(Label::Normal),
        "abnormal" | "anomaly" | "anomalies" | "anomalous" | "bad" | "broken" | "damaged" | "defect" | "defective" | "fail"
        | "failed" | "fault" | "faults" | "faulty" | "ko" | "ng" | "nok" | "notok" | "unhealthy" | "worn" => {
            Some(Label::Anomalous)
        }
        "unknown" | "unlabeled" | "unlabelled" => Some(Label::Unknown),
        _ => None,
    }
}

pub(super) fn split(word: &str) -> Option<Split> {
    match plain(word).as_str() {
        "train" | "training" => Some(Split::Train),
        "test" | "testing" | "eval" | "evaluation" => Some(Split::Test),
        _ => None,
    }
}

pub(super) fn domain(word: &str) -> Option<Domain> {
    match plain(word).as_str() {
        "source" => Some(Domain::Source),
        "target" => Some(Domain::Target),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{domain, label, split};
    use crate::dataset::{Label, Split};

    #[test]
    fn spelling_does_not_matter_and_not_ok_is_not_ok() {
        assert_eq!(label("Not OK"), Some(Label::Anomalous));
        assert_eq!(label("OK"), Some(Label::Normal));
        assert_eq!(label("ABNORMAL"), Some(Label::Anomalous));
        assert_eq!(label("okapi"), None);
        assert_eq!(split("Training"), Some(Split::Train));
        assert_eq!(split("trainset"), None);
    }

    proptest! {
        #[test]
        fn any_word_is_taken_without_a_panic(word in any::<String>()) {
            let _ = (label(&word), split(&word), domain(&word));
        }
    }
}
