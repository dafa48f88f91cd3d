//! The samples of a WAV file, piece by piece, into a clip.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::adpcm::{decode_ima, decode_ms};
use super::clip_builder::ClipBuilder;
use super::error::Fault;
use super::wav_layout::{Encoding, WavLayout};
use super::wav_samples::{sample_decoder, single_float, sixteen_bits, twenty_four_bits};

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1_024;

/// Decodes all frames of the file into `builder`.
pub(super) fn decode(mut file: File, layout: &WavLayout, builder: &mut ClipBuilder) -> Result<(), Fault> {
    if layout.header.n_frames == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(layout.data_start))?;
    // What nearly all recordings are have loops of their own: a call a sample would take most of the time.
    match (layout.encoding, layout.big_endian, layout.sample_bytes) {
        (Encoding::Pcm, false, 2) => decode_samples(&mut file, layout, sixteen_bits, builder),
        (Encoding::Pcm, false, 3) => decode_samples(&mut file, layout, twenty_four_bits, builder),
        (Encoding::Float, false, 4) => decode_samples(&mut file, layout, single_float, builder),
        _ => match sample_decoder(layout) {
            Some(sample) => decode_samples(&mut file, layout, sample, builder),
            None => decode_blocks(&mut BufReader::new(file), layout, builder),
        },
    }
}

fn decode_samples(
    file: &mut File,
    layout: &WavLayout,
    decoder: impl Fn(&[u8]) -> f32,
    builder: &mut ClipBuilder,
) -> Result<(), Fault> {
    let (frame_bytes, sample_bytes) = (layout.block_bytes, layout.sample_bytes);
    let mut pieces = Pieces::new(layout, frame_bytes);
    let mut bytes = Vec::new();
    while let Some(n_frames) = pieces.next() {
        bytes.resize(n_frames * frame_bytes, 0);
        file.read_exact(&mut bytes)?;
        builder.push(n_frames, |frame, channel| {
            let start = frame * frame_bytes + channel * sample_bytes;
            decoder(&bytes[start..start + sample_bytes])
        });
    }
    Ok(())
}

fn decode_blocks(file: &mut impl Read, layout: &WavLayout, builder: &mut ClipBuilder) -> Result<(), Fault> {
    let decode = if layout.encoding == Encoding::ImaAdpcm {
        decode_ima
    } else {
        decode_ms
    };
    let n_channels = usize::from(layout.header.n_channels);
    let (mut block, mut frames) = (vec![0; layout.block_bytes], Vec::new());
    for _ in 0..layout.header.n_frames / layout.block_frames as u64 {
        file.read_exact(&mut block)?;
        decode(&block, n_channels, &mut frames);
        builder.push(layout.block_frames, |frame, channel| {
            f32::from(frames[frame * n_channels + channel]) / 32_768.0
        });
    }
    Ok(())
}

/// How many frames to take at a time until all are taken: pieces of bounded size, however many channels there are.
struct Pieces {
    n_left: u64,
    n_at_most: usize,
}

impl Pieces {
    fn new(layout: &WavLayout, frame_bytes: usize) -> Self {
        Self {
            n_left: layout.header.n_frames,
            n_at_most: (READ_BYTES / frame_bytes.max(1)).max(1),
        }
    }

    fn next(&mut self) -> Option<usize> {
        let n = usize::try_from(self.n_left).map_or(self.n_at_most, |left| left.min(self.n_at_most));
        self.n_left -= n as u64;
        (n > 0).then_some(n)
    }
}
