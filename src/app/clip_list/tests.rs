//! The list against what a person would find by hand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ClipColumn, ClipFilter, Facet, ListCounts, ListView, SortKey};
use crate::app::{Action, App, AppFolders, ClipScore, ListAction, Verdict, Workbench};
use crate::audio::ChannelChoice;
use crate::dataset::{Attribute, ClipEntry, Dataset, Domain, Label, Layout, MachineSection, Split};
use crate::project::Project;

/// Fans and pumps; every third clip is a test clip, every sixth an anomaly; speeds 4, 5, 6 and 10.
fn clip(clip_idx: usize) -> ClipEntry {
    let (machine, split) = (["fan", "pump"][clip_idx % 2], ["train", "train", "test"][clip_idx % 3]);
    ClipEntry {
        path: format!("{machine}/{split}/clip_{clip_idx:05}.wav"),
        group: MachineSection {
            machine: machine.to_owned(),
            section: format!("{:02}", clip_idx / 2 % 2),
        },
        split: if split == "test" { Split::Test } else { Split::Train },
        label: if clip_idx % 6 == 5 { Label::Anomalous } else { Label::Normal },
        domain: Some(if clip_idx % 5 == 4 { Domain::Target } else { Domain::Source }),
        attributes: vec![Attribute {
            name: "vel".to_owned(),
            value: ["4", "10", "6", "5"][clip_idx % 4].to_owned(),
        }],
        sample_rate_hz: 16_000,
        n_channels: 1,
        duration_secs: 10.0,
    }
}

/// Every eighth clip has no score.
fn score(clip_idx: usize) -> Option<ClipScore> {
    let percentile = (clip_idx * 37 % 101) as f64;
    (clip_idx % 8 != 7).then_some(ClipScore {
        raw: percentile / 1000.0,
        percentile,
        order: percentile,
        is_anomalous: percentile >= 60.0,
    })
}

fn workbench(n_clips: usize) -> Workbench {
    let dataset = Dataset {
        root: PathBuf::from("/data/plant"),
        layout: Layout::Dcase2023,
        channel: ChannelChoice::default(),
        clips: (0..n_clips).map(clip).collect(),
        skipped: Vec::new(),
        notes: Vec::new(),
    };
    let file = &Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml/project.json");
    let project = Project::new(file, Path::new("/data/plant"), None, ChannelChoice::default());
    let mut workbench = Workbench::new(file.to_owned(), project, Arc::new(dataset));
    workbench.scores = (0..n_clips).map(score).collect();
    workbench.refresh_visible();
    workbench
}

fn app(n_clips: usize) -> App {
    // Nobody, not even root, can write below a file.
    let nowhere = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let folders = AppFolders {
        settings: nowhere.join("settings"),
        projects: nowhere.join("projects"),
    };
    let mut app = App::with_folders(Arc::new(|| {}), folders);
    app.state.workbench = Some(workbench(n_clips));
    app
}

fn bench(app: &App) -> &Workbench {
    app.state.workbench.as_ref().unwrap()
}

fn filter(text: &str, chosen: &[(Facet, &str)], percentiles: Option<[f64; 2]>) -> ClipFilter {
    let mut filter = ClipFilter {
        text: text.to_owned(),
        percentiles,
        ..ClipFilter::default()
    };
    for (facet, value) in chosen {
        filter.toggle(facet, value);
    }
    filter
}

/// By the definition, clip by clip.
fn meets(workbench: &Workbench, filter: &ClipFilter, clip_idx: usize) -> bool {
    let clip = &workbench.dataset.clips[clip_idx];
    let value = |facet: &Facet| match facet {
        Facet::Machine => Some(clip.group.machine.clone()),
        Facet::Section => Some(clip.group.section.clone()),
        Facet::Domain => clip.domain.map(|domain| format!("{domain:?}").to_lowercase()),
        Facet::Split => Some(format!("{:?}", clip.split).to_lowercase()),
        Facet::Label => Some(format!("{:?}", clip.label).to_lowercase()),
        Facet::Mark => Some(workbench.verdict(clip_idx).name().to_owned()),
        Facet::Attribute(_) => Some(clip.attributes[0].value.clone()),
    };
    let words = format!("{} {}={}", clip.path, clip.attributes[0].name, clip.attributes[0].value).to_lowercase();
    let has_words = filter.text.to_lowercase().split(' ').all(|word| words.contains(word));
    let has_values = filter
        .values
        .iter()
        .all(|(facet, chosen)| value(facet).is_some_and(|value| chosen.contains(&value)));
    let score = workbench.scores[clip_idx];
    has_words
        && has_values
        && filter
            .percentiles
            .is_none_or(|[from, to]| score.is_some_and(|score| from <= score.percentile && score.percentile <= to))
}

#[test]
fn the_filter_finds_what_looking_at_every_clip_finds_and_counts_what_each_value_would_show() {
    let vel = || Facet::Attribute("vel".to_owned());
    let filters = [
        filter("FAN vel=6", &[], None),
        filter("", &[(Facet::Machine, "fan"), (vel(), "4"), (vel(), "6")], None),
        filter("clip_00", &[(Facet::Mark, "missed"), (Facet::Mark, "false alarm")], None),
        filter(
            "",
            &[(Facet::Label, "anomalous"), (Facet::Domain, "target")],
            Some([20.0, 80.0]),
        ),
        filter("", &[(Facet::Split, "test"), (Facet::Section, "01")], Some([60.0, 60.0])),
        filter("", &[(Facet::Attribute("gone".to_owned()), "1")], None),
    ];
    let mut app = app(600);
    for filter in filters {
        app.apply(Action::SetFilter(filter.clone()));
        let workbench = bench(&app);
        let expected: Vec<usize> = (0..600).filter(|&clip| meets(workbench, &filter, clip)).collect();
        let found: BTreeSet<usize> = workbench.visible.iter().copied().collect();
        let has_gone = filter.values.keys().any(|facet| facet.title() == "gone");
        assert!(!expected.is_empty() || has_gone, "{filter:?} is a test of nothing");
        if has_gone {
            assert!(found.is_empty());
            continue;
        }
        assert_eq!(found, expected.iter().copied().collect(), "{filter:?}");
        assert_eq!(workbench.list.counts.filtered, expected.len());
        for counts in &workbench.list.facets {
            for (value, n_clips) in &counts.values {
                let mut other = filter.clone();
                other.values.insert(counts.facet.clone(), BTreeSet::from([value.clone()]));
                let would_show = (0..600).filter(|&clip| meets(workbench, &other, clip)).count();
                assert_eq!(*n_clips, would_show, "{:?} {value} beside {filter:?}", counts.facet);
            }
        }
    }
}

#[test]
fn values_stand_in_the_order_of_their_numbers() {
    let workbench = workbench(40);
    let speeds = workbench
        .list
        .facets
        .iter()
        .find(|counts| counts.facet.title() == "vel")
        .unwrap();
    let values: Vec<&str> = speeds.values.iter().map(|(value, _)| value.as_str()).collect();
    assert_eq!(values, ["4", "5", "6", "10"]);
}

#[test]
fn a_second_key_orders_what_the_first_finds_equal_and_clips_without_a_value_come_last() {
    let mut app = app(200);
    app.apply(Action::SortBy(SortKey::Machine));
    app.apply(Action::List(ListAction::ThenBy(SortKey::Score)));
    let by_hand = |falls: bool| {
        let workbench = workbench(200);
        let mut clips: Vec<usize> = (0..200).collect();
        // A stable sort.
        clips.sort_by(|&a, &b| {
            let percentile = |clip: usize| workbench.scores[clip].map(|score| score.percentile);
            let scores = match (percentile(a), percentile(b)) {
                (Some(a), Some(b)) if falls => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            };
            (a % 2).cmp(&(b % 2)).then(scores)
        });
        clips
    };
    assert_eq!(bench(&app).visible, by_hand(true), "scores begin with the largest");
    app.apply(Action::List(ListAction::ThenBy(SortKey::Score)));
    assert_eq!(bench(&app).visible, by_hand(false));
    app.apply(Action::List(ListAction::ThenBy(SortKey::Score)));
    assert_eq!(bench(&app).list.then_by, None);
    app.apply(Action::List(ListAction::ThenBy(SortKey::Machine)));
    assert_eq!(
        (bench(&app).sort, bench(&app).list.then_by),
        ((SortKey::Machine, false), None)
    );
    app.apply(Action::List(ListAction::ThenBy(SortKey::Label)));
    app.apply(Action::SortBy(SortKey::Path));
    assert_eq!(bench(&app).list.then_by, None, "a new first key begins anew");
}

#[test]
fn the_views_have_their_counts_and_the_filter_stays_while_another_is_looked_at() {
    let mut app = app(100);
    app.apply(Action::Select(vec![3, 4, 50]));
    app.apply(Action::SetFilter(filter("", &[(Facet::Machine, "pump")], None)));
    let counts = ListCounts {
        all: 100,
        filtered: 50,
        selected: 3,
    };
    assert_eq!((bench(&app).list.counts, bench(&app).list.view), (counts, ListView::Filtered));
    app.apply(Action::List(ListAction::Show(ListView::Selected)));
    assert_eq!(bench(&app).visible.len(), 3);
    app.apply(Action::List(ListAction::Show(ListView::All)));
    assert_eq!(bench(&app).visible.len(), 100);
    app.apply(Action::List(ListAction::Show(ListView::Filtered)));
    assert!(bench(&app).visible.iter().all(|clip| clip % 2 == 1));
    app.apply(Action::SetFilter(ClipFilter::default()));
    assert_eq!(bench(&app).list.view, ListView::All);
    app.apply(Action::SetScope {
        machine: Some("fan".to_owned()),
        section: None,
    });
    assert_eq!((bench(&app).list.counts.all, bench(&app).list.counts.selected), (50, 2));
}

#[test]
fn marks_say_nothing_without_a_label_a_score_or_on_training_clips() {
    let test_clip = |label| ClipEntry {
        split: Split::Test,
        label,
        ..clip(0)
    };
    let over = score(21).filter(|score| score.is_anomalous);
    let under = score(0).filter(|score| !score.is_anomalous);
    assert!(over.is_some() && under.is_some());
    for (label, score, expected) in [
        (Label::Anomalous, over, Verdict::Caught),
        (Label::Anomalous, under, Verdict::Missed),
        (Label::Normal, over, Verdict::FalseAlarm),
        (Label::Normal, under, Verdict::CorrectNormal),
        (Label::Unknown, over, Verdict::Open),
        (Label::Anomalous, None, Verdict::Open),
    ] {
        assert_eq!(Verdict::of(&test_clip(label), score), expected);
    }
    assert_eq!(
        Verdict::of(&clip(0), over),
        Verdict::Open,
        "thresholds are drawn from training clips"
    );
}

#[test]
fn a_clip_that_a_label_takes_out_of_sight_gives_way_to_the_next() {
    let mut app = app(60);
    app.apply(Action::SetFilter(filter("", &[(Facet::Label, "anomalous")], None)));
    // By path, fans before pumps: all anomalies are pumps here.
    let before = bench(&app).visible.clone();
    app.apply(Action::Focus(before[4]));
    app.apply(Action::SetLabel {
        clip: before[4],
        label: Label::Normal,
    });
    assert!(!bench(&app).visible.contains(&before[4]));
    app.apply(Action::MoveFocus(1));
    assert_eq!(bench(&app).focus, Some(before[5]));
    app.apply(Action::SetLabel {
        clip: before[5],
        label: Label::Normal,
    });
    app.apply(Action::MoveFocus(-1));
    assert_eq!(bench(&app).focus, Some(before[3]));
}

#[test]
fn the_sheet_is_what_is_shown_in_its_order_and_with_its_columns() {
    let mut app = app(24);
    app.apply(Action::SetFilter(filter("", &[(Facet::Split, "test")], None)));
    app.apply(Action::SortBy(SortKey::Score));
    for column in [
        ClipColumn::Section,
        ClipColumn::Domain,
        ClipColumn::Duration,
        ClipColumn::File,
    ] {
        app.apply(Action::List(ListAction::Hide { column, is_hidden: true }));
    }
    let hidden = &bench(&app).project.view.hidden_columns;
    assert!(hidden.contains("section"), "remembered with the project");
    assert!(!bench(&app).is_hidden(ClipColumn::File), "a row without a name says nothing");
    let sheet = bench(&app).list_export().sheet();
    let header = "path percentile score detector threshold mark label split machine attribute_vel";
    assert_eq!(sheet.header.join(" "), header);
    let paths: Vec<&str> = sheet.rows.iter().map(|row| row[0].as_str()).collect();
    let expected: Vec<&str> = bench(&app)
        .visible
        .iter()
        .map(|&clip| bench(&app).dataset.clips[clip].path.as_str())
        .collect();
    assert_eq!(paths, expected);
    assert_eq!(sheet.rows.len(), 8);
    for row in &sheet.rows {
        assert_eq!(row.len(), sheet.header.len());
    }
    // Clip 23 has no score: it comes last, and its cells are empty, mark and all.
    let last = sheet.rows.last().unwrap();
    assert_eq!(last[1..6], ["", "", "", "", ""].map(str::to_owned));
    let best = &sheet.rows[0];
    let clip = bench(&app).visible[0];
    assert_eq!(best[1], score(clip).unwrap().percentile.to_string());
    assert_eq!(best[5], bench(&app).verdict(clip).name());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.csv");
    app.apply(Action::List(ListAction::Export(path.clone())));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !path.exists() && Instant::now() < deadline {
        app.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut reader = csv::Reader::from_path(&path).unwrap();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), sheet.header);
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows, sheet.rows);
}

#[test]
fn undo_brings_no_column_back() {
    let mut app = app(24);
    app.apply(Action::SetLabel {
        clip: 0,
        label: Label::Anomalous,
    });
    app.apply(Action::List(ListAction::Hide {
        column: ClipColumn::Split,
        is_hidden: true,
    }));
    app.apply(Action::Undo);
    assert_eq!(bench(&app).label(0), Label::Normal);
    assert!(bench(&app).is_hidden(ClipColumn::Split));
}
