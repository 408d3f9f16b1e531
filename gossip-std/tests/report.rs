//! Reports of hand-made runs: what they say, and that a browser shows their plots.

#[path = "report/browser.rs"]
mod browser;
#[path = "report/picture.rs"]
mod picture;
#[path = "report/sample.rs"]
mod sample;
#[path = "report/shown.rs"]
mod shown;

use gossip_std::sim::outcome::{Count, Outcome, StalenessMeasure, TrafficMeasure};
use gossip_std::sim::report::{self, json, measures, summary, svg};
use gossip_std::sim::{Span, Time};
use serde_json::Value;

use browser::{Browser, Theme};

fn text(runs: &[Outcome]) -> String {
    report::text(&sample::about(), runs)
}

fn html(runs: &[Outcome]) -> String {
    report::html(&sample::about(), runs)
}

/// All four reports, with their names.
fn all(runs: &[Outcome]) -> [(&'static str, String); 4] {
    [
        ("text", text(runs)),
        ("json", json(runs)),
        ("html", html(runs)),
        ("svg", svg(runs)),
    ]
}

fn seeds(count: u64) -> Vec<Outcome> {
    (0..count).map(sample::run).collect()
}

/// Runs of which little or nothing is there.
fn bare() -> Vec<Vec<Outcome>> {
    let no_hosts = Outcome {
        hosts: 0,
        ..sample::run(1)
    };
    let mut unreached = sample::run(1);
    unreached.coverage[0].curve.clear();
    unreached.coverage[0].of = 0;
    let mut brief = sample::run(1);
    brief.epidemic[0].counts.truncate(1);
    brief.staleness.series.truncate(1);
    brief.traffic.series.truncate(1);
    brief.beliefs.series.truncate(1);
    let silent = Outcome {
        traffic: TrafficMeasure::new(&[], vec![Default::default()], None),
        staleness: StalenessMeasure::new(Vec::new()),
        duration: Time::START,
        ..sample::run(1)
    };
    vec![
        vec![],
        vec![Outcome::default()],
        vec![Outcome::default(), Outcome::default()],
        vec![Outcome::default(), sample::run(1)],
        vec![no_hosts],
        vec![unreached],
        vec![brief],
        vec![silent],
    ]
}

#[test]
fn reports_of_nothing_are_whole_and_free_of_impossible_numbers() {
    for runs in bare() {
        for (name, report) in all(&runs) {
            assert!(!report.is_empty(), "{name}");
            for wrong in ["NaN", "nan", "inf,", "inf\"", "Infinity"] {
                assert!(!report.contains(wrong), "{name} of {runs:?} has {wrong}");
            }
        }
        let document: Value = serde_json::from_str(&json(&runs)).unwrap();
        assert_eq!(document["runs"].as_array().unwrap().len(), runs.len());
    }
    assert!(text(&[]).starts_with("No runs"));
}

#[test]
fn what_has_nothing_to_say_is_left_out_and_json_has_it() {
    let mut run = sample::run(1);
    run.traffic.kinds[0].total = Count::default();
    run.staleness = StalenessMeasure::new(vec![Default::default(); 9]);
    let silent = run.traffic.kinds[0].kind.clone();
    for runs in [vec![run.clone()], vec![run.clone(), run.clone()]] {
        let (text, html) = (text(&runs), html(&runs));
        for nothing in [
            "running hosts declared dead",
            "broken rules",
            "stale entries",
            "Stale entries",
        ] {
            assert!(
                !text.contains(nothing) && !html.contains(nothing),
                "{nothing} in {text}"
            );
        }
        assert!(text.contains("full membership after the heal"), "{text}");
        let equal = "all replicas equal after the heal";
        assert!(!text.contains(equal), "{text}");
    }
    let kinds = text(&[run.clone()]);
    assert!(
        !kinds
            .lines()
            .any(|line| line.starts_with(&format!("{silent} "))),
        "{kinds}"
    );
    let document: Value = serde_json::from_str(&json(&[run])).unwrap();
    assert_eq!(document["runs"][0]["false-deaths"], 0);
    assert_eq!(document["runs"][0]["traffic"]["kinds"][0]["kind"], silent);
}

#[test]
fn reports_say_what_was_run_why_and_what_was_done_to_it() {
    let (text, html) = (text(&seeds(1)), html(&seeds(1)));
    for line in [
        "lossy \"join\" <64 & more>, seed 0",
        "Half of the <others> cannot be heard for a while",
        "gossip sim 'lossy \"join\".toml' --seed 7",
        "Who holds whom for dead at 76 s",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in {text}");
    }
    assert!(
        html.contains("<p>Half of the &lt;others&gt; cannot"),
        "{html}"
    );
    for (word, times) in [
        ("crash", 4),
        ("partition", 4),
        ("heal", 4),
        ("4 crashes", 4),
    ] {
        let marks = html.lines().filter(|line| line.trim() == word);
        assert_eq!(marks.count(), times, "{word}");
    }
    let told = ["1-9,", "11-32", "10", "33-64"];
    let group = |line: &str| line.split_whitespace().eq(told);
    assert!(text.lines().any(group), "{text}");
}

#[test]
fn what_is_no_number_is_told_as_nothing() {
    let mut run = sample::run(1);
    run.coverage[0].residue = f64::NAN;
    run.traffic.overall.bytes_per_node_second = f64::INFINITY;
    run.traffic.series[3].host_seconds = f64::NAN;
    for (name, report) in all(&[run.clone()]) {
        assert!(!report.contains("NaN"), "{name}");
    }
    let document: Value = serde_json::from_str(&json(&[run])).unwrap();
    assert_eq!(document["runs"][0]["coverage"][0]["residue"], Value::Null);
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    assert_eq!(all(&seeds(3)), all(&seeds(3)));
    for (one, other) in all(&seeds(1)).iter().zip(&all(&[sample::run(7)])) {
        assert_ne!(one, other);
    }
}

#[test]
fn text_fits_a_terminal_and_says_what_was_run() {
    for runs in [seeds(1), seeds(20)] {
        let text = text(&runs);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        for word in [
            "nodes",
            "interval",
            "0.2",
            "mean delay (t_ave)",
            "No rule was broken.",
        ] {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn broken_rules_are_told_in_every_report_for_people() {
    let mut runs = seeds(3);
    runs[1].violations.push(sample::violation());
    let (text, html) = (text(&runs), html(&runs));
    for report in [&text, &html] {
        assert!(
            report.contains("Rules broken: 1, in 1 of 3 runs."),
            "{report}"
        );
        assert!(report.contains("deleted-stays-deleted"));
    }
    let document: Value = serde_json::from_str(&json(&runs)).unwrap();
    assert_eq!(document["runs"][1]["violations"][0]["at-us"], 61_000_000);
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let mut run = sample::run(1);
    run.violations = vec![sample::violation(); 25];
    let text = text(&[run]);
    assert_eq!(text.matches("deleted-stays-deleted").count(), 20);
    assert!(text.contains("5 more"), "{text}");
}

#[test]
fn a_moment_alone_makes_no_plot_of_a_course() {
    let mut run = sample::run(1);
    let plots = |run: &Outcome| html(std::slice::from_ref(run)).matches("<svg").count();
    assert_eq!(plots(&run), 8);
    run.epidemic[0].counts.truncate(1);
    run.staleness.series.truncate(1);
    run.beliefs.series.truncate(1);
    assert_eq!(plots(&run), 4);
    run.beliefs.peak = None;
    assert_eq!(plots(&run), 3);
    assert_eq!(plots(&Outcome::default()), 0);
}

#[test]
fn json_names_nodes_by_the_ids_that_texts_show() {
    let mut run = sample::run(1);
    run.violations.push(sample::violation());
    let (text, json) = (text(&[run.clone()]), json(&[run]));
    let document: Value = serde_json::from_str(&json).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["detection"][0]["node"], 10);
    assert_eq!(run["coverage"][0]["origin"], 6);
    assert_eq!(run["tables"][0]["node"], 4);
    assert_eq!(run["violations"][0]["node"], 8);
    for (name, place, node) in [("config", 1, "6"), ("members", 2, "4"), ("10", 0, "10")] {
        let mut lines = text.lines().map(|line| line.split_whitespace());
        let found = lines
            .any(|mut words| words.clone().next() == Some(name) && words.nth(place) == Some(node));
        assert!(found, "{name} on {node}: {text}");
    }
}

#[test]
fn json_names_are_kebab_case_and_times_are_microseconds() {
    let document: Value = serde_json::from_str(&json(&seeds(2))).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["duration-us"], 120_000_000);
    assert_eq!(run["parameters"]["interval"], "1s");
    assert_eq!(run["parameters"]["nodes"], 64);
    assert_eq!(run["membership"]["full-after-us"], 3_200_000);
    assert_eq!(
        run["coverage"][0]["delays"]["each-us"]
            .as_array()
            .unwrap()
            .len(),
        63
    );
    let line = &document["summary"][0];
    assert_eq!(
        (&line["measure"], &line["runs"]),
        (&"residue".into(), &2.into())
    );
    check_names(&document);
}

fn check_names(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(name.chars().all(fits), "{name}");
                check_names(value);
            }
        }
        Value::Array(items) => items.iter().for_each(check_names),
        _ => {}
    }
}

#[test]
fn a_summary_counts_only_the_runs_that_have_a_measure() {
    let mut runs = seeds(3);
    runs[0].membership.full_after = None;
    runs[1].membership.full_after = Some(Span::from_secs(2));
    runs[2].membership.full_after = Some(Span::from_secs(4));
    let summary = summary(&runs);
    assert_eq!(summary.len(), measures(&runs[0]).len());
    let line = summary
        .iter()
        .find(|line| line.measure == "full-membership");
    let line = line.unwrap();
    assert_eq!((line.runs, line.mean, line.p50), (2, Some(3.0), Some(3.0)));
    // Standard error 1, one degree of freedom.
    assert_eq!(line.ci95, Some(12.706));
}

#[test]
fn a_page_is_self_contained_and_names_stay_text() {
    let mut run = sample::run(1);
    run.coverage[0].update = "<script>alert(1)</script>".to_owned();
    run.parameters.set("<img src=x>", "\"&");
    let page = html(&[run.clone()]);
    for foreign in ["http", "<script", "<img", "<link", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("&lt;img src=x&gt;"));
    assert!(!svg(&[run]).contains("<script"));
}

#[test]
fn a_browser_shows_every_plot_on_light_and_on_dark() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let many = shown::Expected {
        title: "lossy \"join\" <64 & more>, 20 runs",
        plots: 8,
    };
    for theme in [Theme::Light, Theme::Dark] {
        shown::check_page(&browser, &html(&seeds(1)), &shown::ONE, theme).unwrap();
    }
    shown::check_page(&browser, &html(&seeds(20)), &many, Theme::Light).unwrap();
    shown::check_words_are_whole(&browser, &html(&seeds(1))).unwrap();
    shown::check_svg(&browser, &svg(&seeds(1)), shown::ONE.plots).unwrap();
}

#[test]
fn a_page_that_shows_no_plots_is_noticed() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let page = html(&seeds(1));
    let bare: String = page
        .lines()
        .filter(|line| {
            !["<poly", "<rect"]
                .iter()
                .any(|shape| line.starts_with(shape))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let styled = |rule: &str| page.replace("</style>", &format!("{rule}</style>"));
    let scripted = "</main><script>console.error(1)</script>";
    let controls = [
        (bare, "has no shapes"),
        (
            page.replace("<svg", "<b").replace("</svg>", "</b>"),
            "0 plots",
        ),
        (
            styled("polyline,polygon,rect{opacity:0}"),
            "0 pixels in colour",
        ),
        (styled("svg text,svg line{opacity:0}"), "pixels in ink"),
        (styled("figure{display:none}"), "0 of "),
        (styled("table{visibility:hidden}"), "no nodes in"),
        (styled("body{background:black}"), "on a Light page"),
        (
            styled("main{width:2000px;max-width:none}"),
            "pixels to the side",
        ),
        (page.replace("</main>", scripted), "on the console"),
    ];
    for (control, complaint) in controls {
        assert_ne!(control, page, "{complaint}");
        let shown = shown::check_page(&browser, &control, &shown::ONE, Theme::Light);
        let error = shown.expect_err(complaint);
        assert!(error.contains(complaint), "{error}, and not {complaint}");
    }
}
