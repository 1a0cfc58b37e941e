//! Trains a dictionary for small bodies: `cargo run --release -p claimledger-facts --features train
//! --example train_dictionary -- FILE [KIB]`.
//!
//! It made `dictionaries/1.zstd-dict`, which is frozen: what this writes is the candidate for the
//! next id. The samples are made here, from a fixed seed; with the same version of zstd the same
//! bytes come out.

#[path = "../../tests/common/mod.rs"]
mod common;
mod native;
mod okta;
mod vary;

use std::{env, fs, process::ExitCode};

/// Written into the dictionary, and by it into every frame.
const ID: u32 = 1;
const SAMPLES_OF_EACH: usize = 3_000;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (Some(file), kib) =
        (args.next(), args.next().and_then(|kib| kib.parse().ok()).unwrap_or(32))
    else {
        eprintln!("usage: train_dictionary FILE [KIB]");
        return ExitCode::from(2);
    };
    match train(kib * 1024).and_then(|dictionary| fs::write(file, dictionary)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn train(max_bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut random = vary::Vary::new(20_260_310);
    let mut samples: Vec<Vec<u8>> = Vec::new();
    for _ in 0..SAMPLES_OF_EACH {
        samples.extend(okta::bodies(&mut random));
        samples.extend(native::bodies(&mut random));
    }
    eprintln!("{} samples, {} bytes", samples.len(), samples.iter().map(Vec::len).sum::<usize>());
    let mut dictionary = zstd::dict::from_samples(&samples, max_bytes)?;
    // RFC 8878, 5: magic number, then the id, which the trainer draws at random.
    dictionary[4..8].copy_from_slice(&ID.to_le_bytes());
    Ok(dictionary)
}
