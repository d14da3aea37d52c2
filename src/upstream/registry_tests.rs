//! The map is bounded, and forgets nothing that matters.

use http::Request;

use super::*;
use crate::clock;
use crate::event::Observer;
use crate::policy::Health;
use crate::policy::circuit::{Call, Closing, Ending};
use crate::upstream::{UpstreamName, WeakUpstreams};

impl Upstreams {
    /// At most so many are remembered.
    pub(crate) fn bounded(policy: Policy, capacity: usize) -> Self {
        Self::with(policy, Random::seeded(1), capacity, Observers::default())
    }
}

fn bounded(capacity: usize) -> Upstreams {
    Upstreams::bounded(Policy::external(), capacity)
}

fn to(upstreams: &Upstreams, uri: &str) -> Arc<Upstream> {
    upstreams.find(&Request::get(uri).body(()).unwrap())
}

fn gate(upstream: &Upstream) {
    let now = clock::now();
    let permit = upstream.admit_untroubled(now, &Call::default()).unwrap();
    let closing = Some(Closing::Upstream(std::time::Duration::from_secs(60)));
    upstream.finish(
        now,
        permit,
        &Ending {
            closing,
            ..Ending::new(Health::Failure)
        },
    );
}

#[tokio::test]
async fn the_same_origin_is_the_same_upstream() {
    let upstreams = bounded(8);
    let first = to(&upstreams, "https://api.example/a");
    assert!(Arc::ptr_eq(
        &first,
        &to(&upstreams, "https://API.example:443/b?c=d")
    ));
    assert!(!Arc::ptr_eq(
        &first,
        &to(&upstreams, "https://other.example/a")
    ));
    assert_eq!(&**first.name(), "https://api.example:443");
}

#[tokio::test]
async fn a_named_upstream_has_a_state_of_its_own() {
    let upstreams = bounded(8);
    let plain = to(&upstreams, "https://api.example/reports");
    let mut request = Request::get("https://api.example/reports")
        .body(())
        .unwrap();
    request
        .extensions_mut()
        .insert(UpstreamName::new("reports"));
    let named = upstreams.find(&request);
    assert!(!Arc::ptr_eq(&plain, &named));
    assert_eq!(&**named.name(), "https://api.example:443#reports");
}

#[tokio::test]
async fn when_it_is_full_an_idle_upstream_is_forgotten() {
    let upstreams = bounded(2);
    for host in ["a", "b", "c", "d"] {
        to(&upstreams, &format!("https://{host}.example/"));
    }
    assert_eq!(upstreams.shared.by_key.len(), 2);
    assert!(upstreams.shared.overflow.get().is_none());
}

#[tokio::test]
async fn a_gated_upstream_is_never_forgotten_and_newcomers_share() {
    let upstreams = bounded(2);
    let gated = to(&upstreams, "https://gated.example/");
    gate(&gated);
    drop(gated);
    let in_use = to(&upstreams, "https://in-use.example/");
    let first = to(&upstreams, "https://first.example/");
    let second = to(&upstreams, "https://second.example/");
    assert!(Arc::ptr_eq(&first, &second), "newcomers share one state");
    let again = to(&upstreams, "https://gated.example/");
    assert!(
        again.blocked(clock::now(), &Call::default()).is_some(),
        "its gate is still closed"
    );
    assert!(Arc::ptr_eq(
        &in_use,
        &to(&upstreams, "https://in-use.example/")
    ));
}

#[tokio::test]
async fn a_search_looks_at_so_many_and_the_next_goes_on_behind_them() {
    let upstreams = bounded(200);
    let held: Vec<_> = (0..199)
        .map(|host| to(&upstreams, &format!("https://held-{host}.example/")))
        .collect();
    to(&upstreams, "https://idle.example/");
    let newcomer = |host: u32| to(&upstreams, &format!("https://new-{host}.example/"));
    let found: Vec<_> = (0..4)
        .map(|host| newcomer(host).name().to_string())
        .collect();
    // Three searches of 64 each pass those in use; the fourth comes to the idle one.
    assert_eq!(found[..3], ["overflow"; 3]);
    assert_eq!(found[3], "https://new-3.example:443");
    for held in &held {
        assert!(Arc::ptr_eq(held, &to(&upstreams, held.name())));
    }
}

#[tokio::test]
async fn of_the_idle_ones_the_quietest_is_forgotten() {
    let upstreams = bounded(3);
    for (host, calls) in [("often", 50), ("seldom", 20), ("now-and-then", 30)] {
        let upstream = to(&upstreams, &format!("https://{host}.example/"));
        (0..calls).for_each(|_| upstream.arrive(clock::now(), &Call::default()));
    }
    to(&upstreams, "https://new.example/");
    assert_eq!(
        names_of(&upstreams),
        [
            "https://new.example:443",
            "https://now-and-then.example:443",
            "https://often.example:443"
        ]
    );
}

#[tokio::test]
async fn as_many_are_remembered_as_was_said_and_at_least_one() {
    for (said, remembered) in [(0, 1), (1, 1), (1_500, 1_500)] {
        let upstreams = Upstreams::builder(Policy::external())
            .capacity(said)
            .build();
        for host in 0..2_000 {
            to(&upstreams, &format!("https://{host}.example/"));
        }
        assert_eq!(upstreams.shared.by_key.len(), remembered);
    }
}

#[tokio::test]
async fn one_that_is_in_use_is_found_again_however_many_newcomers_need_its_place() {
    const CALLS: usize = 20_000;
    let upstreams = bounded(2);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let upstreams = &upstreams;
            scope.spawn(move || {
                for call in 0..CALLS {
                    // Two threads come for two hosts again and again, and two for others.
                    let host = [call % 2, 100 + call % 7][thread % 2];
                    let url = format!("https://{host}.example/");
                    let held = to(upstreams, &url);
                    let is_own = !upstreams.is_overflow(&held);
                    assert!(!is_own || Arc::ptr_eq(&held, &to(upstreams, &url)), "{url}");
                }
            });
        }
    });
}

#[tokio::test]
async fn threads_that_call_newcomers_at_once_do_not_outgrow_it() {
    let upstreams = bounded(16);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let upstreams = &upstreams;
            scope.spawn(move || {
                for host in 0..2_000 {
                    to(upstreams, &format!("https://{thread}-{host}.example/"));
                }
            });
        }
    });
    let held = upstreams.shared.by_key.len();
    assert!(held <= 16 + 4, "{held}");
}

#[tokio::test]
async fn an_upstream_found_above_is_used_below() {
    let upstreams = bounded(8);
    let mut request = Request::get("https://api.example/").body(()).unwrap();
    let above = upstreams.find(&request);
    let first = above.budget().deposit(clock::now());
    upstreams.pass_down(
        &mut request,
        upstreams.policy(),
        Arc::clone(&above),
        Some(&first),
    );
    *request.uri_mut() = "https://rewritten.example/".parse().unwrap();
    assert!(Arc::ptr_eq(&above, &upstreams.find(&request)));
}

#[tokio::test]
async fn an_upstream_found_by_another_client_is_a_stranger() {
    let (theirs, ours) = (bounded(8), bounded(8));
    let mut request = Request::get("https://api.example/").body(()).unwrap();
    let above = theirs.find(&request);
    let first = above.budget().deposit(clock::now());
    theirs.pass_down(
        &mut request,
        theirs.policy(),
        Arc::clone(&above),
        Some(&first),
    );
    assert!(!Arc::ptr_eq(&above, &ours.find(&request)));
    assert!(ours.deposit_of(&request).is_none() && theirs.deposit_of(&request).is_some());
}

#[tokio::test(start_paused = true)]
async fn one_old_failure_does_not_keep_an_upstream_for_ever() {
    let upstreams = bounded(1);
    let failed = to(&upstreams, "https://failed.example/");
    let now = clock::now();
    let permit = failed.admit_untroubled(now, &Call::default()).unwrap();
    failed.finish(now, permit, &Ending::new(Health::Failure));
    drop(failed);
    let too_soon = to(&upstreams, "https://too-soon.example/");
    assert_eq!(&**too_soon.name(), "overflow", "its streak still counts");
    tokio::time::advance(std::time::Duration::from_secs(121)).await;
    let later = to(&upstreams, "https://later.example/");
    assert_eq!(&**later.name(), "https://later.example:443");
}

/// When a gate is lifted, it calls somebody who was never called.
#[derive(Debug, Default)]
struct Newcomer {
    upstreams: OnceLock<WeakUpstreams>,
    called: Mutex<Vec<String>>,
}

impl Observer for Newcomer {
    fn observe(&self, event: &Event<'_>) {
        if let Event::GateLifted { .. } = event {
            let upstreams = self.upstreams.get().and_then(WeakUpstreams::upgrade);
            let called = to(&upstreams.unwrap(), "https://newcomer.example/");
            self.called.lock().unwrap().push(called.name().to_string());
        }
    }
}

fn names_of(upstreams: &Upstreams) -> Vec<String> {
    let looks = upstreams.control().snapshots();
    let mut names: Vec<_> = looks.iter().map(|look| look.upstream.clone()).collect();
    names.sort_unstable();
    names
}

#[tokio::test(start_paused = true)]
async fn whoever_is_looked_at_can_be_forgotten_meanwhile() {
    let newcomer = Arc::new(Newcomer::default());
    let observers = Observers::from_iter([Arc::clone(&newcomer) as Arc<dyn Observer>]);
    let upstreams = Upstreams::with(Policy::external(), Random::seeded(1), 2, observers);
    newcomer.upstreams.set(upstreams.downgrade()).unwrap();
    to(&upstreams, "https://idle.example/");
    gate(&to(&upstreams, "https://gated.example/"));
    tokio::time::advance(std::time::Duration::from_secs(100)).await;
    // Whether this look still meets the forgotten one, or the newcomer already, is up to the map.
    names_of(&upstreams);
    assert_eq!(
        names_of(&upstreams),
        ["https://gated.example:443", "https://newcomer.example:443"]
    );
    let called = newcomer.called.lock().unwrap().clone();
    assert_eq!(called, ["https://newcomer.example:443"], "in no overflow");
}
