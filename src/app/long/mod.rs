//! Recordings too long to be held: drawn piece by piece from the file, in a memory that does not grow with them.
//!
//! What is kept of a recording of any length, in its working rate of 16 kHz:
//!
//! | what | at most |
//! |---|---|
//! | outline: lowest and highest sample of each cell | 22 MiB |
//! | spectrogram from a coarse zoom on, see [`crate::dsp::LevelPyramid`] | 32 MiB |
//! | finer pieces that were looked at last | 48 MiB |
//! | pieces that are being drawn, one a core | 10 to 25 MiB each |
//! | textures of the window | 96 MiB |

mod cache;
mod drawing;
mod steps;
mod view;

pub(super) use self::drawing::columns_of;
pub use self::drawing::{DrawnPiece, LongPiece};
pub use self::view::LongView;
