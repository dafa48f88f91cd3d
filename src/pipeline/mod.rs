//! The verbs: each takes a config, data and a `Progress`, and returns a typed result.
//!
//! *Invariant:* nothing here draws, prints or starts a job thread; the window and the command line call the same functions.

mod adopt;
mod choice;
mod compare;
mod comparison;
mod data_folder;
mod deploy;
mod embed;
mod error;
mod explore;
mod extract;
mod halves;
mod held_out;
mod latency;
mod live;
mod metrics_file;
mod model_card;
mod nearest;
mod normal_scores;
mod npy;
pub mod reproduce;
mod ribbon;
mod ribbon_crops;
mod run;
mod score_files;
mod summary;
mod tables;
mod train;
mod training_clips;
mod watch;

pub use adopt::adopt;
pub use choice::{ChoiceWorth, HalfChoice, MachineChoice};
pub use compare::{compare, compare_again};
pub use comparison::{Comparison, DetectorResult, GroupComparison, LabelUse};
pub use deploy::{DeployFormat, Deployed, Rounding, deploy, deploy_all};
pub use error::PipelineError;
pub use explore::{
    Exploration, ExploreEvent, ExploreObserver, ExploreSettings, JudgedBy, JudgedClip, JudgedLabel, Reference, TestedDesign,
    TrialReport, explore, figure_words, judged_figures, judged_sound, keep, open_exploration, test_design, test_reference,
};
pub use extract::{EmbeddedClips, extract, extract_more};
pub use halves::{Half, halves};
pub use held_out::ThresholdBasis;
pub use latency::{COMPILED_BY, Latency, Timing, duration_text, in_process_latency, measure_latency, processor};
pub use live::{LiveScore, LiveScorer};
pub use nearest::{NearestNormal, NoNearest, nearest_normal, nearest_normal_to};
pub use npy::write_npy;
pub use ribbon::{CropBank, Ribbon};
pub use ribbon_crops::model_view_of;
pub use run::{Run, is_finished, load_run, read_epochs, read_log, with_segment_hop};
pub use score_files::{evaluate, evaluation_lines, write_evaluation, write_scores};
pub use summary::{ChoiceSummary, ComparisonSummary, DetectorSummary, MachineSummary};
pub use tables::{summary_lines, summary_table, worth_lines};
pub use train::train;
pub use training_clips::n_training_clips;
pub use watch::{
    ClipJudge, Judgement, SETTLE, WatchEvent, WatchedFile, WatchedFolder, WatchedState, decision_words, problem_words, watch,
    write_watch_csv,
};
