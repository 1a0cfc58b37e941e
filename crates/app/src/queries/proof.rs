//! Proofs: the last checkpoint, the proof that a record is in the log, that the log was not
//! rewritten since a checkpoint, and the files of the tiled log.

use crate::{
    app::{App, Inner},
    model::{
        proof::{CheckpointView, ConsistencyView, LogKind, RecordProof},
        query::{Disclosed, Discloses, Query},
        question::{AskError, Caller, RecordBy},
    },
    tenant::{
        Tenant,
        signed_log::{Signed, SignedLog},
    },
    tree::tiles,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::{Digest32, StoredHeader},
    vocabulary::Role,
};
use claimledger_ledger::log::LogError;
use claimledger_proof::{
    checkpoint::CheckpointError,
    note::SignedNote,
    tiles::{Bundle, HASH_BYTES, Resource, TILE_WIDTH, Tile, TileError, TreeQuery, encode_bundle},
    tlog_proof::TlogProof,
    tree::{ConsistencyProof, ProofError, SizeError},
};
use std::time::Duration;
use tokio::time::Instant;

/// Maximum wait for a checkpoint that covers a record. One is signed each second.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval of looking for it.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

impl App {
    /// The last signed checkpoint; none: nothing was signed yet.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn checkpoint(
        &self,
        caller: &Caller,
        of: LogKind,
    ) -> Result<Option<CheckpointView>, AskError> {
        self.disclose(caller, Query::Checkpoint).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let log = tenant.identity.signed(of);
        let signed = self.0.last_signed(log).await?;
        let view = signed.map(|signed| view(log, signed));
        self.0.record_disclosure(caller, Query::Checkpoint, None, &Hashes).await?;
        Ok(view)
    }

    /// The proof that a record is in the log; none: the caller's tenant has no such record. A
    /// record that was appended a moment ago is waited for until a checkpoint covers it.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn prove(
        &self,
        caller: &Caller,
        by: RecordBy,
    ) -> Result<Option<RecordProof>, AskError> {
        self.disclose(caller, Query::Proof).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let Some(position) = self.0.locate(&tenant, by).await? else { return Ok(None) };
        let headers = self.0.log.headers_at(&tenant.id, &[position]).await?;
        let Some(header) = headers.into_iter().next() else { return Ok(None) };
        let proof =
            self.0.prove(tenant.identity.signed(LogKind::Records), position, header).await?;
        self.0.record_disclosure(caller, Query::Proof, None, &proof).await?;
        Ok(Some(proof))
    }

    /// The proof that an entry is in the access log; none: the caller has no such entry.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn prove_access(
        &self,
        caller: &Caller,
        position: LogPosition,
    ) -> Result<Option<RecordProof>, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let Some(entry) = tenant.identity.access.entry(position).await? else { return Ok(None) };
        if !caller.has(Role::Govern) && entry.disclosed.credential != caller.credential {
            return Ok(None);
        }
        let log = tenant.identity.signed(LogKind::Access);
        let headers = self.0.access.log.headers_at(&tenant.id, &[position]).await;
        let Some(header) = headers.map_err(|error| log.error(error))?.into_iter().next() else {
            return Ok(None);
        };
        let proof = self.0.prove(log, position, header).await?;
        self.0.record_disclosure(caller, Query::Accesses, None, &()).await?;
        Ok(Some(proof))
    }

    /// Whether the log of a checkpoint that was saved earlier is the beginning of the log of the
    /// last one.
    ///
    /// # Errors
    /// See [`AskError`]. What is not a checkpoint that this log signed is bad input.
    pub async fn consistency(
        &self,
        caller: &Caller,
        since: &str,
    ) -> Result<ConsistencyView, AskError> {
        self.disclose(caller, Query::Checkpoint).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        // The saved one says of which log it is.
        let opened = LogKind::ALL.map(|kind| tenant.identity.signed(kind)).into_iter();
        let opened = opened.map(|log| Ok((log, log.open(since)?))).reduce(Result::or);
        let opened: Option<Result<_, CheckpointError>> = opened;
        let Some(opened) = opened else { unreachable!("there are two logs") };
        let (log, old) = opened.map_err(|error| AskError::BadInput {
            what: format!("this is no checkpoint of this log: {error}"),
        })?;
        let new = self.0.signed_after(log, LogPosition(old.head.size.0.saturating_sub(1)));
        let new = match new.await {
            // The log of the saved checkpoint was longer.
            Err(LogError::Unavailable { .. }) => self.0.last_signed(log).await?,
            signed => Some(signed?),
        };
        let new = new.ok_or_else(|| LogError::unavailable("nothing was signed yet"))?;
        let (proof, broken) = self.0.consistency_of(log, &old, &new).await?;
        let shown = ConsistencyView {
            old: view(log, old),
            new: view(log, new),
            proof,
            broken: broken.map(|error| error.to_string()),
        };
        self.0.record_disclosure(caller, Query::Checkpoint, None, &Hashes).await?;
        Ok(shown)
    }

    /// A file of the tiled log (C2SP tlog-tiles) under `<origin>/`: the checkpoint, a tile, or a
    /// bundle of entries, which are the headers of records; none: there is no such file.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn log_file(&self, caller: &Caller, path: &str) -> Result<Option<LogFile>, AskError> {
        self.disclose(caller, Query::Checkpoint).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let logs = LogKind::ALL.map(|kind| tenant.identity.signed(kind));
        let found = logs.into_iter().find_map(|log| {
            let path = path.strip_prefix(log.origin())?.strip_prefix('/')?;
            Some((log, path.parse::<Resource>().ok()?))
        });
        let Some((log, resource)) = found else { return Ok(None) };
        let Some(signed) = self.0.last_signed(log).await? else { return Ok(None) };
        let size = signed.head.size;
        let found = match resource {
            Resource::Checkpoint => Some(LogFile::new(signed.note.into_bytes(), false)),
            Resource::Tile(tile) => self.0.tile(log, tile, size).await?,
            Resource::Bundle(bundle) => {
                self.disclose(caller, Query::Proof).await?;
                if log.kind() == LogKind::Access && !caller.has(Role::Govern) {
                    return Err(AskError::Forbidden { needs: Role::Govern });
                }
                let bundle = self.0.bundle(&tenant, log, bundle, size).await;
                bundle.map_err(|error| log.error(error))?
            }
        };
        match (&found, resource) {
            (Some(_), Resource::Bundle(_)) if log.kind() == LogKind::Access => {
                self.0.record_disclosure(caller, Query::Accesses, None, &()).await?;
            }
            (Some(_), Resource::Bundle(bundle)) => {
                let first = bundle.index * u64::from(TILE_WIDTH);
                let entries = Entries { first, count: u64::from(bundle.width) };
                self.0.record_disclosure(caller, Query::Proof, None, &entries).await?;
            }
            (Some(_), _) => {
                self.0.record_disclosure(caller, Query::Checkpoint, None, &Hashes).await?;
            }
            (None, _) => {}
        }
        Ok(found)
    }
}

/// A file of the tiled log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it will never change.
    pub immutable: bool,
}

impl LogFile {
    fn new(bytes: Vec<u8>, immutable: bool) -> Self {
        Self { bytes, immutable }
    }
}

impl Inner {
    /// The proof that a header is in a log.
    async fn prove(
        &self,
        log: &SignedLog,
        position: LogPosition,
        header: StoredHeader,
    ) -> Result<RecordProof, LogError> {
        let signed = self.signed_after(log, position).await?;
        let query = TreeQuery::Inclusion { position, size: signed.head.size };
        let tiles = tiles::load(&*self.proofs.tiles, log.stored_as(), &[query]).await?;
        let unusable =
            |what: String| LogError::damaged("tree", format!("tile, {}", log.stored_as()), what);
        let note = SignedNote::parse(signed.note.as_bytes())
            .map_err(|error| unusable(error.to_string()))?;
        // Verified as it is made: a damaged tile, or a record that was altered, gives none.
        let proof = TlogProof::make(&tiles, &header.leaf, position, note, log.trusted())
            .map_err(|error| unusable(format!("{position}: {error}")))?
            .with_extra(header.bytes.clone());
        Ok(RecordProof {
            position,
            header: header.bytes,
            leaf: header.leaf,
            file: proof.to_string(),
            checkpoint: view(log, signed),
        })
    }

    /// The last checkpoint. One of another node counts once this node's tree has its records.
    async fn last_signed(&self, log: &SignedLog) -> Result<Option<Signed>, LogError> {
        let last = log.last();
        if last.is_some() || (self.options.nodes.are_many() && self.options.keep_tree) {
            return Ok(last);
        }
        let row = self.proofs.checkpoints.checkpoint(log.stored_as()).await?;
        let opened = row.map(|row| log.open(&row.note)).transpose();
        opened.map_err(|error| {
            let place = format!("checkpoint, {}", log.stored_as());
            LogError::damaged("checkpoints", place, error.to_string())
        })
    }

    /// The last checkpoint, once it covers a position.
    pub(super) async fn signed_after(
        &self,
        log: &SignedLog,
        position: LogPosition,
    ) -> Result<Signed, LogError> {
        let began = Instant::now();
        loop {
            match self.last_signed(log).await? {
                Some(signed) if signed.head.size.0 > position.0 => return Ok(signed),
                _ if began.elapsed() > CHECKPOINT_TIMEOUT || self.options.read_only.is_some() => {
                    return Err(LogError::unavailable(format!(
                        "no signed checkpoint covers {position} yet"
                    )));
                }
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        }
    }

    /// The proof that one tree is the beginning of another, and why it does not hold.
    async fn consistency_of(
        &self,
        log: &SignedLog,
        old: &Signed,
        new: &Signed,
    ) -> Result<(Vec<Digest32>, Option<ProofError>), LogError> {
        let sizes = (old.head.size, new.head.size);
        if sizes.0 > sizes.1 {
            let shrunk = SizeError::Shrunk { old: sizes.0, new: sizes.1 };
            return Ok((Vec::new(), Some(shrunk.into())));
        }
        let query = TreeQuery::Consistency { old: sizes.0, new: sizes.1 };
        let tiles = tiles::load(&*self.proofs.tiles, log.stored_as(), &[query]).await?;
        let proof = tiles
            .consistency_proof(sizes.0, sizes.1)
            .map_err(|error| tiles::unusable(log.stored_as(), &error))?;
        let broken = proof.verify(&old.head, &new.head).err();
        let ConsistencyProof(hashes) = proof;
        Ok((hashes, broken))
    }

    async fn tile(
        &self,
        log: &SignedLog,
        tile: Tile,
        size: LogSize,
    ) -> Result<Option<LogFile>, LogError> {
        // A narrower tile was published with an earlier checkpoint.
        let published = Tile::of_tree(tile.level, tile.index, size);
        if published.is_none_or(|published| tile.width > published.width || tile.width == 0) {
            return Ok(None);
        }
        let mut hashes = tiles::hashes(&*self.proofs.tiles, log.stored_as(), tile).await?;
        let bytes = usize::from(tile.width) * HASH_BYTES;
        if hashes.len() < bytes {
            return Err(tiles::unusable(log.stored_as(), &TileError::Missing(tile)));
        }
        hashes.truncate(bytes);
        Ok(Some(LogFile::new(hashes, true)))
    }

    async fn bundle(
        &self,
        tenant: &Tenant,
        log: &SignedLog,
        bundle: Bundle,
        size: LogSize,
    ) -> Result<Option<LogFile>, LogError> {
        let published = Bundle::of_tree(bundle.index, size);
        if published.is_none_or(|published| bundle.width > published.width || bundle.width == 0) {
            return Ok(None);
        }
        let first = LogPosition(bundle.index * u64::from(TILE_WIDTH));
        let mut headers = Vec::new();
        let width = usize::from(bundle.width);
        while headers.len() < width {
            let from = LogPosition(first.0 + headers.len() as u64);
            let log = self.log_of(log.kind());
            let more = log.headers(&tenant.id, from, width - headers.len()).await?;
            if more.is_empty() {
                return Err(claimledger_ledger::log::no_record(from));
            }
            headers.extend(more);
        }
        let bytes = encode_bundle(headers.iter().map(|header| header.bytes.as_slice()));
        let bytes = bytes
            .map_err(|error| LogError::Corrupt { position: first, what: error.to_string() })?;
        Ok(Some(LogFile::new(bytes, true)))
    }
}

fn view(log: &SignedLog, signed: Signed) -> CheckpointView {
    CheckpointView {
        origin: log.origin().to_owned(),
        verifier_key: log.verifier_key(),
        size: signed.head.size.0,
        root: signed.head.root,
        note: signed.note,
    }
}

/// Hashes disclose no record.
struct Hashes;

impl Discloses for Hashes {
    fn add_to(&self, _: &mut Disclosed) {}
}

/// Headers of records in a row.
struct Entries {
    first: u64,
    count: u64,
}

impl Discloses for Entries {
    fn add_to(&self, disclosed: &mut Disclosed) {
        let positions = self.first..self.first + self.count;
        disclosed.positions.extend(positions.map(LogPosition));
    }
}

impl Discloses for RecordProof {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.positions.insert(self.position);
    }
}
