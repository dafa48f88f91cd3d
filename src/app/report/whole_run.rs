//! Every figure and table of a run in one folder, with a page that shows them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{MatrixMetric, Workbench, histogram_figure, loss_figure, map_figure, matrix_table, roc_figure};
use crate::audio::ChannelChoice;
use crate::dataset::Dataset;
use crate::figures::{self, Figure, Table};
use crate::pipeline::{self, Comparison, ComparisonSummary, EmbeddedClips, PipelineError, Run};
use crate::progress::Progress;
use crate::project::Project;
use crate::projection::{self, ProjectionConfig};

/// The page's name in its folder.
const PAGE: &str = "index.html";

impl Workbench {
    /// The state in which one run has been scored, without any project on disk: for reports.
    pub fn of_run(dataset: Arc<Dataset>, run: &Run, embedded: EmbeddedClips, comparison: Comparison) -> Self {
        let name = run
            .dir
            .file_name()
            .map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned());
        // The project is told where its runs lie, so that it finds this one with its epochs and log.
        let path = run
            .dir
            .parent()
            .and_then(Path::parent)
            .unwrap_or(Path::new(""))
            .join("project.json");
        let mut project = Project::new(&path, &dataset.root, Some(dataset.layout), ChannelChoice::default());
        project.runs.insert(name.clone(), run.recipe.clone());
        project.active_run = Some(name.clone());
        let mut workbench = Self::new(path, project, dataset);
        if let Some(view) = workbench.runs.get_mut(&name) {
            view.epochs = pipeline::read_epochs(&run.dir);
        }
        workbench.embedded = Some(Arc::new(embedded));
        workbench.comparison = Some(Arc::new(comparison));
        workbench.refresh_scores();
        workbench
    }

    /// Places all embedded clips on a map and waits for it.
    ///
    /// # Errors
    /// Where there are too few clips, or the wish to stop.
    pub fn place_on_map(&mut self, config: &ProjectionConfig, progress: &mut dyn Progress) -> Result<(), PipelineError> {
        let Some(embedded) = &self.embedded else { return Ok(()) };
        let (observations, clips) = embedded.observations(&embedded.clips_with_a_place());
        progress.stage("Drawing the map");
        let layout = projection::project_embeddings(
            config,
            &observations.embeddings,
            observations.n_features,
            progress,
            &mut |_| {},
        )?;
        self.map.layout = Some(Arc::new(layout));
        self.map.clips = Arc::new(clips);
        Ok(())
    }
}

/// Writes the map of a workbench as figure and coordinates; returns the paths.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_map(workbench: &Workbench, out: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    create_folder(out)?;
    let Some(figure) = map_figure(workbench) else {
        return Ok(Vec::new());
    };
    save(&Figure::Map(figure), out, "map")
}

/// Writes every figure and table of these runs below `out`, and a page that shows them; returns the page's path.
///
/// # Errors
/// Where a file cannot be written, or the wish to stop.
pub fn write_report(workbenches: &mut [Workbench], out: &Path, progress: &mut dyn Progress) -> Result<PathBuf, PipelineError> {
    create_folder(out)?;
    let mut body = String::new();
    for workbench in workbenches {
        let name = workbench.project.active_run.clone().unwrap_or_default();
        let folder = out.join(&name);
        create_folder(&folder)?;
        let map = workbench.project.map;
        // A data set of three clips has no map; everything else is shown all the same.
        if let Err(PipelineError::Cancelled(cancelled)) = workbench.place_on_map(&map, progress) {
            return Err(cancelled.into());
        }
        progress.stage("Drawing figures");
        body += &section(workbench, &name, &folder, progress)?;
    }
    let page = out.join(PAGE);
    std::fs::write(&page, html(&body)).map_err(|source| PipelineError::io(&page, source))?;
    Ok(page)
}

/// The part of the page about one run; its figures are written on the way.
fn section(workbench: &Workbench, name: &str, folder: &Path, progress: &mut dyn Progress) -> Result<String, PipelineError> {
    let mut text = format!("<h2>{}</h2>\n", escape(name));
    if let Some(run) = workbench.runs.get(name) {
        let training = &run.recipe.training;
        push(
            &mut text,
            &format!(
                "<p>{}: {}.</p>",
                escape(training.recipe.title()),
                escape(training.recipe.description())
            ),
        );
    }
    if let Some(comparison) = &workbench.comparison {
        push(&mut text, &honest_lines(&comparison.summary()));
    }
    for metric in MatrixMetric::ALL {
        let Some(table) = matrix_table(workbench, metric) else {
            continue;
        };
        let stem = format!("matrix-{}", metric.title().to_lowercase().replace(['.', ' '], "-"));
        for ending in ["csv", "tex", "md"] {
            figures::write_table(&table, &folder.join(format!("{stem}.{ending}")))?;
        }
        if matches!(metric, MatrixMetric::Hmean | MatrixMetric::Auc) {
            push(&mut text, &html_table(&table));
        }
    }
    let mut drawings: Vec<(Figure, String)> = Vec::new();
    drawings.extend(loss_figure(workbench, name).map(|figure| (Figure::Loss(figure), "loss".to_owned())));
    drawings.extend(map_figure(workbench).map(|figure| (Figure::Map(figure), "map".to_owned())));
    for group in &workbench.groups {
        let stem = file_stem(&group.to_string());
        drawings.extend(roc_figure(workbench, group).map(|figure| (Figure::Roc(figure), format!("roc-{stem}"))));
        drawings.extend(histogram_figure(workbench, group).map(|figure| (Figure::Histogram(figure), format!("scores-{stem}"))));
    }
    push(&mut text, "<div class=\"figures\">");
    for (done, (figure, stem)) in drawings.iter().enumerate() {
        progress.step(done as u64, drawings.len() as u64)?;
        save(figure, folder, stem)?;
        let source = format!("{}/{stem}", percent_encoded(name));
        push(
            &mut text,
            &format!(
                "<a href=\"{source}.svg\"><img src=\"{source}.svg\" alt=\"{}\"></a>",
                escape(stem)
            ),
        );
    }
    push(&mut text, "</div>");
    Ok(text)
}

/// What the choice of the detector is worth: the three modes, each with the labels that it rests on, and what lies between them.
fn honest_lines(summary: &ComparisonSummary) -> String {
    let lines = pipeline::worth_lines(&summary.choice);
    let items: String = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
    format!("<p>Harmonic mean over all sections in percent, with 95 % intervals:</p>\n<ul>{items}</ul>")
}

fn save(figure: &Figure, folder: &Path, stem: &str) -> Result<Vec<PathBuf>, PipelineError> {
    let paths: Vec<PathBuf> = ["svg", "png", "csv"]
        .iter()
        .map(|ending| folder.join(format!("{stem}.{ending}")))
        .collect();
    for path in &paths {
        figures::write(figure, path)?;
    }
    Ok(paths)
}

fn html_table(table: &Table) -> String {
    let mut text = format!("<table><caption>{}</caption>\n<tr><th></th>", escape(&table.caption));
    for column in &table.columns {
        push(&mut text, &format!("<th>{}</th>", escape(column)));
    }
    for row in &table.rows {
        push(&mut text, &format!("</tr>\n<tr><th>{}</th>", escape(&row.name)));
        let best = row.values.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        for value in &row.values {
            let cell = match value {
                Some(value) if row.marks_best && *value == best => format!("<td><b>{value:.3}</b></td>"),
                Some(value) => format!("<td>{value:.3}</td>"),
                None => "<td>–</td>".to_owned(),
            };
            push(&mut text, &cell);
        }
    }
    text + "</tr></table>\n"
}

fn html(body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>auscult report</title>\n<style>\n\
         body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; color: #1c1d1f; }}\n\
         table {{ border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }}\n\
         caption {{ text-align: left; color: #5c626a; }} th, td {{ padding: .2rem .7rem; text-align: right; }}\n\
         tr th:first-child {{ text-align: left; }} tr + tr {{ border-top: 1px solid #d8dbdf; }}\n\
         .figures {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 1rem; }} img {{ width: 100%; }}\n\
         </style>\n<h1>auscult report</h1>\n{body}\n<p>auscult {}</p></html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// A line more; writing to a string cannot fail.
fn push(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A folder's name as part of a link.
fn percent_encoded(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

/// A name that is safe in a path and in a link.
fn file_stem(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect()
}

fn create_folder(folder: &Path) -> Result<(), PipelineError> {
    std::fs::create_dir_all(folder).map_err(|source| PipelineError::io(folder, source))
}
