//! A node's port: HTTP/2 connections, and the routes of the protocol.

use crate::{
    calls::{Append, Calls, Features, Gossip, ReadStream},
    node::Node,
    quick_ack::QuickAck,
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;
use std::{convert::Infallible, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body, codec::ProstCodec, codegen::http, server::Grpc};

/// Maximum bytes of a message.
const MAX_MESSAGE_BYTES: usize = 17 * 1024 * 1024;

/// Closes the connections that are open.
pub(crate) type Connections = Arc<Mutex<CancellationToken>>;

/// Accepts connections until it is stopped.
pub(crate) async fn serve(
    listener: TcpListener,
    node: Arc<Node>,
    stop: CancellationToken,
    connections: Connections,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let close = connections.lock().child_token();
        let calls = Calls { node: Arc::clone(&node), close };
        tokio::spawn(connection(stream, calls));
    }
}

async fn connection(stream: TcpStream, calls: Calls) {
    let _ = stream.set_nodelay(true);
    let close = calls.close.clone();
    let service = service_fn(move |request| {
        let calls = calls.clone();
        async move { Ok::<_, Infallible>(route(calls, request).await) }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(QuickAck(stream)), service);
    tokio::select! {
        () = close.cancelled() => {}
        _ = connection => {}
    }
}

fn grpc<T, U>() -> Grpc<ProstCodec<T, U>>
where
    T: prost::Message + Default + Send + 'static,
    U: prost::Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

async fn route(calls: Calls, request: http::Request<Incoming>) -> http::Response<Body> {
    match request.uri().path() {
        "/event_store.client.streams.Streams/Append" => {
            grpc().client_streaming(Append(calls), request).await
        }
        "/event_store.client.streams.Streams/Read" => {
            grpc().server_streaming(ReadStream(calls), request).await
        }
        "/event_store.client.gossip.Gossip/Read" => grpc().unary(Gossip(calls), request).await,
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
            grpc().unary(Features(calls), request).await
        }
        _ => Status::unimplemented("not served by the double").into_http(),
    }
}
