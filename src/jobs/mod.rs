//! Threads for long work: generic, knows no subject.
//!
//! *Invariant:* this room knows neither sound nor window; what a job yields is the caller's type.

mod front;
mod priority;
mod runner;

pub use front::{each_in_front, in_front};
pub use runner::{JobContext, JobEvent, JobHandle, JobId, JobRunner, UpdateSender, Urgency, Wake};
