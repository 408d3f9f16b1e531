//! What is wrong with a scenario is told in one line that begins with the field.

use super::*;
use gossip_core::Mail;

/// The least that is a scenario, with more text before its first table.
fn with(more: &str) -> String {
    format!("name = \"x\"\nnodes = 8\nduration = \"60s\"\n{more}\n")
}

/// The least that is a scenario, with one action at 10 s.
fn doing(action: &str) -> String {
    with(&format!("[[at]]\ntime = \"10s\"\ndo = {action}"))
}

fn error(text: &str) -> String {
    match Scenario::parse(text) {
        Ok(scenario) => panic!("{text}\nis taken for {scenario:?}"),
        Err(error) => error.to_string(),
    }
}

/// Each line of a table is a piece of TOML, how the error about it must begin, and what it must say
/// besides; `text` makes a scenario of the piece.
fn refused(table: &str, text: fn(&str) -> String) {
    for line in table.trim().lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [toml, field, what] = cells[..] else {
            panic!("{line} has not three cells");
        };
        let error = error(&text(&toml.replace("\\n", "\n")));
        assert!(error.starts_with(field), "{line}\n{error}");
        assert!(error.contains(what), "{line}\n{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn the_least_scenario_has_the_defaults() {
    let scenario = Scenario::parse(&with("")).unwrap();
    assert_eq!((scenario.nodes, scenario.hosts()), (8, 8));
    assert_eq!(scenario.boot, Boot::AllKnown);
    assert_eq!(scenario.protocol, Protocol::default());
    assert_eq!(scenario.last_disturbance(), Span::ZERO);
    assert!(scenario.expect.wants("anything"));
}

#[test]
fn a_text_that_is_no_scenario_is_refused_by_its_line() {
    refused(
        r#"
        nodse = 3                                | line 4: | nodse
        nodes = 3                                | line 4: | duplicate
        boot = "jion"                            | line 4: | jion
        [protocol]\nintervall = "1s"             | line 5: | intervall
        [protocol]\ninterval = "1"               | line 5: | 1.5s
        [protocol]\nfanout = 300                 | line 5: | 300
        [protocol.exchange]\nmode = "puhs"       | line 5: | first-push-then-pull
        [network.link]\nlos = 0.1                | line 5: | los
        =                                        | line 4: |
        "#,
        with,
    );
    refused(
        r#"
        { crush = { random = 1 } }               | line 6: | crush
        { crash = { randm = 1 } }                | line 6: | randm
        { heal = "p", crash = { random = 1 } }   | line 6: |
        { crash = { hosts = 0 } }                | line 6: | 0
        "#,
        doing,
    );
    assert!(error("nodes = 8").starts_with("line 1: "));
}

#[test]
fn a_setting_that_cannot_be_is_refused_by_its_name() {
    refused(
        r#"
        protocol.interval = "0s"          | protocol.interval is 0s;        | at least 8ms
        protocol.interval = "5ms"         | protocol.interval is 5ms;       | at least 8ms
        protocol.gossip-interval = "0s"   | protocol.gossip-interval must be | longer than zero
        protocol.interval = "500us"       | protocol.interval is 500us;     | whole
        protocol.forget-after = "3000h"   | protocol.forget-after is        | 49 days
        protocol.probe-timeout = "2s"     | protocol.probe-timeout must be | below interval
        protocol.mtu = 10                 | protocol.mtu must be between   | 65507
        protocol.mtu = 9000               | protocol.mtu is 9000;           | network.link.mtu, 1400
        protocol.largest-id = 7           | protocol.largest-id is below    | number of nodes
        protocol.suspicion-mult = 0       | protocol.suspicion-mult        | start at 1
        protocol.exchange.interval = "1us" | protocol.exchange.interval is 1us; | whole
        protocol.exchange.byte-rate = { per-second = 9, burst = 9 } | protocol.byte-rate must be | burst
        entries = { count = 999, key-bytes = 2 } | entries.key-bytes is 2;  | at least 3
        entries.value-bytes = 5000        | entries: of 8 and 5000 bytes    | datagram
        boot = { staggered = { over = "60s" } } | boot.staggered.over is 1min; | shorter
        clocks.max-drift-ppm = 1000000    | clocks.max-drift-ppm is 1000000; | 500000
        network.link.loss = 1.5           | network.link.loss is 1.5;       | from 0 to 1
        expect.agree-within = "61s"       | expect.agree-within is 61s      | at least 61s
        expect.invariants.agreemant = true | expect.invariants.agreemant is no rule; | agreement
        "#,
        with,
    );
}

#[test]
fn what_every_scenario_needs_is_refused_by_its_name() {
    let wrong = |right: &str, wrong: &str| error(&with("").replace(right, wrong));
    assert!(wrong("\"x\"", "\" \"").starts_with("name is empty;"));
    assert!(wrong("nodes = 8", "nodes = 0").starts_with("nodes is 0;"));
    assert!(wrong("nodes = 8", "nodes = 2000000").starts_with("nodes is 2000000"));
    assert!(wrong("60s", "0s").starts_with("duration is 0s;"));
}

#[test]
fn a_load_that_cannot_be_is_refused_by_its_name() {
    refused(
        r#"
        updates-per-second = -1                     | workload.updates-per-second is -1;  | from 0 to 1000000
        updates-per-second = inf                    | workload.updates-per-second is inf; | number
        updates-per-second = 1\ndeletes = 2         | workload.deletes is 2;     | from 0 to 1
        updates-per-second = 1\nburst = 0           | workload.burst is 0;       | at least 1
        updates-per-second = 1e12                   | workload.updates-per-second is 1000000000000; | to 1000000
        updates-per-second = 1\nburst = 1000001     | workload.burst is 1000001;  | at most 1000000
        updates-per-second = 1\nkeys = 0            | workload.keys is 0;        | at least 1
        updates-per-second = 1\nuntil = "2min"      | workload.until is 2min;    | 1min
        updates-per-second = 1\nfrom = "1min"       | workload.from is 1min;     | before the end
        updates-per-second = 1\nphase = [{ from = "0s", updates-per-second = 2 }] | workload.phase.from is 0s; | after 0s
        updates-per-second = 1\nphase = [{ from = "9s", updates-per-second = -1 }] | workload.phase.updates-per-second is -1; | from 0
        "#,
        |load| with(&format!("[workload]\n{load}")),
    );
}

#[test]
fn an_action_that_cannot_be_is_refused_by_its_place() {
    refused(
        r#"
        { crash = { random = 9 } }               | at[1].do.crash.random is 9;   | nodes at least 9
        { crash = { random = 0 } }               | at[1].do.crash.random is 0;   | at least 1
        { crash = { share = 1.5 } }              | at[1].do.crash.share is 1.5;  | from 0 to 1
        { pause = { hosts = 9 } }                | at[1].do.pause.hosts is 9;    | from 1 to 8: name some
        { leave = { hosts = "none" } }           | at[1].do.leave.hosts is none; | from 1 to 8
        { restart = { hosts = "8-9" } }          | at[1].do.restart.hosts is 8-9; | from 1 to 8
        { heal = "p" }                           | at[1].do.heal is "p";         | open
        { lift-rule = "r" }                      | at[1].do.lift-rule is "r";    | in force
        { partition = { sides = [] } }           | at[1].do.partition.sides is empty; | one side
        { join = { count = 0 } }                 | at[1].do.join.count is 0;     | at least 1
        { join = { count = 1, over = "1min" } }  | at[1].do.join.over            | 70s
        { rolling = { every = "9s", down = "1s" } } | at[1].do.rolling.every     | 74s
        { rolling = { every = "1s", down = "1s", leaves = true, with-memory = true } } | at[1].do.rolling.with-memory | goodbye
        { set-loss = 3.0 }                       | at[1].do.set-loss             | from 0 to 1
        { set = { host = 0, key = "k" } }        | at[1].do.set.host is 0;       | from 1 to 8
        { set = { host = 1, key = "" } }         | at[1].do.set.key is empty;    | one byte
        { flash = { host = 1, entries = 0 } }    | at[1].do.flash.entries is 0;  | at least 1
        { delete = { host = 9, key = "k" } }     | at[1].do.delete.host is 9;    | from 1 to 8
        { churn = { per-second = 1, until = "9s", downtime = "1s" } } | at[1].do.churn.until is 9s; | after 10s
        "#,
        doing,
    );
    let late = doing("\"heal-all\"").replace("10s", "2min");
    assert!(error(&late).starts_with("at[1].time is 2min; the run ends at 1min"));
}

#[test]
fn the_timeline_is_walked_in_order_of_time_and_hosts_that_join_count_from_then_on() {
    let at = |time: u32, action: &str| format!("[[at]]\ntime = \"{time}s\"\ndo = {action}\n");
    let set = "{ set = { host = 10, key = \"k\" } }";
    let join = "{ join = { count = 2 } }";
    let after = Scenario::parse(&with(&(at(20, set) + &at(10, join)))).unwrap();
    assert_eq!(after.hosts(), 10);
    let numbers: Vec<usize> = after.timeline().iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [2, 1]);
    let before = error(&with(&(at(10, set) + &at(20, join))));
    assert!(before.starts_with("at[1].do.set.host is 10;"), "{before}");
}

#[test]
fn of_all_hosts_that_are_missing_the_one_is_named_that_takes_the_most_nodes() {
    let at = |time: u32, action: &str| format!("[[at]]\ntime = \"{time}s\"\ndo = {action}\n");
    let text = with(
        &(at(1, "{ crash = { hosts = \"9-12\" } }")
            + &at(2, "{ join = { count = 20 } }")
            + &at(3, "{ partition = { sides = [\"1-30\", \"34-\"] } }")
            + &at(4, "{ pause = { hosts = 31 } }")),
    );
    let problem = error(&text);
    assert!(
        problem.starts_with("at[3].do.partition.sides is 34-;"),
        "{problem}"
    );
    assert!(problem.ends_with("make nodes at least 14"), "{problem}");
    let enough = text.replace("nodes = 8", "nodes = 14");
    assert!(Scenario::parse(&enough).is_ok());
}

#[test]
fn a_partition_is_open_from_its_beginning_to_its_heal() {
    let part = "{ partition = { sides = [\"1-4\"] } }";
    let at = |time: u32, action: &str| format!("[[at]]\ntime = \"{time}s\"\ndo = {action}\n");
    let twice = with(&(at(1, part) + &at(2, part)));
    assert!(error(&twice).starts_with("at[2].do.partition.name is \"partition\""));
    for heal in ["\"heal-all\"", "{ heal = \"partition\" }"] {
        let again = with(&(at(1, part) + &at(2, heal) + &at(3, part)));
        assert!(Scenario::parse(&again).is_ok(), "{heal}");
    }
}

#[test]
fn the_last_disturbance_is_the_end_of_whatever_ends_last() {
    let last = |text: &str| Scenario::parse(text).unwrap().last_disturbance();
    let secs = Span::from_secs;
    assert_eq!(last(&doing("{ crash = { random = 1 } }")), secs(10));
    assert_eq!(
        last(&doing("{ join = { count = 1, over = \"5s\" } }")),
        secs(15)
    );
    let rolling = "{ rolling = { every = \"3s\", down = \"1s\", hosts = \"1-4\" } }";
    assert_eq!(last(&doing(rolling)), secs(10 + 3 * 3 + 1));
    let churn = "{ churn = { per-second = 1, until = \"20s\", downtime = \"4s\" } }";
    assert_eq!(last(&doing(churn)), secs(24));
    assert_eq!(
        last(&with("workload = { updates-per-second = 1 }")),
        secs(60)
    );
    assert_eq!(
        last(&with("boot = { staggered = { over = \"7s\" } }")),
        secs(7)
    );
}

#[test]
fn every_setting_of_exchanges_reaches_the_core() {
    let text = with(
        "[protocol.exchange]\nmode = \"pull\"\ninterval = \"3s\"\nfanout = 2\npages = 7\n\
         reconciliation = \"scuttle-breadth\"\nflow-control = true\n\
         byte-rate = { per-second = 500, burst = 2000 }",
    );
    let scenario = Scenario::parse(&text).unwrap();
    assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario.clone()));
    let config = scenario.protocol.config(5u16.into()).unwrap();
    assert_eq!(config.exchange_mode(), gossip_core::ExchangeMode::Pull);
    assert_eq!(config.exchange_interval().as_millis(), 3000);
    assert_eq!((config.exchange_fanout(), config.exchange_pages()), (2, 7));
    let breadth = gossip_core::Reconciliation::ScuttleBreadth;
    assert_eq!(config.reconciliation(), breadth);
    assert!(config.flow_control());
    let name = Reconciliation::ScuttleBreadth.to_string();
    assert_eq!(
        (name.as_str(), name.parse()),
        ("scuttle-breadth", Ok(Reconciliation::ScuttleBreadth))
    );
    let error = "pull-push".parse::<ExchangeMode>().unwrap_err().to_string();
    assert!(error.contains("first-push-then-pull"), "{error}");
    let rate = config.byte_rate().map(|rate| (rate.per_second, rate.burst));
    assert_eq!(rate, Some((500, 2000)));
}

#[test]
fn every_setting_of_the_protocol_reaches_the_core() {
    let text = with(
        "[protocol]\ninterval = \"2s\"\nfanout = 5\ngossip-interval = \"300ms\"\nmtu = 512\n\
         largest-id = 99\nprobe-timeout = \"401ms\"\nindirect-probes = 6\nsuspicion-mult = 7\n\
         retransmit-mult = 8\nreply-timeout = \"402ms\"\nreconnect-interval = \"33s\"\n\
         forget-after = \"34s\"\ntombstone-grace = \"35s\"\ndirect-mail = 4",
    );
    let scenario = Scenario::parse(&text).unwrap();
    let config = scenario.protocol.config(5u16.into()).unwrap();
    let millis = [
        config.probe_interval(),
        config.gossip_interval(),
        config.probe_timeout(),
        config.reply_timeout(),
        config.reconnect_interval(),
        config.forget_after(),
        config.tombstone_grace(),
    ]
    .map(|span| span.as_millis());
    assert_eq!(millis, [2000, 300, 401, 402, 33_000, 34_000, 35_000]);
    let numbers = [
        config.gossip_fanout(),
        config.indirect_probes(),
        config.suspicion_mult(),
        config.retransmit_mult(),
    ];
    assert_eq!(numbers, [5, 6, 7, 8]);
    assert_eq!((config.mtu_floor(), config.largest_id().get()), (512, 99));
    assert_eq!(config.direct_mail(), Mail::To(4));
    assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
}

#[test]
fn direct_mail_is_a_number_or_a_word() {
    for (spelling, mail) in [
        ("3", Mail::To(3)),
        ("\"all\"", Mail::All),
        ("\"off\"", Mail::Off),
    ] {
        let text = with(&format!("protocol.direct-mail = {spelling}"));
        let scenario = Scenario::parse(&text).unwrap();
        assert_eq!(scenario.protocol.direct_mail, Some(DirectMail(mail)));
        assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
    }
    for spelling in ["256", "\"some\""] {
        let text = with(&format!("protocol.direct-mail = {spelling}"));
        assert!(
            error(&text).contains("direct mail goes to all"),
            "{spelling}"
        );
    }
}

#[test]
fn a_short_interval_shortens_the_waits_that_are_left_out() {
    let text = with("protocol = { interval = \"250ms\", reply-timeout = \"99ms\" }");
    let scenario = Scenario::parse(&text).unwrap();
    let config = scenario.protocol.config(1u16.into()).unwrap();
    assert_eq!(config.probe_timeout().as_millis(), 75);
    assert_eq!(config.gossip_interval().as_millis(), 50);
    assert_eq!(config.reply_timeout().as_millis(), 99);
}

#[test]
fn keys_have_the_length_that_is_asked_for() {
    let entries = Entries {
        count: 20,
        key_bytes: 4,
        value_bytes: 1,
    };
    assert_eq!(entries.key(0), "0000");
    assert_eq!(entries.key(19), "0019");
    let text = with("entries = { count = 20, key-bytes = 4 }\n[workload]\nupdates-per-second = 1");
    assert_eq!(Scenario::parse(&text).unwrap().keys(), 20);
}
