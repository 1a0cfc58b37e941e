//! A ledger that several nodes share: a database of a real PostgreSQL server, and the files that
//! each node is given.

use super::{Scratch, claimledger, postgres, text};
use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// The login of the nodes.
pub(crate) const LOGIN: &str = "serving_node";

/// A migrated database without a tenant, and a master key.
pub(crate) struct SharedLedger {
    dir: tempfile::TempDir,
    /// Its name on the server.
    pub(crate) database: String,
    has_log_url: bool,
}

impl SharedLedger {
    /// In a new database of this server.
    pub(crate) fn new(server: &postgres::Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let ledger = Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
            database: format!("shared_ledger_{}", COUNT.fetch_add(1, Ordering::Relaxed)),
            has_log_url: false,
        };
        let database = &ledger.database;
        server.psql("postgres", &format!("CREATE DATABASE {database}"));
        ledger.write("owner-url", server.socket_url(postgres::ADMIN, database));
        ledger.write("node-url", server.socket_url(LOGIN, database));
        ledger.write("master.key", [7; 32]);
        let migrated = claimledger()
            .args(["database", "migrate", "--database-url-file"])
            .arg(ledger.path("owner-url"))
            .output()
            .expect("the binary runs");
        assert!(migrated.status.success(), "{}", text(&migrated.stderr));
        server.psql(
            "postgres",
            &format!(
                "DO $$ BEGIN CREATE ROLE {LOGIN} LOGIN IN ROLE claimledger_writer; EXCEPTION WHEN \
                 duplicate_object OR unique_violation THEN NULL; END $$"
            ),
        );
        ledger
    }

    /// The same, with the logs on KurrentDB: here on a double of it, in this process.
    pub(crate) fn with_log_on_double(mut self, url: &str) -> Self {
        self.write("log-url", url);
        self.has_log_url = true;
        self
    }

    /// A file of the nodes.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::write(&path, content).expect("writing a file of a node");
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).expect("permissions of a file of a node");
    }

    /// A new node: a directory that is made when it is first used.
    pub(crate) fn node(&self) -> Scratch {
        let mut environment = vec![
            ("CLAIMLEDGER_DATABASE_URL_FILE", self.path("node-url")),
            ("CLAIMLEDGER_MASTER_KEY_FILE", self.path("master.key")),
        ];
        if self.has_log_url {
            environment.push(("CLAIMLEDGER_LOG_URL_FILE", self.path("log-url")));
        }
        Scratch::new().with_environment(environment)
    }

    /// The fixture in a rehearsal ledger of two tenants, ingested by this node.
    pub(crate) fn ingest_fixture(&self, node: &Scratch) {
        for tenant in ["acme", "globex"] {
            node.ok(&["init", "--tenant", tenant, "--rehearsal"]);
            let file = super::fixture::dir().join(format!("{tenant}.jsonl"));
            node.ok(&["--tenant", tenant, "ingest", file.to_str().expect("a UTF-8 path")]);
        }
    }
}
