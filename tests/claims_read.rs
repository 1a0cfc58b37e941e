//! How claims, their factors, keys, links and intervals are read (`semantics.md` 3, 6, 7, 8, 11,
//! 15, 25, 29, 42): small rehearsal ledgers, asked through the shipped binary.

use crate::support::Scratch;
use serde_json::{Value, json};

const END: &str = "2026-03-10T23:00:00Z";

fn time(of_day: &str) -> String {
    format!("2026-03-10T{of_day}Z")
}

/// A fact of session `S` and person `u-alice`, recorded when it occurred.
fn fact(id: &str, kind: &str, at: &str, data: Value) -> Value {
    json!({"id": id, "type": kind, "source": "sp", "session": "S", "subject": {"id": "u-alice"},
        "occurred_at": time(at), "recorded_at": time(at), "data": data})
}

fn with(mut fact: Value, field: &str, value: Value) -> Value {
    fact[field] = value;
    fact
}

/// A fact that names no session and no person.
fn config(id: &str, kind: &str, at: &str, data: Value) -> Value {
    let mut fact = fact(id, kind, at, data);
    let fields = fact.as_object_mut().expect("an object");
    fields.remove("session");
    fields.remove("subject");
    fact
}

/// A fact about a person that names no session.
fn about(id: &str, kind: &str, at: &str, subject: Value, data: Value) -> Value {
    with(config(id, kind, at, data), "subject", subject)
}

/// An Okta IdP `okta`, a third-party IdP `x` with a key `K`, and the policies `any` (one factor
/// type), `two` and `strong`.
fn configured() -> Vec<Value> {
    let idp = |id: &str, kind: &str| {
        config(
            id,
            "idp.configured",
            "08:00:00",
            json!({"idp": id, "version": "t1", "kind": kind, "status": "active",
                "trust_claims": true}),
        )
    };
    let policy = |id: &str, rule: Value| {
        let mut whole =
            json!({"rule": "r", "priority": 1, "access": "allow", "factor_mode": "2fa"});
        whole
            .as_object_mut()
            .expect("an object")
            .extend(rule.as_object().expect("an object").clone());
        config(
            id,
            "policy.configured",
            "08:00:00",
            json!({"policy": id, "version": "v1", "kind": "app_sign_in", "rules": [whole]}),
        )
    };
    vec![
        config(
            "org",
            "org.configured",
            "08:00:00",
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        ),
        idp("okta", "okta_identity_engine"),
        idp("x", "third_party"),
        config("key", "idp.key_added", "08:00:00", json!({"idp": "x", "key": "K"})),
        policy("any", json!({"factor_mode": "1fa"})),
        policy("two", json!({})),
        policy("strong", json!({"alternatives": [{"possession": {"phishing_resistant": true}}]})),
    ]
}

fn decided(id: &str, at: &str, policy: &str) -> Value {
    fact(
        id,
        "policy.decided",
        at,
        json!({"app": "wiki", "policy": policy, "outcome": "allow", "rule": "r"}),
    )
}

fn ledger(facts: Vec<Value>) -> Scratch {
    let scratch = Scratch::rehearsal(&["acme"]);
    add(&scratch, "facts.jsonl", facts);
    scratch
}

fn add(scratch: &Scratch, file: &str, mut facts: Vec<Value>) {
    // A rehearsal takes lines in the order in which they were recorded.
    facts.sort_by_key(|fact| fact["recorded_at"].as_str().map(str::to_owned));
    let lines: Vec<String> = facts.iter().map(ToString::to_string).collect();
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file(file, lines.join("\n"))]);
}

fn graphql(scratch: &Scratch, query: &str) -> Value {
    let token = scratch.token("acme", "read,investigate");
    scratch.serve().graphql(&token, query, json!({}))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One text a row of a list, of these fields.
fn rows(list: &Value, fields: &[&str]) -> Vec<String> {
    let row = |row: &Value| {
        fields
            .iter()
            .map(|field| text(row.pointer(field).unwrap_or(&Value::Null)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    list.as_array().expect("a list").iter().map(row).collect()
}

#[test]
fn two_methods_of_one_name_are_two_factors_and_methods_outrank_amr() {
    // The first is no passkey: as long as it hides the second, the strong rule is not met.
    let methods = json!([
        {"method": "webauthn", "properties": ["user_presence"], "authenticator": "old"},
        {"method": "webauthn", "properties": ["device_bound", "phishing_resistant",
            "user_presence"], "authenticator": "new"},
        {"method": "password"},
    ]);
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "okta", "assertion": "a", "amr": ["pwd", "hwk"], "methods": methods}),
    ));
    facts.push(decided("decided", "10:00:01", "strong"));
    // Without properties they outrank amr too.
    let plain = json!([{"method": "password"}, {"method": "totp"}]);
    let second = fact(
        "claim-2",
        "claims.received",
        "10:00:00",
        json!({"idp": "okta", "assertion": "b", "amr": ["pwd", "sc"], "methods": plain}),
    );
    facts.push(with(second, "session", json!("S2")));
    facts.push(about(
        "lost",
        "authenticator.lost",
        "12:00:00",
        json!({"id": "u-alice"}),
        json!({"methods": ["webauthn"], "authenticator": "new"}),
    ));
    let scratch = ledger(facts);
    let session = |id: &str| {
        format!(
            "session(id: \"{id}\", asking: {{at: \"{END}\"}}) \
             {{ session {{ factors {{ method amr authenticator until }} ignored {{ method }} decisions {{ implied reliedOn {{ authenticator }} }} }} }}"
        )
    };
    let answer = graphql(&scratch, &format!("{{ one: {} two: {} }}", session("S"), session("S2")));
    let one = &answer["one"]["session"];
    let factors = rows(&one["factors"], &["/method", "/amr", "/authenticator", "/until"]);
    assert_eq!(
        factors,
        [
            "webauthn null old null",
            "webauthn null new 2026-03-10T12:00:00Z",
            "password null null null"
        ]
    );
    assert_eq!(one["decisions"][0]["implied"], "ALLOW");
    assert_eq!(rows(&one["decisions"][0]["reliedOn"], &["/authenticator"]), ["old", "new", "null"]);
    let two = &answer["two"]["session"];
    assert_eq!(rows(&two["factors"], &["/method", "/amr"]), ["password null", "totp null"]);
    assert_eq!(two["ignored"], json!([]));
    // By its name both are explained, each by itself.
    let why = scratch.ok(&["--tenant", "acme", "--at", END, "why", "S", "--factor", "webauthn"]);
    assert_eq!(why.matches("webauthn of okta counted in S").count(), 2, "{why}");
    // What the loss changed is said of the one that it ended, and not of the other.
    let diff = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        END,
        "belief-diff",
        "S",
        "--from",
        "2026-03-10T11:00:00Z",
    ]);
    assert_eq!(diff["changes"].as_array().map(Vec::len), Some(1), "{diff:#}");
}

#[test]
fn a_third_party_idp_without_amr_is_void_whatever_methods_it_sent() {
    let mut facts = configured();
    let methods = json!([{"method": "password"}]);
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": [], "methods": methods}),
    ));
    facts.push(decided("decided", "10:00:01", "any"));
    let scratch = ledger(facts);
    let session = scratch.json(&["--tenant", "acme", "--at", END, "session", "S"]);
    assert_eq!(rows(&session["session"]["ignored"], &["/reasons/0"]), ["no_amr"], "{session:#}");
    assert_eq!(session["session"]["decisions"][0]["implied"], "DENY");
}

#[test]
fn a_retraction_lists_every_session_that_it_hits_and_a_loss_only_what_it_ended() {
    let mut facts = configured();
    let of = |session: &str, fact: Value| with(fact, "session", json!(session));
    let claim = |id: &str, key: Value| {
        fact(
            id,
            "claims.received",
            "10:00:00",
            json!({"idp": "x", "assertion": id, "amr": ["pwd", "hwk"], "key": key}),
        )
    };
    facts.push(of("counted", claim("c-1", json!("K"))));
    facts.push(of("ignored", claim("c-2", json!("K"))));
    facts.push(of(
        "ignored",
        fact("c-2-ignored", "claim.ignored", "10:00:01", json!({"assertion": "c-2"})),
    ));
    facts.push(of("unseen", fact("start", "session.started", "10:00:00", json!({"idp": "x"}))));
    facts.push(of("ended", claim("c-3", json!("K"))));
    facts.push(of("ended", fact("end", "session.ended", "10:30:00", json!({"reason": "logout"}))));
    let retracted = |id: &str, actor: &str, more: Value| {
        let mut data =
            json!({"idp": "x", "from": time("09:00:00"), "reason": "leaked", "actor": actor});
        data.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        config(id, "trust.retracted", "14:00:00", data)
    };
    facts.push(retracted("whole", "ops", json!({})));
    let lost = |id: &str, actor: &str, from: &str| {
        about(
            id,
            "authenticator.lost",
            "15:00:00",
            json!({"id": "u-alice"}),
            json!({"methods": ["hwk"], "from": time(from), "actor": actor}),
        )
    };
    facts.push(lost("lost-1", "help-1", "11:00:00"));
    facts.push(lost("lost-2", "help-2", "12:00:00"));
    let scratch = ledger(facts);
    let hit = |actor: &str| {
        let found =
            scratch.json(&["--tenant", "acme", "--at", END, "dependants", "--actor", actor]);
        rows(&found["items"][0]["sessions"], &["/session", "/certainty"])
    };
    assert_eq!(
        hit("ops"),
        ["counted CERTAIN", "ended CERTAIN", "ignored CERTAIN", "unseen CERTAIN"]
    );
    assert_eq!(
        hit("help-1"),
        ["counted CERTAIN"],
        "not what ended before, and not what never counted"
    );
    assert_eq!(hit("help-2"), Vec::<String>::new(), "it had ended by the first loss");
}

#[test]
fn a_claim_that_names_no_key_is_possible_in_decisions_and_in_what_falls() {
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": ["pwd", "otp"]}),
    ));
    facts.push(decided("decided", "10:00:01", "two"));
    let scratch = ledger(facts);
    let key = ["--tenant", "acme", "--at", END, "decisions", "--key", "K"];
    let found = scratch.json(&key);
    assert_eq!(
        rows(&found["edges"], &["/node/record/sourceId", "/certainty"]),
        ["decided POSSIBLE"]
    );
    assert!(scratch.ok(&key).contains("possible"), "the table says so");
    let other = scratch.run(&["--tenant", "acme", "--at", END, "decisions", "--key", "other"]);
    assert_eq!(other.status.code(), Some(1), "no such key is stated");
    let window = ["--from", "2026-03-10T09:00:00Z", "--to", "2026-03-10T11:00:00Z"];
    let rehearse = |scratch: &Scratch| {
        let mut args = vec![
            "--tenant",
            "acme",
            "--at",
            END,
            "rehearse",
            "retraction",
            "--idp",
            "x",
            "--key",
            "K",
        ];
        args.extend(window);
        scratch.json(&args)
    };
    let rehearsed = rehearse(&scratch);
    assert_eq!(
        rows(&rehearsed["falls"], &["/certainty", "/before", "/after"]),
        ["POSSIBLE ALLOW ALLOW"],
        "{rehearsed:#}"
    );
    assert_eq!(rehearsed["flips"], json!([]));
    assert_eq!(rehearsed["unchanged"], json!([]), "what may fall does not stay what it was");
    // Stated, it leaves what the claim implies as it is, and is possible.
    add(
        &scratch,
        "more.jsonl",
        vec![config(
            "retracted",
            "trust.retracted",
            "12:00:00",
            json!({"idp": "x", "key": "K", "from": time("09:00:00"), "reason": "leaked"}),
        )],
    );
    let session =
        scratch.json(&["--tenant", "acme", "--at", END, "session", "S"])["session"].clone();
    assert_eq!(
        rows(&session["factors"], &["/amr", "/byRules", "/certainty", "/void"]),
        ["pwd true CERTAIN []", "otp true CERTAIN []"]
    );
    assert_eq!(rows(&session["falsifiers"], &["/code", "/certainty"]), ["key_retracted POSSIBLE"]);
    assert_eq!(rows(&session["decisions"], &["/implied", "/atK/implied"]), ["ALLOW ALLOW"]);
}

#[test]
fn a_claim_known_as_an_interval_is_possible_inside_it_in_every_list() {
    let mut facts = configured();
    let vague = |fact: Value| {
        with(fact, "occurred_at", json!({"from": time("10:00:00"), "to": time("11:00:00")}))
    };
    let claim = |id: &str| {
        fact(
            id,
            "claims.received",
            "11:00:00",
            json!({"idp": "x", "assertion": "a", "amr": ["pwd"], "key": "K"}),
        )
    };
    facts.push(vague(claim("claim")));
    facts.push(decided("inside", "10:30:00", "any"));
    facts.push(decided("after", "11:00:00", "any"));
    facts.push(with(vague(claim("claim-2")), "session", json!("S2")));
    facts.push(config(
        "retracted",
        "trust.retracted",
        "12:00:00",
        json!({"idp": "x", "from": time("10:30:00"), "reason": "leaked", "actor": "ops"}),
    ));
    let scratch = ledger(facts);
    let query = |at: &str| {
        format!(
            "{{ session(id: \"S\", asking: {{at: \"{at}\"}}) {{ session {{ factors {{ amr certainty missing void }}
                falsifiers {{ certainty words }} decisions {{ record {{ sourceId }} reliedOn {{ certainty }} }} }} }}
              sessions(filter: {{key: \"K\"}}, asking: {{at: \"{at}\"}}) {{ edges {{ node {{ id }} certainty }} }}
              decisions(filter: {{key: \"K\"}}, asking: {{at: \"{at}\"}}) {{ edges {{ node {{ record {{ sourceId }} }} certainty }} }}
              firstSeen(kind: KEY, asking: {{at: \"{at}\"}}) {{ items {{ key certainty }} }}
              reused(asking: {{at: \"{at}\"}}) {{ items {{ certainty }} }}
              dependants(actor: \"ops\", asking: {{at: \"{at}\"}}) \
              {{ items {{ sessions {{ session certainty }} }} }} }}"
        )
    };
    let answers = |at: &str| graphql(&scratch, &query(&time(at)));
    let (inside, after) = (answers("10:40:00"), answers("11:00:00"));
    let session = |answer: &Value| answer["session"]["session"].clone();
    assert_eq!(
        rows(&session(&inside)["factors"], &["/amr", "/certainty", "/missing", "/void"]),
        ["pwd POSSIBLE [\"exact_time\"] []"]
    );
    assert_eq!(
        rows(&session(&after)["decisions"], &["/record/sourceId", "/reliedOn/0/certainty"]),
        ["inside POSSIBLE", "after POSSIBLE"]
    );
    assert_eq!(
        rows(&inside["sessions"]["edges"], &["/node/id", "/certainty"]),
        ["S POSSIBLE", "S2 POSSIBLE"]
    );
    assert_eq!(
        rows(&after["sessions"]["edges"], &["/node/id", "/certainty"]),
        ["S CERTAIN", "S2 CERTAIN"]
    );
    assert_eq!(
        rows(&after["decisions"]["edges"], &["/node/record/sourceId", "/certainty"]),
        ["inside POSSIBLE", "after CERTAIN"]
    );
    assert_eq!(rows(&inside["firstSeen"]["items"], &["/key", "/certainty"]), ["K POSSIBLE"]);
    assert_eq!(rows(&after["firstSeen"]["items"], &["/key", "/certainty"]), ["K CERTAIN"]);
    assert_eq!(
        (&inside["reused"]["items"][0]["certainty"], &after["reused"]["items"][0]["certainty"]),
        (&json!("POSSIBLE"), &json!("CERTAIN"))
    );
    // The retraction may reach it or not, also when the interval is over: no plain void, and its
    // reason says so.
    let falsifiers = rows(&session(&after)["falsifiers"], &["/certainty", "/words"]);
    let words = "trust in x retracted from 10:30:00Z, recorded 12:00:00Z; whether the claim came \
                 before that is not known";
    assert_eq!(falsifiers, [format!("POSSIBLE {words}")]);
    assert_eq!(
        rows(&session(&after)["factors"], &["/certainty", "/missing", "/void"]),
        ["POSSIBLE [\"exact_time\"] []"]
    );
    assert_eq!(
        rows(&after["dependants"]["items"][0]["sessions"], &["/session", "/certainty"]),
        ["S POSSIBLE", "S2 POSSIBLE"]
    );
}

#[test]
fn a_back_fill_closes_just_the_part_of_a_gap_that_it_covers() {
    let span = |id: &str, kind: &str, at: &str, from: &str, until: &str| {
        config(id, kind, at, json!({"from": time(from), "until": time(until)}))
    };
    let scratch = ledger(vec![
        config(
            "heard",
            "source.heard",
            "13:00:00",
            json!({"until": time("23:30:00"), "basis": "stated"}),
        ),
        span("silent", "source.silent", "13:00:00", "10:00:00", "12:00:00"),
        span("filled", "source.backfilled", "14:00:00", "10:30:00", "11:00:00"),
        span("more", "source.backfilled", "15:00:00", "11:00:00", "12:30:00"),
    ]);
    let gaps = |known_at: &str| {
        let answer = scratch.json(&[
            "--tenant",
            "acme",
            "--at",
            END,
            "--known-at",
            known_at,
            "completeness",
        ]);
        let source = answer["items"]
            .as_array()
            .expect("sources")
            .iter()
            .find(|source| source["source"] == "sp")
            .expect("sp")
            .clone();
        let gap = |gap: &Value| {
            format!(
                "{} {} {}",
                &text(&gap["from"])[11..16],
                &text(&gap["until"])[11..16],
                gap["backfilled"]
            )
        };
        source["gaps"].as_array().expect("gaps").iter().map(gap).collect::<Vec<_>>()
    };
    assert_eq!(gaps("2026-03-10T13:30:00Z"), ["10:00 12:00 false"]);
    assert_eq!(
        gaps("2026-03-10T14:30:00Z"),
        ["10:00 10:30 false", "10:30 11:00 true", "11:00 12:00 false"]
    );
    assert_eq!(gaps("2026-03-10T16:00:00Z"), ["10:00 10:30 false", "10:30 12:00 true"]);
}

#[test]
fn linked_identities_are_one_person_for_losses_and_lists_from_when_that_is_known() {
    let mut facts = configured();
    let claim = |id: &str| {
        fact(
            id,
            "claims.received",
            "10:00:00",
            json!({"idp": "x", "assertion": id, "amr": ["pwd", "otp"], "key": "K"}),
        )
    };
    facts.push(claim("c-1"));
    facts.push(decided("decided", "11:30:00", "two"));
    let bob = json!({"id": "u-bob", "login": "bob@acme.example"});
    facts.push(with(with(claim("c-2"), "session", json!("B")), "subject", bob.clone()));
    // Named by login before they are seen: Carol's account comes up only later.
    facts.push(about(
        "link-c",
        "subject.linked",
        "09:00:00",
        json!({"id": "u-alice"}),
        json!({"other": "carol@acme.example", "same": true}),
    ));
    let carol = json!({"id": "u-carol", "login": "carol@acme.example"});
    facts.push(with(
        with(with(claim("c-3"), "session", json!("C")), "subject", carol),
        "recorded_at",
        json!(time("10:30:00")),
    ));
    facts.push(about(
        "lost",
        "authenticator.lost",
        "12:00:00",
        bob,
        json!({"methods": ["otp"], "from": time("11:00:00"), "actor": "help"}),
    ));
    facts.push(about(
        "link-b",
        "subject.linked",
        "13:00:00",
        json!({"id": "u-alice"}),
        json!({"other": "bob@acme.example", "same": true}),
    ));
    facts.push(about(
        "part-b",
        "subject.linked",
        "15:00:00",
        json!({"id": "u-bob"}),
        json!({"other": "u-alice", "same": false}),
    ));
    let scratch = ledger(facts);
    let ask = |known_at: &str, args: &[&str]| {
        let mut all = vec!["--tenant", "acme", "--at", END, "--known-at", known_at];
        all.extend(args);
        scratch.json(&all)
    };
    let (before, linked, parted) =
        ("2026-03-10T12:30:00Z", "2026-03-10T14:00:00Z", "2026-03-10T16:00:00Z");
    let of_alice = |known_at| {
        rows(&ask(known_at, &["sessions", "--subject", "u-alice"])["edges"], &["/node/id"])
    };
    assert_eq!(of_alice(before), ["S", "C"]);
    assert_eq!(of_alice(linked), ["S", "B", "C"]);
    assert_eq!(of_alice(parted), ["S", "C"]);
    assert_eq!(
        rows(&ask(linked, &["sessions", "--subject", "bob@acme.example"])["edges"], &["/node/id"]),
        ["S", "B", "C"]
    );
    let session = |known_at| ask(known_at, &["session", "S"])["session"].clone();
    let otp = |known_at| text(&session(known_at)["factors"][1]["until"]);
    assert_eq!(
        (otp(before), otp(linked), otp(parted)),
        ("null".to_owned(), time("11:00:00"), "null".to_owned())
    );
    assert_eq!(
        rows(&session(linked)["decisions"], &["/falsifiedLater/code", "/later/0/code"]),
        ["authenticator_lost authenticator_lost"]
    );
    let ended = |known_at| {
        rows(
            &ask(known_at, &["dependants", "--actor", "help"])["items"][0]["sessions"],
            &["/session"],
        )
    };
    assert_eq!(
        (ended(before), ended(linked)),
        (vec!["B".to_owned()], ["B", "C", "S"].map(str::to_owned).to_vec())
    );
}

#[test]
fn a_link_names_a_session_and_else_a_record_of_its_own_source() {
    let opened = |id: &str, source: &str, session: &str, at: &str| {
        with(
            with(fact(id, "app.accessed", at, json!({"app": "wiki"})), "source", json!(source)),
            "session",
            json!(session),
        )
    };
    let link = |id: &str, session: &str, to: &str| {
        with(
            fact(id, "session.linked", "11:00:00", json!({"to": to, "by": "root"})),
            "session",
            json!(session),
        )
    };
    let scratch = ledger(vec![
        opened("ev-1", "other", "A", "10:00:00"),
        opened("ev-1", "sp", "B", "10:00:01"),
        link("l-1", "C", "ev-1"),
        opened("D", "sp", "E", "10:00:02"),
        opened("d", "sp", "D", "10:00:03"),
        link("l-2", "F", "D"),
    ]);
    let aliases = |id: &str| {
        scratch.json(&["--tenant", "acme", "--at", END, "session", id])["session"]["aliases"]
            .clone()
    };
    assert_eq!(
        aliases("C"),
        json!(["C"]),
        "of two records of that id, the one of its own source: B"
    );
    assert_eq!(aliases("A"), json!([]));
    assert_eq!(
        aliases("D"),
        json!(["F"]),
        "a session of that name is meant, not the record that is named as it is"
    );
    assert_eq!(aliases("E"), json!([]));
}

#[test]
fn a_refusal_where_the_rules_imply_allow_differs_and_a_loss_after_t_ends_nothing_yet() {
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": ["pwd", "otp"], "key": "K"}),
    ));
    let refused = json!({"app": "wiki", "policy": "two", "outcome": "deny", "rule": "r"});
    facts.push(fact("refused", "policy.decided", "10:00:01", refused));
    let lost = json!({"methods": ["otp"], "from": time("12:00:00")});
    facts.push(about("lost", "authenticator.lost", "13:00:00", json!({"id": "u-alice"}), lost));
    let scratch = ledger(facts);
    let found = scratch.json(&["--tenant", "acme", "--at", END, "decisions", "--differs"]);
    assert_eq!(
        rows(&found["edges"], &["/node/record/sourceId", "/node/differs/code"]),
        ["refused refused_though_met"]
    );
    let otp = |at: &str| {
        scratch.json(&["--tenant", "acme", "--at", &time(at), "session", "S"])["session"]["factors"]
            [1]
        .clone()
    };
    assert_eq!(
        (text(&otp("11:59:59")["until"]), text(&otp("11:59:59")["endReason"])),
        ("null".to_owned(), "null".to_owned())
    );
    assert_eq!(text(&otp("12:00:00")["until"]), time("12:00:00"));
}
