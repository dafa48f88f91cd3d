//! What each action and each job result changes.

use super::{Action, State};
use crate::jobs::Wake;

/// The state and all that changes it.
pub struct App {
    pub state: State,
}

impl App {
    pub fn new(_wake: Wake) -> Self {
        Self { state: State::default() }
    }

    /// Takes in what jobs have told and renews the playback position. Returns whether more waits.
    pub fn poll(&mut self) -> bool {
        false
    }

    /// Carries out one action.
    pub fn apply(&mut self, _action: Action) {}
}
