//! Sound that comes in: the inputs of this computer, what is heard, and takes that are recorded.
//!
//! ```text
//! sound card ── callback ──► ring ── audio:listen ──┬─► meter ──► level
//!   (neither locks, logs nor allocates)             ├─► tail: the last half minute at 16 kHz
//!                                                   └─► recorder ──► growing WAV files
//! ```

#[cfg(feature = "sound-card")]
mod card;
#[cfg(not(feature = "sound-card"))]
#[path = "card_absent.rs"]
mod card;
mod growing_wav;
mod input;
mod listener;
mod meter;
mod recorder;
mod tail;

pub use card::input_devices;
pub use input::InputDevice;
pub use listener::{Heard, Listener};
pub use meter::Level;
pub use recorder::{Mark, TakePlan, TakeView};

#[cfg(all(test, feature = "sound-card"))]
mod tests;
