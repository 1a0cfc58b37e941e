//! The key store: keys are durable before the records that need them.

use super::{
    OpenError,
    connect::Files,
    failure::{Failure, classify, read_failed},
    integrity::check_pages,
    owner::Owner,
    writer::{Migrations, Writer},
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{Pseudonym, TenantId},
    record::Digest32,
    time::Time,
};
use claimledger_ledger::{
    keys::{CredentialRow, KeyStore, PersonRow, StoredPerson, TenantKeysRow},
    log::{LogError, Stopped},
};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

const MIGRATIONS: Migrations =
    &[(1, "keys", include_str!("../../../../migrations/sqlite/keys/0001_keys.sql"))];

const FILE: &str = "keys";
const BEGIN: &str = "BEGIN IMMEDIATE";
const CREDENTIAL: &str = "SELECT tenant, credential, token_hash, roles, source, created_at, \
                          revoked_at, mac FROM credential";

/// The keys of all tenants, in the file `keys`.
pub struct SqliteKeys {
    writer: Arc<Writer>,
    /// The number of destroyed keys since the file was opened, of all tenants.
    destructions: Arc<AtomicU64>,
    readers: SqlitePool,
    _owner: Arc<Owner>,
}

async fn destroy(
    writer: &Arc<Writer>,
    tenant: &TenantId,
    pseudonym: &Pseudonym,
) -> Result<(), LogError> {
    let emptied = writer.write(async |connection| {
        // Dropped before its commit, the transaction is rolled back by the driver.
        let mut transaction = connection.begin_with(BEGIN).await?;
        for sql in [
            "INSERT INTO person_destroyed (tenant, pseudonym) VALUES (?, ?) \
             ON CONFLICT DO NOTHING",
            // Deletes the aliases too (ON DELETE CASCADE).
            "DELETE FROM person WHERE tenant = ? AND pseudonym = ?",
        ] {
            let statement = sqlx::query(sql).bind(tenant.as_str()).bind(pseudonym.as_str());
            statement.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        // The write-ahead log still has older pages with the key. In the file itself deleted
        // bytes are overwritten.
        let busy = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
        busy.try_get::<i64, _>(0).map(|busy| busy == 0)
    });
    if emptied.await?.map_err(|error| writer.failed(error))? {
        return Ok(());
    }
    Err(LogError::unavailable(
        "the key is destroyed, but its bytes are still in the write-ahead log, which is in use",
    ))
}

impl SqliteKeys {
    pub(super) async fn open(files: &Files, owner: &Arc<Owner>) -> Result<Self, OpenError> {
        let database = files.keys();
        let readers = database.readers();
        let writer = Writer::open(FILE, database, MIGRATIONS).await?;
        Ok(Self::of(writer, readers, owner))
    }

    /// Opens the file for reading only, with the reason.
    pub(super) async fn open_for_reading(
        files: &Files,
        owner: &Arc<Owner>,
        why: &str,
    ) -> Result<Self, OpenError> {
        let (database, _) = files.keys().for_reading(MIGRATIONS).await?;
        let readers = database.readers();
        Ok(Self::of(Writer::refusing(FILE, database, MIGRATIONS, why), readers, owner))
    }

    fn of(writer: Arc<Writer>, readers: SqlitePool, owner: &Arc<Owner>) -> Self {
        Self { writer, destructions: Arc::default(), readers, _owner: Arc::clone(owner) }
    }

    async fn person_where(
        &self,
        column: &'static str,
        tenant: &TenantId,
        value: Vec<u8>,
    ) -> Result<Vec<PersonRow>, LogError> {
        let sql = match column {
            "pseudonym" => format!("{PERSON} WHERE p.tenant = ? AND p.pseudonym = CAST(? AS TEXT)"),
            "id_index" => format!("{PERSON} WHERE p.tenant = ? AND p.id_index = ?"),
            _ => format!(
                "{PERSON} WHERE p.tenant = ?1 AND p.number IN (SELECT person FROM person_alias \
                 WHERE tenant = ?1 AND alias_index = ?2) ORDER BY p.pseudonym"
            ),
        };
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(value)
            .fetch_all(&self.readers)
            .await
            .map_err(read)?;
        rows.iter().map(person).collect()
    }
}

/// A person, with the aliases as one run of digests, in order.
const PERSON: &str = "SELECT p.pseudonym, p.wrapped, p.id_index,
    (SELECT group_concat(hex(a.alias_index), '') FROM
        (SELECT alias_index FROM person_alias WHERE person = p.number ORDER BY alias_index) a
    ) AS aliases
    FROM person p";

#[async_trait]
impl KeyStore for SqliteKeys {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        let insert = sqlx::query("INSERT INTO tenant_key (tenant, wrapped) VALUES (?, ?)")
            .bind(row.tenant.as_str())
            .bind(row.wrapped.as_slice());
        match self.writer.write(async |writer| insert.execute(writer).await).await? {
            Err(error) if classify(&error) == Failure::Constraint => {
                Err(LogError::unavailable(format!("tenant {} has keys already", row.tenant)))
            }
            other => other.map(|_| ()).map_err(|error| self.writer.failed(error)),
        }
    }

    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        let row = sqlx::query("SELECT wrapped FROM tenant_key WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(read)?;
        row.map(|row| {
            Ok(TenantKeysRow { tenant: tenant.clone(), wrapped: row.try_get(0).map_err(read)? })
        })
        .transpose()
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        let rows = sqlx::query("SELECT tenant FROM tenant_key ORDER BY tenant")
            .fetch_all(&self.readers)
            .await
            .map_err(read)?;
        rows.iter()
            .map(|row| Ok(TenantId::new(row.try_get::<String, _>(0).map_err(read)?)))
            .collect()
    }

    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let added = self.writer.write(async |writer| {
            // Dropped before its commit, the transaction is rolled back by the driver.
            let mut transaction = writer.begin_with(BEGIN).await?;
            let mut added = Vec::with_capacity(rows.len());
            for row in rows {
                added.push(add_person(&mut transaction, tenant, row).await?);
            }
            transaction.commit().await.map(|()| added)
        });
        let added = added.await?.map_err(|error| self.writer.failed(error))?;
        let mut stored = Vec::with_capacity(rows.len());
        for (row, added) in rows.iter().zip(added) {
            let found = match added {
                Added::New => {
                    let mut row = row.clone();
                    row.alias_index.sort_unstable();
                    row.alias_index.dedup();
                    Some(row)
                }
                // Since the commit its key may have been destroyed.
                Added::ToAnother => self.person_by_id(tenant, &row.id_index).await?,
                Added::Nothing => None,
            };
            stored.push(found.map_or(StoredPerson::Destroyed, StoredPerson::Live));
        }
        Ok(stored)
    }

    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        let value = pseudonym.as_str().as_bytes().to_vec();
        if let Some(row) = self.person_where("pseudonym", tenant, value).await?.pop() {
            return Ok(Some(StoredPerson::Live(row)));
        }
        // A pseudonym without a row can only have become destroyed before the second query.
        let mut connection = self.readers.acquire().await.map_err(read)?;
        let destroyed = is_destroyed(&mut connection, tenant, pseudonym).await.map_err(read)?;
        Ok(destroyed.then_some(StoredPerson::Destroyed))
    }

    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        let (writer, destructions) = (Arc::clone(&self.writer), Arc::clone(&self.destructions));
        let (tenant, pseudonym) = (tenant.clone(), pseudonym.clone());
        // A task of its own: dropping this future must not separate the commit from the counter.
        let destroying = tokio::spawn(async move {
            let done = destroy(&writer, &tenant, &pseudonym).await;
            // After an error too: the commit may have happened.
            destructions.fetch_add(1, Ordering::SeqCst);
            done
        });
        destroying.await.unwrap_or_else(|error| Err(LogError::unavailable(error.to_string())))
    }

    async fn destructions(&self, _: &TenantId) -> Result<u64, LogError> {
        Ok(self.destructions.load(Ordering::SeqCst))
    }

    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        let sql = "SELECT pseudonym FROM person_destroyed WHERE tenant = ? AND pseudonym > ? \
                   ORDER BY pseudonym LIMIT ?";
        let after = after.map_or("", Pseudonym::as_str);
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let query = sqlx::query(sql).bind(tenant.as_str()).bind(after).bind(max);
        let rows = query.fetch_all(&self.readers).await.map_err(read)?;
        let pseudonym = |row: &SqliteRow| row.try_get::<String, _>(0).map(Pseudonym::new);
        rows.iter().map(pseudonym).collect::<Result<_, _>>().map_err(read)
    }

    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        Ok(self.person_where("id_index", tenant, index.0.to_vec()).await?.pop())
    }

    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        let sql =
            format!("{PERSON} WHERE p.tenant = ? AND p.pseudonym > ? ORDER BY p.pseudonym LIMIT ?");
        let after = after.map_or("", Pseudonym::as_str);
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(after).bind(max);
        query.fetch_all(&self.readers).await.map_err(read)?.iter().map(person).collect()
    }

    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        self.person_where("alias_index", tenant, index.0.to_vec()).await
    }

    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        let insert = "INSERT INTO credential (tenant, credential, token_hash, roles, source, \
                      created_at, revoked_at, mac) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let insert = sqlx::query(insert)
            .bind(row.tenant.as_str())
            .bind(row.credential.as_str())
            .bind(row.token_hash.0.as_slice())
            .bind(row.roles.join(" "))
            .bind(row.source.as_deref())
            .bind(row.created_at.micros())
            .bind(row.revoked_at.map(Time::micros))
            .bind(row.mac.0.as_slice());
        match self.writer.write(async |writer| insert.execute(writer).await).await? {
            Err(error) if classify(&error) == Failure::Constraint => {
                Err(LogError::unavailable(format!("credential {} exists already", row.credential)))
            }
            other => other.map(|_| ()).map_err(|error| self.writer.failed(error)),
        }
    }

    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        let sql = format!("{CREDENTIAL} WHERE token_hash = ?");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(token_hash.0.as_slice())
            .fetch_optional(&self.readers)
            .await
            .map_err(read)?;
        row.as_ref().map(credential).transpose()
    }

    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        let sql = format!("{CREDENTIAL} WHERE tenant = ? ORDER BY credential");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(read)?;
        rows.iter().map(credential).collect()
    }

    async fn check(&self) -> Result<(), LogError> {
        let mut connection = self.readers.acquire().await.map_err(read)?;
        check_pages(&mut connection).await.map_err(read)
    }

    async fn revoke_credential(
        &self,
        tenant: &TenantId,
        credential: &str,
        at: Time,
        mac: &Digest32,
    ) -> Result<bool, LogError> {
        // The first revocation counts: a second one changes neither its time nor its MAC. The right
        // sides of an assignment see the row as it was.
        let update = "UPDATE credential SET revoked_at = coalesce(revoked_at, ?), \
                      mac = CASE WHEN revoked_at IS NULL THEN ? ELSE mac END \
                      WHERE tenant = ? AND credential = ?";
        let update = sqlx::query(update)
            .bind(at.micros())
            .bind(mac.0.as_slice())
            .bind(tenant.as_str())
            .bind(credential);
        let done = self
            .writer
            .write(async |writer| update.execute(writer).await)
            .await?
            .map_err(|error| self.writer.failed(error))?;
        Ok(done.rows_affected() > 0)
    }

    fn stopped(&self) -> Option<Stopped> {
        self.writer.stopped()
    }
}

/// The outcome of adding a row.
enum Added {
    /// The person is new.
    New,
    /// Another person has its `id_index`, and got its aliases.
    ToAnother,
    /// The key of its pseudonym is destroyed.
    Nothing,
}

async fn add_person(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    row: &PersonRow,
) -> Result<Added, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO person (tenant, pseudonym, wrapped, id_index) VALUES (?, ?, ?, ?) ON \
                 CONFLICT (tenant, id_index) DO NOTHING",
    )
    .bind(tenant.as_str())
    .bind(row.pseudonym.as_str())
    .bind(row.wrapped.as_slice())
    .bind(row.id_index.0.as_slice())
    .execute(&mut *connection)
    .await?
    .rows_affected();
    // A trigger ignores the insert of a destroyed pseudonym.
    if inserted == 0 && is_destroyed(connection, tenant, &row.pseudonym).await? {
        return Ok(Added::Nothing);
    }
    for alias in &row.alias_index {
        sqlx::query(
            "INSERT INTO person_alias (tenant, alias_index, person)
             SELECT tenant, ?, number FROM person WHERE tenant = ? AND id_index = ? ON CONFLICT DO \
             NOTHING",
        )
        .bind(alias.0.as_slice())
        .bind(tenant.as_str())
        .bind(row.id_index.0.as_slice())
        .execute(&mut *connection)
        .await?;
    }
    Ok(if inserted == 0 { Added::ToAnother } else { Added::New })
}

async fn is_destroyed(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    pseudonym: &Pseudonym,
) -> Result<bool, sqlx::Error> {
    let sql = "SELECT 1 FROM person_destroyed WHERE tenant = ? AND pseudonym = ?";
    let query = sqlx::query(sql).bind(tenant.as_str()).bind(pseudonym.as_str());
    Ok(query.fetch_optional(connection).await?.is_some())
}

fn person(row: &SqliteRow) -> Result<PersonRow, LogError> {
    let aliases: Option<String> = row.try_get(3).map_err(read)?;
    let alias_index =
        aliases.unwrap_or_default().as_bytes().chunks(64).map(hex).collect::<Option<_>>();
    Ok(PersonRow {
        pseudonym: Pseudonym::new(row.try_get::<String, _>(0).map_err(read)?),
        wrapped: row.try_get(1).map_err(read)?,
        id_index: digest(row, 2)?,
        alias_index: alias_index.ok_or_else(|| damaged("person_alias.alias_index"))?,
    })
}

fn credential(row: &SqliteRow) -> Result<CredentialRow, LogError> {
    let roles: String = row.try_get(3).map_err(read)?;
    Ok(CredentialRow {
        tenant: TenantId::new(row.try_get::<String, _>(0).map_err(read)?),
        credential: row.try_get(1).map_err(read)?,
        token_hash: digest(row, 2)?,
        roles: roles.split_whitespace().map(str::to_owned).collect(),
        source: row.try_get(4).map_err(read)?,
        created_at: Time::from_micros(row.try_get(5).map_err(read)?),
        revoked_at: row.try_get::<Option<i64>, _>(6).map_err(read)?.map(Time::from_micros),
        mac: digest(row, 7)?,
    })
}

fn digest(row: &SqliteRow, column: usize) -> Result<Digest32, LogError> {
    let bytes: &[u8] = row.try_get(column).map_err(read)?;
    bytes.try_into().map(Digest32).map_err(|_| damaged("a digest"))
}

fn hex(digits: &[u8]) -> Option<Digest32> {
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Digest32(bytes))
}

fn read(error: sqlx::Error) -> LogError {
    read_failed(FILE, error)
}

fn damaged(what: &str) -> LogError {
    LogError::damaged(FILE, what, "it has another length")
}
