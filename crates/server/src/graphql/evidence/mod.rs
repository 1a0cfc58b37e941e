//! Receipts of answers and evidence packs: questions of GraphQL, asked at an exact T and K, whose
//! answers the ledger's key signs.

pub(crate) mod question;

use super::{Asker, LedgerSchema, UNLIMITED, document, errors, limits::Limits, run_prepared};
use async_graphql::{Request, ServerError, Variables};
use claimledger_app::{
    Answered, Opened,
    app::App,
    model::question::{AskError, Asking, Caller},
};
use claimledger_domain::{RULES, model::Cut};
use claimledger_facts::{
    canonical,
    ids::{LogPosition, SessionId},
};
use claimledger_proof::evidence::{EvidencePack, MAX_TIMELINE, ReceiptFile, pack_question};
use question::{Question, asking_of, pin};
use serde::Serialize;
use serde_json::Value;

/// One caller, and the ledger.
pub(crate) struct Evidence<'e> {
    pub(crate) app: &'e App,
    pub(crate) schema: &'e LedgerSchema,
    pub(crate) caller: &'e Caller,
    pub(crate) limits: Limits,
}

/// Why nothing was made: errors as GraphQL has them.
#[derive(Debug)]
pub(crate) struct NotMade(pub(crate) Vec<ServerError>);

impl From<AskError> for NotMade {
    fn from(error: AskError) -> Self {
        errors::asked(&error).into_server_error(async_graphql::Pos::default()).into()
    }
}

impl From<ServerError> for NotMade {
    fn from(error: ServerError) -> Self {
        Self(vec![errors::with_code(error)])
    }
}

/// Whether the question of a receipt still gets the same answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checked {
    /// T.
    pub(crate) at: String,
    /// K.
    pub(crate) known_at: u64,
    /// The rules that it was answered by.
    pub(crate) rules: String,
    /// Whether the bytes are equal; none: this build has other rules, and cannot ask again.
    pub(crate) same: Option<bool>,
    /// Where the answers differ first, as a JSON pointer.
    differs_at: Option<String>,
    /// What it says in words.
    pub(crate) words: String,
}

impl Evidence<'_> {
    /// Asks a question at an exact T and K, and signs the answer.
    ///
    /// # Errors
    /// If it is refused.
    pub(crate) async fn receipt(&self, question: &Question) -> Result<ReceiptFile, NotMade> {
        let document = document::read(&question.document)?;
        let variables = Variables::from_json(question.variables.clone());
        let asking = asking_of(&document, &variables)?;
        let cut = self.app.cut(self.caller, &asking).await?;
        let answer = self.answer(question, cut, self.limits).await?;
        let query = question.to_text();
        let answered = Answered { cut, query: &query, answer: &text(&answer) };
        Ok(self.app.receipt(self.caller, answered).await?)
    }

    /// Checks a receipt's signature, asks its question again, and compares the bytes.
    ///
    /// # Errors
    /// If it is not to be believed, or the question is refused.
    pub(crate) async fn check(&self, file: &[u8]) -> Result<Checked, NotMade> {
        let bad = |what: String| NotMade::from(AskError::BadInput { what });
        let file = ReceiptFile::parse(file).map_err(|error| bad(error.to_string()))?;
        let receipt = self.app.open_receipt(self.caller, &file).await?;
        let mut checked = Checked {
            at: receipt.at.to_string(),
            known_at: receipt.known_at.0,
            rules: receipt.rules.clone(),
            same: None,
            differs_at: None,
            words: String::new(),
        };
        if receipt.rules != RULES {
            checked.words = format!(
                "The signature holds. The answer rests on the rules {}, this build has {RULES}: \
                 it cannot be asked for again.",
                receipt.rules
            );
            return Ok(checked);
        }
        let question: Question = serde_json::from_str(&file.query)
            .map_err(|error| bad(format!("the question of the receipt: {error}")))?;
        let cut = Cut { at: receipt.at, known_at: receipt.known_at };
        let answer = self.answer(&question, cut, self.limits).await?;
        let is_same = text(&answer) == file.answer;
        checked.same = Some(is_same);
        checked.words = if is_same {
            "The signature holds, and the same question gets the same bytes.".to_owned()
        } else {
            let signed = serde_json::from_str(&file.answer).unwrap_or_default();
            let place = first_difference(&signed, &answer).unwrap_or_default();
            let words = format!(
                "The signature holds, and the answer is another today. It differs first at \
                 {place}. An erasure in between can be the reason."
            );
            checked.differs_at = Some(place);
            words
        };
        Ok(checked)
    }

    /// The evidence pack of a session.
    ///
    /// # Errors
    /// If it is refused, nothing of the session is known, or it has more records than a pack.
    pub(crate) async fn pack(
        &self,
        session: &SessionId,
        asking: &Asking,
        opened: Opened,
    ) -> Result<EvidencePack, NotMade> {
        self.app.may_pack(self.caller, opened).await?;
        let cut = self.app.cut(self.caller, asking).await?;
        let query = pack_question(session.as_str());
        let question: Question = serde_json::from_str(&query)
            .map_err(|error| NotMade(vec![ServerError::new(error.to_string(), None)]))?;
        // What it costs is known beforehand, and bounded by the page of the timeline.
        let answer = self.answer(&question, cut, UNLIMITED).await?;
        let session_answer = &answer["session"];
        if session_answer["session"].is_null() {
            let what = session_answer["absence"]["words"].as_str().unwrap_or("nothing is known");
            return Err(AskError::BadInput { what: what.to_owned() }.into());
        }
        if answer["timeline"]["pageInfo"]["hasNextPage"] == true {
            return Err(AskError::BadInput {
                what: format!(
                    "more than {MAX_TIMELINE} records are on the timeline of {session}: export \
                     the timeline, or ask for an earlier K"
                ),
            }
            .into());
        }
        let positions: Vec<LogPosition> = EvidencePack::referred_to(&answer);
        let answered = Answered { cut, query: &query, answer: &text(&answer) };
        Ok(self.app.evidence_pack(self.caller, session, answered, positions, opened).await?)
    }

    /// The `data` of a question at a cut.
    async fn answer(
        &self,
        question: &Question,
        cut: Cut,
        limits: Limits,
    ) -> Result<Value, NotMade> {
        let asker = Asker { app: self.app.clone(), caller: self.caller.clone(), after: None };
        let request = Request::new(question.document.clone())
            .variables(Variables::from_json(question.variables.clone()));
        let prepare = |document: &mut _, variables: &mut _| pin(document, variables, cut);
        let response = run_prepared(self.schema, asker, request, limits, prepare).await;
        if !response.errors.is_empty() {
            return Err(NotMade(response.errors));
        }
        response.data.into_json().map_err(|error| {
            NotMade(vec![ServerError::new(format!("the answer is no JSON: {error}"), None)])
        })
    }
}

/// The one spelling of an answer.
fn text(answer: &Value) -> String {
    // Canonical JSON of text is text.
    String::from_utf8(canonical::to_vec(answer)).unwrap_or_default()
}

/// Where two values differ first, as a JSON pointer (RFC 6901); none: they are equal.
fn first_difference(a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let (left, right) = (a.get(name), b.get(name));
                let inner = match (left, right) {
                    (Some(left), Some(right)) => first_difference(left, right)?,
                    _ => String::new(),
                };
                let name = name.replace('~', "~0").replace('/', "~1");
                Some(format!("/{name}{inner}"))
            })
        }
        (Value::Array(a), Value::Array(b)) => {
            let differs = a.iter().zip(b).enumerate().find_map(|(n, (left, right))| {
                first_difference(left, right).map(|inner| format!("/{n}{inner}"))
            });
            let longer = (a.len() != b.len()).then(|| format!("/{}", a.len().min(b.len())));
            differs.or(longer)
        }
        _ => (a != b).then(String::new),
    }
}
