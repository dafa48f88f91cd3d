//! Where playback stands in a clip: play, pause, seek, loop, pace, stop at the end. Knows no sound card, no thread and no clock.
//!
//! Nothing breaks off and nothing begins at once: whatever is left fades out in a [`tail::Tail`] while what follows fades in, and the
//! clip's own ends are faded. Between the fades a clip at the rate of the card is played bit by bit as it is.
//!
//! *Invariant:* the same commands at the same frames give the same sound, in buffers of any length.

mod alike;
mod course;
mod line;
mod onsets;
mod tail;
mod voice;
mod volume;

pub(super) use self::course::Course;
use self::line::Line;
use self::tail::{Tail, fade_in};
pub(super) use self::voice::Voice;
use self::volume::Volume;
use super::Pace;

/// How long a fade takes: too short to be heard as one, long enough not to click.
const FADE_SECS: f64 = 0.005;

/// What a person asks of playback. Times are in seconds of the clip.
#[derive(Debug)]
pub(super) enum Command {
    /// Another clip, stopped at its start, without a stretch and without a loop.
    Load(Voice),
    /// Plays on; from the start where it stands at the end. The number comes back in [`Transport::ended`].
    Play(u64),
    Pause,
    Seek(f64),
    /// The stretch that is played, once or again and again.
    Loop {
        span: Option<(f64, f64)>,
        loops: bool,
    },
    Pace(Pace),
    /// A factor on all samples.
    Volume(f32),
}

/// How far playback has come along its course, in seconds of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Travel {
    pub(super) course: Course,
    pub(super) played: f64,
    /// Seconds of the clip in a second.
    pub(super) speed: f64,
}

/// The state of playback; filled buffers move it on.
#[derive(Debug, Default)]
pub(super) struct Transport {
    voice: Option<Voice>,
    /// In samples of the clip.
    course: Course,
    /// Frames of the sound card since the anchor of the course.
    n_frames: u64,
    /// How often the course has turned back in them.
    n_turns: u64,
    pace: Pace,
    is_playing: bool,
    /// The number of the latest [`Command::Play`].
    serial: u64,
    ended: u64,
    /// What is heard.
    line: Line,
    /// Frames since it began, and how many of them fade in.
    entry: (usize, usize),
    /// What was heard.
    tail: Tail,
    volume: Volume,
}

impl Transport {
    /// With fades for a card at this rate.
    pub(super) fn new(device_rate_hz: u32) -> Self {
        Self {
            tail: Tail::new((FADE_SECS * f64::from(device_rate_hz)).round() as usize),
            ..Self::default()
        }
    }

    /// Does what was asked; gives back a clip that is no longer played, to be freed elsewhere.
    pub(super) fn apply(&mut self, command: Command) -> Option<Voice> {
        match command {
            Command::Load(mut voice) => {
                self.stop();
                voice.set_pace(self.pace, self.tail.len());
                let end = voice.end();
                self.course = Course {
                    end,
                    ..Course::default()
                };
                self.anchor_at(0.0);
                return self.voice.replace(voice);
            }
            Command::Play(serial) => self.play(serial),
            Command::Pause => self.stop(),
            // Whole samples, so that a clip at the rate of the card is played bit by bit as it is.
            Command::Seek(secs) => self.go_to((secs * self.rate_hz()).round()),
            Command::Loop { span, loops } => {
                let (rate_hz, end) = (self.rate_hz(), self.course.end);
                let place = self.place().unwrap_or(end);
                let sample = |secs: f64| (secs * rate_hz).round().clamp(0.0, end);
                let span = span.map(|(from, to)| (sample(from), sample(to)));
                self.course.span = span.filter(|(from, to)| from < to);
                self.course.loops = loops;
                self.anchor_at(place);
            }
            Command::Pace(pace) => {
                let place = self.place().unwrap_or(self.course.end);
                self.pace = pace;
                if let Some(voice) = &mut self.voice {
                    voice.set_pace(pace, self.tail.len());
                }
                // The sound goes on from where it is: only the pace is new.
                self.anchor_at(if pace.stretches() { place } else { place.round() });
            }
            Command::Volume(gain) => self.volume.set(gain, self.tail.len()),
        }
        None
    }

    fn play(&mut self, serial: u64) {
        self.serial = serial;
        if self.voice.is_none() {
            self.ended = serial;
            return;
        }
        let start = self.course.span.map_or(0.0, |(start, _)| start);
        let inside = |place: f64| self.course.span.is_none_or(|(start, end)| (start..end).contains(&place));
        match self.place().filter(|place| inside(*place)) {
            Some(_) if self.is_playing => {}
            Some(place) => self.enter(place),
            None => self.go_to(start),
        }
        self.is_playing = true;
    }

    /// Writes the next frames, the same on each of `n_channels` channels; silence where nothing plays. Allocates nothing.
    pub(super) fn fill(&mut self, frames: &mut [f32], n_channels: usize) {
        frames.fill(0.0);
        if let Some(voice) = &mut self.voice {
            voice.renew();
        }
        if let Some(voice) = &self.voice {
            let start = self.course.span.map_or(0.0, |(start, _)| start);
            voice.look_at(self.place().unwrap_or(self.course.end), self.course.loops.then_some(start));
        }
        for frame in frames.chunks_exact_mut(n_channels.max(1)) {
            if !self.is_playing && self.tail.is_silent() {
                self.volume.arrive();
                break;
            }
            let value = self.lead() + self.tail.pop();
            frame.fill((value * self.volume.next()).clamp(-1.0, 1.0));
        }
    }

    /// The next frame of what plays.
    fn lead(&mut self) -> f32 {
        let Some(step) = self.voice.as_ref().filter(|_| self.is_playing).map(|voice| voice.step) else {
            return 0.0;
        };
        let played = self.n_frames as f64 * step * self.pace.speed;
        let Some(place) = self.course.after(played) else {
            self.stop();
            self.ended = self.serial;
            return 0.0;
        };
        let n_turns = self.course.n_turns(played);
        if n_turns != self.n_turns {
            self.n_turns = n_turns;
            self.let_go();
            self.enter(place);
        }
        let Some(voice) = &self.voice else { return 0.0 };
        let Some(value) = self.line.next(voice, place, self.pace) else {
            // What is not read yet is waited for, not skipped; it fades in when it is there.
            self.entry = (0, self.n_fade());
            return 0.0;
        };
        let (n_heard, n_fade) = self.entry;
        self.entry.0 += 1;
        self.n_frames += 1;
        if n_heard < n_fade {
            value * fade_in(n_heard, n_fade)
        } else {
            value
        }
    }

    #[cfg(test)]
    fn is_playing(&self) -> bool {
        self.is_playing
    }

    /// Whether there is nothing to be heard, not even a fade.
    pub(super) fn is_silent(&self) -> bool {
        !self.is_playing && self.tail.is_silent()
    }

    /// The number of the latest [`Command::Play`] that came to the end of its clip.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// How far playback has come, in seconds of the clip.
    pub(super) fn travel(&self) -> Travel {
        let secs = 1.0 / self.rate_hz();
        Travel {
            course: self.course.scaled(secs),
            played: self.played() * secs,
            speed: self.pace.speed,
        }
    }

    /// Lets what is heard fade out.
    fn let_go(&mut self) {
        let Some(voice) = self.voice.as_ref().filter(|_| self.is_playing) else {
            return;
        };
        let (n_heard, n_fade) = self.entry;
        let gain = n_heard.checked_sub(1).map_or(0.0, |last| fade_in(last, n_fade));
        let (mut line, n_fade) = (self.line, self.n_fade());
        self.tail.take_over(n_fade, gain, || line.straight_on(voice).unwrap_or(0.0));
    }

    /// Frames of a fade: of a short loop at most a half.
    fn n_fade(&self) -> usize {
        let lap = self.course.lap_len().filter(|_| self.course.loops);
        let lap_frames = lap.map_or(f64::INFINITY, |lap| lap / (self.step() * self.pace.speed));
        self.tail.len().min((lap_frames / 2.0) as usize)
    }

    /// Begins to be heard at a place of the clip. Slowly, what leads there fades in before it, so that nothing of it is lost.
    fn enter(&mut self, place: f64) {
        let n_fade = self.n_fade();
        self.entry = (0, n_fade);
        if let Some(voice) = &self.voice {
            let lead = if self.pace.lingers() {
                n_fade as f64 * voice.advance
            } else {
                0.0
            };
            self.line = Line::at(place - lead, n_fade, voice);
        }
    }

    fn stop(&mut self) {
        self.let_go();
        self.is_playing = false;
    }

    fn go_to(&mut self, place: f64) {
        self.let_go();
        self.anchor_at(place);
        self.enter(self.course.anchor);
    }

    /// The course goes on from here; what is heard does not change.
    fn anchor_at(&mut self, place: f64) {
        // `max` before `min`: what is not a number becomes the start.
        self.course.anchor = place.max(0.0).min(self.course.end);
        (self.n_frames, self.n_turns) = (0, 0);
    }

    /// In samples of the clip; `None` at its end.
    fn place(&self) -> Option<f64> {
        self.course.after(self.played())
    }

    /// Samples of the clip since the anchor.
    fn played(&self) -> f64 {
        self.n_frames as f64 * self.step() * self.pace.speed
    }

    fn step(&self) -> f64 {
        self.voice.as_ref().map_or(1.0, |voice| voice.step)
    }

    fn rate_hz(&self) -> f64 {
        self.voice.as_ref().map_or(1.0, Voice::rate_hz)
    }
}

#[cfg(test)]
mod sound_tests;
#[cfg(test)]
mod tests;
