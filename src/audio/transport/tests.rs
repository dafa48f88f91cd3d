//! Where playback stands, sample by sample, without fades.

use std::f64::consts::TAU;
use std::sync::Arc;

use super::{Command, Transport, Voice};
use crate::audio::Clip;

const RATE_HZ: u32 = 16_000;

/// A clip whose sample `i` is `i / 1000`, loaded into a transport at its own rate.
fn counting(n: usize) -> Transport {
    let samples = (0..n).map(|i| i as f32 / 1_000.0).collect();
    loaded(
        Clip {
            samples,
            sample_rate_hz: RATE_HZ,
        },
        RATE_HZ,
    )
}

fn loaded(clip: Clip, device_rate_hz: u32) -> Transport {
    let mut transport = Transport::default();
    assert!(
        transport
            .apply(Command::Load(Voice::new(Arc::new(clip), device_rate_hz)))
            .is_none()
    );
    transport
}

/// A stretch that is played again and again.
fn looped(from: f64, to: f64) -> Command {
    Command::Loop {
        span: Some((from, to)),
        loops: true,
    }
}

/// The next `n` mono frames as the numbers of their samples.
fn heard(transport: &mut Transport, n: usize) -> Vec<i32> {
    let mut frames = vec![9.0; n];
    transport.fill(&mut frames, 1);
    frames.iter().map(|value| (value * 1_000.0).round() as i32).collect()
}

fn secs(sample: u32) -> f64 {
    f64::from(sample) / f64::from(RATE_HZ)
}

fn position_samples(transport: &Transport) -> f64 {
    let travel = transport.travel();
    travel.course.after(travel.played).unwrap_or(travel.course.end) * f64::from(RATE_HZ)
}

#[test]
fn plays_the_clip_as_it_is_and_stops_at_its_end() {
    let mut transport = counting(10);
    assert_eq!(heard(&mut transport, 3), [0, 0, 0], "a loaded clip is stopped");
    transport.apply(Command::Play(7));
    assert_eq!(heard(&mut transport, 4), [0, 1, 2, 3]);
    assert!(transport.is_playing() && transport.ended() == 0);
    assert_eq!(heard(&mut transport, 8), [4, 5, 6, 7, 8, 9, 0, 0]);
    assert!(!transport.is_playing() && transport.ended() == 7);
    assert_eq!(position_samples(&transport), 10.0);
    transport.apply(Command::Play(8));
    assert_eq!(heard(&mut transport, 3), [0, 1, 2], "play at the end begins again");
    assert_eq!(transport.ended(), 7);
}

#[test]
fn pause_keeps_the_place_and_seek_moves_it() {
    let mut transport = counting(100);
    transport.apply(Command::Play(1));
    assert_eq!(heard(&mut transport, 3), [0, 1, 2]);
    transport.apply(Command::Pause);
    assert_eq!(heard(&mut transport, 3), [0, 0, 0]);
    assert_eq!(position_samples(&transport), 3.0);
    transport.apply(Command::Play(2));
    assert_eq!(heard(&mut transport, 2), [3, 4]);
    transport.apply(Command::Seek(secs(50)));
    assert_eq!(heard(&mut transport, 2), [50, 51]);
    transport.apply(Command::Pause);
    transport.apply(Command::Seek(secs(20)));
    assert_eq!(heard(&mut transport, 2), [0, 0], "a seek does not start playback");
    transport.apply(Command::Play(3));
    assert_eq!(heard(&mut transport, 2), [20, 21]);
}

#[test]
fn times_outside_of_the_clip_are_its_ends() {
    let mut transport = counting(10);
    for (wanted, place) in [
        (-3.0, 0.0),
        (f64::NAN, 0.0),
        (f64::NEG_INFINITY, 0.0),
        (1e9, 10.0),
        (f64::INFINITY, 10.0),
    ] {
        transport.apply(Command::Seek(wanted));
        assert_eq!(position_samples(&transport), place, "{wanted}");
    }
    for span in [(f64::NAN, 1.0), (0.5, 0.5), (2.0, 1.0), (5.0, 9.0), (-2.0, -1.0)] {
        transport.apply(looped(span.0, span.1));
        transport.apply(Command::Seek(0.0));
        transport.apply(Command::Play(1));
        assert_eq!(
            heard(&mut transport, 12),
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1],
            "{span:?} is no stretch: the clip itself is looped"
        );
    }
}

#[test]
fn a_loop_is_played_again_and_again_until_it_is_taken_away() {
    let mut transport = counting(10);
    transport.apply(looped(secs(3), secs(6)));
    transport.apply(Command::Play(1));
    assert_eq!(heard(&mut transport, 8), [3, 4, 5, 3, 4, 5, 3, 4], "play goes to the loop");
    assert!((position_samples(&transport) - 5.0).abs() < 1e-9);
    transport.apply(Command::Loop {
        span: None,
        loops: false,
    });
    assert_eq!(heard(&mut transport, 6), [5, 6, 7, 8, 9, 0]);
    assert!(!transport.is_playing());
}

#[test]
fn setting_a_loop_while_playing_moves_nothing() {
    let mut transport = counting(10);
    transport.apply(Command::Play(1));
    assert_eq!(heard(&mut transport, 2), [0, 1]);
    transport.apply(looped(secs(4), secs(6)));
    assert_eq!(
        heard(&mut transport, 7),
        [2, 3, 4, 5, 4, 5, 4],
        "from before the loop into it"
    );
    transport.apply(looped(secs(0), secs(2)));
    assert_eq!(
        heard(&mut transport, 8),
        [5, 6, 7, 8, 9, 0, 1, 0],
        "from behind the loop to the end, then into it"
    );
}

#[test]
fn a_loop_longer_than_a_buffer_or_shorter_gives_the_same_sound() {
    let whole = {
        let mut transport = counting(50);
        transport.apply(looped(secs(7), secs(18)));
        transport.apply(Command::Play(1));
        heard(&mut transport, 200)
    };
    for n in [1, 3, 64] {
        let mut transport = counting(50);
        transport.apply(looped(secs(7), secs(18)));
        transport.apply(Command::Play(1));
        let pieces: Vec<i32> = std::iter::repeat_with(|| heard(&mut transport, n))
            .flatten()
            .take(200)
            .collect();
        assert_eq!(pieces, whole, "buffers of {n}");
    }
}

#[test]
fn another_clip_comes_stopped_at_its_start_and_the_old_one_goes_back() {
    let mut transport = counting(10);
    transport.apply(looped(secs(1), secs(2)));
    transport.apply(Command::Play(1));
    heard(&mut transport, 5);
    let clip = Clip {
        samples: vec![0.5; 4],
        sample_rate_hz: RATE_HZ,
    };
    let old = transport.apply(Command::Load(Voice::new(Arc::new(clip), RATE_HZ)));
    assert_eq!(old.map(|voice| voice.end()), Some(10.0));
    assert!(!transport.is_playing());
    transport.apply(Command::Play(2));
    assert_eq!(heard(&mut transport, 6), [500, 500, 500, 500, 0, 0]);
}

#[test]
fn every_channel_gets_the_clip_and_nothing_beyond_full_scale() {
    let mut transport = loaded(
        Clip {
            samples: vec![0.25, 3.0, -3.0],
            sample_rate_hz: RATE_HZ,
        },
        RATE_HZ,
    );
    transport.apply(Command::Play(1));
    let mut frames = [9.0; 9];
    transport.fill(&mut frames, 2);
    assert_eq!(frames, [0.25, 0.25, 1.0, 1.0, -1.0, -1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn without_a_clip_there_is_silence() {
    let mut transport = Transport::default();
    for command in [
        Command::Play(1),
        Command::Seek(3.0),
        looped(1.0, 2.0),
        Command::Pause,
        Command::Play(2),
    ] {
        transport.apply(command);
        assert_eq!(heard(&mut transport, 2), [0, 0]);
    }
    let mut empty = loaded(
        Clip {
            samples: vec![],
            sample_rate_hz: 0,
        },
        48_000,
    );
    empty.apply(Command::Play(3));
    assert_eq!(heard(&mut empty, 2), [0, 0]);
    assert_eq!(empty.ended(), 3);
}

#[test]
fn a_card_at_another_rate_hears_the_same_sine_in_the_same_time() {
    for device_hz in [8_000u32, 44_100, 48_000, 192_000] {
        let sine = |t: f64| (0.5 * (TAU * 1_000.0 * t).sin()) as f32;
        let samples = (0..RATE_HZ).map(|i| sine(secs(i))).collect();
        let mut transport = loaded(
            Clip {
                samples,
                sample_rate_hz: RATE_HZ,
            },
            device_hz,
        );
        transport.apply(Command::Play(1));
        let mut frames = vec![9.0; device_hz as usize + 7];
        transport.fill(&mut frames, 1);
        assert!(!transport.is_playing(), "one second of clip is one second of sound");
        assert_eq!(frames[device_hz as usize..], [0.0; 7]);
        let edge = device_hz as usize / 50;
        for (i, value) in frames.iter().enumerate().take(device_hz as usize - edge).skip(edge) {
            let truth = sine(i as f64 / f64::from(device_hz));
            assert!((value - truth).abs() < 2e-4, "{device_hz} Hz, frame {i}: {value} for {truth}");
        }
    }
}

#[test]
fn a_recording_that_is_read_while_it_plays_is_heard_whole_and_waited_for() {
    use crate::audio::paged::PagedSound;
    use crate::audio::{ChannelChoice, Recording, write_wav};

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("long.wav");
    let samples: Vec<f32> = (0..40 * RATE_HZ).map(|i| ((i * 31) % 2_000) as f32 / 1_000.0 - 1.0).collect();
    let sample_rate_hz = RATE_HZ;
    write_wav(&path, &Clip { samples, sample_rate_hz }).expect("written");
    let recording = Arc::new(Recording::open(&path, ChannelChoice::default()).expect("opened"));
    let truth = recording.read(0..recording.n_samples()).expect("read");
    let mut transport = Transport::default();
    let sound = PagedSound::open(recording).expect("a thread");
    transport.apply(Command::Load(Voice::paged(sound, RATE_HZ)));
    transport.apply(Command::Play(1));
    let listen = |transport: &mut Transport, n: usize| {
        let mut heard: Vec<f32> = Vec::new();
        let start = std::time::Instant::now();
        while heard.len() < n && transport.is_playing() {
            assert!(start.elapsed().as_secs() < 60, "it never goes on");
            let mut frames = vec![9.0; 1_000.min(n - heard.len())];
            let before = transport.n_frames;
            transport.fill(&mut frames, 1);
            let n_played = (transport.n_frames - before) as usize;
            assert!(frames[n_played..].iter().all(|value| *value == 0.0), "silence while it waits");
            heard.extend_from_slice(&frames[..n_played]);
            if n_played == 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        }
        heard
    };
    // Over the borders of pages, after a jump, and round a loop whose ends are pages apart.
    assert_eq!(listen(&mut transport, 20 * RATE_HZ as usize), truth[..20 * RATE_HZ as usize]);
    transport.apply(Command::Seek(3.0));
    let from = 3 * RATE_HZ as usize;
    assert_eq!(listen(&mut transport, 5_000), truth[from..from + 5_000]);
    transport.apply(looped(1.0, 35.0));
    transport.apply(Command::Seek(34.9));
    let heard = listen(&mut transport, 5_000);
    assert_eq!(heard[..1_600], truth[558_400..560_000]);
    assert_eq!(heard[1_600..], truth[16_000..19_400]);
    transport.apply(Command::Loop {
        span: None,
        loops: false,
    });
    transport.apply(Command::Seek(39.0));
    assert_eq!(listen(&mut transport, 50_000), truth[39 * RATE_HZ as usize..]);
    assert_eq!(transport.ended(), 1);
}
