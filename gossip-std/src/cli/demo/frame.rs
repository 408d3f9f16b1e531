//! Lays out one frame of the live view for a screen of a given size.

use gossip_core::Status;

use super::cluster::Presence;
use super::observer::{Sight, Snapshot};
use super::styled::{Line, Tone};

/// Columns of one node in the table, and the blank ones between two.
const CELL: usize = 36;
const GAP: usize = 3;

/// Columns of one node where there is no room for the table.
const DOT: usize = 5;

/// All that a frame shows.
pub(super) struct Scene {
    pub(super) title: Line,
    pub(super) clock: String,
    pub(super) snapshot: Snapshot,
    /// The steps, one line each, and which of them is the newest that must be seen.
    pub(super) timeline: Vec<Line>,
    pub(super) current: usize,
}

/// At most `height` lines; they may be longer than `width` and are then to be clipped.
pub(super) fn layout(scene: Scene, width: usize, height: usize) -> Vec<Line> {
    let mut lines = vec![header(scene.title, &scene.clock, width), Line::default()];
    let timeline_room = scene.timeline.len().min(height.saturating_sub(3));
    let table_room = height.saturating_sub(timeline_room + 5);
    let table = table(&scene.snapshot.nodes, width, table_room);
    if !table.is_empty() {
        lines.extend(table);
        lines.push(Line::default());
    }
    lines.extend(window(scene.timeline, scene.current, timeline_room));
    if lines.len() + 2 <= height {
        lines.push(Line::default());
        lines.push(traffic(&scene.snapshot.rates));
    }
    lines.truncate(height);
    lines
}

fn header(title: Line, clock: &str, width: usize) -> Line {
    let column = width.saturating_sub(clock.chars().count() + 1);
    title.padded(column).with(Tone::Strong, clock)
}

/// As many of the lines as there is room for, such that the current one is among them.
fn window(lines: Vec<Line>, current: usize, room: usize) -> Vec<Line> {
    let skip = (current + 1).saturating_sub(room);
    lines.into_iter().skip(skip).take(room).collect()
}

/// The nodes, in the fullest form that fits `room` lines.
fn table(nodes: &[Sight], width: usize, room: usize) -> Vec<Line> {
    let columns = ((width + GAP) / (CELL + GAP))
        .max(1)
        .min(nodes.len().max(1));
    let rows = nodes.len().div_ceil(columns);
    if rows < room {
        return cells(nodes, columns, rows);
    }
    let dots = nodes.chunks((width / DOT).max(1)).map(|row| {
        row.iter().fold(Line::default(), |mut line, sight| {
            line.append(dot(sight));
            line
        })
    });
    dots.take(room).collect()
}

/// One row a node, filled column by column.
fn cells(nodes: &[Sight], columns: usize, rows: usize) -> Vec<Line> {
    let gap = " ".repeat(GAP);
    let mut lines = vec![Line::default(); rows + 1];
    for column in nodes.chunks(rows.max(1)).take(columns) {
        for (index, line) in lines.iter_mut().enumerate() {
            if line.width() > 0 {
                line.push(Tone::Normal, gap.as_str());
            }
            let cell = match index.checked_sub(1) {
                None => Line::default().with(Tone::Faint, heading()),
                Some(row) => column.get(row).map_or_else(Line::default, cell),
            };
            line.append(cell.padded(CELL));
        }
    }
    lines
}

fn heading() -> String {
    format!(
        "{:>4}  {:15}{:>5}{:>8}",
        "node", "seen as", "knows", "entries"
    )
}

/// `   7  alive 7/7        8      16 ✓`
fn cell(sight: &Sight) -> Line {
    let id = format!("{:>4}  ", sight.id);
    let (tone, seen) = seen(sight);
    let line = Line::default()
        .with(Tone::Strong, id)
        .with(tone, format!("{seen:15}"));
    let gone = match sight.presence {
        Presence::Running => "",
        Presence::Killed => "killed",
        Presence::Leaving => "leaving",
        Presence::Left => "-",
    };
    if !gone.is_empty() {
        return line.with(Tone::Faint, format!("{gone:>13}"));
    }
    let (mark_tone, mark) = sync(sight);
    line.with(
        Tone::Normal,
        format!("{:>5}{:>8} ", sight.knows, sight.entries),
    )
    .with(mark_tone, mark)
}

/// ` 12●`
fn dot(sight: &Sight) -> Line {
    let (tone, _) = seen(sight);
    let mark = match sight.presence {
        Presence::Running => sync(sight).1,
        Presence::Killed => "✗",
        Presence::Leaving | Presence::Left => "-",
    };
    Line::default()
        .with(Tone::Normal, format!("{:>3}", sight.id))
        .with(tone, format!("{mark} "))
}

fn seen(sight: &Sight) -> (Tone, String) {
    if sight.presence == Presence::Left {
        return (Tone::Faint, "left".to_owned());
    }
    let (tone, word) = match sight.seen_as {
        Some(Status::Alive) => (Tone::Good, "alive"),
        Some(Status::Suspect) => (Tone::Warn, "suspect"),
        Some(Status::Left) => (Tone::Faint, "left"),
        Some(Status::Dead) => (Tone::Bad, "dead"),
        None | Some(_) => (Tone::Faint, "unknown"),
    };
    (tone, format!("{word} {}/{}", sight.agree, sight.others))
}

fn sync(sight: &Sight) -> (Tone, &'static str) {
    if sight.in_sync {
        (Tone::Good, "●")
    } else {
        (Tone::Warn, "○")
    }
}

/// The rate now, and a small chart of how it came about.
fn traffic(rates: &[f64]) -> Line {
    const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = rates.iter().copied().fold(1.0, f64::max);
    let chart: String = rates
        .iter()
        .map(|rate| LEVELS[((rate / most * 7.0) as usize).min(7)])
        .collect();
    let now = rates
        .last()
        .map_or_else(String::new, |rate| format!("{rate:.0} B/s per node "));
    let legend = "● in sync  ○ not yet   ";
    Line::default()
        .with(Tone::Faint, format!(" {legend}{now}"))
        .with(Tone::Accent, chart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gossip_core::NodeId;

    fn sight(id: u16) -> Sight {
        Sight {
            id: NodeId::from(id),
            presence: Presence::Running,
            seen_as: Some(Status::Alive),
            agree: 127,
            others: 127,
            knows: 128,
            entries: 256,
            in_sync: true,
        }
    }

    fn scene(nodes: u16, steps: usize, current: usize) -> Scene {
        let timeline =
            (0..steps).map(|step| Line::default().with(Tone::Normal, format!("step {step}")));
        Scene {
            title: Line::default().with(Tone::Strong, "title"),
            clock: "1.0 s".to_owned(),
            snapshot: Snapshot {
                nodes: (1..=nodes).map(sight).collect(),
                rates: vec![1.0, 9.0],
            },
            timeline: timeline.collect(),
            current,
        }
    }

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| line.plain() + "\n").collect()
    }

    #[test]
    fn every_size_fits_and_shows_the_current_step() {
        for (width, height) in [(80, 24), (200, 60), (40, 10), (10, 4), (1, 1), (0, 0)] {
            for nodes in [0, 1, 8, 32, 128] {
                let lines = layout(scene(nodes, 10, 7), width, height);
                assert!(lines.len() <= height, "{nodes} nodes at {width}x{height}");
                assert!(
                    height < 4 || text(&lines).contains("step 7"),
                    "{width}x{height}"
                );
            }
        }
    }

    #[test]
    fn few_nodes_get_a_table_and_many_get_dots() {
        let few = text(&layout(scene(8, 10, 0), 80, 24));
        assert!(
            few.contains("seen as") && few.contains("alive 127/127"),
            "{few}"
        );
        let many = text(&layout(scene(128, 10, 0), 80, 24));
        assert!(!many.contains("seen as") && many.contains("128●"), "{many}");
    }

    #[test]
    fn no_node_is_lost_and_no_row_is_wider_than_the_screen() {
        for width in [36, 75, 80, 120, 200] {
            for nodes in [1_u16, 7, 8, 32, 128] {
                let nodes: Vec<Sight> = (1..=nodes).map(sight).collect();
                let lines = table(&nodes, width, 200);
                assert!(lines.iter().all(|line| line.width() <= width));
                let shown = text(&lines).matches("alive").count();
                assert_eq!(shown, nodes.len(), "{width} columns");
            }
        }
    }
}
