//! WAV files that are written byte by byte: a test of reading does not trust the writer that it comes with.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

/// Samples as integers.
pub const PCM: u16 = 1;
/// Samples as floats.
pub const FLOAT: u16 = 3;

/// All that stands before `n_bytes` of samples.
pub fn wav_head(format: u16, n_bits: u16, sample_rate_hz: u32, n_channels: u16, n_bytes: u32) -> Vec<u8> {
    let frame = n_channels * (n_bits / 8);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + n_bytes).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(format.to_le_bytes());
    bytes.extend(n_channels.to_le_bytes());
    bytes.extend(sample_rate_hz.to_le_bytes());
    bytes.extend((sample_rate_hz * u32::from(frame)).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend(n_bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(n_bytes.to_le_bytes());
    bytes
}
