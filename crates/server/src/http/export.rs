//! `GET /v1/export/{list}`: a list as a file, its manifest, or pages of rows with cursors.
//!
//! The body is made as it is read, a page of rows at a time. Where it cannot go on, the connection
//! is cut instead of ended, so that no client takes a part for the whole. The manifest is another
//! request at the same T and K, which `Link` names: the rows are read once more, and what its
//! digests say has not come over the same connection.

use super::{Server, Shared, auth, errors::Refused};
use crate::{
    cut_names,
    export::{ExportRequest, Sent, file_name, sign, writing},
    parameters::encode,
};
use async_graphql::futures_util::{FutureExt, stream};
use axum::{
    body::{Body, Bytes},
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::{
    export::{Export, ExportList},
    model::{answer::AbsenceCode, question::Caller},
};
use claimledger_export::{
    Format, manifest::Manifest, manifest_writer::ManifestWriter, page::ExportPage, table::Row,
    writer::RowWriter,
};
use std::{io, sync::Arc};

/// What an address says.
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(crate) async fn get(
    State(server): State<Shared>,
    list: Result<Path<String>, PathRejection>,
    pairs: Pairs,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = auth::of_page(&server, &headers).await?;
    server.questions.take(&caller).map_err(Refused::too_many)?;
    let malformed =
        |message: String| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message);
    let Query(pairs) = pairs.map_err(|rejection| malformed(rejection.body_text()))?;
    let Path(list) = list?;
    let request = ExportRequest::read(&list, pairs.clone()).map_err(malformed)?;
    let reading = Reading::begin(&server, headers, &caller, request).await?;
    // A client that reads pages gets the same from the first of them.
    if reading.request.sent != Sent::Pages && reading.is_of_unknown_session() {
        let words = reading.page.read.absence.words.clone();
        return Err(Refused::new(StatusCode::NOT_FOUND, "not_found", words));
    }
    match reading.request.sent {
        Sent::Pages => Ok(body("application/jsonl; charset=utf-8", reading)),
        Sent::Manifest(format) => {
            reading.within_limit()?;
            // Reading all rows may take longer than an answer may take to begin.
            let manifest = reading.manifest(format).map(|manifest| match manifest {
                Ok(manifest) => Ok(Bytes::from(manifest.to_bytes())),
                Err(_) => Err(cut()),
            });
            let body = Body::from_stream(stream::once(manifest));
            Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
        }
        Sent::File(format) => {
            reading.within_limit()?;
            let known_at = reading.page.read.cut.known_at;
            let name = file_name(&list, known_at, format);
            let link = manifest_link(&list, &pairs, &reading.page);
            let mut response = body(format.media_type(), reading);
            let disposition = format!("attachment; filename=\"{name}\"");
            for (header, value) in
                [(header::CONTENT_DISPOSITION, disposition), (header::LINK, link)]
            {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().insert(header, value);
                }
            }
            Ok(response)
        }
    }
}

/// The address of the manifest of what is sent, at its T and K.
fn manifest_link(list: &str, pairs: &[(String, String)], page: &ExportPage) -> String {
    let cut = &page.read.cut;
    let mut link = format!("</v1/export/{list}?part=manifest");
    let mut add = |name: &str, value: &str| {
        // Known names alone have come this far.
        link.push('&');
        link.push_str(name);
        link.push('=');
        encode(value, &mut link);
    };
    for (name, value) in pairs.iter().filter(|(name, _)| !cut_names::ALL.contains(&name.as_str())) {
        add(name, value);
    }
    add(cut_names::AT, &cut.at.to_string());
    add(cut_names::KNOWN_AT_POSITION, &cut.known_at.to_string());
    add(cut_names::RULES, &cut.rules);
    link.push_str(">; rel=\"describedby\"; type=\"application/json\"");
    link
}

/// An export that is being read, with the page that was read last.
struct Reading {
    server: Arc<Server>,
    /// Those that it came with: they name the credential.
    headers: HeaderMap,
    caller: Caller,
    request: ExportRequest,
    export: Export,
    page: ExportPage,
    writer: Option<RowWriter>,
    /// Whether nothing of the page was sent.
    is_new: bool,
    sent_rows: u64,
    /// Whether the last of it was sent.
    is_done: bool,
}

impl Reading {
    async fn begin(
        server: &Arc<Server>,
        headers: HeaderMap,
        caller: &Caller,
        request: ExportRequest,
    ) -> Result<Self, Refused> {
        let after = request.after.as_deref();
        let mut export =
            server.app.export(caller, request.query.clone(), &request.asking, after).await?;
        let page = export.next().await?.ok_or_else(no_first_page)?;
        Ok(Self {
            server: Arc::clone(server),
            headers,
            caller: caller.clone(),
            request,
            export,
            page,
            writer: None,
            is_new: true,
            sent_rows: 0,
            is_done: false,
        })
    }

    fn is_of_unknown_session(&self) -> bool {
        matches!(self.request.query.list, ExportList::Timeline(..))
            && self.page.read.absence.code == AbsenceCode::NotKnown.as_str()
    }

    /// Rows of the page up to the limit, and whether that ends the list although there are more.
    ///
    /// # Errors
    /// If it does, and that was not asked for.
    fn within_limit(&self) -> Result<(usize, bool), Refused> {
        let rows = self.page.rows.len();
        let Some(limit) = self.request.limit else { return Ok((rows, false)) };
        let left = usize::try_from(limit - self.sent_rows).unwrap_or(usize::MAX);
        let is_more = rows > left || (rows == left && self.page.has_next);
        if is_more && !self.request.limit_marked {
            let message = format!(
                "there are more than {limit} rows: raise the limit, or ask for limitMarked=true"
            );
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", message)
                .with("limit", limit));
        }
        Ok((rows.min(left), is_more))
    }

    /// Reads the next page; false: there is none.
    async fn advance(&mut self) -> Result<bool, Refused> {
        if !self.page.has_next {
            return Ok(false);
        }
        // A credential that was revoked reads nothing more.
        auth::of_page(&self.server, &self.headers).await?;
        let Some(page) = self.export.next().await? else { return Ok(false) };
        self.page = page;
        self.is_new = true;
        Ok(true)
    }

    /// The writer of a file's rows.
    fn writer(&self, format: Format) -> Result<RowWriter, Refused> {
        let writing = writing(&self.request, self.page.read.cut.known_at, format);
        RowWriter::new(&writing, self.page.read.columns.clone()).map_err(not_written)
    }

    /// The next bytes of the body; none: the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Refused> {
        if self.is_done || (!self.is_new && !self.advance().await?) {
            return Ok(None);
        }
        let is_first = self.sent_rows == 0 && self.is_new;
        self.is_new = false;
        let Sent::File(format) = self.request.sent else {
            self.sent_rows += self.page.rows.len() as u64;
            return Ok(Some(self.page.to_line(is_first)));
        };
        let mut out = Vec::new();
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let writer = self.writer(format)?;
                writer.header(&mut out);
                writer
            }
        };
        let stopped_at = self.take(|rows| writer.rows(rows, &mut out))?;
        if self.is_done {
            writer.finish(stopped_at, &mut out).map_err(not_written)?;
        } else {
            self.writer = Some(writer);
        }
        Ok(Some(out))
    }

    /// Gives the rows of the page, up to the limit, to `write`; where that ends the list, the
    /// limit.
    fn take(
        &mut self,
        write: impl FnOnce(&[Row]) -> io::Result<()>,
    ) -> Result<Option<u64>, Refused> {
        let (rows, is_cut) = self.within_limit()?;
        write(&self.page.rows[..rows]).map_err(not_written)?;
        self.sent_rows += rows as u64;
        self.is_done = is_cut || !self.page.has_next;
        Ok(self.request.limit.filter(|_| is_cut))
    }

    /// The manifest of the file that the same address without `part` sends.
    async fn manifest(mut self, format: Format) -> Result<Manifest, Refused> {
        let writing = writing(&self.request, self.page.read.cut.known_at, format);
        let mut writer =
            ManifestWriter::new(self.page.read.clone(), writing).map_err(not_written)?;
        let stopped_at = loop {
            let stopped_at = self.take(|rows| writer.add(rows))?;
            if self.is_done || !self.advance().await? {
                break stopped_at;
            }
        };
        let mut manifest = writer.finish(stopped_at).map_err(not_written)?;
        sign(&self.server.app, &self.caller, &mut manifest).await?;
        Ok(manifest)
    }
}

fn not_written(error: io::Error) -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
}

fn body(media_type: &'static str, reading: Reading) -> Response {
    let bytes = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.next().await {
            Ok(bytes) => Some((Ok(Bytes::from(bytes?)), Some(reading))),
            // The connection is cut, so that what was sent is not taken for a whole file.
            Err(_) => Some((Err(cut()), None)),
        }
    });
    ([(header::CONTENT_TYPE, media_type)], Body::from_stream(bytes)).into_response()
}

/// Why a body ends before its end.
fn cut() -> io::Error {
    io::Error::other("the export was cut off")
}

fn no_first_page() -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the list has no first page")
}
