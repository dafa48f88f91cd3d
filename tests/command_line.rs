//! The command line as scripts use it: names, JSON shapes, files, exit statuses.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "common/command.rs"]
mod command;
#[path = "common/shared.rs"]
mod shared;

use std::path::Path;

use command::{auscult, failure, results};
use serde_json::Value;
use shared::shared;

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&results(arguments)).unwrap()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The three modes of the choice and what lies between them, beside the keys that have always been there.
fn choice_is_reported(compared: &Value) {
    let choice = &compared["choice"];
    assert_eq!(choice["fixed"]["hmean"], compared["hmean"]["default"]);
    assert_eq!(choice["oracle"]["hmean"], compared["hmean"]["oracle"]);
    let figure = |value: &Value| value.as_f64().unwrap();
    let half = &choice["half"];
    let both = 0.5 * (figure(&half["hmean_on_a"]) + figure(&half["hmean_on_b"]));
    assert!((figure(&half["hmean"]) - both).abs() < 1e-12);
    for mode in ["fixed", "half", "oracle"] {
        let mode = &choice[mode];
        assert!(figure(&mode["low"]) <= figure(&mode["hmean"]) && figure(&mode["hmean"]) <= figure(&mode["high"]));
    }
    let gap = figure(&compared["hmean"]["oracle"]) - figure(&compared["hmean"]["default"]);
    assert!((figure(&choice["oracle_over_fixed"]["hmean"]) - gap).abs() < 1e-12);
    assert!(choice["oracle_over_half"].is_number());
    for key in ["chosen_on_a", "chosen_on_b"] {
        assert!(compared["machines"][0]["half"][key].is_string(), "{key}");
    }
}

#[test]
fn the_main_job_from_recordings_to_report() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, run) = (at("data"), at("run"));
    results(&[
        "synth",
        &data,
        "--layout",
        "dcase2023",
        "--machines",
        "fan,valve",
        "--clips",
        "40",
        "--seconds",
        "3",
        "--seed",
        "3",
    ]);

    let found = json(&["scan", &data, "--json"]);
    assert_eq!(found["layout"], "dcase2023");
    assert_eq!(found["clips"], 80);
    assert_eq!(found["machines"][0]["name"], "fan");
    let section = &found["machines"][0]["sections"][0];
    for key in ["train", "test_normal", "test_anomaly", "source", "target"] {
        assert!(section[key].as_u64().unwrap() > 0, "{key}");
    }
    assert_eq!(found["skipped"], Value::Array(Vec::new()));

    results(&["train", &data, "--recipe", "pooled-log-mel", "--out", &run]);
    assert!(home.path().join("run/model_card.md").is_file());

    let compared = json(&[
        "compare",
        &run,
        &data,
        "--json",
        "--latex",
        &at("m.tex"),
        "--csv",
        &at("m.csv"),
    ]);
    let machine = &compared["machines"][0];
    assert_eq!(machine["default"], "fusion");
    let names: Vec<&str> = machine["detectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detector| detector["name"].as_str().unwrap())
        .collect();
    assert_eq!(names[..6], ["knn", "lof", "cos", "maha", "soft-cos", "soft-maha"]);
    assert_eq!(names.last(), Some(&"fusion"));
    for key in ["auc", "auc_source", "auc_target", "pauc", "hmean"] {
        let value = machine["detectors"][0][key].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&value), "{key} {value}");
    }
    let oracle = compared["hmean"]["oracle"].as_f64().unwrap();
    for key in ["default", "knn", "soft-maha"] {
        let hmean = compared["hmean"][key].as_f64().unwrap();
        assert!(oracle >= hmean - 1e-12, "the oracle is an upper bound of {key}");
    }
    choice_is_reported(&compared);
    assert!(results(&["compare", &run, &data]).contains("what the papers' practice is worth: "));
    assert!(std::fs::read_to_string(at("m.tex")).unwrap().contains("\\toprule"));
    assert!(std::fs::read_to_string(at("m.csv")).unwrap().contains("fan"));

    let scores = at("scores");
    results(&["score", &run, &data, "--detector", "knn", "--out", &scores]);
    for name in [
        "anomaly_score_fan_section_00_test.csv",
        "decision_result_fan_section_00_test.csv",
        "scores.json",
    ] {
        assert!(home.path().join("scores").join(name).is_file(), "{name}");
    }
    let evaluated = json(&["evaluate", "--scores", &scores, "--truth", &data, "--json"]);
    let knn = machine["detectors"][0]["auc"].as_f64().unwrap();
    let auc = evaluated["machines"][0]["sections"][0]["auc"].as_f64().unwrap();
    assert!((auc - knn).abs() < 1e-12, "what is written evaluates to what was compared");
    assert!(evaluated["official_score"].as_f64().is_some());

    results(&["map", &run, &data, "--out", &at("map"), "--seed", "1", "--perplexity", "10"]);
    assert_eq!(
        std::fs::read_to_string(home.path().join("map/map.csv"))
            .unwrap()
            .lines()
            .filter(|line| line.contains(".wav"))
            .count(),
        80
    );
    let page = results(&["report", &run, &data, "--out", &at("report")]);
    let page = std::fs::read_to_string(page.trim()).unwrap();
    for picture in page.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(
            home.path().join("report").join(picture).is_file(),
            "the page shows {picture}, which is not there"
        );
    }
}

#[test]
fn detectors_take_their_parameters_from_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, run) = (at("data"), at("run"));
    let synth = ["synth", &data, "--layout", "mimii", "--machines", "fan", "--clips", "30"];
    results(&[&synth[..], &["--seconds", "1"]].concat());
    results(&["train", &data, "--recipe", "pooled-log-mel", "--out", &run]);
    let scored = |name: &str, parameters: &[&str]| {
        let out = at(name);
        results(&[&["score", &run, &data, "--detector", "lof", "--out", &out], parameters].concat());
        std::fs::read_to_string(Path::new(&out).join("anomaly_score_fan_section_00_test.csv")).unwrap()
    };
    let plain = scored("plain", &[]);
    assert_eq!(scored("of another", &["--knn-k", "9", "--gmm-covariance", "shrunk"]), plain);
    assert_ne!(scored("its own", &["--lof-k", "9"]), plain);
    let refused = refusal(&["compare", &run, &data, "--covariance", "round"]);
    assert!(refused.contains("give 'shrunk' or a number"), "{refused}");
}

/// Puts another microphone before that of every recording below a folder: one that hears the same hum of all machines.
fn add_a_deaf_first_channel(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_a_deaf_first_channel(&path);
        } else if path.extension().is_some_and(|ending| ending == "wav") {
            let mut reader = hound::WavReader::open(&path).unwrap();
            let spec = hound::WavSpec {
                channels: 2,
                ..reader.spec()
            };
            let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            for (sample_idx, &heard) in samples.iter().enumerate() {
                let hum = (1000.0 * (sample_idx as f64 * 0.05).sin()) as i16;
                writer.write_sample(hum + (sample_idx % 7) as i16).unwrap();
                writer.write_sample(heard).unwrap();
            }
            writer.finalize().unwrap();
        }
    }
}

#[test]
fn a_run_listens_to_the_channel_that_it_was_trained_on() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, mono, of_second) = (at("data"), at("of one microphone"), at("of the second"));
    let synth = ["synth", &data, "--layout", "mimii", "--machines", "fan", "--clips", "12"];
    results(&[&synth[..], &["--seconds", "1"]].concat());
    results(&["train", &data, "--recipe", "pooled-log-mel", "--out", &mono]);
    let scored = |run: &str, name: &str, more: &[&str]| {
        let out = at(name);
        let output = auscult(&[&["score", run, &data, "--detector", "knn", "--out", &out], more].concat());
        assert!(output.status.success());
        let scores = std::fs::read_to_string(Path::new(&out).join("anomaly_score_fan_section_00_test.csv")).unwrap();
        (scores, String::from_utf8(output.stderr).unwrap())
    };
    let (heard_alone, _) = scored(&mono, "alone", &[]);
    add_a_deaf_first_channel(Path::new(&data));

    let notes = |more: &[&str]| json(&[&["scan", &data, "--json"], more].concat())["notes"].to_string();
    assert!(notes(&[]).contains("2 channels: the 1st channel is used"));
    assert!(notes(&["--channel", "1"]).contains("2 channels: the 2nd channel is used"));
    assert!(notes(&["--channel", "mean"]).contains("the mean of all channels is used"));
    for command in ["scan", "train"] {
        let training = ["--recipe", "pooled-log-mel", "--out", &at("never")];
        let more: &[&str] = if command == "train" { &training } else { &[] };
        let refused = failure(&[&[command, &data, "--channel", "2"], more].concat());
        assert!(
            refused.contains("no recording has channel 2; choose --channel 0 to 1"),
            "{refused}"
        );
    }
    assert!(refusal(&["scan", &data, "--channel", "left"]).contains("mean or loudest, is needed"));

    let trained = ["train", &data, "--recipe", "pooled-log-mel", "--out", &of_second];
    results(&[&trained[..], &["--channel", "1"]].concat());
    let card = std::fs::read_to_string(Path::new(&of_second).join("model_card.md")).unwrap();
    assert!(card.contains("the 2nd channel"), "{card}");
    let (heard, said) = scored(&of_second, "as trained", &[]);
    assert_eq!(heard, heard_alone, "the second channel is what one microphone heard");
    assert!(!said.contains("note:"), "{said}");
    let (same, said) = scored(&of_second, "as trained, and said so", &["--channel", "1"]);
    assert_eq!((same, said.contains("note:")), (heard.clone(), false), "{said}");
    let (other, said) = scored(&of_second, "by another microphone", &["--channel", "0"]);
    assert_ne!(other, heard);
    assert!(
        said.contains("trained on the 2nd channel and is asked to judge the 1st channel"),
        "{said}"
    );
    let compared = json(&["compare", &of_second, &data, "--json"]);
    assert_eq!(compared, json(&["compare", &of_second, &data, "--json", "--channel", "1"]));
    assert_ne!(compared, json(&["compare", &of_second, &data, "--json", "--channel", "0"]));
}

#[test]
fn scores_of_an_older_run_go_and_a_section_without_scores_is_named() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, run, scores) = (at("data"), at("run"), at("scores"));
    let machines = ["--machines", "fan,valve", "--clips", "20", "--seconds", "3"];
    results(&[&["synth", &data, "--layout", "dcase2023"][..], &machines].concat());
    results(&["train", &data, "--recipe", "pooled-log-mel", "--out", &run]);
    let file = |machine: &str| {
        home.path()
            .join(format!("scores/anomaly_score_{machine}_section_00_test.csv"))
    };
    std::fs::create_dir(&scores).unwrap();
    std::fs::write(file("pump"), "old.wav,1\n").unwrap();
    results(&["score", &run, &data, "--out", &scores]);
    assert!(!file("pump").exists() && file("fan").exists());
    std::fs::remove_file(file("valve")).unwrap();
    let output = auscult(&["evaluate", "--scores", &scores, "--truth", &data]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("valve 00 has no score file"),
        "a section must not vanish unsaid"
    );
}

#[test]
fn a_trained_network_scores_as_well() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, run) = (at("data"), at("run"));
    results(&[
        "synth",
        &data,
        "--layout",
        "mimii",
        "--machines",
        "fan",
        "--clips",
        "16",
        "--seconds",
        "3",
    ]);
    results(&[
        "train",
        &data,
        "--recipe",
        "dense-ae",
        "--epochs",
        "1",
        "--section",
        "00,02",
        "--out",
        &run,
    ]);
    let compared = json(&["compare", &run, &data, "--json"]);
    let names: Vec<&str> = compared["machines"][0]["detectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detector| detector["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"residual"));
    assert!(
        compared["machines"][0]["detectors"][0]["auc_source"].is_null(),
        "MIMII knows no domains"
    );
    // Normal and abnormal clips have the same names in two folders.
    results(&["score", &run, &data, "--detector", "knn", "--out", &at("scores")]);
    let evaluated = json(&["evaluate", "--scores", &at("scores"), "--truth", &data, "--json"]);
    assert_eq!(evaluated["machines"][0]["sections"].as_array().unwrap().len(), 2);
    assert!(evaluated["machines"][0]["sections"][0]["auc"].as_f64().is_some());
}

#[test]
fn features_are_numpy_arrays_of_bins_by_frames() {
    let Some(shared) = shared("") else { return };
    let home = tempfile::tempdir().unwrap();
    let signal = text(&shared.join("reference/signal_16k_mono_pcm16.wav"));
    let cases: [(&[&str], &str, u64); 4] = [
        (
            &["--front-end", "stft"],
            "stft_mag_2048_512_hann_center_zeropad_f32_1025xT.bin",
            1025,
        ),
        (
            &["--front-end", "log-mel"],
            "logmel128_1024_512_power2_slaney_zeropad_f32_128xT.bin",
            128,
        ),
        (
            &["--front-end", "log-mel", "--pad", "reflect"],
            "logmel128_1024_512_power2_slaney_reflectpad_f32_128xT.bin",
            128,
        ),
        (
            &["--front-end", "log-mel", "--power", "1"],
            "logmel128_1024_512_power1_slaney_zeropad_f32_128xT.bin",
            128,
        ),
    ];
    for (options, reference, n_bins) in cases {
        let out = text(&home.path().join("f.npy"));
        results(&[&["features", &signal, "--out", &out], options].concat());
        let bytes = std::fs::read(&out).unwrap();
        let array = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!(array.shape(), [n_bins, 63]);
        let ours: Vec<f32> = array.into_vec().unwrap();
        let theirs: Vec<f32> = std::fs::read(shared.join("reference").join(reference))
            .unwrap()
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert_eq!(ours.len(), theirs.len());
        let scale = theirs.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst / scale < 1e-5, "{options:?}: {worst} of {scale}");
    }
}

#[test]
fn the_official_score_of_the_official_files() {
    let Some(shared) = shared("") else { return };
    let folder = shared.join("evaluator/dcase2022_eval");
    let scores = text(&folder.join("synthetic_seed20220706"));
    let evaluated = json(&["evaluate", "--scores", &scores, "--truth", &text(&folder), "--json"]);
    let official = evaluated["official_score"].as_f64().unwrap();
    assert!((official - 0.633_458_454_547_781).abs() < 1e-9, "{official}");
    // The evaluator's own file, and ours without its faults.
    let home = tempfile::tempdir().unwrap();
    let out = text(home.path());
    let evaluate = ["evaluate", "--scores", &scores, "--truth", &text(&folder), "--out", &out];
    let printed = results(&evaluate);
    let written = home.path().join("synthetic_seed20220706_result.csv");
    assert_eq!(printed.lines().last(), written.to_str());
    let correct = std::fs::read_to_string(&written).unwrap();
    assert!(
        correct.contains("\nsource harmonic mean,,0.7316") && !correct.contains("ci95"),
        "{correct}"
    );
    let printed = results(&[&evaluate[..], &["--as-evaluator-2022"]].concat());
    assert!(printed.contains("not a confidence interval"), "{printed}");
    let faithful = std::fs::read_to_string(&written).unwrap();
    assert!(
        faithful.contains("\nsource harmonic mean,,0.6714") && faithful.contains("official score ci95,,3.2845"),
        "{faithful}"
    );
    assert!(failure(&[&evaluate[..], &["--as-evaluator-2022", "--rules", "2023"]].concat()).contains("--rules 2022"));
    assert_eq!(
        auscult(&[&evaluate[..], &["--rules", "1999"]].concat()).status.code(),
        Some(2)
    );
}

#[test]
fn thresholds_rest_on_clips_held_out_from_training() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&home.path().join(name));
    let (data, run, scores) = (at("data"), at("run"), at("scores"));
    let synth = [
        "synth",
        &data,
        "--layout",
        "dcase2023",
        "--machines",
        "fan",
        "--clips",
        "240",
        "--seconds",
        "0.5",
    ];
    results(&synth);
    let basis = |detector: &str| {
        results(&["score", &run, &data, "--detector", detector, "--out", &scores]);
        let json: Value = serde_json::from_slice(&std::fs::read(home.path().join("scores/scores.json")).unwrap()).unwrap();
        let section = &json["sections"][0];
        (
            section["threshold_basis"].as_str().unwrap().to_owned(),
            section["threshold"].as_f64().unwrap(),
        )
    };
    // Trained twice: a list of the first training must not linger.
    for _ in 0..2 {
        results(&["train", &data, "--recipe", "dense-ae", "--epochs", "1", "--out", &run]);
    }
    let list = std::fs::read_to_string(home.path().join("run/held_out.csv")).unwrap();
    let held_out: Vec<&str> = list.lines().skip(1).collect();
    let scanned = json(&["scan", &data, "--json"]);
    let n_train = scanned["machines"][0]["sections"][0]["train"].as_u64().unwrap();
    assert_eq!((list.lines().next(), held_out.len() as u64), (Some("path"), n_train / 10));
    assert!(
        held_out
            .iter()
            .all(|path| path.contains("/train/") && home.path().join("data").join(path).is_file())
    );
    let (of_held_out, threshold) = basis("residual");
    assert_eq!(
        of_held_out,
        format!("scores of {} normal clips held out from training", held_out.len())
    );
    // A run that does not say what it held out.
    std::fs::remove_file(home.path().join("run/held_out.csv")).unwrap();
    let (of_all, other) = basis("residual");
    assert!(of_all.contains("trained on") && of_all.contains("only 0"), "{of_all}");
    assert!((threshold - other).abs() > 1e-9, "other clips, another threshold");
    results(&["train", &data, "--recipe", "pooled-log-mel", "--out", &run]);
    assert_eq!(basis("knn").0, "leave-one-out scores of the normal training clips");
}

#[test]
fn failures_are_one_line_that_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = text(&home.path().join("nowhere"));
    let empty = text(home.path());
    let run = text(&home.path().join("run"));
    assert!(failure(&["scan", &nowhere]).contains("nowhere"));
    assert!(failure(&["scan", &empty]).contains("no recording"));
    assert!(failure(&["train", &empty, "--recipe", "crystal-ball", "--out", &run]).contains("pooled-log-mel"));
    assert!(failure(&["train", &empty, "--recipe", "dense-ae", "--device", "abacus", "--out", &run]).contains("cpu"));
    let foreign = failure(&["train", &empty, "--recipe", "dense-ae", "--loss", "machine", "--out", &run]);
    assert!(foreign.contains("--loss is an option of mobileanonet"), "{foreign}");
    assert!(failure(&["compare", &nowhere, &empty]).contains("nowhere"));
    assert!(failure(&["features", &nowhere, "--front-end", "stft", "--out", &run]).contains("nowhere"));
    assert!(failure(&["evaluate", "--scores", &empty, "--truth", &empty]).contains(&empty));
    assert!(failure(&["open", &nowhere]).contains("nowhere"));
    assert!(failure(&["synth", &nowhere, "--layout", "mimii", "--machines", "toaster"]).contains("toaster"));
}

/// Standard error of a command that must be refused.
fn refusal(arguments: &[&str]) -> String {
    let output = auscult(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_bench_times_the_works_that_are_named() {
    let key = "stft_2048_512_ms_per_clip";
    let printed = results(&["bench", "--only", key, "--json"]);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let figures: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(figures.as_object().unwrap().len(), 1);
    let time_ms = figures[key].as_f64().unwrap();
    assert!(time_ms > 0.0 && time_ms < 1000.0, "{time_ms}");

    let other = "mel_1024_512_128_ms_per_clip";
    let table = results(&["bench", "--only", &format!("{other},{key}"), "--threads", "1"]);
    assert!(table.lines().next().unwrap().contains("1 threads"), "{table}");
    for key in [key, other] {
        let line = table.lines().find(|line| line.starts_with(key)).unwrap();
        let figure: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(figure.is_finite() && figure > 0.0, "{line}");
    }
}

#[test]
#[ignore = "measures for a minute"]
fn growth_is_written_as_tables_and_figures() {
    let home = tempfile::tempdir().unwrap();
    let printed = results(&["bench", "--growth", &text(home.path()), "--clips", "12,40"]);
    let names: &[&str] = match (cfg!(target_os = "linux"), cfg!(feature = "gui")) {
        (true, true) => &["training_time", "memory", "scoring_time", "frame_time"],
        (true, false) => &["training_time", "memory", "scoring_time"],
        (false, true) => &["training_time", "scoring_time", "frame_time"],
        (false, false) => &["training_time", "scoring_time"],
    };
    assert_eq!(printed.lines().count(), 2 * names.len(), "{printed}");
    for name in names {
        assert!(home.path().join(format!("{name}.svg")).is_file(), "{name}");
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_path(home.path().join(format!("{name}.csv")))
            .unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(rows.len() >= 4, "{name}: {rows:?}");
        for row in rows {
            assert!(
                row[1].parse::<f64>().unwrap() > 0.0 && row[2].parse::<f64>().unwrap() > 0.0,
                "{name}: {row:?}"
            );
        }
    }
}

#[test]
fn the_bench_refuses_what_it_does_not_know() {
    let said = refusal(&["bench", "--only", "stft_2048_512_ms_per_clip,perpetual_motion_s"]);
    for name in ["perpetual_motion_s", "mobileanonet_train_ms_per_segment", "tsne_5000_s"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    refusal(&["bench", "--threads", "0"]);
    refusal(&["bench", "--only", ""]);
    refusal(&["bench", "--growth", "somewhere", "--json"]);
    refusal(&["bench", "--growth", "somewhere", "--clips", "6"]);
    refusal(&["bench", "--clips", "50"]);
    assert!(!Path::new("somewhere").exists(), "what is refused leaves nothing behind");
}

#[test]
fn usage_errors_have_status_2_and_help_has_0() {
    for arguments in [
        &["frobnicate"][..],
        &["scan"],
        &["features", "x.wav", "--front-end", "cqt", "--out", "y"],
        &["scan", "x", "--yes"],
    ] {
        assert_eq!(auscult(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(results(&["--help"]).contains("compare"));
    assert!(results(&["--version"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_cannot_be_reproduced_says_so_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    let out = text(&home.path().join("out"));
    let without_data = failure(&["reproduce", "table-ii", "--out", &out]);
    assert!(
        without_data.contains("6355122") && without_data.contains("--synthetic"),
        "{without_data}"
    );
    let without_data = failure(&["reproduce", "figure-2", "--out", &out]);
    assert!(
        without_data.contains("7882613") && without_data.contains("7830345"),
        "{without_data}"
    );
    let without_data = failure(&["reproduce", "table-1", "--out", &out]);
    assert!(
        without_data.contains("3384388") && without_data.contains("--synthetic"),
        "{without_data}"
    );
    assert!(failure(&["reproduce", "table-v", "--synthetic", "--out", &out]).contains("table-iv"));
    let missing = failure(&[
        "reproduce",
        "table-iii",
        "--data",
        &text(&home.path().join("nowhere")),
        "--out",
        &out,
    ]);
    assert!(missing.contains("nowhere") && missing.contains("7882613"), "{missing}");
    assert!(!Path::new(&out).exists(), "nothing is written");
    let both = auscult(&["reproduce", "table-ii", "--data", &out, "--synthetic", "--out", &out]);
    assert_eq!(both.status.code(), Some(2));
}

/// Every command and option that the README names is there.
#[test]
fn the_readme_names_commands_that_there_are() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let is_option = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let mut n_commands = 0;
    for line in readme.lines().filter(|line| line.starts_with("auscult ")) {
        let command = line.split(' ').nth(1).unwrap();
        let help = match command.strip_prefix("--") {
            Some(_) => results(&["--help"]),
            None => results(&[command, "--help"]),
        };
        for (at, _) in line.match_indices("--") {
            let option: String = line[at..].chars().take_while(|&c| is_option(c)).collect();
            let is_there = help.split(|c| !is_option(c)).any(|word| word == option);
            assert!(is_there, "auscult {command} has no {option}: {help}");
        }
        n_commands += 1;
    }
    assert!(n_commands > 10, "{n_commands} commands in the README");
}
