//! The steps of a connection: DNS, TCP and TLS.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::line::Line;
use super::record::{Done, Limits, Record};
use super::target::Target;
use super::{Preflight, Problem, Step};
use crate::client::transport::{Agreed, Connection, Phases, TcpConnection};
use crate::clock;
use crate::policy::Failure;

pub(super) async fn connect<'a>(
    preflight: &'a Preflight,
    target: &'a Target,
    limits: Limits,
    record: &mut Record,
) -> Option<Line<'a>> {
    let phases = &preflight.client.phases;
    let began = clock::now();

    let looking_up = resolve(phases, target);
    let limit = limits.connecting(began, began);
    let addresses = record.take(Step::Dns, limit, looking_up).await?;

    let now = clock::now();
    let limit = limits.connecting(began, now);
    let until = clock::after(now, limit);
    let connecting = reach(phases, target, &addresses, until);
    // Each address has a limit of its own.
    let step = record.take(Step::Tcp, Duration::MAX, connecting);
    let (address, tcp) = step.await?;

    let limit = limits.connecting(began, clock::now());
    let shaking_hands = secure(phases, target, tcp);
    let connection = record.take(Step::Tls, limit, shaking_hands).await?;
    Some(Line::over(connection, preflight, target, address))
}

async fn resolve(phases: &Phases, target: &Target) -> Result<Done<Vec<IpAddr>>, Fault> {
    let host = target.host();
    let unknown = |_| Fault::new(Problem::UnknownHost, format!("`{host}` did not resolve"));
    let addresses = phases.resolve(&target.url).await.map_err(unknown)?;
    let detail = match addresses.len() {
        1 => "1 address".to_owned(),
        several => format!("{several} addresses"),
    };
    Ok(Done::passed(addresses, detail))
}

/// Tries the addresses in order. What is left of the time is shared among those that are left, so
/// that one which swallows packets does not cost the others their turn.
async fn reach(
    phases: &Phases,
    target: &Target,
    addresses: &[IpAddr],
    until: Instant,
) -> Result<Done<(IpAddr, TcpConnection)>, Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for (tried, ip) in addresses.iter().enumerate() {
        let left = until.saturating_duration_since(clock::now());
        let limit = share(left, addresses.len() - tried);
        let address = SocketAddr::new(*ip, target.port());
        let connecting = phases.connect(&target.url, *ip);
        let ended = tokio::time::timeout(limit, connecting).await;
        match ended.unwrap_or(Err(Failure::ConnectTimeout)) {
            Ok(tcp) => {
                let others = faults.iter().map(|fault| format!("; {}", fault.reason));
                let detail = format!("{address}{}", others.collect::<String>());
                return Ok(Done::passed((*ip, tcp), detail));
            }
            Err(failure) => faults.push(Fault::no_connection(failure, address)),
        }
    }
    let reasons: Vec<_> = faults.iter().map(|fault| fault.reason.as_str()).collect();
    let problem = faults
        .first()
        .map_or(Problem::Unreachable, |fault| fault.problem);
    Err(Fault::new(problem, reasons.join("; ")))
}

fn share(left: Duration, among: usize) -> Duration {
    left / u32::try_from(among).unwrap_or(u32::MAX).max(1)
}

async fn secure(
    phases: &Phases,
    target: &Target,
    tcp: TcpConnection,
) -> Result<Done<Connection>, Fault> {
    let secured = phases.secure(&target.url, tcp).await;
    let (connection, agreed) = secured.map_err(|why| Fault::no_tls(why, target.host()))?;
    Ok(match agreed {
        Some(Agreed { version, http }) => {
            let detail = format!("{version}, {http}, the certificate is trusted");
            Done::passed(connection, detail)
        }
        None => Done::skipped(connection, "the URL is plain http"),
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;

    use http::Uri;
    use tokio::net::TcpListener;

    use super::super::Outcome;
    use super::*;
    use crate::client::transport::{Settings, Transport};

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    fn phases() -> Arc<Phases> {
        let settings = Settings::new(Duration::from_secs(60));
        Transport::new(&settings).expect("plain settings").phases()
    }

    /// A host of these addresses, and what came of trying them.
    async fn reached(port: u16, addresses: &[IpAddr]) -> Result<Outcome, Fault> {
        let target = Target {
            url: Uri::try_from(format!("http://gateway.test:{port}/")).unwrap(),
            credentials: None,
            health: None,
        };
        let until = clock::after(clock::now(), Duration::from_secs(60));
        let done = reach(&phases(), &target, addresses, until).await?;
        Ok(done.outcome)
    }

    #[tokio::test]
    async fn addresses_are_tried_in_order_up_to_the_first_that_answers() {
        let listener = TcpListener::bind((V4, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();

        let Outcome::Passed { detail } = reached(port, &[V4, V6]).await.unwrap() else {
            unreachable!("it was reached")
        };
        assert_eq!(detail, format!("127.0.0.1:{port}"));
        // A machine without IPv6 says something else than "refused".
        let Outcome::Passed { detail } = reached(port, &[V6, V4]).await.unwrap() else {
            unreachable!("it was reached")
        };
        let both = format!("127.0.0.1:{port}; [::1]:{port} ");
        assert!(detail.starts_with(&both), "{detail}");
    }

    #[tokio::test]
    async fn all_that_fail_are_named_and_the_first_says_what_is_wrong() {
        let listener = TcpListener::bind((V4, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);

        let fault = reached(port, &[V4, V6]).await.unwrap_err();
        assert_eq!(fault.problem, Problem::Refused);
        let refused = format!("127.0.0.1:{port} refused the connection; [::1]:{port} ");
        assert!(fault.reason.starts_with(&refused), "{}", fault.reason);
    }

    #[test]
    fn the_time_left_is_shared_among_the_addresses_left() {
        let left = Duration::from_secs(3);
        assert_eq!(share(left, 3), Duration::from_secs(1));
        assert_eq!(share(left, 1), left);
        assert_eq!(share(left, 0), left);
    }
}
