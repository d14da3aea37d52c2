//! A raw server that misbehaves, one connection after the other.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Resets it with the request unread.
    ResetUnread,
    /// Reads the request, then resets it.
    ResetRead,
    /// Reads the request, writes half a head, closes.
    HalfAHead,
    /// Reads the request and never answers.
    Stall,
    /// Answers, then closes without a word about it.
    AnswerAndClose,
}

/// The server, and the requests it has read.
pub(crate) struct Peer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Peer {
    /// Serves as many connections as there are acts, then refuses.
    pub(crate) async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let peer = Self {
            address: listener.local_addr().expect("an address"),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let acts: Vec<_> = acts.into_iter().collect();
        let (requests, connections) = (peer.requests.clone(), peer.connections.clone());
        tokio::spawn(async move {
            for act in acts {
                let (tcp, _) = listener.accept().await.expect("a connection");
                *connections.lock().unwrap() += 1;
                let requests = requests.clone();
                let done = perform(act, tcp, requests);
                if let Act::Stall = act {
                    tokio::spawn(done);
                } else {
                    done.await;
                }
            }
        });
        peer
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/payments", self.address)
    }

    /// The requests it has read, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn perform(act: Act, mut tcp: TcpStream, requests: Arc<Mutex<Vec<String>>>) {
    if let Act::ResetUnread = act {
        // The request is in this socket, unread: closing it now is a reset.
        let _ = soon(tcp.peek(&mut [0])).await;
        return;
    }
    let request = read_request(&mut tcp).await;
    requests.lock().unwrap().push(request);
    match act {
        Act::ResetRead => tcp.set_zero_linger().expect("an open socket"),
        Act::HalfAHead => write(&mut tcp, "HTTP/1.1 200 OK\r\ncontent-le").await,
        Act::Stall => {
            // Until the client gives up.
            let _ = soon(tcp.read(&mut [0])).await;
        }
        Act::AnswerAndClose => {
            write(
                &mut tcp,
                "HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\npaid",
            )
            .await;
        }
        Act::ResetUnread => unreachable!("it was done above"),
    }
}

/// Reads one request with its body, by `content-length`.
async fn read_request(tcp: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    loop {
        seen.push(soon(tcp.read_u8()).await.expect("a whole request"));
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.map_or(0, |length| length.parse().expect("a number")) {
                return text;
            }
        }
    }
}

async fn write(tcp: &mut TcpStream, bytes: &str) {
    soon(tcp.write_all(bytes.as_bytes()))
        .await
        .expect("a writable connection");
}

/// Nothing here takes this long: to meet it is to hang.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("nothing hangs")
}
