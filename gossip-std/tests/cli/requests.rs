//! What a node asks of another.

use super::pair;

#[test]
fn a_sync_and_a_fresh_read_are_answered_when_they_are_done() {
    let (mut a, mut b) = pair("requests");
    b.ask("set k v");
    let fresh = a.ask("fresh 2 k");
    assert_eq!(
        (&fresh["command"], &fresh["value"]),
        (&"fresh".into(), &"v".into())
    );
    let report = a.ask("sync 2");
    assert_eq!(
        (&report["command"], &report["complete"]),
        (&"sync".into(), &true.into())
    );
    assert!(report["bytes"].as_u64() > Some(0), "{report}");
    assert_eq!(a.ask("sync 2 1")["complete"], true);
    for wrong in ["sync 1", "sync 9", "fresh 1 k", "fresh 9 k"] {
        assert_eq!(a.ask(wrong)["type"], "error", "{wrong}");
    }
    a.say(b"leave");
    a.ends_well();
}
