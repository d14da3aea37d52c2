//! HTTP/2 frames, told apart in a flow of bytes (RFC 9113 section 4.1).

use bytes::BytesMut;

/// The client's preface, whole.
const PREFACE_LENGTH: usize = 24;
const HEAD_LENGTH: usize = 9;
const HEADERS: u8 = 0x1;
const GOAWAY: u8 = 0x7;

type Head = [u8; HEAD_LENGTH];

/// Where in a frame a flow of bytes stands.
#[derive(Debug, Default)]
pub(super) struct Walk {
    head: Head,
    /// Bytes of the head that have passed.
    seen: usize,
    /// Bytes of the payload that are to come.
    left: usize,
}

/// A step along the frames.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Head(Head),
    Payload(&'a [u8]),
}

impl Walk {
    /// Whether the flow stands between two frames.
    pub(super) const fn is_between(&self) -> bool {
        self.seen == 0 && self.left == 0
    }

    /// As many bytes surely do not reach into a further frame.
    pub(super) const fn within(&self) -> usize {
        if self.left > 0 {
            self.left
        } else {
            HEAD_LENGTH - self.seen
        }
    }

    /// Walks past all of them.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while self.step(&mut bytes).is_some() {}
    }

    /// The next head or piece of payload, as soon as it is there.
    fn step<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Step<'a>> {
        let (here, rest) = bytes.split_at(self.within().min(bytes.len()));
        *bytes = rest;
        if here.is_empty() {
            return None;
        }
        if self.left > 0 {
            self.left -= here.len();
            return Some(Step::Payload(here));
        }
        self.head[self.seen..][..here.len()].copy_from_slice(here);
        self.seen += here.len();
        if self.seen < HEAD_LENGTH {
            return None;
        }
        self.seen = 0;
        let [a, b, c, ..] = self.head;
        self.left = u32::from_be_bytes([0, a, b, c]) as usize;
        Some(Step::Head(self.head))
    }
}

/// What is to be done with a stream that a client opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Open,
    /// It is open, and nothing above it will be.
    OpenAsLast,
    /// Nothing more is read.
    End,
}

/// The connection ends before the stream that was about to be opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// What a client sends, without the streams above the last one.
#[derive(Debug)]
pub(super) struct Incoming {
    preface_left: usize,
    walk: Walk,
    /// Whether the frame that is under way is passed on.
    keeps: bool,
    highest: u32,
    last: u32,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            preface_left: PREFACE_LENGTH,
            walk: Walk::default(),
            keeps: true,
            highest: 0,
            last: u32::MAX,
        }
    }

    /// Passes `bytes` on to `out`. `admit` is asked about each new stream, before any of it is.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        out: &mut BytesMut,
        mut admit: impl FnMut(u32) -> Admission,
    ) -> Result<(), Ended> {
        let (preface, mut bytes) = bytes.split_at(self.preface_left.min(bytes.len()));
        self.preface_left -= preface.len();
        out.extend_from_slice(preface);
        while let Some(step) = self.walk.step(&mut bytes) {
            match step {
                Step::Head(head) => {
                    self.keeps = self.admits(&head, &mut admit)?;
                    if self.keeps {
                        out.extend_from_slice(&head);
                    }
                }
                Step::Payload(payload) if self.keeps => out.extend_from_slice(payload),
                Step::Payload(_) => {}
            }
        }
        Ok(())
    }

    fn admits(
        &mut self,
        &[_, _, _, kind, _, a, b, c, d]: &Head,
        admit: &mut impl FnMut(u32) -> Admission,
    ) -> Result<bool, Ended> {
        let stream = u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff;
        if stream > self.last {
            return Ok(false);
        }
        if kind == HEADERS && stream > self.highest {
            self.highest = stream;
            match admit(stream) {
                Admission::Open => {}
                Admission::OpenAsLast => self.last = stream,
                Admission::End => return Err(Ended),
            }
        }
        Ok(true)
    }
}

/// GOAWAY with `NO_ERROR` (RFC 9113 section 6.8).
pub(super) fn goaway(last_stream: u32) -> Vec<u8> {
    let mut frame = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
    frame.extend(last_stream.to_be_bytes());
    frame.extend([0; 4]);
    frame
}

/// The beginning of an answer's HEADERS: five bytes are announced, one comes, `:status: 200`.
pub(super) fn half_of_headers(stream: u32) -> Vec<u8> {
    let mut frame = vec![0, 0, 5, HEADERS, 0x4];
    frame.extend(stream.to_be_bytes());
    frame.push(0x88);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: u8 = 0x4;
    const DATA: u8 = 0x0;

    fn frame(kind: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        let head = [0, 0, length, kind, 0, 0, 0, 0, stream];
        [&head[..], payload].concat()
    }

    /// Passes it in chunks of each size, always with the same result.
    fn passed(
        bytes: &[u8],
        admit: impl Fn(u32) -> Admission,
    ) -> (Vec<u8>, Vec<u32>, Result<(), Ended>) {
        let in_chunks = |size| {
            let (mut incoming, mut out, mut asked) = (Incoming::new(), BytesMut::new(), Vec::new());
            let result = bytes.chunks(size).try_for_each(|chunk| {
                incoming.pass(chunk, &mut out, |stream| {
                    asked.push(stream);
                    admit(stream)
                })
            });
            (out.to_vec(), asked, result)
        };
        let whole = in_chunks(bytes.len());
        for size in 1..bytes.len() {
            assert_eq!(in_chunks(size), whole, "in chunks of {size}");
        }
        whole
    }

    fn conversation() -> Vec<u8> {
        [
            PREFACE.to_vec(),
            frame(SETTINGS, 0, b""),
            frame(HEADERS, 1, b"head"),
            frame(HEADERS, 3, b"head"),
            frame(DATA, 1, b"body"),
            frame(HEADERS, 5, b"head"),
            frame(DATA, 5, b"body"),
            frame(DATA, 3, b"body"),
            frame(HEADERS, 3, b"trailers"),
            frame(SETTINGS, 0, b""),
        ]
        .concat()
    }

    #[test]
    fn everything_passes_and_each_stream_is_asked_about_once() {
        let (out, asked, result) = passed(&conversation(), |_| Admission::Open);
        assert_eq!(out, conversation());
        assert_eq!(asked, [1, 3, 5]);
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn nothing_of_a_stream_above_the_last_one_passes() {
        let admit = |stream| match stream {
            3 => Admission::OpenAsLast,
            _ => Admission::Open,
        };
        let (out, asked, result) = passed(&conversation(), admit);
        let expected = [
            PREFACE.to_vec(),
            frame(SETTINGS, 0, b""),
            frame(HEADERS, 1, b"head"),
            frame(HEADERS, 3, b"head"),
            frame(DATA, 1, b"body"),
            frame(DATA, 3, b"body"),
            frame(HEADERS, 3, b"trailers"),
            frame(SETTINGS, 0, b""),
        ];
        assert_eq!(out, expected.concat());
        assert_eq!(asked, [1, 3]);
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn nothing_passes_after_the_end() {
        let admit = |stream| match stream {
            3 => Admission::End,
            _ => Admission::Open,
        };
        let (out, asked, result) = passed(&conversation(), admit);
        let expected = [
            PREFACE.to_vec(),
            frame(SETTINGS, 0, b""),
            frame(HEADERS, 1, b"head"),
        ];
        assert_eq!(out, expected.concat());
        assert_eq!(asked, [1, 3]);
        assert_eq!(result, Err(Ended));
    }

    #[test]
    fn the_way_to_the_next_frame_is_never_overstated() {
        let frames = [frame(DATA, 1, b"body"), frame(SETTINGS, 0, b"")].concat();
        let mut walk = Walk::default();
        let mut rest = &frames[..];
        let mut ends = Vec::new();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(walk.within());
            walk.pass(now);
            rest = later;
            if walk.is_between() {
                ends.push(frames.len() - rest.len());
            }
        }
        assert_eq!(ends, [13, 22]);
    }
}
