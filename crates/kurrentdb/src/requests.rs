//! Single requests to the server. Each is one attempt.

use crate::{
    connection::{Called, Caller},
    failure::possible,
};
use bytes::Bytes;
use eventstore::{
    Acl, EventData, RecordedEvent, StreamAclBuilder, StreamMetadataBuilder, StreamPosition,
    StreamState,
};
use uuid::Uuid;

/// Bytes after which a page ends.
const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// The role that may delete streams, and change their metadata.
const ADMINS: &str = "$admins";

/// An event to append.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) data: Bytes,
    pub(crate) metadata: Bytes,
}

/// The last event of a stream.
pub(crate) async fn last(caller: Caller, name: String) -> Result<RecordedEvent, Called> {
    let options = caller.reading().position(StreamPosition::End).max_count(1);
    let mut events = caller.client.read_stream(name.as_str(), &options).await?;
    match events.next().await? {
        Some(event) => checked(event.event),
        None => Err(Called::Answer("KurrentDB ended an answer before the last event".to_owned())),
    }
}

/// Up to `max` events from a revision on.
pub(crate) async fn page(
    caller: Caller,
    name: String,
    from: u64,
    max: u64,
) -> Result<Vec<RecordedEvent>, Called> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let options = caller.reading().position(StreamPosition::Position(from)).max_count(max);
    let mut events = caller.client.read_stream(name.as_str(), &options).await?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while page.len() < max
        && bytes < MAX_PAGE_BYTES
        && let Some(event) = events.next().await?
    {
        let event = checked(event.event)?;
        bytes += event.data.len();
        page.push(event);
    }
    Ok(page)
}

/// Links are not resolved, so an event is always there.
fn checked(event: Option<RecordedEvent>) -> Result<RecordedEvent, Called> {
    let event = event.ok_or_else(|| Called::Answer("KurrentDB sent no event".to_owned()))?;
    match possible(event.revision) {
        Some(_) => Ok(event),
        None => Err(Called::Answer("KurrentDB sent a revision that cannot be".to_owned())),
    }
}

/// Appends events to a stream that has exactly `expected`. Returns the last revision.
pub(crate) async fn append(
    caller: Caller,
    name: String,
    expected: u64,
    events: Vec<NewEvent>,
) -> Result<u64, Called> {
    let state = match expected.checked_sub(1) {
        Some(revision) => StreamState::StreamRevision(revision),
        None => StreamState::NoStream,
    };
    let events: Vec<EventData> = events
        .into_iter()
        .map(|event| {
            EventData::binary(event.kind, event.data).id(event.id).metadata(event.metadata)
        })
        .collect();
    let options = caller.appending().stream_state(state);
    let written = caller.client.append_to_stream(name.as_str(), &options, events).await?;
    // The client calls it the next expected version: it is the revision of the last event.
    possible(written.next_expected_version)
        .ok_or_else(|| Called::Answer("KurrentDB wrote at a revision that cannot be".to_owned()))
}

/// Denies the deletion of a stream and changes of its metadata to all but administrators, if it has
/// no metadata.
pub(crate) async fn protect(caller: Caller, name: String) -> Result<(), Called> {
    let acl = StreamAclBuilder::new().add_delete_roles(ADMINS).add_meta_write_roles(ADMINS);
    let metadata = StreamMetadataBuilder::new().acl(Acl::Stream(acl.build())).build();
    let options = caller.appending().stream_state(StreamState::NoStream);
    caller.client.set_stream_metadata(name.as_str(), &options, &metadata).await?;
    Ok(())
}
