//! What a datagram says, in words: the column "meaning" of the vectors.

use std::fmt::Write;

use gossip_core::entries::Stretch;
use gossip_core::entries::delta::Claim;
use gossip_core::exchange::Direction;
use gossip_core::table::Prefix;
use gossip_core::wire::{
    ClaimHead, ClaimItem, Datagram, Items, Parts, PreciseItem, PullItem, Row, Section, SinglesHead,
    Standing, Terms,
};
use gossip_core::{Address, DatagramError, Generation, Instant, Life, NodeId, Version};

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
        Section::Nack(token, None) => token.to_string(),
        Section::Nack(token, Some(helper)) => format!("{token} helper {helper}"),
        Section::You(address) => format!("{:?}", address.0),
        Section::Rows(rows) => list(rows, of_row),
        Section::Suspects(suspects) => list(suspects, |suspect| {
            let (life, inc) = (life(suspect.generation), suspect.incarnation.get());
            format!("{} life {life} inc {inc}", suspect.id)
        }),
        Section::Root(sum, Direction::Both) => format!("{sum:016x}"),
        Section::Root(sum, Direction::Push) => format!("{sum:016x} push"),
        Section::Root(sum, Direction::Pull) => format!("{sum:016x} pull"),
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
            format!("{}: {}", of_claim(head, claim), entries(items, claim.b))
        }
        Section::Versions(head, claim, stretches) => {
            format!(
                "{}: {}",
                of_claim(head, claim),
                of_stretches(claim, stretches)
            )
        }
        Section::Singles(head, items) => of_singles(head, items),
        Section::Precise(token, items) => format!("{token}: {}", list(items, of_precise)),
        Section::Known(head, claim, hash) => {
            format!("{} hash {hash:016x}", of_claim(head, claim))
        }
        Section::Rate(rate) => {
            let answer = if rate.is_answer { " answer" } else { "" };
            format!("allowed {} wanted {}{answer}", rate.allowed, rate.wanted)
        }
        other => of_request(other),
    }
}

/// What has to do with mail, syncs and reads, and with earlier lives.
fn of_request<A: Address>(section: &Section<'_, A>) -> String {
    match section {
        Section::Receipt(receipt) => format!(
            "owner {} life {} version {}",
            receipt.owner,
            life_name(receipt.life),
            receipt.version.get()
        ),
        Section::Ask(head, key) => format!(
            "{} owner {} life {} version {} key {key}",
            head.token,
            head.owner,
            life_name(head.life),
            head.version.get()
        ),
        Section::Compare(head) => {
            let sum = u64::from_le_bytes(head.sum);
            format!("{} range {} sum {sum:016x}", head.token, range(head.prefix))
        }
        Section::Equal(token) => token.to_string(),
        Section::Newborn(row) => of_row(*row),
        Section::Terms(terms) => of_terms(terms),
        Section::Returned(life, items) => {
            format!(
                "life {}: {}",
                life_name(*life),
                entries(items, Version::BIRTH)
            )
        }
        other => panic!("{other:?}: another kind"),
    }
}

fn of_row<A: Address>(row: Row<A>) -> String {
    let standing = match row.standing {
        Standing::Alive => "alive".to_string(),
        Standing::Slow => "slow".to_string(),
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

fn of_terms(terms: &Terms) -> String {
    let names = [
        (Parts::EXCHANGES, "exchanges"),
        (Parts::ENTRIES, "entries"),
        (Parts::LEASES, "leases"),
        (Parts::COPIES, "copies"),
        (Parts::MAILS, "mails"),
        (Parts::SYNCS, "syncs"),
        (Parts::READS, "reads"),
    ];
    let parts = names.iter().filter(|(part, _)| terms.parts.has(*part));
    let parts: Vec<&str> = parts.map(|(_, name)| *name).collect();
    let answer = if terms.is_answer { " answer" } else { "" };
    let (floor, largest) = (terms.mtu_floor, terms.largest_id);
    format!(
        "floor {floor} largest {largest} parts {}{answer}",
        parts.join("+")
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

/// Single numbers and spans of them.
fn of_stretches(claim: &Claim, stretches: &Items<'_, Stretch>) -> String {
    let mut base = claim.a.get();
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for stretch in stretches.iter() {
        let parts: Vec<(u32, u32)> = match stretch {
            Stretch::Bits(_) => {
                let there = (1..=stretch.len()).filter(|offset| stretch.has(*offset));
                there.map(|offset| (offset, offset)).collect()
            }
            Stretch::Gap(_) | Stretch::Run(_) => vec![stretch.ends()],
        };
        for (first, last) in parts {
            match spans.last_mut().filter(|span| span.1 + 1 == base + first) {
                Some(span) => span.1 = base + last,
                None => spans.push((base + first, base + last)),
            }
        }
        base += stretch.len();
    }
    let spans = spans.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    spans.collect::<Vec<_>>().join(", ")
}

fn of_claim(head: &ClaimHead, claim: &Claim) -> String {
    let (token, owner, life) = (head.token, head.owner, life_name(head.life));
    format!("{token} owner {owner} life {life} {}", of_bounds(claim))
}

fn of_bounds(claim: &Claim) -> String {
    format!(
        "({}, {}] held {} gc {} as-of {}",
        claim.a.get(),
        claim.b.get(),
        claim.held.get(),
        claim.gc.get(),
        claim.as_of.get()
    )
}

/// Entries whose versions are counted back from `end`.
fn entries(items: &Items<'_, ClaimItem<'_>>, end: Version) -> String {
    list(items, |item| {
        let entry = item.listed(Instant::ZERO, end).expect("validated");
        let version = entry.version.get();
        let lease = entry
            .expires
            .map_or(String::new(), |at| format!(" for {} ms", at.as_millis()));
        match entry.value {
            Some(value) => format!("{version} set {}={}{lease}", entry.key, hex(value)),
            None => format!("{version} delete {}", entry.key),
        }
    })
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

fn of_precise(item: PreciseItem) -> String {
    let pull = PullItem {
        owner: item.owner,
        life: item.life,
        held: item.held,
        recover: item.recover,
    };
    let have = u64::from_le_bytes(item.have);
    format!(
        "{} from {} have {have:016x}",
        of_pull(pull),
        item.from.get()
    )
}

fn of_singles<'a>(head: &SinglesHead, items: &Items<'a, ClaimItem<'a>>) -> String {
    format!(
        "{} owner {} life {} held {} newest {}: {}",
        head.token,
        head.owner,
        life_name(head.life),
        head.held.get(),
        head.newest.get(),
        entries(items, head.newest)
    )
}
