//! What membership says: its messages, and the news that rides along.

use super::Swim;
use crate::address::Address;
use crate::author::Author;
use crate::board::What;
use crate::context::Context;
use crate::id::NodeId;
use crate::outbox::Message;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{Hint, Kind, Suspect, Writer};

/// Which news a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    All,
    /// Suspicions, verdicts and refutations, which cannot wait. A partner of an exchange finds everything
    /// else by comparing.
    Verdicts,
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Writes one of membership's own messages: `Some(false)` if it does not fit, `None` if there is nothing to say any
    /// more.
    pub(crate) fn write_message(
        &self,
        cx: &Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        (to, message): (A, Message),
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        Some(match message {
            Message::Ack(token) => writer.small(Kind::Ack, &token),
            Message::Ping(token) => writer.small(Kind::Ping, &token),
            Message::Nack(token) => writer.small(Kind::Nack, &(token, self.prober.helper())),
            Message::PingReq(token, target) => writer.small(Kind::PingReq, &(token, target)),
            Message::You => writer.listed(Kind::You, &to),
            Message::Tell(id) => {
                let row = cx.members.get(id).filter(|row| !row.gone)?;
                let kind = match author.is_unannounced(cx, id) {
                    false => Kind::Rows,
                    true if author.asks_for_earlier_life() => Kind::Newborn,
                    true => return None,
                };
                writer.listed(kind, &self.row_of(cx, now, row))
            }
            Message::Accuse(id) => writer.listed(Kind::Suspects, &suspicion_of(cx, id)?),
            _ => return None,
        })
    }

    /// Fills what room is left with news, those told least first.
    pub(crate) fn write_news(
        &self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        told: Told,
        writer: &mut Writer<'_>,
    ) {
        if cx.news.is_empty() {
            return;
        }
        let all = [What::Suspect, What::Facts, What::Introduction, What::Held];
        let kinds = match told {
            Told::All => &all[..],
            Told::Verdicts => &all[..2],
        };
        for what in kinds {
            self.write_news_of(cx, author, now, *what, writer);
        }
    }

    fn write_news_of(
        &self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        what: What,
        writer: &mut Writer<'_>,
    ) {
        let kind = match what {
            What::Suspect => Kind::Suspects,
            What::Facts | What::Introduction => Kind::Rows,
            What::Held => Kind::Hints,
        };
        let Some(open) = writer.open(kind) else {
            return;
        };
        for index in 0..cx.news.len() {
            let piece = cx.news.at(index);
            let Some((_, id)) = piece.filter(|(sort, _)| *sort == what) else {
                continue;
            };
            if self.write_piece(cx, author, now, what, id, writer) {
                cx.news.mark(index);
            }
        }
        let limit = cx.telling_limit(what);
        cx.news.count_marked(limit);
        writer.close_or_cancel(open);
    }

    /// `false` if the piece of news does not fit. What is no news any more counts as written.
    fn write_piece(
        &self,
        cx: &Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        what: What,
        id: NodeId,
        writer: &mut Writer<'_>,
    ) -> bool {
        if author.is_unannounced(cx, id) {
            return false;
        }
        // The death of a member that fades for want of room is news like any other.
        let told = |row: &&Member<A>| !row.gone && !row.unheard;
        let row = cx.members.get(id).filter(told);
        match what {
            What::Suspect => suspicion_of(cx, id).is_none_or(|suspect| writer.put(&suspect)),
            What::Facts | What::Introduction => {
                row.is_none_or(|row| writer.put(&self.row_of(cx, now, row)))
            }
            What::Held => row.is_none_or(|row| {
                writer.put(&Hint {
                    id,
                    held: row.progress().held,
                })
            }),
        }
    }
}

fn suspicion_of<A: Address, S: Storage<A>>(cx: &Context<A, S>, id: NodeId) -> Option<Suspect> {
    let row = cx.members.get(id).filter(|row| row.swim.suspect)?;
    Some(Suspect {
        id,
        generation: row.facts.generation,
        incarnation: row.facts.incarnation,
    })
}
