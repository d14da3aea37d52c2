//! The upstream that a client calls if it calls only one.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::Uri;
use http::uri::{Authority, Scheme};

use super::Upstream;
use crate::lane::{self, Apart, LANES};

/// The upstream that was called first: most clients have no other. Whoever calls it again need not look
/// it up. Each lane has its own, with a count of its own, so that threads do not meet.
#[derive(Debug, Default)]
pub(super) struct Home([Apart<ArcSwapOption<Seat>>; LANES]);

/// An upstream, and as what it is called.
#[derive(Debug)]
pub(crate) struct Seat {
    is_http: bool,
    /// As it was written then; whoever writes it otherwise has to look it up.
    authority: Box<str>,
    pub(super) upstream: Arc<Upstream>,
}

impl Home {
    /// The upstream of this URI, if it is the one.
    pub(super) fn at(&self, uri: &Uri) -> Option<Arc<Seat>> {
        let settled = self.mine().load();
        let seat = settled.as_ref().filter(|seat| seat.is_of(uri))?;
        (!seat.upstream.is_forgotten()).then(|| Arc::clone(seat))
    }

    /// This one it is, unless there is one. Of a URI with a name or a password in it nothing is kept.
    pub(super) fn settle(&self, uri: &Uri, upstream: &Arc<Upstream>) {
        let bare = |authority: &&Authority| !authority.as_str().contains('@');
        let Some(authority) = uri.authority().filter(bare) else {
            return;
        };
        let is_taken = |seat: &Arc<Seat>| !seat.upstream.is_forgotten();
        if self.mine().load().as_ref().is_some_and(is_taken) {
            return;
        }
        self.mine().store(Some(Arc::new(Seat {
            is_http: is_http(uri),
            authority: authority.as_str().into(),
            upstream: Arc::clone(upstream),
        })));
    }

    /// Another upstream needs its place: it must not pass for one in use.
    pub(super) fn let_go(&self) {
        for Apart(settled) in &self.0 {
            if settled.load().is_some() {
                settled.store(None);
            }
        }
    }

    fn mine(&self) -> &ArcSwapOption<Seat> {
        let Apart(settled) = &self.0[lane::mine() % LANES];
        settled
    }
}

impl Seat {
    fn is_of(&self, uri: &Uri) -> bool {
        uri.authority()
            .is_some_and(|authority| authority.as_str() == &*self.authority)
            && is_http(uri) == self.is_http
    }
}

fn is_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use http::Request;

    use super::*;
    use crate::upstream::Held;
    use crate::{Policy, Upstreams};

    fn find(upstreams: &Upstreams, uri: &str) -> Arc<Upstream> {
        upstreams.find(&Request::get(uri).body(()).unwrap())
    }

    fn uri(uri: &str) -> Uri {
        uri.parse().unwrap()
    }

    #[tokio::test]
    async fn the_first_upstream_is_at_home_by_scheme_host_and_port_and_no_other_is() {
        let upstreams = Upstreams::bounded(Policy::internal(), 8);
        let home = Home::default();
        home.settle(
            &uri("https://api.example:8443/a"),
            &find(&upstreams, "https://api.example:8443/"),
        );
        assert_eq!(
            home.at(&uri("https://api.example:8443/b?c"))
                .unwrap()
                .upstream
                .name()
                .as_ref(),
            "https://api.example:8443"
        );
        for other in [
            "http://api.example:8443/",
            "https://api.example/",
            "https://a.example:8443/",
        ] {
            assert!(home.at(&uri(other)).is_none(), "{other}");
        }
    }

    #[tokio::test]
    async fn nobody_takes_the_place_of_one_that_is_remembered() {
        let upstreams = Upstreams::bounded(Policy::internal(), 8);
        let (first, second) = ("https://first.example/", "https://second.example/");
        let home = Home::default();
        home.settle(&uri(first), &find(&upstreams, first));
        home.settle(&uri(second), &find(&upstreams, second));
        assert!(home.at(&uri(first)).is_some() && home.at(&uri(second)).is_none());
    }

    #[tokio::test]
    async fn of_one_that_was_forgotten_nothing_is_left_though_a_call_still_holds_it() {
        let upstreams = Upstreams::bounded(Policy::internal(), 8);
        let (first, second) = ("https://first.example/", "https://second.example/");
        let (home, held) = (Home::default(), find(&upstreams, first));
        home.settle(&uri(first), &held);
        held.forget();
        assert!(home.at(&uri(first)).is_none());
        home.settle(&uri(second), &find(&upstreams, second));
        assert!(home.at(&uri(second)).is_some());
    }

    #[tokio::test]
    async fn one_whose_place_in_the_map_was_needed_is_at_home_no_more() {
        let upstreams = Upstreams::bounded(Policy::internal(), 1);
        let (first, second) = ("https://first.example/", "https://second.example/");
        drop(find(&upstreams, first));
        let home = &upstreams.shared.home;
        assert!(home.at(&uri(first)).is_some());
        drop(find(&upstreams, second));
        assert!(home.at(&uri(first)).is_none() && home.at(&uri(second)).is_some());
    }

    #[tokio::test]
    async fn whichever_threads_have_called_one_its_place_can_be_had() {
        let upstreams = Upstreams::bounded(Policy::internal(), 1);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| drop(find(&upstreams, "https://first.example/")));
            }
        });
        let second = find(&upstreams, "https://second.example/");
        assert_eq!(second.name().as_ref(), "https://second.example:443");
    }

    #[tokio::test]
    async fn one_that_a_call_holds_is_not_forgotten() {
        let upstreams = Upstreams::bounded(Policy::internal(), 1);
        let request = |uri: &str| Request::get(uri).body(()).unwrap();
        let (first, second) = ("https://first.example/", "https://second.example/");
        drop(find(&upstreams, first));
        let held = upstreams.hold(&request(first));
        assert!(matches!(held, Held::AtHome(_)));
        assert_eq!(find(&upstreams, second).name().as_ref(), "overflow");
        drop(held);
        assert_ne!(find(&upstreams, second).name().as_ref(), "overflow");
    }

    #[tokio::test]
    async fn a_password_in_a_uri_is_kept_nowhere() {
        let upstreams = Upstreams::bounded(Policy::internal(), 8);
        let found = find(&upstreams, "https://shop:s3cret@api.example/");
        assert!(!format!("{upstreams:?}").contains("s3cret"));
        // It is the same upstream, whoever calls it.
        let others = find(&upstreams, "https://api.example/");
        let again = find(&upstreams, "https://shop:s3cret@api.example/");
        assert!(Arc::ptr_eq(&found, &others) && Arc::ptr_eq(&found, &again));
        assert!(!format!("{upstreams:?}").contains("s3cret"));
    }

    #[tokio::test]
    async fn what_newcomers_share_is_nobodys_home() {
        let upstreams = Upstreams::bounded(Policy::internal(), 0);
        let shared = find(&upstreams, "https://newcomer.example/");
        assert_eq!(shared.name().as_ref(), "overflow");
        assert!(upstreams.shared.home.mine().load().is_none());
    }
}
