//! What a node answers to the letters of others.

use crate::address::Address;
use crate::context::Context;
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::wire::{Kind, Receipt, Writer};

/// Says that the writes of an owner are held up to a version; `None` if the owner is not known any more.
pub(crate) fn write_receipt<A: Address, S: Storage<A>>(
    cx: &Context<A, S>,
    owner: NodeId,
    version: Version,
    writer: &mut Writer<'_>,
) -> Option<bool> {
    let row = cx.members.get(owner)?;
    let life = row.facts.generation.life();
    let receipt = Receipt {
        owner,
        life,
        version,
    };
    Some(writer.listed(Kind::Receipt, &receipt))
}
