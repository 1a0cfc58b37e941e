//! What runs once before the nodes: secrets, roles, tables and the first tenant, with the scripts
//! and the settings of the deployment, against a PostgreSQL server.

use super::root;
use crate::support::{claimledger, postgres, text};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The folders that stand for the volumes.
struct Deployment {
    dir: tempfile::TempDir,
}

impl Deployment {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for reader in ["postgres", "owner", "node"] {
            fs::create_dir_all(dir.path().join("secrets").join(reader)).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `deploy/secrets.sh`, with files for the user of the tests.
    fn make_secrets(&self) {
        let user = self.dir.path().metadata().unwrap().uid().to_string();
        let out = Command::new("sh")
            .arg(root().join("deploy/secrets.sh"))
            .arg(self.path("secrets"))
            .envs(["POSTGRES_UID", "NODE_UID", "LOG_UID"].map(|name| (name, &user)))
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", text(&out.stderr));
    }

    /// Every file of the secrets with its content, in order.
    fn secrets(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        for reader in fs::read_dir(self.path("secrets")).unwrap() {
            for file in fs::read_dir(reader.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let mode = path.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{}", path.display());
                let name = path.strip_prefix(self.path("secrets")).unwrap();
                found.push((name.display().to_string(), fs::read(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    fn make_roles(&self, server: &postgres::Server, database: &str) {
        let url = server.socket_url(postgres::ADMIN, database);
        let (_, socket) = url.split_once("host=").expect("a socket");
        let out = Command::new("sh")
            .arg(root().join("deploy/roles.sh"))
            .arg(self.path("secrets/postgres"))
            .env("PGHOST", socket.split('&').next().unwrap())
            .env("PGPORT", port(&url))
            .env("PGUSER", postgres::ADMIN)
            .env("LEDGER_DATABASE", database)
            .env("GROUPS_SQL", root().join("migrations/postgres/roles.sql"))
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", text(&out.stderr));
    }

    /// A config file of the deployment, with the paths and the database of this one.
    fn config(&self, name: &str, server: &postgres::Server, database: &str) -> PathBuf {
        let written = fs::read_to_string(root().join("deploy").join(name)).unwrap();
        let mut config = String::new();
        for line in written.lines() {
            let login = ["owner", "node"]
                .into_iter()
                .find(|login| line.starts_with(&format!("url = \"postgres://{login}@")));
            match login {
                Some(login) => {
                    config.push_str(&format!("url = \"{}\"", server.socket_url(login, database)));
                }
                None => config.push_str(line),
            }
            config.push('\n');
        }
        let secrets = format!("{}/", self.path("secrets").display());
        let data = self.path("data").display().to_string();
        let config =
            config.replace("/run/secrets/", &secrets).replace("/var/lib/claimledger", &data);
        let path = self.path(name);
        fs::write(&path, config).unwrap();
        path
    }
}

fn port(url: &str) -> String {
    let authority = url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let in_authority = authority.rsplit_once(':').map(|(_, port)| port.to_owned());
    let in_query = url.split("port=").nth(1).map(|rest| rest.split('&').next().unwrap().to_owned());
    in_query.or(in_authority).expect("a port")
}

fn run(config: &Path, arguments: &[&str]) -> Output {
    claimledger().arg("--config").arg(config).args(arguments).output().unwrap()
}

#[test]
fn secrets_are_made_once_and_only_for_their_readers() {
    let deployment = Deployment::new();
    deployment.make_secrets();
    let made = deployment.secrets();
    let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "node/master-key",
            "node/node-password",
            "owner/owner-password",
            "postgres/admin-password",
            "postgres/node-password",
            "postgres/owner-password",
        ]
    );
    assert_eq!(made[0].1.len(), 32);
    assert_eq!(made[1].1, made[4].1, "one password");
    assert_ne!(made[1].1, made[5].1, "two logins");
    assert!(made[1..].iter().all(|(_, secret)| secret.len() == 49), "48 digits and a line's end");
    deployment.make_secrets();
    assert_eq!(deployment.secrets(), made, "nothing changes");
    fs::remove_file(deployment.path("secrets/node/node-password")).unwrap();
    fs::create_dir(deployment.path("secrets/log")).unwrap();
    deployment.make_secrets();
    let after = deployment.secrets();
    assert_eq!(after.len(), made.len() + 2, "the password of the log, for two readers");
    assert!(
        made.iter().all(|secret| after.contains(secret)),
        "the one that is missing is the same"
    );
    let other = Deployment::new();
    other.make_secrets();
    assert!(other.secrets().iter().zip(&made).all(|(one, two)| one.1 != two.1), "random");
}

#[test]
fn roles_tables_and_the_first_tenant_are_made_as_often_as_one_likes() {
    let server = postgres::Server::start(&[]);
    let deployment = Deployment::new();
    deployment.make_secrets();
    let config = |name: &str| deployment.config(name, &server, "ledger");
    let (owner, node) = (config("owner.toml"), config("node.toml"));
    // The log of this test is in the database too.
    let text_of = fs::read_to_string(&node).unwrap();
    let (before, _) = text_of.split_once("[log]").expect("a log");
    fs::write(&node, before).unwrap();
    for again in [false, true] {
        deployment.make_roles(&server, "ledger");
        let migrated = run(&owner, &["database", "migrate"]);
        assert!(migrated.status.success(), "{}", text(&migrated.stderr));
        let init = run(&node, &["init", "--tenant", "acme"]);
        // The service of the compose file takes 3 as done.
        let status = if again { 3 } else { 0 };
        assert_eq!(init.status.code(), Some(status), "{}", text(&init.stderr));
    }
    let doctor = run(&node, &["doctor"]);
    assert!(doctor.status.success(), "{}{}", text(&doctor.stdout), text(&doctor.stderr));
    let found = text(&doctor.stdout);
    assert!(found.contains("the login node may append, and may not alter tables"), "{found}");
    // Over TCP the server asks for the passwords: these are the ones of the files.
    for login in ["owner", "node"] {
        let file = deployment.path(&format!("secrets/postgres/{login}-password"));
        let password = fs::read_to_string(file).unwrap();
        let url = server.tcp_url(login, password.trim(), "ledger");
        let out = Command::new("psql").args([&url, "--command=SELECT 1"]).output().unwrap();
        assert!(out.status.success(), "{login}: {}", text(&out.stderr));
    }
    server.psql("postgres", "CREATE ROLE guest LOGIN");
    let out = Command::new("psql")
        .arg(server.socket_url("guest", "ledger"))
        .arg("--command=SELECT 1")
        .output()
        .unwrap();
    assert!(!out.status.success(), "others do not connect");
}

/// The cluster's settings read as far as the files that they name.
#[test]
fn the_settings_of_the_cluster_are_read() {
    let server = postgres::shared();
    let deployment = Deployment::new();
    fs::create_dir(deployment.path("secrets/log")).unwrap();
    deployment.make_secrets();
    let config = deployment.config("node.tls.toml", server, "ledger");
    let authority = deployment.path("ca.crt");
    let text_of = fs::read_to_string(&config).unwrap();
    let local = text_of
        .replace("172.30.240.1", "127.0.0.1")
        .replace("/certs/ca/ca.crt", authority.to_str().unwrap());
    assert_ne!(local, text_of);
    fs::write(&config, local).unwrap();
    fs::write(authority, "").unwrap();
    let out = run(&config, &["doctor", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&out.stderr)));
    let of_log = report["findings"].as_array().unwrap().iter().find(|line| line["part"] == "log");
    assert!(of_log.is_some_and(|line| line["level"] == "problem"), "{report:#}");
}
