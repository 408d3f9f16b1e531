//! What a datagram says, in words: the column "meaning" of the vectors.

use std::fmt::Write;

use gossip_core::table::Prefix;
use gossip_core::wire::{ClaimHead, Datagram, Items, PullItem, Row, Section, Standing};
use gossip_core::{Address, DatagramError, Generation, Life, NodeId};

/// Decodes a datagram and says what it means.
pub fn describe<A: Address>(
    bytes: &[u8],
    cluster: u32,
    largest_id: NodeId,
) -> Result<String, DatagramError> {
    let datagram = Datagram::parse::<A>(bytes, cluster, largest_id)?;
    let header = datagram.header;
    let mut text = format!("from {} life {}", header.sender, life(header.generation));
    let mut sections = datagram.sections::<A>();
    for (kind, len) in datagram.sizes() {
        text.push_str(" | ");
        match kind {
            None => write!(text, "unknown section of {len} bytes").unwrap(),
            Some(kind) => {
                let section = sections.next().expect("as many sections as sizes");
                let words = of_section(&section);
                write!(text, "{} {words}", kind.name()).unwrap();
            }
        }
        text.truncate(text.trim_end().len());
    }
    assert!(sections.next().is_none(), "more sections than sizes");
    Ok(text)
}

fn of_section<A: Address>(section: &Section<'_, A>) -> String {
    match section {
        Section::Ping(token) | Section::Ack(token) => token.to_string(),
        Section::PingReq(token, target) => format!("{token} target {target}"),
        Section::You(address) => format!("{address:?}"),
        Section::Rows(rows) => list(rows, of_row),
        Section::Suspects(suspects) => list(suspects, |suspect| {
            let (life, inc) = (life(suspect.generation), suspect.incarnation.get());
            format!("{} life {life} inc {inc}", suspect.id)
        }),
        Section::Root(sum) => format!("{sum:016x}"),
        Section::Same => String::new(),
        Section::Ranges(head, sums) => {
            let mask = u16::from_le_bytes(head.mask);
            let range = range(head.prefix);
            let sums = list(sums, |sum| format!("{:08x}", u32::from_le_bytes(sum)));
            format!("salt {} range {range} parts {mask:016b}: {sums}", head.salt)
        }
        Section::Listing(head, rows) => {
            let reply = if head.reply { " reply" } else { "" };
            let rows = list(rows, |row| {
                let facts = u16::from_le_bytes(row.facts);
                format!("{} facts {facts:04x} held {}", row.id, row.held.get())
            });
            let range = range(head.prefix);
            format!("salt {}{reply} range {range}: {rows}", head.salt)
        }
        Section::Hints(hints) => list(hints, |hint| {
            format!("{} held {}", hint.id, hint.held.get())
        }),
        Section::Pull(token, items) => format!("{token}: {}", list(items, of_pull)),
        Section::Answered(token) => token.to_string(),
        Section::Claim(head, claim, items) => {
            let entries = list(items, |item| {
                let entry = item.listed(claim.b).expect("validated");
                let version = entry.version.get();
                match entry.value {
                    Some(value) => format!("{version} set {}={}", entry.key, hex(value)),
                    None => format!("{version} delete {}", entry.key),
                }
            });
            format!("{}: {entries}", of_claim(head))
        }
    }
}

fn of_row<A: Address>(row: Row<A>) -> String {
    let standing = match row.standing {
        Standing::Alive => "alive".to_string(),
        Standing::Dead(secs) => format!("dead {secs} s"),
        Standing::Left(secs) => format!("left {secs} s"),
    };
    let address = row
        .address
        .map_or("-".to_string(), |address| format!("{address:?}"));
    let (life, inc) = (life(row.generation), row.incarnation.get());
    let held = row.held.get();
    format!(
        "{} life {life} inc {inc} {standing} at {address} held {held}",
        row.id
    )
}

fn of_pull(item: PullItem) -> String {
    let recover = item.recover.map_or(String::new(), |(cursor, target)| {
        format!(" recovering {} to {}", cursor.get(), target.get())
    });
    let name = life_name(item.life);
    format!(
        "{} life {name} held {}{recover}",
        item.owner,
        item.held.get()
    )
}

fn of_claim(head: &ClaimHead) -> String {
    let claim = head.claim().expect("validated");
    format!(
        "{} owner {} life {} ({}, {}] held {} gc {} as-of {}",
        head.token,
        head.owner,
        life_name(head.life),
        claim.a.get(),
        claim.b.get(),
        claim.held.get(),
        claim.gc.get(),
        claim.as_of.get()
    )
}

fn list<'a, T: serde::Deserialize<'a>>(items: &Items<'a, T>, say: impl Fn(T) -> String) -> String {
    items.iter().map(say).collect::<Vec<_>>().join(", ")
}

fn life(generation: Generation) -> String {
    format!("{}:{}", generation.counter, hex(&generation.nonce))
}

fn life_name(life: Life) -> String {
    let mut bytes = [0; 4];
    postcard::to_slice(&life, &mut bytes).expect("four bytes");
    hex(&bytes)
}

/// The nibbles that all places of the range begin with.
fn range(prefix: Prefix) -> String {
    let (depth, number) = prefix.into();
    let width = usize::from(depth);
    match width {
        0 => "all".to_string(),
        _ => format!("{number:0width$x}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.is_ascii() && text.len().is_multiple_of(2), "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}
