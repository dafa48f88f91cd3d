//! How time and memory grow with the work: curves, each as a table and a figure.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::child::{self, Cost};
use super::{Pace, machine, networks};
use crate::cli::progress::{Interrupts, StderrProgress, say};
use crate::dataset::{self, SyntheticConfig};
use crate::extractors::Recipe;
use crate::figures::{self, Figure, LineFigure, Provenance, Quantity, Scale};

/// Frames between the segments of a clip.
const HOPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// So few that the largest data set is trained on in minutes.
const SEGMENTS_PER_CLIP: usize = 2;
/// Designs of a search.
const N_DESIGNS: [usize; 5] = [4, 8, 16, 32, 64];
/// Clips of the machine that a search is for.
const N_SEARCHED: usize = 60;
/// Clips in the table and points on the map.
#[cfg(feature = "gui")]
const N_SHOWN: [usize; 6] = [1_250, 2_500, 5_000, 10_000, 20_000, 40_000];

/// Lengths of a recording; a file of 48 kHz, stereo and 24 bits takes 2 GB in two hours, and a header of RIFF tells of no more than 4.
#[cfg(feature = "gui")]
const HOURS: [f64; 5] = [0.125, 0.5, 1.0, 2.0, 4.0];
/// Tiles close up that are looked at.
#[cfg(feature = "gui")]
const N_LOOKS: usize = 200;

/// Name and points of a curve.
type Curve = (String, Vec<[f64; 2]>);

/// Measures all curves and writes them below `out`; returns the files.
pub(super) fn write(out: &Path, n_clips: &[usize]) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut figures = of_clips(n_clips)?;
    figures.push(("scoring_time", of_hop()?));
    figures.push(("search_time", of_designs()?));
    #[cfg(feature = "gui")]
    figures.push(("frame_time", of_shown()?));
    #[cfg(feature = "gui")]
    figures.push(("long_recordings", of_lengths()?));
    let provenance = Provenance {
        run: format!("bench --growth, {}", machine()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Provenance::default()
    };
    let mut paths = Vec::new();
    for (name, figure) in figures {
        let figure = Figure::Lines(figure);
        for ending in ["csv", "svg"] {
            let path = out.join(format!("{name}.{ending}"));
            figures::write_with(&figure, &path, Some(&provenance))?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Time and memory of whole commands on synthetic data sets of so many clips.
fn of_clips(n_clips: &[usize]) -> anyhow::Result<Vec<(&'static str, LineFigure)>> {
    let mut training_secs = [Recipe::MobileAnoNet, Recipe::DenseAe].map(|recipe| (training_title(recipe), Vec::new()));
    let mut peaks_mb: Vec<Curve> = training_secs.to_vec();
    peaks_mb.push(("scoring with pooled log-mel".to_owned(), Vec::new()));
    for &n_clips in n_clips {
        let home = tempfile::tempdir().context("a folder for synthetic machines")?;
        let data = home.path().join("data");
        let n_clips = write_clips(&data, n_clips)?;
        say(&format!("commands on {n_clips} clips"));
        let mobileanonet = train(Recipe::MobileAnoNet, &data, home.path())?;
        let dense_ae = train(Recipe::DenseAe, &data, home.path())?;
        train(Recipe::PooledLogMel, &data, home.path())?;
        let run_dir = home.path().join(Recipe::PooledLogMel.name());
        let scoring = child::run(&["compare".as_ref(), run_dir.as_os_str(), data.as_os_str()], &mut Interrupts)?;
        for (curve, cost) in training_secs.iter_mut().zip([mobileanonet, dense_ae]) {
            curve.1.push([n_clips as f64, cost.secs]);
        }
        for (curve, cost) in peaks_mb.iter_mut().zip([mobileanonet, dense_ae, scoring]) {
            curve
                .1
                .extend(cost.peak_bytes.map(|bytes| [n_clips as f64, bytes as f64 / 1e6]));
        }
    }
    let clips = linear("Clips in the data set (10 s each, three in five for training)");
    let training = LineFigure {
        title: "Training time: one epoch, from the command to its end".to_owned(),
        x: clips.clone(),
        y: linear("Time (s)"),
        curves: training_secs.to_vec(),
    };
    let mut figures = vec![("training_time", training)];
    // A system that does not tell has no curve.
    if peaks_mb.iter().all(|curve| !curve.1.is_empty()) {
        let memory = LineFigure {
            title: "Memory: the most that a command holds".to_owned(),
            x: logarithmic(&clips.name),
            y: logarithmic("Resident memory (MB)"),
            curves: peaks_mb,
        };
        figures.push(("memory", memory));
    }
    Ok(figures)
}

fn training_title(recipe: Recipe) -> String {
    match recipe {
        Recipe::MobileAnoNet => format!("training MobileAnoNet, {SEGMENTS_PER_CLIP} segments a clip"),
        _ => format!("training the {}", recipe.title().to_lowercase()),
    }
}

/// Writes a data set of two machines, half of `n_clips` each, and returns how many clips it has.
fn write_clips(data: &Path, n_clips: usize) -> anyhow::Result<usize> {
    let config = SyntheticConfig {
        machines: ["fan", "pump"].map(String::from).to_vec(),
        n_clips: n_clips / 2,
        ..SyntheticConfig::default()
    };
    dataset::write_synthetic(data, &config, &mut StderrProgress::new("Making recordings"))?;
    Ok(config.n_clips * config.machines.len())
}

/// One epoch of training into a folder in `home`, named like the recipe.
fn train(recipe: Recipe, data: &Path, home: &Path) -> anyhow::Result<Cost> {
    let (run_dir, n_segments) = (home.join(recipe.name()), SEGMENTS_PER_CLIP.to_string());
    let options = [
        "--recipe",
        recipe.name(),
        "--epochs",
        "1",
        "--segments-per-clip",
        &n_segments,
        "--out",
    ];
    let mut arguments = vec!["train".as_ref(), data.as_os_str()];
    arguments.extend(options.iter().map(|option| std::ffi::OsStr::new(*option)));
    arguments.push(run_dir.as_os_str());
    child::run(&arguments, &mut Interrupts)
}

fn of_hop() -> anyhow::Result<LineFigure> {
    let mut points = Vec::new();
    for hop in HOPS {
        say(&format!("a clip at hop {hop}"));
        points.push([hop as f64, networks::clip_secs(hop, Pace::default(), &mut Interrupts)?]);
    }
    Ok(LineFigure {
        title: "Scoring time: a 10 s clip through MobileAnoNet".to_owned(),
        x: logarithmic("Hop between segments (frames)"),
        y: logarithmic("Time (s)"),
        curves: vec![("250 segments at hop 1".to_owned(), points)],
    })
}

/// Time of a whole search: short trainings, all of them within the same limits.
fn of_designs() -> anyhow::Result<LineFigure> {
    let home = tempfile::tempdir().context("a folder for synthetic machines")?;
    let data = home.path().join("data");
    write_clips(&data, 2 * N_SEARCHED)?;
    let mut points = Vec::new();
    for n_designs in N_DESIGNS {
        say(&format!("a search of {n_designs} designs"));
        let (trials, out) = (n_designs.to_string(), home.path().join(n_designs.to_string()));
        let options = [
            "--machine",
            "fan",
            "--section",
            "00",
            "--max-params",
            "20000",
            "--max-mflops",
            "4",
            "--generation",
            "4",
            "--rungs",
            "1,3",
            "--trials",
            &trials,
            "--out",
        ];
        let mut arguments = vec!["explore".as_ref(), data.as_os_str()];
        arguments.extend(options.iter().map(|option| std::ffi::OsStr::new(*option)));
        arguments.push(out.as_os_str());
        points.push([n_designs as f64, child::run(&arguments, &mut Interrupts)?.secs]);
    }
    Ok(LineFigure {
        title: "Search time: tiny designs for one machine".to_owned(),
        x: linear("Designs tried"),
        y: linear("Time (s)"),
        curves: vec![("1 epoch each, 3 for the better third".to_owned(), points)],
    })
}

#[cfg(feature = "gui")]
fn of_shown() -> anyhow::Result<LineFigure> {
    use super::window;
    use crate::app::Screen;

    let mut curves = Vec::new();
    for (screen, name) in [(Screen::Browse, "Browse, rows in the table"), (Screen::Map, "Map, points")] {
        let mut points = Vec::new();
        for n_clips in N_SHOWN {
            say(&format!("{} with {n_clips} clips", screen.title()));
            let frame_ms = window::frame_ms(&window::state(screen, n_clips), Pace::default(), &mut Interrupts)?;
            points.push([n_clips as f64, frame_ms]);
        }
        curves.push((name.to_owned(), points));
    }
    Ok(LineFigure {
        title: "Frame time: layout and tessellation".to_owned(),
        x: linear("Clips in the project"),
        y: linear("Processor time a frame (ms)"),
        curves,
    })
}

/// Memory that the picture of one recording takes, from minutes to half a day.
#[cfg(feature = "gui")]
fn of_lengths() -> anyhow::Result<LineFigure> {
    use super::long;
    use crate::app::LongPiece;

    let folder = tempfile::tempdir().context("a folder for long recordings")?;
    let path = folder.path().join("long.wav");
    let (mut overview, mut looked_at) = (Vec::new(), Vec::new());
    for hours in HOURS {
        say(&format!("a recording of {hours} hours"));
        long::silence(&path, (3600.0 * hours) as u32)?;
        let mut view = long::long_view(&path)?;
        view.draw_overview_now()?;
        overview.push([hours, view.n_bytes() as f64 / 1e6]);
        for tile in 0..N_LOOKS.min(view.n_frames() / 256) {
            let (start, end) = (256 * tile, 256 * (tile + 1));
            view.draw_now(LongPiece::Columns { pool: 1, start, end })?;
        }
        looked_at.push([hours, view.n_bytes() as f64 / 1e6]);
    }
    Ok(LineFigure {
        title: "Memory: the picture of one recording in Browse".to_owned(),
        x: logarithmic("Length of the recording (h)"),
        y: linear("Held (MB)"),
        curves: vec![
            ("outline and spectrogram of the whole".to_owned(), overview),
            ("and the details looked at last".to_owned(), looked_at),
        ],
    })
}

fn linear(name: &str) -> Quantity {
    Quantity {
        name: name.to_owned(),
        scale: Scale::Linear,
    }
}

fn logarithmic(name: &str) -> Quantity {
    Quantity {
        name: name.to_owned(),
        scale: Scale::Logarithmic,
    }
}
