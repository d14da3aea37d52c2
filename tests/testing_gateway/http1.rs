//! A raw HTTP/1.1 client.

use std::io;

use seawall::testing::Gateway;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::soon;

pub(crate) struct Http1(TcpStream);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case, with its body.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

/// A payment with this key.
pub(crate) fn payment(key: &str) -> String {
    request("POST", "/payments", key, "{}")
}

pub(crate) fn request(method: &str, path: &str, key: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: gateway.test\r\nidempotency-key: {key}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// What a request of its own connection is answered.
pub(crate) async fn ask(gateway: &Gateway, request: &str) -> Answer {
    let mut http1 = Http1::connect(gateway).await;
    http1.send(request).await;
    http1.answer().await
}

/// What a payment is answered on a connection of its own, until that ends.
pub(crate) async fn pay_to_the_end(gateway: &Gateway, key: &str) -> (String, io::Result<()>) {
    let mut http1 = Http1::connect(gateway).await;
    http1.send(&payment(key)).await;
    http1.rest().await
}

impl Http1 {
    pub(crate) async fn connect(gateway: &Gateway) -> Self {
        Self::try_connect(gateway).await.expect("a connection")
    }

    pub(crate) async fn try_connect(gateway: &Gateway) -> io::Result<Self> {
        soon(TcpStream::connect(gateway.address())).await.map(Self)
    }

    pub(crate) async fn send(&mut self, request: &str) {
        soon(self.0.write_all(request.as_bytes()))
            .await
            .expect("an open connection");
    }

    /// One answer, with its body.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut seen = Vec::new();
        loop {
            let read = soon(self.0.read_buf(&mut seen)).await;
            assert_ne!(read.expect("an open connection"), 0, "a whole answer");
            let text = String::from_utf8_lossy(&seen).to_lowercase();
            if let Some(status) = whole(&text) {
                return Answer { status, text };
            }
        }
    }

    pub(crate) async fn pay(&mut self, key: &str) -> Answer {
        self.send(&payment(key)).await;
        self.answer().await
    }

    /// What comes until the connection ends, and how it ends.
    pub(crate) async fn rest(mut self) -> (String, io::Result<()>) {
        let mut seen = Vec::new();
        let end = soon(self.0.read_to_end(&mut seen)).await.map(drop);
        (String::from_utf8_lossy(&seen).into_owned(), end)
    }
}

/// The status of an answer, once its body is whole by `content-length`.
fn whole(text: &str) -> Option<u16> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .expect("a length");
    let length: usize = length.parse().expect("a number");
    let status = head.split(' ').nth(1).expect("a status line");
    (body.len() == length).then(|| status.parse().expect("a status"))
}
