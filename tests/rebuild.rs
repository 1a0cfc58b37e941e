//! The read models can be deleted: rebuilt from the log they have the same rows and give the same
//! answers.

use crate::support::{self, Scratch, Server};
use serde_json::{Value, json};
use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// The read models of this build, as the status names them.
fn name_of_rows() -> String {
    format!("sessions {}", claimledger_ledger::generations::VIEWS_VERSION)
}

#[test]
fn rebuild_gives_the_same_rows_and_answers() {
    let scratch = Scratch::fixture();
    let ask = || -> Vec<String> {
        ["acme", "globex"]
            .iter()
            .flat_map(|tenant| {
                let mut all = vec![
                    scratch.ok(&[
                        "--tenant", tenant, "--format", "json", "sessions", "--first", "500",
                    ]),
                    scratch.ok(&["--tenant", tenant, "status", "--rows"]),
                ];
                for session in ["S1", "S2", "S5", "S7", "GX1"] {
                    all.push(support::text(
                        &scratch
                            .run(&["--tenant", tenant, "--format", "json", "session", session])
                            .stdout,
                    ));
                    all.push(support::text(
                        &scratch.run(&["--tenant", tenant, "why", session]).stdout,
                    ));
                }
                all
            })
            .collect()
    };
    let before = ask();
    assert!(
        before.iter().any(|text| text.contains("S7")) && before[1].lines().count() > 100,
        "there are rows to compare"
    );
    for tenant in ["acme", "globex"] {
        let report = scratch.ok(&["--tenant", tenant, "rebuild"]);
        assert!(report.contains("rebuilt") && report.contains("equal"), "{report}");
    }
    assert!(scratch.ok(&["--tenant", "acme", "status"]).contains(&name_of_rows()));
    assert_eq!(ask(), before);

    // Deleted as a whole, they are rebuilt automatically.
    for name in ["views", "views-wal", "views-shm"] {
        let _ = std::fs::remove_file(scratch.data().join(name));
    }
    assert_eq!(ask(), before);
}

/// More lines than one batch of the projector, each about its own session.
fn many(lines: usize) -> String {
    let line = |n: usize| {
        json!({"id": format!("m{n}"), "type": "app.accessed", "occurred_at": "2026-03-10T08:00:00Z",
            "session": format!("M{}", n % 400),
               "subject": {"id": format!("u-m{}", n % 50)}, "data": {"app": "wiki",
                   "app_session": format!("a{n}")}})
        .to_string()
    };
    (0..lines).map(|n| line(n) + "\n").collect()
}

const CARRIED: &str = "answered { at position recordedAt rules provisional rehearsal } \
                       completeness { source heardUntil gaps { from until backfilled } }";

/// The server's bytes for every question at one (T, K, R), page by page.
fn answers(server: &Server, token: &str, position: u64) -> String {
    let asking = json!({"at": "2026-03-10T23:00:00Z", "knownAtPosition": position});
    let ask = |query: String, mut variables: Value| {
        variables["asking"] = asking.clone();
        let (status, body) = server.graphql_raw(token, &query, variables);
        assert!(status == 200 && !body.contains("\"errors\""), "{status} {body}");
        body
    };
    let mut all = String::new();
    let mut names: Vec<String> = Vec::new();
    let factors = "factors { method from until grade byRules byRecord evidence { id position } \
        because { conclusion } }";
    let list = format!(
        "query($asking: Asking, $after: String) {{ sessions(asking: $asking, first: 3, after: \
         $after, filter: {{idp: \"idp-x\"}}) {{
            edges {{ cursor certainty because {{ conclusion }} node {{ id aliases subject state \
            startedAt endedAt endReason {factors} }} }}
            pageInfo {{ hasNextPage endCursor }} {CARRIED} }} }}"
    );
    let mut after = Value::Null;
    loop {
        let body = ask(list.clone(), json!({"after": after}));
        let page: Value = serde_json::from_str(&body).expect("JSON");
        let page = &page["data"]["sessions"];
        names.extend(
            page["edges"]
                .as_array()
                .expect("edges")
                .iter()
                .filter_map(|edge| edge["node"]["id"].as_str().map(str::to_owned)),
        );
        all += &body;
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert!(names.len() > 3, "several pages: {names:?}");
    let decisions = format!(
        "query($asking: Asking) \
         {{ decisions(asking: $asking, first: 100) {{ edges {{ cursor node {{ session app at \
         outcome implied firstUnmet }} }} {CARRIED} }} }}"
    );
    all += &ask(decisions, json!({}));
    for name in names {
        let variables = json!({"id": name});
        all += &ask(
            format!(
                "query($asking: Asking, $id: ID!) \
                 {{ session(id: $id, asking: $asking) {{ session {{ id state {factors} }} \
                 {CARRIED} }} }}"
            ),
            variables.clone(),
        );
        all += &ask(
            format!(
                "query($asking: Asking, $id: ID!) \
                 {{ why(session: $id, asking: $asking) {{ session text {CARRIED} }} }}"
            ),
            variables,
        );
    }
    all
}

fn get(server: &Server, token: &str) -> Value {
    let (status, _, body) =
        server.get("/v1/rebuild", &[("authorization", &format!("Bearer {token}"))]);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

#[test]
fn the_same_bytes_before_during_and_after_a_rebuild_while_others_write() {
    let scratch = Scratch::fixture();
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file("many.jsonl", many(3000))]);
    let position =
        scratch.json(&["--tenant", "acme", "status"])["head"].as_u64().expect("a size") - 1;
    let (reader, operator) = (scratch.token("acme", "read"), scratch.token("acme", "operate"));
    let writer = scratch.token("acme", "ingest");
    let server = scratch.serve();
    let before = answers(&server, &reader, position);
    let stop = AtomicBool::new(false);
    let (mut during, mut done) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let line = many(1).replace("\"m0\"", &format!("\"w{n}\""));
                let (status, body) =
                    server.post("/v1/facts", Some(&writer), "application/json", line.as_bytes());
                assert!(status == 200 || status == 429, "{status} {body}");
            }
        });
        while during < 5 || done < 2 {
            let (status, body) =
                server.post("/v1/rebuild", Some(&operator), "application/json", b"");
            assert_eq!(status, 202, "{body}");
            loop {
                let asked = answers(&server, &reader, position);
                let state = get(&server, &operator)["rebuild"].clone();
                assert_eq!(asked, before, "{state}");
                match state["state"].as_str() {
                    Some("running") => during += 1,
                    Some("done") => {
                        assert!(
                            state["report"]["equal"] == true && state["report"]["switched"] == true,
                            "{state}"
                        );
                        done += 1;
                        break;
                    }
                    other => panic!("{other:?} {state}"),
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(answers(&server, &reader, position), before);
    let (status, body) = server.post("/v1/rebuild", Some(&reader), "application/json", b"");
    assert!(status == 403 && body.contains("operate"), "{status} {body}");
    assert_eq!(server.get("/v1/rebuild", &[("authorization", &format!("Bearer {reader}"))]).0, 403);

    // The same from a terminal.
    let file = scratch.file("operator.token", &operator);
    let out = support::claimledger()
        .args(["--url", &server.url, "--token-file", &file, "rebuild"])
        .output()
        .expect("the binary runs");
    assert!(
        out.status.success() && support::text(&out.stdout).contains("equal"),
        "{}{}",
        support::text(&out.stdout),
        support::text(&out.stderr)
    );
}

#[test]
fn a_killed_rebuild_leaves_the_live_rows() {
    let scratch = Scratch::fixture();
    scratch.ok(&["--tenant", "acme", "ingest", &scratch.file("many.jsonl", many(3000))]);
    let rows = || scratch.ok(&["--tenant", "acme", "status", "--rows"]);
    let before = rows();
    let mut cut_off = 0;
    for kill in 1..=12 {
        let mut child = scratch
            .command(&["--tenant", "acme", "rebuild"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        // Kills at an arbitrary moment: the result must be valid at every one.
        std::thread::sleep(Duration::from_millis(60 * kill));
        let _ = Command::new("kill").args(["-9", &child.id().to_string()]).status();
        cut_off += usize::from(!child.wait().expect("it ends").success());
        assert_eq!(rows(), before, "after kill {kill}");
    }
    assert!(cut_off > 0, "no rebuild was cut off: the test is too tame");
    let report = scratch.json(&["--tenant", "acme", "rebuild"]);
    assert_eq!(report["report"]["equal"], true, "{report}");
    assert_eq!(rows(), before);
}

/// Runs SQL on the file of the read models.
fn tamper(scratch: &Scratch, sql: &'static str) -> u64 {
    let file = scratch.data().join("views");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(file.to_str().expect("UTF-8"))
            .await
            .expect("the file opens");
        let done = sqlx::query(sql).execute(&mut connection).await.expect("the statement runs");
        connection.close().await.expect("it closes");
        done.rows_affected()
    })
}

#[test]
fn rows_that_were_tampered_with_are_damage_and_a_rebuild_repairs_them() {
    let tampers = [
        "UPDATE session_row SET state = CAST('{}' AS BLOB) WHERE name = (SELECT min(name) FROM \
         session_row)",
        "DELETE FROM posting_1 WHERE (term, position) = (SELECT term, position FROM posting_1 \
         ORDER BY position DESC LIMIT 1)",
        "UPDATE record_1 SET position = position + 1 WHERE position = 9 AND generation = (SELECT \
         min(generation) FROM record_1)",
        "DELETE FROM term_session_1 WHERE term = (SELECT min(term) FROM term_session_1)",
        "DELETE FROM session_row WHERE name = (SELECT max(name) FROM session_row)",
        "DELETE FROM record_summary WHERE slot = (SELECT max(slot) FROM record_summary)",
        "UPDATE term_1 SET number = number + 1000000 WHERE number = (SELECT max(number) FROM \
         term_1)",
        "UPDATE generation SET covered = covered - 1",
    ];
    for sql in tampers {
        let scratch = Scratch::fixture();
        let rows = || -> Vec<String> {
            ["acme", "globex"]
                .iter()
                .map(|tenant| scratch.ok(&["--tenant", tenant, "status", "--rows"]))
                .collect()
        };
        let good = rows();
        assert!(tamper(&scratch, sql) > 0, "{sql}");
        for question in [["status", "--rows"], ["sessions", "--first=5"], ["find", "S3"]] {
            let out = scratch.run(&[&["--tenant", "acme"], question.as_slice()].concat());
            let said = support::text(&out.stderr);
            assert!(
                out.status.code() == Some(5)
                    && said.contains("views")
                    && said.contains("is damaged"),
                "{sql}: {:?} {said}",
                out.status.code()
            );
            assert!(said.contains("claimledger rebuild"), "{said}");
        }
        let healed = scratch.ok(&["--tenant", "acme", "rebuild"]);
        assert!(
            healed.contains("was damaged")
                && healed.contains("deleted")
                && healed.contains("equal"),
            "{healed}"
        );
        assert_eq!(rows(), good, "{sql}");
    }
}

/// Gives rows that were changed the checksums that another program would have given them. The form
/// of a checksum is in `store/src/sqlite/views/sums.rs`.
fn reseal(scratch: &Scratch) {
    fn crc(parts: &[Part<'_>]) -> i64 {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Tag(tag) => bytes.push(*tag),
                Part::Number(number) => bytes.extend(number.to_le_bytes()),
                Part::Bytes(some) => {
                    bytes.extend((some.len() as u64).to_le_bytes());
                    bytes.extend(*some);
                }
            }
        }
        let crc = !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        });
        i64::from(crc.cast_signed())
    }
    enum Part<'a> {
        Tag(u8),
        Number(i64),
        Bytes(&'a [u8]),
    }
    use Part::{Bytes, Number, Tag};
    let file = scratch.data().join("views");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        use sqlx::{Connection as _, Row as _};
        let mut connection = sqlx::SqliteConnection::connect(file.to_str().expect("UTF-8"))
            .await
            .expect("the file opens");
        let generations = "SELECT number, coalesce(place, -1), covered, CAST(tenant AS BLOB), \
                           CAST(views AS BLOB), CAST(rules AS BLOB), tallies, report, last_leaf \
                           FROM generation";
        for row in sqlx::query(generations).fetch_all(&mut connection).await.expect("rows") {
            let report: Option<&str> = row.get(7);
            let mut parts = vec![Tag(0x40)];
            parts.extend((0..3).map(|column| Number(row.get(column))));
            parts.extend((3..6).map(|column| Bytes(row.get(column))));
            parts.extend([
                Bytes(report.map_or(b"-", str::as_bytes)),
                Number(i64::from(report.is_some())),
                Bytes(row.get(6)),
            ]);
            parts.extend(row.get::<Option<&[u8]>, _>(8).map(Bytes));
            let update = sqlx::query("UPDATE generation SET crc = ? WHERE number = ?")
                .bind(crc(&parts))
                .bind(row.get::<i64, _>(0));
            update.execute(&mut connection).await.expect("the statement runs");
        }
        let heads = "SELECT session, generation, CAST(name AS BLOB), first_occurred, \
            CAST(first_source AS BLOB), CAST(first_source_id AS BLOB), assessed_to,
                     over_at, length, last_occurred, span, flags, state FROM session_row";
        for row in sqlx::query(heads).fetch_all(&mut connection).await.expect("rows") {
            let mut parts = vec![Tag(4)];
            parts.extend((0..13).map(|column| {
                if [2, 4, 5, 12].contains(&column) {
                    Bytes(row.get(column))
                } else {
                    Number(row.get(column))
                }
            }));
            let update = sqlx::query("UPDATE session_row SET crc = ? WHERE session = ?")
                .bind(crc(&parts))
                .bind(row.get::<i64, _>(0));
            update.execute(&mut connection).await.expect("the statement runs");
        }
        connection.close().await.expect("it closes");
    });
}

#[test]
fn rows_of_other_rules_are_rebuilt_in_a_shadow_and_the_report_stays() {
    let scratch = Scratch::fixture();
    let rows = || scratch.ok(&["--tenant", "acme", "status", "--rows"]);
    let good = rows();
    let sessions =
        || scratch.ok(&["--tenant", "acme", "--format", "json", "sessions", "--first", "500"]);
    let before = sessions().replace(&name_of_rows(), "");
    tamper(
        &scratch,
        "UPDATE session_row SET state = CAST('{\"not_understood\":1}' AS \
     BLOB)",
    );
    tamper(&scratch, "UPDATE generation SET rules = 'r0'");
    reseal(&scratch);
    // Each command continues the rebuild while it runs.
    let report = (0..200).find_map(|_| {
        let asked = sessions();
        let views = serde_json::from_str::<Value>(&asked).expect("JSON").to_string();
        assert!(views.contains(&name_of_rows()), "{views}");
        let status = scratch.json(&["--tenant", "acme", "status"]);
        (!status["rebuilt"].is_null()).then(|| status["rebuilt"].clone())
    });
    let report = report.expect("it comes to an end");
    assert!(
        report["old"]["rules"].as_str().is_some_and(|rules| rules.starts_with("r0+"))
            && report["switched"] == true,
        "{report}"
    );
    assert!(
        report["equal"] == false
            && report["first"].as_array().is_some_and(|first| !first.is_empty()),
        "{report}"
    );
    assert_eq!(rows(), good);
    assert_eq!(sessions().replace(&name_of_rows(), ""), before);
}
