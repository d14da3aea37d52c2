//! No credential, query string or body in anything a person may see.

use std::fmt::Write;

use super::*;
use crate::middleware::Deadline;

const SECRET: &str = "s3cret";

fn secretive(request: Call) -> Call {
    with_header(request, "authorization", "Bearer s3cret-token")
}

#[tokio::test(start_paused = true)]
async fn errors_and_reports_hold_no_secret() {
    let url = "http://user:s3cret@gateway.test/pay?card=s3cret";
    let late = with_extension(secretive(keyed()), Deadline::at(clock::now()));
    let scripts: [(Vec<Step>, Call); 6] = [
        (
            (0..4).map(|_| failure(Failure::Refused)).collect(),
            secretive(keyed()),
        ),
        ((0..4).map(|_| Step::Hang).collect(), secretive(keyed())),
        (
            vec![Step::Fail("of another crate".into())],
            secretive(post()),
        ),
        (vec![status(401)], secretive(keyed())),
        (vec![], secretive(call(http::Method::POST, url, "s3cret"))),
        (vec![], late),
    ];
    for (steps, request) in scripts {
        let upstream = Script::new(steps);
        let stack = Stack::new(payments(), &upstream);
        let outcome = stack.send(request).await;
        let mut text = match &outcome {
            Ok(answer) => format!("{:?}", answer.extensions()),
            Err(error) => format!("{error} {error:?}"),
        };
        if outcome.is_err() || outcome.as_ref().is_ok_and(|answer| answer.status() == 401) {
            let report = outcome.report();
            write!(text, "{report} {report:?}").unwrap();
        }
        write!(text, "{:?}", stack.upstreams).unwrap();
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_carries_the_last_answer_does_not_print_its_headers() {
    let upstream = Script::new([status(500).header("set-cookie", "session=s3cret")]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let call = stack.start(secretive(keyed())).await;
    upstream.add([retry_after(503, 600)]);
    let _ = stack.send(put()).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(error.headers().unwrap()["set-cookie"] == "session=s3cret");
    let text = format!("{error} {error:?} {} {:?}", error.report(), error.report());
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_message_says_what_happened_where_how_often_and_what_to_do() {
    let upstream = Script::new((0..4).map(|_| failure(Failure::Refused)));
    let refused = pay(&upstream, keyed()).await.unwrap_err().to_string();
    assert!(refused.contains("refused") && refused.contains("https://gateway.test:443"));
    assert!(
        refused.contains("4 attempts") && refused.contains("retry_at"),
        "{refused}"
    );

    let upstream = Script::new((0..4).map(|_| Step::Hang));
    let unknown = pay(&upstream, keyed()).await.unwrap_err().to_string();
    assert!(unknown.contains("may have been done") && unknown.contains("same idempotency key"));
}
