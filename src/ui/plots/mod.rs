//! Drawing of sound: axes with round ticks, colour maps, waveforms and tiled spectrograms.
//!
//! *Invariant:* nothing here knows `State` or `Action`; a plot is given its data, its span and its rectangle.

mod caption;
mod cells;
mod coloring;
mod span;
mod spectrogram;
mod ticks;
mod tile;
mod waveform;

pub use crate::dsp::FrequencyAxis;
pub use crate::figures::ColorMap;
pub use caption::paint_caption;
pub use cells::merged_cells;
pub use coloring::Coloring;
pub use span::{Scale, Span};
pub use spectrogram::{Picture, TileValues, TiledSpectrogram, columns_of_tile, pool_for, tiles_in_sight};
pub use ticks::{Tick, decibel_ticks, format_hz, format_secs, frequency_ticks, time_ticks};
pub use tile::{Look, RowSource, TileLevels, row_sources, tile_image, tile_levels};
pub use waveform::{loudest, n_columns, paint_outline, paint_waveform, peak_amplitude};
