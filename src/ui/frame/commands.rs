//! Everything that the palette of commands can do now, in words: the program's actions, its machines, runs, recent projects, clips.

use eframe::egui::ThemePreference;

use crate::app::{
    Action, ListAction, ListView, ListeningAction, LiveAction, ReportAction, RunStatus, Screen, State, TriageAction, Workbench,
};
use crate::dataset::{ClipEntry, Label};
use crate::ui::offers::Wanted;

/// Clips of which the palette tells at most: it finds one by its name, the table lists them.
const MAX_CLIPS: usize = 20;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub(super) title: String,
    /// What it is about, beside it.
    pub(super) about: &'static str,
    /// Its keys, where it has some.
    pub(super) keys: &'static str,
    pub(super) effect: Effect,
}

/// What choosing a command does: most wish for something of the program, a few change the window itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    Act(Vec<Action>),
    OpenFolder,
    OpenProject,
    SaveCopy,
    Figure(Wanted),
    ExportReport,
    ShowKeys,
    ToggleInspector,
    FullScreen,
    Theme(ThemePreference),
}

fn command(about: &'static str, title: impl Into<String>, keys: &'static str, effect: Effect) -> Command {
    Command {
        title: title.into(),
        about,
        keys,
        effect,
    }
}

fn act(about: &'static str, title: impl Into<String>, keys: &'static str, action: Action) -> Command {
    command(about, title, keys, Effect::Act(vec![action]))
}

/// The commands that fit these words, the best first.
pub(super) fn matching(state: &State, query: &str) -> Vec<Command> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut ranked: Vec<(u32, Command)> = all(state)
        .into_iter()
        .filter_map(|command| Some((rank(&words, &command)?, command)))
        .collect();
    // Stable: what fits alike keeps its order.
    ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    let mut found: Vec<Command> = ranked.into_iter().map(|(_, command)| command).collect();
    if let Some(workbench) = state.workbench.as_ref().filter(|_| !words.is_empty()) {
        found.extend(clips(workbench, &words));
    }
    found
}

/// How well a command fits: every word must be found, at the beginning of one of its words, within, or as what is short for it:
/// `plm` and `pld` both find `pooled-log-mel`.
fn rank(words: &[String], command: &Command) -> Option<u32> {
    let text = format!("{} {}", command.title, command.about).to_lowercase();
    words.iter().map(|word| rank_of_word(word, &text)).sum()
}

fn rank_of_word(word: &str, text: &str) -> Option<u32> {
    let begins = |at: usize| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    if text.match_indices(word).any(|(at, _)| begins(at)) {
        return Some(2);
    }
    if text.contains(word) {
        return Some(1);
    }
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let initials: String = parts.iter().filter_map(|part| part.chars().next()).collect();
    let is_short_for = |part: &&str| {
        let mut letters = part.chars();
        part.chars().next() == word.chars().next() && word.chars().all(|wanted| letters.any(|letter| letter == wanted))
    };
    (initials.contains(word) || parts.iter().any(is_short_for)).then_some(0)
}

fn all(state: &State) -> Vec<Command> {
    let mut commands: Vec<Command> = Screen::ALL
        .into_iter()
        .map(|screen| act("screen", screen.title(), "", Action::Show(screen)))
        .collect();
    if let Some(workbench) = &state.workbench {
        of_the_clip(state, workbench, &mut commands);
        of_the_project(workbench, &mut commands);
    }
    of_live(state, &mut commands);
    of_the_program(state, &mut commands);
    commands
}

fn of_the_clip(state: &State, workbench: &Workbench, commands: &mut Vec<Command>) {
    if let Some(clip) = workbench.focus {
        let listening = |action| Action::Listening(action);
        let play = if state.playback.is_playing { "Pause" } else { "Play" };
        let looping = !state.playback.is_looping;
        commands.extend([
            act("clip", play, "Space", Action::PlayPause),
            act(
                "clip",
                "Play from the start",
                "Shift+Space",
                listening(ListeningAction::PlayFromStart),
            ),
            act(
                "clip",
                if looping { "Loop" } else { "Play once" },
                "L",
                listening(ListeningAction::Loop(looping)),
            ),
        ]);
        let labels = [
            ("Label as normal", "N", Label::Normal),
            ("Label as anomaly", "A", Label::Anomalous),
            ("Label as unknown", "U", Label::Unknown),
        ];
        let labels = labels.map(|(title, keys, label)| act("clip", title, keys, Action::SetLabel { clip, label }));
        commands.extend(labels);
    }
    commands.extend([
        act(
            "clips",
            "Triage: decide on the clips one by one",
            "R",
            Action::Triage(TriageAction::Begin),
        ),
        act("clips", "Show the most suspicious clips", "", Action::ShowMostSuspicious),
        act("clips", "Show all clips", "", Action::List(ListAction::Show(ListView::All))),
    ]);
}

fn of_the_project(workbench: &Workbench, commands: &mut Vec<Command>) {
    for (name, run) in &workbench.runs {
        let is_active = workbench.project.active_run.as_ref() == Some(name);
        if run.status == RunStatus::Done && !is_active {
            commands.push(act("run", format!("Use {name}"), "", Action::ActivateRun(name.clone())));
        }
    }
    if workbench.runs.is_empty() {
        commands.push(act("run", "Score the clips now", "", Action::score_now()));
    }
    let scope = |machine: Option<String>| Action::SetScope { machine, section: None };
    commands.push(act("scope", "All machines", "", scope(None)));
    for machine in &workbench.machines {
        commands.push(act("scope", machine, "", scope(Some(machine.clone()))));
    }
    commands.extend([
        act("project", "Undo", "Ctrl+Z", Action::Undo),
        act("project", "Redo", "Ctrl+Shift+Z", Action::Redo),
        act("project", "Save now", "Ctrl+S", Action::Save),
        command("project", "Save a copy…", "Ctrl+Shift+S", Effect::SaveCopy),
        act("project", "Close project", "", Action::CloseProject),
        act("map", "Compute the map", "", Action::ComputeMap),
        command("report", "Add the figure in sight", "F9", Effect::Figure(Wanted::InReport)),
        command(
            "figure",
            "Save the figure in sight…",
            "Ctrl+E",
            Effect::Figure(Wanted::AsFile),
        ),
        act("report", "Refresh all figures", "", Action::Report(ReportAction::RefreshAll)),
        command("report", "Export all figures…", "", Effect::ExportReport),
    ]);
}

fn of_live(state: &State, commands: &mut Vec<Command>) {
    let live = |title, keys, action| act("live", title, keys, Action::Live(action));
    if state.live.input.is_none() {
        commands.push(live("Listen", "", LiveAction::Listen));
        return;
    }
    commands.push(live("Stop listening", "", LiveAction::StopListening));
    if state.live.heard.take.is_running {
        commands.push(live("End the take", "Ctrl+Space", LiveAction::StopRecording));
        commands.push(live("Mark this moment", "M", LiveAction::Mark));
    } else {
        commands.push(live("Record", "Ctrl+Space", LiveAction::Record));
    }
}

fn of_the_program(state: &State, commands: &mut Vec<Command>) {
    commands.extend([
        command("program", "Open a folder of recordings…", "Ctrl+O", Effect::OpenFolder),
        command("program", "Open a project…", "", Effect::OpenProject),
    ]);
    for recent in &state.recent {
        let is_open = state
            .workbench
            .as_ref()
            .is_some_and(|workbench| workbench.path == recent.path);
        if !is_open {
            let open = Action::OpenProject(recent.path.clone());
            commands.push(act("recent project", recent.name.clone(), "", open));
        }
    }
    for job in state.jobs.iter().filter(|job| !job.is_cancelling) {
        let (verb, action) = if job.is_paused {
            ("Continue", Action::ContinueJob(job.id))
        } else {
            ("Pause", Action::PauseJob(job.id))
        };
        commands.push(act("job", format!("{verb} {}", job.title), "", action));
        commands.push(act("job", format!("Cancel {}", job.title), "", Action::CancelJob(job.id)));
    }
    let themes = [
        ("Dark theme", ThemePreference::Dark),
        ("Light theme", ThemePreference::Light),
        ("Theme as the system", ThemePreference::System),
    ];
    commands.extend(themes.map(|(title, theme)| command("window", title, "", Effect::Theme(theme))));
    commands.extend([
        command("window", "Show or hide the inspector", "I", Effect::ToggleInspector),
        command("window", "Full screen", "F11", Effect::FullScreen),
        command("window", "All keys", "?", Effect::ShowKeys),
        act("program", "Take the tour with synthetic machines", "", Action::StartTour),
    ]);
}

/// Clips whose path has all the words.
fn clips(workbench: &Workbench, words: &[String]) -> Vec<Command> {
    let fits = |clip: &ClipEntry| {
        let path = clip.path.to_lowercase();
        words.iter().all(|word| path.contains(word.as_str()))
    };
    let clips = workbench.dataset.clips.iter().enumerate();
    clips
        .filter(|(_, clip)| fits(clip))
        .take(MAX_CLIPS)
        .map(|(place, clip)| {
            let show = Effect::Act(vec![Action::Show(Screen::Browse), Action::Focus(place)]);
            command("clip", clip.path.clone(), "", show)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Effect, command, rank};

    #[test]
    fn beginnings_fit_better_than_parts_and_parts_better_than_letters() {
        let fits = |query: &str, title: &str| {
            let words: Vec<String> = query.split_whitespace().map(str::to_owned).collect();
            rank(&words, &command("run", title, "", Effect::ShowKeys))
        };
        assert_eq!(fits("dense", "Use dense-ae-1"), Some(2));
        assert_eq!(fits("ense", "Use dense-ae-1"), Some(1));
        assert_eq!(fits("dns", "Use dense-ae-1"), Some(0), "short for dense");
        assert_eq!(fits("uda", "Use dense-ae-1"), Some(0), "its initials");
        assert_eq!(fits("dense", "Triage: decide on the clips one by one"), None);
        assert_eq!(fits("run dense", "Use dense-ae-1"), Some(4), "also by what it is about");
        assert_eq!(fits("dense map", "Use dense-ae-1"), None);
        assert_eq!(fits("", "Use dense-ae-1"), Some(0), "nothing asked for is everything");
    }
}
