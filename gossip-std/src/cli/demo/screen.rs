//! The terminal while the live view has it, and giving it back whatever happens.

use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};

use super::styled::Line;

/// `true` while the terminal is not as it was found.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal's other screen, with the cursor hidden, until it is dropped.
pub(super) struct Screen {
    color: bool,
}

impl Screen {
    /// Switches to the other screen. A panic switches back before it says what happened.
    pub(super) fn enter(color: bool) -> io::Result<Self> {
        TAKEN.store(true, Ordering::SeqCst);
        let screen = Self { color };
        let mut out = io::stdout();
        queue!(out, EnterAlternateScreen, Hide)?;
        out.flush()?;
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        Ok(screen)
    }

    /// Columns and rows there are; 80 by 24 if the terminal does not say.
    pub(super) fn size(&self) -> (usize, usize) {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        (usize::from(columns), usize::from(rows))
    }

    /// Shows these lines in place of the last ones.
    pub(super) fn draw(&self, lines: &[Line]) -> io::Result<()> {
        // A character in the last column would make some terminals wrap.
        let width = self.size().0.saturating_sub(1);
        let mut frame = Vec::new();
        queue!(frame, BeginSynchronizedUpdate)?;
        for (row, line) in (0..).zip(lines) {
            queue!(frame, MoveTo(0, row))?;
            frame.extend_from_slice(line.painted(width, self.color).as_bytes());
            queue!(frame, Clear(ClearType::UntilNewLine))?;
        }
        queue!(
            frame,
            Clear(ClearType::FromCursorDown),
            EndSynchronizedUpdate
        )?;
        let mut out = io::stdout().lock();
        out.write_all(&frame)?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was. Harmless at any time.
pub(super) fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        // If the terminal is gone there is nothing to restore.
        let _ = queue!(out, LeaveAlternateScreen, Show);
        let _ = out.flush();
    }
}
