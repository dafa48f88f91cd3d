//! Where a network computes.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::TrainingError;

/// Where a network computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// burn-flex: the processor, all cores.
    #[default]
    Cpu,
    /// burn-ndarray: the processor by independent kernels, to check `Cpu` against.
    Ndarray,
    /// The graphics card; present where the program was built with the `gpu` feature.
    Gpu,
}

impl DeviceChoice {
    /// The devices that this build knows.
    pub fn available() -> &'static [Self] {
        if cfg!(feature = "gpu") {
            &[Self::Cpu, Self::Ndarray, Self::Gpu]
        } else {
            &[Self::Cpu, Self::Ndarray]
        }
    }

    /// The device of this name, whether this build has it or not.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cpu, Self::Ndarray, Self::Gpu]
            .into_iter()
            .find(|device| device.name() == name)
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Gpu => "gpu",
        }
    }

    /// The burn device, without autodiff.
    pub(super) fn open(self) -> Result<Device, TrainingError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[expect(deprecated, reason = "kept as an independent check of the kernels of burn-flex")]
            Self::Ndarray => Ok(Device::ndarray()),
            Self::Gpu => open_gpu(),
        }
    }
}

#[cfg(not(feature = "gpu"))]
fn open_gpu() -> Result<Device, TrainingError> {
    Err(TrainingError::NoDevice {
        device: DeviceChoice::Gpu.name(),
    })
}

/// The card of this process: burn opens it once, and says so with an error where there is none; its first operation would panic.
#[cfg(feature = "gpu")]
static CARD: std::sync::Mutex<Option<Device>> = std::sync::Mutex::new(None);

#[cfg(feature = "gpu")]
fn open_gpu() -> Result<Device, TrainingError> {
    let mut card = CARD.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(device) = &*card {
        return Ok(device.clone());
    }
    let device = Device::wgpu_options().init().map_err(|error| {
        TrainingError::device(format!(
            "no graphics card with Vulkan, Metal or DirectX can be used ({error})"
        ))
    })?;
    Ok(card.insert(device).clone())
}
