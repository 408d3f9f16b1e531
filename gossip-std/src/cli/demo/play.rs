//! Plays the story: each step in turn, until all are done, one fails, or someone wants no more.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use super::show::{Ending, Report, Show, Summary};
use super::steps::{DEADLINE, STEPS, Step};
use super::story::Story;

/// How often a step is checked; its time is no more exact than that.
const TICK: Duration = Duration::from_millis(10);

/// Plays all steps and shows them.
///
/// # Errors
/// What writing to the screen gave.
pub(super) fn play(
    cluster: &mut Cluster,
    show: &mut dyn Show,
    stop: &AtomicBool,
) -> io::Result<Ending> {
    let started = Instant::now();
    let mut player = Player {
        story: Story::new(cluster),
        show,
        stop,
    };
    player.show.open(player.story.cluster)?;
    let mut steps_ok = 0;
    let mut ending = Ending::Success;
    for step in &STEPS {
        ending = player.play(step)?;
        if ending != Ending::Success {
            break;
        }
        steps_ok += 1;
    }
    let story = &player.story;
    player.show.close(&Summary {
        ending,
        nodes: story.cluster.size,
        seed: story.cluster.seed,
        steps_ok,
        took: started.elapsed(),
        steady: story.steady,
    })?;
    Ok(ending)
}

struct Player<'a> {
    story: Story<'a>,
    show: &'a mut dyn Show,
    stop: &'a AtomicBool,
}

impl Player<'_> {
    fn play(&mut self, step: &'static Step) -> io::Result<Ending> {
        let Some(report) = self.attempt(step)? else {
            return Ok(Ending::Interrupted);
        };
        let ok = report.ok;
        self.show.end(report)?;
        if !ok {
            return Ok(Ending::Failure);
        }
        self.linger()
    }

    /// Acts and checks until the step succeeds or fails; `None` if someone wants no more.
    fn attempt(&mut self, step: &'static Step) -> io::Result<Option<Report>> {
        let started = Instant::now();
        let mut report = Report::new(step);
        match (step.act)(&mut self.story) {
            Ok(did) => report.did = did,
            Err(error) => report.error = Some(error),
        }
        let measured = self.story.steady;
        while report.error.is_none() && report.took < DEADLINE {
            report.progress = (step.check)(&mut self.story);
            report.took = started.elapsed();
            report.ok = report.progress.is_complete();
            if report.ok {
                break;
            }
            self.show.frame(self.story.cluster, Some(&report))?;
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            thread::sleep(TICK);
        }
        report.steady = self.story.steady.filter(|_| measured.is_none());
        Ok(Some(report))
    }

    /// Gives a person time to see that a step has succeeded.
    fn linger(&mut self) -> io::Result<Ending> {
        let until = Instant::now() + self.show.pause();
        while Instant::now() < until {
            self.show.frame(self.story.cluster, None)?;
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Ending::Interrupted);
            }
            thread::sleep(TICK);
        }
        Ok(Ending::Success)
    }
}
