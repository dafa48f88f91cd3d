//! Figures on their way into files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::look::{Drawing, Setting, draw};
use super::task::Task;
use crate::figures::{self, Book, BookFigure, Plate};
use crate::progress::Progress;

/// The page with all figures.
const PAGE: &str = "report.html";

/// What became of an export.
pub(in crate::app) struct Exported {
    /// The folder, or the one file.
    pub(super) place: PathBuf,
    pub(super) files: Vec<PathBuf>,
    /// Figures that could not be drawn, and why.
    pub(super) left_out: Vec<(usize, String)>,
    /// What was drawn is what the report shows from now on.
    pub(super) drawings: Vec<(u32, Arc<Drawing>)>,
}

/// One figure of an export: its number in the report, what there is to draw (or why there is nothing), and its last drawing.
pub(super) struct Order {
    pub(super) number: usize,
    pub(super) id: u32,
    pub(super) task: Result<Task, String>,
    pub(super) before: Option<Arc<Drawing>>,
}

/// Draws a figure and writes it to one file.
pub(super) fn one(order: Order, path: PathBuf, setting: &Setting, progress: &mut dyn Progress) -> anyhow::Result<Exported> {
    let task = order.task.map_err(anyhow::Error::msg)?;
    let title = task.title.clone();
    let drawing = draw(task, order.before.as_deref(), setting, progress)?;
    write(&drawing, &title, &path, setting)?;
    Ok(Exported {
        place: path.clone(),
        files: vec![path],
        left_out: Vec::new(),
        drawings: vec![(order.id, Arc::new(drawing))],
    })
}

/// Draws all figures and writes each in all its formats into a folder, and a page that shows them.
pub(super) fn all(orders: Vec<Order>, folder: &Path, setting: &Setting, progress: &mut dyn Progress) -> anyhow::Result<Exported> {
    use anyhow::Context as _;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let total = orders.len() as u64;
    let mut book = Book {
        title: setting.project.clone(),
        facts: vec![
            ("data".to_owned(), setting.data().to_owned()),
            ("auscult".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("on".to_owned(), setting.today.clone()),
        ],
        figures: Vec::new(),
    };
    let mut exported = Exported {
        place: folder.to_owned(),
        files: Vec::new(),
        left_out: Vec::new(),
        drawings: Vec::new(),
    };
    for (done, order) in orders.into_iter().enumerate() {
        let number = order.number;
        let task = match order.task {
            Ok(task) => task,
            Err(reason) => {
                exported.left_out.push((number, reason));
                continue;
            }
        };
        let (title, own_caption) = (task.title.clone(), task.figure.caption.clone());
        let stem = stem(number, &title);
        progress.stage(&stem);
        progress.step(done as u64, total)?;
        let drawing = match draw(task, order.before.as_deref(), setting, progress) {
            Ok(drawing) => drawing,
            Err(error) if error.is::<crate::progress::Cancelled>() => return Err(error),
            Err(error) => {
                exported.left_out.push((number, format!("{error:#}")));
                continue;
            }
        };
        for ending in drawing.plate.endings() {
            let path = folder.join(format!("{stem}.{ending}"));
            progress.stage(&format!("{stem}.{ending}"));
            progress.step(done as u64, total)?;
            write(&drawing, &title, &path, setting)?;
            exported.files.push(path);
        }
        book.figures.push(BookFigure {
            number,
            svg: drawing.on_paper(&title, setting)?.svg,
            caption: own_caption.unwrap_or_else(|| drawing.caption.clone()),
            table: match &*drawing.plate {
                Plate::Table { table, .. } => Some(table.clone()),
                Plate::Figure(_) => None,
            },
            title,
        });
        exported.drawings.push((order.id, Arc::new(drawing)));
    }
    progress.stage(PAGE);
    let page = folder.join(PAGE);
    figures::write_book(&book, &page)?;
    exported.files.push(page);
    Ok(exported)
}

fn write(drawing: &Drawing, title: &str, path: &Path, setting: &Setting) -> anyhow::Result<()> {
    let plate = (*drawing.plate).clone().titled(title);
    plate.write(path, &drawing.style(setting), &drawing.provenance(setting))?;
    Ok(())
}

/// The name of a figure's files without their endings: `fig-2-fan-00-ROC`.
pub fn stem(number: usize, title: &str) -> String {
    format!("fig-{number}-{}", name_of(title)).trim_end_matches('-').to_owned()
}

/// A title as the name of a file.
pub(super) fn name_of(title: &str) -> String {
    let mut words = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            words.push(c);
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
    }
    let words: String = words.chars().take(60).collect();
    words.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(stem(2, "fan 00: ROC"), "fig-2-fan-00-ROC");
        assert_eq!(stem(1, "../../機械\u{1}"), "fig-1");
        assert!(stem(3, &"x/".repeat(200)).len() < 80);
    }
}
