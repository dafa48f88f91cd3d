//! Drawing of sound: axes with round ticks, colour maps, waveforms and tiled spectrograms.
//!
//! *Invariant:* nothing here knows `State` or `Action`; a plot is given its data, its span and its rectangle.

mod axis;
mod colormap;
mod span;
mod spectrogram;
mod ticks;
mod tile;
mod waveform;

pub use axis::FrequencyAxis;
pub use colormap::ColorMap;
pub use span::{Scale, Span};
pub use spectrogram::{Picture, TiledSpectrogram};
pub use ticks::{Tick, decibel_ticks, format_hz, format_secs, frequency_ticks, time_ticks};
pub use tile::{Look, RowSource, row_sources, tile_image};
pub use waveform::{paint_waveform, peak_amplitude};
