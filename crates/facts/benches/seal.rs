//! How long sealing and reading take: `cargo bench -p claimledger-facts --bench seal`. It measures,
//! and asserts nothing.

#[path = "../tests/common/mod.rs"]
mod common;

use claimledger_facts::{
    ids::LogPosition, ids::SourceId, random::SystemRandom, seal, vocabulary::Channel,
};
use common::*;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

fn best_of(runs: usize, mut run: impl FnMut()) -> Duration {
    const EACH: u32 = 2000;
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        for _ in 0..EACH {
            run();
        }
        best = best.min(start.elapsed() / EACH);
    }
    best
}

fn main() {
    let mut draft = draft_of("claims.received");
    draft.original = format!(
        concat!(
            r#"{{"id":"S7-claims","type":"claims.received","occurred_at":"2026-03-10T09:30:00Z","#,
            r#""source":"acme-sp","session":"S7","subject":{{"id":"u-alice","#,
            r#""login":"alice@acme.example","name":"Alice Ångström"}},"#,
            r#""client":{{"ip":"203.0.113.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}},"#,
            r#""data":{}}}"#
        ),
        draft.facts[0].data.to_value().unwrap()
    )
    .into_bytes();
    draft.canonical = draft.original.clone();
    let (tenant, source, keys, persons) =
        (tenant(), SourceId::from("acme-sp"), tenant_keys(), persons(1));
    let sealed = || {
        let input = seal::SealInput {
            tenant: &tenant,
            source: &source,
            channel: Channel::Http,
            draft: &draft,
            persons: &persons,
            keys: &keys,
            random: &SystemRandom,
        };
        seal::seal(input).unwrap()
    };
    let entry = sealed().finish(LogPosition(1_000_000), time("2026-03-10T09:30:01Z"), false, false);
    let header = entry.header.decode().unwrap();
    println!(
        "line {} bytes, entry {} bytes: header {}, facts {}, personal {}, original {}",
        draft.original.len(),
        entry.size(),
        entry.header.bytes.len(),
        entry.facts.len(),
        entry.personal.bytes().map_or(0, <[u8]>::len),
        entry.original.bytes().map_or(0, <[u8]>::len)
    );
    println!(
        "seal and finish  {:?}",
        best_of(5, || _ =
            black_box(sealed().finish(LogPosition(1), time("2026-03-10T09:30:01Z"), false, false)))
    );
    println!("decode header    {:?}", best_of(5, || _ = black_box(entry.header.decode().unwrap())));
    println!("decode           {:?}", best_of(5, || _ = black_box(entry.decode().unwrap())));
    println!(
        "open personal    {:?}",
        best_of(5, || _ =
            black_box(seal::open_personal(&entry, &header, &keys, &persons).unwrap()))
    );
    println!(
        "open original    {:?}",
        best_of(5, || _ =
            black_box(seal::open_original(&entry, &header, &keys, &persons).unwrap()))
    );
}
