//! Bodies that are slow, broken or too long.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Full};

use super::{BodyError, Collected, Limits, ReadTimeout};
use crate::clock;
use crate::middleware::testing::*;
use crate::policy::Failure;
use Piece::{Break, Data, Hang, Pause, Trailers, Untouchable};

type Patient = Pin<Box<ReadTimeout<Pieces>>>;

fn patient(pieces: impl IntoIterator<Item = Piece>) -> Patient {
    Box::pin(ReadTimeout::new(Pieces::new(pieces), secs(10)))
}

async fn next(body: &mut Patient) -> Option<Result<Bytes, BodyError>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().expect("data")))
}

#[tokio::test(start_paused = true)]
async fn frames_in_time_pass_and_a_later_one_is_not_waited_for() {
    let (in_time, late) = (Pause(millis(9_999)), Pause(millis(10_001)));
    let mut body = patient([
        Data("a"),
        in_time.clone(),
        Data("b"),
        in_time,
        Data("c"),
        late,
    ]);
    let start = clock::now();
    for data in ["a", "b", "c"] {
        assert_eq!(next(&mut body).await.unwrap().unwrap(), data);
    }
    let error = next(&mut body).await.unwrap().unwrap_err();
    assert_eq!(clock::now() - start, millis(2 * 9_999) + secs(10));
    assert!(error.is_timeout() && !error.is_oversized(), "{error}");
    assert!(error.to_string().contains("10s"), "{error}");
    assert!(next(&mut body).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_its_time_between_two_frames_is_not_punished() {
    let mut body = patient([
        Data("a"),
        Pause(secs(9)),
        Data("b"),
        Pause(secs(9)),
        Data("c"),
    ]);
    for data in ["a", "b", "c"] {
        pass(secs(60)).await;
        assert_eq!(next(&mut body).await.unwrap().unwrap(), data);
    }
    pass(secs(60)).await;
    assert!(next(&mut body).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nor_one_that_turns_away_from_a_frame_it_has_begun_to_wait_for() {
    let mut body = patient([Pause(secs(69)), Data("a"), Hang]);
    assert!(poll(&mut body).is_pending());
    pass(secs(60)).await;
    // The timer fired long ago, and nobody was waiting.
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "a");
    // But who does wait, waits no longer than that.
    let start = clock::now();
    assert!(poll(&mut body).is_pending());
    assert!(next(&mut body).await.unwrap().unwrap_err().is_timeout());
    assert_eq!(clock::now() - start, secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_by_leaps_excuses_it_once() {
    let mut body = patient([Hang]);
    let reader = tokio::spawn(async move { next(&mut body).await });
    for waits_on in [true, false] {
        settle().await;
        assert!(!reader.is_finished());
        tokio::time::advance(secs(60)).await;
        settle().await;
        assert_eq!(!reader.is_finished(), waits_on);
    }
    assert!(reader.await.unwrap().unwrap().unwrap_err().is_timeout());
}

fn poll(body: &mut Patient) -> Poll<()> {
    let mut cx = Context::from_waker(Waker::noop());
    body.as_mut().poll_frame(&mut cx).map(|_| ())
}

#[test]
fn frames_that_are_there_make_no_timer() {
    let whole = without_timers(async { collect(64, Pieces::new([Data("a"), Data("b")])).await });
    assert_eq!(whole.into_bytes().unwrap(), "ab");
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn one_that_is_waited_for_does() {
    let _ = without_timers(async { collect(64, Pieces::new([Hang])).await });
}

#[tokio::test(start_paused = true)]
async fn a_body_that_has_failed_is_let_go_whoever_still_holds_it() {
    for (pieces, ends_well) in [
        (vec![Hang], false),
        (vec![Break, Untouchable], false),
        (vec![], true),
    ] {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let body = Pieces::new(pieces).map_err(move |error| {
            let _ = &held;
            error
        });
        let mut body = Box::pin(ReadTimeout::new(body, secs(10)));
        assert_eq!(Arc::strong_count(&alive), 2);
        let end = body.frame().await;
        assert_eq!(end.is_none(), ends_well);
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(body.is_end_stream() && body.frame().await.is_none());
    }
}

async fn collect<B>(limit: usize, body: B) -> Collected
where
    B: Body,
    B::Error: Into<crate::BoxError>,
{
    let limits = Limits {
        size: limit,
        read_timeout: secs(10),
    };
    limits.collect(body, super::Announced::Own).await
}

#[tokio::test(start_paused = true)]
async fn a_body_of_one_frame_is_not_copied_and_several_are_joined() {
    let one = Bytes::from("payment 17".to_owned());
    let whole = collect(64, Full::new(one.clone())).await.into_bytes();
    assert_eq!(whole.unwrap().as_ptr(), one.as_ptr());

    let pieces = [
        Data("pay"),
        Data(""),
        Pause(secs(9)),
        Data("ment"),
        Data(" 17"),
        Trailers,
    ];
    let joined = collect(64, Pieces::new(pieces)).await;
    assert_eq!(joined.into_bytes().unwrap(), "payment 17");
    let empty = collect(64, Pieces::new([])).await;
    assert_eq!(empty.into_bytes().unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn a_body_as_long_as_the_limit_is_whole_and_one_byte_more_is_too_much() {
    for (pieces, length) in [
        (vec![Data("12345678")], 8),
        (vec![Data("1234"), Data("56"), Data("78")], 8),
        (vec![Data("1234"), Data(""), Trailers], 4),
    ] {
        let whole = collect(length, Pieces::new(pieces.clone())).await;
        assert_eq!(whole.into_bytes().unwrap().len(), length);

        let error = collect(length - 1, Pieces::new(pieces)).await;
        let error = error.into_bytes().unwrap_err();
        assert!(error.is_oversized() && !error.is_timeout());
        let limit = length - 1;
        assert_eq!(error.failure(), Failure::OversizedBody { limit });
        let text = error.to_string();
        assert!(
            text.contains(&format!("limit of {limit} bytes: raise")),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn past_the_limit_reading_stops_at_once() {
    let endless = Pieces::new([Data("1234"), Data("5"), Untouchable]);
    assert!(collect(4, endless).await.error().unwrap().is_oversized());
}

#[tokio::test(start_paused = true)]
async fn of_a_body_that_announces_too_much_nothing_is_read() {
    let announced = |length| Pieces::new([Untouchable]).announcing(length);
    for length in [5, u64::MAX] {
        let error = collect(4, announced(length)).await;
        assert!(error.error().unwrap().is_oversized(), "{length}");
    }
    let whole = Pieces::new([Data("1234")]).announcing(4);
    assert_eq!(collect(4, whole).await.into_bytes().unwrap(), "1234");
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_head_announces_what_does_not_come() {
    let head = Pieces::new([]).announcing(10_000);
    assert_eq!(collect(4, head).await.into_bytes().unwrap(), "");
}

#[tokio::test(start_paused = true)]
async fn a_part_is_kept_but_not_mistaken_for_the_whole() {
    for last in [Break, Hang] {
        let broken = collect(64, Pieces::new([Data("pay"), Data("ment"), last])).await;
        assert_eq!(broken.error().unwrap().failure(), Failure::BrokenBody);
        assert!(broken.clone().into_bytes().is_err());
        // As a stream it is what it was: a part, then the error.
        let mut stream = broken.clone();
        assert!(!stream.is_end_stream() && stream.size_hint().exact().is_none());
        let part = stream.frame().await.unwrap().unwrap();
        assert_eq!(part.into_data().unwrap(), "payment");
        assert!(stream.frame().await.unwrap().is_err());
        assert!(stream.is_end_stream() && stream.frame().await.is_none());
        assert!(!format!("{broken:?}").contains("payment"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_broke_it_is_the_source() {
    use std::error::Error as _;
    let broken = collect(64, Pieces::new([Break])).await;
    let error = broken.error().unwrap();
    assert_eq!(
        error.source().unwrap().to_string(),
        "the connection is lost"
    );
    assert!(!error.is_timeout() && !error.is_oversized());
}
