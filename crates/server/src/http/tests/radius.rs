//! Pages of a blast radius: their numbers are those of the queries, and of the lists that they lead
//! to.

use super::{
    reading::{K, ask, cut, heads, links, page, part, rows, section, text, tile, total},
    support::{AT, Answer, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;

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
async fn lost_authenticators_are_offered_and_what_is_no_loss_says_so() {
    let world = World::new().await;
    let start = page(&world, "/blast", AT, K).await;
    assert!(start.body.contains("Lost authenticators"), "{}", start.body);
    assert!(
        start.body.contains("/blast?kind=authenticator&amp;id=key-bob&amp;at="),
        "{}",
        start.body
    );
    // At this K no loss is known yet.
    let early = page(&world, "/blast", AT, 31).await;
    assert!(!early.body.contains("key-bob"), "{}", early.body);
    let cookie = world.cookie("acme", &[Role::Read]);
    for (position, words) in [(64, "Loss of an authenticator, #64"), (67, "is no loss of an")] {
        let asked = format!("/blast?kind=authenticator&pos={position}&{}", cut(AT, K));
        let answer = world.get(&asked, &cookie).await;
        assert!(answer.body.contains(words), "{position}: {}", answer.body);
        let is_answer = answer.body.contains("id=\"counts\"");
        assert_eq!((answer.status == StatusCode::OK, is_answer), (position == 64, position == 64));
    }
}
