//! The one place where actions and job events come in; each is handed to the file of its subject.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ahead::ClipAhead;
use super::folders::AppFolders;
use super::job_types::{JobOutput, JobUpdate, RunningJob};
use super::live::Live;
use super::output::LostOutput;
use super::safety::Waiting;
use super::saving::Saver;
use super::{Action, JobKind, JobView, LiveView, LongView, NextStep, Notice, Severity, State};
use crate::audio::Player;
use crate::jobs::{JobContext, JobEvent, JobId, JobRunner, Urgency, Wake};
use crate::project::ProjectLock;

/// Longest time that a frame spends on taking in job events.
const DRAIN_BUDGET: Duration = Duration::from_millis(5);

/// The state and all that changes it.
pub struct App {
    pub state: State,
    pub(super) runner: JobRunner<JobOutput, JobUpdate>,
    pub(super) running: BTreeMap<JobId, RunningJob>,
    pub(super) player: Option<Player>,
    pub(super) output: LostOutput,
    /// The focused clip is to be heard once it is read.
    pub(super) plays_when_read: bool,
    /// When the way of listening is to be kept.
    pub(super) listening_due: Option<Instant>,
    pub(super) folders: AppFolders,
    /// When the project is to be saved.
    pub(super) save_due: Option<Instant>,
    pub(super) saver: Saver,
    /// The project was changed since it was kept last.
    pub(super) is_to_be_kept: bool,
    /// Of the open project; `None` where it may not be written.
    pub(super) lock: Option<ProjectLock>,
    /// A project that was read, until a person has decided what becomes of what was not saved.
    pub(super) waiting: Option<Waiting>,
    pub(super) live: Live,
    /// The long recording that was in focus last: coming back to it costs nothing.
    pub(super) last_long: Option<LongView>,
    pub(super) clip_ahead: Option<ClipAhead>,
    n_notices: u64,
}

impl App {
    /// A program with nothing open; `wake` is called from job threads when there is something to take in.
    pub fn new(wake: Wake) -> Self {
        Self::with_folders(wake, AppFolders::of_this_user())
    }

    /// The same with its own files elsewhere.
    pub fn with_folders(wake: Wake, folders: AppFolders) -> Self {
        let state = State {
            recent: folders.read_recent(),
            listening: folders.read_listening(),
            live: LiveView::remembered(&folders.settings),
            ..State::default()
        };
        Self {
            state,
            runner: JobRunner::new(Arc::clone(&wake)),
            running: BTreeMap::new(),
            player: None,
            output: LostOutput::default(),
            plays_when_read: false,
            listening_due: None,
            folders,
            save_due: None,
            saver: Saver::default(),
            is_to_be_kept: false,
            lock: None,
            waiting: None,
            live: Live::new(wake),
            last_long: None,
            clip_ahead: None,
            n_notices: 0,
        }
    }

    /// Takes in what jobs have told, renews the playback position, saves when it is due. Returns whether more waits.
    pub fn poll(&mut self) -> bool {
        let mut events = Vec::new();
        let has_more = self.runner.drain(DRAIN_BUDGET, |id, event| events.push((id, event)));
        for (id, event) in events {
            self.take_in(id, event);
        }
        self.poll_keeping();
        self.poll_playback();
        self.poll_model();
        self.poll_report();
        let has_more = self.poll_live() || has_more;
        if self.save_due.is_some_and(|due| Instant::now() >= due) {
            self.save_now();
        }
        if self.listening_due.is_some_and(|due| Instant::now() >= due) {
            self.keep_listening();
        }
        has_more
    }

    /// How long until [`Self::poll`] has something to do without being woken; `None`: not before it is.
    pub fn next_wake(&self) -> Option<Duration> {
        let own = self.save_due.into_iter().chain(self.listening_due);
        let due = own.chain(self.live_due()).min();
        due.map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Carries out one action.
    pub fn apply(&mut self, action: Action) {
        match action {
            Action::Show(screen) => self.show(screen),
            Action::Inspect(path) => self.inspect(path),
            Action::InspectAgain { layout, channel } => self.inspect_again(layout, channel),
            Action::DismissPreview => self.dismiss_preview(),
            Action::CreateProject(path) => self.create_project(&path),
            Action::OpenProject(path) => self.open_project(path),
            Action::StartTour => self.start_tour(),
            Action::CloseProject => self.close_project(),
            Action::Save => self.save_now(),
            Action::ForgetRecent(path) => self.forget_recent(&path),
            Action::DismissNotice(id) => self.state.notices.retain(|notice| notice.id != id),
            Action::PauseJob(id) => self.set_paused(id, true),
            Action::ContinueJob(id) => self.set_paused(id, false),
            Action::CancelJob(id) => self.cancel(id),
            Action::SaveFigure { figure, path } => self.save_figure(figure, path),
            Action::SaveTable { table, path } => self.save_table(table, path),
            Action::Listening(action) => self.apply_listening(action),
            Action::Live(action) => self.apply_live(action),
            Action::Safety(action) => self.apply_safety(action),
            in_project => self.apply_in_project(in_project),
        }
    }

    /// Actions that need an open project; without one they do nothing.
    fn apply_in_project(&mut self, action: Action) {
        if self.state.workbench.is_none() {
            return;
        }
        if writes_beside(&action) && !self.may_write() {
            return;
        }
        match action {
            Action::SetScope { machine, section } => self.set_scope(machine, section),
            Action::SetFilter(filter) => self.set_filter(filter),
            Action::ShowMostSuspicious => self.show_most_suspicious(),
            Action::SortBy(key) => self.sort_by(key),
            Action::List(action) => self.apply_list(action),
            Action::Focus(clip) => self.focus(clip),
            Action::MoveFocus(n_rows) => self.move_focus(n_rows),
            Action::Select(clips) => self.select(clips),
            Action::SetLabel { clip, label } => self.set_label(clip, label),
            Action::SetSpectrogram(settings) => self.set_spectrogram(settings),
            Action::LookAt(pieces) => self.look_at(&pieces),
            Action::SetLook(look) => self.set_look(look),
            Action::SetChannel(channel) => self.set_channel(channel),
            Action::Measure(area) => self.measure(area),
            Action::SetWindowHop(hop) => self.set_window_hop(hop),
            Action::PlayPause => self.play_pause(),
            Action::Listen(clip) => self.listen(clip),
            Action::PlayFrom(secs) => {
                // Without a sound card, too, the playhead goes where it was sent: the model's view follows it.
                self.seek(secs);
                self.play_from(secs);
            }
            Action::Seek(secs) => self.seek(secs),
            Action::SetLoop(span) => self.set_loop(span),
            Action::Model(action) => self.apply_model(action),
            Action::Box(action) => self.apply_box(action),
            Action::Triage(action) => self.apply_triage(action),
            Action::Report(action) => self.apply_report(action),
            Action::Train(recipe) => self.train(recipe),
            Action::Resume(run) => self.resume(&run),
            Action::ActivateRun(run) => self.activate_run(&run),
            Action::DeleteRun(run) => self.delete_run(&run),
            Action::LoadWeights(source) => self.load_weights(source),
            Action::ExportRun { run, format, folder } => self.export_run(&run, format, folder),
            Action::Pin { group, detector } => self.pin(&group, detector),
            Action::ShowBeside { run, is_shown } => self.show_beside(run, is_shown),
            Action::SetChoice(choice) => self.set_choice(choice),
            Action::SetThreshold { group, rule } => self.set_threshold(&group, rule),
            Action::SetDetectorConfig { group, config } => self.set_detector_config(group.as_ref(), config),
            Action::SetProjection(config) => self.edit("Change the map's settings", |project| project.map = config),
            Action::ComputeMap => self.compute_map(),
            Action::Explore(settings) => self.explore(settings),
            Action::ResumeExploration(name) => self.resume_exploration(&name),
            Action::DeleteExploration(name) => self.delete_exploration(&name),
            Action::PinDesign {
                exploration,
                trial,
                is_pinned,
            } => self.pin_design(&exploration, trial, is_pinned),
            Action::HearJudged {
                exploration,
                trial,
                place,
            } => self.hear_judged(&exploration, trial, place),
            Action::KeepDesign {
                exploration,
                trial,
                n_more_epochs,
            } => self.keep_design(&exploration, trial, n_more_epochs),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            // Carried out with a project or without; named one by one, so that a new action is forgotten in neither list.
            Action::Show(_)
            | Action::Inspect(_)
            | Action::InspectAgain { .. }
            | Action::DismissPreview
            | Action::CreateProject(_)
            | Action::OpenProject(_)
            | Action::StartTour
            | Action::CloseProject
            | Action::Save
            | Action::ForgetRecent(_)
            | Action::DismissNotice(_)
            | Action::PauseJob(_)
            | Action::ContinueJob(_)
            | Action::CancelJob(_)
            | Action::SaveFigure { .. }
            | Action::SaveTable { .. }
            | Action::Listening(_)
            | Action::Live(_)
            | Action::Safety(_) => {}
        }
    }

    /// Starts a job and shows it; `None` where the system gives no thread.
    pub(super) fn spawn(
        &mut self,
        kind: JobKind,
        title: &str,
        work: impl FnOnce(&mut JobContext<JobOutput, JobUpdate>) -> anyhow::Result<JobOutput> + Send + 'static,
    ) -> Option<JobId> {
        self.spawn_at(Urgency::Whenever, kind, title, work)
    }

    /// The same with the say in when it is needed.
    pub(super) fn spawn_at(
        &mut self,
        urgency: Urgency,
        kind: JobKind,
        title: &str,
        work: impl FnOnce(&mut JobContext<JobOutput, JobUpdate>) -> anyhow::Result<JobOutput> + Send + 'static,
    ) -> Option<JobId> {
        match self.runner.spawn_at(urgency, title, work) {
            Ok(handle) => {
                let id = handle.id;
                self.running.insert(
                    id,
                    RunningJob {
                        handle,
                        kind: kind.clone(),
                        stage_begun: Instant::now(),
                        last_progress: (0, 0),
                    },
                );
                self.state.jobs.insert(
                    0,
                    JobView {
                        id,
                        kind,
                        title: title.to_owned(),
                        stage: String::new(),
                        done: 0,
                        total: 0,
                        remaining_secs: None,
                        is_paused: false,
                        is_cancelling: false,
                    },
                );
                Some(id)
            }
            Err(error) => {
                self.notify(Severity::Error, format!("cannot start '{title}': {error}"));
                None
            }
        }
    }

    /// Gives up the jobs of one kind: whatever they still tell is not heard.
    pub(super) fn abandon(&mut self, is_meant: impl Fn(&JobKind) -> bool) {
        // Dropping the handle asks the job to stop.
        self.running.retain(|_, job| !is_meant(&job.kind));
        self.state.jobs.retain(|job| !is_meant(&job.kind));
    }

    /// Tells something once: the same words again replace the first.
    pub(super) fn notify(&mut self, severity: Severity, text: impl Into<String>) {
        self.notify_with(severity, text, None);
    }

    /// Tells something and offers what one would do next.
    pub(super) fn notify_with(&mut self, severity: Severity, text: impl Into<String>, next_step: Option<NextStep>) {
        let text = text.into();
        self.n_notices += 1;
        self.state.notices.retain(|notice| notice.text != text);
        self.state.notices.push(Notice {
            id: self.n_notices,
            severity,
            text,
            next_step,
        });
    }

    fn take_in(&mut self, id: JobId, event: JobEvent<JobOutput, JobUpdate>) {
        // A job that was given up, or belongs to a project that was closed.
        if !self.running.contains_key(&id) {
            return;
        }
        match event {
            JobEvent::Progress { done, total } => self.note_progress(id, done, total),
            JobEvent::Stage(name) => self.note_stage(id, name),
            JobEvent::Log(line) => self.note_log(id, line),
            JobEvent::Update(update) => self.take_update(id, update),
            JobEvent::Finished(output) => {
                if let Some(kind) = self.end_job(id) {
                    self.take_output(&kind, output);
                }
            }
            JobEvent::Cancelled => {
                if let Some(kind) = self.end_job(id) {
                    self.take_cancelled(&kind);
                }
            }
            JobEvent::Failed(error) => {
                if let Some(kind) = self.end_job(id) {
                    self.take_failure(&kind, &error);
                }
            }
        }
    }

    fn end_job(&mut self, id: JobId) -> Option<JobKind> {
        self.state.jobs.retain(|job| job.id != id);
        self.running.remove(&id).map(|job| job.kind)
    }

    fn note_progress(&mut self, id: JobId, done: u64, total: u64) {
        let (Some(job), Some(running)) = (self.state.jobs.iter_mut().find(|job| job.id == id), self.running.get_mut(&id)) else {
            return;
        };
        if (done < running.last_progress.0) || total != running.last_progress.1 {
            running.stage_begun = Instant::now();
        }
        running.last_progress = (done, total);
        (job.done, job.total) = (done, total);
        let spent = running.stage_begun.elapsed().as_secs_f32();
        job.remaining_secs = (done > 0 && spent > 1.0).then(|| spent * total.saturating_sub(done) as f32 / done as f32);
    }

    fn note_stage(&mut self, id: JobId, name: String) {
        if let Some(job) = self.state.jobs.iter_mut().find(|job| job.id == id) {
            job.stage = name;
            (job.done, job.total) = (0, 0);
            job.remaining_secs = None;
        }
    }

    fn note_log(&mut self, id: JobId, line: String) {
        let Some(JobKind::Train { run }) = self.running.get(&id).map(|job| &job.kind) else {
            return;
        };
        if let Some(run) = self
            .state
            .workbench
            .as_mut()
            .and_then(|workbench| workbench.runs.get_mut(run))
        {
            run.log.push(line);
        }
    }

    pub(super) fn set_paused(&mut self, id: JobId, is_paused: bool) {
        if let (Some(running), Some(job)) = (self.running.get_mut(&id), self.state.jobs.iter_mut().find(|job| job.id == id)) {
            running.handle.set_paused(is_paused);
            job.is_paused = is_paused;
            job.remaining_secs = None;
        }
    }

    fn cancel(&mut self, id: JobId) {
        if let (Some(running), Some(job)) = (self.running.get(&id), self.state.jobs.iter_mut().find(|job| job.id == id)) {
            running.handle.cancel();
            job.is_cancelling = true;
            job.is_paused = false;
        }
    }
}

/// Whether an action puts files beside the project or takes them away.
fn writes_beside(action: &Action) -> bool {
    matches!(
        action,
        Action::Train(_)
            | Action::Resume(_)
            | Action::DeleteRun(_)
            | Action::LoadWeights(_)
            | Action::Explore(_)
            | Action::ResumeExploration(_)
            | Action::DeleteExploration(_)
            | Action::KeepDesign { .. }
    )
}
