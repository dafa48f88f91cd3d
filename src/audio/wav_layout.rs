//! What a WAV file holds and where: the walk through its chunks, believing nothing that the file's size contradicts.
//!
//! RIFF, RIFX (big endian) and RF64/BW64 (64-bit sizes, EBU Tech 3306) share one walk. Where files in the wild disagree with
//! the standard, the reading of libsndfile is followed.

use std::io::{self, Read, Seek, SeekFrom};

use super::adpcm::{ima_frames, ms_frames};
use super::error::Fault;
use super::header::Header;

/// A file of nothing but tiny chunks must not hold up an import.
const MAX_CHUNKS: usize = 10_000;
/// The part of a format chunk that is looked at: `WAVEFORMATEXTENSIBLE`.
const FORMAT_BYTES: usize = 40;
/// A size that says "see the ds64 chunk", or "unknown" where a recorder wrote to a pipe.
const SIZE_ELSEWHERE: u64 = u32::MAX as u64;

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Whole numbers: unsigned up to 8 bits, signed and left-justified in their bytes above.
    Pcm,
    /// IEEE 754, 32 or 64 bits.
    Float,
    /// ITU-T G.711 mu-law, 8 bits.
    MuLaw,
    /// ITU-T G.711 A-law, 8 bits.
    ALaw,
    /// Microsoft ADPCM, 4 bits in blocks.
    MsAdpcm,
    /// IMA (Intel, DVI) ADPCM, 4 bits in blocks.
    ImaAdpcm,
}

/// Where the sound lies in a WAV file, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WavLayout {
    pub(super) header: Header,
    pub(super) encoding: Encoding,
    pub(super) big_endian: bool,
    /// Bytes that one sample of one channel takes (PCM, float, G.711).
    pub(super) sample_bytes: usize,
    /// Bytes that are decoded at a time: a frame, or a block of ADPCM.
    pub(super) block_bytes: usize,
    /// Frames in such a block.
    pub(super) block_frames: usize,
    /// Where the first block begins in the file.
    pub(super) data_start: u64,
    /// 24 bits in 4 bytes stand in the lower ones, as hound writes them, where no extension of the header says otherwise.
    pub(super) lower_bytes: bool,
}

struct Format {
    tag: u16,
    n_channels: u16,
    sample_rate_hz: u32,
    block_align: u16,
    bits: u16,
    valid_bits: Option<u16>,
}

/// True where these first bytes of a file announce a chunked WAV file of any kind.
pub(super) fn is_wav(magic: [u8; 4]) -> bool {
    matches!(&magic, b"RIFF" | b"RIFX" | b"RF64" | b"BW64")
}

impl WavLayout {
    /// Walks the chunks of `file`, which is `file_bytes` long. Reads little and decodes nothing.
    pub(super) fn read(file: &mut (impl Read + Seek), file_bytes: u64) -> Result<Self, Fault> {
        let mut start = [0; 12];
        let n_read = read_up_to(file, &mut start)?;
        if n_read < start.len() || &start[8..] != b"WAVE" {
            return Fault::unreadable("it begins like a WAV file but is none; leave it out or export it again as WAV or FLAC");
        }
        let big_endian = &start[..4] == b"RIFX";
        let (format, data_start, data_bytes) = walk(file, file_bytes, big_endian)?;
        let is_plain = &start[..4] == b"RIFF" && format.valid_bits.is_none_or(|valid| valid == format.bits);
        Ok(Self {
            lower_bytes: is_plain && format.bits == 24,
            ..Self::of(&format, data_start, data_bytes, big_endian)?
        })
    }

    fn of(format: &Format, data_start: u64, data_bytes: u64, big_endian: bool) -> Result<Self, Fault> {
        let channels = usize::from(format.n_channels);
        if channels == 0 {
            return Fault::unreadable("its header says that it has no channels; export it again from the recorder");
        }
        let encoding = encoding_of(format)?;
        let align = usize::from(format.block_align);
        let packed_bytes = usize::from(format.bits).div_ceil(8);
        // The block size tells of padded samples (24 bits in 4 bytes); where it makes no sense, the bits decide.
        let sample_bytes = match align / channels {
            bytes if align % channels == 0 && bytes >= packed_bytes && bytes <= 8 => bytes,
            _ => packed_bytes,
        };
        let (block_bytes, block_frames) = match encoding {
            Encoding::ImaAdpcm => (align, ima_frames(align, channels)),
            Encoding::MsAdpcm => (align, ms_frames(align, channels)),
            _ => (sample_bytes * channels, 1),
        };
        if matches!(encoding, Encoding::ImaAdpcm | Encoding::MsAdpcm) && (channels > 2 || align < 7 * channels) {
            return Fault::unreadable("its ADPCM blocks make no sense or have more than two channels; convert it to PCM WAV");
        }
        let header = Header {
            sample_rate_hz: format.sample_rate_hz,
            n_channels: format.n_channels,
            n_frames: data_bytes / block_bytes as u64 * block_frames as u64,
        };
        Ok(Self {
            header,
            encoding,
            big_endian,
            sample_bytes,
            block_bytes,
            block_frames,
            data_start,
            lower_bytes: false,
        })
    }
}

/// Finds the format and the sound: `(format, start of the sound, bytes of sound that are really there)`.
fn walk(file: &mut (impl Read + Seek), file_bytes: u64, big_endian: bool) -> Result<(Format, u64, u64), Fault> {
    let (mut format, mut data, mut long_data_bytes) = (None, None, None);
    let mut position = 12u64;
    for _ in 0..MAX_CHUNKS {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(position))?;
        let n_read = read_up_to(file, &mut head)?;
        let body = position + head.len() as u64;
        if n_read < 4 {
            break;
        }
        // A file cut off inside the size of its data chunk still has a data chunk, an empty one.
        let declared = if n_read < 8 {
            0
        } else {
            u64::from(u32_at(&head, 4, big_endian))
        };
        match &head[..4] {
            b"fmt " => format = Some(read_format(file, declared, big_endian)?),
            b"ds64" => {
                let mut sizes = [0; 16];
                if read_up_to(file, &mut sizes)? == sizes.len() {
                    long_data_bytes = Some(u64::from_le_bytes([
                        sizes[8], sizes[9], sizes[10], sizes[11], sizes[12], sizes[13], sizes[14], sizes[15],
                    ]));
                }
            }
            b"data" => {
                let there = file_bytes.saturating_sub(body);
                let bytes = match (declared, long_data_bytes) {
                    (SIZE_ELSEWHERE, Some(long)) => long,
                    (0, _) if !chunk_follows(file, there, big_endian)? => there,
                    _ => declared,
                };
                data = Some((body, bytes.min(there)));
            }
            _ => {}
        }
        if let (Some(_), Some(_)) = (&format, data) {
            break;
        }
        position = body + declared + declared % 2;
        if position >= file_bytes {
            break;
        }
    }
    match (format, data) {
        (Some(format), Some((start, bytes))) => Ok((format, start, bytes)),
        (None, _) => {
            Fault::unreadable("it has no 'fmt ' chunk that says how its samples are written; export it again from the recorder")
        }
        (_, None) => {
            Fault::unreadable("it has no 'data' chunk, so it holds no sound; copy it again from the recorder or leave it out")
        }
    }
}

/// True where a further chunk follows an empty data chunk. If none does, a recorder was killed before it wrote the size.
fn chunk_follows(file: &mut impl Read, bytes_left: u64, big_endian: bool) -> io::Result<bool> {
    let mut head = [0; 8];
    let whole = read_up_to(file, &mut head)? == head.len();
    let named = head[..4].iter().all(|byte| (b' '..=b'~').contains(byte));
    Ok(whole && named && u64::from(u32_at(&head, 4, big_endian)) + 8 <= bytes_left)
}

fn read_format(file: &mut impl Read, declared: u64, big_endian: bool) -> Result<Format, Fault> {
    let mut bytes = [0; FORMAT_BYTES];
    let wanted = declared.min(FORMAT_BYTES as u64) as usize;
    let n_read = read_up_to(file, &mut bytes[..wanted])?;
    if n_read < 16 {
        return Fault::unreadable("its 'fmt ' chunk is cut short; copy it again from the recorder or leave it out");
    }
    let u16_at = |at: usize| {
        let pair = [bytes[at], bytes[at + 1]];
        if big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    };
    let mut format = Format {
        tag: u16_at(0),
        n_channels: u16_at(2),
        sample_rate_hz: u32_at(&bytes, 4, big_endian),
        block_align: u16_at(12),
        bits: u16_at(14),
        valid_bits: None,
    };
    if format.tag == 0xfffe {
        if n_read < FORMAT_BYTES {
            return Fault::unreadable(
                "its extensible 'fmt ' chunk is cut short; copy it again from the recorder or leave it out",
            );
        }
        // The kind of samples is the first field of the GUID at byte 24; a width of 0 valid bits is in the wild and means all.
        format.tag = (u32_at(&bytes, 24, big_endian) & 0xffff) as u16;
        format.valid_bits = Some(u16_at(18)).filter(|bits| *bits != 0);
    }
    Ok(format)
}

fn encoding_of(format: &Format) -> Result<Encoding, Fault> {
    match (format.tag, format.bits) {
        (1, 1..=64) => Ok(Encoding::Pcm),
        (3, 32 | 64) => Ok(Encoding::Float),
        (6, 8) => Ok(Encoding::ALaw),
        (7, 8) => Ok(Encoding::MuLaw),
        (2, 4) => Ok(Encoding::MsAdpcm),
        (0x11, 4) => Ok(Encoding::ImaAdpcm),
        (tag, bits) => Fault::unreadable(format!(
            "its samples are of kind 0x{tag:04x} with {bits} bits, which auscult does not decode; convert it to PCM WAV or FLAC"
        )),
    }
}

fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let quad = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big_endian {
        u32::from_be_bytes(quad)
    } else {
        u32::from_le_bytes(quad)
    }
}

/// Fills `buffer` as far as the file goes; returns how many bytes that were.
pub(super) fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match file.read(&mut buffer[n_read..]) {
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n_read)
}
