//! Synthetic machines: recordings of made-up fans, pumps and gearboxes for the tour, the tests and the benches.

use std::path::Path;

use super::DatasetError;
use crate::progress::Progress;

/// The folder structure that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntheticLayout {
    Dcase2022,
    Dcase2023,
    Mimii,
}

/// What is made. The same configuration gives the same bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticConfig {
    pub layout: SyntheticLayout,
    /// Names out of [`SyntheticConfig::MACHINES`].
    pub machines: Vec<String>,
    /// Clips a machine section, training and test together.
    pub n_clips: usize,
    pub clip_secs: f32,
    pub seed: u64,
}

impl SyntheticConfig {
    /// The machines that can be made.
    pub const MACHINES: [&'static str; 8] = ["fan", "pump", "slider", "valve", "gearbox", "bearing", "ToyCar", "ToyTrain"];
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            layout: SyntheticLayout::Dcase2023,
            machines: ["fan", "pump", "slider"].map(String::from).to_vec(),
            n_clips: 120,
            clip_secs: 10.0,
            seed: 7,
        }
    }
}

/// Writes the recordings below `dir`, which is made where it is missing.
pub fn write_synthetic(_dir: &Path, _config: &SyntheticConfig, _progress: &mut dyn Progress) -> Result<(), DatasetError> {
    unimplemented!()
}
