//! The customers: they pay, they are cut off, they click again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use seawall::Client;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::service::browser;

const CUSTOMERS: usize = 24;

/// Where the shop is, and what it has said.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) url: watch::Receiver<String>,
    /// Customers who were told that their payment is not settled yet.
    pub(crate) told_to_wait: Arc<AtomicUsize>,
}

/// A customer's way through the shop.
pub(crate) struct Visit {
    pub(crate) payment: String,
    pub(crate) acknowledged: bool,
    pub(crate) cut_off: usize,
}

/// Several at a time, until each order is paid for.
pub(crate) fn customers(orders: usize, shop: &Shop) -> JoinSet<Vec<Visit>> {
    let browser = browser().expect("a valid policy");
    let mut customers = JoinSet::new();
    for customer in 0..CUSTOMERS {
        let (browser, mut shop) = (browser.clone(), shop.clone());
        customers.spawn(async move {
            let mut visits = Vec::new();
            for order in (customer..orders).step_by(CUSTOMERS) {
                visits.push(visit(&browser, &mut shop, order).await);
            }
            visits
        });
    }
    customers
}

/// Pays for one order. Who is cut off clicks again once the shop is back; one in five has
/// gone by then.
async fn visit(browser: &Client, shop: &mut Shop, order: usize) -> Visit {
    let body = format!(r#"{{"order":"{order}","amount":1000}}"#);
    let mut visit = Visit {
        payment: format!("{order}/1"),
        acknowledged: false,
        cut_off: 0,
    };
    loop {
        let url = shop.url.borrow().clone();
        let request = browser.post(format!("{url}/payments")).body(body.clone());
        let request = request.header("content-type", "application/json");
        if let Ok(response) = request.send().await {
            let status = response.status().as_u16();
            assert!([200, 202].contains(&status), "the shop answered {status}");
            if status == 202 {
                shop.told_to_wait.fetch_add(1, Relaxed);
            }
            visit.acknowledged = true;
            return visit;
        }
        visit.cut_off += 1;
        let back = shop.url.wait_for(|current| *current != url).await;
        drop(back.expect("the shop comes back"));
        if order.is_multiple_of(5) {
            return visit;
        }
    }
}
