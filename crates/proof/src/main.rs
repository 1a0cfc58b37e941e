//! `claimledger-verify`: verifies proofs without the ledger, its keys or a network.

use claimledger_facts::record::{Header, leaf_hash};
use claimledger_proof::{
    checkpoint::TrustedLog,
    evidence::{EvidencePack, EvidenceReport, ReceiptFile, verify_manifest},
    note::{SignedNote, VerifierKey},
    receipt::Receipt,
    tlog_proof::TlogProof,
};
use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    error::Error,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

const USAGE: &str = "\
Verifies what claimledger signed, offline.

Usage: claimledger-verify proof FILE --key KEY
       claimledger-verify checkpoint FILE --key KEY
       claimledger-verify pack FILE --key KEY
       claimledger-verify receipt FILE --key KEY
       claimledger-verify manifest FILE --key KEY

  proof       a file of `claimledger prove`: that the record whose header is in it is in the log
  checkpoint  a file of `claimledger checkpoint`: that the log signed it
  pack        a file of `claimledger pack`, HTML or JSON: that its owner gave this answer about
              the session, that every record in it is in the log, and that nothing was altered
  receipt     a file of `claimledger … --receipt`: that its owner gave this answer to this
              question; read both: the caller chose the question
  manifest    a manifest of `claimledger export`: that its owner gave these rows, and that the file
              beside it has them
  --key KEY   the public key of the log, as `claimledger checkpoint` prints it

Exit status: 0 it holds, 1 it does not, 2 usage: also a key or a file that cannot be read.";

/// Why nothing was verified.
enum Failure {
    Usage,
    /// Nothing was checked: an argument names no key, or a file that cannot be read.
    Argument(String),
    Broken(Box<dyn Error>),
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match verify(&arguments) {
        Ok(shown) => {
            // A reader that has closed the pipe has the status.
            let _ = writeln!(io::stdout(), "{shown}");
            ExitCode::SUCCESS
        }
        Err(Failure::Usage) => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Argument(why)) => {
            eprintln!("nothing was verified: {}", shown(&why));
            ExitCode::from(2)
        }
        Err(Failure::Broken(error)) => {
            let mut why = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                why.push_str(&format!(": {error}"));
                cause = error.source();
            }
            // What was read may hold anything.
            eprintln!("DOES NOT HOLD: {}", why.escape_debug());
            ExitCode::FAILURE
        }
    }
}

fn verify(arguments: &[String]) -> Result<String, Failure> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (what, path, key) = match arguments[..] {
        [what, path, "--key", key] | [what, "--key", key, path] => (what, path, key),
        _ => return Err(Failure::Usage),
    };
    if !["proof", "checkpoint", "pack", "receipt", "manifest"].contains(&what) {
        return Err(Failure::Usage);
    }
    let key: VerifierKey =
        key.parse().map_err(|error| Failure::Argument(format!("--key: {error}")))?;
    let file = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    // A log signs with a key of its own name.
    let log = TrustedLog::new(key.name().to_owned(), vec![key])?;
    match what {
        "proof" => proof(&file, &log),
        "pack" => pack(&file, &log),
        "manifest" => manifest(Path::new(path), &file, &log),
        "receipt" => {
            let file = ReceiptFile::parse(&file)?;
            let receipt = file.verify(&log)?;
            let (question, terms) = (question(&file.query), terms(&receipt));
            Ok(format!("HOLDS: this answer was given to this question\n{terms}\n{question}"))
        }
        _ => {
            let checkpoint = log.open(&SignedNote::parse(&file)?)?;
            let head = checkpoint.head();
            Ok(format!("HOLDS: the log has signed {} records, root {}", head.size.0, head.root))
        }
    }
}

fn pack(file: &[u8], log: &TrustedLog) -> Result<String, Failure> {
    let EvidenceReport { receipt, session, head, headers, opened, closed } =
        EvidencePack::verify_file(file, log)?;
    Ok(format!(
        "HOLDS: this answer was given, and its {} records are among the {} that the log has \
         signed\n  session     {}\n{}\n  opened      {opened} personal blocks and originals; \
         {closed} stay committed",
        headers.len(),
        head.size.0,
        shown(&session),
        terms(&receipt),
    ))
}

/// A manifest, and the file beside it.
fn manifest(path: &Path, bytes: &[u8], log: &TrustedLog) -> Result<String, Failure> {
    let report = verify_manifest(bytes, log)?;
    // Nothing signs the name: it must not lead elsewhere.
    let name = Path::new(&report.file).file_name().ok_or("the manifest names no file")?;
    let file = path.with_file_name(name);
    let path = file.display().to_string();
    let mut rows = File::open(&file).map_err(|error| unreadable(&path, &error))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = rows.read(&mut buffer).map_err(|error| unreadable(&path, &error))?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    if HEXLOWER.encode(&digest.finalize()) != report.sha256 {
        let what = format!(
            "{path} was altered: `claimledger export verify` names the row, without a ledger"
        );
        return Err(what.into());
    }
    Ok(format!(
        "HOLDS: {} has the {} rows of this answer\n  list        {}\n{}",
        shown(&path),
        report.rows,
        shown(&report.query),
        terms(&report.receipt)
    ))
}

/// What a receipt says of the answer.
fn terms(receipt: &Receipt) -> String {
    format!(
        "  kind        {}\n  true at     {}\n  known at    {}\n  rules       {}\n  \
         log         {}",
        receipt.kind,
        receipt.at,
        receipt.known_at,
        shown(&receipt.rules),
        shown(&receipt.origin),
    )
}

/// The question of a receipt: variables, and the document line by line.
fn question(query: &str) -> String {
    let question: Value = serde_json::from_str(query).unwrap_or_default();
    let Some(document) = question["document"].as_str() else {
        return format!("  question    {}", shown(query));
    };
    let mut lines =
        format!("  variables   {}\n  question", shown(&question["variables"].to_string()));
    for line in document.lines() {
        lines.push_str(&format!("\n    {}", shown(line)));
    }
    lines
}

/// Text of which nothing is hidden. Quotes stay as they are.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::Argument(format!("{path}: {error}"))
}

fn proof(file: &[u8], log: &TrustedLog) -> Result<String, Failure> {
    let proof = TlogProof::parse(file)?;
    let bytes = proof.extra();
    if bytes.is_empty() {
        return Err("the file has no header of a record (`extra`)".into());
    }
    let checkpoint = proof.verify(&leaf_hash(bytes), log)?;
    let header = Header::decode(bytes)?;
    if header.position != proof.position() {
        return Err("the header is that of another position".into());
    }
    let occurred = match header.occurred.to {
        Some(to) => format!("between {} and {to}", header.occurred.from),
        None => header.occurred.from.to_string(),
    };
    Ok(format!(
        "HOLDS: record {} is one of the {} records that the log has signed\n  id          {}\n  \
         source      {}\n  source's id {}\n  occurred    {occurred}\n  recorded    {}",
        header.position,
        checkpoint.head().size.0,
        header.id,
        header.source.as_str().escape_debug(),
        header.source_id.as_str().escape_debug(),
        header.recorded_at,
    ))
}
