//! What a section holds: how it is read, and what an honest sender can have put there.

use core::marker::PhantomData;

use serde::Deserialize;

use crate::error::DatagramError;
use crate::id::NodeId;

/// The content of a section, as a tuple of what the section's variant holds. Each kind's stands beside the types that
/// it is made of.
pub(super) trait Body<'a>: Sized {
    /// Decodes it as far as its list, if it has one.
    fn read(body: &'a [u8]) -> Result<Self, DatagramError>;

    /// Decodes every item and checks that an honest sender can have sent it, with no id above `largest_id`.
    fn check(&self, _largest_id: NodeId) -> Result<(), DatagramError> {
        Ok(())
    }
}

/// One element of a list that is checked on its own.
pub(super) trait Item {
    /// The member that it is about.
    fn id(&self) -> NodeId;
}

/// Makes bodies of what is decoded to the last byte, and needs no check beyond that.
macro_rules! whole_bodies {
    ($($body:ty),* $(,)?) => { $(
        impl<'a> $crate::wire::body::Body<'a> for $body {
            fn read(body: &'a [u8]) -> Result<Self, $crate::error::DatagramError> {
                $crate::wire::body::whole(body)
            }
        }
    )* };
}
pub(super) use whole_bodies;

whole_bodies! { (), (u8,), (u16,) }

impl<'a, T: Item + Deserialize<'a>> Body<'a> for (Items<'a, T>,) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        Ok((Items::new(body),))
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        self.0.check(|item| known(item.id(), largest_id))
    }
}

/// A list after the token that is to be given back.
impl<'a, T: Item + Deserialize<'a>> Body<'a> for (u8, Items<'a, T>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        headed(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        self.1.check(|item| known(item.id(), largest_id))
    }
}

pub(super) fn known(id: NodeId, largest_id: NodeId) -> Result<(), DatagramError> {
    if id <= largest_id {
        Ok(())
    } else {
        Err(DatagramError::IdTooLarge)
    }
}

pub(super) fn possible(holds: bool) -> Result<(), DatagramError> {
    if holds {
        Ok(())
    } else {
        Err(DatagramError::Impossible)
    }
}

/// Decodes `body` to its last byte.
pub(super) fn whole<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DatagramError> {
    match front(body)? {
        (value, []) => Ok(value),
        _ => Err(DatagramError::Malformed),
    }
}

/// Decodes what stands at the front of `body`: that, and the rest.
pub(super) fn front<'a, T: Deserialize<'a>>(
    body: &'a [u8],
) -> Result<(T, &'a [u8]), DatagramError> {
    postcard::take_from_bytes(body).map_err(|_| DatagramError::Malformed)
}

/// Decodes what stands before a list.
pub(super) fn headed<'a, H: Deserialize<'a>, T: Deserialize<'a>>(
    body: &'a [u8],
) -> Result<(H, Items<'a, T>), DatagramError> {
    let (head, rest) = front(body)?;
    Ok((head, Items::new(rest)))
}

/// Items one after the other to the end of a section, decoded as they are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>> Items<'a, T> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            item: PhantomData,
        }
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + Clone + use<'a, T> {
        Walk {
            bytes: self.bytes,
            item: PhantomData,
        }
    }

    /// Decodes to the end, checking each item.
    pub(super) fn check(
        &self,
        mut each: impl FnMut(T) -> Result<(), DatagramError>,
    ) -> Result<(), DatagramError> {
        let mut rest = self.bytes;
        while !rest.is_empty() {
            let (item, after) =
                postcard::take_from_bytes::<T>(rest).map_err(|_| DatagramError::Malformed)?;
            if after.len() >= rest.len() {
                return Err(DatagramError::Malformed);
            }
            each(item)?;
            rest = after;
        }
        Ok(())
    }
}

struct Walk<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<T> Clone for Walk<'_, T> {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes,
            item: PhantomData,
        }
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Walk<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (item, rest) = postcard::take_from_bytes::<T>(self.bytes).ok()?;
        if rest.len() >= self.bytes.len() {
            return None;
        }
        self.bytes = rest;
        Some(item)
    }
}
