//! A neighbour.

/// A clip of the bank as a query sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    pub(super) clip: usize,
    pub(super) distance: f64,
}
