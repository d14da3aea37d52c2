//! URIs that look alike, and lead elsewhere.

use super::both::Run;
use super::*;

const ALIKE: [&str; 16] = [
    URL,
    "http://gateway.test/",
    "HTTPS://gateway.test/",
    "HTTP://gateway.test/",
    "https://GATEWAY.test/",
    "https://gateway.test:443/",
    "https://gateway.test:80/",
    "http://gateway.test:443/",
    "https://gateway.test./",
    "https://gateway.test:/",
    "https://shop:s3cret@gateway.test/",
    "http://localhost/",
    "https://localhost/",
    "http://LOCALHOST:80/",
    "http://[::1]/",
    "ftp://gateway.test/",
];

fn policies() -> [PolicyBuilder; 3] {
    [Policy::internal().to_builder(), external(), payments()]
}

async fn send_to(run: &Run, uri: &str) {
    for method in [Method::GET, Method::POST] {
        let request = call(method, uri, "s3cret-body");
        run.send_for(millis(1), request).await;
    }
}

async fn send_to_each(run: &Run) {
    for uri in ALIKE {
        run.note(uri);
        send_to(run, uri).await;
    }
    run.note_snapshots();
}

/// One is called first, and so is at hand; then each, when some gate is closed.
#[test]
fn whichever_was_called_first_each_goes_its_own_way() {
    for first in ALIKE {
        for policy in policies() {
            let steps = || vec![status(200), status(200), retry_after(503, 60)];
            headed(&policy, steps, async |run| {
                // May go express by any policy.
                run.send_for(millis(1), call(Method::GET, "https://localhost/", ""))
                    .await;
                send_to(run, first).await;
                send_to_each(run).await;
                send_to_each(run).await;
            });
        }
    }
}

#[test]
fn a_policy_that_lets_none_or_all_of_them_pass_in_the_clear_holds_from_the_next_call() {
    let steps = || vec![status(200), status(200), retry_after(503, 60)];
    headed(&Policy::internal().to_builder(), steps, async |run| {
        send_to_each(run).await;
        for policy in policies().into_iter().rev() {
            let _ = run.upstreams.apply(policy.build().unwrap());
            send_to_each(run).await;
        }
    });
}
