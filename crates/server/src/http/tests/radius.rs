//! Pages of trust, policies, blast radius, chain and the overview: their numbers are those of the
//! queries, and of the lists that they lead to.

use super::support::{AT, Answer, World};
use axum::http::{StatusCode, header};
use claimledger_facts::{ids::TenantId, vocabulary::Role};
use serde_json::Value;

const K: u64 = 82;

/// T, K and R.
pub(super) fn cut(at: &str, known_at: u64) -> String {
    format!("at={at}&knownAtPosition={known_at}&rules={}", claimledger_domain::RULES)
}

/// A page at T, K.
pub(super) async fn page(world: &World, path: &str, at: &str, known_at: u64) -> Answer {
    let cookie = world.cookie("acme", &[Role::Read]);
    let mark = if path.contains('?') { '&' } else { '?' };
    let answer = world.get(&format!("{path}{mark}{}", cut(at, known_at)), &cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer
}

async fn ask(world: &World, query: &str) -> Value {
    let token = world.token("acme", &[Role::Read], None).await;
    let answer = world.graphql(&token, query).await.json();
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

/// What stands between the element with this id and its end.
pub(super) fn part<'a>(body: &'a str, id: &str, end: &str) -> &'a str {
    let from = body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {body}"));
    let rest = &body[from..];
    &rest[..rest.find(end).unwrap_or_else(|| panic!("{end} after {id}: {rest}"))]
}

/// Rows of the tables in a part.
pub(super) fn rows(part: &str) -> Vec<&str> {
    let bodies = part.split("<tbody>").skip(1).filter_map(|rest| rest.split("</tbody>").next());
    bodies.flat_map(|body| body.split("<tr").skip(1)).collect()
}

/// Text without markup, blanks joined.
pub(super) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first cell of each row.
pub(super) fn heads(part: &str) -> Vec<String> {
    let head = |row: &&str| {
        let cell = row.split("scope=\"row\">").nth(1)?.split("</th>").next()?;
        Some(text(cell))
    };
    rows(part).iter().filter_map(head).collect()
}

/// Addresses and texts of the links in a part.
pub(super) fn links(part: &str) -> Vec<(String, String)> {
    let link = |rest: &str| {
        let (open, inner) = rest.split_once('>')?;
        let href = open.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&");
        Some((href, text(inner.split("</a>").next()?)))
    };
    part.split("<a ").skip(1).filter_map(link).collect()
}

/// `8 certain + 1 possible` as 9.
pub(super) fn total(number: &str) -> usize {
    number.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<usize>().ok()).sum()
}

pub(super) fn section(body: &str, id: &str) -> String {
    part(body, id, "</section>").to_owned()
}

#[tokio::test]
async fn each_number_of_trust_and_policies_is_that_of_its_list_and_of_the_query() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for (path, question) in [("/trust", "trust"), ("/policy", "policies")] {
        let answer = page(&world, path, AT, K).await;
        let listed = section(&answer.body, "changes");
        let query = format!(
            "{{ {question}(asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ items {{ actor \
             ticket record {{ position }} }} }} }}"
        );
        let items = ask(&world, &query).await[question]["items"].as_array().unwrap().clone();
        assert_eq!(rows(&listed).len(), items.len(), "{path}");
        let mut numbers = 0;
        for (row, item) in rows(&listed).into_iter().zip(&items) {
            let position = item["record"]["position"].as_u64().unwrap();
            let shown = text(row);
            for word in [item["actor"].as_str(), item["ticket"].as_str()].into_iter().flatten() {
                assert!(shown.contains(word), "{word}: {shown}");
            }
            assert!(shown.contains(&format!("#{position}")), "{shown}");
            let Some((href, number)) =
                links(row).into_iter().find(|(href, _)| href.contains("kind=change"))
            else {
                assert!(shown.contains("not counted"), "{shown}");
                continue;
            };
            let query = format!(
                "{{ dependants(record: \"#{position}\", asking: {{at: \"{AT}\", \
                 knownAtPosition: {K}}}) {{ items {{ sessions {{ session }} decisions {{ session \
                 }} }} }} }}"
            );
            let found = ask(&world, &query).await["dependants"]["items"][0].clone();
            let is_policy = number.contains("decision");
            let field = if is_policy { "decisions" } else { "sessions" };
            let counted = found[field].as_array().unwrap().len();
            assert_eq!(total(&number), counted, "{path} #{position}: {number}");
            let (address, id) = href.split_once('#').unwrap();
            let list = world.get(address, &cookie).await;
            assert_eq!(list.status, StatusCode::OK, "{address}");
            let end = if is_policy { "</section>" } else { "</main>" };
            let whole = part(&list.body, id, end);
            let rested = whole.split("id=\"decisions\"").next().unwrap();
            let listed = if is_policy { whole } else { rested };
            assert_eq!(rows(listed).len(), counted, "{href}");
            numbers += counted;
        }
        assert!(numbers > 5, "{path}: {numbers}");
    }
    let trust = page(&world, "/trust?idp=idp-x", AT, K).await;
    let shown = text(&trust.body);
    for words in [
        "idp-x tx0 → tx1: not trusted → trusted",
        "trust_claims false → true",
        "retired 13:30:00Z → void from 13:40:00Z",
        "late: 2026-03-10 15:10:00Z (+1 h 30 min)",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("idp-y ty0"), "{shown}");
    // Drawn: the versions, a lane of each key, and what was retracted, with its lag.
    let figure = part(&trust.body, "ts0-t", "</svg>");
    assert_eq!(figure.matches("class=\"lane key\"").count(), 2, "{figure}");
    assert_eq!(figure.matches("class=\"band ink\"").count(), 2, "{figure}");
    assert_eq!(figure.matches("class=\"bar attention void\"").count(), 1, "{figure}");
    for words in [
        "key X1 valid 2026-03-10 09:00:00Z until 13:30:00Z: #13",
        "retracted from 2026-03-10 13:40:00Z on, recorded 15:10:00Z (+1 h 30 min): #67",
    ] {
        assert!(figure.contains(words), "{words}: {figure}");
    }
    // Before the record of the retraction is known, nothing is late.
    let before = page(&world, "/trust?idp=idp-x", AT, 66).await;
    assert!(!text(&before.body).contains("void from"), "{}", before.body);
    assert!(!before.body.contains("class=\"bar attention void\""), "{}", before.body);
    let unknown = world.get(&format!("/trust?idp=nobody&{}", cut(AT, K)), &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
}

#[tokio::test]
async fn the_blast_radius_of_a_key_an_actor_and_a_loss() {
    let world = World::new().await;
    let sessions = |answer: &Answer| {
        let list = part(&answer.body, "sessions", "id=\"decisions\"");
        let mut heads = heads(list);
        heads.sort();
        heads
    };
    let key = "/blast?kind=key&idp=idp-x&key=X1";
    let from = format!("{key}&from=2026-03-10T13:40:00Z");
    let later = page(&world, &from, AT, K).await;
    assert_eq!(sessions(&later), ["S5"]);
    assert_eq!(heads(&section(&later.body, "decisions")), ["#49"]);
    assert!(
        later.body.contains("change=retract_key&amp;idp=idp-x&amp;key=X1&amp;from=2026-03-10T")
    );
    let all = page(&world, key, AT, K).await;
    assert_eq!(sessions(&all), ["S1", "S2", "S5", "S7"]);
    let shown = text(&all.body);
    assert!(shown.contains("Retracted with effect from 2026-03-10 13:40:00Z"), "{shown}");
    let early = page(&world, key, AT, 50).await;
    assert!(text(&early.body).contains("No retraction of it is known at #50"), "{}", early.body);
    // Those alive come first, then by when they began.
    let live = page(&world, key, "2026-03-10T15:00:00Z", K).await;
    assert_eq!(heads(part(&live.body, "sessions", "id=\"decisions\"")), ["S7", "S2", "S1", "S5"]);
    assert_eq!(heads(&section(&live.body, "over")), ["S1", "S5"]);
    for answer in [&later, &all, &live] {
        for (href, number) in links(part(&answer.body, "counts", "</ul>")) {
            let id = href.trim_start_matches('#');
            let end = if id == "sessions" { "id=\"decisions\"" } else { "</section>" };
            assert_eq!(rows(part(&answer.body, id, end)).len(), total(&number), "{id} {number}");
        }
    }
    what_falls(&world, &later, &all).await;
    let query = format!(
        "{{ dependants(actor: \"admin-2\", asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ \
         items {{ sessions {{ session }} decisions {{ session }} }} }} }}"
    );
    let items = ask(&world, &query).await["dependants"]["items"].as_array().unwrap().clone();
    let actor = page(&world, "/blast?kind=actor&actor=admin-2", AT, K).await;
    assert_eq!(sessions(&actor), ["S1", "S2", "S3", "S5", "S7", "S8"]);
    assert_eq!(rows(&section(&actor.body, "changes")).len(), items.len());
    let loss = page(&world, "/blast?kind=authenticator&pos=64", AT, K).await;
    assert_eq!(sessions(&loss), ["S2"], "{}", loss.body);
    // The session that lost it leads there.
    let hit = page(&world, "/session?id=S2", AT, K).await;
    assert!(hit.body.contains("/blast?kind=authenticator&amp;pos=64&amp;at="), "{}", hit.body);
    let cookie = world.cookie("acme", &[Role::Read]);
    for bad in ["kind=key", "kind=other", "kind=change&pos=x"] {
        let refused = world.get(&format!("/blast?{bad}&{}", cut(AT, K)), &cookie).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    let choice = page(&world, "/blast", AT, K).await;
    assert!(choice.body.contains("kind=key&amp;idp=idp-x&amp;key=X1&amp;at="), "{}", choice.body);
}

/// The decisions that fall are those of the rehearsal, each with what it becomes.
async fn what_falls(world: &World, later: &Answer, all: &Answer) {
    for (answer, from) in [(later, "13:40"), (all, "09:00")] {
        let query = format!(
            "{{ rehearse(change: {{kind: RETRACTION, idp: \"idp-x\", key: \"X1\", from: \
             \"2026-03-10T{from}:00Z\"}}, from: \"2026-03-10T00:00:00Z\", to: \"{AT}\", \
             asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ falls {{ decision {{ record {{ \
             position }} }} }} }} }}"
        );
        let falls = ask(world, &query).await["rehearse"]["falls"].clone();
        let mut expected: Vec<String> = falls
            .as_array()
            .unwrap()
            .iter()
            .map(|fall| format!("#{}", fall["decision"]["record"]["position"]))
            .collect();
        let mut found = heads(&section(&answer.body, "falls"));
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "from {from}");
        let counts = links(part(&answer.body, "counts", "</ul>"));
        let fall = counts.iter().find(|(href, _)| href == "#falls").unwrap();
        assert_eq!(total(&fall.1), expected.len(), "{counts:?}");
    }
    let shown = text(&section(&later.body, "falls"));
    for words in ["#49S5payroll", "allow → deny", "differs: retired key accepted"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let first_use = part(&later.body, "first-use", "</p>");
    let [(href, number)] = &links(first_use)[..] else { panic!("{first_use}") };
    assert_eq!(number, "4 sessions");
    assert!(href.starts_with("/blast?kind=key&idp=idp-x&key=X1&at="), "{href}");
    // The whole use is rehearsed from when the key was added.
    assert!(all.body.contains("key=X1&amp;from=2026-03-10T09:00:00Z"), "{}", all.body);
    for path in ["kind=authenticator&pos=64", "kind=authenticator&id=key-bob"] {
        let loss = page(world, &format!("/blast?{path}"), AT, K).await;
        assert_eq!(heads(&section(&loss.body, "falls")), ["#30"], "{path}");
        assert_eq!(heads(part(&loss.body, "sessions", "id=\"decisions\"")), ["S2"], "{path}");
    }
    let none = page(world, "/blast?kind=authenticator&id=nobodys", AT, K).await;
    let words = format!("No loss of it is known at #{K}: nothing fell with it.");
    assert!(text(&none.body).contains(&words), "{}", none.body);
    let change = page(world, "/blast?kind=change&pos=11", AT, K).await;
    let words = "takes nothing away from what was decided before";
    assert!(text(&section(&change.body, "falls")).contains(words), "{}", change.body);
}

/// The number of a list among the counts, as `certain + possible`, and its words.
pub(super) fn tile(answer: &Answer, id: &str) -> Option<String> {
    let counts = part(&answer.body, "counts", "</ul>");
    let entry = counts.split("<li>").find(|entry| entry.contains(&format!("href=\"#{id}\"")))?;
    Some(text(entry.split("</li>").next()?))
}

#[tokio::test]
async fn what_is_alive_or_odd_is_said_of_a_change_as_everywhere() {
    let world = World::new().await;
    // Its lifetime limit is not known yet: possibly alive, though it certainly rests on each.
    let at = "2026-03-10T14:20:00Z";
    let cookie = world.cookie("acme", &[Role::Read]);
    let listed = world.get(&format!("/sessions?activeAt={at}&{}", cut(at, 14)), &cookie).await;
    assert!(text(&listed.body).contains("0 certain + 1 possible"), "{}", listed.body);
    for kind in ["kind=idp&idp=idp-x", "kind=key&idp=idp-x&key=X1", "kind=actor&actor=admin-1"] {
        let answer = page(&world, &format!("/blast?{kind}"), at, 14).await;
        let live = tile(&answer, "live").unwrap();
        assert_eq!(live, "0 certain + 1 possible sessions alive at T", "{kind}");
        let live = part(&answer.body, "live", "id=\"over\"");
        assert!(text(live).contains("active, possible"), "{kind}: {live}");
        assert_eq!(rows(live).len(), 1, "{kind}: {live}");
    }
    // What falls is among the decisions that are listed, and is odd as its own page says.
    for (pos, decision, odd) in [
        (67, "#49", "differs: retired key accepted"),
        (64, "#30", "falsified later"),
        (29, "#60", "differs: not enough factors"),
    ] {
        let answer = page(&world, &format!("/blast?kind=change&pos={pos}"), AT, K).await;
        let (falls, all) = (section(&answer.body, "falls"), section(&answer.body, "decisions"));
        let row = rows(&all).into_iter().find(|row| text(row).contains(decision));
        assert!(row.is_some_and(|row| text(row).contains(odd)), "{pos}: {all}");
        assert_eq!(total(&tile(&answer, "decisions").unwrap()), rows(&all).len(), "{pos}");
        let (fallen, listed) = (heads(&falls), heads(&all));
        assert!(fallen.iter().all(|head| listed.contains(head)), "{fallen:?} of {listed:?}");
        let odd_of_fallen = rows(&falls).into_iter().all(|row| text(row).contains(odd));
        assert!(odd_of_fallen, "{pos}: {falls}");
    }
    let actor = page(&world, "/blast?kind=actor&actor=admin-1", AT, K).await;
    let decisions = text(&section(&actor.body, "decisions"));
    assert!(decisions.contains("differs: not enough factors"), "{decisions}");
    assert!(
        decisions.contains("on the changes of trust and keys are not evaluated"),
        "{decisions}"
    );
    // Of a change of trust no decision is counted, and none is not said.
    let trust = page(&world, "/blast?kind=change&pos=11", AT, K).await;
    assert_eq!(tile(&trust, "decisions"), None, "{}", trust.body);
    let decisions = text(&section(&trust.body, "decisions"));
    assert!(decisions.contains("are not evaluated") && !decisions.contains("one."), "{decisions}");
    let policy = page(&world, "/blast?kind=change&pos=29", AT, K).await;
    let words = tile(&policy, "decisions").unwrap();
    assert!(words.ends_with("decisions under this policy version"), "{words}");
}

#[tokio::test]
async fn what_would_fall_is_supposed_and_what_fell_is_said_of_the_retraction() {
    let world = World::new().await;
    let key = page(&world, "/blast?kind=key&idp=idp-x&key=X1", AT, K).await;
    let fall = tile(&key, "falls").unwrap();
    let words = "decisions would fall if all that X1 signed were retracted";
    assert!(fall.ends_with(&format!("{words}; 1 of them fell already")), "{fall}");
    let falls = section(&key.body, "falls");
    let head = "Decisions that would fall: 5, of which 1 fell already";
    assert!(text(&falls).contains(head), "{falls}");
    let already = |row: &&str| text(row).contains(": it fell already");
    assert_eq!(rows(&falls).iter().filter(|row| already(&&***row)).count(), 1, "{falls}");
    assert!(text(&falls).contains("Decisions that would fall: 5"), "{falls}");
    let (fallen, listed) = (heads(&falls), heads(&section(&key.body, "decisions")));
    assert!(fallen.iter().all(|head| listed.contains(head)), "{fallen:?} of {listed:?}");
    let known = page(&world, "/blast?kind=change&pos=67", AT, K).await;
    let real = section(&known.body, "falls");
    assert!(text(&real).contains("Decisions that fall: 1"), "{real}");
    let shown = text(&key.body);
    let said = "Of the decisions of these sessions, 1 certain + 0 possible fell by it already.";
    assert!(shown.contains(said), "{shown}");
    let link = links(&key.body).into_iter().find(|(_, words)| words == "1 certain + 0 possible");
    assert!(link.is_some_and(|(href, _)| href.contains("kind=change&pos=67")), "{shown}");
    let idp = page(&world, "/blast?kind=idp&idp=idp-y", AT, K).await;
    let fall = tile(&idp, "falls").unwrap();
    assert!(fall.ends_with("would fall if all claims of idp-y were retracted"), "{fall}");
}

#[tokio::test]
async fn nothing_can_rest_on_a_record_that_is_no_change() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for pos in [0, 24, 30, 46, 48] {
        let path = format!("/blast?kind=change&pos={pos}&{}", cut(AT, K));
        let answer = world.get(&path, &cookie).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{pos}: {}", answer.body);
        let shown = text(&answer.body);
        let words = format!(
            "Record #{pos} is no change of trust, policy, keys or authenticators: nothing can \
             rest on it as a change."
        );
        assert!(shown.contains(&words) && !shown.contains("None:"), "{shown}");
    }
    let query = format!(
        "{{ dependants(record: \"#46\", asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ \
         absence {{ code words }} items {{ at }} }} }}"
    );
    let absence = ask(&world, &query).await["dependants"]["absence"].clone();
    assert_eq!(absence["code"], "NOT_KNOWN", "{absence}");
    // A change that comes after T is one.
    let early = page(&world, "/blast?kind=change&pos=29", "2026-03-10T00:00:00Z", K).await;
    assert!(!early.body.contains("is no change"), "{}", early.body);
}

#[tokio::test]
async fn what_appeared_first_is_what_the_query_says_and_the_overview_counts_it() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    let overview = page(&world, "/", AT, K).await;
    let numbers = links(&section(&overview.body, "first"));
    assert_eq!(numbers.len(), 3, "{numbers:?}");
    for ((href, number), kind) in numbers.into_iter().zip(["ISSUER", "KEY", "AMR_SET"]) {
        let query = format!(
            "{{ firstSeen(kind: {kind}, from: \"2026-03-09T23:00:00Z\", asking: {{at: \"{AT}\", \
             knownAtPosition: {K}}}) {{ items {{ issuer key amr session }} }} }}"
        );
        let items = ask(&world, &query).await["firstSeen"]["items"].as_array().unwrap().clone();
        assert!(items.len() > 2, "{items:?}");
        let list = world.get(&href, &cookie).await;
        assert_eq!(list.status, StatusCode::OK, "{href}: {}", list.body);
        let listed = rows(&list.body);
        assert_eq!((total(&number), listed.len()), (items.len(), items.len()), "{href}");
        for (row, item) in listed.iter().zip(&items) {
            let (row, of) = (text(row), |name: &str| item[name].as_str().unwrap_or_default());
            assert!(row.contains(of("session")) && row.contains(of("key")), "{row}: {item}");
        }
    }
    let later = page(&world, "/first-seen?kind=key&from=2026-03-10T13:10:00Z", AT, K).await;
    let shown = text(&later.body);
    assert!(shown.contains("2 keys appeared from 2026-03-10 13:10:00Z"), "{shown}");
    assert!(shown.contains("4 values in all"), "{shown}");
    let bad = world.get(&format!("/first-seen?kind=colour&{}", cut(AT, K)), &cookie).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_timeline_has_the_rows_of_the_query_in_either_order() {
    let world = World::new().await;
    for (order, word) in [("", "OCCURRED"), ("&order=recorded", "RECORDED")] {
        let path = format!("/timeline?session=S2{order}");
        let answer = page(&world, &path, AT, K).await;
        let query = format!(
            "{{ timeline(session: \"S2\", order: {word}, first: 100, asking: {{at: \"{AT}\", \
             knownAtPosition: {K}}}) {{ edges {{ node {{ late record {{ position }} }} }} }} }}"
        );
        let edges = ask(&world, &query).await["timeline"]["edges"].as_array().unwrap().clone();
        let listed = rows(&answer.body);
        assert_eq!(listed.len(), edges.len(), "{word}");
        for (row, edge) in listed.iter().zip(&edges) {
            let position = edge["node"]["record"]["position"].as_u64().unwrap();
            let opens = links(row).into_iter().any(|(href, words)| {
                href.starts_with(&format!("/record?pos={position}&")) && words.starts_with('#')
            });
            assert!(opens, "{word} #{position}: {row}");
            assert_eq!(text(row).contains("late"), edge["node"]["late"] == true, "{row}");
        }
    }
    let cookie = world.cookie("acme", &[Role::Read]);
    let unknown = world.get(&format!("/timeline?session=S99&{}", cut(AT, K)), &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
}

#[tokio::test]
async fn the_filter_offers_what_is_known_at_k() {
    let world = World::new().await;
    let option = |name: &str| format!("<option value=\"{name}\">");
    let early = page(&world, "/sessions", AT, 30).await;
    let late = page(&world, "/sessions", AT, K).await;
    for (name, is_early) in
        [("X1", true), ("payroll", true), ("otp", true), ("X2", false), ("sms", false)]
    {
        assert_eq!(early.body.contains(&option(name)), is_early, "{name}: {}", early.body);
        assert!(late.body.contains(&option(name)), "{name}: {}", late.body);
    }
}

#[tokio::test]
async fn the_chain_has_every_hop_and_says_why_one_is_unknown() {
    let world = World::new().await;
    let query = format!(
        "{{ chain(id: \"is-S5\", asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ items {{ \
         appSessions {{ id }} session {{ id }} idp {{ id }} idpSession {{ id }} rootSession {{ id \
         reason }} }} }} }}"
    );
    let link = ask(&world, &query).await["chain"]["items"][0].clone();
    let shown = text(&page(&world, "/chain?id=is-S5", AT, K).await.body);
    for hop in [&link["appSessions"][0], &link["session"], &link["idp"], &link["idpSession"]] {
        assert!(shown.contains(hop["id"].as_str().unwrap()), "{hop}: {shown}");
    }
    let root = &link["rootSession"];
    let words = root["id"].as_str().unwrap_or("root session not stated");
    assert!(shown.contains(words), "{root}: {shown}");
    let cookie = world.cookie("acme", &[Role::Read]);
    // Only what is linked comes into an address.
    let own = [
        ("cookie", cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "http://ledger.example"),
    ];
    let sent = world.send("POST", "/chain", &own, "id=S5").await;
    assert_eq!(sent.header(header::LOCATION), "/chain?id=S5", "{}", sent.body);
    let login = world.send("POST", "/chain", &own, "id=alice%40acme.example").await;
    assert_eq!((login.status, login.header(header::LOCATION)), (StatusCode::NOT_FOUND, ""));
    assert!(!login.body.contains("alice"), "{}", login.body);
    let other = [own[0], own[1], ("origin", "https://evil.example")];
    let refused = world.send("POST", "/chain", &other, "id=S5").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
}

#[tokio::test]
async fn each_number_of_the_overview_is_that_of_the_list_it_leads_to() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for (at, alive) in [("2026-03-10T14:05:00Z", 8), (AT, 0)] {
        let answer = page(&world, "/", at, K).await;
        let body = &answer.body;
        let numbers: Vec<_> =
            ["alive", "look"].iter().flat_map(|id| links(&section(body, id))).collect();
        assert_eq!(numbers.len(), 5, "{body}");
        assert_eq!(total(&numbers[0].1), alive, "{numbers:?}");
        for (href, number) in numbers {
            let list = world.get(&href, &cookie).await;
            assert_eq!(list.status, StatusCode::OK, "{href}");
            assert_eq!(rows(&list.body).len(), total(&number), "{href}");
            assert!(text(&list.body).contains(&number), "{number}: {href}");
        }
    }
    let answer = page(&world, "/", "2026-03-10T14:05:00Z", K).await;
    let looks: Vec<_> =
        links(&section(&answer.body, "look")).into_iter().map(|(_, number)| number).collect();
    assert_eq!(looks[..2], ["2 certain + 0 possible", "1 certain + 0 possible"], "{looks:?}");
    // Before its last access is known, S7 may have outlived its IdP session; then it has.
    let at = "2026-03-10T14:05:00Z";
    let mut numbers = Vec::new();
    for known_at in ["2026-03-10T14:19:59Z", "2026-03-10T23:00:00Z"] {
        let query = format!(
            "{{ outlived(asking: {{at: \"{at}\", knownAt: \"{known_at}\"}}) {{ items {{ \
             certainty }} answered {{ position }} }} }}"
        );
        let outlived = ask(&world, &query).await["outlived"].clone();
        let found = outlived["items"].as_array().unwrap();
        let position = outlived["answered"]["position"].as_u64().unwrap();
        let of = |word| found.iter().filter(|item| item["certainty"] == word).count();
        let answer = page(&world, "/", at, position).await;
        let number = &links(&section(&answer.body, "look"))[2].1;
        let expected = format!("{} certain + {} possible", of("CERTAIN"), of("POSSIBLE"));
        assert_eq!(*number, expected, "as known at {known_at}");
        numbers.push(number.clone());
    }
    assert_eq!(numbers, ["0 certain + 1 possible", "1 certain + 0 possible"]);
    assert_eq!(rows(&section(&answer.body, "heard")).len(), 4);
}

#[tokio::test]
async fn the_overview_of_an_empty_ledger_and_for_who_runs_it() {
    let world = World::new().await;
    world.app.init_tenant(&TenantId::new("empty"), true, None).await.unwrap();
    let cookie = world.cookie("empty", &[Role::Read]);
    let first = world.get("/", &cookie).await;
    let answer = world.get(first.header(header::LOCATION), &cookie).await;
    let shown = text(&answer.body);
    for words in ["Three ways to bring in facts", "claimledger ingest", "/v1/facts", "source add"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let operator = world.cookie("acme", &[Role::Operate]);
    let health = world.get("/", &operator).await;
    assert_eq!(health.status, StatusCode::OK, "{}", health.body);
    let main = health.body.split("<main").nth(1).unwrap();
    assert!(text(main).contains("Every part works"), "{main}");
    assert!(!main.contains("certain") && !main.contains("idp-x"), "{main}");
    let source = world.cookie("acme", &[Role::Ingest]);
    assert_eq!(world.get("/", &source).await.status, StatusCode::FORBIDDEN);
}
