//! How every page begins and ends: who reads it is authenticated before its handler runs, and where
//! there is no answer, a page says why.

use super::{error_page::PageError, form, parameters::Parameters};
use crate::http::{Shared, auth};
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use claimledger_app::model::question::Caller;
use serde::de::DeserializeOwned;

/// Who reads a page, and the request: the extractor of a page's handlers. A browser that is not
/// signed in is sent to sign in and back.
pub(crate) struct Reader {
    /// What every handler shares.
    pub(crate) server: Shared,
    /// Who reads.
    pub(crate) caller: Caller,
    /// The address of the request.
    pub(crate) uri: Uri,
    /// Its headers.
    pub(crate) headers: HeaderMap,
}

impl FromRequestParts<Shared> for Reader {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, server: &Shared) -> Result<Self, PageError> {
        let next = parts.uri.path_and_query().map_or("/", |next| next.as_str());
        let caller = auth::of_page(server, &parts.headers).await.map_err(|reason| {
            let with_token = parts.headers.contains_key(header::AUTHORIZATION);
            PageError::not_caller(reason, next, with_token)
        })?;
        server.questions.take(&caller).map_err(PageError::TooMany)?;
        let (uri, headers) = (parts.uri.clone(), parts.headers.clone());
        Ok(Self { server: Shared::clone(server), caller, uri, headers })
    }
}

/// Before it is known who reads.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        self.page(None)
    }
}

impl Reader {
    /// What the address says.
    ///
    /// # Errors
    /// If it cannot be read, or says a thing twice.
    pub(crate) fn parameters(&self) -> Result<Parameters, PageError> {
        Ok(Parameters::read(&self.uri)?)
    }

    /// The form that was sent, up to a maximum of bytes.
    ///
    /// # Errors
    /// If another site sent it, it is longer, or it cannot be read as such a form.
    pub(crate) async fn form<T: DeserializeOwned>(
        &self,
        body: Body,
        most: usize,
    ) -> Result<T, PageError> {
        form::read(&self.headers, body, most).await
    }

    /// The form that was sent, as parameters.
    ///
    /// # Errors
    /// As [`Self::form`], or if it has a field twice.
    pub(crate) async fn sent(&self, body: Body, most: usize) -> Result<Parameters, PageError> {
        let pairs: Vec<(String, String)> = self.form(body, most).await?;
        Ok(Parameters::of(pairs)?)
    }

    /// The answer; or, where there is none, the page that says why.
    pub(crate) fn shown(&self, answer: Result<Response, PageError>) -> Response {
        answer.unwrap_or_else(|error| error.page(Some(&self.caller)))
    }
}
