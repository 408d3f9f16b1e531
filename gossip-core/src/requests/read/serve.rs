//! What a node answers to the reads of others.

use super::{short_hash, version_of};
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::entries::delta::Listed;
use crate::id::{Generation, NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{AskHead, SinglesHead, Writer, may_be_single, write_singles};

/// A peer asks for a key. The answer is made when it is sent.
pub(crate) fn take_ask<A: Address, S: Storage<A>>(
    cx: &mut Context<A, S>,
    sender: &Sender<A>,
    head: &AskHead,
    key: &str,
) {
    let row = cx.members.get(head.owner).filter(|row| !row.gone);
    let life = row.map(|row| row.facts.generation.life());
    let known = life == Some(head.life);
    if !known {
        bump(&mut cx.stats.foreign_asks);
    }
    if !known && life.is_some() {
        cx.send_soon(sender.from, Message::Tell(head.owner));
    }
    let message = Message::Single {
        token: head.token,
        owner: head.owner,
        key: short_hash(key),
        told: known && version_of(&cx.entries, head.owner, key) > head.version,
    };
    cx.send_soon(sender.from, message);
}

/// Writes what is held of the key with this hash: the entry itself if it is to be `told`, else only
/// its version. `None` if there is nothing to say to somebody who did not ask.
pub(crate) fn write_single<A: Address, S: Storage<A>>(
    cx: &Context<A, S>,
    now: Instant,
    (token, owner): (u8, NodeId),
    key: u32,
    told: bool,
    writer: &mut Writer<'_>,
) -> Option<bool> {
    let mut entries = cx.entries.of(owner);
    let entry =
        entries.find(|entry| short_hash(entry.key()) == key && may_be_single(entry.version));
    if entry.is_none() && token == 0 {
        return None;
    }
    let row = cx.members.get(owner).filter(|row| !row.gone);
    let head = SinglesHead {
        token,
        owner,
        life: row.map_or(Generation::default(), Member::generation).life(),
        held: row.map_or(Version::NONE, Member::held),
        newest: entry.map_or(Version::NONE, |entry| entry.version),
    };
    let entry = entry.filter(|_| told).map(|entry| Listed {
        key: entry.key(),
        version: entry.version,
        value: entry.value(),
        expires: cx.entries.expires(entry),
    });
    Some(write_singles(now, &head, entry.into_iter(), writer).is_some())
}
