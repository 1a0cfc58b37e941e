//! The servers that nodes share: PostgreSQL and KurrentDB.

use super::Finding;
use claimledger_ledger::clock::SystemClock;
use claimledger_store::postgres::{Inspection, Login, PostgresOptions, Setting, Skew, inspect};

const DATABASE: &str = "database";
/// Difference of two clocks from which answers of two nodes may differ in what holds now.
const MAX_SKEW_MICROS: i64 = 1_000_000;

pub(super) async fn database(options: &PostgresOptions) -> Vec<Finding> {
    let server = options.server();
    match inspect(options, &SystemClock::default()).await {
        Ok(found) => of(&server, &found),
        Err(error) => vec![Finding::error(DATABASE, &error.into())],
    }
}

fn of(server: &str, found: &Inspection) -> Vec<Finding> {
    let encrypted = if found.is_encrypted { "encrypted" } else { "not encrypted, on this machine" };
    let (version, size) = (&found.server_version, found.size_bytes / (1024 * 1024));
    let reached = format!("{server}: PostgreSQL {version}, {size} MiB, connection {encrypted}");
    let mut findings = vec![if found.is_supported {
        Finding::ok(DATABASE, reached)
    } else {
        Finding::problem(DATABASE, reached, "upgrade it: 15 is the oldest supported version")
    }];
    findings.extend(found.settings.iter().map(setting));
    findings.push(tables(found.tables, found.tables_needed));
    findings.extend(login(&found.login));
    findings.push(skew(&found.skew));
    findings
}

fn setting(setting: &Setting) -> Finding {
    let what = format!("{} = {}", setting.name, setting.found);
    match setting.needed {
        None => Finding::ok(DATABASE, what),
        Some(needed) => Finding::problem(
            DATABASE,
            format!("{what}: an acknowledged record could be lost"),
            format!("{} = {needed}, for the server, the database and this login", setting.name),
        ),
    }
}

fn tables(found: Option<i64>, needed: i64) -> Finding {
    match found {
        None => Finding::problem(
            DATABASE,
            "this login may not read the version of the tables",
            "GRANT claimledger_writer to it, as an administrator",
        ),
        Some(found) if found == needed => {
            Finding::ok(DATABASE, format!("tables of version {found}"))
        }
        Some(found) => Finding::problem(
            DATABASE,
            format!("tables of version {found}, and this program needs version {needed}"),
            match found < needed {
                true => "run `claimledger database migrate` of this version, as their owner",
                false => "use the newer version of this program that migrated them",
            },
        ),
    }
}

fn login(login: &Login) -> Vec<Finding> {
    let Login { name, may_write, may_alter } = login;
    let mut findings = Vec::new();
    if !may_write {
        findings.push(Finding::problem(
            DATABASE,
            format!("the login {name} may not append"),
            format!("GRANT claimledger_writer TO {name}, as an administrator"),
        ));
    }
    if *may_alter {
        findings.push(Finding::problem(
            DATABASE,
            format!("the login {name} may alter tables and triggers: it could rewrite the log"),
            "let nodes log in as a member of claimledger_writer that owns nothing; the owner's \
             login is for `claimledger database migrate` alone",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            DATABASE,
            format!("the login {name} may append, and may not alter tables"),
        ));
    }
    findings
}

fn skew(skew: &Skew) -> Finding {
    let (off, by) = (skew.micros, skew.uncertainty_micros);
    let millis = |micros: i64| micros / 1000;
    let word = if off < 0 { "behind" } else { "ahead of" };
    let what = format!(
        "the database's clock is {} ms {word} this machine's (± {} ms)",
        millis(off.abs()),
        millis(by)
    );
    if off.abs() - by > MAX_SKEW_MICROS {
        return Finding::problem(
            "clock",
            what,
            "synchronize the clocks of all machines with one source of time (NTP)",
        );
    }
    Finding::ok("clock", what)
}

#[cfg(feature = "kurrentdb")]
pub(super) use of_log::{kurrentdb, log_alone};

#[cfg(feature = "kurrentdb")]
mod of_log {
    use super::Finding;
    use claimledger_kurrentdb::{KurrentLog, KurrentOptions};

    const LOG: &str = "log";

    /// A log alone opens no ledger.
    pub(in super::super) fn log_alone() -> Finding {
        Finding::problem(
            LOG,
            "a log on KurrentDB is named, and no database",
            "name the database of keys and shared state with --database-url-file",
        )
    }

    pub(in super::super) async fn kurrentdb(options: KurrentOptions) -> Vec<Finding> {
        let (server, is_encrypted) = (options.server(), options.is_encrypted());
        let found = async {
            let log = KurrentLog::connect(options).await?;
            Ok::<_, anyhow::Error>(log.server_version().await?)
        };
        let version = match found.await {
            Ok(version) => version,
            Err(error) => return vec![Finding::error(LOG, &error)],
        };
        let reached = format!("{server}: KurrentDB {version}");
        vec![if is_encrypted {
            Finding::ok(LOG, format!("{reached}, TLS"))
        } else {
            Finding::warning(
                LOG,
                format!("{reached}, without TLS and authentication, on this machine"),
                "let no other program reach that address: it could delete the log",
            )
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Level;

    fn found() -> Inspection {
        Inspection {
            server_version: "15.14".to_owned(),
            is_supported: true,
            settings: vec![Setting { name: "fsync", found: "on".to_owned(), needed: None }],
            tables: Some(4),
            tables_needed: 4,
            login: Login { name: "node".to_owned(), may_write: true, may_alter: false },
            skew: Skew { micros: -400_000, uncertainty_micros: 1_000 },
            is_encrypted: true,
            size_bytes: 0,
        }
    }

    fn problems(found: &Inspection) -> Vec<String> {
        let all = of("db:5432/ledger", found);
        let bad = all.into_iter().filter(|finding| finding.level != Level::Ok);
        bad.map(|finding| format!("{} → {}", finding.what, finding.remedy.unwrap())).collect()
    }

    #[test]
    fn each_fault_of_a_database_is_named_with_its_remedy() {
        assert_eq!(problems(&found()), [""; 0]);
        let off = Setting { name: "fsync", found: "off".to_owned(), needed: Some("on") };
        let login = |may_write, may_alter| Login { may_write, may_alter, ..found().login };
        let skewed = |micros, uncertainty_micros| Skew { micros, uncertainty_micros };
        for (fault, named) in [
            (Inspection { is_supported: false, ..found() }, "oldest supported"),
            (Inspection { settings: vec![off], ..found() }, "fsync = on"),
            (Inspection { tables: Some(3), ..found() }, "database migrate"),
            (Inspection { tables: Some(5), ..found() }, "newer version"),
            (Inspection { tables: None, ..found() }, "may not read"),
            (Inspection { login: login(false, false), ..found() }, "GRANT claimledger_writer TO"),
            (Inspection { login: login(true, true), ..found() }, "could rewrite the log"),
            (Inspection { skew: skewed(2_000_000, 1_000), ..found() }, "2000 ms ahead of"),
            (Inspection { skew: skewed(-2_000_000, 1_000), ..found() }, "2000 ms behind"),
        ] {
            let found = problems(&fault);
            assert!(found.len() == 1 && found[0].contains(named), "{named}: {found:?}");
        }
        // A slow answer says nothing about a clock.
        assert_eq!(
            problems(&Inspection { skew: skewed(2_000_000, 1_500_000), ..found() }),
            [""; 0]
        );
    }
}
