//! Reports of hand-made runs: what they say, and that a browser shows their plots.

#[path = "report/sample.rs"]
mod sample;

use gossip_std::sim::report;

#[test]
fn dump() {
    let one = [sample::run(1)];
    let many: Vec<_> = (0..20).map(sample::run).collect();
    std::fs::write("/tmp/one.html", report::html(&one)).unwrap();
    std::fs::write("/tmp/many.html", report::html(&many)).unwrap();
    std::fs::write("/tmp/one.svg", report::svg(&one)).unwrap();
    std::fs::write("/tmp/one.json", report::json(&one)).unwrap();
    println!("{}\n\n{}", report::text(&one), report::text(&many));
}
