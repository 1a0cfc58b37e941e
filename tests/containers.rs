//! The container files are not started by these tests; they must at least parse and point at what
//! is there.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn the_dockerfile_parses_and_copies_what_exists() {
    let text = std::fs::read_to_string(root().join("Dockerfile")).expect("a Dockerfile");
    let known =
        ["FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"];
    let mut stages = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (instruction, rest) =
            line.split_once(' ').unwrap_or_else(|| panic!("no instruction: {line}"));
        assert!(known.contains(&instruction), "{line}");
        stages += u32::from(instruction == "FROM");
        if instruction == "COPY" && !rest.starts_with("--from") {
            let parts: Vec<&str> = rest.split_whitespace().collect();
            for source in &parts[..parts.len() - 1] {
                assert!(root().join(source).exists(), "COPY names {source}, which does not exist");
            }
        }
        if ["ENTRYPOINT", "CMD"].contains(&instruction) {
            serde_json::from_str::<Vec<String>>(rest)
                .unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
    assert_eq!(stages, 2);
    assert!(text.contains("USER claimledger"), "the server does not run as root");
}

#[test]
fn the_compose_file_parses_and_publishes_on_loopback_only() {
    let text = std::fs::read_to_string(root().join("docker-compose.yml")).expect("a compose file");
    let file: serde_json::Value = serde_yaml_ng::from_str(&text).expect("YAML");
    let service = &file["services"]["claimledger"];
    assert_eq!(service["build"], ".");
    let ports = service["ports"].as_array().expect("ports");
    assert!(
        ports.iter().all(|port| port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:"))),
        "{ports:?}"
    );
    for volume in service["volumes"].as_array().expect("volumes") {
        let (name, _) =
            volume.as_str().and_then(|volume| volume.split_once(':')).expect("name:path");
        assert!(file["volumes"].get(name).is_some(), "volume {name} is not declared");
    }
}
