//! Where playback stands in a clip: play, pause, seek, loop, stop at the end. Knows no sound card, no thread and no clock.

use std::sync::Arc;

use super::kernel::Kernel;
use super::paged::PagedSound;
use super::{Clip, SAMPLE_RATE_HZ};

/// Where the samples are.
#[derive(Debug)]
enum Sound {
    Whole(Arc<Clip>),
    Paged(PagedSound),
}

/// A clip with what is needed to play it at the rate of the sound card; made outside of the audio callback.
#[derive(Debug)]
pub(super) struct Voice {
    sound: Sound,
    kernel: Kernel,
    /// Samples of the clip for one frame of the card.
    step: f64,
}

impl Voice {
    pub(super) fn new(clip: Arc<Clip>, device_rate_hz: u32) -> Self {
        let rate_hz = clip.sample_rate_hz;
        Self::of(Sound::Whole(clip), rate_hz, device_rate_hz)
    }

    /// A voice of a recording that is read while it plays.
    pub(super) fn paged(sound: PagedSound, device_rate_hz: u32) -> Self {
        Self::of(Sound::Paged(sound), SAMPLE_RATE_HZ, device_rate_hz)
    }

    fn of(sound: Sound, rate_hz: u32, device_rate_hz: u32) -> Self {
        let kernel = Kernel::new(rate_hz, device_rate_hz);
        let step = f64::from(rate_hz) / f64::from(device_rate_hz.max(1));
        Self { sound, kernel, step }
    }

    fn n_samples(&self) -> f64 {
        match &self.sound {
            Sound::Whole(clip) => clip.samples.len() as f64,
            Sound::Paged(sound) => sound.n_samples() as f64,
        }
    }

    fn rate_hz(&self) -> f64 {
        match &self.sound {
            Sound::Whole(clip) => f64::from(clip.sample_rate_hz.max(1)),
            Sound::Paged(_) => f64::from(SAMPLE_RATE_HZ),
        }
    }

    /// Takes in what was read meanwhile.
    fn renew(&mut self) {
        if let Sound::Paged(sound) = &mut self.sound {
            sound.renew();
        }
    }

    /// Says where playback is and where it will turn back to, so that it is read in time.
    fn look_at(&self, place: f64, loop_start: Option<f64>) {
        if let Sound::Paged(sound) = &self.sound {
            sound.look_at(place);
            sound.come_back_to(loop_start);
        }
    }

    /// The value between the samples; `None` where they are not read yet.
    fn value_at(&self, position: f64) -> Option<f32> {
        let (samples, first) = match &self.sound {
            Sound::Whole(clip) => (&*clip.samples, 0.0),
            Sound::Paged(sound) => {
                let reach = self.kernel.reach() + 1.0;
                sound.piece(position - reach..position + reach)?
            }
        };
        let position = position - first;
        Some(if self.step == 1.0 {
            samples.get(position as usize).copied().unwrap_or(0.0)
        } else {
            self.kernel.value_at(samples, position)
        })
    }
}

/// What a person asks of playback. Times are in seconds of the clip.
#[derive(Debug)]
pub(super) enum Command {
    /// Another clip, stopped at its start, without a loop.
    Load(Voice),
    /// Plays on; from the start where it stands at the end. The number comes back in [`Transport::ended`].
    Play(u64),
    Pause,
    Seek(f64),
    Loop(Option<(f64, f64)>),
}

/// A way through a clip: from an anchor to the end, or into a loop. In samples of the clip, or in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Course {
    /// Where it began.
    pub(super) anchor: f64,
    /// What is played again and again: `start < end`.
    pub(super) span: Option<(f64, f64)>,
    /// The end of the clip.
    pub(super) end: f64,
}

impl Course {
    /// The place that is reached after so much was played; `None` past the end.
    ///
    /// At the end of its span playback goes back to the span's start. Who begins behind the span hears the clip to its end first.
    pub(super) fn after(&self, played: f64) -> Option<f64> {
        let place = self.anchor + played;
        let turn = match self.span {
            Some((_, span_end)) if self.anchor < span_end => span_end,
            _ => self.end,
        };
        match self.span {
            _ if place < turn => Some(place),
            Some((start, end)) => Some(start + (place - turn) % (end - start)),
            None => None,
        }
    }

    /// The same course in another unit.
    fn scaled(&self, factor: f64) -> Self {
        let span = self.span.map(|(start, end)| (start * factor, end * factor));
        Self {
            anchor: self.anchor * factor,
            span,
            end: self.end * factor,
        }
    }
}

/// How far playback has come along its course, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Travel {
    pub(super) course: Course,
    pub(super) played: f64,
}

/// The state of playback; filled buffers move it on.
#[derive(Debug, Default)]
pub(super) struct Transport {
    voice: Option<Voice>,
    /// In samples of the clip.
    course: Course,
    /// Frames of the sound card since the anchor of the course.
    n_frames: u64,
    is_playing: bool,
    /// The number of the latest [`Command::Play`].
    serial: u64,
    ended: u64,
}

impl Transport {
    /// Does what was asked; gives back a clip that is no longer played, to be freed elsewhere.
    pub(super) fn apply(&mut self, command: Command) -> Option<Voice> {
        match command {
            Command::Load(voice) => {
                let end = voice.n_samples();
                (self.course, self.n_frames, self.is_playing) = (
                    Course {
                        anchor: 0.0,
                        span: None,
                        end,
                    },
                    0,
                    false,
                );
                return self.voice.replace(voice);
            }
            Command::Play(serial) => {
                self.serial = serial;
                if self.voice.is_none() {
                    self.ended = serial;
                    return None;
                }
                self.is_playing = true;
                let start = self.course.span.map_or(0.0, |(start, _)| start);
                let inside = |place: f64| self.course.span.is_none_or(|(start, end)| (start..end).contains(&place));
                match self.place() {
                    Some(place) if inside(place) => {}
                    _ => self.go_to(start),
                }
            }
            Command::Pause => self.is_playing = false,
            // Whole samples, so that a clip at the rate of the card is played bit by bit as it is.
            Command::Seek(secs) => self.go_to((secs * self.rate_hz()).round()),
            Command::Loop(span_secs) => {
                let (rate_hz, end) = (self.rate_hz(), self.course.end);
                let place = self.place().unwrap_or(end);
                self.course.span = span_secs
                    .map(|(from, to)| {
                        (
                            (from * rate_hz).round().clamp(0.0, end),
                            (to * rate_hz).round().clamp(0.0, end),
                        )
                    })
                    .filter(|(from, to)| from < to);
                self.go_to(place);
            }
        }
        None
    }

    /// Writes the next frames, the same on each of `n_channels` channels; silence where nothing plays. Allocates nothing.
    pub(super) fn fill(&mut self, frames: &mut [f32], n_channels: usize) {
        frames.fill(0.0);
        if let Some(voice) = &mut self.voice {
            voice.renew();
        }
        let Some(voice) = self.voice.as_ref() else { return };
        let here = self.course.after(self.n_frames as f64 * voice.step);
        let loop_start = self.course.span.map(|(start, _)| start);
        voice.look_at(here.unwrap_or(self.course.end), loop_start);
        if !self.is_playing {
            return;
        }
        for frame in frames.chunks_exact_mut(n_channels.max(1)) {
            let Some(place) = self.course.after(self.n_frames as f64 * voice.step) else {
                (self.is_playing, self.ended) = (false, self.serial);
                break;
            };
            // What is not read yet is waited for, not skipped.
            let Some(value) = voice.value_at(place) else { break };
            frame.fill(value.clamp(-1.0, 1.0));
            self.n_frames += 1;
        }
    }

    pub(super) fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// The number of the latest [`Command::Play`] that came to the end of its clip.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// How far playback has come, in seconds of the clip.
    pub(super) fn travel(&self) -> Travel {
        let secs = 1.0 / self.rate_hz();
        let played = self
            .voice
            .as_ref()
            .map_or(0.0, |voice| self.n_frames as f64 * voice.step * secs);
        Travel {
            course: self.course.scaled(secs),
            played,
        }
    }

    fn go_to(&mut self, place: f64) {
        // `max` before `min`: what is not a number becomes the start.
        self.course.anchor = place.max(0.0).min(self.course.end);
        self.n_frames = 0;
    }

    /// In samples of the clip; `None` at its end.
    fn place(&self) -> Option<f64> {
        let step = self.voice.as_ref().map_or(1.0, |voice| voice.step);
        self.course.after(self.n_frames as f64 * step)
    }

    fn rate_hz(&self) -> f64 {
        self.voice.as_ref().map_or(1.0, Voice::rate_hz)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::sync::Arc;

    use super::{Command, Course, Transport, Voice};
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
            transport.apply(Command::Loop(Some(span)));
            transport.apply(Command::Play(1));
            assert_eq!(
                heard(&mut transport, 12),
                [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0],
                "{span:?} is no span"
            );
        }
    }

    #[test]
    fn a_loop_is_played_again_and_again_until_it_is_taken_away() {
        let mut transport = counting(10);
        transport.apply(Command::Loop(Some((secs(3), secs(6)))));
        transport.apply(Command::Play(1));
        assert_eq!(heard(&mut transport, 8), [3, 4, 5, 3, 4, 5, 3, 4], "play goes to the loop");
        assert!((position_samples(&transport) - 5.0).abs() < 1e-9);
        transport.apply(Command::Loop(None));
        assert_eq!(heard(&mut transport, 6), [5, 6, 7, 8, 9, 0]);
        assert!(!transport.is_playing());
    }

    #[test]
    fn setting_a_loop_while_playing_moves_nothing() {
        let mut transport = counting(10);
        transport.apply(Command::Play(1));
        assert_eq!(heard(&mut transport, 2), [0, 1]);
        transport.apply(Command::Loop(Some((secs(4), secs(6)))));
        assert_eq!(
            heard(&mut transport, 7),
            [2, 3, 4, 5, 4, 5, 4],
            "from before the loop into it"
        );
        transport.apply(Command::Loop(Some((secs(0), secs(2)))));
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
            transport.apply(Command::Loop(Some((secs(7), secs(18)))));
            transport.apply(Command::Play(1));
            heard(&mut transport, 200)
        };
        for n in [1, 3, 64] {
            let mut transport = counting(50);
            transport.apply(Command::Loop(Some((secs(7), secs(18)))));
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
        transport.apply(Command::Loop(Some((secs(1), secs(2)))));
        transport.apply(Command::Play(1));
        heard(&mut transport, 5);
        let clip = Clip {
            samples: vec![0.5; 4],
            sample_rate_hz: RATE_HZ,
        };
        let old = transport.apply(Command::Load(Voice::new(Arc::new(clip), RATE_HZ)));
        assert_eq!(old.map(|voice| voice.n_samples()), Some(10.0));
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
            Command::Loop(Some((1.0, 2.0))),
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
    fn a_course_in_seconds_is_the_course_in_samples() {
        let course = Course {
            anchor: 2.0,
            span: Some((4.0, 7.0)),
            end: 10.0,
        };
        for played in [0.0, 1.0, 4.9, 5.0, 8.5, 1_000.0] {
            let scaled = course.scaled(0.5).after(played * 0.5);
            assert_eq!(scaled, course.after(played).map(|place| place * 0.5));
        }
        assert_eq!(course.after(5.0), Some(4.0));
        assert_eq!(Course { span: None, ..course }.after(8.0), None);
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
        transport.apply(Command::Loop(Some((1.0, 35.0))));
        transport.apply(Command::Seek(34.9));
        let heard = listen(&mut transport, 5_000);
        assert_eq!(heard[..1_600], truth[558_400..560_000]);
        assert_eq!(heard[1_600..], truth[16_000..19_400]);
        transport.apply(Command::Loop(None));
        transport.apply(Command::Seek(39.0));
        assert_eq!(listen(&mut transport, 50_000), truth[39 * RATE_HZ as usize..]);
        assert_eq!(transport.ended(), 1);
    }
}
