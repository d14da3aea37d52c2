//! The upstream that a client calls if it calls only one.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use http::Uri;
use http::uri::{Authority, Scheme};

use super::Upstream;

/// The upstream that was called first: most clients have no other. Whoever calls it again need not look
/// it up. It is not kept here: forgotten in the map, it is another's turn.
#[derive(Debug, Default)]
pub(super) struct Home(ArcSwapOption<Address>);

#[derive(Debug)]
struct Address {
    is_http: bool,
    /// As it was written then; whoever writes it otherwise has to look it up.
    authority: Box<str>,
    upstream: Weak<Upstream>,
}

impl Home {
    /// The upstream of this URI, if it is the one.
    pub(super) fn at(&self, uri: &Uri) -> Option<Arc<Upstream>> {
        let address = self.0.load();
        let address = address.as_ref().filter(|address| address.is_of(uri))?;
        let upstream = address.upstream.upgrade()?;
        (!upstream.is_forgotten()).then_some(upstream)
    }

    /// This one it is, unless there is one. Of a URI with a name or a password in it nothing is kept.
    pub(super) fn settle(&self, uri: &Uri, upstream: &Arc<Upstream>) {
        let bare = |authority: &&Authority| !authority.as_str().contains('@');
        let Some(authority) = uri.authority().filter(bare) else {
            return;
        };
        let settled = self.0.load();
        let holder = settled
            .as_ref()
            .and_then(|address| address.upstream.upgrade());
        if holder.is_some_and(|holder| !holder.is_forgotten()) {
            return;
        }
        self.0.store(Some(Arc::new(Address {
            is_http: is_http(uri),
            authority: authority.as_str().into(),
            upstream: Arc::downgrade(upstream),
        })));
    }
}

impl Address {
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
    use http::Request;

    use super::*;
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
        assert!(upstreams.shared.home.0.load().is_none());
    }
}
