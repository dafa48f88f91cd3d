//! The program without a window, driven as the window drives it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auscult::app::{App, AppFolders};

/// A program whose own files lie below `home`.
pub(crate) fn app(home: &Path) -> App {
    let folders = AppFolders {
        settings: home.join("settings"),
        projects: home.join("projects"),
    };
    App::with_folders(Arc::new(|| ()), folders)
}

/// Polls until `is_reached`, as the window does each frame.
pub(crate) fn wait(app: &mut App, what: &str, is_reached: impl Fn(&App) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_reached(app) {
        let notices: Vec<&str> = app.state.notices.iter().map(|notice| notice.text.as_str()).collect();
        assert!(Instant::now() < deadline, "waited in vain for {what}; notices: {notices:?}");
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
}
