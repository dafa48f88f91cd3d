//! Choosing a file or folder: the system's dialog on a thread of its own, or a field to type the path into where there is none.
//!
//! A screen asks with [`pick_folder`], [`pick_file`] or [`save_file`]; the frame shows what is open and hands on the action once a path is there.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use eframe::egui;

use super::{theme, widgets};
use crate::app::{Action, ReportAction, SafetyAction};

/// A dialog that ends sooner than this without a path was never shown: nobody cancels so fast.
const NEVER_SHOWN: Duration = Duration::from_millis(400);

type MakeAction = Box<dyn FnOnce(PathBuf) -> Action + Send>;
type Choice = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    PickFolder,
    PickFile,
    SaveFile,
}

/// A question that waits for its path.
struct Request {
    purpose: Purpose,
    title: String,
    suggestion: String,
    make_action: MakeAction,
}

/// Where a question stands.
enum Stage {
    /// The system's dialog is open.
    System {
        answer: mpsc::Receiver<Option<PathBuf>>,
        asked_at: Instant,
    },
    /// The person types the path.
    Typed(String),
}

/// The open dialog: one at a time, kept beside the egui context so that every screen reaches it.
#[derive(Default)]
struct Dialogs {
    /// The lock is for the compiler, which cannot know that one thread draws.
    open: Mutex<Option<(Request, Stage)>>,
    /// Do not ask the system.
    is_typed_only: bool,
}

impl Dialogs {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<(Request, Stage)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl egui::Plugin for Dialogs {
    fn debug_name(&self) -> &'static str {
        "dialogs"
    }
}

/// Asks for a folder that exists.
pub fn pick_folder(context: &egui::Context, title: &str, make_action: impl FnOnce(PathBuf) -> Action + Send + 'static) {
    ask(context, Purpose::PickFolder, title, "", Box::new(make_action));
}

/// Asks for a file that exists.
pub fn pick_file(context: &egui::Context, title: &str, make_action: impl FnOnce(PathBuf) -> Action + Send + 'static) {
    ask(context, Purpose::PickFile, title, "", Box::new(make_action));
}

/// The folder of recordings to look into.
pub fn open_folder(context: &egui::Context) {
    pick_folder(context, "Open a folder of recordings", Action::Inspect);
}

/// The project to open.
pub fn open_project(context: &egui::Context) {
    pick_file(context, "Open a project", Action::OpenProject);
}

/// Where to write a copy of the project.
pub fn save_copy(context: &egui::Context) {
    let make = |path| Action::Safety(SafetyAction::SaveCopy(path));
    save_file(context, "Save a copy of the project", "project.json", make);
}

/// The folder for all figures of the report.
pub fn export_report(context: &egui::Context) {
    pick_folder(context, "Export the report into a folder", |folder| {
        Action::Report(ReportAction::ExportAll(folder))
    });
}

/// Asks where to write a file; its ending is kept from `suggestion` where the person gives none.
pub fn save_file(
    context: &egui::Context,
    title: &str,
    suggestion: &str,
    make_action: impl FnOnce(PathBuf) -> Action + Send + 'static,
) {
    ask(context, Purpose::SaveFile, title, suggestion, Box::new(make_action));
}

/// From now on paths are typed into the window: for tests, and for desktops whose dialogs do not work.
pub fn type_paths(context: &egui::Context) {
    context.plugin_or_default::<Dialogs>().lock().is_typed_only = true;
}

fn ask(context: &egui::Context, purpose: Purpose, title: &str, suggestion: &str, make_action: MakeAction) {
    let request = Request {
        purpose,
        title: title.to_owned(),
        suggestion: suggestion.to_owned(),
        make_action,
    };
    let handle = context.plugin_or_default::<Dialogs>();
    let stage = if handle.lock().is_typed_only {
        Stage::Typed(suggestion.to_owned())
    } else {
        ask_system(context, &request)
    };
    *handle.lock().slot() = Some((request, stage));
}

/// Opens the system's dialog. Its future is made here, because macOS wants that on the main thread, and waited for elsewhere.
fn ask_system(context: &egui::Context, request: &Request) -> Stage {
    let dialog = rfd::AsyncFileDialog::new().set_title(&request.title);
    let choice: Choice = match request.purpose {
        Purpose::PickFolder => Box::pin(dialog.pick_folder()),
        Purpose::PickFile => Box::pin(dialog.pick_file()),
        Purpose::SaveFile => Box::pin(dialog.set_file_name(&request.suggestion).save_file()),
    };
    let (send, answer) = mpsc::channel();
    let context = context.clone();
    let waiting = std::thread::Builder::new().name("dialog".to_owned()).spawn(move || {
        let path = wait_for(choice).map(|handle| handle.path().to_owned());
        // The window may have gone meanwhile: then nobody waits.
        let _ = send.send(path);
        context.request_repaint();
    });
    match waiting {
        Ok(_) => Stage::System {
            answer,
            asked_at: Instant::now(),
        },
        Err(_) => Stage::Typed(request.suggestion.clone()),
    }
}

/// Waits on this thread until the future is there.
fn wait_for<T>(mut future: Pin<Box<dyn Future<Output = T> + Send>>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut task = TaskContext::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut task) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Shows the open dialog, and pushes its action once there is a path. Called once a frame.
pub fn ui(ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let handle = ui.ctx().plugin_or_default::<Dialogs>();
    // Taken out while it is drawn: widgets may not run under the plugin's lock.
    let Some((request, stage)) = handle.lock().slot().take() else {
        return;
    };
    let still_open = match stage {
        Stage::System { answer, asked_at } => match answer.try_recv() {
            Ok(Some(path)) => {
                actions.push(finish(request, path));
                None
            }
            Ok(None) | Err(mpsc::TryRecvError::Disconnected) => {
                let suggestion = request.suggestion.clone();
                (asked_at.elapsed() < NEVER_SHOWN).then_some((request, Stage::Typed(suggestion)))
            }
            Err(mpsc::TryRecvError::Empty) => Some((request, Stage::System { answer, asked_at })),
        },
        Stage::Typed(text) => typed(ui, request, text, actions),
    };
    if let Some(still_open) = still_open {
        handle.lock().slot().get_or_insert(still_open);
    }
}

/// The field for the path, until the person is done with it.
fn typed(ui: &mut egui::Ui, request: Request, mut text: String, actions: &mut Vec<Action>) -> Option<(Request, Stage)> {
    let mut is_confirmed = false;
    let mut is_cancelled = false;
    let frame = egui::Frame::popup(ui.style()).inner_margin(4.0 * theme::GRID);
    let modal = egui::Modal::new(egui::Id::unique("dialog"))
        .frame(frame)
        .show(ui.ctx(), |ui| {
            ui.set_width(480.0);
            ui.heading(&request.title);
            ui.add_space(theme::GRID);
            let what = match request.purpose {
                Purpose::PickFolder => "Path of the folder",
                Purpose::PickFile => "Path of the file",
                Purpose::SaveFile => "Write to this file",
            };
            let label = ui.label(what);
            let field = ui
                .add(egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY))
                .labelled_by(label.id);
            if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                is_confirmed = true;
            } else if !field.has_focus() && ui.memory(|memory| memory.focused().is_none()) {
                field.request_focus();
            }
            ui.add_space(theme::GRID);
            ui.horizontal(|ui| {
                let verb = if request.purpose == Purpose::SaveFile {
                    "Save"
                } else {
                    "Open"
                };
                is_confirmed |= widgets::primary_button(ui, !text.trim().is_empty(), verb, "Enter").clicked();
                is_cancelled = widgets::labelled_button(ui, true, "Cancel", "Esc").clicked();
            });
        });
    if is_confirmed && !text.trim().is_empty() {
        actions.push(finish(request, typed_path(&text)));
        return None;
    }
    let is_open = !is_cancelled && !modal.should_close();
    is_open.then_some((request, Stage::Typed(text)))
}

fn finish(request: Request, path: PathBuf) -> Action {
    let ending = PathBuf::from(&request.suggestion).extension().map(ToOwned::to_owned);
    let path = match ending {
        Some(ending) if request.purpose == Purpose::SaveFile && path.extension().is_none() => path.with_extension(ending),
        _ => path,
    };
    (request.make_action)(path)
}

/// A path as people paste it: quotes and spaces round it, or `~` for their home.
pub fn typed_path(text: &str) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}
