//! Weights as named tensors, in and out of safetensors files.

use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::TrainingError;
use crate::whole_file;

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Path in the network, e.g. `hidden.0.linear.weight`.
    pub name: String,
    pub shape: Vec<usize>,
    /// In C order.
    pub values: Vec<f32>,
}

/// Writes tensors as a safetensors file; a file of that name is replaced only when the whole is written.
///
/// # Errors
/// [`TrainingError::Io`] where the folder cannot be written to.
pub fn write_weights(path: &Path, tensors: &[NamedTensor]) -> Result<(), TrainingError> {
    let bytes: Vec<_> = tensors.iter().map(|tensor| to_bytes(&tensor.values)).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|(tensor, bytes)| TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (tensor.name.as_str(), view)));
    let file = views
        .collect::<Result<Vec<_>, _>>()
        .and_then(|views| safetensors::serialize(views, None))
        .map_err(|error| weights_error(path, &error))?;
    write_whole(path, &file)
}

/// Reads a safetensors file of 32-bit floats, in the order of the names.
///
/// # Errors
/// [`TrainingError::Io`] and, where the file is no such file, [`TrainingError::Weights`].
pub fn read_weights(path: &Path) -> Result<Vec<NamedTensor>, TrainingError> {
    let file = read_whole(path)?;
    let tensors = SafeTensors::deserialize(&file).map_err(|error| weights_error(path, &error))?;
    tensors
        .iter()
        .map(|(name, view)| from_view(name, &view).map_err(|reason| weights_error(path, &reason)))
        .collect()
}

pub(super) fn weights_error(path: &Path, reason: &dyn std::fmt::Display) -> TrainingError {
    TrainingError::Weights {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The tensor behind a view, or what is wrong with it.
pub(super) fn from_view(name: &str, view: &TensorView<'_>) -> Result<NamedTensor, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("{name} is {:?}, 32-bit floats are expected", view.dtype()));
    }
    Ok(NamedTensor {
        name: name.to_owned(),
        shape: view.shape().to_vec(),
        values: view
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect(),
    })
}

pub(super) fn read_whole(path: &Path) -> Result<Vec<u8>, TrainingError> {
    std::fs::read(path).map_err(|source| TrainingError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Writes beside the file first and renames then, so that a reader meets the old file or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainingError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || {
        std::fs::create_dir_all(folder)?;
        whole_file::write_whole(path, |file| file.write_all(bytes))
    };
    write().map_err(|source| TrainingError::Io {
        path: path.to_owned(),
        source,
    })
}
