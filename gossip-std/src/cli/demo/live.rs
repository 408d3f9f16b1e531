//! The live view: a table of the nodes and a timeline, redrawn in place.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::frame::{self, Scene};
use super::observer::Observer;
use super::screen::Screen;
use super::show::{Report, Show, Summary};
use super::steps::STEPS;
use super::styled::{Line, Tone};
use super::timeline;

/// Time between two frames.
const FRAME: Duration = Duration::from_millis(100);

/// Time to see that a step has succeeded.
const PAUSE: Duration = Duration::from_millis(700);

const SPINNER: [&str; 10] = [" ⠋", " ⠙", " ⠹", " ⠸", " ⠼", " ⠴", " ⠦", " ⠧", " ⠇", " ⠏"];

/// Shows the story on the terminal's other screen, and leaves its timeline on the first.
pub(super) struct Live {
    color: bool,
    screen: Option<Screen>,
    observer: Observer,
    ended: Vec<Report>,
    opening: String,
    started: Instant,
    frames: usize,
    drawn: Option<Instant>,
}

impl Live {
    pub(super) fn new(color: bool) -> Self {
        Self {
            color,
            screen: None,
            observer: Observer::default(),
            ended: Vec::new(),
            opening: String::new(),
            started: Instant::now(),
            frames: 0,
            drawn: None,
        }
    }

    /// The steps that ended, the one that runs, and those to come.
    fn timeline(&self, running: Option<&Report>) -> Vec<Line> {
        let mut lines: Vec<Line> = self.ended.iter().map(finished).collect();
        if let Some(running) = running {
            lines.push(timeline::running(
                running,
                SPINNER[self.frames % SPINNER.len()],
            ));
        }
        lines.extend(
            STEPS
                .iter()
                .skip(lines.len())
                .map(|step| timeline::pending(step, " ·")),
        );
        lines
    }
}

impl Show for Live {
    fn open(&mut self, cluster: &Cluster) -> io::Result<()> {
        self.opening = timeline::opening(cluster);
        self.screen = Some(Screen::enter(self.color)?);
        Ok(())
    }

    fn frame(&mut self, cluster: &Cluster, running: Option<&Report>) -> io::Result<()> {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < FRAME) {
            return Ok(());
        }
        self.drawn = Some(Instant::now());
        self.frames += 1;
        let scene = Scene {
            title: Line::default().with(Tone::Strong, format!(" {}", self.opening)),
            clock: format!("{:.1} s", self.started.elapsed().as_secs_f64()),
            snapshot: self.observer.look(cluster),
            timeline: self.timeline(running),
            current: self.ended.len(),
        };
        let Some(screen) = &self.screen else {
            return Ok(());
        };
        let (width, height) = screen.size();
        screen.draw(&frame::layout(scene, width.saturating_sub(1), height))
    }

    fn end(&mut self, report: Report) -> io::Result<()> {
        self.ended.push(report);
        self.drawn = None;
        Ok(())
    }

    fn close(&mut self, summary: &Summary) -> io::Result<()> {
        self.screen = None;
        let mut lines = vec![Line::default().with(Tone::Strong, self.opening.as_str())];
        lines.extend(self.ended.iter().map(finished));
        lines.extend(timeline::closing(summary));
        let mut out = io::stdout().lock();
        for line in &lines {
            writeln!(out, "{}", line.painted(usize::MAX, self.color))?;
        }
        out.flush()
    }

    fn pause(&self) -> Duration {
        PAUSE
    }
}

fn finished(report: &Report) -> Line {
    timeline::ended(report, if report.ok { " ✓" } else { " ✗" })
}
