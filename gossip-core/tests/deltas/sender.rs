//! What a replica tells of itself and answers to others, at the edges.

use crate::delta_world;

use delta_world::short::{claim, progress, recovering};
use delta_world::v;
use gossip_core::Version;
use gossip_core::entries::delta::Digest;

fn digest(held: u32, recover: Option<(u32, u32)>) -> Digest {
    Digest {
        held: v(held),
        recover: recover.map(|(cursor, target)| (v(cursor), v(target))),
    }
}

#[test]
fn a_claim_is_plausible_if_its_bounds_are_in_order() {
    assert!(claim((0, 1), 1, 0, 1).is_plausible());
    assert!(claim((0, 1), 1, 1, 1).is_plausible());
    assert!(claim((2, 5), 7, 6, 9).is_plausible());
    assert!(!claim((0, 0), 1, 0, 1).is_plausible(), "covers nothing");
    assert!(
        !claim((3, 2), 5, 0, 5).is_plausible(),
        "ends before it begins"
    );
    assert!(
        !claim((0, 6), 5, 0, 6).is_plausible(),
        "covers more than the sender holds"
    );
    assert!(
        !claim((0, 5), 5, 6, 6).is_plausible(),
        "collected more than it holds"
    );
    assert!(
        !claim((0, 5), 5, 5, 4).is_plausible(),
        "depends on less than it holds"
    );
}

#[test]
fn the_floor_is_the_higher_of_held_and_cursor() {
    assert_eq!(progress(3, 1, 9).floor(), v(3));
    assert_eq!(recovering(3, 1, 9, (0, 7, 9)).floor(), v(3));
    assert_eq!(recovering(3, 1, 9, (5, 7, 9)).floor(), v(5));
}

#[test]
fn a_digest_tells_held_cursor_and_target() {
    assert_eq!(progress(3, 1, 9).digest(), digest(3, None));
    assert_eq!(
        recovering(3, 1, 9, (5, 7, 8)).digest(),
        digest(3, Some((5, 7)))
    );
}

#[test]
fn a_sender_that_collected_nothing_beyond_held_goes_on_from_there() {
    let sender = progress(5, 2, 8);
    assert_eq!(sender.answer(&digest(2, None)), Some(v(2)));
    assert_eq!(sender.answer(&digest(4, None)), Some(v(4)));
    assert_eq!(sender.answer(&digest(5, None)), None);
    assert_eq!(sender.answer(&digest(6, None)), None);
    // The shorter way is taken even if the asker is recovering.
    assert_eq!(sender.answer(&digest(2, Some((4, 4)))), Some(v(2)));
    assert_eq!(progress(0, 0, 0).answer(&digest(0, None)), None);
}

#[test]
fn a_sender_that_can_continue_a_recovery_goes_on_from_the_cursor() {
    let sender = progress(5, 4, 8);
    assert_eq!(sender.answer(&digest(3, Some((1, 4)))), Some(v(1)));
    assert_eq!(
        sender.answer(&digest(3, Some((4, 2)))),
        Some(v(4)),
        "gc is behind the cursor"
    );
    assert_eq!(sender.answer(&digest(3, Some((4, 5)))), Some(v(4)));
    assert_eq!(
        sender.answer(&digest(3, Some((4, 6)))),
        None,
        "the sender is below the target"
    );
    assert_eq!(
        sender.answer(&digest(3, Some((5, 5)))),
        None,
        "the sender has no more"
    );
    assert_eq!(
        sender.answer(&digest(3, Some((6, 4)))),
        None,
        "the sender has less"
    );
}

#[test]
fn otherwise_a_sender_begins_from_zero() {
    let sender = progress(5, 4, 8);
    assert_eq!(sender.answer(&digest(3, None)), Some(Version::NONE));
    assert_eq!(sender.answer(&digest(3, Some((3, 3)))), Some(Version::NONE));
}

#[test]
fn a_recovering_sender_answers_from_its_unmoved_held() {
    let sender = recovering(5, 2, 9, (8, 7, 9));
    assert_eq!(sender.answer(&digest(5, None)), None);
    assert_eq!(sender.answer(&digest(3, None)), Some(v(3)));
    assert_eq!(sender.claim(v(3), v(4)), claim((3, 4), 5, 2, 9));
}
