//! A syslog line a checkpoint (RFC 5424), over UDP or a local socket. It cannot be read back:
//! `verify --anchor FILE` takes the JSON of the line.

use super::{blocking, failed, to_json};
use async_trait::async_trait;
use claimledger_ledger::tree::{Anchor, AnchorCursor, AnchorError, AnchorPage, Anchored};
use std::{
    io,
    net::{SocketAddr, UdpSocket},
    os::unix::net::UnixDatagram,
    path::PathBuf,
};

/// Facility log audit (13), severity notice (5).
const PRIORITY: u8 = 13 * 8 + 5;

/// Where syslog listens.
pub(crate) struct SyslogAnchor {
    to: Receiver,
    name: String,
}

#[derive(Clone)]
enum Receiver {
    Socket(PathBuf),
    Udp(SocketAddr),
}

impl SyslogAnchor {
    /// None: neither a path nor an address with a port.
    pub(crate) fn new(to: &str) -> Option<Self> {
        let name = format!("syslog:{to}");
        let to = match to.strip_prefix('/') {
            Some(_) => Receiver::Socket(PathBuf::from(to)),
            None => Receiver::Udp(to.parse().ok()?),
        };
        Some(Self { to, name })
    }
}

impl Receiver {
    fn send(&self, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(path) => UnixDatagram::unbound()?.send_to(line, path)?,
            Self::Udp(address) => {
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                UdpSocket::bind(any)?.send_to(line, address)?
            }
        };
        Ok(())
    }
}

#[async_trait]
impl Anchor for SyslogAnchor {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, anchored: &Anchored) -> Result<(), AnchorError> {
        let (pid, at) = (std::process::id(), anchored.at);
        let message = to_json(anchored);
        let line = format!("<{PRIORITY}>1 {at} - claimledger {pid} checkpoint - {message}");
        let (to, name) = (self.to.clone(), self.name.clone());
        blocking(&self.name, move || to.send(line.as_bytes()).map_err(|error| failed(&name, error)))
            .await
    }

    async fn read(&self, _: &str, from: AnchorCursor) -> Result<AnchorPage, AnchorError> {
        Ok(AnchorPage { checkpoints: Vec::new(), next: from, is_end: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{ids::LogSize, time::Time};
    use claimledger_ledger::tree::CheckpointRow;

    #[tokio::test]
    async fn a_line_arrives_over_udp_and_over_a_socket() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let socket = UnixDatagram::bind(&path).unwrap();
        let checkpoint = CheckpointRow { size: LogSize(7), note: "a\n7\n".to_owned() };
        let anchored = Anchored { at: Time::EPOCH, origin: "a".to_owned(), checkpoint };
        for to in [udp.local_addr().unwrap().to_string(), path.display().to_string()] {
            SyslogAnchor::new(&to).unwrap().write(&anchored).await.unwrap();
        }
        let (mut one, mut two) = ([0; 2000], [0; 2000]);
        let (n, m) = (udp.recv(&mut one).unwrap(), socket.recv(&mut two).unwrap());
        assert_eq!(one[..n], two[..m]);
        let line = String::from_utf8(one[..n].to_vec()).unwrap();
        let (header, message) = line.split_once(" checkpoint - ").unwrap();
        let begin = "<109>1 1970-01-01T00:00:00Z - claimledger ";
        assert!(header.starts_with(begin), "{header}");
        let message = serde_json::from_str(message).unwrap();
        assert_eq!(super::super::from_json(&message), Some(anchored));
    }

    #[test]
    fn other_receivers_are_refused() {
        for to in ["", "localhost", "127.0.0.1", "here:514"] {
            assert!(SyslogAnchor::new(to).is_none(), "{to}");
        }
    }
}
