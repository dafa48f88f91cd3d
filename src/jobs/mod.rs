//! Threads for long work: generic, knows no subject.
//!
//! *Invariant:* this room knows neither sound nor window; what a job yields is the caller's type.

mod priority;
mod runner;

pub use runner::{JobContext, JobEvent, JobHandle, JobId, JobRunner, UpdateSender, Urgency, Wake};
