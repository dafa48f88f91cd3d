//! Sound that comes in: the inputs of this computer, what is heard, and takes that are recorded.
//!
//! ```text
//! sound card ── callback ──► ring ── audio:listen ──┬─► meter ──► level
//!   (neither locks, logs nor allocates)             ├─► tail: the last half minute at 16 kHz, for picture and scores
//!                                                   ├─► monitor ──► ring ── callback ──► loudspeaker, where it is asked for
//!                                                   └─► audio:write ──► recorder ──► growing WAV files, and a note of them
//! ```
//!
//! *Invariant:* nothing here knows what a machine is; a disk, a loudspeaker or a window that stands still holds up no sound.

#[cfg(feature = "sound-card")]
mod callback;
#[cfg(feature = "sound-card")]
mod card;
#[cfg(not(feature = "sound-card"))]
#[path = "card_absent.rs"]
mod card;
mod devices;
mod disk;
mod follow;
mod growing_wav;
mod input;
mod listener;
mod meter;
mod monitor;
mod note;
mod recorder;
mod tail;

pub use card::input_devices;
pub use devices::DeviceWatch;
pub use growing_wav::mend;
pub use input::{InputDevice, InputWish};
pub use listener::{Heard, Listener};
pub use meter::Level;
pub use monitor::Monitor;
pub use note::LeftTake;
pub use recorder::{Mark, TakePlan, TakeView};
