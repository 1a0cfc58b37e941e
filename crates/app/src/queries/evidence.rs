//! Receipts of answers, and evidence packs: an answer with the records that it rests on, each with
//! its proof.

use crate::{
    app::{App, Inner},
    model::{
        proof::LogKind,
        query::{Disclosed, Discloses, Query},
        question::{AskError, Asking, Caller},
    },
    tenant::Tenant,
    tree::tiles,
};
use claimledger_domain::{RULES, model::Cut};
use claimledger_facts::{
    ids::{LogPosition, LogSize, SessionId},
    record::{Entry, Header},
    seal::{OpenError, original_opening, personal_openings},
};
use claimledger_ledger::log::{LogError, no_record};
use claimledger_proof::{
    evidence::{
        Closed, EvidencePack, OpenedBytes, OpenedText, OriginalPart, PACK_FORMAT, PackRecord,
        PersonalPart, RECEIPT_FORMAT, ReceiptFile,
    },
    receipt::{MAX_RECORDS, Receipt, ReceiptKind, digest},
    tiles::{TileSet, TreeQuery},
    tree::TreeHead,
};
use data_encoding::BASE64;

/// A question with its answer, at an exact cut.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// T and K.
    pub cut: Cut,
    /// The question, as canonical JSON.
    pub query: &'a str,
    /// The answer, as canonical JSON.
    pub answer: &'a str,
}

/// A receipt, and the key that it is verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReceipt {
    /// The signed note.
    pub receipt: String,
    /// The public key of the log (C2SP signed-note, vkey).
    pub verifier_key: String,
}

/// What a pack opens beside what records say in the clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Personal data.
    pub personal: bool,
    /// The bytes as they were received.
    pub originals: bool,
}

impl App {
    /// The T and K of a question, so that it can be asked at exactly these again.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn cut(&self, caller: &Caller, asking: &Asking) -> Result<Cut, AskError> {
        self.disclose(caller, Query::Receipt).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        Ok(self.0.pin(&tenant, caller, asking).await?.cut)
    }

    /// Signs that this is the answer to a question, as kind answer: it passes for no pack and no
    /// manifest, whatever was asked. The caller of this function has asked it at this cut.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn receipt(
        &self,
        caller: &Caller,
        answered: Answered<'_>,
    ) -> Result<ReceiptFile, AskError> {
        let SignedReceipt { receipt, verifier_key } =
            self.sign_without_records(caller, &answered, ReceiptKind::Answer).await?;
        Ok(ReceiptFile {
            format: RECEIPT_FORMAT.to_owned(),
            verifier_key,
            receipt,
            query: answered.query.to_owned(),
            answer: answered.answer.to_owned(),
        })
    }

    /// Signs the manifest of an export, as kind manifest. The caller of this function has read the
    /// rows from the ledger at this cut: digests that came from elsewhere must not be signed.
    ///
    /// # Errors
    /// See [`AskError`]. Requires the role export.
    pub async fn manifest_receipt(
        &self,
        caller: &Caller,
        answered: Answered<'_>,
    ) -> Result<SignedReceipt, AskError> {
        self.disclose(caller, Query::Export).await?;
        self.sign_without_records(caller, &answered, ReceiptKind::Manifest).await
    }

    async fn sign_without_records(
        &self,
        caller: &Caller,
        answered: &Answered<'_>,
        kind: ReceiptKind,
    ) -> Result<SignedReceipt, AskError> {
        self.disclose(caller, Query::Receipt).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let (receipt, _) = self.0.sign_answer(&tenant, answered, kind, Vec::new()).await?;
        // The answer itself was recorded where it was made.
        self.0.record_disclosure(caller, Query::Receipt, Some(answered.cut), &NoRecord).await?;
        let verifier_key = tenant.identity.signed(LogKind::Records).verifier_key();
        Ok(SignedReceipt { receipt, verifier_key })
    }

    /// Reads a receipt: whether this log's owner signed it, and for which T, K and rules.
    ///
    /// # Errors
    /// See [`AskError`]. What is not to be believed is bad input.
    pub async fn open_receipt(
        &self,
        caller: &Caller,
        file: &ReceiptFile,
    ) -> Result<Receipt, AskError> {
        self.disclose(caller, Query::Receipt).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let receipt = file.verify(tenant.identity.signed(LogKind::Records).trusted());
        receipt.map_err(|error| AskError::BadInput {
            what: match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            },
        })
    }

    /// The pack of an answer about a session, with the records that the answer refers to.
    ///
    /// # Errors
    /// See [`AskError`]. Opening sealed data requires the role investigate as well.
    pub async fn evidence_pack(
        &self,
        caller: &Caller,
        session: &SessionId,
        answered: Answered<'_>,
        positions: Vec<LogPosition>,
        opened: Opened,
    ) -> Result<EvidencePack, AskError> {
        self.may_pack(caller, opened).await?;
        if positions.is_empty() {
            let what = format!("the answer about {session} refers to no record");
            return Err(AskError::BadInput { what });
        }
        if positions.len() > MAX_RECORDS {
            return Err(AskError::TooMany {
                what: "records in one pack",
                found: positions.len() as u64,
                limit: MAX_RECORDS as u64,
            });
        }
        let tenant = self.0.tenant(&caller.tenant).await?;
        let kind = ReceiptKind::Pack;
        let (receipt, tree) =
            self.0.sign_answer(&tenant, &answered, kind, positions.clone()).await?;
        let log = tenant.identity.signed(LogKind::Records);
        let signed = self.0.signed_after(log, answered.cut.known_at).await?;
        let size = signed.head.size;
        let mut queries: Vec<TreeQuery> = positions
            .iter()
            .map(|position| TreeQuery::Inclusion { position: *position, size })
            .collect();
        queries.push(TreeQuery::Consistency { old: tree.size, new: size });
        let tiles = tiles::load(&*self.0.proofs.tiles, log.stored_as(), &queries).await?;
        let consistency = tiles
            .consistency_proof(tree.size, size)
            .map_err(|error| tiles::unusable(&tenant.id, &error))?;
        let mut records = Vec::with_capacity(positions.len());
        for position in &positions {
            records.push(self.0.pack_record(&tenant, *position, size, &tiles, opened).await?);
        }
        let pack = EvidencePack {
            format: PACK_FORMAT.to_owned(),
            verifier_key: log.verifier_key(),
            receipt,
            query: answered.query.to_owned(),
            answer: answered.answer.to_owned(),
            checkpoint: signed.note,
            consistency: consistency.0.iter().map(|hash| BASE64.encode(&hash.0)).collect(),
            records,
        };
        // A pack that does not hold is never given out: a record or tile on the disk was altered.
        pack.verify(log.trusted()).map_err(|error| {
            let what = match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            };
            LogError::damaged("tree", format!("evidence of {session}, {}", tenant.id), what)
        })?;
        let query = if opened == Opened::default() { Query::Evidence } else { Query::Sealed };
        let shown = Packed { session, positions: &positions };
        self.0.record_disclosure(caller, query, Some(answered.cut), &shown).await?;
        Ok(pack)
    }

    /// Whether the caller may make a pack.
    ///
    /// # Errors
    /// If a role is missing.
    pub async fn may_pack(&self, caller: &Caller, opened: Opened) -> Result<(), AskError> {
        self.disclose(caller, Query::Evidence).await?;
        if opened != Opened::default() {
            self.disclose(caller, Query::Sealed).await?;
        }
        Ok(())
    }
}

impl Inner {
    /// The signed receipt of an answer, and the tree that it names.
    async fn sign_answer(
        &self,
        tenant: &Tenant,
        answered: &Answered<'_>,
        kind: ReceiptKind,
        records: Vec<LogPosition>,
    ) -> Result<(String, TreeHead), AskError> {
        let known_at = answered.cut.known_at;
        // Tiles are stored before a checkpoint is signed, and nothing is signed that it lacks.
        let log = tenant.identity.signed(LogKind::Records);
        self.signed_after(log, known_at).await?;
        let size = LogSize(known_at.0 + 1);
        let tree = tiles::head_at(&*self.proofs.tiles, log.stored_as(), size).await?;
        let receipt = Receipt {
            kind,
            origin: log.origin().to_owned(),
            at: answered.cut.at,
            known_at,
            rules: RULES.to_owned(),
            query: digest(answered.query),
            answer: digest(answered.answer),
            tree,
            records,
        };
        let note = log.sign_receipt(&receipt).map_err(|error| {
            LogError::unavailable(format!("the receipt could not be signed: {error}"))
        })?;
        Ok((note, tree))
    }

    async fn pack_record(
        &self,
        tenant: &Tenant,
        position: LogPosition,
        size: LogSize,
        tiles: &TileSet,
        opened: Opened,
    ) -> Result<PackRecord, LogError> {
        let corrupt = |what: String| LogError::Corrupt { position, what };
        let entry = self.log.read(&tenant.id, position, 1).await?.into_iter().next();
        let entry = entry.ok_or_else(|| no_record(position))?;
        let header = entry.header.decode().map_err(|error| corrupt(error.what))?;
        let facts = entry.facts_opening(&header).map_err(|error| corrupt(error.what))?;
        let facts =
            OpenedText::new(&facts).ok_or_else(|| corrupt("the facts are not UTF-8".to_owned()))?;
        let proof = tiles
            .inclusion_proof(position, size)
            .map_err(|error| tiles::unusable(&tenant.id, &error))?;
        let (personal, original) = self.opened_parts(tenant, &entry, &header, opened).await?;
        Ok(PackRecord {
            position: position.0,
            header: BASE64.encode(&entry.header.bytes),
            proof: proof.0.iter().map(|hash| BASE64.encode(&hash.0)).collect(),
            facts,
            personal,
            original,
        })
    }

    async fn opened_parts(
        &self,
        tenant: &Tenant,
        entry: &Entry,
        header: &Header,
        opened: Opened,
    ) -> Result<(Vec<PersonalPart>, OriginalPart), LogError> {
        let corrupt = |what: String| LogError::Corrupt { position: header.position, what };
        let closed = |why| vec![PersonalPart::Closed(why); header.personal.len()];
        let keys = if opened == Opened::default() {
            Vec::new()
        } else {
            let persons = entry.persons().map_err(|error| corrupt(error.what))?;
            tenant.identity.keyring.open(&persons).await?
        };
        let tenant_keys = &tenant.identity.keys;
        let personal = if entry.personal.removal().is_some() {
            closed(Closed::Removed)
        } else if opened.personal {
            let blocks = personal_openings(entry, header, tenant_keys, &keys)
                .map_err(|error| corrupt(error.what))?;
            let part = |(_, opening): (_, Option<_>)| match opening.map(|it| OpenedText::new(&it)) {
                Some(Some(text)) => Ok(PersonalPart::Opened(text)),
                Some(None) => Err(corrupt("a personal block is not UTF-8".to_owned())),
                None => Ok(PersonalPart::Closed(Closed::Erased)),
            };
            blocks.into_iter().map(part).collect::<Result<_, _>>()?
        } else {
            closed(Closed::NotAsked)
        };
        let original = if entry.original.removal().is_some() {
            OriginalPart::Closed(Closed::Removed)
        } else if opened.originals {
            match original_opening(entry, header, tenant_keys, &keys) {
                Ok(opening) => OriginalPart::Opened(OpenedBytes::new(&opening)),
                Err(OpenError::Erased { .. }) => OriginalPart::Closed(Closed::Erased),
                Err(OpenError::Removed(_)) => OriginalPart::Closed(Closed::Removed),
                Err(OpenError::Corrupt(error)) => return Err(corrupt(error.what)),
            }
        } else {
            OriginalPart::Closed(Closed::NotAsked)
        };
        Ok((personal, original))
    }
}

/// A signature over an answer discloses no record.
struct NoRecord;

impl Discloses for NoRecord {
    fn add_to(&self, _: &mut Disclosed) {}
}

/// The records of a pack.
struct Packed<'a> {
    session: &'a SessionId,
    positions: &'a [LogPosition],
}

impl Discloses for Packed<'_> {
    fn add_to(&self, disclosed: &mut Disclosed) {
        disclosed.sessions.insert(self.session.clone());
        disclosed.positions.extend(self.positions);
    }
}
