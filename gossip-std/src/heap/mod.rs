//! Storage on the heap: bounds given at run time, memory taken as it is needed.

mod blob;
mod list;

use std::fmt::Debug;
use std::hash::Hash;

use gossip_core::storage;
use gossip_core::storage::Family;

pub use blob::HeapBlob;
pub use gossip_core::storage::Limits;
pub use list::HeapList;

/// The family of lists and blobs on the heap.
#[derive(Clone, Copy, Debug)]
pub struct OnHeap;

impl Family for OnHeap {
    type List<T: Clone + Eq + Hash + Debug, const N: usize> = HeapList<T>;
    type Blob<const N: usize> = HeapBlob;

    fn list<T: Clone + Eq + Hash + Debug, const N: usize>(capacity: usize) -> HeapList<T> {
        HeapList::new(capacity)
    }
}

storage! {
    /// The storage for big clusters: every table is bounded, by [`Limits`] given at run time, and grows
    /// to its bound only as it fills.
    ///
    /// ```
    /// use gossip_core::{Config, Node, NodeId};
    /// use gossip_std::{Heap, Limits};
    ///
    /// let config = Config::<u16>::new(NodeId::from(7)).check().unwrap();
    /// let limits = Limits { members: 500, ..Limits::default() };
    /// let node: Node<u16, Heap> = Node::new(config, Heap::tables(limits));
    /// assert_eq!(node.id(), NodeId::from(7));
    /// ```
    pub struct Heap: OnHeap;
}
