//! Each row of the tables.

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const RULES: Rules = Rules {
    key_life: DAY,
    longest_call: Duration::from_secs(100),
    again: Duration::from_secs(60),
};
const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn later() -> SystemTime {
    NOW + Duration::from_secs(1_200)
}

fn again() -> SystemTime {
    NOW + RULES.again
}

fn answered(status: u16, word: Word, delivery: Delivery) -> End {
    End {
        status: Some(StatusCode::from_u16(status).unwrap()),
        word,
        delivery,
        retry_at: None,
    }
}

fn failed(delivery: Delivery) -> End {
    End {
        status: None,
        word: Word::Silent,
        delivery,
        retry_at: None,
    }
}

fn with_moment(end: End) -> End {
    End {
        retry_at: Some(later()),
        ..end
    }
}

fn sent(doubt: bool, end: End) -> Next {
    RULES
        .after_send(doubt, &end, NOW)
        .expect("the call settles it")
}

#[test]
fn the_gateways_word_settles_every_doubt() {
    for doubt in [false, true] {
        let paid = answered(200, Word::Paid, Delivery::Done);
        assert_eq!(sent(doubt, paid), Next::Paid);
        let declined = answered(200, Word::Declined, Delivery::Done);
        assert_eq!(sent(doubt, declined), Next::Declined);
    }
}

#[test]
fn an_answer_that_says_nothing_of_the_payment_leaves_it_unknown() {
    for doubt in [false, true] {
        for word in [Word::Silent, Word::NoSuchKey] {
            let end = answered(200, word, Delivery::Done);
            assert_eq!(sent(doubt, end), Next::Unknown { retry_at: again() });
        }
    }
}

#[test]
fn an_unknown_delivery_is_unknown_and_comes_again_when_seawall_says() {
    for doubt in [false, true] {
        let end = failed(Delivery::Unknown);
        assert_eq!(sent(doubt, end), Next::Unknown { retry_at: again() });
        let end = with_moment(end);
        assert_eq!(sent(doubt, end), Next::Unknown { retry_at: later() });
    }
}

#[test]
fn what_was_refused_for_now_is_pending() {
    for status in [429, 503] {
        let end = with_moment(answered(status, Word::Silent, Delivery::Rejected));
        assert_eq!(sent(false, end), Next::Pending { retry_at: later() });
    }
    let refused_here = with_moment(failed(Delivery::NotSent));
    assert_eq!(
        sent(false, refused_here),
        Next::Pending { retry_at: later() }
    );
}

#[test]
fn what_was_refused_for_good_is_declined() {
    for status in [400, 402, 404, 422] {
        let end = answered(status, Word::Silent, Delivery::Rejected);
        assert_eq!(sent(false, end), Next::Declined, "{status}");
    }
}

#[test]
fn a_fault_of_our_own_declines_nobody() {
    for status in [401, 403] {
        let end = answered(status, Word::Silent, Delivery::Rejected);
        assert_eq!(sent(false, end), Next::Pending { retry_at: again() });
        assert_eq!(sent(true, end), Next::Unknown { retry_at: again() });
    }
    // A URL that is none, a certificate that nobody trusts.
    let end = failed(Delivery::NotSent);
    assert_eq!(sent(false, end), Next::Pending { retry_at: again() });
}

#[test]
fn no_later_refusal_takes_a_doubt_away() {
    let refused_here = with_moment(failed(Delivery::NotSent));
    assert_eq!(
        sent(true, refused_here),
        Next::Unknown { retry_at: later() }
    );
    for status in [429, 503] {
        let end = with_moment(answered(status, Word::Silent, Delivery::Rejected));
        assert_eq!(sent(true, end), Next::Unknown { retry_at: later() });
    }
    for delivery in [Delivery::Rejected, Delivery::Unknown] {
        let for_good = answered(402, Word::Silent, delivery);
        assert_eq!(RULES.after_send(true, &for_good, NOW), None, "ask");
    }
    // Two attempts of one call: the doubt is this call's own.
    let just_now = with_moment(answered(402, Word::Silent, Delivery::Unknown));
    assert_eq!(sent(false, just_now), Next::Unknown { retry_at: later() });
}

#[test]
fn the_gateway_is_asked_once_the_key_is_too_old_to_be_sent() {
    let last_moment = NOW + DAY - RULES.longest_call;
    let before = last_moment - Duration::from_millis(1);
    assert_eq!(RULES.first_step(NOW, before), Step::Send);
    assert_eq!(RULES.first_step(NOW, last_moment), Step::Ask);
    assert_eq!(RULES.first_step(NOW, NOW + 30 * DAY), Step::Ask);
}

#[test]
fn a_clock_that_was_set_back_makes_a_key_young() {
    assert_eq!(RULES.first_step(NOW + DAY, NOW), Step::Send);
}

#[test]
fn an_answer_about_the_key_settles_it_at_any_age() {
    for alive in [true, false] {
        let paid = answered(200, Word::Paid, Delivery::Done);
        assert_eq!(RULES.after_ask(alive, &paid, NOW), Next::Paid);
        let declined = answered(200, Word::Declined, Delivery::Done);
        assert_eq!(RULES.after_ask(alive, &declined, NOW), Next::Declined);
    }
}

#[test]
fn a_key_that_is_not_known_was_never_charged_only_while_it_would_be_remembered() {
    let not_known = answered(404, Word::NoSuchKey, Delivery::Rejected);
    assert_eq!(RULES.after_ask(true, &not_known, NOW), Next::Declined);
    assert_eq!(RULES.after_ask(false, &not_known, NOW), Next::Review);
}

#[test]
fn no_answer_about_the_key_settles_nothing() {
    let unknown = |retry_at| Next::Unknown { retry_at };
    for alive in [true, false] {
        for end in [
            // A 404 that is not the gateway's own, a payment that is still under way, a cut line.
            answered(404, Word::Silent, Delivery::Rejected),
            answered(409, Word::Silent, Delivery::Rejected),
            answered(200, Word::Silent, Delivery::Done),
            failed(Delivery::NotSent),
            failed(Delivery::Unknown),
        ] {
            assert_eq!(RULES.after_ask(alive, &end, NOW), unknown(again()));
            let end = with_moment(end);
            assert_eq!(RULES.after_ask(alive, &end, NOW), unknown(later()));
        }
    }
}
