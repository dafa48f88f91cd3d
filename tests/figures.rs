//! Figures and tables as files: what is in them, that they hold hostile text, and that they are there whole or not at all.
//!
//! With `AUSCULT_KEEP_FIGURES=<folder>` the pictures stay there to be looked at.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use auscult::dsp::Spectrogram;
use auscult::evaluation::{LabelledScore, roc_curve};
use auscult::figures::{
    ColorMap, Figure, FigureError, Grid, GridRow, HistogramFigure, LineFigure, LossFigure, MapFigure, MapPoint, Page, Provenance,
    Quantity, RocFigure, RocSeries, Scale, SpectrogramFigure, Table, TableRow, write, write_page, write_table, write_table_with,
    write_with,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use resvg::usvg::roxmltree::{Document, Node};

const HOSTILE: &str = "<b>\"fan\" & 'pump' $x_1^2$ \\\\ %#{}~|*`\n\u{1}50 % --> ]]> 機械 {\\input{x}}";

struct Noise(ChaCha8Rng);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn uniform(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / f64::from(u32::MAX)
    }

    fn gaussian(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

fn roc() -> Figure {
    let mut noise = Noise::new(1);
    let mut series = |name: &str, lift: f64, n: usize| {
        let scores: Vec<LabelledScore> = (0..n)
            .map(|i| LabelledScore {
                score: noise.gaussian() + if i % 2 == 0 { lift } else { 0.0 },
                is_anomaly: i % 2 == 0,
                is_target: None,
            })
            .collect();
        let curve = roc_curve(&scores);
        let step = curve.step_at(1.2).unwrap();
        RocSeries {
            label: format!(
                "{name}  AUC {:.3} [0.82–0.92]  pAUC {:.3}",
                curve.auc().unwrap(),
                curve.partial_auc(0.1).unwrap()
            ),
            points: curve
                .steps
                .iter()
                .map(|step| [step.false_positive_rate, step.true_positive_rate, step.threshold])
                .collect(),
            is_emphasised: name == "KNN",
            style: ["KNN", "LOF", "COS", "MAHA", "Soft MAHA", "residual"]
                .iter()
                .position(|known| *known == name)
                .unwrap(),
            operating_point: (name == "KNN").then_some([step.false_positive_rate, step.true_positive_rate]),
        }
    };
    let names = [
        ("KNN", 1.7),
        ("Soft MAHA", 1.4),
        ("MAHA", 1.3),
        ("LOF", 1.0),
        ("COS", 0.6),
        ("residual", 0.2),
    ];
    Figure::Roc(RocFigure {
        title: "ROC, fan 00".to_owned(),
        curves: names.map(|(name, lift)| series(name, lift, 200)).to_vec(),
        pauc_max_fpr: 0.1,
    })
}

fn histogram() -> Figure {
    let mut noise = Noise::new(2);
    let mut draw = |middle: f64, n: usize| {
        (0..n)
            .map(|_| (middle + 0.5 * noise.gaussian()).exp() * 1e-3)
            .collect::<Vec<f64>>()
    };
    Figure::Histogram(HistogramFigure {
        title: "Scores, slider 02".to_owned(),
        score_name: "KNN score".to_owned(),
        normal: draw(0.0, 100),
        anomalous: draw(0.9, 100),
        unknown: draw(0.4, 20),
        threshold: Some(1.83e-3),
    })
}

fn map(n: usize) -> Figure {
    let mut noise = Noise::new(3);
    let categories = ["bearing", "fan", "gearbox", "slider", "ToyCar", "ToyTrain", "valve"];
    let point = |i: usize| {
        let category = i % categories.len();
        let angle = category as f64;
        let is_target = i.is_multiple_of(9);
        let spread = if is_target { 7.0 } else { 5.0 };
        MapPoint {
            x: (30.0 * angle.cos() + spread * noise.gaussian()) as f32,
            y: (25.0 * angle.sin() + spread * noise.gaussian()) as f32,
            category,
            is_target,
            is_anomaly: i.is_multiple_of(13),
            clip: format!("{}/test/section_00_{i:04}.wav", categories[category]),
        }
    };
    Figure::Map(MapFigure {
        title: format!("t-SNE of {n} clips, seed 7"),
        points: (0..n).map(point).collect(),
        categories: categories.map(str::to_owned).to_vec(),
    })
}

fn loss() -> Figure {
    let mut noise = Noise::new(4);
    let mut curve = |floor: f64| {
        (0..15)
            .map(|epoch| floor + 2.5 * (-0.35 * f64::from(epoch)).exp() + 0.03 * noise.gaussian())
            .collect()
    };
    Figure::Loss(LossFigure {
        title: "mobileanonet, run 14".to_owned(),
        curves: vec![
            ("training".to_owned(), curve(0.15)),
            ("held-out clips".to_owned(), curve(0.4)),
        ],
    })
}

/// What halves where the quantity doubles, and what is proportional to it.
fn lines(scale: Scale) -> Figure {
    let quantity = |name: &str| Quantity {
        name: name.to_owned(),
        scale,
    };
    let points = |value: fn(f64) -> f64| (0..7).map(|i| 2f64.powi(i)).map(|x| [x, value(x)]).collect();
    Figure::Lines(LineFigure {
        title: "Scoring time".to_owned(),
        x: quantity("Hop (frames)"),
        y: quantity("Time (s)"),
        curves: vec![
            ("inverse".to_owned(), points(|x| 2.5 / x)),
            ("proportional".to_owned(), points(|x| 0.04 * x)),
        ],
    })
}

fn spectrogram(is_mel: bool) -> Figure {
    let (n_frames, n_bins) = (313, if is_mel { 128 } else { 513 });
    let top_mel = 2595.0 * (1.0 + 8000.0f32 / 700.0).log10();
    let hz = |bin: usize| {
        let part = (bin as f32 + if is_mel { 1.0 } else { 0.0 }) / (n_bins as f32 - if is_mel { -1.0 } else { 1.0 });
        if is_mel {
            700.0 * (10f32.powf(part * top_mel / 2595.0) - 1.0)
        } else {
            8000.0 * part
        }
    };
    let bin_hz: Vec<f32> = (0..n_bins).map(hz).collect();
    let mut noise = Noise::new(5);
    let mut values = Vec::new();
    for frame_idx in 0..n_frames {
        let knock = if frame_idx % 40 < 4 { 18.0 } else { 0.0 };
        for hz in &bin_hz {
            let hum: f32 = (1..9)
                .map(|order| 30.0 * (-((hz - 240.0 * order as f32) / 45.0).powi(2)).exp() / order as f32)
                .sum();
            values.push(-62.0 - hz / 400.0 + hum + knock + 3.0 * noise.gaussian() as f32);
        }
    }
    Figure::Spectrogram(SpectrogramFigure {
        title: if is_mel {
            "Log-mel, fan 00, normal_00000003.wav"
        } else {
            "STFT, fan 00, normal_00000003.wav"
        }
        .to_owned(),
        spectrogram: Spectrogram {
            values,
            n_frames,
            n_bins,
        },
        duration_secs: 10.0,
        start_secs: 0.0,
        bin_hz,
        range_db: [-100.0, -20.0],
        map: ColorMap::Magma,
        is_inverted: false,
        crops: (0..9)
            .map(|i| {
                (
                    i as f32 * 1.024,
                    (i + 1) as f32 * 1.024,
                    (i % 3 > 0).then_some(0.31 * i as f32),
                )
            })
            .collect(),
    })
}

fn all() -> Vec<(&'static str, Figure)> {
    vec![
        ("roc", roc()),
        ("histogram", histogram()),
        ("map", map(420)),
        ("map_large", map(20_000)),
        ("loss", loss()),
        ("lines", lines(Scale::Linear)),
        ("lines_logarithmic", lines(Scale::Logarithmic)),
        ("stft", spectrogram(false)),
        ("mel", spectrogram(true)),
    ]
}

fn provenance() -> Provenance {
    Provenance {
        project: "fans & pumps".to_owned(),
        run: "14".to_owned(),
        seed: Some(7),
        data_fingerprint: "91ac".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

/// A folder for the pictures, and what keeps it alive.
fn folder() -> (PathBuf, tempfile::TempDir) {
    let temporary = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("AUSCULT_KEEP_FIGURES").map(PathBuf::from);
    if let Some(kept) = &kept {
        fs::create_dir_all(kept).unwrap();
    }
    (kept.unwrap_or_else(|| temporary.path().to_owned()), temporary)
}

fn texts(document: &Document<'_>) -> Vec<String> {
    document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(|node| node.text().unwrap_or_default().to_owned())
        .collect()
}

fn count(document: &Document<'_>, tag: &str, class: &str) -> usize {
    document
        .descendants()
        .filter(|node| node.has_tag_name(tag) && (class.is_empty() || node.attribute("class") == Some(class)))
        .count()
}

#[test]
fn every_figure_is_written_in_every_format() {
    let (dir, _keep) = folder();
    for (name, figure) in all() {
        let file = |ending: &str| dir.join(format!("{name}.{ending}"));
        for ending in ["svg", "png", "csv"] {
            write_with(&figure, &file(ending), Some(&provenance())).unwrap();
        }
        let svg = fs::read_to_string(file("svg")).unwrap();
        let document = Document::parse(&svg).unwrap();
        assert!(svg.len() < 1_500_000, "{name}: {} bytes", svg.len());
        let metadata = document.descendants().find(|node| node.has_tag_name("metadata")).unwrap();
        assert_eq!(
            metadata.text().unwrap(),
            "auscult; version: 0.1.0; project: fans & pumps; run: 14; seed: 7; data: 91ac"
        );
        // Everything stays on the page.
        let page = document.root_element();
        let [width, height] = ["width", "height"].map(|side| page.attribute(side).unwrap().parse::<f64>().unwrap());
        for text in document.descendants().filter(|node| node.has_tag_name("text")) {
            let [x, y] = ["x", "y"].map(|axis| text.attribute(axis).unwrap().parse::<f64>().unwrap());
            assert!(
                (0.0..width).contains(&x) && (0.0..height).contains(&y),
                "{name}: {:?} at {x}, {y}",
                text.text()
            );
        }
        let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(file("png")).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let info = reader.info();
        assert_eq!(f64::from(info.width), (width * 200.0 / 96.0).round(), "{name}");
        assert_eq!(f64::from(info.height), (height * 200.0 / 96.0).round(), "{name}");
        assert_eq!(info.pixel_dims.unwrap().xppu, 7874, "200 dots an inch");
        assert!(info.utf8_text[0].get_text().unwrap().contains("seed: 7"));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(frame.color_type, png::ColorType::Rgb);
        assert_eq!(pixels[..3], [255, 255, 255], "{name}: the ground is white");
        assert!(
            pixels
                .chunks_exact(3)
                .filter(|pixel| pixel.iter().all(|channel| *channel < 60))
                .count()
                > 500,
            "{name}: ink"
        );
        let csv = fs::read_to_string(file("csv")).unwrap();
        assert!(csv.starts_with("# auscult; version: 0.1.0"), "{name}");
    }
}

#[test]
fn the_same_figure_is_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    for (name, figure) in all() {
        for ending in ["svg", "png", "csv"] {
            let bytes = ["a", "b"].map(|copy| {
                let path = dir.path().join(format!("{name}_{copy}.{ending}"));
                write(&figure, &path).unwrap();
                fs::read(path).unwrap()
            });
            assert_eq!(bytes[0], bytes[1], "{name}.{ending}");
        }
    }
}

fn svg_of(figure: &Figure) -> String {
    auscult::figures::to_svg(figure).unwrap()
}

/// All detectors there are, and more: no two lines of one figure look alike.
#[test]
fn every_detector_has_a_line_of_its_own() {
    let n_kinds = auscult::detectors::DetectorKind::ALL.len().max(20);
    let series = |style: usize| RocSeries {
        label: style.to_string(),
        points: vec![[0.0, 0.0, 2.0], [0.5, 0.7, 1.0], [1.0, 1.0, 0.0]],
        is_emphasised: false,
        style,
        operating_point: None,
    };
    let svg = svg_of(&Figure::Roc(RocFigure {
        title: String::new(),
        curves: (0..n_kinds).map(series).collect(),
        pauc_max_fpr: 0.1,
    }));
    let document = Document::parse(&svg).unwrap();
    let curves = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("roc-curve"));
    let looks: std::collections::BTreeSet<_> = curves
        .map(|node| (node.attribute("stroke").unwrap(), node.attribute("stroke-dasharray")))
        .collect();
    assert_eq!(looks.len(), n_kinds, "{looks:?}");
}

#[test]
fn svgs_hold_what_the_figures_say() {
    let svg = svg_of(&roc());
    let document = Document::parse(&svg).unwrap();
    assert_eq!(count(&document, "polyline", "roc-curve"), 6);
    let found = texts(&document);
    for wanted in [
        "ROC, fan 00",
        "False positive rate",
        "True positive rate",
        "chance",
        "threshold in use",
        "0.2",
        "1.0",
    ] {
        assert!(found.iter().any(|text| text == wanted), "{wanted} in {found:?}");
    }
    let Figure::Roc(figure) = roc() else { panic!() };
    for curve in &figure.curves {
        assert!(found.contains(&curve.label), "{} in {found:?}", curve.label);
    }
    // The axes are square.
    let outline = document
        .descendants()
        .find(|node| node.attribute("fill") == Some("none") && node.has_tag_name("rect"))
        .unwrap();
    assert_eq!(outline.attribute("width"), outline.attribute("height"));

    let svg = svg_of(&histogram());
    let document = Document::parse(&svg).unwrap();
    for class in ["normal", "anomalous", "unknown"] {
        assert_eq!(count(&document, "g", class), 1);
    }
    let found = texts(&document);
    for wanted in [
        "KNN score (×10⁻³)",
        "Clips",
        "normal (100)",
        "anomalous (100)",
        "unknown (20)",
        "threshold 0.00183",
    ] {
        assert!(found.iter().any(|text| text == wanted), "{wanted} in {found:?}");
    }

    let svg = svg_of(&map(420));
    let document = Document::parse(&svg).unwrap();
    let marks = document
        .descendants()
        .find(|node| node.attribute("class") == Some("marks"))
        .unwrap();
    assert_eq!(marks.children().filter(|node| node.has_tag_name("path")).count(), 420);
    let open = |node: &Node<'_, '_>| node.attribute("fill") == Some("#ffffff");
    assert_eq!(
        marks.children().filter(open).count(),
        (0..420).filter(|i| i % 9 == 0 && i % 13 != 0).count()
    );

    for (is_mel, unit) in [(false, "Frequency (kHz)"), (true, "Frequency (kHz)")] {
        let svg = svg_of(&spectrogram(is_mel));
        let document = Document::parse(&svg).unwrap();
        let found = texts(&document);
        for wanted in ["Time (s)", unit, "Level (dBFS)", "−100", "−20", "10", "0.31"] {
            assert!(found.iter().any(|text| text == wanted), "{wanted} in {found:?}");
        }
        assert_eq!(count(&document, "image", ""), 2, "the picture and its level bar");
        let dashed = document
            .descendants()
            .filter(|node| node.has_tag_name("rect") && node.has_attribute("stroke-dasharray"));
        assert_eq!(dashed.count(), 9, "crop windows");
    }
}

#[test]
fn powers_are_straight_lines_on_logarithmic_axes_and_proportions_on_linear_ones() {
    let polylines = |figure: &Figure| -> Vec<Vec<[f64; 2]>> {
        let svg = svg_of(figure);
        let document = Document::parse(&svg).unwrap();
        let nodes = document
            .descendants()
            .filter(|node| node.attribute("class") == Some("growth-curve"));
        let points = |node: Node<'_, '_>| {
            let pairs = node
                .attribute("points")
                .unwrap()
                .split(' ')
                .map(|pair| pair.split_once(',').unwrap());
            pairs.map(|(x, y)| [x.parse().unwrap(), y.parse().unwrap()]).collect()
        };
        nodes.map(points).collect()
    };
    let is_straight = |points: &[[f64; 2]]| {
        let [first, last] = [points[0], points[points.len() - 1]];
        let slope = (last[1] - first[1]) / (last[0] - first[0]);
        points
            .iter()
            .all(|[x, y]| (first[1] + slope * (x - first[0]) - y).abs() < 0.05)
    };
    let logarithmic = polylines(&lines(Scale::Logarithmic));
    assert!(logarithmic.iter().all(|points| points.len() == 7 && is_straight(points)));
    assert!(logarithmic[0][0][1] < logarithmic[0][6][1], "what falls goes down the page");
    let linear = polylines(&lines(Scale::Linear));
    assert_eq!([&linear[0], &linear[1]].map(|points| is_straight(points)), [false, true]);
    let svg = svg_of(&lines(Scale::Logarithmic));
    let found = texts(&Document::parse(&svg).unwrap());
    for wanted in ["Hop (frames)", "Time (s)", "50", "0.05", "inverse", "proportional"] {
        assert!(found.iter().any(|text| text == wanted), "{wanted} in {found:?}");
    }
}

#[test]
fn csv_brings_the_data_back() {
    let dir = tempfile::tempdir().unwrap();
    let rows = |figure: &Figure| -> Vec<Vec<String>> {
        let path = dir.path().join("figure.csv");
        write(figure, &path).unwrap();
        let mut reader = csv::Reader::from_path(path).unwrap();
        assert!(reader.headers().unwrap().len() >= 2);
        reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    };
    let figure = roc();
    let Figure::Roc(expected) = &figure else { panic!() };
    let found = rows(&figure);
    for curve in &expected.curves {
        let of_curve = found.iter().filter(|row| row[0] == curve.label && row[1] == "step");
        let points: Vec<[f64; 3]> = of_curve
            .map(|row| [2, 3, 4].map(|column| row[column].parse().unwrap()))
            .collect();
        assert_eq!(points, curve.points);
    }
    let figure = map(50);
    let Figure::Map(expected) = &figure else { panic!() };
    for (row, point) in rows(&figure).iter().zip(&expected.points) {
        assert_eq!(
            (row[0].as_str(), row[1].parse().unwrap(), row[2].parse().unwrap()),
            (point.clip.as_str(), point.x, point.y)
        );
        assert_eq!(
            (row[4] == "target", row[5] == "anomalous"),
            (point.is_target, point.is_anomaly)
        );
    }
    let figure = spectrogram(true);
    let Figure::Spectrogram(expected) = &figure else { panic!() };
    let found: Vec<f32> = rows(&figure)
        .iter()
        .flat_map(|row| row[1..].iter().map(|level| level.parse().unwrap()))
        .collect();
    assert_eq!(found, expected.spectrogram.values);
    let figure = histogram();
    let Figure::Histogram(expected) = &figure else { panic!() };
    let found = rows(&figure);
    let of_class = |class: &str| {
        found
            .iter()
            .filter(|row| row[0] == class)
            .map(|row| row[1].parse().unwrap())
            .collect::<Vec<f64>>()
    };
    assert_eq!(
        (of_class("normal"), of_class("anomalous")),
        (expected.normal.clone(), expected.anomalous.clone())
    );
    assert_eq!(of_class("threshold"), [1.83e-3]);
}

/// The same kinds of figures with everything in them that can go wrong.
fn hostile() -> Vec<Figure> {
    let text = || HOSTILE.to_owned();
    let broken = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let series = |points: Vec<[f64; 3]>| RocSeries {
        label: text().repeat(4),
        points,
        is_emphasised: true,
        style: 0,
        operating_point: Some([f64::NAN, 0.5]),
    };
    let point = |x: f32, category: usize| MapPoint {
        x,
        y: 1.0,
        category,
        is_target: true,
        is_anomaly: false,
        clip: text(),
    };
    let histogram = |normal: Vec<f64>, threshold| {
        Figure::Histogram(HistogramFigure {
            title: text(),
            score_name: text(),
            normal,
            anomalous: Vec::new(),
            unknown: broken.to_vec(),
            threshold,
        })
    };
    let mut figures = vec![
        Figure::Roc(RocFigure {
            title: text(),
            curves: vec![series(Vec::new()), series(vec![broken, [0.0, 0.0, 1.0]])],
            pauc_max_fpr: f64::NAN,
        }),
        histogram(Vec::new(), None),
        histogram(vec![3.0; 5], Some(f64::NAN)),
        histogram(vec![1e300, -1e300, 0.0], Some(0.0)),
        Figure::Map(MapFigure {
            title: text(),
            points: vec![point(f32::NAN, 0), point(2.0, 99)],
            categories: vec![text(); 40],
        }),
        Figure::Map(MapFigure {
            title: String::new(),
            points: Vec::new(),
            categories: Vec::new(),
        }),
        Figure::Loss(LossFigure {
            title: text(),
            curves: vec![(text(), broken.to_vec()), (text(), vec![1.0])],
        }),
        Figure::Loss(LossFigure {
            title: text(),
            curves: Vec::new(),
        }),
    ];
    figures.extend([Scale::Linear, Scale::Logarithmic].map(|scale| {
        let quantity = || Quantity { name: text(), scale };
        let points = broken.iter().flat_map(|&x| broken.iter().map(move |&y| [x, y]));
        Figure::Lines(LineFigure {
            title: text(),
            x: quantity(),
            y: quantity(),
            curves: vec![(text(), points.collect()), (text(), vec![[1.0, 1.0]]), (text(), Vec::new())],
        })
    }));
    figures.push(Figure::Spectrogram(SpectrogramFigure {
        title: text(),
        spectrogram: Spectrogram {
            values: vec![f32::NAN, f32::NEG_INFINITY],
            n_frames: 2,
            n_bins: 1,
        },
        duration_secs: f64::NAN,
        start_secs: 0.0,
        bin_hz: vec![0.0],
        range_db: [0.0, 0.0],
        map: ColorMap::Magma,
        is_inverted: false,
        crops: vec![
            (-5.0, f32::INFINITY, Some(f32::NAN)),
            (3.0, 1.0, None),
            (-5.0, 900.0, Some(1.0)),
        ],
    }));
    figures
}

#[test]
fn hostile_labels_and_numbers_make_sound_files() {
    let dir = tempfile::tempdir().unwrap();
    for (figure_idx, figure) in hostile().iter().enumerate() {
        let svg = svg_of(figure);
        let document = Document::parse(&svg).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf\""), "figure {figure_idx}");
        assert!(
            document.descendants().all(|node| !node.has_tag_name("b")),
            "figure {figure_idx}"
        );
        for ending in ["png", "csv"] {
            write(figure, &dir.path().join(format!("{figure_idx}.{ending}"))).unwrap();
        }
    }
    let mismatch = Figure::Spectrogram(SpectrogramFigure {
        title: String::new(),
        spectrogram: Spectrogram::default(),
        duration_secs: 1.0,
        start_secs: 0.0,
        bin_hz: Vec::new(),
        range_db: [-100.0, 0.0],
        map: ColorMap::Magma,
        is_inverted: false,
        crops: Vec::new(),
    });
    assert!(matches!(
        write(&mismatch, &dir.path().join("a.svg")),
        Err(FigureError::Draw { .. })
    ));
}

#[test]
fn files_are_there_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["figure.pdf", "figure", "figure.tex"] {
        let message = write(&roc(), &dir.path().join(name)).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(".svg, .png or .csv"), "{message}");
    }
    let absent = dir.path().join("absent/figure.svg");
    let message = write(&roc(), &absent).unwrap_err().to_string();
    assert!(message.contains("figure.svg"), "{message}");
    // A folder of that name cannot be replaced, and nothing is left beside it.
    let taken = dir.path().join("taken.csv");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(write(&roc(), &taken), Err(FigureError::Io { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    write(&roc(), &dir.path().join("FIGURE.SVG")).unwrap();
}

fn table() -> Table {
    let row = |name: &str, values: [Option<f64>; 3], marks_best| TableRow {
        name: name.to_owned(),
        values: values.to_vec(),
        marks_best,
    };
    Table {
        caption: "Harmonic mean, 100 % of section_00".to_owned(),
        columns: ["KNN", "Soft_MAHA", "GMM & co"].map(str::to_owned).to_vec(),
        rows: vec![
            row("fan", [Some(0.712_345_678_9), Some(0.698), Some(0.712_4)], true),
            row("valve", [Some(0.5), None, Some(f64::NAN)], true),
            row("all", [Some(0.6), Some(0.698), Some(0.7)], false),
        ],
        intervals: Vec::new(),
    }
}

fn table_text(table: &Table, ending: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("table.{ending}"));
    write_table(table, &path).unwrap();
    fs::read_to_string(path).unwrap()
}

/// Whether LaTeX would read it: braces and environments closed, no special character outside of commands, cells in number.
fn assert_sound_latex(text: &str) {
    let (mut depth, mut environments) = (0, Vec::new());
    for line in text.lines().filter(|line| !line.starts_with('%')) {
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' => {
                    // An escaped character; a command's name is letters, which are read on.
                    characters.next_if(|next| !next.is_ascii_alphabetic());
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                '%' | '$' | '#' | '_' | '^' | '~' | '<' | '>' | '|' => panic!("a bare {c} in {line}"),
                _ => {}
            }
            assert!(depth >= 0, "{line}");
        }
        assert_eq!(depth, 0, "{line}");
        let name_after = |command: &str| {
            line.trim()
                .strip_prefix(command)
                .map(|rest| rest.split('}').next().unwrap().to_owned())
        };
        environments.extend(name_after("\\begin{"));
        if let Some(name) = name_after("\\end{") {
            assert_eq!(environments.pop(), Some(name));
        }
    }
    assert!(environments.is_empty());
    let columns = text
        .split("\\begin{tabular}{")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap()
        .len();
    let body = text.split("\\toprule").nth(1).unwrap().split("\\bottomrule").next().unwrap();
    for row in body.lines().filter(|line| line.ends_with("\\\\")) {
        assert_eq!(row.replace("\\&", "").matches('&').count() + 1, columns, "{row}");
    }
}

#[test]
fn tables_are_written_for_papers_and_for_programs() {
    let latex = table_text(&table(), "tex");
    assert_sound_latex(&latex);
    for wanted in [
        "\\toprule",
        "\\caption{Harmonic mean, 100 \\% of section\\_00}",
        "fan & \\textbf{0.712} & 0.698 & \\textbf{0.712} \\\\",
        "valve & \\textbf{0.500} & -- & -- \\\\",
        "all & 0.600 & 0.698 & 0.700 \\\\",
    ] {
        assert!(latex.contains(wanted), "{wanted} in {latex}");
    }
    let markdown = table_text(&table(), "md");
    assert!(
        markdown
            .contains("|  | KNN | Soft\\_MAHA | GMM &amp; co |\n|:---|---:|---:|---:|\n| fan | **0.712** | 0.698 | **0.712** |"),
        "{markdown}"
    );
    let csv = table_text(&table(), "csv");
    assert_eq!(csv.lines().next(), Some(",KNN,Soft_MAHA,GMM & co"));
    assert_eq!(csv.lines().nth(1), Some("fan,0.7123456789,0.698,0.7124"));
    assert_eq!(csv.lines().nth(2), Some("valve,0.5,,NaN"));
}

#[test]
fn hostile_tables_are_sound() {
    let mut hostile = table();
    hostile.caption = HOSTILE.to_owned();
    hostile.columns.insert(0, "machine".to_owned());
    hostile.columns[1] = HOSTILE.to_owned();
    hostile.rows[0].name = HOSTILE.to_owned();
    assert_sound_latex(&table_text(&hostile, "tex"));
    assert_eq!(
        table_text(&hostile, "md")
            .lines()
            .filter(|line| line.starts_with('|'))
            .count(),
        5
    );
    let text = table_text(&hostile, "csv");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(
        (&records[0][0], &records[0][1], &records[1][0]),
        ("machine", HOSTILE, HOSTILE)
    );
    let empty = Table::default();
    assert_sound_latex(&table_text(&empty, "tex"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.md");
    write_table_with(&empty, &path, Some(&provenance())).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("<!-- auscult; version: 0.1.0"));
    assert!(matches!(
        write_table(&empty, Path::new("t.png")),
        Err(FigureError::UnknownFormat { .. })
    ));
}

/// Machines, systems and folders may be called anything: a page shows their names and runs none of them.
#[test]
fn names_are_text_in_an_html_page() {
    let named = |place: &str| format!("{place} <script>alert(\"1\")</script> & <b>{HOSTILE}");
    let page = Page {
        title: named("title"),
        warning: Some(named("warning")),
        facts: vec![(named("fact"), named("value"))],
        grids: vec![Grid {
            caption: named("caption"),
            header: vec![named("head"), named("column")],
            rows: vec![GridRow {
                cells: vec![named("machine"), named("cell")],
                is_total: true,
            }],
            remarks: vec![named("remark")],
        }],
        notes: vec![named("note")],
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("page.html");
    write_page(&page, &path).unwrap();
    let text = fs::read_to_string(path).unwrap();
    for markup in ["<script", "</script", "<b>", "alert(\"1\")"] {
        assert!(!text.contains(markup), "{markup} in {text}");
    }
    for place in [
        "title", "warning", "fact", "value", "caption", "head", "column", "machine", "cell", "remark", "note",
    ] {
        let shown = format!("{place} &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &lt;b&gt;");
        assert!(text.contains(&shown), "{place}: {text}");
    }
}
