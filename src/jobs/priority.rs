//! Work in the background gives way to the window: the cores go to it first whenever it has something to draw.

/// How far below the window: at 10 a thread gets a tenth of a core that both want.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lowers the priority of the calling thread and of all that it will start. The worker threads of rayon are among them,
/// because it is a job that first needs them.
pub(super) fn give_way() {
    // What POSIX says of the process, Linux does to the thread. Elsewhere it would slow the window as well. Where it is refused,
    // the work is done all the same.
    #[cfg(target_os = "linux")]
    rustix::process::nice(NICE).ok();
}
