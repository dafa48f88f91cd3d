//! Odd, broken and hostile sound files: each ends in a clip or a clear error, never in a panic, a hang or a huge allocation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/shared.rs"]
mod shared;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use auscult::app::{LongPiece, LongView, SpectrogramSettings};
use auscult::audio::{AudioError, ChannelChoice, Header, Recording, read_clip, read_clip_at_own_rate, read_header};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use shared::shared;

/// Counts the bytes that the whole process has allocated, and the most that it ever had.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The counter is the process's: only one test may measure at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The most bytes that `work` held at any moment beyond what was held before.
fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = work();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// What reading a file gave: its header, the largest sample of any channel at its own rate, and the length at 16 kHz.
#[derive(Debug)]
struct Outcome {
    header: Header,
    peak: f32,
    n_frames_read: usize,
    n_at_16_khz: usize,
}

fn read_all(path: &Path) -> Result<Outcome, AudioError> {
    let header = read_header(path)?;
    let (mut peak, mut n_frames_read) = (0f32, 0);
    for channel in 0..header.n_channels.min(32) {
        let clip = read_clip_at_own_rate(path, ChannelChoice::Index(channel))?;
        assert_eq!(clip.sample_rate_hz, header.sample_rate_hz);
        peak = clip.samples.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
        n_frames_read = clip.samples.len();
    }
    let clip = read_clip(path, ChannelChoice::Mean)?;
    assert_eq!(clip.sample_rate_hz, 16_000);
    assert!(clip.samples.iter().all(|sample| sample.is_finite()));
    Ok(Outcome {
        header,
        peak,
        n_frames_read,
        n_at_16_khz: clip.samples.len(),
    })
}

/// Tables of the resampler and buffers of the readers, whatever the file.
const FIXED_BYTES: usize = 4 * 1_024 * 1_024;

/// Reads a file as a whole import would, within 10 s and within memory in proportion to the samples that it really holds.
fn read_watched(path: &Path) -> Result<Outcome, AudioError> {
    let (send, receive) = channel();
    let owned = path.to_path_buf();
    let file_bytes = std::fs::metadata(path).unwrap().len() as usize;
    let (outcome, peak) = peak_bytes(|| {
        let reader = std::thread::spawn(move || send.send(read_all(&owned)));
        let outcome = receive.recv_timeout(Duration::from_secs(10));
        match outcome {
            Ok(outcome) => {
                reader.join().unwrap().unwrap();
                outcome
            }
            Err(RecvTimeoutError::Timeout) => panic!("{} hangs", path.display()),
            Err(RecvTimeoutError::Disconnected) => panic!("{} panics", path.display()),
        }
    });
    // One channel of 4-byte samples at the file's own rate and at 16 kHz, with room for a vector that grows by doubling.
    let held = outcome
        .as_ref()
        .map_or(0, |o| 2 * 4 * (o.header.n_frames as usize + o.n_at_16_khz));
    assert!(
        peak <= FIXED_BYTES + 2 * file_bytes + held,
        "{}: {peak} bytes for a file of {file_bytes}",
        path.display()
    );
    if let Err(error) = &outcome {
        let (message, name) = (error.to_string(), path.file_name().unwrap().to_string_lossy().into_owned());
        assert!(message.contains(&name), "the error does not name the file: {message}");
        assert!(
            message.starts_with("cannot ") && !message.ends_with('.') && !message.contains('\n'),
            "{message}"
        );
    }
    outcome
}

/// A file of this content in a folder of its own.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// libsndfile opens these and we do not, with the reason. A change in either direction fails the test.
const NOT_OPENED: [(&str, &str); 0] = [];

/// Opened by both, but libsndfile's samples are wrong.
const OTHER_PEAK: [(&str, f32, &str); 1] = [(
    "hound/pcmwaveformat-24bit-4byte-48kHz-stereo.wav",
    1.0,
    "24 bits padded to 4 bytes: libsndfile reads them as if they were packed",
)];

#[test]
fn what_libsndfile_opens_opens_here_with_the_same_frames_channels_rate_and_peak() {
    let Some(folder) = shared("odd_wavs") else { return };
    let _alone = alone();
    let index = std::fs::read_to_string(folder.join("index.csv")).unwrap();
    let (mut n_files, mut not_opened, mut wrong, mut only_here) = (0, Vec::new(), Vec::new(), Vec::new());
    for row in csv::Reader::from_reader(index.as_bytes()).records() {
        let row = row.unwrap();
        let (name, expected) = (&row[0], &row[row.len() - 1]);
        n_files += 1;
        let outcome = read_watched(&folder.join(name));
        let Some(expected) = expected.strip_prefix("ok ") else {
            if outcome.is_ok() {
                only_here.push(name.to_string());
            }
            continue;
        };
        let Ok(outcome) = outcome else {
            eprintln!("not opened: {}", outcome.unwrap_err());
            not_opened.push(name.to_string());
            continue;
        };
        let (shape, peak) = expected.split_once(" peak=").unwrap();
        let header = outcome.header;
        let our_shape = format!("{}x{} @{}", header.n_frames, header.n_channels, header.sample_rate_hz);
        let peak: f32 = OTHER_PEAK
            .iter()
            .find(|(other, ..)| *other == name)
            .map_or_else(|| peak.parse().unwrap(), |(_, peak, _)| *peak);
        let n_expected = (header.n_frames as f64 * 16_000.0 / f64::from(header.sample_rate_hz)).round() as usize;
        if our_shape != shape
            || outcome.n_frames_read as u64 != header.n_frames
            || outcome.n_at_16_khz != n_expected
            || (outcome.peak - peak).abs() > 0.01 * peak.max(1.0)
        {
            wrong.push(format!("{name}: libsndfile says {expected}, we {outcome:?}"));
        }
    }
    eprintln!("{n_files} files; opened here and not by libsndfile: {only_here:#?}");
    assert_eq!(n_files, 199);
    assert_eq!(not_opened, NOT_OPENED.map(|(name, _)| name.to_string()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A RIFF file of these chunks.
fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    for (name, body) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    let size = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// The body of a format chunk: kind, channels, rate, bytes of a block, bits.
fn format_chunk(tag: u16, n_channels: u16, rate_hz: u32, block_bytes: u16, bits: u16) -> Vec<u8> {
    let mut body = [tag.to_le_bytes(), n_channels.to_le_bytes()].concat();
    body.extend_from_slice(&rate_hz.to_le_bytes());
    body.extend_from_slice(&(rate_hz.wrapping_mul(block_bytes.into())).to_le_bytes());
    body.extend_from_slice(&[block_bytes.to_le_bytes(), bits.to_le_bytes()].concat());
    body
}

/// A wave that is no constant and no silence, as 16-bit numbers.
fn wave(n: usize) -> Vec<i16> {
    (0..n).map(|i| ((i as f64 * 0.07).sin() * 20_000.0) as i16).collect()
}

fn bytes_le(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn crc(bytes: &[u8], polynomial: u16, n_bits: u32) -> u16 {
    let top = 1u32 << (n_bits - 1);
    bytes.iter().fold(0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << (n_bits - 8), |crc, _| {
            let shifted = crc << 1 ^ if crc & top == 0 { 0 } else { polynomial.into() };
            shifted & (2 * top - 1)
        })
    }) as u16
}

/// A 16-bit mono FLAC file at 16 kHz of verbatim subframes (RFC 9639), in frames of 4,096 samples.
fn flac(samples: &[i16]) -> Vec<u8> {
    let mut bytes = b"fLaC\x80\0\0\x22".to_vec();
    bytes.extend_from_slice(&[4_096u16.to_be_bytes(), 4_096u16.to_be_bytes()].concat());
    bytes.extend_from_slice(&[0; 6]);
    let shape = 16_000u64 << 44 | 15 << 36 | samples.len() as u64;
    bytes.extend_from_slice(&shape.to_be_bytes());
    bytes.extend_from_slice(&[0; 16]);
    for (number, frame) in samples.chunks(4_096).enumerate() {
        // A block size in 16 bits at the end of the header, rate of the stream, one channel, 16 bits; then its number and size.
        let mut head = vec![0xff, 0xf8, 0x70, 0x08, number as u8];
        head.extend_from_slice(&(frame.len() as u16 - 1).to_be_bytes());
        head.push(crc(&head, 0x07, 8) as u8);
        head.push(0x02);
        head.extend(frame.iter().flat_map(|sample| sample.to_be_bytes()));
        let check = crc(&head, 0x8005, 16);
        head.extend_from_slice(&check.to_be_bytes());
        bytes.extend_from_slice(&head);
    }
    bytes
}

/// A 16-bit mono AIFF file at 16 kHz.
fn aiff(samples: &[i16]) -> Vec<u8> {
    let mut bytes = b"FORM\0\0\0\0AIFFCOMM\0\0\0\x12\0\x01".to_vec();
    bytes.extend_from_slice(&(samples.len() as u32).to_be_bytes());
    // 16 bits, and 16,000 as an 80-bit number: exponent 16383 + 13, mantissa 16,000 / 2^13 * 2^63.
    bytes.extend_from_slice(&[0, 16, 0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"SSND");
    bytes.extend_from_slice(&(8 + 2 * samples.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    let size = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&size.to_be_bytes());
    bytes
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let sound = wave(5_000);
    let data = bytes_le(&sound);
    let mut extensible = format_chunk(0xfffe, 2, 48_000, 8, 32);
    extensible.extend_from_slice(&[
        22, 0, 32, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
    ]);
    let floats: Vec<u8> = sound[..1_000]
        .iter()
        .flat_map(|sample| (f32::from(*sample) / 32_768.0).to_le_bytes())
        .collect();
    let long = [&[0u8; 8][..], &10_000u64.to_le_bytes(), &5_000u64.to_le_bytes(), &[0; 4]].concat();
    let mut rf64 = riff(&[
        (b"ds64", &long),
        (b"fmt ", &format_chunk(1, 1, 44_100, 2, 16)),
        (b"data", &data),
    ]);
    rf64[..8].copy_from_slice(b"RF64\xff\xff\xff\xff");
    vec![
        (
            "pcm.wav",
            riff(&[(b"fmt ", &format_chunk(1, 1, 16_000, 2, 16)), (b"data", &data)]),
        ),
        (
            "float.wav",
            riff(&[(b"fmt ", &extensible), (b"fact", &[0; 4]), (b"data", &floats)]),
        ),
        (
            "ima.wav",
            riff(&[(b"fmt ", &format_chunk(0x11, 2, 22_050, 256, 4)), (b"data", &data[..9_984])]),
        ),
        (
            "ms.wav",
            riff(&[(b"fmt ", &format_chunk(2, 1, 11_025, 128, 4)), (b"data", &data[..9_984])]),
        ),
        (
            "law.wav",
            riff(&[
                (b"LIST", &[1; 31]),
                (b"fmt ", &format_chunk(7, 3, 8_000, 3, 8)),
                (b"data", &data),
            ]),
        ),
        ("long.wav", rf64),
        ("sound.flac", flac(&sound)),
        ("sound.aiff", aiff(&sound)),
    ]
}

#[test]
fn flac_and_aiff_give_the_samples_that_were_written() {
    let _alone = alone();
    let sound = wave(5_000);
    for (name, bytes) in [("sound.flac", flac(&sound)), ("sound.aiff", aiff(&sound))] {
        let (_folder, path) = file(name, &bytes);
        assert_eq!(
            read_header(&path).unwrap(),
            Header {
                sample_rate_hz: 16_000,
                n_channels: 1,
                n_frames: 5_000
            }
        );
        let clip = read_clip(&path, ChannelChoice::default()).unwrap();
        let truth: Vec<f32> = sound.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        assert_eq!(clip.samples, truth, "{name}");
    }
}

#[test]
fn any_stretch_of_any_file_is_that_of_the_whole() {
    let _alone = alone();
    // A rate that goes through rubato's transform, and one without a common measure.
    let sound = wave(40_000);
    let pcm = |rate_hz, n_channels: u16| {
        let format = format_chunk(1, n_channels, rate_hz, 2 * n_channels, 16);
        riff(&[(b"fmt ", &format), (b"data", &bytes_le(&sound))])
    };
    let more = [
        ("48k.wav", pcm(48_000, 2)),
        ("44k.wav", pcm(44_100, 1)),
        ("8k.wav", pcm(8_000, 1)),
        ("odd.wav", pcm(47_999, 1)),
        ("longer.flac", flac(&sound)),
        ("longer.aiff", aiff(&sound)),
    ];
    for (name, bytes) in seeds().into_iter().chain(more) {
        let (_folder, path) = file(name, &bytes);
        for channel in [ChannelChoice::Index(1), ChannelChoice::Mean] {
            let whole = read_clip(&path, channel).unwrap();
            let recording = Recording::open(&path, channel).unwrap();
            let n = recording.n_samples();
            assert_eq!(n, whole.samples.len() as u64, "{name}");
            for (start, end) in [
                (0, n),
                (0, 1),
                (n / 3, n / 3 + 700),
                (n / 2, n),
                (n.saturating_sub(1), n),
                (n / 7, n + 50),
                (n, n + 3),
            ] {
                let stretch = recording.read(start..end).unwrap();
                let place = |i: u64| usize::try_from(i).unwrap().min(whole.samples.len());
                let mut truth = whole.samples[place(start)..place(end)].to_vec();
                truth.resize(usize::try_from(end - start).unwrap(), 0.0);
                let worst = stretch.iter().zip(&truth).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // Where the rates have no common measure, places are reckoned from elsewhere: the last digit differs.
                let allowed = if name == "odd.wav" { 1e-5 } else { 0.0 };
                assert!(
                    stretch.len() == truth.len() && worst <= allowed,
                    "{name}, {start}..{end}: off by {worst}"
                );
            }
        }
    }
}

/// A WAV file of silence: a header, and a hole where the disk allows for one.
fn silence(path: &Path, secs: u64, rate_hz: u32, n_channels: u16, bits: u16) {
    let block = n_channels * bits / 8;
    let n_bytes = secs * u64::from(rate_hz) * u64::from(block);
    let mut bytes = riff(&[
        (b"fmt ", &format_chunk(1, n_channels, rate_hz, block, bits)),
        (b"ds64", &[0; 28]),
    ]);
    // Beyond 4 GB only the chunk ds64 tells how much there is.
    bytes[..4].copy_from_slice(b"RF64");
    let at = bytes.len() - 28;
    bytes[at + 8..at + 16].copy_from_slice(&n_bytes.to_le_bytes());
    bytes.extend(b"data\xff\xff\xff\xff");
    let n_before = bytes.len() as u64;
    std::fs::write(path, bytes).unwrap();
    std::fs::OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(n_before + n_bytes)
        .unwrap();
}

#[test]
fn looking_at_hours_takes_no_more_memory_than_looking_at_minutes() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let peak_of = |hours: f64, rate_hz: u32, n_channels: u16, bits: u16| {
        let path = folder.path().join("silence.wav");
        silence(&path, (hours * 3600.0) as u64, rate_hz, n_channels, bits);
        let settings = SpectrogramSettings::default();
        let start = Instant::now();
        let (secs, peak) = peak_bytes(|| {
            let recording = Recording::open(&path, ChannelChoice::default()).unwrap();
            let mut long = LongView::new(Arc::new(recording), settings, 1 + settings.n_fft / 2);
            let opened = start.elapsed();
            assert!(opened < Duration::from_secs(2), "opened after {opened:?}");
            // A piece of the overview here and there, and 200 looks at details.
            for block in [0, 5, 17] {
                long.draw_now(LongPiece::Block(block)).unwrap();
            }
            for tile in 0..200 {
                let columns = 256 * tile..256 * (tile + 1);
                if let Some(piece) = long.piece_of(1, &columns).filter(|_| columns.end < long.n_frames()) {
                    long.draw_now(piece).unwrap();
                }
            }
            long.duration_secs()
        });
        assert!((secs - hours * 3600.0).abs() < 1e-3);
        peak
    };
    let (minutes, hours) = (peak_of(0.25, 16_000, 1, 16), peak_of(12.0, 16_000, 1, 16));
    // 25.9 GB, of which only RF64 can tell.
    let large = peak_of(12.0, 96_000, 2, 24);
    for peak in [minutes, hours, large] {
        assert!(peak < 170 << 20, "{minutes}, {hours} and {large} bytes");
    }
}

#[test]
fn a_file_that_was_cut_off_gives_what_is_left() {
    let _alone = alone();
    let sound = wave(5_000);
    // AIFF comes in packets of 1,152 frames and FLAC in frames of 4,096: what is not whole is lost.
    let wav = riff(&[(b"fmt ", &format_chunk(1, 1, 16_000, 2, 16)), (b"data", &bytes_le(&sound))]);
    for (name, bytes, least) in [
        ("sound.wav", wav, 4_600),
        ("sound.flac", flac(&sound), 4_096),
        ("sound.aiff", aiff(&sound), 3_456),
    ] {
        let (_folder, path) = file(name, &bytes[..bytes.len() - 700]);
        let outcome = read_watched(&path).unwrap();
        assert_eq!(outcome.header.n_frames, outcome.n_frames_read as u64, "{name}");
        assert!((least..5_000).contains(&outcome.n_frames_read), "{name}: {outcome:?}");
    }
}

#[test]
fn a_recorder_that_was_killed_leaves_sound_without_a_size() {
    let _alone = alone();
    let mut bytes = riff(&[
        (b"fmt ", &format_chunk(1, 1, 16_000, 2, 16)),
        (b"data", &bytes_le(&wave(500))),
    ]);
    bytes[40..44].fill(0);
    let (_folder, path) = file("killed.wav", &bytes);
    assert_eq!(read_watched(&path).unwrap().n_frames_read, 500);
}

#[test]
fn the_channel_is_the_one_that_was_chosen() {
    let _alone = alone();
    let data: Vec<i16> = (0..300).flat_map(|_| [8_192, -16_384, 24_576]).collect();
    for (name, tag_bits) in [("hound.wav", (1, 16)), ("ours.wav", (1, 12))] {
        let bytes = riff(&[
            (b"fmt ", &format_chunk(tag_bits.0, 3, 16_000, 6, tag_bits.1)),
            (b"data", &bytes_le(&data)),
        ]);
        let (_folder, path) = file(name, &bytes);
        let choices = [
            (ChannelChoice::Index(0), 0.25),
            (ChannelChoice::Index(1), -0.5),
            (ChannelChoice::Index(2), 0.75),
            (ChannelChoice::Index(9), 0.75),
            (ChannelChoice::Mean, 0.5 / 3.0),
        ];
        for (choice, value) in choices {
            let clip = read_clip(&path, choice).unwrap();
            assert_eq!(clip.samples.len(), 300);
            assert!(
                clip.samples.iter().all(|sample| (sample - value).abs() < 1e-6),
                "{name} {choice:?}"
            );
        }
    }
}

#[test]
fn of_a_long_recording_with_eight_channels_one_is_held_and_its_header_costs_nothing() {
    let _alone = alone();
    const N_SECS: usize = 300;
    let (_folder, path) = file("long.wav", &[]);
    let frame: Vec<i16> = (1..=8).map(|channel| channel * 1_000).collect();
    let data_bytes = N_SECS * 16_000 * 16;
    let mut head = riff(&[(b"fmt ", &format_chunk(1, 8, 16_000, 16, 16)), (b"data", &[])]);
    let at = head.len() - 4;
    head[at..].copy_from_slice(&(data_bytes as u32).to_le_bytes());
    let mut content = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    std::io::Write::write_all(&mut content, &head).unwrap();
    for _ in 0..N_SECS {
        std::io::Write::write_all(&mut content, &bytes_le(&frame).repeat(16_000)).unwrap();
    }
    drop(content.into_inner().unwrap());

    let start = Instant::now();
    let (header, peak) = peak_bytes(|| [(); 100].map(|()| read_header(&path).unwrap())[99]);
    assert_eq!(header.n_frames, (N_SECS * 16_000) as u64);
    eprintln!("100 headers in {:?}, {peak} bytes", start.elapsed());
    assert!(
        peak < 64 * 1_024 && start.elapsed() < Duration::from_secs(1),
        "{peak} bytes in {:?}",
        start.elapsed()
    );

    let (clip, peak) = peak_bytes(|| read_clip(&path, ChannelChoice::Index(6)).unwrap());
    assert!(
        clip.samples.len() == N_SECS * 16_000 && clip.samples.iter().all(|sample| (sample - 7_000.0 / 32_768.0).abs() < 1e-6)
    );
    let channel_bytes = 4 * clip.samples.len();
    eprintln!("a clip of {channel_bytes} bytes from a file of {data_bytes}: at most {peak} bytes");
    assert!(
        peak < channel_bytes + channel_bytes / 10,
        "{peak} bytes for a channel of {channel_bytes}"
    );
}

#[test]
fn what_is_no_recording_is_named_and_said() {
    let _alone = alone();
    for (name, bytes) in [
        ("empty.wav", &b""[..]),
        ("text.wav", b"not a sound"),
        ("picture.png", b"\x89PNG\r\n\x1a\n"),
        ("r", b"RIFF"),
    ] {
        let (_folder, path) = file(name, bytes);
        assert!(matches!(read_watched(&path), Err(AudioError::Unreadable { .. })), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        read_header(folder.path()),
        Err(AudioError::Unreadable { .. } | AudioError::Io { .. })
    ));
    assert!(matches!(
        read_header(&folder.path().join("absent.wav")),
        Err(AudioError::Io { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic_hang_or_swell(
        seed in 0..8usize,
        // Most of the harm is done in the first bytes; the values that lengths love to have come often.
        changes in prop::collection::vec(
            (prop_oneof![0..120usize, 0..12_000usize], prop_oneof![Just(0u8), Just(0x7f), Just(0xff), Just(0x80), any::<u8>()]),
            0..12,
        ),
        cut in prop_oneof![3 => Just(usize::MAX), 1 => 0..200usize, 1 => 0..12_000usize],
    ) {
        let _alone = alone();
        let (name, mut bytes) = seeds().swap_remove(seed);
        bytes.truncate(cut);
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        let (_folder, path) = file(name, &bytes);
        let _ = read_watched(&path);
    }
}
