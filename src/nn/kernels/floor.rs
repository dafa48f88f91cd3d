//! What no output of a convolution stays below.

/// What is done to each output before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nn) enum Floor {
    None,
    Relu,
}

impl Floor {
    /// As a number.
    pub(super) fn floor(self) -> f32 {
        match self {
            Self::None => f32::NEG_INFINITY,
            Self::Relu => 0.0,
        }
    }
}
