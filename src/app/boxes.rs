//! Boxes in time and frequency on a clip: drawing, moving, naming, deleting; each step can be taken back.

use std::path::PathBuf;

use super::App;
use crate::annotations::{Annotation, Format};

/// What a person can do with boxes. `box_idx` counts a clip's boxes in the order of their drawing.
#[derive(Debug, Clone, PartialEq)]
pub enum BoxAction {
    Add {
        clip: usize,
        annotation: Annotation,
    },
    /// Puts `annotation` in the place of a box.
    Change {
        clip: usize,
        box_idx: usize,
        annotation: Annotation,
        /// It goes on with the last change, letter by letter: both are taken back as one.
        goes_on: bool,
    },
    Delete {
        clip: usize,
        box_idx: usize,
    },
    /// Reads a file of another program; where it names no recording, its boxes are of this clip.
    Import {
        file: PathBuf,
        clip: usize,
    },
    /// Reads all such files in a folder; where they name no recording, their own names tell.
    ImportFolder(PathBuf),
    /// Writes the boxes of one clip, or of all (`None`); those of all as label tracks are a folder of files.
    Export {
        format: Format,
        clip: Option<usize>,
        path: PathBuf,
    },
}

impl App {
    pub(super) fn apply_box(&mut self, action: BoxAction) {
        match action {
            BoxAction::Add { clip, annotation } => self.change_boxes(clip, "Draw a box", |boxes| boxes.push(annotation.tidy())),
            BoxAction::Change {
                clip,
                box_idx,
                annotation,
                goes_on,
            } => self.change_box(clip, box_idx, annotation, goes_on),
            BoxAction::Delete { clip, box_idx } => self.change_boxes(clip, "Delete a box", |boxes| {
                if box_idx < boxes.len() {
                    boxes.remove(box_idx);
                }
            }),
            BoxAction::Import { file, clip } => self.import_boxes(file, clip),
            BoxAction::ImportFolder(folder) => self.import_folder(folder),
            BoxAction::Export { format, clip, path } => self.export_boxes(format, clip, path),
        }
    }

    fn change_box(&mut self, clip: usize, box_idx: usize, annotation: Annotation, goes_on: bool) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(before) = workbench.boxes(clip).get(box_idx) else {
            return;
        };
        let mut annotation = annotation.tidy();
        let words = if !annotation.lies_as(before) {
            annotation.forget_measures();
            "Move a box"
        } else if annotation.label != before.label {
            "Name a box"
        } else {
            "Note on a box"
        };
        if goes_on && workbench.can_undo() == Some(words) {
            self.go_on(clip, |boxes| boxes[box_idx] = annotation);
        } else {
            self.change_boxes(clip, words, |boxes| boxes[box_idx] = annotation);
        }
    }

    fn change_boxes(&mut self, clip: usize, words: &str, change: impl FnOnce(&mut Vec<Annotation>)) {
        let Some(workbench) = &self.state.workbench else { return };
        let Some(path) = workbench.dataset.clips.get(clip).map(|clip| clip.path.clone()) else {
            return;
        };
        self.edit(words, |project| {
            let mut boxes = project.boxes.remove(&path).unwrap_or_default();
            change(&mut boxes);
            if !boxes.is_empty() {
                project.boxes.insert(path, boxes);
            }
        });
    }

    /// Changes the boxes of a clip that has some, as a part of the last step.
    fn go_on(&mut self, clip: usize, change: impl FnOnce(&mut Vec<Annotation>)) {
        if !self.may_write() {
            return;
        }
        let Some(workbench) = &mut self.state.workbench else { return };
        let path = workbench.dataset.clips.get(clip).map(|clip| &clip.path);
        if let Some(boxes) = path.and_then(|path| workbench.project.boxes.get_mut(path)) {
            change(boxes);
            self.touch();
        }
    }
}
