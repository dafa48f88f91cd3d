//! Drawing of sound: axes with round ticks, colour maps, waveforms and tiled spectrograms.
//!
//! *Invariant:* nothing here knows `State` or `Action`; a plot is given its data, its span and its rectangle.

mod axis;
mod cells;
mod colormap;
mod span;
mod spectrogram;
mod ticks;
mod tile;
mod waveform;

pub use axis::FrequencyAxis;
pub use cells::merged_cells;
pub use colormap::ColorMap;
pub use span::{Scale, Span};
pub use spectrogram::{Picture, TileValues, TiledSpectrogram, columns_of_tile, pool_for, tiles_in_sight};
pub use ticks::{Tick, decibel_ticks, format_hz, format_secs, frequency_ticks, time_ticks};
pub use tile::{Look, RowSource, row_sources, tile_image};
pub use waveform::{loudest, n_columns, paint_outline, paint_waveform, peak_amplitude};
