//! Triage: the order of the clips, what each key does, and the way back.

use std::collections::BTreeSet;

use auscult::app::{Action, App, Triage, TriageAction, TriageOrder};
use auscult::dataset::Label;

use crate::{Home, wait, workbench};

fn act(app: &mut App, action: TriageAction) {
    app.apply(Action::Triage(action));
}

fn triage(app: &App) -> &Triage {
    workbench(app).triage.as_ref().unwrap()
}

/// A project whose clips are scored.
fn scored(home: &Home) -> App {
    let mut app = home.opened();
    wait(&mut app, "the scores", |app| {
        workbench(app).scores.iter().any(Option::is_some)
    });
    app
}

#[test]
fn decisions_go_forth_and_back() {
    let home = Home::new();
    let mut app = scored(&home);
    act(&mut app, TriageAction::Begin);
    let clips = triage(&app).clips.clone();
    let percentiles: Vec<f64> = clips
        .iter()
        .map(|&clip| workbench(&app).scores[clip].unwrap().percentile)
        .collect();
    assert!(
        percentiles.is_sorted_by(|a, b| a >= b),
        "the most anomalous first: {percentiles:?}"
    );
    assert_eq!(workbench(&app).focus, Some(clips[0]));
    let before: Vec<Label> = clips.iter().map(|&clip| workbench(&app).label(clip)).collect();
    let other = |label| {
        if label == Label::Normal {
            Label::Anomalous
        } else {
            Label::Normal
        }
    };

    act(&mut app, TriageAction::Decide(other(before[0])));
    act(&mut app, TriageAction::Skip);
    // It agrees with what is known: nothing changes, and nothing is to be taken back.
    act(&mut app, TriageAction::Decide(before[2]));
    act(&mut app, TriageAction::Decide(Label::Unknown));
    assert_eq!(triage(&app).steps.len(), 4);
    assert_eq!(workbench(&app).focus, Some(clips[4]));
    assert_eq!(workbench(&app).label(clips[0]), other(before[0]));
    assert_eq!(workbench(&app).label(clips[3]), Label::Unknown);

    for step in (0..4).rev() {
        act(&mut app, TriageAction::Back);
        assert_eq!(workbench(&app).focus, Some(clips[step]));
        assert_eq!(workbench(&app).label(clips[step]), before[step]);
    }
    assert!(workbench(&app).project.labels.is_empty());
    act(&mut app, TriageAction::Back);
    assert_eq!(workbench(&app).focus, Some(clips[0]), "before the first there is none");
    app.apply(Action::Redo);
    assert_eq!(
        workbench(&app).label(clips[0]),
        other(before[0]),
        "what was taken back can be done again"
    );
}

#[test]
fn the_last_clip_has_a_way_back_too_and_leaving_keeps_the_place() {
    let home = Home::new();
    let mut app = scored(&home);
    act(&mut app, TriageAction::Begin);
    let n_clips = triage(&app).clips.len();
    for _ in 0..n_clips {
        act(&mut app, TriageAction::Decide(Label::Anomalous));
    }
    assert_eq!(triage(&app).current(), None);
    assert_eq!(triage(&app).n_decided(Label::Anomalous, workbench(&app)), n_clips);
    act(&mut app, TriageAction::Decide(Label::Normal));
    act(&mut app, TriageAction::Back);
    assert_eq!(triage(&app).current(), triage(&app).clips.last().copied());
    assert_eq!(triage(&app).n_decided(Label::Anomalous, workbench(&app)), n_clips - 1);

    act(&mut app, TriageAction::Leave);
    assert!(!triage(&app).is_shown);
    app.apply(Action::Focus(triage(&app).clips[0]));
    act(&mut app, TriageAction::Begin);
    assert_eq!(
        triage(&app).steps.len(),
        n_clips - 1,
        "the same clips: it goes on where it was left"
    );
    assert_eq!(workbench(&app).focus, triage(&app).current());
    // What is not in sight is not decided on.
    app.apply(Action::Focus(triage(&app).clips[0]));
    act(&mut app, TriageAction::Decide(Label::Normal));
    assert_eq!(triage(&app).steps.len(), n_clips - 1);
    assert_eq!(workbench(&app).label(triage(&app).clips[0]), Label::Anomalous);

    // Something else was done in between: only the label goes back.
    act(&mut app, TriageAction::Back);
    let clip = triage(&app).current().unwrap();
    let before = workbench(&app).label(clip);
    act(&mut app, TriageAction::Decide(Label::Unknown));
    crate::add(&mut app, 0, crate::boxed("in between", 0.5));
    act(&mut app, TriageAction::Back);
    assert_eq!(workbench(&app).label(clip), before);
    assert_eq!(workbench(&app).boxes(0).len(), 1);
}

#[test]
fn orders_are_of_the_same_clips_and_come_again_with_their_seed() {
    let home = Home::new();
    let mut app = scored(&home);
    act(&mut app, TriageAction::Begin);
    let all: BTreeSet<usize> = triage(&app).clips.iter().copied().collect();
    let mut seen = Vec::new();
    for order in TriageOrder::ALL {
        act(&mut app, TriageAction::SetOrder(order));
        let clips = triage(&app).clips.clone();
        assert_eq!(clips.iter().copied().collect::<BTreeSet<_>>(), all, "{order:?}");
        act(&mut app, TriageAction::SetOrder(order));
        assert_eq!(triage(&app).clips, clips, "{order:?} is the same with the same seed");
        seen.push(clips);
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
    act(&mut app, TriageAction::SetOrder(TriageOrder::Random));
    act(&mut app, TriageAction::Shuffle);
    assert_ne!(triage(&app).clips, seen[1], "another seed");
    // Balanced: the first round has a clip of each tenth that has any, from the top.
    let tenth = |clip: usize| ((workbench(&app).scores[clip].unwrap().percentile / 10.0) as usize).min(9);
    let tenths: BTreeSet<usize> = all.iter().map(|&clip| tenth(clip)).collect();
    let first: Vec<usize> = seen[2].iter().take(tenths.len()).map(|&clip| tenth(clip)).collect();
    assert_eq!(first, tenths.iter().rev().copied().collect::<Vec<_>>());
}
