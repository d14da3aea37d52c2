//! How it ends: a signal, a second one, a drain that is too short.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use seawall::testing::{Fault, Gateway};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

use crate::support::{PAYMENTS, Sidecar, connect, nowhere, read_to, rest, until, write};

const GET: &str = "GET /payments/17 HTTP/1.1\r\nhost: me\r\n\r\n";

#[tokio::test]
async fn calls_under_way_end_and_no_others_begin() {
    let gateway = Gateway::start().await.unwrap();
    gateway.latency(Duration::from_millis(500));
    let mut sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let mut idle = connect(sidecar.address).await;
    write(&mut idle, "GET /x/.. HTTP/1.1\r\nhost: me\r\n\r\n").await;
    read_to(&mut idle, "}").await;
    let mut busy = connect(sidecar.address).await;
    write(&mut busy, GET).await;
    until(async || gateway.counts().requests == 1).await;

    sidecar.stop();
    assert_eq!(
        rest(&mut idle).await,
        "",
        "kept alive until now, and closed"
    );
    until(async || TcpStream::connect(sidecar.address).await.is_err()).await;
    let answer = rest(&mut busy).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 404"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    sidecar.ended().await;
}

#[tokio::test]
async fn a_drain_that_is_over_cuts_calls_off() {
    let gateway = Gateway::start().await.unwrap();
    gateway.next(Fault::Stall);
    let short = Duration::from_millis(200);
    let mut sidecar = Sidecar::with(&gateway.url(), PAYMENTS, |settings| {
        settings.drain = Some(short);
    })
    .await;
    let mut busy = connect(sidecar.address).await;
    write(&mut busy, GET).await;
    until(async || gateway.counts().requests == 1).await;
    let begun = Instant::now();
    sidecar.stop();
    assert_eq!(rest(&mut busy).await, "");
    sidecar.ended().await;
    assert!(begun.elapsed() >= short && begun.elapsed() < Duration::from_secs(2));
}

/// The program, as a process. It is killed when it is dropped.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(upstream: &str, more: &[&str]) -> Self {
        let mut child = command(&["--listen", "127.0.0.1:0", "--upstream", upstream])
            .args(["--preset", "internal"])
            .args(more)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("egress: http://");
        let address = url.unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        Self { child, address }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Its exit code, and its log.
    async fn ended(mut self) -> (Option<i32>, String) {
        spawn_blocking(move || {
            let code = self.child.wait().unwrap().code();
            let mut log = String::new();
            self.child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut log)
                .unwrap();
            (code, log)
        })
        .await
        .unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egress"));
    command
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(args).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn sigterm_lets_a_call_end_and_exits_with_0() {
    let gateway = Gateway::start().await.unwrap();
    gateway.latency(Duration::from_millis(400));
    for signal in ["-TERM", "-INT"] {
        let program = Program::start(&gateway.url(), &[]);
        let before = gateway.counts().requests;
        let mut busy = connect(program.address).await;
        write(&mut busy, GET).await;
        until(async || gateway.counts().requests == before + 1).await;
        program.signal(signal);
        let answer = rest(&mut busy).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert!(
            answer.contains("seawall-delivery: rejected\r\n"),
            "{answer}"
        );
        let (code, log) = program.ended().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(
            log.contains("shutting down") && !log.contains("cut off"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let gateway = Gateway::start().await.unwrap();
    gateway.next(Fault::Stall);
    let program = Program::start(&gateway.url(), &["--drain", "60s"]);
    let mut busy = connect(program.address).await;
    write(
        &mut busy,
        "GET /payments/17 HTTP/1.1\r\nhost: me\r\nseawall-deadline: 3s\r\n\r\n",
    )
    .await;
    until(async || gateway.counts().requests == 1).await;
    program.signal("-TERM");
    until(async || TcpStream::connect(program.address).await.is_err()).await;
    let begun = Instant::now();
    program.signal("-TERM");
    let (code, log) = program.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a second signal"), "{log}");
    assert!(
        begun.elapsed() < Duration::from_millis(800),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn an_upstream_that_is_down_is_no_reason_not_to_start() {
    let program = Program::start(&nowhere().await, &[]);
    let mut caller = connect(program.address).await;
    write(
        &mut caller,
        "GET / HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(rest(&mut caller).await.starts_with("HTTP/1.1 502"));
    program.signal("-TERM");
    let (code, log) = program.ended().await;
    assert_eq!(code, Some(0));
    assert!(!log.contains("not loopback"), "{log}");
}

#[tokio::test]
async fn a_port_for_all_the_world_is_warned_about() {
    for flag in ["--listen", "--admin"] {
        let program = Program::start(&nowhere().await, &[flag, "0.0.0.0:0"]);
        program.signal("-TERM");
        let (_, log) = program.ended().await;
        let warned = log.lines().filter(|line| line.contains("WARN"));
        let lines: Vec<_> = warned
            .filter(|line| line.contains("not loopback"))
            .collect();
        assert!(lines.len() == 1 && lines[0].contains(flag), "{log}");
    }
}

#[test]
fn a_wrong_flag_is_one_line_and_exit_code_2() {
    let (code, error) = refused(&["--listen", "here"]);
    assert_eq!((code, error.lines().count()), (Some(2), 1), "{error}");
    let usual = ["--listen", "127.0.0.1:0", "--upstream", "https://a.example"];
    let file = [
        &usual[..],
        &["--preset", "external", "--control", "/no/such/file"],
    ]
    .concat();
    let (code, error) = refused(&file);
    assert_eq!((code, error.lines().count()), (Some(2), 1), "{error}");
}

#[test]
fn a_port_in_use_is_one_line_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let usual = ["--upstream", "https://a.example", "--preset", "external"];
    for ports in [
        vec!["--listen", &address],
        vec!["--listen", "127.0.0.1:0", "--admin", &address],
    ] {
        let (code, error) = refused(&[&usual[..], &ports].concat());
        assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
        assert!(
            error.contains(&address) && error.contains("a free one"),
            "{error}"
        );
    }
}
