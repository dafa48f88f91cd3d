//! One sample of a WAV file from its bytes: whole numbers of any width, floats, mu-law and A-law.

use super::wav_layout::{Encoding, WavLayout};

/// The function that turns the bytes of one sample into a number, full scale = 1; `None` for block codes such as ADPCM.
pub(super) fn sample_decoder(layout: &WavLayout) -> Option<fn(&[u8]) -> f32> {
    Some(match (layout.encoding, layout.big_endian, layout.sample_bytes) {
        (Encoding::Pcm, _, 1) => unsigned_byte,
        (Encoding::Pcm, false, 4) if layout.lower_bytes => twenty_four_bits,
        (Encoding::Pcm, false, _) => whole_number_le,
        (Encoding::Pcm, true, _) => whole_number_be,
        (Encoding::Float, false, 4) => single_float,
        (Encoding::Float, true, 4) => |bytes| first(bytes).map_or(0.0, f32::from_be_bytes),
        (Encoding::Float, false, _) => |bytes| first(bytes).map_or(0.0, f64::from_le_bytes) as f32,
        (Encoding::Float, true, _) => |bytes| first(bytes).map_or(0.0, f64::from_be_bytes) as f32,
        (Encoding::MuLaw, ..) => |bytes| bytes.first().map_or(0.0, |byte| mu_law(*byte)),
        (Encoding::ALaw, ..) => |bytes| bytes.first().map_or(0.0, |byte| a_law(*byte)),
        (Encoding::MsAdpcm | Encoding::ImaAdpcm, ..) => return None,
    })
}

fn first<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

/// Whole numbers of 16 bits, little endian.
pub(super) fn sixteen_bits(bytes: &[u8]) -> f32 {
    first(bytes).map_or(0.0, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0)
}

/// Whole numbers of 24 bits, little endian.
pub(super) fn twenty_four_bits(bytes: &[u8]) -> f32 {
    let word = |[low, middle, high]: [u8; 3]| i32::from_le_bytes([0, low, middle, high]);
    first(bytes).map_or(0.0, |bytes| word(bytes) as f32 / 2_147_483_648.0)
}

/// IEEE 754 of 32 bits, little endian.
pub(super) fn single_float(bytes: &[u8]) -> f32 {
    first(bytes).map_or(0.0, f32::from_le_bytes)
}

/// Up to 8 bits are unsigned, 128 is silence.
fn unsigned_byte(bytes: &[u8]) -> f32 {
    bytes.first().map_or(0.0, |byte| (f32::from(*byte) - 128.0) / 128.0)
}

fn whole_number_le(bytes: &[u8]) -> f32 {
    left_justified(bytes.iter().rev())
}

fn whole_number_be(bytes: &[u8]) -> f32 {
    left_justified(bytes.iter())
}

/// Bytes from the most to the least significant as a signed fraction; missing low bytes are 0.
fn left_justified<'a>(bytes: impl Iterator<Item = &'a u8>) -> f32 {
    let word = bytes
        .zip((0..8).rev())
        .fold(0u64, |word, (byte, place)| word | u64::from(*byte) << (8 * place));
    (word.cast_signed() as f64 / 2f64.powi(63)) as f32
}

/// ITU-T G.711 mu-law to linear, 14 bits of magnitude on a scale of 2^15 as in the reference code of G.191.
pub(super) fn mu_law(byte: u8) -> f32 {
    let code = !byte;
    let (exponent, mantissa) = (code >> 4 & 7, i32::from(code & 15));
    let magnitude = (((mantissa << 3) + 132) << exponent) - 132;
    signed(magnitude, code & 0x80 != 0)
}

/// ITU-T G.711 A-law to linear, 13 bits of magnitude on a scale of 2^15 as in the reference code of G.191.
pub(super) fn a_law(byte: u8) -> f32 {
    let code = byte ^ 0x55;
    let (exponent, mantissa) = (code >> 4 & 7, i32::from(code & 15));
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 264) << (exponent - 1),
    };
    signed(magnitude, code & 0x80 == 0)
}

fn signed(magnitude: i32, negative: bool) -> f32 {
    (if negative { -magnitude } else { magnitude }) as f32 / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::{a_law, left_justified, mu_law, sixteen_bits, twenty_four_bits, unsigned_byte, whole_number_be, whole_number_le};

    #[test]
    fn g711_gives_the_values_of_the_recommendation() {
        // ITU-T G.711 tables 1a and 2a: decision of full scale, the smallest steps, silence.
        let scale = 32_768.0;
        assert_eq!(
            [0x80, 0x00, 0xff, 0x7f, 0xfe].map(|b| mu_law(b) * scale),
            [32_124.0, -32_124.0, 0.0, 0.0, 8.0]
        );
        assert_eq!(
            [0xaa, 0x2a, 0xd5, 0x55, 0x80].map(|b| a_law(b) * scale),
            [32_256.0, -32_256.0, 8.0, -8.0, 5_504.0]
        );
    }

    #[test]
    fn g711_is_strictly_ordered_on_each_side() {
        let mut mu: Vec<f32> = (0x80..=0xfe).map(mu_law).collect();
        mu.reverse();
        assert!(mu.is_sorted_by(|a, b| a < b));
        let mut a: Vec<f32> = (0..=127u8).map(|code| a_law((code | 0x80) ^ 0x55)).collect();
        a.dedup();
        assert_eq!(a.len(), 128);
        assert!(a.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn the_quick_ways_give_what_the_slow_one_gives() {
        for word in (0..1 << 24).step_by(997).chain([0x7f_ffff, 0x80_0000, 0xff_ffff]) {
            let bytes = u32::to_le_bytes(word);
            assert_eq!(twenty_four_bits(&bytes[..3]), whole_number_le(&bytes[..3]));
            assert_eq!(sixteen_bits(&bytes[..2]), whole_number_le(&bytes[..2]));
        }
    }

    #[test]
    fn whole_numbers_of_any_width_reach_full_scale_and_zero() {
        for width in 2..=8usize {
            let mut least = vec![0u8; width];
            least[width - 1] = 0x80;
            assert_eq!(whole_number_le(&least), -1.0);
            assert_eq!(whole_number_le(&vec![0; width]), 0.0);
            let mut half = vec![0u8; width];
            half[0] = 0x40;
            assert_eq!(whole_number_be(&half), 0.5);
            assert!((left_justified([0x7f].iter().chain(vec![0xffu8; width - 1].iter())) - 1.0).abs() < 1e-4);
        }
        assert_eq!([0, 128, 192].map(|b| unsigned_byte(&[b])), [-1.0, 0.0, 0.5]);
    }
}
