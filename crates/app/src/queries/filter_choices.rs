//! What a list of sessions can be filtered by: the values that records up to K name.

use super::View;
use crate::{
    app::App,
    model::{
        answer::{Answer, Choices, FilterChoices, NamedIssuers},
        query::Query,
        question::{AskError, Asking, Caller},
        terms::{amr_set_of, term},
    },
};
use claimledger_ledger::views::{Carried, TermKind};

/// Values that a filter offers; of more the first, in alphabetical order.
const OFFERED: usize = 50;
/// Values that are read of a kind to find those.
const READ: usize = 2_000;
/// Values a query.
const PAGE: usize = 200;

impl App {
    /// IdPs, keys, applications and `amr` values that records up to K name.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn filter_choices(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<FilterChoices>, AskError> {
        let view = self.ask(caller, Query::Sessions, asking).await?;
        let idps = view.choices(TermKind::Idp, |value| Some(value.to_owned())).await?;
        let of_idp = |value: &str| key_of(&idps, value).map(|(_, key)| key.to_owned());
        let keys = view.choices(TermKind::Key, of_idp).await?;
        let single = |value: &str| amr_set_of(value).is_none().then(|| value.to_owned());
        let amr = view.choices(TermKind::Amr, single).await?;
        let apps = view.choices(TermKind::App, |value| Some(value.to_owned())).await?;
        let keys = Choices { has_more: keys.has_more || idps.has_more, ..keys };
        view.answer(FilterChoices { idps, keys, apps, amr }).await
    }

    /// IdPs and keys that records up to K name: stated, claimed or retracted.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn named_issuers(
        &self,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Answer<NamedIssuers>, AskError> {
        let view = self.ask(caller, Query::Trust, asking).await?;
        let idps = view.choices(TermKind::Idp, |value| Some(value.to_owned())).await?;
        let of_idp = |value: &str| key_of(&idps, value).map(|_| value.to_owned());
        let keys = view.choices(TermKind::Key, of_idp).await?;
        let pairs = keys.values.iter().filter_map(|value| key_of(&idps, value));
        let named = NamedIssuers {
            keys: pairs.map(|(idp, key)| (idp.into(), key.into())).collect(),
            has_more: idps.has_more || keys.has_more,
            idps: idps.values.iter().map(|idp| idp.as_str().into()).collect(),
        };
        view.answer(named).await
    }
}

/// The IdP and the key that a term names. A claim that names no key is of none that could be
/// chosen.
fn key_of<'a>(idps: &'a Choices, value: &'a str) -> Option<(&'a str, &'a str)> {
    let of = |idp: &'a String| Some((idp.as_str(), value.strip_prefix(idp.as_str())?));
    let pairs = idps.values.iter().filter_map(of);
    let mut keys = pairs.filter_map(|(idp, key)| Some((idp, key.strip_prefix('/')?)));
    keys.next().filter(|(_, key)| !key.is_empty())
}

impl View<'_> {
    /// The first values of a kind of term. `shown` is what a value is called; none: it is left out.
    async fn choices(
        &self,
        kind: TermKind,
        shown: impl Fn(&str) -> Option<String>,
    ) -> Result<Choices, AskError> {
        let (mut found, mut read) = (Choices::default(), 0);
        let mut after: Option<String> = None;
        loop {
            let page = self
                .inner
                .views
                .values_of(&self.tenant.id, kind, Carried::Once, after.as_deref(), PAGE)
                .await?;
            read += page.len();
            for value in &page {
                let Some(words) = shown(value).filter(|words| !found.values.contains(words)) else {
                    continue;
                };
                // What later records name first is no part of an answer at K.
                if !self.reader().any(&term(kind, value.as_str()), self.cut.known_at).await? {
                    continue;
                }
                if found.values.len() == OFFERED {
                    found.has_more = true;
                    return Ok(found);
                }
                found.values.push(words);
            }
            if page.len() < PAGE {
                return Ok(found);
            }
            if read >= READ {
                found.has_more = true;
                return Ok(found);
            }
            after = page.into_iter().next_back();
        }
    }
}
