//! The calls of the protocol.

#![expect(clippy::result_large_err, reason = "a status is what the services return")]

use crate::{
    faults::{Call, Fault},
    messages::{
        AppendReq, AppendResp, ClusterInfo, Empty, EndPoint, MemberInfo, Position, ReadEvent,
        ReadReq, ReadResp, StreamIdentifier, StreamNotFound, Success, SupportedMethods, WireEvent,
        WireUuid, WrongExpectedVersion,
    },
    node::Node,
    store::{Appended, Event, Expected, Read, Stored},
};
use std::{future::pending, pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status, Streaming,
    codegen::tokio_stream::{Stream, wrappers::ReceiverStream},
    metadata::MetadataMap,
    server::{ClientStreamingService, ServerStreamingService, UnaryService},
};

/// Answers that a read sends ahead of the client.
const READ_AHEAD: usize = 16;

type Answer<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

/// A call on one connection.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) node: Arc<Node>,
    /// Closes the connection.
    pub(crate) close: CancellationToken,
}

fn exception(mut status: Status, name: &'static str) -> Status {
    status.metadata_mut().insert("exception", name.parse().expect("ASCII"));
    status
}

fn not_leader(port: u16) -> Status {
    let mut status = exception(Status::not_found("Leader info available"), "not-leader");
    let metadata = status.metadata_mut();
    metadata.insert("leader-endpoint-host", "127.0.0.1".parse().expect("ASCII"));
    metadata.insert("leader-endpoint-port", port.to_string().parse().expect("ASCII"));
    status
}

fn deleted() -> Status {
    exception(Status::failed_precondition("the stream is deleted"), "stream-deleted")
}

fn name(stream: Option<&StreamIdentifier>) -> Result<String, Status> {
    let stream = stream.ok_or_else(|| Status::invalid_argument("no stream"))?;
    String::from_utf8(stream.name.to_vec()).map_err(|_| Status::invalid_argument("no UTF-8"))
}

impl Calls {
    /// Who may call, and whether this node answers.
    fn admit(&self, metadata: &MetadataMap) -> Result<(), Status> {
        let text = |key: &str| metadata.get(key).and_then(|value| value.to_str().ok());
        self.node.admit(text("authorization"), text("requires-leader")).map_err(|refused| {
            match refused {
                Some(leader) => not_leader(leader),
                None => Status::unauthenticated("no such user, or another password"),
            }
        })
    }

    /// The fault of this call. Those that answer nothing end here.
    async fn fault(&self, call: Call) -> Result<Option<Fault>, Status> {
        let fault = self.node.next_fault(call);
        match fault {
            Some(Fault::NotLeader(port)) => Err(not_leader(port)),
            Some(Fault::NoLeader) => Err(Status::unknown("No leader info available in response")),
            Some(Fault::Busy) => Err(Status::unavailable("Server Is Too Busy")),
            Some(Fault::DropBefore) => self.close().await,
            Some(Fault::Silent) => pending().await,
            other => Ok(other),
        }
    }

    async fn close(&self) -> ! {
        self.close.cancel();
        pending().await
    }

    async fn append(self, request: Request<Streaming<AppendReq>>) -> Result<AppendResp, Status> {
        self.admit(request.metadata())?;
        let mut messages = request.into_inner();
        let (mut options, mut events) = (None, Vec::new());
        // A request that breaks off is an error here, and nothing of it is written.
        while let Some(message) = messages.message().await? {
            options = options.or(message.options);
            if let Some(proposed) = message.proposed {
                let id = proposed.id.as_ref().and_then(WireUuid::to_uuid);
                let id = id.ok_or_else(|| Status::invalid_argument("no event id"))?;
                let (system, metadata) = (proposed.metadata, proposed.custom_metadata);
                events.push(Event { id, system, metadata, data: proposed.data });
            }
        }
        let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
        let stream = name(options.stream.as_ref())?;
        let expected = match (options.revision, options.no_stream, options.stream_exists) {
            (Some(revision), _, _) => Expected::Revision(revision),
            (_, Some(_), _) => Expected::NoStream,
            (_, _, Some(_)) => Expected::Exists,
            _ => Expected::Any,
        };
        let fault = self.fault(Call::Append).await?;
        let appended = self.node.append(&stream, expected, events);
        match fault {
            Some(Fault::DropAfter) => self.close().await,
            Some(Fault::SilentAfter) => pending().await,
            Some(Fault::AbortAfter) => {
                Err(Status::aborted("Operation timed out: Commit phase timeout"))
            }
            Some(Fault::Impossible) => Ok(success(u64::MAX, u64::MAX)),
            _ => answer(appended, expected),
        }
    }

    async fn read(self, request: Request<ReadReq>) -> Result<Response<Events>, Status> {
        self.admit(request.metadata())?;
        let options = request.into_inner().options.unwrap_or_default();
        let unserved = || Status::unimplemented("not served by the double");
        let stream_options = options.stream.ok_or_else(unserved)?;
        let count = options.count.ok_or_else(unserved)?;
        if options.resolve_links {
            return Err(unserved());
        }
        let stream = name(stream_options.stream.as_ref())?;
        let fault = self.fault(Call::Read).await?;
        let backwards = options.direction == 1;
        let mut answers = match self.node.read(&stream, stream_options.revision, backwards, count) {
            Read::Deleted => return Err(deleted()),
            Read::NoStream => {
                let not_found = StreamNotFound { stream: stream_options.stream };
                vec![ReadResp { stream_not_found: Some(not_found), ..ReadResp::default() }]
            }
            Read::Events(events) => {
                let wire = |event: Stored| event_of(&stream, event, fault);
                events.into_iter().map(wire).collect()
            }
        };
        if matches!(fault, Some(Fault::EndsEarly | Fault::DropAfter)) {
            answers.truncate(answers.len() / 2);
        }
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        tokio::spawn(async move {
            for answer in answers {
                if sender.send(Ok(answer)).await.is_err() {
                    return;
                }
            }
            if fault == Some(Fault::DropAfter) {
                self.close().await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

fn event_of(stream: &str, stored: Stored, fault: Option<Fault>) -> ReadResp {
    let Stored { event, revision, position } = stored;
    let impossible = fault == Some(Fault::Impossible);
    let (revision, position) = if impossible { (u64::MAX, u64::MAX) } else { (revision, position) };
    let mut metadata = event.system;
    metadata.insert("created".to_owned(), "0".to_owned());
    let wire = WireEvent {
        id: Some(WireUuid::of(event.id)),
        stream: Some(StreamIdentifier { name: stream.to_owned().into() }),
        revision,
        prepare_position: position,
        commit_position: position,
        metadata,
        custom_metadata: event.metadata,
        data: event.data,
    };
    let event = ReadEvent { event: Some(wire), commit_position: Some(position) };
    ReadResp { event: Some(event), ..ReadResp::default() }
}

fn success(revision: u64, position: u64) -> AppendResp {
    let position = Position { commit: position, prepare: position };
    let success = Success { current_revision: Some(revision), position: Some(position) };
    AppendResp { success: Some(success), ..AppendResp::default() }
}

fn answer(appended: Appended, expected: Expected) -> Result<AppendResp, Status> {
    let current = match appended {
        Appended::Done(revision, position) => return Ok(success(revision, position)),
        Appended::Deleted => return Err(deleted()),
        Appended::TooLarge => {
            return Err(Status::invalid_argument("Maximum Append Size of 1048576 Exceeded."));
        }
        Appended::WrongExpectedVersion(current) => current,
    };
    let mut wrong = WrongExpectedVersion {
        current_revision: current,
        current_no_stream: current.is_none().then_some(Empty {}),
        ..WrongExpectedVersion::default()
    };
    match expected {
        Expected::Revision(revision) => wrong.expected_revision = Some(revision),
        Expected::NoStream => wrong.expected_no_stream = Some(Empty {}),
        Expected::Any => wrong.expected_any = Some(Empty {}),
        Expected::Exists => wrong.expected_stream_exists = Some(Empty {}),
    }
    Ok(AppendResp { wrong_expected_version: Some(wrong), ..AppendResp::default() })
}

type Events = Pin<Box<dyn Stream<Item = Result<ReadResp, Status>> + Send>>;

/// `event_store.client.streams.Streams/Append`.
pub(crate) struct Append(pub(crate) Calls);

impl ClientStreamingService<AppendReq> for Append {
    type Response = AppendResp;
    type Future = Answer<AppendResp>;

    fn call(&mut self, request: Request<Streaming<AppendReq>>) -> Self::Future {
        let calls = self.0.clone();
        Box::pin(async move { calls.append(request).await.map(Response::new) })
    }
}

/// `event_store.client.streams.Streams/Read`.
pub(crate) struct ReadStream(pub(crate) Calls);

impl ServerStreamingService<ReadReq> for ReadStream {
    type Response = ReadResp;
    type ResponseStream = Events;
    type Future = Answer<Events>;

    fn call(&mut self, request: Request<ReadReq>) -> Self::Future {
        Box::pin(self.0.clone().read(request))
    }
}

/// `event_store.client.gossip.Gossip/Read`.
pub(crate) struct Gossip(pub(crate) Calls);

impl UnaryService<Empty> for Gossip {
    type Response = ClusterInfo;
    type Future = Answer<ClusterInfo>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let member = |(port, is_leader, is_alive): (u16, bool, bool)| MemberInfo {
            instance: None,
            state: if is_leader { 8 } else { 6 },
            is_alive,
            endpoint: Some(EndPoint { address: "127.0.0.1".to_owned(), port: port.into() }),
        };
        let members = self.0.node.members().into_iter().map(member).collect();
        Box::pin(async move { Ok(Response::new(ClusterInfo { members })) })
    }
}

/// `event_store.client.server_features.ServerFeatures/GetSupportedMethods`.
pub(crate) struct Features(pub(crate) Calls);

impl UnaryService<Empty> for Features {
    type Response = SupportedMethods;
    type Future = Answer<SupportedMethods>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let version = self.0.node.version();
        Box::pin(async move { Ok(Response::new(SupportedMethods { version })) })
    }
}
