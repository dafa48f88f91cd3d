//! The table with the program behind it: what a person clicks is carried out, and the table shows it.

use auscult::app::{Action, ListAction, ListView, SortKey, State, Verdict};
use auscult::ui::browse::BrowseView;
use auscult::ui::dialogs;
use eframe::egui::{Modifiers, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::screen::Driven;
use super::{fabricated, screen};

/// The screen Browse on a program.
pub(super) fn driven(state: State, theme: Theme, size: Vec2) -> Harness<'static, Driven> {
    let mut view = BrowseView::default();
    let builder = screen::builder(size, theme).with_render_cursor(false);
    let mut harness = screen::driven(builder, state, move |ui, state, actions| {
        view.ui(ui, state, actions);
        dialogs::ui(ui, actions);
    });
    // The scores were put in from outside: the list is to know them.
    let app = &mut harness.state_mut().app;
    app.apply(Action::SortBy(SortKey::Path));
    app.apply(Action::SortBy(SortKey::Path));
    harness.run_steps(4);
    harness
}

fn table(n_clips: usize) -> Harness<'static, Driven> {
    driven(fabricated::state(n_clips), Theme::Dark, vec2(1220.0, 600.0))
}

fn click(harness: &mut Harness<'_, Driven>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

/// As many as a person would count.
fn n_marked(harness: &Harness<'_, Driven>, verdict: Verdict) -> usize {
    let workbench = harness.state().workbench();
    (0..workbench.dataset.clips.len())
        .filter(|&clip| workbench.verdict(clip) == verdict)
        .count()
}

#[test]
fn chips_filter_with_counts_and_are_taken_away_again() {
    let mut harness = table(120);
    let (n_missed, n_false) = (n_marked(&harness, Verdict::Missed), n_marked(&harness, Verdict::FalseAlarm));
    assert!(n_missed > 0 && n_false > 0);
    click(&mut harness, "Filter by mark");
    click(&mut harness, &format!("missed ({n_missed})"));
    assert_eq!(harness.state().workbench().visible.len(), n_missed);
    // The menu stays open; the count of the other value is what it would show.
    click(&mut harness, &format!("false alarm ({n_false})"));
    let workbench = harness.state().workbench();
    assert_eq!(workbench.visible.len(), n_missed + n_false);
    let is_error = |&clip: &usize| matches!(workbench.verdict(clip), Verdict::Missed | Verdict::FalseAlarm);
    assert!(workbench.visible.iter().all(is_error));
    harness.get_by_label(&format!("Filtered {}", n_missed + n_false));
    harness.get_by_label("All 120");
    click(&mut harness, "Remove the filter by mark");
    assert_eq!(harness.state().workbench().visible.len(), 120);
    assert_eq!(harness.state().workbench().list.view, ListView::All);
}

#[test]
fn marks_are_words_and_not_colours_alone() {
    let mut harness = table(120);
    click(&mut harness, "Filter by mark");
    let n_missed = n_marked(&harness, Verdict::Missed);
    click(&mut harness, &format!("missed ({n_missed})"));
    // A symbol with its name, and the word beside it, in each row in sight.
    assert_eq!(harness.get_all_by_label("missed").count(), 2 * n_missed);
}

#[test]
fn attributes_and_scores_are_chips_too() {
    let mut harness = table(120);
    click(&mut harness, "Filter by attribute");
    click(&mut harness, "7 (30)");
    assert_eq!(harness.state().workbench().visible.len(), 30);
    click(&mut harness, "Remove the filter by vel");
    click(&mut harness, "Filter by score");
    click(&mut harness, "from 90");
    let workbench = harness.state().workbench();
    let expected = workbench
        .scores
        .iter()
        .flatten()
        .filter(|score| score.percentile >= 90.0)
        .count();
    assert!(expected > 0);
    assert_eq!(workbench.visible.len(), expected);
    click(&mut harness, "Remove the filter by score");
    assert_eq!(harness.state().workbench().visible.len(), 120);
}

#[test]
fn ctrl_click_on_a_header_sorts_by_a_second_key_and_both_are_numbered() {
    let mut harness = table(30);
    harness.get_by_label("Sort by machine").click();
    harness.run_steps(2);
    harness.get_by_label("Sort by score").click_modifiers(Modifiers::COMMAND);
    harness.run_steps(2);
    assert_eq!(
        harness.state().wishes,
        [
            Action::SortBy(SortKey::Machine),
            Action::List(ListAction::ThenBy(SortKey::Score))
        ]
    );
    harness.get_by_label("Sort by machine, smallest first");
    harness.get_by_label("Sort by score, largest first, second key");
    harness.get_by_label("1");
    harness.get_by_label("2");
}

#[test]
fn selected_rows_have_a_view_of_their_own() {
    let mut harness = table(60);
    let visible = harness.state().workbench().visible.clone();
    let name = |clip: usize| harness.state().workbench().dataset.clips[clip].file_name().to_owned();
    let names: Vec<String> = visible.iter().map(|&clip| name(clip)).collect();
    harness.get_by_label(&names[2]).click_modifiers(Modifiers::COMMAND);
    harness.run_steps(2);
    // From the row that was clicked last, not from the focused one.
    let both = Modifiers::COMMAND | Modifiers::SHIFT;
    harness.get_by_label(&names[5]).click_modifiers(both);
    harness.run_steps(2);
    click(&mut harness, "Selected 4");
    let mut selected = visible[2..=5].to_vec();
    selected.sort_unstable();
    let mut shown = harness.state().workbench().visible.clone();
    shown.sort_unstable();
    assert_eq!(shown, selected);
    click(&mut harness, "Deselect all");
    harness.get_by_label("Nothing is selected");
    click(&mut harness, "Show all clips");
    assert_eq!(harness.state().workbench().visible.len(), 60);
}

#[test]
fn columns_are_put_away_and_what_is_shown_is_exported() {
    let mut harness = table(60);
    harness.get_by_label("Sort by split");
    click(&mut harness, "Columns");
    click(&mut harness, "split");
    assert!(harness.query_by_label("Sort by split").is_none());
    assert!(harness.state().workbench().project.view.hidden_columns.contains("split"));
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    click(&mut harness, "Export the list as CSV");
    let field = harness.get_by_label("Write to this file");
    field.focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, eframe::egui::Key::A);
    harness.run_steps(1);
    harness.get_by_label("Write to this file").type_text(path.to_str().unwrap());
    harness.run_steps(2);
    click(&mut harness, "Save");
    let path = path.with_extension("csv");
    assert_eq!(
        harness.state().wishes.last(),
        Some(&Action::List(ListAction::Export(path.clone()))),
        "the ending is added"
    );
    for _ in 0..2000 {
        if path.exists() {
            break;
        }
        harness.state_mut().app.poll();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let header =
        "path,percentile,score,detector,threshold,mark,label,machine,section,domain,duration_secs,attribute_loc,attribute_vel";
    assert_eq!(text.lines().next(), Some(header));
    assert_eq!(text.lines().count(), 61);
}
