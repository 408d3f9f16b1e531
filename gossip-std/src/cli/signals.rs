//! SIGINT and SIGTERM: the first asks for an orderly end, the second ends the process at once.
//!
//! Where there are no such signals, Ctrl-C ends the process at once, as the system does by itself.

use std::io;

/// Calls `first` when the first signal comes. At the second one it calls `last`, which must not
/// wait for anything, and ends the process with 128 plus the signal's number.
#[cfg(unix)]
pub(super) fn watch(first: impl FnOnce() + Send + 'static, last: fn()) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        let mut first = Some(first);
        for signal in signals.forever() {
            let Some(first) = first.take() else {
                last();
                std::process::exit(128 + signal);
            };
            first();
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map(drop)
}

/// Nothing to watch here.
#[cfg(not(unix))]
pub(super) fn watch(_first: impl FnOnce() + Send + 'static, _last: fn()) -> io::Result<()> {
    Ok(())
}
