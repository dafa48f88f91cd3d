//! The columns of the table: what they are called and how they order designs.

use std::cmp::Ordering;

use crate::app::{DesignQuantity, state_title};
use crate::exploration::Accuracy;
use crate::pipeline::TrialReport;

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Number,
    State,
    Quantity(DesignQuantity),
    Design,
}

impl Column {
    pub(super) const ALL: [Self; 11] = [
        Self::Number,
        Self::State,
        Self::Quantity(DesignQuantity::NetScore),
        Self::Quantity(DesignQuantity::Auc),
        Self::Quantity(DesignQuantity::Pauc),
        Self::Quantity(DesignQuantity::Parameters),
        Self::Quantity(DesignQuantity::Kilobytes),
        Self::Quantity(DesignQuantity::Mflops),
        Self::Quantity(DesignQuantity::Ram),
        Self::Quantity(DesignQuantity::Latency),
        Self::Design,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Number => "#",
            Self::State => "state",
            Self::Quantity(DesignQuantity::Parameters) => "params",
            Self::Quantity(DesignQuantity::Kilobytes) => "KB",
            Self::Quantity(DesignQuantity::Ram) => "RAM KB",
            Self::Quantity(DesignQuantity::Latency) => "ms",
            Self::Quantity(DesignQuantity::NetScore) => "NetScore",
            Self::Quantity(other) => other.title(),
            Self::Design => "design",
        }
    }

    /// Said aloud.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Quantity(quantity) => quantity.title(),
            other => other.title(),
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Number => "In the order in which they were bred",
            Self::State => "Cut: others of its generation were more promising; failed: not to be trained, or too slow",
            Self::Quantity(quantity) => quantity.definition(),
            Self::Design => {
                "std: 3x3 over all channels; dw: 3x3 of each channel, then 1x1; pw: 1x1; with its channels and, after a slash, its stride \
                 over frames and bands; code: dense latent"
            }
        }
    }

    pub(super) fn width(self) -> f32 {
        match self {
            Self::Number => 42.0,
            Self::State => 58.0,
            Self::Quantity(DesignQuantity::NetScore) => 62.0,
            Self::Quantity(DesignQuantity::Parameters) => 56.0,
            Self::Quantity(DesignQuantity::Auc | DesignQuantity::Pauc) => 44.0,
            Self::Quantity(_) => 50.0,
            Self::Design => 150.0,
        }
    }

    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::State | Self::Design)
    }

    /// Whether small values are what a person looks for first.
    pub(super) fn starts_ascending(self) -> bool {
        match self {
            Self::Quantity(quantity) => quantity.is_cost(),
            Self::Number | Self::State | Self::Design => true,
        }
    }

    pub(super) fn order(self, a: &TrialReport, b: &TrialReport, accuracy: Accuracy, is_ascending: bool) -> Ordering {
        let turned = |order: Ordering| if is_ascending { order } else { order.reverse() };
        match self {
            Self::Number => turned(a.number.cmp(&b.number)),
            Self::State => turned(state_title(a.state).cmp(state_title(b.state))),
            Self::Quantity(quantity) => known_first(quantity.of(a, accuracy), quantity.of(b, accuracy), is_ascending),
            Self::Design => turned(a.genome.to_string().cmp(&b.genome.to_string())),
        }
    }
}

/// Known values in the wished order, unknown ones last in any case.
fn known_first(a: Option<f64>, b: Option<f64>, is_ascending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if is_ascending => a.total_cmp(&b),
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
