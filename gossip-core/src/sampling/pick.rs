//! A random member of those that are wanted.

use rand_core::Rng;

use crate::address::Address;
use crate::rng::below;
use crate::storage::List;
use crate::table::{Member, Table};

/// How many are drawn before it is walked.
const TRIES: usize = 8;
/// How many a walk looks at.
const WALK: usize = 64;

/// A random member that `accept` takes. Where few do, a walk from a random row finds one.
pub(crate) fn pick<'t, A: Address, M: List<Member<A>>>(
    members: &'t Table<A, M>,
    rng: &mut impl Rng,
    accept: impl Fn(&Member<A>) -> bool,
) -> Option<&'t Member<A>> {
    let len = members.len();
    for _ in 0..TRIES {
        let row = members.at(below(rng.next_u32(), len));
        if let Some(row) = row.filter(|row| accept(row)) {
            return Some(row);
        }
    }
    let start = below(rng.next_u32(), len);
    let indices = (start..len).chain(0..start).take(WALK);
    indices
        .filter_map(|index| members.at(index))
        .find(|row| accept(row))
}
