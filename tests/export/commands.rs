//! From recordings to files of a trained network, and what others compute by them: the whole way, through the command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use auscult::audio::{ChannelChoice, Clip, read_clip};
use auscult::dataset::MachineSection;
use auscult::exploration::Genome;
use auscult::export::{WeightFormat, c_source};
use auscult::extractors::Deployment;
use auscult::nn::{DeviceChoice, Engine, OutlierNet};
use auscult::pipeline::load_run;

use super::command::{failure, results};
use super::numbers::largest_difference;
use super::{has_compiler, python, run_c};

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Recordings of two machines, and a place for what is made of them.
struct Workshop {
    folder: tempfile::TempDir,
    data: String,
}

impl Workshop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = text(&folder.path().join("data"));
        let synth = ["synth", &data, "--layout", "mimii", "--machines", "fan,pump", "--clips", "40"];
        results(&[&synth[..], &["--seconds", "2.5"]].concat());
        Self { folder, data }
    }

    fn place(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }

    fn train(&self, recipe: &str, more: &[&str]) -> String {
        let run = self.place(recipe);
        let train = ["train", &self.data, "--recipe", recipe, "--out", &run];
        results(&[&train[..], more].concat());
        run
    }

    /// A test clip of the fan.
    fn clip(&self) -> Clip {
        let mut files = Vec::new();
        wavs(Path::new(&self.data), &mut files);
        let file = files.iter().find(|file| text(file).contains("fan")).unwrap();
        read_clip(file, ChannelChoice::default()).unwrap()
    }
}

fn wavs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            wavs(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "wav") {
            found.push(path);
        }
    }
    found.sort();
}

/// The last output of an ONNX file for all windows, so many at a time, and its metadata as `key value` lines.
fn run_onnx(python: &Path, model: &Path, windows: &[f32], batch: usize) -> (Vec<f32>, String) {
    const SCRIPT: &str = "
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])
entry = session.get_inputs()[0]
windows = numpy.fromfile(sys.argv[2], dtype='<f4').reshape([-1] + entry.shape[1:])
batch = int(sys.argv[3])
parts = [session.run(None, {entry.name: windows[at:at + batch]})[-1] for at in range(0, len(windows), batch)]
print(*numpy.concatenate(parts).reshape(-1))
for key, value in session.get_modelmeta().custom_metadata_map.items():
    print(key, value)
";
    let input = model.with_extension("f32");
    let bytes: Vec<u8> = windows.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&input, bytes).unwrap();
    let ran = Command::new(python)
        .args(["-c", SCRIPT])
        .args([model, &input])
        .arg(batch.to_string())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let printed = String::from_utf8(ran.stdout).unwrap();
    let (numbers, metadata) = printed.split_once('\n').unwrap();
    (
        numbers.split(' ').map(|word| word.parse().unwrap()).collect(),
        metadata.to_owned(),
    )
}

/// The networks of a run, and a clip's windows and embedding by the first of them.
fn in_process(run: &str, clip: &Clip) -> (Vec<Deployment>, Vec<f32>, auscult::extractors::Embedding) {
    let run = load_run(Path::new(run)).unwrap();
    let deployments = run.extractor.deployments().unwrap();
    let windows = deployments[0].windows(clip);
    let fan = MachineSection {
        machine: "fan".to_owned(),
        section: "00".to_owned(),
    };
    let embedding = run.extractor.embed(clip, &fan).unwrap();
    (deployments, windows, embedding)
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len() as f64
}

/// Equal within 1e-5, of what is larger than 1 relatively.
fn assert_close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
        "{found} {expected}"
    );
}

#[test]
fn autoencoders_leave_for_onnxruntime_and_score_there_what_they_score_here() {
    let workshop = Workshop::new();
    let clip = workshop.clip();
    let dense = workshop.train("dense-ae", &["--epochs", "1", "--machine", "fan"]);
    let convolutional = workshop.train("cae-mcs", &["--epochs", "1", "--machine", "fan", "--window-hop", "32"]);
    let tiny = workshop.train("outliernet", &["--epochs", "1", "--machine", "fan", "--section", "00"]);
    for (run, name, machine) in [
        (dense, "dense_ae_fan", "fan"),
        (convolutional, "cae_mcs_fan", "fan"),
        (tiny, "outliernet_fan_00", "fan 00"),
    ] {
        let out = workshop.place(&format!("{name}.onnx"));
        let printed = results(&["export", &run, "--format", "onnx", "--out", &out]);
        assert!(printed.contains(&out) && printed.contains("GFLOP/s"), "{printed}");
        let (deployments, windows, embedding) = in_process(&run, &clip);
        let graph = &deployments[0].graph;
        assert_eq!(graph.name, name);
        let Some(python) = python() else { return };
        for batch in [1, 7] {
            let (scores, metadata) = run_onnx(&python, Path::new(&out), &windows, batch);
            assert_eq!(scores.len(), windows.len() / graph.input.n_values());
            assert_close(mean(&scores), f64::from(embedding.own_scores[0]));
            let told = |key: &str| {
                let line = metadata.lines().find_map(|line| line.strip_prefix(&format!("{key} ")));
                line.unwrap_or_else(|| panic!("{key} in {metadata}")).to_owned()
            };
            assert_eq!(told("sample_rate_hz"), "16000");
            assert_eq!((told("n_fft").as_str(), told("hop_samples").as_str()), ("1024", "512"));
            assert_eq!(told("machine"), machine);
            assert!(told("decibel").contains("log10"));
            let threshold: f64 = told("threshold").parse().unwrap();
            assert!(threshold > 0.0 && threshold.is_finite(), "{threshold}");
            assert!(told("threshold_basis").contains("clips"));
            if name != "dense_ae_fan" {
                // Standardised levels have a mean square of 1: so does the score of one who draws nothing.
                assert!(threshold < 10.0, "{threshold}");
                assert_eq!(told("normalisation_means").split(',').count(), 128);
                assert_eq!(told("normalisation_deviations").split(',').count(), 128);
            }
        }
        let card = std::fs::read_to_string(workshop.folder.path().join("model_card.md")).unwrap();
        assert!(card.contains("threshold") && card.contains("Known weaknesses"), "{card}");
    }
}

#[test]
fn mobileanonet_leaves_without_heads_and_embeds_there_as_here() {
    let workshop = Workshop::new();
    let run = workshop.train("mobileanonet", &["--epochs", "1", "--segments-per-clip", "1"]);
    let out = workshop.place("out");
    results(&["export", &run, "--format", "onnx", "--out", &out]);
    let (deployments, windows, embedding) = in_process(&run, &workshop.clip());
    assert_eq!(deployments.len(), 1, "one network for both machines");
    let Some(python) = python() else { return };
    let model = Path::new(&out).join("mobileanonet.onnx");
    let (values, metadata) = run_onnx(&python, &model, &windows, 3);
    let n_windows = windows.len() / deployments[0].graph.input.n_values();
    let largest = embedding
        .values
        .iter()
        .fold(1.0f32, |largest, value| largest.max(value.abs()));
    for (at, expected) in embedding.values.iter().enumerate() {
        let of_windows: Vec<f32> = (0..n_windows).map(|window| values[window * 128 + at]).collect();
        let difference = (mean(&of_windows) - f64::from(*expected)).abs();
        assert!(difference < 1e-5 * f64::from(largest), "{at}: {difference} of {largest}");
    }
    assert!(
        metadata.contains("n_fft 2048") && metadata.contains("score none by itself"),
        "{metadata}"
    );
}

#[test]
fn autoencoders_leave_as_c_that_tests_itself_and_scores_what_they_score_here() {
    let workshop = Workshop::new();
    let run = workshop.train("dense-ae", &["--epochs", "1"]);
    let refused = failure(&["export", &run, "--format", "c", "--out", &workshop.place("c")]);
    assert!(refused.contains("fan, pump") && refused.contains("--machine"), "{refused}");
    let (_, windows, _) = in_process(&run, &workshop.clip());
    for (weights, data) in [("float32", None), ("int8", Some(&workshop.data)), ("int8", None)] {
        let out = workshop.folder.path().join(format!("c_{weights}_{}", data.is_some()));
        let place = text(&out);
        let export = [
            "export",
            &run,
            "--format",
            "c",
            "--machine",
            "fan",
            "--weights",
            weights,
            "--out",
            &place,
        ];
        let recordings: Vec<&str> = data.iter().flat_map(|data| ["--data", data.as_str()]).collect();
        let printed = results(&[&export[..], &recordings].concat());
        assert!(printed.contains("bytes between layers"), "{printed}");
        match (weights, data) {
            ("int8", Some(_)) => assert!(printed.contains("AUC") && printed.contains("float32"), "{printed}"),
            ("int8", None) => assert!(printed.contains("--data"), "{printed}"),
            _ => {}
        }
        let header = std::fs::read_to_string(out.join("dense_ae_fan.h")).unwrap();
        for told in [
            "DENSE_AE_FAN_THRESHOLD",
            "DENSE_AE_FAN_ARENA_LEN",
            "sample_rate_hz: 16000",
            "no heap",
            "n_mels: 128",
        ] {
            assert!(header.contains(told), "{told} in {header}");
        }
        assert!(out.join("model_card.md").is_file());
        if !has_compiler() {
            return;
        }
        let window = &windows[..640];
        let found = compiled_score(&out, "dense_ae_fan", window);
        if weights == "float32" {
            let (deployments, ..) = in_process(&run, &workshop.clip());
            assert_close(found, deployments[0].graph.score(window));
        }
    }
}

/// Compiles what lies in a folder, runs its self test and scores a window.
fn compiled_score(folder: &Path, name: &str, window: &[f32]) -> f64 {
    let numbers: Vec<String> = window.iter().map(|value| format!("{value:e}f")).collect();
    let main = format!(
        "#include <stdio.h>\n#include \"{name}.h\"\nstatic const float window[] = {{{}}};\nint main(void)\n{{\n    \
         if ({name}_self_test()) {{ return 3; }}\n    printf(\"%.9g\", (double){name}_score(window));\n    return 0;\n}}\n",
        numbers.join(", ")
    );
    std::fs::write(folder.join("main.c"), main).unwrap();
    let compiled = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-pedantic",
            "-O1",
            "-o",
            "program",
            "main.c",
        ])
        .arg(format!("{name}.c"))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(folder.join("program")).output().unwrap();
    assert!(ran.status.success(), "{name}: the self test says {:?}", ran.status.code());
    String::from_utf8(ran.stdout).unwrap().parse().unwrap()
}

#[test]
fn the_smallest_net_takes_less_than_4_kb_in_eight_bits() {
    let network = OutlierNet::new(&Genome::fan_example(), DeviceChoice::Cpu, 5).unwrap();
    let mut graph = network.graph("outliernet_fan").unwrap();
    graph.normalisation = Some(auscult::export::Normalisation {
        means: (0..128).map(|band| band as f32 * 0.1 - 70.0).collect(),
        deviations: vec![7.5; 128],
    });
    let small = c_source(&graph, WeightFormat::Int8);
    assert!(graph.n_parameters().abs_diff(686) <= 34, "{}", graph.n_parameters());
    // With the numbers of the normalisation, too.
    assert!(small.n_weight_bytes + 8 * 128 < 4096, "{}", small.n_weight_bytes);
    let window: Vec<f32> = (0..graph.input.n_values()).map(|i| (i as f32 * 0.37).sin()).collect();
    for format in [WeightFormat::Float32, WeightFormat::Int8] {
        let folder = tempfile::tempdir().unwrap();
        let Some(found) = run_c(&graph, format, &window, folder.path()) else {
            return;
        };
        if format == WeightFormat::Float32 {
            assert!(largest_difference(&found, &graph.run(&window)) < 1e-5);
            assert!(largest_difference(&found, &Engine::new(&graph).run(&window)) < 1e-5);
        }
    }
}

#[test]
fn a_tiny_net_is_trained_and_leaves_for_a_microcontroller() {
    let workshop = Workshop::new();
    let run = workshop.train("outliernet", &["--epochs", "2", "--machine", "fan", "--section", "00"]);
    let (deployments, windows, _) = in_process(&run, &workshop.clip());
    let graph = &deployments[0].graph;
    let window = &windows[..graph.input.n_values()];
    for weights in ["float32", "int8"] {
        let out = workshop.folder.path().join(weights);
        let export = [
            "export",
            &run,
            "--format",
            "c",
            "--weights",
            weights,
            "--data",
            &workshop.data,
        ];
        let printed = results(&[&export[..], &["--machine", "fan", "--out", &text(&out)]].concat());
        assert!(
            printed.contains("parameters in") && (weights == "float32" || printed.contains("AUC")),
            "{printed}"
        );
        let header = std::fs::read_to_string(out.join("outliernet_fan_00.h")).unwrap();
        assert!(
            header.contains("outliernet_fan_00_normalise") && header.contains("_THRESHOLD"),
            "{header}"
        );
        if !has_compiler() {
            return;
        }
        let found = compiled_score(&out, "outliernet_fan_00", window);
        let expected = graph.score(window);
        if weights == "float32" {
            assert_close(found, expected);
        } else {
            assert!((found - expected).abs() < 0.1 * expected.max(0.1), "{found} {expected}");
        }
    }
}

#[test]
fn c_normalises_levels_as_the_front_end_does() {
    if !has_compiler() {
        return;
    }
    let network = OutlierNet::new(&Genome::fan_example(), DeviceChoice::Cpu, 5).unwrap();
    let mut graph = network.graph("net").unwrap();
    let (means, deviations): (Vec<f32>, Vec<f32>) = (0..128).map(|band| (band as f32 - 64.0, 0.5 + band as f32)).unzip();
    graph.normalisation = Some(auscult::export::Normalisation { means, deviations });
    let folder = tempfile::tempdir().unwrap();
    let files = c_source(&graph, WeightFormat::Float32);
    std::fs::write(folder.path().join("net.h"), files.header).unwrap();
    std::fs::write(folder.path().join("net.c"), files.source).unwrap();
    let main = "#include <stdio.h>\n#include \"net.h\"\nstatic float window[NET_INPUT_LEN];\nint main(void)\n{\n    \
                for (int i = 0; i < NET_INPUT_LEN; i++) { window[i] = (float)(i % 7); }\n    net_normalise(window);\n    \
                for (int i = 0; i < NET_INPUT_LEN; i++) { printf(\"%.9g\\n\", (double)window[i]); }\n    return 0;\n}\n";
    std::fs::write(folder.path().join("main.c"), main).unwrap();
    let compiled = Command::new("cc")
        .args([
            "-std=c99",
            "-Wall",
            "-Werror",
            "-pedantic",
            "-o",
            "program",
            "main.c",
            "net.c",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(folder.path().join("program")).output().unwrap().stdout;
    let found: Vec<f32> = String::from_utf8(printed)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    let expected: Vec<f32> = (0..32 * 128)
        .map(|i| ((i % 7) as f32 - ((i % 128) as f32 - 64.0)) / (0.5 + (i % 128) as f32))
        .collect();
    assert!(largest_difference(&found, &expected) < 1e-5);
}

#[test]
fn weights_leave_with_what_loads_them_and_what_has_no_network_says_so() {
    let workshop = Workshop::new();
    let run = workshop.train("dense-ae", &["--epochs", "1"]);
    let out = workshop.folder.path().join("weights");
    results(&["export", &run, "--format", "safetensors", "--out", &text(&out)]);
    let bytes = |file: PathBuf| std::fs::read(file).unwrap();
    let name = "dense-ae.safetensors";
    assert_eq!(bytes(out.join(name)), bytes(Path::new(&run).join(name)));
    assert!(out.join("dense-ae.json").is_file() && out.join("model_card.md").is_file());
    // The run's own page stays what it is.
    let own_page = bytes(Path::new(&run).join("model_card.md"));
    let inside = text(&Path::new(&run).join("fan.onnx"));
    results(&["export", &run, "--format", "onnx", "--machine", "fan", "--out", &inside]);
    assert_eq!(bytes(Path::new(&run).join("model_card.md")), own_page);
    assert!(Path::new(&run).join("fan.model_card.md").is_file());

    let statistics = workshop.train("pooled-log-mel", &[]);
    let refused = failure(&["export", &statistics, "--format", "onnx", "--out", &workshop.place("x.onnx")]);
    assert!(
        refused.contains("pooled-log-mel") && refused.contains("dense-ae"),
        "{refused}"
    );
    let refused = failure(&[
        "export",
        &run,
        "--format",
        "onnx",
        "--machine",
        "toaster",
        "--out",
        &workshop.place("x"),
    ]);
    assert!(refused.contains("toaster") && refused.contains("fan, pump"), "{refused}");
    let refused = failure(&["export", &run, "--format", "onnx", "--out", &workshop.place("both.onnx")]);
    assert!(refused.contains("--machine"), "{refused}");
    let refused = failure(&[
        "export",
        &run,
        "--format",
        "onnx",
        "--weights",
        "int8",
        "--out",
        &workshop.place("x"),
    ]);
    assert!(refused.contains("--format c"), "{refused}");
    let refused = failure(&["export", &workshop.data, "--format", "onnx", "--out", &workshop.place("x")]);
    assert!(refused.contains("no finished run"), "{refused}");
}
