//! A raw HTTP/2 server, one frame at a time.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::peer::{Peer, write};
use super::soon;

pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const GOAWAY: u8 = 0x7;
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Frame {
    pub(super) const fn ends_stream(&self) -> bool {
        self.flags & END_STREAM != 0
    }
}

pub(super) struct H2Peer(TcpStream);

impl H2Peer {
    /// Accepts a connection, and answers its preface with `settings`: pairs of id and value.
    pub(super) async fn accept(peer: &Peer, settings: &[(u16, u32)]) -> Self {
        let mut tcp = peer.accept().await;
        let mut preface = [0; PREFACE.len()];
        soon(tcp.read_exact(&mut preface)).await.expect("a preface");
        assert_eq!(preface, PREFACE);
        let mut this = Self(tcp);
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
            .collect();
        this.send(SETTINGS, 0, 0, &payload).await;
        this
    }

    pub(super) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len())
            .expect("a small frame")
            .to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        write(&mut self.0, frame).await;
    }

    /// The next frame, or `None` at the end of the connection.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        soon(self.0.read_exact(&mut head)).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        soon(self.0.read_exact(&mut payload)).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream,
        })
    }

    /// Reads one whole request, and answers `SETTINGS` on the way. Returns its stream.
    pub(super) async fn request(&mut self) -> u32 {
        loop {
            let frame = self.frame().await.expect("a request");
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await,
                HEADERS | DATA if frame.ends_stream() => return frame.stream,
                _ => {}
            }
        }
    }

    /// Every stream frame until the client closes the connection.
    pub(super) async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            if frame.stream != 0 {
                frames.push(frame);
            }
        }
        frames
    }

    pub(super) async fn reset(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub(super) async fn go_away(&mut self, last_stream: u32, code: u32) {
        let payload = [last_stream.to_be_bytes(), code.to_be_bytes()].concat();
        self.send(GOAWAY, 0, 0, &payload).await;
    }

    /// `:status: 200`, by its index in HPACK's static table, and nothing more.
    pub(super) async fn answer(&mut self, stream: u32) {
        self.send(HEADERS, END_STREAM | 0x4, stream, &[0x88]).await;
    }
}
