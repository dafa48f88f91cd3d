//! ADPCM in WAV, 4 bits a sample in blocks: Microsoft's and IMA's, as in Microsoft's *Multimedia Standards Update* (1994).
//!
//! Symphonia's decoder overflows on hostile blocks; this one cannot, and the tests hold it against symphonia's on sane ones.

/// Scale of the Microsoft step by the code, in 256ths.
const MS_ADAPTATION: [i64; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
/// The seven standard Microsoft predictors, in 256ths.
const MS_PREDICTORS: [(i64, i64); 7] = [(256, 0), (512, -256), (0, 0), (192, 64), (240, 0), (460, -208), (392, -232)];
/// Change of the IMA step's index by the size of the code.
const IMA_INDEX: [i8; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];
#[rustfmt::skip]
const IMA_STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130,
    143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1_060, 1_166, 1_282,
    1_411, 1_552, 1_707, 1_878, 2_066, 2_272, 2_499, 2_749, 3_024, 3_327, 3_660, 4_026, 4_428, 4_871, 5_358, 5_894, 6_484, 7_132,
    7_845, 8_630, 9_493, 10_442, 11_487, 12_635, 13_899, 15_289, 16_818, 18_500, 20_350, 22_385, 24_623, 27_086, 29_794, 32_767,
];

/// Frames in an IMA block of so many bytes.
pub(super) fn ima_frames(block_bytes: usize, n_channels: usize) -> usize {
    (block_bytes / n_channels).saturating_sub(4) / 4 * 8 + 1
}

/// Frames in a Microsoft block of so many bytes.
pub(super) fn ms_frames(block_bytes: usize, n_channels: usize) -> usize {
    block_bytes.saturating_sub(7 * n_channels) * 2 / n_channels + 2
}

/// Decodes one IMA block into `frames`, `[n_frames, n_channels]`, 16-bit numbers. A block that is too short leaves zeros.
pub(super) fn decode_ima(block: &[u8], n_channels: usize, frames: &mut Vec<i16>) {
    let n_frames = ima_frames(block.len(), n_channels);
    frames.clear();
    frames.resize(n_frames * n_channels, 0);
    let Some((heads, codes)) = block.split_at_checked(4 * n_channels) else {
        return;
    };
    for (channel, head) in heads.chunks_exact(4).enumerate() {
        let mut value = i16::from_le_bytes([head[0], head[1]]);
        let mut index = head[2].min(88);
        frames[channel] = value;
        // Eight samples of one channel, in four bytes, then eight of the next.
        let own = codes.chunks_exact(4).skip(channel).step_by(n_channels).flatten();
        let halves = own.flat_map(|byte| [byte & 15, byte >> 4]);
        for (code, place) in halves.zip(frames.iter_mut().skip(n_channels + channel).step_by(n_channels)) {
            let step = IMA_STEPS[usize::from(index)];
            let parts = [(4, step), (2, step >> 1), (1, step >> 2)];
            let size = parts.iter().fold(
                step >> 3,
                |size, (bit, part)| if code & bit == 0 { size } else { size + part },
            );
            value = saturated(i64::from(value) + i64::from(if code & 8 == 0 { size } else { -size }));
            index = index.saturating_add_signed(IMA_INDEX[usize::from(code & 7)]).min(88);
            *place = value;
        }
    }
}

struct MsChannel {
    predictor: (i64, i64),
    step: i64,
    last: i16,
    before: i16,
}

impl MsChannel {
    fn next(&mut self, code: u8) -> i16 {
        let predicted = (i64::from(self.last) * self.predictor.0 + i64::from(self.before) * self.predictor.1) / 256;
        let signed_code = i64::from(code) - if code < 8 { 0 } else { 16 };
        self.before = self.last;
        self.last = saturated(predicted + signed_code * self.step);
        self.step = (MS_ADAPTATION[usize::from(code)] * self.step / 256).clamp(16, i64::from(i32::MAX));
        self.last
    }
}

/// Decodes one Microsoft block of one or two channels into `frames`, `[n_frames, n_channels]`, 16-bit numbers. A block that is
/// too short or names a predictor that does not exist leaves zeros.
pub(super) fn decode_ms(block: &[u8], n_channels: usize, frames: &mut Vec<i16>) {
    let n_frames = ms_frames(block.len(), n_channels);
    frames.clear();
    frames.resize(n_frames * n_channels, 0);
    let Some((head, codes)) = block.split_at_checked(7 * n_channels) else {
        return;
    };
    let word = |row: usize, channel: usize| {
        let at = n_channels + 2 * (row * n_channels + channel);
        i16::from_le_bytes([head[at], head[at + 1]])
    };
    let mut channels: Vec<MsChannel> = (0..n_channels)
        .filter_map(|channel| {
            let predictor = *MS_PREDICTORS.get(usize::from(head[channel]))?;
            Some(MsChannel {
                predictor,
                step: word(0, channel).into(),
                last: word(1, channel),
                before: word(2, channel),
            })
        })
        .collect();
    if channels.len() < n_channels {
        return;
    }
    for (channel, state) in channels.iter().enumerate() {
        (frames[channel], frames[n_channels + channel]) = (state.before, state.last);
    }
    let halves = codes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (i, (code, place)) in halves.zip(frames.iter_mut().skip(2 * n_channels)).enumerate() {
        *place = channels[i % n_channels].next(code);
    }
}

fn saturated(value: i64) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[cfg(test)]
mod tests {
    use symphonia::core::audio::{Channels, Position};
    use symphonia::core::codecs::audio::well_known::{CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS};
    use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
    use symphonia::core::packet::Packet;
    use symphonia::core::units::{Duration, Timestamp};

    use super::{decode_ima, decode_ms, ima_frames, ms_frames};

    fn by_symphonia(block: &[u8], is_ima: bool, n_channels: usize, n_frames: usize) -> Vec<i16> {
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(if is_ima { CODEC_ID_ADPCM_IMA_WAV } else { CODEC_ID_ADPCM_MS })
            .with_sample_rate(8_000);
        params.with_channels(Channels::Positioned(Position::from_count(n_channels as u32).expect("few")));
        params
            .with_max_frames_per_packet(n_frames as u64)
            .with_frames_per_block(n_frames as u64);
        let codecs = symphonia::default::get_codecs();
        let mut decoder = codecs
            .make_audio_decoder(&params, &AudioDecoderOptions::default())
            .expect("a decoder");
        let packet = Packet::new(0, Timestamp::new(0), Duration::new(n_frames as u64), block);
        let mut samples: Vec<i16> = Vec::new();
        decoder
            .decode(&packet)
            .expect("decoded")
            .copy_to_vec_interleaved(&mut samples);
        samples
    }

    /// Codes that wander but never drive the Microsoft step to where symphonia overflows.
    fn codes(n: usize) -> impl Iterator<Item = u8> {
        (0..n).map(|i| ((i * 7 + i * i / 5) % 7) as u8 | (((i * 3 + i / 4) % 5 + 11) as u8) << 4)
    }

    #[test]
    fn sane_blocks_decode_as_symphonia_decodes_them() {
        let mut frames = Vec::new();
        for n_channels in [1, 2] {
            let mut block: Vec<u8> = [[0x10, 0x20, 30, 0], [0x00, 0xf0, 12, 0]][..n_channels].concat();
            block.extend(codes(64 * n_channels));
            let n_frames = ima_frames(block.len(), n_channels);
            decode_ima(&block, n_channels, &mut frames);
            assert_eq!(n_frames, 129);
            // Symphonia rounds each step once, the standard its three parts: a few of 32,768 after a block.
            let symphonia = by_symphonia(&block, true, n_channels, n_frames);
            let apart = frames.iter().zip(&symphonia).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(
                symphonia.len() == frames.len() && apart <= Some(8),
                "IMA, {n_channels} channels: {apart:?}"
            );

            for predictor in 0..7u8 {
                let mut block = vec![predictor; n_channels];
                for word in [20i16, -900, 700] {
                    block.extend((0..n_channels).flat_map(|channel| (word + 40 * channel as i16).to_le_bytes()));
                }
                block.extend(codes(60 * n_channels).map(|code| code & 0x33));
                let n_frames = ms_frames(block.len(), n_channels);
                decode_ms(&block, n_channels, &mut frames);
                assert_eq!(n_frames, 122);
                assert_eq!(
                    frames,
                    by_symphonia(&block, false, n_channels, n_frames),
                    "predictor {predictor}, {n_channels} channels"
                );
            }
        }
    }

    #[test]
    fn hostile_blocks_give_numbers_and_no_panic() {
        let mut frames = Vec::new();
        for byte in [0x00, 0x06, 0x77, 0x7f, 0x80, 0x88, 0xff] {
            for n_bytes in [0, 1, 4, 7, 8, 14, 15, 400] {
                for n_channels in [1, 2] {
                    let mut block = vec![byte; n_bytes];
                    decode_ima(&block, n_channels, &mut frames);
                    assert_eq!(frames.len(), ima_frames(n_bytes, n_channels) * n_channels);
                    block.iter_mut().take(n_channels).for_each(|predictor| *predictor = 1);
                    decode_ms(&block, n_channels, &mut frames);
                    assert_eq!(frames.len(), ms_frames(n_bytes, n_channels) * n_channels);
                }
            }
        }
    }
}
