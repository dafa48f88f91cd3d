//! What clips are filtered by, beside the scope: words, values of their properties, a range of scores.

use std::collections::{BTreeMap, BTreeSet};

/// A property of clips that has a few values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    Machine,
    Section,
    Domain,
    Split,
    Label,
    /// The decision held against the label.
    Mark,
    /// The working condition of this name.
    Attribute(String),
}

impl Facet {
    /// The name of the property, as a person reads it.
    pub fn title(&self) -> &str {
        match self {
            Self::Machine => "machine",
            Self::Section => "section",
            Self::Domain => "domain",
            Self::Split => "split",
            Self::Label => "label",
            Self::Mark => "mark",
            Self::Attribute(name) => name,
        }
    }
}

/// Which clips are shown. All that is asked for must hold; of the values of one property any will do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClipFilter {
    /// Words that the path or an attribute must hold, in any order and case.
    pub text: String,
    /// Never an empty set.
    pub values: BTreeMap<Facet, BTreeSet<String>>,
    /// Percentiles from … to, both included: clips without a score are left out.
    pub percentiles: Option<[f64; 2]>,
}

impl ClipFilter {
    /// Whether this lets every clip through.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.values.is_empty() && self.percentiles.is_none()
    }

    /// The values asked for; `None`: all.
    pub fn chosen(&self, facet: &Facet) -> Option<&BTreeSet<String>> {
        self.values.get(facet)
    }

    pub fn is_chosen(&self, facet: &Facet, value: &str) -> bool {
        self.chosen(facet).is_some_and(|values| values.contains(value))
    }

    /// Asks for a value too, or no longer.
    pub fn toggle(&mut self, facet: &Facet, value: &str) {
        let mut values = self.values.remove(facet).unwrap_or_default();
        if !values.remove(value) {
            values.insert(value.to_owned());
        }
        if !values.is_empty() {
            self.values.insert(facet.clone(), values);
        }
    }
}

/// Of which clips the list speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListView {
    /// Those in the scope.
    #[default]
    All,
    /// Those of them that the filter lets through.
    Filtered,
    /// Those in the scope that are selected.
    Selected,
}

impl ListView {
    pub const ALL: [Self; 3] = [Self::All, Self::Filtered, Self::Selected];

    pub fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Filtered => "Filtered",
            Self::Selected => "Selected",
        }
    }
}

/// How many clips each view of the list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListCounts {
    pub all: usize,
    pub filtered: usize,
    pub selected: usize,
}

impl ListCounts {
    pub fn of(self, view: ListView) -> usize {
        match view {
            ListView::All => self.all,
            ListView::Filtered => self.filtered,
            ListView::Selected => self.selected,
        }
    }
}

/// The values of a property, and how many clips each would show: those in the scope that all other parts of the filter let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    pub facet: Facet,
    /// In order.
    pub values: Vec<(String, usize)>,
}
