//! The files of Docker Compose.

use super::{linter, root, rules::faults};
use crate::support::text;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const FILES: [&str; 2] = ["docker-compose.yml", "deploy/docker-compose.tls.yml"];

/// A file with its merge keys and `extends` resolved, and the folder of its relative paths.
pub(super) struct Compose {
    pub(super) dir: PathBuf,
    pub(super) file: Value,
}

impl Compose {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a compose file");
        let mut yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        // Once for each level of maps that are merged into one another.
        for _ in 0..3 {
            yaml.apply_merge().expect("merge keys");
        }
        let mut file: Value = serde_json::to_value(&yaml).expect("keys are texts");
        let dir = path.parent().expect("a folder").to_owned();
        for (_, service) in file["services"].as_object_mut().expect("services") {
            extend(service, &dir);
        }
        Self { dir, file }
    }
}

/// Lays a service over the one that it extends, whose paths become those of its own folder.
fn extend(service: &mut Value, dir: &Path) {
    let Some(extends) = service.as_object_mut().and_then(|service| service.remove("extends"))
    else {
        return;
    };
    let path = dir.join(extends["file"].as_str().expect("a file")).canonicalize().expect("a file");
    let other = Compose::read(&path);
    let mut base = other.file["services"][extends["service"].as_str().expect("a name")].clone();
    assert!(base.is_object(), "{extends}: no such service");
    for volume in base["volumes"].as_array_mut().into_iter().flatten() {
        let text = volume.as_str().expect("a text");
        if let Some(rest) = text.strip_prefix("./") {
            *volume = format!("{}/{rest}", other.dir.display()).into();
        }
    }
    if base["build"] == "." {
        base["build"] = other.dir.to_str().expect("UTF-8").into();
    }
    for (name, value) in service.as_object().expect("a map") {
        match (&mut base[name], value) {
            (Value::Array(list), Value::Array(more)) => list.extend(more.iter().cloned()),
            (base, value) => *base = value.clone(),
        }
    }
    *service = base;
}

#[test]
fn each_file_has_the_form_of_the_specification() {
    let check = |path: &Path| {
        let mut linter = linter("check-jsonschema");
        linter
            .args(["--builtin-schema", "vendor.compose-spec"])
            .arg(path)
            .output()
            .expect("it runs")
    };
    for name in FILES {
        let out = check(&root().join(name));
        assert!(out.status.success(), "{name}: {}{}", text(&out.stdout), text(&out.stderr));
    }
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("docker-compose.yml");
    let file = std::fs::read_to_string(root().join(FILES[0])).unwrap();
    std::fs::write(&bad, file.replace("stop_grace_period", "stop_grace_time")).unwrap();
    assert!(!check(&bad).status.success(), "an unknown key");
}

#[test]
fn no_file_has_a_fault() {
    for name in FILES {
        let found = faults(&Compose::read(&root().join(name)));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// A change of a service, and a word of the fault that it is.
type Fault = (&'static str, &'static str, Value, &'static str);

#[test]
fn each_rule_finds_its_fault() {
    let table: Vec<Fault> = vec![
        ("postgres", "/image", json!("postgres"), "no tag"),
        ("postgres", "/image", json!("${POSTGRES_IMAGE:-postgres:latest}"), "no tag"),
        ("postgres", "/healthcheck", Value::Null, "no health check"),
        ("node-1", "/depends_on/loopback", json!({"condition": "service_healthy"}), "has none"),
        ("node-1", "/depends_on/init/condition", json!("service_healthy"), "has none"),
        ("node-1", "/depends_on/nobody", json!({"condition": "service_started"}), "nobody"),
        ("init", "/restart", json!("always"), "never completes"),
        ("node-1", "/network_mode", json!("service:nobody"), "nobody"),
        ("node-1", "/volumes/1", json!("node-9-data:/var/lib/claimledger"), "not declared"),
        ("node-1", "/volumes/0", json!("./deploy/nothing.toml:/etc/c.toml:ro"), "does not exist"),
        ("node-1", "/volumes/0", json!("./deploy/node.toml:/etc/c.toml"), "read-only"),
        ("loopback", "/ports/0", json!("7071:7071"), "loopback"),
        ("loopback", "/ports/0", json!("0.0.0.0:7071:7071"), "loopback"),
        ("postgres", "/environment/POSTGRES_PASSWORD", json!("word"), "secret"),
        ("postgres", "/environment/POSTGRES_PASSWORD", json!("${WORD:-word}"), "secret"),
        ("init", "/environment/URL", json!("postgres://node:word@localhost/ledger"), "secret"),
        ("node-1", "/environment/CLAIMLEDGER_DATA_DIR", json!("/x"), "no variable"),
        ("node-1", "/command/1", json!("--lissen"), "does not read"),
        ("node-1", "/command/0", json!("server"), "does not read"),
        ("node-2", "/healthcheck/test/3", json!("--uri"), "does not read"),
        ("init", "/entrypoint/2", json!("claimledger inid || true"), "does not read"),
        ("migrate", "/read_only", json!(false), "not confined"),
        ("node-1", "/cap_drop", json!([]), "not confined"),
        ("node-1", "/security_opt", Value::Null, "not confined"),
        ("secrets", "/build", json!("./deploy"), "no Dockerfile"),
        ("migrate", "/networks", json!(["nowhere"]), "nowhere"),
    ];
    for (service, pointer, value, named) in table {
        let mut compose = Compose::read(&root().join(FILES[0]));
        set(&mut compose.file["services"][service], pointer, value.clone());
        let found = faults(&compose);
        let is_named = found.iter().any(|fault| fault.contains(service) && fault.contains(named));
        assert!(is_named, "{service}{pointer} = {value}: {found:#?}");
    }
    let mut compose = Compose::read(&root().join(FILES[0]));
    compose.file["volumes"]["spare"] = json!({});
    assert!(faults(&compose).iter().any(|fault| fault.contains("spare is not used")));
}

/// Sets what a pointer names, which may not be there yet; null removes it.
fn set(value: &mut Value, pointer: &str, to: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = value.pointer_mut(parent).expect("what contains it");
    match (parent, to) {
        (Value::Object(map), Value::Null) => drop(map.remove(name)),
        (Value::Object(map), to) => drop(map.insert(name.to_owned(), to)),
        (Value::Array(list), to) => list[name.parse::<usize>().expect("an index")] = to,
        (other, _) => panic!("{pointer}: {other}"),
    }
}
