//! The samples of a WAV file: by hound where it can, by our own decoders where it cannot.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::adpcm::{decode_ima, decode_ms};
use super::clip_builder::ClipBuilder;
use super::error::Fault;
use super::wav_layout::{Encoding, WavLayout};
use super::wav_samples::sample_decoder;

/// Bytes that are read at a time.
const READ_BYTES: usize = 64 * 1_024;

/// Decodes all frames of the file into `builder`.
pub(super) fn decode(mut file: File, layout: &WavLayout, builder: &mut ClipBuilder) -> Result<(), Fault> {
    if layout.header.n_frames == 0 {
        return Ok(());
    }
    if let Some(reader) = hound_reader(&mut file, layout) {
        return decode_with_hound(reader, layout, builder);
    }
    file.seek(SeekFrom::Start(layout.data_start))?;
    match sample_decoder(layout) {
        Some(sample) => decode_samples(&mut file, layout, sample, builder),
        None => decode_blocks(&mut BufReader::new(file), layout, builder),
    }
}

/// A hound reader, if it understands the file in the same way as our walk through its chunks.
fn hound_reader<'f>(file: &'f mut File, layout: &WavLayout) -> Option<hound::WavReader<BufReader<&'f mut File>>> {
    let format = match layout.encoding {
        Encoding::Pcm => hound::SampleFormat::Int,
        Encoding::Float => hound::SampleFormat::Float,
        _ => return None,
    };
    if !layout.plain || !matches!(layout.bits, 8 | 16 | 24 | 32) {
        return None;
    }
    let reader = hound::WavReader::new(BufReader::with_capacity(READ_BYTES, file)).ok()?;
    let (spec, header) = (reader.spec(), layout.header);
    let agrees = spec.sample_format == format
        && spec.bits_per_sample == layout.bits
        && spec.channels == header.n_channels
        && u64::from(reader.duration()) >= header.n_frames;
    agrees.then_some(reader)
}

fn decode_with_hound(
    mut reader: hound::WavReader<impl Read>,
    layout: &WavLayout,
    builder: &mut ClipBuilder,
) -> Result<(), Fault> {
    // hound reads on where it stands, so that each piece may have its own iterator.
    let mut pieces = Pieces::new(layout, size_of::<f32>() * usize::from(layout.header.n_channels));
    let full_scale = 2f32.powi(i32::from(layout.bits) - 1);
    let n_channels = usize::from(layout.header.n_channels);
    let mut piece: Vec<f32> = Vec::new();
    while let Some(n_frames) = pieces.next() {
        let n_samples = n_frames * n_channels;
        piece.clear();
        match layout.encoding {
            Encoding::Float => piece.extend(reader.samples::<f32>().take(n_samples).map_while(Result::ok)),
            _ => piece.extend(
                reader
                    .samples::<i32>()
                    .take(n_samples)
                    .map_while(Result::ok)
                    .map(|value| value as f32 / full_scale),
            ),
        }
        if piece.len() < n_samples {
            return Fault::unreadable("reading stopped before its end; check the disk or copy it again from the recorder");
        }
        builder.push(n_frames, |frame, channel| piece[frame * n_channels + channel]);
    }
    Ok(())
}

fn decode_samples(
    file: &mut File,
    layout: &WavLayout,
    decoder: fn(&[u8]) -> f32,
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
