//! A node made of the bytes of a state.

use super::Restore;
use super::bytes::{Checksum, END, PRELUDE, check_prelude, take_record};
use super::{Age, ImportError, Kept, Known, Past, Start};
use crate::address::Address;
use crate::config::Checked;
use crate::storage::{Storage, Tables};
use crate::time::Instant;

/// Makes a node of the bytes of a state, as they come: for a state that is not in memory in one piece.
/// [`Node::import`](crate::Node::import) takes one that is.
#[derive(Clone, Debug)]
pub struct Import<A: Address, S: Storage<A>> {
    restore: Restore<A, S>,
    next: Next,
    checksum: Checksum,
}

/// What is to come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Prelude,
    Start,
    /// So many members, entries and forgotten members.
    Records(u32, u32, u32),
    Nothing,
}

impl<A: Address, S: Storage<A>> Import<A, S> {
    /// Begins a node with empty `tables`; the state is of this `age` at `now`.
    pub fn new(config: Checked<A>, tables: Tables<A, S>, now: Instant, age: Age) -> Self {
        Self {
            restore: Restore::new(config, tables, now, age),
            next: Next::Prelude,
            checksum: Checksum::new(),
        }
    }

    /// Takes what comes next in the state. Returns how many bytes it took: what is left is the beginning
    /// of a record, to be given again with more bytes after it, or lies behind the end of the state.
    ///
    /// # Errors
    /// Why the state was refused; there is no use in going on.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, ImportError> {
        let mut taken = 0usize;
        while self.next != Next::Nothing {
            let rest = bytes.get(taken..).unwrap_or_default();
            let Some(len) = self.take(rest)? else {
                break;
            };
            taken = taken.saturating_add(len);
        }
        Ok(taken)
    }

    /// `true` once the end of the state was taken.
    pub fn is_complete(&self) -> bool {
        self.next == Next::Nothing
    }

    /// What was read, if the state is complete.
    pub(crate) fn end(self) -> Result<Restore<A, S>, ImportError> {
        if self.is_complete() {
            Ok(self.restore)
        } else {
            Err(ImportError::Truncated)
        }
    }

    /// Takes one record: its length, or `None` if it is not complete.
    fn take(&mut self, bytes: &[u8]) -> Result<Option<usize>, ImportError> {
        let (len, next) = match self.next {
            Next::Prelude if bytes.len() < PRELUDE.len() => return Ok(None),
            Next::Prelude => {
                check_prelude(bytes)?;
                (PRELUDE.len(), Next::Start)
            }
            Next::Start => {
                let Some((start, len)) = take_record::<Start>(bytes)? else {
                    return Ok(None);
                };
                self.restore.check_start(&start)?;
                let Start {
                    members,
                    entries,
                    bygones,
                    ..
                } = start;
                (len, Next::Records(members, entries, bygones))
            }
            Next::Records(0, 0, 0) => return self.take_end(bytes),
            Next::Records(0, 0, bygones) => {
                let Some((past, len)) = take_record::<Past<A>>(bytes)? else {
                    return Ok(None);
                };
                self.restore.past(&past);
                (len, Next::Records(0, 0, bygones.saturating_sub(1)))
            }
            Next::Records(0, entries, bygones) => {
                let Some((kept, len)) = take_record::<Kept<'_>>(bytes)? else {
                    return Ok(None);
                };
                self.restore.entry(&kept)?;
                (len, Next::Records(0, entries.saturating_sub(1), bygones))
            }
            Next::Records(members, entries, bygones) => {
                let Some((known, len)) = take_record::<Known<A>>(bytes)? else {
                    return Ok(None);
                };
                self.restore.member(&known)?;
                let members = members.saturating_sub(1);
                (len, Next::Records(members, entries, bygones))
            }
            Next::Nothing => return Ok(None),
        };
        self.checksum.add(bytes.get(..len).unwrap_or_default());
        self.next = next;
        Ok(Some(len))
    }

    fn take_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, ImportError> {
        let Some(end) = bytes.first_chunk::<END>() else {
            return Ok(None);
        };
        if *end != self.checksum.value() {
            return Err(ImportError::Damaged);
        }
        self.next = Next::Nothing;
        Ok(Some(END))
    }
}
