//! The key store. Every read is a query: a destroyed key and a revoked credential are gone on every
//! node with the next request.

use super::{
    bytes,
    connect::{Database, read, transact},
    failure::{DamagedRow, Failure, classify},
    text,
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
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, postgres::PgRow};
use std::collections::{HashMap, HashSet};

const STORE: &str = "keys";
const CREDENTIAL: &str = "SELECT tenant, credential, token_hash, roles, source, created_at, \
                          revoked_at, mac FROM credential";

/// A person, with the aliases in order.
const PERSON: &str = "SELECT p.pseudonym, p.wrapped, p.id_index, \
    ARRAY(SELECT a.alias_index FROM person_alias a WHERE a.person = p.number ORDER BY 1) \
    FROM person p";

/// The keys of all tenants.
///
/// A destroyed key's row is deleted when [`KeyStore::destroy`] returns, but its bytes, sealed by
/// the tenant's key, stay in dead rows until a vacuum, and in the write-ahead log, standbys and
/// backups.
pub struct PostgresKeys {
    database: Database,
}

impl PostgresKeys {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    fn failed(&self, error: sqlx::Error) -> LogError {
        self.database.failed(STORE, error)
    }

    /// A write that a constraint refuses with `taken`.
    fn refused(&self, error: sqlx::Error, taken: String) -> LogError {
        match classify(&error) {
            Failure::Constraint => LogError::unavailable(taken),
            _ => self.failed(error),
        }
    }

    async fn persons_where(
        &self,
        condition: &str,
        tenant: &TenantId,
        value: &[u8],
        max: i64,
    ) -> Result<Vec<PersonRow>, LogError> {
        let sql =
            format!("{PERSON} WHERE p.tenant = $1 AND {condition} ORDER BY p.pseudonym LIMIT $3");
        let rows = read!(self.database, async |connection| {
            let query = sqlx::query(AssertSqlSafe(sql.as_str()));
            let query = query.bind(tenant.as_str().as_bytes()).bind(value).bind(max);
            query.fetch_all(connection).await?.iter().map(person).collect()
        });
        rows.map_err(|error| self.failed(error))
    }

    async fn credentials_where(
        &self,
        condition: &str,
        value: &[u8],
    ) -> Result<Vec<CredentialRow>, LogError> {
        let sql = format!("{CREDENTIAL} WHERE {condition} = $1 ORDER BY credential");
        let rows = read!(self.database, async |connection| {
            let query = sqlx::query(AssertSqlSafe(sql.as_str())).bind(value);
            query.fetch_all(connection).await?.iter().map(credential).collect()
        });
        rows.map_err(|error| self.failed(error))
    }
}

#[async_trait]
impl KeyStore for PostgresKeys {
    async fn add_tenant(&self, row: &TenantKeysRow) -> Result<(), LogError> {
        let done = self.database.run(async |connection| {
            sqlx::query("INSERT INTO tenant_key (tenant, wrapped) VALUES ($1, $2)")
                .bind(row.tenant.as_str().as_bytes())
                .bind(row.wrapped.as_slice())
                .execute(connection)
                .await
        });
        let taken = || format!("tenant {} has keys already", row.tenant);
        done.await.map_err(|error| self.refused(error, taken()))?;
        self.database.written();
        Ok(())
    }

    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantKeysRow>, LogError> {
        let row = read!(self.database, async |connection| {
            sqlx::query("SELECT wrapped FROM tenant_key WHERE tenant = $1")
                .bind(tenant.as_str().as_bytes())
                .fetch_optional(connection)
                .await?
                .map(|row| row.try_get(0))
                .transpose()
        });
        let wrapped = row.map_err(|error| self.failed(error))?;
        Ok(wrapped.map(|wrapped| TenantKeysRow { tenant: tenant.clone(), wrapped }))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, LogError> {
        let rows = read!(self.database, async |connection| {
            let query = sqlx::query("SELECT tenant FROM tenant_key ORDER BY tenant");
            let rows = query.fetch_all(connection).await?;
            rows.iter().map(|row| text(row, 0).map(TenantId::new)).collect()
        });
        rows.map_err(|error| self.failed(error))
    }

    async fn add_persons(
        &self,
        tenant: &TenantId,
        rows: &[PersonRow],
    ) -> Result<Vec<StoredPerson>, LogError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let added = transact!(self.database, async |connection| {
            // Dropped before its commit, the transaction is rolled back.
            let mut transaction = connection.begin().await?;
            let added = add_persons(&mut transaction, tenant, rows).await?;
            transaction.commit().await?;
            Ok(added)
        });
        let added = added.map_err(|error| self.failed(error))?;
        self.database.written();
        Ok(added)
    }

    async fn person(
        &self,
        tenant: &TenantId,
        pseudonym: &Pseudonym,
    ) -> Result<Option<StoredPerson>, LogError> {
        let value = pseudonym.as_str().as_bytes();
        if let Some(row) = self.persons_where("p.pseudonym = $2", tenant, value, 1).await?.pop() {
            return Ok(Some(StoredPerson::Live(row)));
        }
        // A pseudonym without a row can only have become destroyed before the second query.
        let destroyed =
            read!(self.database, async |connection| destroyed(connection, tenant, &[value]).await);
        let destroyed = destroyed.map_err(|error| self.failed(error))?;
        Ok((!destroyed.is_empty()).then_some(StoredPerson::Destroyed))
    }

    async fn destroy(&self, tenant: &TenantId, pseudonym: &Pseudonym) -> Result<(), LogError> {
        let done = transact!(self.database, async |connection| {
            // Dropped before its commit, the transaction is rolled back.
            let mut transaction = connection.begin().await?;
            // First, because it is also the lock that those who add persons wait for.
            let count = "INSERT INTO key_destruction (tenant) VALUES ($1) ON CONFLICT DO NOTHING";
            let tenant = tenant.as_str().as_bytes();
            sqlx::query(count).bind(tenant).execute(&mut *transaction).await?;
            let count = "UPDATE key_destruction SET count = count + 1 WHERE tenant = $1";
            sqlx::query(count).bind(tenant).execute(&mut *transaction).await?;
            for sql in [
                "INSERT INTO person_destroyed (tenant, pseudonym) VALUES ($1, $2) ON CONFLICT DO \
                 NOTHING",
                // Deletes the aliases too (ON DELETE CASCADE).
                "DELETE FROM person WHERE tenant = $1 AND pseudonym = $2",
            ] {
                let statement = sqlx::query(sql).bind(tenant).bind(pseudonym.as_str().as_bytes());
                statement.execute(&mut *transaction).await?;
            }
            transaction.commit().await
        });
        done.map_err(|error| self.failed(error))?;
        self.database.written();
        Ok(())
    }

    /// One row by its primary key, so that every node notices.
    async fn destructions(&self, tenant: &TenantId) -> Result<u64, LogError> {
        let count = read!(self.database, async |connection| {
            sqlx::query("SELECT count FROM key_destruction WHERE tenant = $1")
                .bind(tenant.as_str().as_bytes())
                .fetch_optional(connection)
                .await?
                .map(|row| row.try_get::<i64, _>(0))
                .transpose()
        });
        Ok(count.map_err(|error| self.failed(error))?.unwrap_or(0) as u64)
    }

    async fn destroyed(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<Pseudonym>, LogError> {
        let after = after.map_or("", Pseudonym::as_str).as_bytes();
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let sql = "SELECT pseudonym FROM person_destroyed WHERE tenant = $1 AND pseudonym > $2 \
                   ORDER BY pseudonym LIMIT $3";
        let found = read!(self.database, async |connection| {
            let query = sqlx::query(sql).bind(tenant.as_str().as_bytes()).bind(after).bind(max);
            let rows = query.fetch_all(connection).await?;
            rows.iter().map(|row| text(row, 0).map(Pseudonym::new)).collect()
        });
        found.map_err(|error| self.failed(error))
    }

    async fn person_by_id(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Option<PersonRow>, LogError> {
        Ok(self.persons_where("p.id_index = $2", tenant, &index.0, 1).await?.pop())
    }

    async fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&Pseudonym>,
        max: usize,
    ) -> Result<Vec<PersonRow>, LogError> {
        let after = after.map_or("", Pseudonym::as_str).as_bytes();
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        self.persons_where("p.pseudonym > $2", tenant, after, max).await
    }

    async fn persons_by_alias(
        &self,
        tenant: &TenantId,
        index: &Digest32,
    ) -> Result<Vec<PersonRow>, LogError> {
        let condition = "p.number IN (SELECT person FROM person_alias WHERE tenant = $1 AND \
                         alias_index = $2)";
        self.persons_where(condition, tenant, &index.0, i64::MAX).await
    }

    async fn add_credential(&self, row: &CredentialRow) -> Result<(), LogError> {
        let insert = "INSERT INTO credential (tenant, credential, token_hash, roles, source, \
                      created_at, revoked_at, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let done = self.database.run(async |connection| {
            sqlx::query(insert)
                .bind(row.tenant.as_str().as_bytes())
                .bind(row.credential.as_bytes())
                .bind(row.token_hash.0.as_slice())
                .bind(row.roles.join(" "))
                .bind(row.source.as_deref().map(str::as_bytes))
                .bind(row.created_at.micros())
                .bind(row.revoked_at.map(Time::micros))
                .bind(row.mac.0.as_slice())
                .execute(connection)
                .await
        });
        let taken = || format!("credential {} exists already", row.credential);
        done.await.map_err(|error| self.refused(error, taken()))?;
        self.database.written();
        Ok(())
    }

    async fn credential(&self, token_hash: &Digest32) -> Result<Option<CredentialRow>, LogError> {
        Ok(self.credentials_where("token_hash", &token_hash.0).await?.pop())
    }

    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<CredentialRow>, LogError> {
        self.credentials_where("tenant", tenant.as_str().as_bytes()).await
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
        let update = "UPDATE credential SET revoked_at = coalesce(revoked_at, $1), \
                      mac = CASE WHEN revoked_at IS NULL THEN $4 ELSE mac END WHERE tenant = \
                      $2 AND credential = $3";
        let done = transact!(self.database, async |connection| {
            sqlx::query(update)
                .bind(at.micros())
                .bind(tenant.as_str().as_bytes())
                .bind(credential.as_bytes())
                .bind(mac.0.as_slice())
                .execute(connection)
                .await
        });
        let done = done.map_err(|error| self.failed(error))?;
        self.database.written();
        Ok(done.rows_affected() > 0)
    }

    /// Reads and decodes every row.
    async fn check(&self) -> Result<(), LogError> {
        for tenant in self.tenants().await? {
            let mut after = None;
            while let Some(last) = self.persons(&tenant, after.as_ref(), 1000).await?.pop() {
                after = Some(last.pseudonym);
            }
            self.credentials(&tenant).await?;
        }
        Ok(())
    }

    fn stopped(&self) -> Option<Stopped> {
        self.database.stopped()
    }
}

/// Adds rows in the open transaction, and returns what is stored for each.
async fn add_persons(
    connection: &mut PgConnection,
    tenant: &TenantId,
    rows: &[PersonRow],
) -> Result<Vec<StoredPerson>, sqlx::Error> {
    // In one order for all writers, so that no two of them wait for each other's rows. Stable: of
    // two rows with one id the first is added.
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| row.id_index);
    let column = |of: fn(&PersonRow) -> &[u8]| sorted.iter().map(|row| of(row)).collect::<Vec<_>>();
    let pseudonyms = column(|row| row.pseudonym.as_str().as_bytes());
    let ids = column(|row| &row.id_index.0);
    let name = tenant.as_str().as_bytes();
    // A trigger takes the lock against destructions, and skips destroyed pseudonyms.
    sqlx::query(
        "INSERT INTO person (tenant, pseudonym, wrapped, id_index) SELECT $1, r.pseudonym, \
         r.wrapped, r.id FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) WITH ORDINALITY AS r \
         (pseudonym, wrapped, id, n) ORDER BY r.n ON CONFLICT (tenant, id_index) DO NOTHING",
    )
    .bind(name)
    .bind(&pseudonyms)
    .bind(column(|row| &row.wrapped))
    .bind(&ids)
    .execute(&mut *connection)
    .await?;
    // After the insert, and so after the lock.
    let destroyed = destroyed(connection, tenant, &pseudonyms).await?;
    let mut aliases: Vec<(&[u8], &[u8])> = sorted
        .iter()
        .filter(|row| !destroyed.contains(row.pseudonym.as_str().as_bytes()))
        .flat_map(|row| row.alias_index.iter().map(|alias| (&row.id_index.0[..], &alias.0[..])))
        .collect();
    aliases.sort_unstable();
    let (alias_ids, aliases): (Vec<_>, Vec<_>) = aliases.into_iter().unzip();
    if !aliases.is_empty() {
        sqlx::query(
            "INSERT INTO person_alias (tenant, alias_index, person) SELECT $1, r.alias, p.number \
             FROM unnest($2::bytea[], $3::bytea[]) WITH ORDINALITY AS r (id, alias, n) JOIN person \
             p ON p.tenant = $1 AND p.id_index = r.id ORDER BY r.n ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(alias_ids)
        .bind(aliases)
        .execute(&mut *connection)
        .await?;
    }
    let sql = format!("{PERSON} WHERE p.tenant = $1 AND p.id_index = ANY($2)");
    let found = sqlx::query(AssertSqlSafe(sql)).bind(name).bind(&ids).fetch_all(connection).await?;
    let found = found.iter().map(person).collect::<Result<Vec<_>, _>>()?;
    let found: HashMap<_, _> = found.into_iter().map(|row| (row.id_index, row)).collect();
    let stored = |row: &PersonRow| match found.get(&row.id_index) {
        Some(found) if !destroyed.contains(row.pseudonym.as_str().as_bytes()) => {
            StoredPerson::Live(found.clone())
        }
        _ => StoredPerson::Destroyed,
    };
    Ok(rows.iter().map(stored).collect())
}

/// Those of the pseudonyms whose key is destroyed.
async fn destroyed(
    connection: &mut PgConnection,
    tenant: &TenantId,
    pseudonyms: &[&[u8]],
) -> Result<HashSet<Vec<u8>>, sqlx::Error> {
    let sql = "SELECT pseudonym FROM person_destroyed WHERE tenant = $1 AND pseudonym = ANY($2)";
    let query = sqlx::query(sql).bind(tenant.as_str().as_bytes()).bind(pseudonyms);
    query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect()
}

fn person(row: &PgRow) -> Result<PersonRow, sqlx::Error> {
    let aliases: Vec<Vec<u8>> = row.try_get(3)?;
    Ok(PersonRow {
        pseudonym: Pseudonym::new(text(row, 0)?),
        wrapped: row.try_get(1)?,
        id_index: digest(bytes(row, 2)?)?,
        alias_index: aliases.iter().map(|alias| digest(alias)).collect::<Result<_, _>>()?,
    })
}

fn credential(row: &PgRow) -> Result<CredentialRow, sqlx::Error> {
    let roles: String = row.try_get(3)?;
    let source: Option<&[u8]> = row.try_get(4)?;
    Ok(CredentialRow {
        tenant: TenantId::new(text(row, 0)?),
        credential: text(row, 1)?,
        token_hash: digest(bytes(row, 2)?)?,
        roles: roles.split_whitespace().map(str::to_owned).collect(),
        source: source.map(|_| text(row, 4)).transpose()?,
        created_at: Time::from_micros(row.try_get(5)?),
        revoked_at: row.try_get::<Option<i64>, _>(6)?.map(Time::from_micros),
        mac: digest(bytes(row, 7)?)?,
    })
}

fn digest(bytes: &[u8]) -> Result<Digest32, sqlx::Error> {
    bytes.try_into().map(Digest32).map_err(|_| {
        let what = "it has another length".to_owned();
        DamagedRow { place: "a digest".to_owned(), what }.into()
    })
}
