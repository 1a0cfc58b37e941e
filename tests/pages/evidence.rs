//! The page of evidence and the form of the pack, in a real browser.

use crate::{
    evidence::trusted,
    proofs::{copy_ledger, first_lines, other_lines, the_rest},
    support::{
        Scratch,
        browser::{Browser, at, picture, quiet},
    },
};
use claimledger_domain::RULES;
use claimledger_facts::record::Header;
use claimledger_proof::evidence::{EvidencePack, PersonalPart};
use serde_json::json;
use std::{path::Path, time::Duration};

/// Pastes text into a form and sends it; what was found.
fn paste(browser: &Browser, name: &str, text: &str) -> String {
    browser.follow_script(&format!(
        "const t = document.querySelector('textarea[name={name}]'); t.value = {}; \
         t.form.querySelector('button').click()",
        json!(text)
    ));
    let found = browser.eval("return document.querySelector('#found')?.innerText");
    found.as_str().unwrap_or_else(|| panic!("nothing was found: {}", browser.text())).to_owned()
}

/// Two logs with the same keys and the same first records. Pasted is what the other one signed.
#[test]
fn pasted_checkpoints_and_receipts_are_compared() {
    let other = Scratch::rehearsal(&["acme"]);
    first_lines(&other, 20);
    let early = other.ok(&["checkpoint"]);
    let scratch = Scratch::new();
    copy_ledger(&other.data(), &scratch.data());
    the_rest(&other);
    let forked = other.ok(&["checkpoint"]);
    let lines = other_lines(&scratch);
    scratch.ok(&["--tenant", "acme", "ingest", "--source", "okta", &lines]);
    let path = scratch.path("receipt");
    scratch.ok(&["--receipt", path.to_str().unwrap(), "trust"]);
    let receipt = std::fs::read_to_string(&path).unwrap();
    let last = scratch.ok(&["checkpoint"]);
    let (ingest, read) = (scratch.token("acme", "ingest"), scratch.token("acme", "read"));
    let size = |note: &str| note.lines().nth(1).unwrap().to_owned();

    let server = scratch.serve();
    let browser = at(&server, "acme", "/evidence");
    let page = browser.text();
    let key = last.lines().next().unwrap();
    for words in [key, "claimledger-verify checkpoint FILE --key '", "Export decisions as"] {
        assert!(page.contains(words), "{words}\nin\n{page}");
    }
    let shown = browser.eval("return document.querySelector('#note').textContent");
    let (shown, signed) = (shown.as_str().unwrap(), size(&last).parse::<u64>().unwrap());
    assert!(size(shown).parse::<u64>().unwrap() >= signed, "{shown}");

    let found = paste(&browser, "checkpoint", &early);
    assert!(found.starts_with("Consistent"), "{found}");
    assert!(found.contains(&format!("The {} records of the saved", size(&early))), "{found}");
    assert!(found.contains(&format!("first of the {} records", size(shown))), "{found}");
    // As it is copied from the page.
    assert!(paste(&browser, "checkpoint", shown.trim()).starts_with("Consistent"));
    let found = paste(&browser, "checkpoint", &forked);
    assert!(found.contains("Not consistent: the log was rewritten"), "{found}");
    for size in [size(&forked), size(shown)] {
        assert!(found.contains(&format!("{size} records")), "{size}: {found}");
    }
    picture(&browser, "evidence-forked");
    let altered = early.replacen(&size(&early), "7", 1);
    let found = paste(&browser, "checkpoint", &altered);
    assert!(found.starts_with("Refused: this is no checkpoint of this log"), "{found}");

    // Longer than an address may be.
    let long = receipt.clone() + &" ".repeat(80_000);
    let found = paste(&browser, "receipt", &long);
    assert!(found.starts_with("Same"), "{found}");
    assert!(found.contains(&format!("R {RULES}")), "{found}");
    let altered = receipt.replacen("idp-x", "idp-q", 1);
    assert_ne!(altered, receipt);
    let found = paste(&browser, "receipt", &altered);
    assert!(found.contains("Refused: the answer was altered"), "{found}");

    let markup = "</textarea><img id=x src=x>\n\u{202e}& <script>document.title='x'</script>";
    for name in ["checkpoint", "receipt"] {
        let found = paste(&browser, name, markup);
        assert!(found.starts_with("Refused"), "{found}");
        let inert = browser.eval("return !document.querySelector('#x, main script')");
        assert_eq!(inert, true, "{name}");
    }
    let seen = markup.replace('\u{202e}', "");
    paste(&browser, "checkpoint", &seen);
    let kept = browser.eval("return document.querySelector('#since').value");
    assert_eq!(kept, seen, "what was pasted is there to be mended");
    assert_eq!(browser.address(), format!("{}/evidence", server.url));
    // The browser notes each page with the status of a refusal, and nothing else.
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("status of 422")), "{console:?}");
    quiet(&browser, &server);

    // Another site cannot send the form; and what needs a role says which.
    let evil = [("origin", "https://evil.example")];
    let body = b"checkpoint=x";
    let (status, _, page) = server.post_with("/evidence", Some(&read), &evil, body);
    assert_eq!(status, 422, "{page}");
    assert!(page.contains("sent from another site"), "{page}");
    for (token, words) in [
        (&read, "Saving lists as files needs the role export"),
        (&ingest, "Checkpoints and receipts are for the role read"),
    ] {
        let token = format!("Bearer {token}");
        let (status, _, page) = server.get("/evidence", &[("authorization", &token)]);
        assert_eq!(status, 200, "{page}");
        assert!(page.contains(words), "{words}: {page}");
        assert!(!page.contains("/v1/export/"), "{page}");
    }
}

/// Waits for a file that the browser saves.
fn saved(dir: &Path, name: &str) -> Vec<u8> {
    for _ in 0..200 {
        // The browser reserves the name with an empty file and replaces it by the whole download
        // in one rename.
        match std::fs::read(dir.join(name)) {
            Ok(bytes) if !bytes.is_empty() => return bytes,
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let there: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|it| it.path()).collect();
    panic!("{name} was not saved: {there:?}");
}

#[test]
fn the_pack_of_a_page_is_of_its_t_and_k_and_passes_the_verifier() {
    let scratch = Scratch::fixture();
    let log = trusted(&scratch);
    let header = scratch.json(&["--tenant", "acme", "prove", "#24"])["header"].clone();
    let header = data_encoding::BASE64.decode(header.as_str().unwrap().as_bytes()).unwrap();
    let header = Header::decode(&header).unwrap();
    let (read, export) = (scratch.token("acme", "read"), scratch.token("acme", "read,export"));
    let server = scratch.serve();
    let address =
        format!("/session?id=S2&at=2026-03-10T13:00:00Z&knownAtPosition=40&rules={RULES}");
    let browser = at(&server, "acme", &format!("{address}&open=24"));
    let page = browser.text();
    for words in [
        &header.facts.to_string(),
        &header.original.plain.to_string(),
        "claimledger prove '#24' > 24.tlog-proof",
        "claimledger-verify proof 24.tlog-proof --key 'KEY'",
        "stay commitments unless they are opened",
    ] {
        assert!(page.contains(words), "{words}\nin\n{page}");
    }
    picture(&browser, "session-pack");

    let dir = scratch.path("saved");
    std::fs::create_dir(&dir).unwrap();
    let allowed = json!({"behavior": "allow", "downloadPath": dir});
    browser.cdp("Browser.setDownloadBehavior", &allowed);
    browser.eval(
        "const f = document.querySelector('#pack form[action=\"/v1/evidence\"]'); \
         f.elements.open.value = 'personal'; f.querySelector('button').click()",
    );
    let pack = saved(&dir, "evidence.html");
    let report = EvidencePack::verify_file(&pack, &log).unwrap();
    assert_eq!(report.receipt.at.to_string(), "2026-03-10T13:00:00Z");
    assert_eq!((report.receipt.known_at.0, report.opened > 0), (40, true));
    let opened = EvidencePack::parse(&pack).unwrap();
    let is_open = |part: &PersonalPart| matches!(part, PersonalPart::Opened(_));
    assert!(opened.records.iter().flat_map(|record| &record.personal).all(is_open));
    browser.eval("document.querySelector('#pack form.export button').click()");
    let timeline = String::from_utf8(saved(&dir, "timeline-40.csv")).unwrap();
    assert!(timeline.contains(",S2-claims,"), "{timeline}");
    quiet(&browser, &server);

    let page = |token: &str| {
        let token = format!("Bearer {token}");
        let (status, _, page) = server.get(&address, &[("authorization", &token)]);
        assert_eq!(status, 200, "{page}");
        page
    };
    let page_of_reader = page(&read);
    assert!(page_of_reader.contains("this session needs the role export"), "{page_of_reader}");
    assert!(!page_of_reader.contains("/v1/evidence"), "{page_of_reader}");
    let page_of_exporter = page(&export);
    for word in ["personal", "originals"] {
        let closed = format!("<option value=\"{word}\" disabled>");
        assert!(page_of_exporter.contains(&closed), "{closed}: {page_of_exporter}");
    }
    let token = format!("Bearer {export}");
    let other = "/v1/evidence?session=S2&rules=r0";
    let (status, _, body) = server.get(other, &[("authorization", &token)]);
    assert_eq!(status, 422, "an answer by other rules than those named: {body}");
}
