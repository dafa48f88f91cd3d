//! Where the program keeps what is its own: the list of recent projects, and new projects unless a person says otherwise.

use std::path::{Path, PathBuf};

use super::{ListeningSettings, PictureSettings, RecentProject};
use crate::whole_file::write_whole;

/// Recent projects kept.
const MAX_RECENT: usize = 12;

/// The program's own folders; made when first written to.
#[derive(Debug, Clone)]
pub struct AppFolders {
    /// The list of recent projects and how clips are played lie here.
    pub settings: PathBuf,
    /// New projects are suggested to lie here, one folder each.
    pub projects: PathBuf,
}

impl AppFolders {
    /// As the system lays them out for this user; the current folder where the system knows no home.
    pub fn of_this_user() -> Self {
        let settings = directories::ProjectDirs::from("", "", "auscult").map(|dirs| dirs.config_dir().to_owned());
        let home = directories::UserDirs::new().map(|dirs| dirs.document_dir().unwrap_or(dirs.home_dir()).to_owned());
        Self {
            settings: settings.unwrap_or_else(|| PathBuf::from(".auscult")),
            projects: home.unwrap_or_default().join("auscult"),
        }
    }

    /// Where a new project of this name is suggested to lie: a file that does not exist yet.
    pub fn suggest_project(&self, name: &str) -> PathBuf {
        let candidates = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name} {n}")));
        let mut files = candidates.map(|name| self.projects.join(name).join("project.json"));
        files.find(|file| !file.exists()).unwrap_or_default()
    }

    /// Where what is not saved is kept while its own folder takes nothing.
    pub(super) fn unsaved(&self) -> PathBuf {
        self.settings.join("unsaved")
    }

    /// The project that was open last, where it is still there.
    pub fn last_project(&self) -> Option<PathBuf> {
        self.read_recent()
            .into_iter()
            .map(|recent| recent.path)
            .find(|path| path.is_file())
    }

    /// The recent projects, newest first; none where the list is missing or cannot be read.
    pub(super) fn read_recent(&self) -> Vec<RecentProject> {
        std::fs::read(self.recent_file())
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// How a person looked at sound last; `None` where it is not known.
    pub(super) fn read_picture(&self) -> Option<PictureSettings> {
        let text = std::fs::read(self.picture_file()).ok()?;
        let settings: PictureSettings = serde_json::from_slice(&text).ok()?;
        settings.checked().ok()
    }

    /// Keeps it for projects to come. Losing it is harmless, so a failure is not told.
    pub(super) fn write_picture(&self, settings: PictureSettings) {
        if self.read_picture() == Some(settings) {
            return;
        }
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.settings)?;
            write_whole(&self.picture_file(), |file| {
                Ok(serde_json::to_writer_pretty(file, &settings)?)
            })
        };
        write().ok();
    }

    /// Keeps the list. Losing it is harmless, so a failure is not told.
    pub(super) fn write_recent(&self, recent: &[RecentProject]) {
        self.write(&self.recent_file(), recent).ok();
    }

    /// How clips are played; as at first where nothing can be read.
    pub(super) fn read_listening(&self) -> ListeningSettings {
        std::fs::read(self.listening_file())
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Keeps how clips are played. Losing it is as harmless.
    pub(super) fn write_listening(&self, settings: &ListeningSettings) {
        self.write(&self.listening_file(), settings).ok();
    }

    fn write<T: serde::Serialize + ?Sized>(&self, path: &Path, value: &T) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.settings)?;
        write_whole(path, |file| Ok(serde_json::to_writer_pretty(file, value)?))
    }

    fn picture_file(&self) -> PathBuf {
        self.settings.join("picture.json")
    }

    fn recent_file(&self) -> PathBuf {
        self.settings.join("recent.json")
    }

    fn listening_file(&self) -> PathBuf {
        self.settings.join("listening.json")
    }
}

/// Puts a project at the head of the list.
pub(super) fn remember(recent: &mut Vec<RecentProject>, path: &Path, name: &str, n_clips: usize) {
    let opened_at = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    recent.retain(|project| project.path != path);
    recent.insert(
        0,
        RecentProject {
            path: path.to_owned(),
            name: name.to_owned(),
            n_clips,
            opened_at,
        },
    );
    recent.truncate(MAX_RECENT);
}
