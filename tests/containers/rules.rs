//! What the schema of compose files does not say.

use super::{compose::Compose, root};
use crate::support::{claimledger, text};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::LazyLock};

/// What is wrong with a file, each with the name of the service.
pub(super) fn faults(compose: &Compose) -> Vec<String> {
    let services = compose.file["services"].as_object().expect("services");
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for (name, service) in services {
        let of_service: Vec<String> = [
            image(compose, service),
            dependencies(services, service),
            networks(compose, services, service),
            volumes(compose, service, &mut used),
            ports(service),
            health(service),
            secrets(service),
            program(service),
        ]
        .concat();
        found.extend(of_service.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    for volume in compose.file["volumes"].as_object().expect("volumes").keys() {
        if !used.contains(volume) {
            found.push(format!("the volume {volume} is not used"));
        }
    }
    found
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `${NAME:-default}` is its default.
fn default_of(text: &str) -> &str {
    let inside = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inside.and_then(|inside| inside.split_once(":-")).map_or(text, |(_, default)| default)
}

fn image(compose: &Compose, service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let image = default_of(service["image"].as_str().unwrap_or_default());
    let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map(|(_, tag)| tag);
    if tag.is_none_or(|tag| tag.is_empty() || tag == "latest") {
        found.push(format!("the image {image} has no tag of a version"));
    }
    if let Some(context) = service["build"].as_str()
        && !compose.dir.join(context).join("Dockerfile").is_file()
    {
        found.push(format!("{context} has no Dockerfile"));
    }
    found
}

fn is_checked(service: &Value) -> bool {
    service["healthcheck"]["test"].is_array()
}

fn dependencies(services: &Map<String, Value>, service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, how) in service["depends_on"].as_object().into_iter().flatten() {
        let Some(other) = services.get(name) else {
            found.push(format!("it depends on {name}, which is no service"));
            continue;
        };
        match how["condition"].as_str() {
            Some("service_healthy") if !is_checked(other) => {
                found.push(format!("it waits for the health check of {name}, which has none"));
            }
            Some("service_completed_successfully") if other.get("restart").is_some() => {
                found.push(format!("it waits for the end of {name}, which never completes"));
            }
            Some("service_healthy" | "service_completed_successfully" | "service_started") => {}
            other => found.push(format!("it depends on {name} under the condition {other:?}")),
        }
    }
    found
}

fn networks(compose: &Compose, services: &Map<String, Value>, service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mode = service["network_mode"].as_str().unwrap_or_default();
    if let Some(name) = mode.strip_prefix("service:")
        && !services.contains_key(name)
    {
        found.push(format!("it uses the network of {name}, which is no service"));
    }
    let named: Vec<&str> = match &service["networks"] {
        Value::Object(map) => map.keys().map(String::as_str).collect(),
        other => texts(other),
    };
    for name in named {
        if compose.file["networks"].get(name).is_none() {
            found.push(format!("the network {name} is not declared"));
        }
    }
    found
}

fn volumes(compose: &Compose, service: &Value, used: &mut BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for volume in texts(&service["volumes"]) {
        let parts: Vec<&str> = volume.split(':').collect();
        let source = parts[0];
        if !source.starts_with(['.', '/']) {
            used.insert(source.to_owned());
            if compose.file["volumes"].get(source).is_none() {
                found.push(format!("the volume {source} is not declared"));
            }
            continue;
        }
        match compose.dir.join(source).canonicalize() {
            Ok(path) if path.starts_with(root()) && path.is_file() => {}
            _ => found.push(format!("the file {source} does not exist in the repository")),
        }
        if parts.last() != Some(&"ro") {
            found.push(format!("the file {source} is not mounted read-only"));
        }
    }
    found
}

fn ports(service: &Value) -> Vec<String> {
    let ports = texts(&service["ports"]).into_iter().filter(|port| !port.starts_with("127.0.0.1:"));
    ports.map(|port| format!("the port {port} is not of the loopback interface")).collect()
}

/// What runs on has a health check, or says that it needs none.
fn health(service: &Value) -> Vec<String> {
    let says = service["healthcheck"]["disable"] == true;
    match service.get("restart").is_some() && !is_checked(service) && !says {
        true => vec!["it runs on and has no health check".to_owned()],
        false => Vec::new(),
    }
}

/// A secret is in a file, or in the environment of the start, which then has to set it.
fn secrets(service: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in service["environment"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let is_secret =
            ["PASSWORD", "SECRET", "TOKEN", "MASTER_KEY"].iter().any(|word| name.contains(word))
                && !name.ends_with("_FILE");
        let is_asked_for = value.starts_with("${") && value.contains(":?");
        if is_secret && !is_asked_for {
            found.push(format!("the variable {name} is a secret, and has a value in the file"));
        }
    }
    let text = service.to_string();
    for rest in text.split("://").skip(1) {
        let authority = rest.split(['/', '"', '?', ' ']).next().unwrap_or_default();
        if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            found.push("a URL has a secret in it".to_owned());
        }
    }
    found
}

/// What the program says of its variables.
static HELP: LazyLock<String> = LazyLock::new(|| {
    [&["--help"][..], &["serve", "--help"]]
        .map(|arguments| text(&claimledger().args(arguments).output().expect("it runs").stdout))
        .concat()
});

/// The commands, variables and confinement of this program's services.
fn program(service: &Value) -> Vec<String> {
    if service.get("build").is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let names = service["environment"].as_object().into_iter().flatten().map(|(name, _)| name);
    for name in names.filter(|name| name.starts_with("CLAIMLEDGER_")) {
        if !HELP.contains(&format!("[env: {name}=")) {
            found.push(format!("the program has no variable {name}"));
        }
    }
    let is_confined = service["read_only"] == true
        && texts(&service["cap_drop"]) == ["ALL"]
        && texts(&service["security_opt"]) == ["no-new-privileges:true"];
    if !is_confined {
        found.push("it is not confined".to_owned());
    }
    found.extend(commands(service).into_iter().filter_map(|words| unread(&words)));
    found
}

/// The arguments of every call of the program in a service.
fn commands(service: &Value) -> Vec<Vec<String>> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut commands = Vec::new();
    let entrypoint = texts(&service["entrypoint"]);
    if entrypoint.is_empty() {
        commands.push(owned(&texts(&service["command"])));
    }
    if let ["sh", "-c", script] = entrypoint[..] {
        let words: Vec<&str> = script.split_whitespace().collect();
        let calls = words.split(|word| ["||", "&&", ";"].contains(word));
        let of_program = calls.filter_map(|call| call.strip_prefix(&["claimledger"][..]));
        commands.extend(of_program.map(owned));
    }
    if let ["CMD", "claimledger", arguments @ ..] = &texts(&service["healthcheck"]["test"])[..] {
        commands.push(owned(arguments));
    }
    commands
}

/// What the program says of arguments that it does not read: its help comes after them.
fn unread(words: &[String]) -> Option<String> {
    let out = claimledger().args(words).arg("--help").output().expect("it runs");
    let why = text(&out.stderr);
    (!out.status.success()).then(|| format!("the program does not read {words:?}: {why}"))
}
