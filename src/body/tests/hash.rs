//! The same bytes have the same hash, whatever carries them.

use std::hash::{DefaultHasher, Hasher};

use ::bytes::Buf;
use http_body_util::Empty;

use super::*;

/// A hash that tells every write from the next.
#[derive(Default)]
struct Strict(DefaultHasher);

impl Hasher for Strict {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.0.write_u8(0xff);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

/// A buffer in two pieces.
#[derive(Clone)]
struct Pieces(&'static [u8], &'static [u8]);

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.len() + self.1.len()
    }

    fn chunk(&self) -> &[u8] {
        if self.0.is_empty() { self.1 } else { self.0 }
    }

    fn advance(&mut self, count: usize) {
        let first = count.min(self.0.len());
        self.0.advance(first);
        self.1.advance(count - first);
    }
}

fn hash(body: &impl Replay) -> Option<u64> {
    let mut hasher = Strict::default();
    let known = body.hash_bytes(&mut hasher);
    let fed = hasher.finish() != Strict::default().finish();
    assert_eq!(known, fed, "all or nothing");
    known.then(|| hasher.finish())
}

#[test]
fn the_same_bytes_hash_the_same_whatever_their_type() {
    let payment = hash(&Body::from("payment"));
    assert!(payment.is_some());
    assert_eq!(hash(&String::from("payment")), payment);
    assert_eq!(hash(&Full::new(Bytes::from("payment"))), payment);
    assert_eq!(hash(&Full::new(&b"payment"[..])), payment);
    assert_eq!(hash(&Full::new(Pieces(b"pay", b"ment"))), payment);

    assert_ne!(hash(&Body::from("payments")), payment);
}

#[test]
fn nothing_hashes_the_same_too() {
    let nothing = hash(&Body::empty());
    assert!(nothing.is_some());
    assert_eq!(hash(&Empty::<Bytes>::new()), nothing);
    assert_eq!(hash(&Full::new(Bytes::new())), nothing);
    assert_eq!(hash(&String::new()), nothing);
    assert_ne!(hash(&Body::from("x")), nothing);
}

#[test]
fn what_is_not_known_beforehand_has_no_hash() {
    let stream = scripted([data("one")]);
    let watch = stream.watch();
    assert_eq!(hash(&Body::stream(stream)), None);
    assert_eq!(watch.polls(), 0);
    assert_eq!(hash(&OneShot(Full::new(Bytes::from("once")))), None);

    let mut sent = Body::from("payment");
    poll(&mut sent);
    assert_eq!(hash(&sent), None);
}

#[test]
fn a_body_can_still_be_sent_after_its_hash() {
    let mut body = Body::from("payment");
    hash(&body);
    assert_eq!(rest(&mut body), ["payment", "end"]);
}
