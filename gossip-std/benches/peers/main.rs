//! peers
mod chitchat_socket;
mod chitchat_world;
mod foca_host;
mod hosted;
mod ours;
mod standin;
mod subject;
mod timed;
use std::num::NonZeroU32;
use gossip_std::sim::Span;
use subject::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: u32 = args[1].parse().unwrap();
    for p in args[2].split(',') {
    let (protocol, entries) = match p { "ours" => (Protocol::Ours, 0), "ours16" => (Protocol::Ours, 16), "foca" => (Protocol::Foca, 0), "c0" => (Protocol::Chitchat(chitchat::ProtocolVersion::V0), 16), _ => (Protocol::Chitchat(chitchat::ProtocolVersion::V1), 16) };
    let mtu = args[3].parse().unwrap();
    let setup = Setup { nodes: NonZeroU32::new(n).unwrap(), entries, mtu, seed: 1 };
    let t = std::time::Instant::now();
    let mut s = start(protocol, &setup);
    let m = s.run_while(Span::from_secs(args[4].parse().unwrap()), Span::from_millis(50), |s| s.is_complete(n));
    eprintln!("{p} complete {m:?} bytes/node {} busy {:?} real {:?}", s.sent_bytes() / n as u64, s.busy(), t.elapsed());
    if entries > 0 {
    let m = s.run_while(Span::from_secs(args[4].parse().unwrap()), Span::from_millis(50), |s| (0..n).all(|h| s.entries(h) == n * 16));
    eprintln!("  entries +{m:?} bytes/node {} busy {:?} real {:?}", s.sent_bytes() / n as u64, s.busy(), t.elapsed());
    }
    s.run(Span::from_secs(30));
    let (b, u) = (s.sent_bytes(), s.busy());
    s.downs();
    s.run(Span::from_secs(30));
    eprintln!("  steady {:.1} B/node/s, cpu {:.2} us, downs {}, real {:?}", (s.sent_bytes() - b) as f64 / n as f64 / 30.0, (s.busy() - u).as_secs_f64() * 1e6 / n as f64 / 30.0, s.downs().len(), t.elapsed());
    }
}
