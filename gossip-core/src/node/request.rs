//! What the application asked for and is being worked on: mail, syncs, reads.

use super::Node;
use crate::address::Address;
use crate::error::RequestError;
use crate::event::Request;
use crate::id::NodeId;
use crate::requests::{FreshRead, Synced};
use crate::storage::Storage;
use crate::table::Prefix;
use crate::time::Instant;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Makes a range of the table of members equal with one peer's, entries included:
    /// [`Prefix::ROOT`] is everything, [`Prefix::of`] one owner. When it is over, at `deadline` at the
    /// latest, [`Event::Synced`](crate::Event::Synced) comes, and the report waits for
    /// [`take_synced`](Self::take_synced). The peer's storage must permit syncs too.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn sync(
        &mut self,
        peer: NodeId,
        range: Prefix,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        let (cx, requests) = (&mut self.tables.base.cx, &mut self.tables.requests);
        let Some(syncs) = requests.syncs() else {
            return Err(RequestError::Full { max: 0 });
        };
        if !cx.is_running() {
            return Err(RequestError::NotRunning);
        }
        syncs.check(cx, peer)?;
        let request = Request(cx.take_token());
        syncs.begin(request, peer, range, self.time.ahead(deadline));
        Ok(request)
    }

    /// The report of a sync that is over.
    pub fn synced(&self, request: Request) -> Option<&Synced> {
        self.tables.requests.synced(request)
    }

    /// Takes the report of a sync that is over, which makes room for another.
    pub fn take_synced(&mut self, request: Request) -> Option<Synced> {
        self.tables.requests.syncs()?.take(request)
    }

    /// Asks up to `peers` live peers (from 1 to 8), the owner before others, for a fresher value of one
    /// key. When all have answered, or the owner has, and at `deadline` at the latest,
    /// [`Event::Read`](crate::Event::Read) comes, the report waits for [`take_read`](Self::take_read),
    /// and [`get`](Self::get) shows the freshest value found. Peers that hold an older one are told it.
    /// Only peers whose storage permits reads answer.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn read_fresh(
        &mut self,
        owner: NodeId,
        key: &str,
        peers: u8,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        let (cx, requests) = (&mut self.tables.base.cx, &mut self.tables.requests);
        let Some(reads) = requests.reads() else {
            return Err(RequestError::Full { max: 0 });
        };
        if !cx.is_running() {
            return Err(RequestError::NotRunning);
        }
        let key = reads.check(cx, owner, key)?;
        let request = Request(cx.take_token());
        let deadline = self.time.ahead(deadline);
        reads.start(cx, request, (owner, key), peers, deadline);
        Ok(request)
    }

    /// The report of a read that is over.
    pub fn read(&self, request: Request) -> Option<&FreshRead> {
        self.tables.requests.fresh(request)
    }

    /// Takes the report of a read that is over, which makes room for another.
    pub fn take_read(&mut self, request: Request) -> Option<FreshRead> {
        self.tables.requests.reads()?.take(request)
    }
}
