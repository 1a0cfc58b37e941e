//! GraphQL documents: failed fields, locations of errors, and many generated documents.

use super::{World, percent, well_formed};
use crate::support::documents::{Random, Schema};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    thread,
};

/// A failure of a non-null field nulls its nearest nullable parent, up to `data` itself.
#[test]
fn a_failed_field_nulls_its_nearest_nullable_parent() {
    let world = World::new(&[]);
    let good = "session(id: \"S1\") { session { id } }";
    // Regression: the failed field was omitted, and the others were returned as if nothing had
    // failed.
    let answer =
        world.ask(&format!("{{ {good} sessions(after: \"nothing\") {{ edges {{ cursor }} }} }}"));
    assert_eq!(
        (&answer["data"], answer["errors"].as_array().map(Vec::len)),
        (&Value::Null, Some(1)),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["path"], json!(["sessions"]));
    let answer = world.ask(&format!(
        "{{ {good} sessions(asking: {{ knownAtPosition: 99999 }}) {{ edges {{ cursor }} }} }}"
    ));
    assert_eq!(
        (&answer["data"], &answer["errors"][0]["extensions"]["code"]),
        (&Value::Null, &json!("PAST_HEAD")),
        "{answer}"
    );
    // A nullable field is null; it was omitted before.
    let (_, body) = world.server.graphql_raw(
        &world.reader,
        "{ session(id: \"S1\") { session { id label { name } } } }",
        json!({}),
    );
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        answer["data"]["session"]["session"],
        json!({"id": "S1", "label": null}),
        "{answer}"
    );
    assert_eq!(answer["errors"][0]["path"], json!(["session", "session", "label"]));
    // No field was selected, and none failed.
    assert_eq!(world.ask("{ __typename @skip(if: true) }")["data"], json!({}));
    world.still_answers();
}

#[test]
fn locations_are_places_of_the_document() {
    let world = World::new(&[]);
    for query in [
        "{ session(id: \"S1\") { session { id }\r  nope } }",
        "{\r\r\r  nope\r}",
        "{\r\n\r\n  sessions(first: {a: 1}) { x } }",
        "query($at: DateTime!) { session(id: \"S1\", asking: {at: $at}) { session { id } } }",
        "query($at: DateTime = \"x\") { session(id: \"S1\", asking: {at: $at}) { ...f } }\n\n \
         fragment f on SessionAnswer { nope }",
        "{ ...f }\nfragment f on Query {\n  sessions(after: \"x\") { edges { cursor } }\n}",
        "{ session }",
        "{ session(id: \"\u{1F600}\") { \u{1F600} } }",
        "\u{feff}{ nope }",
        "",
        "{",
        "{ session(id: \"S1",
        "query a { nope } query a { nope }",
        "{ nope } { nope }",
        "fragment f on Query { nope }",
        "mutation { nope }",
        "subscription { sessionChanged { nope } }",
        "{ session(id: 1e999) { x } }",
    ] {
        well_formed(query, &world.ask(query));
    }
    // Refusals of the whole request have no location; it was line 0, column 0 before.
    for (status, answer) in [
        world.server.post("/graphql", None, "application/json", b"{}"),
        world.server.post("/graphql", Some(&world.token), "text/plain", b"{}"),
        world.server.post("/graphql", Some(&world.token), "application/json", b"[]"),
        world.server.post("/graphql?after=x", Some(&world.token), "application/json", b"{}"),
        world.server.post("/graphql", Some(&world.token), "application/json", &vec![b' '; 70_000]),
    ] {
        assert!((400..500).contains(&status) && !answer.contains("locations"), "{status} {answer}");
    }
}

/// 10,000 documents generated from the schema, with variables, over kept-alive connections.
#[test]
fn ten_thousand_documents_do_not_end_the_process() {
    const DOCUMENTS: u64 = 10_000;
    const THREADS: u64 = 4;
    let world = World::new(&[]);
    let schema = Schema::committed();
    let answered: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (world, schema) = (&world, &schema);
                scope.spawn(move || {
                    (thread..DOCUMENTS)
                        .step_by(THREADS as usize)
                        .filter(|seed| one(world, schema, *seed))
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    // If all were refused before execution, execution would not be tested.
    assert!(answered > 500, "{answered} had data");
    world.still_answers();
}

/// Sends one document to one of the endpoints. Returns whether the answer had data.
fn one(world: &World, schema: &Schema, seed: u64) -> bool {
    let made = schema.document(seed);
    let random = &mut Random::new(seed ^ 0xF00D);
    let body = json!({"query": made.query, "variables": made.variables,
        "operationName": random.one_in(20).then_some("Q")})
    .to_string();
    let token = Some(world.token.as_str());
    match random.below(20) {
        0 => {
            // A subscription does not end: the first bytes suffice.
            let mut stream = world.connect();
            let head = world.head(
                "POST /graphql/stream HTTP/1.1",
                &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
            );
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body.as_bytes()))
                .expect("it is taken");
            let mut line = String::new();
            BufReader::new(stream)
                .read_line(&mut line)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(
                ["HTTP/1.1 2", "HTTP/1.1 4"].iter().any(|start| line.starts_with(start)),
                "seed {seed}: {line}"
            );
            false
        }
        1 => {
            let form = format!(
                "query={}&variables={}",
                percent(&made.query),
                percent(&made.variables.to_string())
            );
            let (status, page) = world.server.post(
                "/query",
                token,
                "application/x-www-form-urlencoded",
                form.as_bytes(),
            );
            assert!(status < 500, "seed {seed}: {status} {page}");
            false
        }
        2 => {
            // The envelope is damaged instead.
            let mut bytes = body.into_bytes();
            let at = random.below(bytes.len());
            bytes[at] = *random.pick(b"\"{}[]\\\0\xff:,u");
            let (status, answer) = world.server.post("/graphql", token, "application/json", &bytes);
            assert!(status < 500, "seed {seed}: {status} {answer}");
            false
        }
        _ => {
            let (status, answer) =
                world.server.post("/graphql", token, "application/json", body.as_bytes());
            assert!(matches!(status, 200 | 400 | 413), "seed {seed}: {status} {answer}");
            let answer: Value = serde_json::from_str(&answer)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}: {answer}"));
            well_formed(&made.query, &answer);
            answer["data"].is_object()
        }
    }
}
