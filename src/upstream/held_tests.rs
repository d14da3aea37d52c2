//! What is at hand, and that it makes room.

use std::thread;

use http::Request;

use super::*;
use crate::upstream::AtHand;
use crate::{Policy, Upstreams};

const FIRST: &str = "https://first.example/";
const SECOND: &str = "https://second.example/";

fn hold(upstreams: &Upstreams, uri: &str) -> Held {
    upstreams.hold(&Request::get(uri).body(()).unwrap())
}

fn is_at_hand(held: &Held) -> bool {
    matches!(held, Held::AtHand(_))
}

#[tokio::test]
async fn what_was_called_before_is_at_hand_by_scheme_host_and_port() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let url = "https://api.example:8443/a";
    assert!(!is_at_hand(&hold(&upstreams, url)));
    let again = hold(&upstreams, "https://api.example:8443/b?c");
    assert!(is_at_hand(&again));
    assert_eq!(again.name().as_ref(), "https://api.example:8443");
    for other in [
        "http://api.example:8443/",
        "https://api.example/",
        "https://a.example:8443/",
    ] {
        let other = hold(&upstreams, other);
        assert!(!Arc::ptr_eq(&again, &other), "{:?}", other.name());
    }
}

/// As many as there are places, and some.
const AT_HAND: usize = 24;
const ALL: usize = 40;

fn hold_host(upstreams: &Upstreams, number: usize) -> bool {
    is_at_hand(&hold(upstreams, &format!("https://host-{number}.example/")))
}

fn called_once() -> Upstreams {
    let upstreams = Upstreams::bounded(Policy::internal(), 200);
    for number in 0..ALL {
        assert!(!hold_host(&upstreams, number));
    }
    upstreams
}

#[tokio::test]
async fn of_many_that_are_called_in_turn_those_that_came_first_are_at_hand() {
    let upstreams = called_once();
    for _ in 0..100 {
        let at_hand = (0..ALL).filter(|number| hold_host(&upstreams, *number));
        assert!(at_hand.eq(0..AT_HAND));
    }
}

#[tokio::test]
async fn one_that_is_called_again_and_again_comes_to_be_at_hand_though_it_came_late() {
    let upstreams = called_once();
    let calls = (0..1_000).take_while(|_| !hold_host(&upstreams, ALL - 1));
    assert!((300..=384).contains(&calls.count()));
    assert!((0..100).all(|_| hold_host(&upstreams, ALL - 1)));
    assert!(!hold_host(&upstreams, ALL - 2), "nobody has called it");
}

#[tokio::test]
async fn those_that_are_called_as_often_as_others_want_their_places_keep_them() {
    let upstreams = called_once();
    for _ in 0..1_000 {
        assert!(!hold_host(&upstreams, ALL - 1));
        assert!((0..AT_HAND).all(|number| hold_host(&upstreams, number)));
    }
}

#[tokio::test]
async fn of_one_that_was_forgotten_nothing_is_left_though_a_call_still_holds_it() {
    let (upstreams, seats) = (
        Upstreams::bounded(Policy::internal(), 8),
        AtHand::<Seat>::default(),
    );
    let (uri, held) = (Uri::from_static(FIRST), hold(&upstreams, FIRST));
    let find = || seats.find(&uri, Seat::is_remembered);
    let seat = |held: &Held| Arc::new(Seat::of(&uri, held));
    find().unwrap_err().unwrap().keep(seat(&held));
    assert!(find().is_ok());
    held.mark_as_forgotten(true);
    let other = hold(&upstreams, SECOND);
    find().unwrap_err().unwrap().keep(seat(&other));
    assert!(find().is_ok_and(|seat| Arc::ptr_eq(&seat.upstream, &other)));
}

#[tokio::test]
async fn one_whose_place_in_the_map_was_needed_is_at_hand_no_more() {
    let upstreams = Upstreams::bounded(Policy::internal(), 1);
    drop(hold(&upstreams, FIRST));
    assert!(is_at_hand(&hold(&upstreams, FIRST)));
    drop(hold(&upstreams, SECOND));
    assert!(is_at_hand(&hold(&upstreams, SECOND)));
    assert!(!is_at_hand(&hold(&upstreams, FIRST)));
}

#[tokio::test]
async fn whichever_threads_have_called_one_its_place_can_be_had() {
    let upstreams = Upstreams::bounded(Policy::internal(), 1);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| drop(hold(&upstreams, FIRST)));
        }
    });
    let second = hold(&upstreams, SECOND);
    assert_eq!(second.name().as_ref(), "https://second.example:443");
}

#[tokio::test]
async fn of_what_threads_keep_while_another_clears_nothing_is_held_for_good() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let (held, seats) = (hold(&upstreams, FIRST), AtHand::<Seat>::default());
    let (uri, before) = (Uri::from_static(FIRST), Arc::strong_count(&held));
    // More than there are lanes, so that some share one.
    thread::scope(|scope| {
        for number in 0..12 {
            let (held, seats, uri) = (&held, &seats, &uri);
            scope.spawn(move || {
                for _ in 0..20_000 {
                    if number % 4 == 0 {
                        seats.clear();
                    } else if let Err(Some(room)) = seats.find(uri, Seat::is_remembered) {
                        room.keep(Arc::new(Seat::of(uri, held)));
                    }
                }
            });
        }
    });
    seats.clear();
    assert_eq!(Arc::strong_count(&held), before);
}

#[tokio::test]
async fn one_that_a_call_holds_is_not_forgotten() {
    let upstreams = Upstreams::bounded(Policy::internal(), 1);
    drop(hold(&upstreams, FIRST));
    let held = hold(&upstreams, FIRST);
    assert!(is_at_hand(&held));
    assert_eq!(hold(&upstreams, SECOND).name().as_ref(), "overflow");
    drop(held);
    assert_ne!(hold(&upstreams, SECOND).name().as_ref(), "overflow");
}

#[tokio::test]
async fn a_password_in_a_uri_is_kept_nowhere() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let found = hold(&upstreams, "https://shop:s3cret@api.example/");
    assert!(!format!("{upstreams:?}").contains("s3cret"));
    // It is the same upstream, whoever calls it.
    let others = hold(&upstreams, "https://api.example/");
    let again = hold(&upstreams, "https://shop:s3cret@api.example/");
    assert!(Arc::ptr_eq(&found, &others) && Arc::ptr_eq(&found, &again));
    assert!(!is_at_hand(&again) && !format!("{upstreams:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_newcomers_share_is_at_nobodys_hand() {
    let upstreams = Upstreams::bounded(Policy::internal(), 0);
    for _ in 0..2 {
        let shared = hold(&upstreams, "https://newcomer.example/");
        assert_eq!(shared.name().as_ref(), "overflow");
        assert!(!is_at_hand(&shared));
    }
}
