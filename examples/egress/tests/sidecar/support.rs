//! A sidecar in this process, a client that writes bytes, an upstream that answers with bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egress::{Egress, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

/// To wait longer is to hang.
const PATIENCE: Duration = Duration::from_secs(10);

/// Payments, with waits that a test can afford.
pub(crate) const PAYMENTS: &str = "
    preset = 'external_payments'
    provider = 'generic'
    attempt_timeout = '2s'
    deadline = '5s'
    backoff = { base = '100ms', multiplier = 1, cap = '100ms', jitter = { proportional = 0.1 } }
    budget = { ratio = 0.5, floor_per_minute = 10 }
";

/// A sidecar, until it is dropped.
pub(crate) struct Sidecar {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Sidecar {
    /// In front of this upstream, by this policy.
    pub(crate) async fn start(upstream: &str, policy: &str) -> Self {
        Self::with(upstream, policy, |_| ()).await
    }

    pub(crate) async fn with(
        upstream: &str,
        policy: &str,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let client = format!("url = '{upstream}'\n[policy]\n{policy}");
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut settings = Settings {
            listen: anywhere,
            admin: Some(anywhere),
            client: toml::from_str(&client).unwrap(),
            drain: None,
            control: None,
        };
        change(&mut settings);
        let egress = Egress::bind(&settings).await.unwrap();
        let (address, admin) = (egress.address(), egress.admin_address());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = egress.run(async { drop(stopped.await) });
        Self {
            address: address.unwrap(),
            admin: admin.unwrap_or(anywhere),
            stop: Some(stop),
            running: tokio::spawn(running),
        }
    }

    /// As a first signal does.
    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }

    /// Until it has ended by itself.
    pub(crate) async fn ended(mut self) {
        soon(&mut self.running).await.unwrap();
    }

    /// The answer to these bytes.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        ask(self.address, request).await
    }

    /// The answer to a POST of this body, with these header lines.
    pub(crate) async fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n{headers}");
        self.ask(&format!("{head}content-length: {length}\r\n\r\n{body}"))
            .await
    }

    pub(crate) async fn get(&self, path: &str, headers: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n{headers}");
        self.ask(&format!("{head}\r\n")).await
    }

    /// The answer of the admin port.
    pub(crate) async fn operate(&self, method: &str, path: &str) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n");
        ask(self.admin, &format!("{head}content-length: 0\r\n\r\n")).await
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// What came back, up to the end of the connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
        let status = head.split(' ').nth(1).expect("a status");
        Self {
            status: status.parse().unwrap(),
            head: format!("{head}\r\n").to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))
    }

    pub(crate) fn seconds(&self) -> Option<u64> {
        Some(self.header("retry-after")?.parse().unwrap())
    }

    /// Attempts, delivery, stop reason.
    pub(crate) fn told(&self) -> [&str; 3] {
        ["attempts", "delivery", "stop-reason"]
            .map(|name| self.header(&format!("seawall-{name}")).unwrap_or("missing"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The document, which says what the headers say.
    pub(crate) fn problem(&self) -> serde_json::Value {
        let problem = self.json();
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(problem["status"], self.status);
        for field in ["type", "title", "detail", "code"] {
            assert!(problem[field].is_string(), "{field}: {problem}");
        }
        let [attempts, delivery, stop_reason] = self.told();
        assert_eq!(problem["attempts"].to_string(), attempts);
        assert_eq!(problem["delivery"], delivery);
        assert_eq!(problem["stop_reason"], stop_reason);
        problem
    }
}

/// The answer to these bytes, which must ask for the connection's end.
pub(crate) async fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut tcp = connect(address).await;
    write(&mut tcp, request).await;
    Answer::parse(&rest(&mut tcp).await)
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    soon(TcpStream::connect(address)).await.unwrap()
}

pub(crate) async fn write(tcp: &mut TcpStream, text: &str) {
    soon(tcp.write_all(text.as_bytes())).await.unwrap();
}

/// Up to and with this text.
pub(crate) async fn read_to(tcp: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        match soon(tcp.read_u8()).await {
            Ok(byte) => seen.push(byte),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&seen)),
        }
    }
    String::from_utf8(seen).unwrap()
}

/// Up to the end of the connection, or its reset.
pub(crate) async fn rest(tcp: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let _ = soon(tcp.read_to_end(&mut seen)).await;
    String::from_utf8(seen).unwrap()
}

/// A request's head and body, by its length or its last chunk.
pub(crate) async fn read_request(tcp: &mut TcpStream) -> String {
    let head = read_to(tcp, "\r\n\r\n").await.to_lowercase();
    let body = if head.contains("\r\ntransfer-encoding: chunked") {
        read_to(tcp, "0\r\n\r\n").await
    } else {
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        soon(tcp.read_exact(&mut body)).await.unwrap();
        String::from_utf8(body).unwrap()
    };
    format!("{head}{body}")
}

/// An upstream that gives each request the same answer, and closes.
pub(crate) struct Upstream {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) async fn answering(answer: &'static str) -> Self {
        let (listener, url) = listener().await;
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut tcp, _)) = listener.accept().await {
                let request = read_request(&mut tcp).await;
                seen.lock().unwrap().push(request);
                write(&mut tcp, answer).await;
            }
        });
        let address = url[7..].parse().unwrap();
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked, heads in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// For an upstream that a test plays itself.
pub(crate) async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    soon(listener.accept()).await.unwrap().0
}

/// Where nobody listens.
pub(crate) async fn nowhere() -> String {
    listener().await.1
}

pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("nothing hangs")
}

/// Until it is so.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let mut ticks = interval(Duration::from_millis(5));
    soon(async {
        while !is_so().await {
            ticks.tick().await;
        }
    })
    .await;
}
