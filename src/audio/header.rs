//! What a recording's header says, and what no recording of a machine can have.

use super::error::Fault;

/// Rates that recordings of machines have. Outside, the header is broken, and resampling would make much of little.
const SAMPLE_RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;
/// Longer recordings do not fit into memory with all that is computed from them.
const MAX_HOURS: u64 = 12;

/// What a recording's header says, checked against the size of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub sample_rate_hz: u32,
    pub n_channels: u16,
    /// Samples a channel that the file really holds.
    pub n_frames: u64,
}

/// The header, if a recording of a machine can have it.
pub(super) fn checked(header: Header) -> Result<Header, Fault> {
    let rate_hz = header.sample_rate_hz;
    if !SAMPLE_RATES_HZ.contains(&rate_hz) {
        return Fault::unreadable(format!(
            "its sample rate is {rate_hz} Hz, outside 1 kHz to 1 MHz; export it again from the recorder"
        ));
    }
    if header.n_frames > max_frames(rate_hz) {
        return Err(too_long());
    }
    Ok(header)
}

/// The longest recording at this rate that is read.
pub(super) fn max_frames(rate_hz: u32) -> u64 {
    MAX_HOURS * 3_600 * u64::from(rate_hz)
}

/// What to say of a longer one.
pub(super) fn too_long() -> Fault {
    Fault::Unreadable(format!("it is longer than {MAX_HOURS} hours; cut it into shorter files"))
}
