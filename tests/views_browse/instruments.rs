//! What is drawn over and round the picture: colours, levels, readout, measuring box, harmonic cursor, channel.

use auscult::app::{Action, LevelRange, Measured, PictureLook, State};
use auscult::audio::ChannelChoice;
use auscult::dsp::{FrequencyAxis, LevelHistogram, Measurement, TimeFrequencyBox};
use auscult::figures::ColorMap;
use eframe::egui::{self, Key, Modifiers, Pos2, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::screen::drag;
use super::{Bench, focused, harness, harness_of_width, place};

/// Carries out what was wished of the picture, as the app would.
fn settle(harness: &mut Harness<'_, Bench>) -> Vec<Action> {
    let actions = std::mem::take(&mut harness.state_mut().actions);
    for action in &actions {
        let workbench = harness.state_mut().workbench();
        match action {
            Action::SetLook(look) => workbench.look = *look,
            Action::Measure(area) => workbench.focus_view.measured = area.map(|area| Measured { area, result: None }),
            _ => {}
        }
    }
    harness.run_steps(2);
    actions
}

fn looks(harness: &mut Harness<'_, Bench>) -> Vec<PictureLook> {
    let looks = settle(harness).into_iter().filter_map(|action| match action {
        Action::SetLook(look) => Some(look),
        _ => None,
    });
    looks.collect()
}

fn press(harness: &mut Harness<'_, Bench>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

/// The levels of the fabricated clip, which the app counts when it reads one.
fn with_levels(mut state: State) -> State {
    let view = &mut state.workbench.as_mut().unwrap().focus_view;
    let mut loaded = (**view.loaded.as_ref().unwrap()).clone();
    loaded.levels = LevelHistogram::of(&loaded.spectrogram.values);
    view.loaded = Some(std::sync::Arc::new(loaded));
    state
}

#[test]
fn c_goes_through_the_maps_and_shift_c_turns_them_round() {
    let mut harness = harness(focused(30, 5));
    let mut seen = Vec::new();
    for _ in ColorMap::ALL {
        press(&mut harness, Modifiers::NONE, Key::C);
        seen.extend(looks(&mut harness).iter().map(|look| look.map));
    }
    assert_eq!(seen[..5], ColorMap::ALL[1..]);
    assert_eq!(seen[5], ColorMap::Magma);
    press(&mut harness, Modifiers::SHIFT, Key::C);
    assert!(looks(&mut harness)[0].is_inverted);
    harness.get_by_label("Invert the colours").click();
    harness.run_steps(2);
    assert!(!looks(&mut harness)[0].is_inverted);
}

#[test]
fn the_ends_of_the_colour_bar_are_dragged_and_a_double_click_resets_them() {
    let mut harness = harness(with_levels(focused(30, 5)));
    let bar = place(&harness, "Colour bar: Fixed −100…−20 dBFS");
    let at = |part: f32| bar.left_bottom() + vec2(8.0, -part * bar.height());
    drag(&mut harness, at(0.95), at(0.7));
    let level = looks(&mut harness).last().unwrap().level;
    let LevelRange::Fixed([low, high]) = level else {
        panic!("{level:?}")
    };
    assert!((low + 100.0).abs() < 1e-3 && (-50.0..-30.0).contains(&high), "{low}..{high}");
    drag(&mut harness, at(0.05), at(0.2));
    let level = looks(&mut harness).last().unwrap().level;
    let LevelRange::Fixed([low, unmoved]) = level else {
        panic!("{level:?}")
    };
    assert!(
        (-98.0..-80.0).contains(&low) && (unmoved - high).abs() < 1e-3,
        "{low}..{unmoved}"
    );
    harness.get_by_label(&format!("Colour bar: {}", level.title()));

    // Both clicks within one frame: the harness lets a quarter of a second pass from event to event.
    let pos = at(0.5);
    harness.hover_at(pos);
    harness.run_steps(2);
    let button = |pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let clicks = [true, false, true, false].map(button);
    harness.input_mut().events.extend(clicks);
    harness.run_steps(2);
    assert_eq!(looks(&mut harness).last().unwrap().level, LevelRange::default());
}

#[test]
fn the_rule_of_the_levels_is_chosen_in_a_menu_and_stands_on_the_bar() {
    let mut harness = harness(with_levels(focused(30, 5)));
    harness.get_by_label("Levels").click();
    harness.run_steps(3);
    harness.get_by_label("Peak −80 dB").click();
    harness.run_steps(3);
    assert_eq!(looks(&mut harness).last().unwrap().level, LevelRange::Peak);
    harness.get_by_label("Colour bar: Peak −80 dB");
    harness.get_by_label("Auto 1–99.5 %").click();
    harness.run_steps(3);
    assert_eq!(looks(&mut harness).last().unwrap().level, LevelRange::Auto);
    harness.get_by_label("Colour bar: Auto 1–99.5 %");
    harness.get_by_label("Upper end of the range").decrement_accesskit();
    harness.run_steps(3);
    assert!(matches!(looks(&mut harness).last().unwrap().level, LevelRange::Fixed(_)));
}

#[test]
fn the_readout_says_seconds_hertz_and_decibel_at_the_pointer() {
    let mut harness = harness(focused(30, 5));
    harness.get_by_label_contains("Readout: 10.000 s at 16 kHz   Hann 2048/512: 128 ms, 7.8 Hz");
    let picture = place(&harness, "Spectrogram of ");
    // The middle of a linear axis to 8 kHz, 5 s.
    harness.hover_at(picture.center());
    harness.run_steps(2);
    let loaded = harness.state_mut().workbench().focus_view.loaded.clone().unwrap();
    let node = harness.get_by_label_contains("Readout: ").accesskit_node();
    let readout = node.label().or_else(|| node.value()).unwrap();
    let numbers: Vec<f64> = readout
        .replace('\u{2212}', "-")
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [secs, khz, level_db] = numbers[..] else {
        panic!("{readout}")
    };
    assert!((secs - 5.0).abs() < 0.03 && (khz - 4.0).abs() < 0.03, "{readout}");
    let frame = loaded.spectrogram.frame((secs * 16_000.0 / 512.0).round() as usize);
    let bin = (khz * 1000.0 / 7.8125).round() as usize;
    let near = [bin - 1, bin, bin + 1].map(|bin| f64::from(frame[bin]));
    assert!(near.iter().any(|near| (near - level_db).abs() < 0.06), "{readout}: {near:?}");
}

/// `f` of the visible part of a picture's height, from its foot.
fn at(harness: &Harness<'_, Bench>, x: f32, y: f32) -> Pos2 {
    let picture = place(harness, "Spectrogram of ");
    picture.left_bottom() + vec2(x * picture.width(), -y * picture.height())
}

#[test]
fn a_box_is_drawn_with_the_tool_or_with_shift_and_its_figures_can_be_copied() {
    let mut harness = harness(focused(30, 5));
    press(&mut harness, Modifiers::NONE, Key::M);
    let (from, to) = (at(&harness, 0.6, 0.25), at(&harness, 0.2, 0.5));
    drag(&mut harness, from, to);
    let [Action::Measure(Some(area))] = settle(&mut harness)[..] else {
        panic!("no box")
    };
    assert!(
        (area.start_secs - 2.0).abs() < 0.05 && (area.end_secs - 6.0).abs() < 0.05,
        "{area:?}"
    );
    assert!(
        (area.low_hz - 2000.0).abs() < 40.0 && (area.high_hz - 4000.0).abs() < 40.0,
        "{area:?}"
    );
    harness.get_by_label("measuring…");
    let result = Measurement {
        peak_hz: 2614.2,
        peak_secs: 4.0,
        peak_db: -34.2,
        mean_db: -58.1,
        band_db: -31.0,
    };
    harness.state_mut().workbench().focus_view.measured = Some(Measured {
        area,
        result: Some(result),
    });
    harness.run_steps(2);
    for figure in ["peak 2.6142 kHz −34.2 dBFS", "mean −58.1 dBFS", "band −31.0 dBFS"] {
        harness.get_by_label(figure);
    }
    harness.get_by_label("Copy").click();
    harness.run_steps(1);
    let commands = &harness.output().platform_output.commands;
    let copied = commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("copied text");
    for line in [
        "peak frequency\t2614.20 Hz",
        "mean level\t-58.10 dBFS",
        "band level\t-31.00 dBFS",
        "Hann window",
    ] {
        assert!(copied.contains(line), "{copied}");
    }
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert_eq!(settle(&mut harness), [Action::Measure(None)]);
    assert!(harness.query_by_label("Copy").is_none());

    // The tool was put away: a plain drag selects again, with Shift it measures.
    let (from, to) = (at(&harness, 0.2, 0.25), at(&harness, 0.6, 0.5));
    drag(&mut harness, from, to);
    assert!(matches!(settle(&mut harness)[..], [Action::SetLoop(Some(_))]));
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::SHIFT,
    };
    harness.hover_at(from);
    harness.event_modifiers(button(from, true), Modifiers::SHIFT);
    harness.event_modifiers(egui::Event::PointerMoved(to), Modifiers::SHIFT);
    harness.run_steps(2);
    harness.get_by_label_contains("Readout: 4.0");
    harness.event_modifiers(button(to, false), Modifiers::SHIFT);
    harness.run_steps(2);
    assert!(matches!(settle(&mut harness)[..], [Action::Measure(Some(_))]));
}

fn number(harness: &Harness<'_, Bench>, label: &str) -> f64 {
    harness.get_by_label(label).accesskit_node().numeric_value().unwrap()
}

#[test]
fn the_harmonic_cursor_stands_at_the_pointer_and_each_line_moves_it_on_every_axis() {
    for axis in FrequencyAxis::ALL {
        let mut state = focused(30, 5);
        state.workbench.as_mut().unwrap().look.axis = axis;
        let mut harness = harness(state);
        let hz_at = |y: f32| axis.hz(f64::from(y), 8000.0);
        let y_of = |hz: f64| axis.position(hz, 8000.0) as f32;
        let base = at(&harness, 0.5, y_of(1000.0));
        harness.hover_at(base);
        harness.run_steps(2);
        press(&mut harness, Modifiers::NONE, Key::H);
        let pixel_hz = hz_at(y_of(1000.0) + 0.004) - 1000.0;
        assert!((number(&harness, "Base frequency") - 1000.0).abs() < pixel_hz, "{axis:?}");
        assert!((number(&harness, "Speed") - 60.0 * number(&harness, "Base frequency")).abs() < 0.1);
        harness.get_by_label_contains("order 1.0");

        let before = number(&harness, "Base frequency");
        let (from, to) = (at(&harness, 0.5, y_of(2.0 * before)), at(&harness, 0.5, y_of(2400.0)));
        drag(&mut harness, from, to);
        let after = number(&harness, "Base frequency");
        assert!(
            (after - 1200.0).abs() < pixel_hz,
            "{axis:?}: the second line moved the base to {after}"
        );
        assert!(settle(&mut harness).is_empty(), "{axis:?}: holding a line selects nothing");

        harness.get_by_label("Close the harmonic cursor").click();
        harness.run_steps(2);
        assert!(harness.query_by_label("Base frequency").is_none());
    }
}

#[test]
fn the_channel_of_recordings_with_several_is_chosen_in_the_title() {
    let mut state = focused(30, 5);
    assert!(
        harness(state).query_by_label("Channel").is_none(),
        "one channel needs no choice"
    );
    state = focused(30, 5);
    let workbench = state.workbench.as_mut().unwrap();
    let mut dataset = (*workbench.dataset).clone();
    dataset.clips[5].n_channels = 8;
    workbench.dataset = std::sync::Arc::new(dataset);
    let mut harness = harness(state);
    harness.get_by_label("Channel").click();
    harness.run_steps(3);
    harness.get_by_label("Channel 3 of 8");
    harness.get_by_label("Mean of all channels");
    harness.get_by_label("Loudest channel of each clip").click();
    harness.run_steps(3);
    assert_eq!(settle(&mut harness), [Action::SetChannel(ChannelChoice::Loudest)]);
}

#[test]
fn in_a_narrow_window_every_tool_is_there_and_none_is_cut_off() {
    for width in [560.0, 700.0, 900.0, 1220.0] {
        let harness = harness_of_width(focused(30, 5), Theme::Dark, width);
        let names: &[&str] = &["Transform", "Levels", "Measure", "Harmonics"];
        for name in names {
            let rect = harness.get_by_label(name).rect();
            assert!(rect.right() <= width, "{name} ends at {} of {width}", rect.right());
        }
        let maps = harness
            .query_by_label("Colour map")
            .or_else(|| harness.query_by_label("Axis and colours"));
        assert!(maps.is_some(), "{width}");
    }
    let mut harness = harness_of_width(focused(30, 5), Theme::Dark, 700.0);
    harness.get_by_label("Transform").click();
    harness.run_steps(3);
    // The row of the FFT sizes stands above that of the hops.
    harness.get_all_by_label("1024").next().unwrap().click();
    harness.run_steps(3);
    let actions = settle(&mut harness);
    assert!(
        matches!(actions[..], [Action::SetSpectrogram(settings)] if settings.n_fft == 1024),
        "{actions:?}"
    );
}

#[test]
fn the_instruments_look_as_they_did() {
    let mut results = egui_kittest::SnapshotResults::new();
    for (theme, name) in [
        (Theme::Dark, "browse_instruments_dark"),
        (Theme::Light, "browse_instruments_light"),
    ] {
        let mut state = with_levels(focused(60, 11));
        let workbench = state.workbench.as_mut().unwrap();
        workbench.look = PictureLook {
            axis: FrequencyAxis::Mel,
            map: if theme == Theme::Dark {
                ColorMap::Viridis
            } else {
                ColorMap::Grey
            },
            is_inverted: theme == Theme::Light,
            level: LevelRange::Auto,
        };
        workbench.focus_view.measured = Some(Measured {
            area: TimeFrequencyBox::between([2.8, 2200.0], [5.2, 3000.0]),
            result: Some(Measurement {
                peak_hz: 2614.25,
                peak_secs: 4.1,
                peak_db: -34.2,
                mean_db: -58.1,
                band_db: -31.0,
            }),
        });
        let mut harness = harness_of_width(state, theme, 1220.0);
        let pointer = at(&harness, 0.4, FrequencyAxis::Mel.position(120.0, 8000.0) as f32);
        harness.hover_at(pointer);
        harness.run_steps(2);
        press(&mut harness, Modifiers::NONE, Key::H);
        harness.run_steps(10);
        results.add(harness.try_snapshot(name));
    }
}
