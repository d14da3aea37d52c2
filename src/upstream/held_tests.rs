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
    assert_eq!(calls.count(), 345);
    assert!((0..100).all(|_| hold_host(&upstreams, ALL - 1)));
    assert!(!hold_host(&upstreams, ALL - 2), "nobody has called it");
}

#[tokio::test]
async fn those_that_are_called_while_others_want_their_places_keep_them() {
    let upstreams = called_once();
    for _ in 0..1_000 {
        assert!(!hold_host(&upstreams, ALL - 1));
        assert!((0..AT_HAND).all(|number| hold_host(&upstreams, number)));
    }
}

#[tokio::test]
async fn calls_of_which_nothing_is_kept_cost_nobody_a_place() {
    let upstreams = called_once();
    for _ in 0..1_000 {
        hold(&upstreams, "https://shop:s3cret@api.example/");
    }
    for number in AT_HAND..ALL {
        assert!(!hold_host(&upstreams, number), "it would like a place");
    }
    assert!((0..AT_HAND).all(|number| hold_host(&upstreams, number)));
}

/// What is kept for one of many hosts, and who asks for it.
fn seat(number: usize, held: &Held) -> (Uri, Arc<Seat>) {
    let uri = format!("https://host-{number}.example/").parse().unwrap();
    let seat = Seat::of(&uri, held);
    (uri, Arc::new(seat))
}

fn keep(seats: &AtHand<Seat>, (uri, seat): (Uri, Arc<Seat>)) -> bool {
    let room = seats.find(&uri, Seat::is_remembered);
    room.unwrap_err().keep(|| seat);
    seats.find(&uri, Seat::is_remembered).is_ok()
}

#[tokio::test]
async fn of_one_that_was_forgotten_nothing_is_left_though_a_call_still_holds_it() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let (seats, held) = (AtHand::default(), hold(&upstreams, FIRST));
    let before = Arc::strong_count(&held);
    assert!(keep(&seats, seat(0, &held)));
    held.mark_as_forgotten(true);
    let other = hold(&upstreams, SECOND);
    assert!(keep(&seats, seat(0, &other)));
    assert_eq!(Arc::strong_count(&held), before);
}

#[tokio::test]
async fn those_that_were_forgotten_give_their_places_at_once() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let (seats, held) = (AtHand::default(), hold(&upstreams, FIRST));
    for number in 0..AT_HAND {
        assert!(keep(&seats, seat(number, &held)));
    }
    let other = hold(&upstreams, SECOND);
    assert!(!keep(&seats, seat(AT_HAND, &other)), "nobody has to go");
    held.mark_as_forgotten(true);
    for number in AT_HAND..2 * AT_HAND {
        assert!(keep(&seats, seat(number, &other)));
    }
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
async fn of_what_threads_keep_while_others_clear_nothing_is_held_for_good() {
    let upstreams = Upstreams::bounded(Policy::internal(), 8);
    let (seats, held) = (AtHand::default(), hold(&upstreams, FIRST));
    let before = Arc::strong_count(&held);
    for _ in 0..100 {
        // More than there are lanes, so that some share one.
        thread::scope(|scope| {
            for number in 0..10 {
                let (seats, held) = (&seats, &held);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let (uri, seat) = seat(0, held);
                        match seats.find(&uri, Seat::is_remembered) {
                            _ if number % 4 == 0 => seats.clear(),
                            Ok(_) => {}
                            Err(room) => room.keep(|| seat),
                        }
                    }
                });
            }
        });
        seats.clear();
        assert_eq!(Arc::strong_count(&held), before);
    }
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
