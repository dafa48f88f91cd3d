//! How playback sounds: sines and clicks against what their formulas say, at every pace, over every seam.

use std::f64::consts::TAU;
use std::sync::Arc;

use super::{Command, Transport, Voice};
use crate::audio::{Clip, Pace};

const CLIP_HZ: u32 = 16_000;

fn sine(hz: f64, secs: f64) -> Vec<f32> {
    let n = (secs * f64::from(CLIP_HZ)) as usize;
    (0..n)
        .map(|i| (TAU * hz * i as f64 / f64::from(CLIP_HZ)).sin() as f32 * 0.5)
        .collect()
}

fn noise(n: usize, amplitude: f32) -> Vec<f32> {
    let mut state = 3u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / 8_388_608.0 - 1.0) * amplitude
    };
    (0..n).map(|_| next()).collect()
}

/// A clip in a transport with fades, on a card at this rate.
fn loaded(samples: Vec<f32>, device_hz: u32) -> Transport {
    let mut transport = Transport::new(device_hz);
    let clip = Arc::new(Clip {
        samples,
        sample_rate_hz: CLIP_HZ,
    });
    transport.apply(Command::Load(Voice::new(clip, device_hz)));
    transport
}

fn pace(speed: f64, keeps_pitch: bool) -> Command {
    Command::Pace(Pace { speed, keeps_pitch })
}

/// The next mono frames.
fn heard(transport: &mut Transport, n: usize) -> Vec<f32> {
    let mut frames = vec![9.0; n];
    transport.fill(&mut frames, 1);
    frames
}

/// All of a clip at a pace, and how many frames it took.
fn whole(samples: Vec<f32>, device_hz: u32, speed: f64, keeps_pitch: bool) -> Vec<f32> {
    let mut transport = loaded(samples, device_hz);
    transport.apply(pace(speed, keeps_pitch));
    transport.apply(Command::Play(1));
    let mut all = Vec::new();
    while transport.is_playing() {
        all.extend(heard(&mut transport, 1));
    }
    // The last frame found the end.
    all.pop();
    all
}

/// The frequency by the first and the last upward zero crossing, in Hz.
fn measured_hz(sound: &[f32], rate_hz: u32) -> f64 {
    let crossings: Vec<f64> = sound
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(i, pair)| i as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
    (crossings.len() - 1) as f64 * f64::from(rate_hz) / (last - first)
}

fn cents(hz: f64, of: f64) -> f64 {
    1_200.0 * (hz / of).log2()
}

/// What a sine of this frequency does not foresee of the next sample, at most: a join that is out of step, a click.
fn surprise(sound: &[f32], hz: f64, rate_hz: u32) -> f64 {
    let turn = 2.0 * (TAU * hz / f64::from(rate_hz)).cos();
    sound
        .windows(3)
        .map(|w| (f64::from(w[2]) - turn * f64::from(w[1]) + f64::from(w[0])).abs())
        .fold(0.0, f64::max)
}

fn rms(sound: &[f32]) -> f64 {
    (sound.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / sound.len() as f64).sqrt()
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// Without the fades at the ends and what lies near them.
fn middle(sound: &[f32], rate_hz: u32) -> &[f32] {
    let edge = rate_hz as usize / 20;
    &sound[edge..sound.len() - edge]
}

#[test]
fn at_its_own_speed_every_sample_between_the_fades_is_the_clips_own() {
    let samples = noise(CLIP_HZ as usize, 0.8);
    let sound = whole(samples.clone(), CLIP_HZ, 1.0, true);
    let fade = 80;
    assert_eq!(sound.len(), samples.len());
    assert_eq!(sound[fade..samples.len() - fade], samples[fade..samples.len() - fade]);
    for i in 0..fade {
        let end = samples.len() - 1 - i;
        assert!(sound[i].abs() <= samples[i].abs() && sound[end].abs() <= samples[end].abs());
    }
    assert!(sound[0].abs() < 0.01 && sound[samples.len() - 1].abs() < 0.02);
}

#[test]
fn a_slowed_or_hastened_sine_keeps_its_pitch_its_level_and_the_asked_length() {
    for (device_hz, secs) in [(16_000, 0.6), (44_100, 0.4)] {
        for speed in [0.1, 0.25, 0.5, 0.75, 1.5, 2.0] {
            for hz in [50.0, 440.0, 3_001.0] {
                let what = format!("{hz} Hz at {speed} on a card at {device_hz} Hz");
                let sound = whole(sine(hz, secs), device_hz, speed, true);
                let asked = (secs * f64::from(device_hz) / speed).ceil();
                assert!((sound.len() as f64 - asked).abs() <= 1.0, "{what}: {} frames", sound.len());
                let kept = middle(&sound, device_hz);
                let off = cents(measured_hz(kept, device_hz), hz);
                assert!(off.abs() < 2.0, "{what}: {off} cents");
                let level = db(rms(kept) / (0.5 / 2f64.sqrt()));
                assert!(level.abs() < 0.2, "{what}: {level} dB");
                let click = surprise(kept, hz, device_hz);
                assert!(click < 0.02, "{what}: a join of {click}");
            }
        }
    }
}

#[test]
fn like_a_tape_the_pitch_goes_with_the_speed() {
    for device_hz in [16_000, 48_000] {
        for speed in [0.1, 0.5, 2.0] {
            let sound = whole(sine(1_000.0, 0.5), device_hz, speed, false);
            assert_eq!(sound.len() as f64, (0.5 * f64::from(device_hz) / speed).ceil());
            let kept = middle(&sound, device_hz);
            let off = cents(measured_hz(kept, device_hz), 1_000.0 * speed);
            assert!(off.abs() < 0.1, "{off} cents at {speed}");
            assert!(surprise(kept, 1_000.0 * speed, device_hz) < 1e-3);
        }
    }
    // Twice as fast, what would lie above the hearing of the card is silent instead of folded down.
    let folded = whole(sine(6_000.0, 1.0), CLIP_HZ, 2.0, false);
    assert!(rms(middle(&folded, CLIP_HZ)) < 1e-3);
}

#[test]
fn a_click_is_heard_once_at_its_time_and_as_sharp_as_it_is() {
    let n = 2 * CLIP_HZ as usize;
    let at = [3_217, 6_000, 9_103, 14_444, 18_000, 25_001, 29_555];
    let mut samples = noise(n, 0.01);
    for place in at {
        samples[place] = 0.9;
    }
    for speed in [0.1, 0.25, 0.5, 0.8, 1.5, 2.0] {
        let sound = whole(samples.clone(), CLIP_HZ, speed, true);
        let found: Vec<(usize, f32)> = sound.iter().copied().enumerate().filter(|(_, x)| x.abs() > 0.1).collect();
        // Between samples a click of one sample has its peak beside it: its neighbours are loud as well.
        let mut clicks: Vec<(usize, f32)> = Vec::new();
        for (i, x) in found {
            match clicks.last_mut() {
                Some(last) if i - last.0 < 16 => last.1 = last.1.max(x.abs()),
                _ => clicks.push((i, x.abs())),
            }
        }
        assert_eq!(clicks.len(), at.len(), "at {speed}: {clicks:?}");
        for ((found, peak), place) in clicks.iter().zip(at) {
            let late_ms = (*found as f64 - place as f64 / speed) / 16.0;
            assert!(late_ms.abs() < 5.0, "at {speed}: {late_ms} ms late");
            assert!(*peak > 0.5, "at {speed}: a click of {peak}");
        }
    }
}

/// Blows of a millisecond of 3 kHz, or clicks of one sample, with noise between them.
fn blows(at: &[usize], secs: f64, rings: bool) -> Vec<f32> {
    let mut samples = noise((secs * f64::from(CLIP_HZ)) as usize, 0.01);
    for &place in at {
        if rings {
            for (i, sample) in samples[place..].iter_mut().take(96).enumerate() {
                let t = i as f64 / f64::from(CLIP_HZ);
                *sample += (0.9 * (-t / 0.001).exp() * (TAU * 3_000.0 * t + 0.6).sin()) as f32;
            }
        } else {
            samples[place] = 0.9;
        }
    }
    samples
}

/// Where something loud begins, in frames, and how loud it is. What comes within 2 ms of the one before belongs to it.
fn loud_places(sound: &[f32], rate_hz: u32) -> Vec<(usize, f32)> {
    let mut found: Vec<(usize, f32)> = Vec::new();
    let mut last = 0;
    for (i, x) in sound.iter().enumerate().filter(|(_, x)| x.abs() > 0.25) {
        match found.last_mut() {
            Some((_, peak)) if i - last < rate_hz as usize / 500 => *peak = peak.max(x.abs()),
            _ => found.push((i, x.abs())),
        }
        last = i;
    }
    found
}

#[test]
fn each_of_many_blows_is_heard_once_at_its_time_and_as_sharp_as_it_is() {
    for rings in [false, true] {
        for spacing_ms in [10, 20, 30, 40, 80] {
            let at: Vec<usize> = (1_600..15_000).step_by(spacing_ms * 16).collect();
            let samples = blows(&at, 1.0, rings);
            for (device_hz, speeds) in [(CLIP_HZ, &[0.1, 0.25, 0.5, 2.0][..]), (48_000, &[0.25])] {
                for &speed in speeds {
                    let what = format!("every {spacing_ms} ms at {speed} on a card at {device_hz} Hz");
                    let sound = whole(samples.clone(), device_hz, speed, true);
                    let found = loud_places(&sound, device_hz);
                    assert_eq!(found.len(), at.len(), "{what}");
                    for ((place, peak), at) in found.iter().zip(&at) {
                        let late_ms = 1e3 * (*place as f64 / f64::from(device_hz) - *at as f64 / 16_000.0 / speed);
                        assert!(late_ms.abs() < 3.0, "{what}: {late_ms} ms late");
                        assert!(*peak > 0.5, "{what}: a blow of {peak}");
                    }
                }
            }
        }
    }
}

#[test]
fn between_blows_the_noise_is_as_loud_as_it_is() {
    for spacing_ms in [20usize, 40] {
        let at: Vec<usize> = (1_600..30_000).step_by(spacing_ms * 16).collect();
        let samples = blows(&at, 2.0, true);
        let true_level = rms(&noise(16_000, 0.01));
        for speed in [0.1, 0.25, 0.5] {
            let sound = whole(samples.clone(), CLIP_HZ, speed, true);
            let scaled = |place: f64| (place / speed) as usize;
            let between: Vec<f32> = at
                .windows(2)
                .flat_map(|pair| {
                    let (from, gap) = (pair[0] as f64, (pair[1] - pair[0]) as f64);
                    sound[scaled(from + 0.5 * gap)..scaled(from + 0.85 * gap)].to_vec()
                })
                .collect();
            let level = db(rms(&between) / true_level);
            assert!(level.abs() < 0.5, "every {spacing_ms} ms at {speed}: {level} dB");
        }
    }
}

#[test]
fn slowly_the_ends_of_a_clip_are_heard_whole() {
    let n = CLIP_HZ as usize / 2;
    // A millisecond after the start and four before the end.
    let at = [16, n - 64];
    for speed in [0.1, 0.25, 0.5] {
        let mut samples = noise(n, 0.01);
        at.iter().for_each(|place| samples[*place] = 0.9);
        let found = loud_places(&whole(samples, CLIP_HZ, speed, true), CLIP_HZ);
        assert_eq!(found.len(), 2, "at {speed}: {found:?}");
        for ((place, peak), at) in found.iter().zip(at) {
            let late_ms = (*place as f64 - at as f64 / speed) / 16.0;
            assert!(*peak > 0.55 && late_ms.abs() < 6.0, "at {speed}: {peak}, {late_ms} ms late");
        }
        // What ends loudly does not end with a click: its last sample fades out behind it.
        let mut transport = loaded(sine(300.0, 0.5 + 0.25 / 300.0), CLIP_HZ);
        transport.apply(pace(speed, true));
        transport.apply(Command::Play(1));
        let sound = heard(&mut transport, (0.6 / speed * f64::from(CLIP_HZ)) as usize);
        assert!(!transport.is_playing() && transport.is_silent());
        assert!(surprise(&sound, 300.0, CLIP_HZ) < 0.1);
    }
    // A tape that runs slowly is faded in the same time, not in ten times as many samples.
    let mut samples = vec![0.0; n];
    samples[20] = 0.9;
    let peak = whole(samples, CLIP_HZ, 0.1, false)
        .iter()
        .fold(0f32, |peak, x| peak.max(x.abs()));
    assert!(peak > 0.8, "{peak}");
}

#[test]
fn noise_and_a_chord_keep_their_level() {
    let chord: Vec<f32> = [90.0, 331.0, 1_270.0].iter().fold(vec![0.0; 32_000], |sum, hz| {
        sum.iter().zip(sine(*hz, 2.0)).map(|(a, b)| a + 0.4 * b).collect()
    });
    for samples in [noise(32_000, 0.5), chord] {
        let true_level = rms(&samples);
        for speed in [0.1, 0.25, 0.5, 0.75, 1.5, 2.0] {
            let sound = whole(samples.clone(), CLIP_HZ, speed, true);
            let kept = middle(&sound, CLIP_HZ);
            let level = db(rms(kept) / true_level);
            assert!(level.abs() < 0.5, "{level} dB at {speed}");
            // Nor does it swell and sink: over a tenth of a second it is what the clip is.
            for piece in kept.chunks_exact(1_600) {
                let level = db(rms(piece) / true_level);
                assert!(level.abs() < 2.5, "{level} dB in a tenth of a second at {speed}");
            }
        }
    }
}

#[test]
fn a_change_of_speed_is_not_heard_as_a_jump() {
    let hz = 220.0;
    for device_hz in [16_000, 48_000] {
        let mut transport = loaded(sine(hz, 20.0), device_hz);
        transport.apply(Command::Play(1));
        let mut sound = Vec::new();
        for speed in [1.0, 0.5, 2.0, 1.0, 0.1, 0.75, 1.0] {
            transport.apply(pace(speed, true));
            sound.extend(heard(&mut transport, device_hz as usize / 3));
        }
        let kept = middle(&sound, device_hz);
        assert!(surprise(kept, hz, device_hz) < 0.02);
        for piece in kept.chunks_exact(device_hz as usize / 20) {
            let level = db(rms(piece) / (0.5 / 2f64.sqrt()));
            assert!(level.abs() < 0.3, "{level} dB");
        }
        let off = cents(measured_hz(kept, device_hz), hz);
        assert!(off.abs() < 2.0, "{off} cents");
    }
}

#[test]
fn back_at_its_own_speed_the_clip_is_played_bit_by_bit_again() {
    let samples = noise(4 * CLIP_HZ as usize, 0.8);
    let mut transport = loaded(samples.clone(), CLIP_HZ);
    transport.apply(Command::Play(1));
    for (speed, keeps_pitch) in [(0.3, true), (0.7, false)] {
        transport.apply(pace(speed, keeps_pitch));
        heard(&mut transport, 7_777);
        transport.apply(pace(1.0, true));
        heard(&mut transport, 1_000);
        let travel = transport.travel();
        let place = ((travel.course.anchor + travel.played) * f64::from(CLIP_HZ)).round() as usize;
        let sound = heard(&mut transport, 4_000);
        let found = (place - 400..place + 400).find(|&from| samples[from..from + sound.len()] == sound[..]);
        assert!(found.is_some(), "no stretch of the clip near sample {place} is what is heard");
    }
}

#[test]
fn the_seam_of_a_loop_does_not_click() {
    // The stretch holds 30.7 periods: joined bluntly, the sine would jump.
    let (hz, from) = (300.0, 0.5);
    let to = from + 30.7 / hz;
    for (speed, keeps_pitch) in [(1.0, true), (0.5, true), (0.5, false), (2.0, true)] {
        let mut transport = loaded(sine(hz, 2.0), CLIP_HZ);
        transport.apply(pace(speed, keeps_pitch));
        transport.apply(Command::Loop {
            span: Some((from, to)),
            loops: true,
        });
        transport.apply(Command::Play(1));
        let sound = heard(&mut transport, 3 * CLIP_HZ as usize);
        let heard_hz = if keeps_pitch { hz } else { hz * speed };
        let click = surprise(&sound, heard_hz, CLIP_HZ);
        assert!(click < 0.02, "{click} at {speed}");
        assert!(transport.is_playing());
    }
    // The whole clip, whose ends do not fit either: its first sample would follow a peak.
    let mut transport = loaded(sine(300.0, 1.0 + 0.25 / 300.0), CLIP_HZ);
    transport.apply(Command::Loop { span: None, loops: true });
    transport.apply(Command::Play(1));
    assert!(surprise(&heard(&mut transport, 40_000), 300.0, CLIP_HZ) < 0.02);
}

#[test]
fn a_loop_takes_the_time_that_its_stretch_takes() {
    // One click in the stretch: it is heard once a lap.
    let mut samples = vec![0.0; 32_000];
    samples[12_000] = 0.9;
    let mut transport = loaded(samples, CLIP_HZ);
    transport.apply(Command::Loop {
        span: Some((0.5, 1.0)),
        loops: true,
    });
    transport.apply(Command::Play(1));
    let sound = heard(&mut transport, 40_000);
    let clicks: Vec<usize> = (0..sound.len()).filter(|&i| sound[i] > 0.5).collect();
    assert_eq!(clicks, [4_000, 12_000, 20_000, 28_000, 36_000]);
}

#[test]
fn play_pause_seek_another_clip_and_the_end_do_not_click() {
    let hz = 300.0;
    // A cosine: it begins and ends at its peak.
    let samples: Vec<f32> = sine(hz, 2.0)[13..].to_vec();
    let mut transport = loaded(samples.clone(), CLIP_HZ);
    let mut sound = Vec::new();
    let mut then = |transport: &mut Transport, command, n| {
        transport.apply(command);
        sound.extend(heard(transport, n));
    };
    then(&mut transport, Command::Play(1), 1_001);
    then(&mut transport, Command::Seek(1.2345), 777);
    then(&mut transport, Command::Seek(0.3), 10);
    then(&mut transport, Command::Seek(0.777), 3);
    then(&mut transport, Command::Pause, 20);
    then(&mut transport, Command::Play(2), 500);
    then(&mut transport, Command::Pause, 500);
    then(&mut transport, Command::Play(3), 333);
    let clip = Clip {
        samples,
        sample_rate_hz: CLIP_HZ,
    };
    then(&mut transport, Command::Load(Voice::new(Arc::new(clip), CLIP_HZ)), 200);
    then(&mut transport, Command::Play(4), 2_000);
    then(&mut transport, Command::Volume(0.1), 500);
    then(&mut transport, Command::Volume(2.0), 500);
    then(&mut transport, Command::Volume(1.0), 500);
    then(&mut transport, Command::Seek(1.95), 2_000);
    assert_eq!(transport.ended(), 4);
    let click = surprise(&sound, hz, CLIP_HZ);
    assert!(click < 0.03, "{click}");
    assert_eq!(sound[sound.len() - 1], 0.0);
}

#[test]
fn the_edge_of_the_stretch_moves_under_what_plays() {
    let samples = noise(4 * CLIP_HZ as usize, 0.5);
    let mut transport = loaded(samples.clone(), CLIP_HZ);
    let stretch = |to| Command::Loop {
        span: Some((1.0, to)),
        loops: true,
    };
    transport.apply(stretch(2.0));
    transport.apply(Command::Play(1));
    let mut sound = heard(&mut transport, 4_000);
    for to in [1.9, 1.8, 1.6, 1.4, 1.7] {
        transport.apply(stretch(to));
        sound.extend(heard(&mut transport, 500));
    }
    assert_eq!(
        sound[80..],
        samples[16_080..16_000 + sound.len()],
        "no sample is lost or heard again"
    );
}

#[test]
fn a_stretch_is_played_once_unless_it_is_looped() {
    let samples = noise(CLIP_HZ as usize, 0.5);
    let mut transport = loaded(samples, CLIP_HZ);
    transport.apply(Command::Loop {
        span: Some((0.25, 0.5)),
        loops: false,
    });
    transport.apply(Command::Play(1));
    let sound = heard(&mut transport, 5_000);
    assert!(!transport.is_playing() && transport.ended() == 1);
    assert!(sound[3_900..4_000].iter().any(|x| x.abs() > 0.05));
    assert!(
        sound[4_100..].iter().all(|x| *x == 0.0),
        "5 ms after its end there is silence"
    );
    transport.apply(Command::Play(2));
    assert!(transport.is_playing(), "and again from its start");
}

#[test]
fn the_sound_is_the_same_in_buffers_of_any_length() {
    let mut samples = noise(16_000, 0.02);
    for (i, x) in sine(180.0, 1.0).iter().enumerate() {
        samples[i] += x;
    }
    samples[9_000] = 0.9;
    let play = |n: usize| {
        let mut transport = loaded(samples.clone(), 44_100);
        transport.apply(pace(0.4, true));
        transport.apply(Command::Loop {
            span: Some((0.3, 0.8)),
            loops: true,
        });
        transport.apply(Command::Play(1));
        let mut sound = Vec::new();
        while sound.len() < 60_000 {
            sound.extend(heard(&mut transport, n));
        }
        sound.truncate(60_000);
        sound
    };
    let reference = play(60_000);
    for n in [1, 97, 1_024] {
        assert!(play(n) == reference, "buffers of {n}");
    }
}
