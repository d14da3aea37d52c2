//! One command that shows it: a maintenance, then a kill -9 while answers are being lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use seawall::Client;
use seawall::testing::{Fault, Gateway};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::say;
use crate::service::{Service, browser};

const MAINTENANCE: Duration = Duration::from_secs(4);
const IN_MAINTENANCE: usize = 10;
const AROUND_THE_KILL: usize = 40;
/// Nothing here takes this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the actors need.
struct Stage {
    gateway: Gateway,
    browser: Client,
}

/// Plays both acts. The gateway is in this process; the service is another one, as it is killed.
pub(crate) async fn play() -> Result<(), String> {
    let program = std::env::current_exe().map_err(told)?;
    let database = std::env::temp_dir().join(format!("outbox-demo-{}.db", std::process::id()));
    let played = timeout(PATIENCE, acts(&program, &database)).await;
    for end in ["", "-wal", "-shm"] {
        let mut file = database.clone().into_os_string();
        file.push(end);
        // Not all of them exist.
        let _ = std::fs::remove_file(file);
    }
    played.unwrap_or_else(|_| Err(format!("it is not over after {PATIENCE:?}")))
}

async fn acts(program: &Path, database: &Path) -> Result<(), String> {
    let gateway = Gateway::builder().seed(7).start().await.map_err(told)?;
    let browser = browser().map_err(told)?;
    let stage = Stage { gateway, browser };
    let start = || Service::start(program, &stage.gateway.url(), database).map_err(told);

    let service = start()?;
    stage.maintenance(&service).await?;
    stage.lost_answers()?;
    let paying = stage.pay("kill", AROUND_THE_KILL, &service);
    stage
        .until_charged(IN_MAINTENANCE + AROUND_THE_KILL / 2)
        .await;
    service.kill().map_err(told)?;
    drop(paying);
    say("   kill -9, and a new start on the same database")?;
    let service = start()?;
    stage.gateway.calm();
    stage.until_settled(&service).await?;
    stage.verdict()
}

impl Stage {
    async fn maintenance(&self, service: &Service) -> Result<(), String> {
        say(&format!(
            "1. The gateway is in maintenance for {MAINTENANCE:?}, and says so"
        ))?;
        self.gateway.maintenance(MAINTENANCE, Some(MAINTENANCE));
        let answers = self.pay("maintenance", IN_MAINTENANCE, service).join_all();
        let mut answers = answers.await.into_iter().flatten();
        if let Some(answer) = answers.next() {
            say(&format!("   {answer}"))?;
        }
        let requests = self.gateway.counts().requests;
        say(&format!(
            "   {IN_MAINTENANCE} payments, and the gateway was asked {requests} times"
        ))?;
        self.until_settled(service).await
    }

    fn lost_answers(&self) -> Result<(), String> {
        say(
            "2. The gateway charges, but three answers in ten are lost; then the service is killed",
        )?;
        self.gateway.latency(Duration::from_millis(50));
        self.gateway.fault(Fault::CommitThenDrop, 0.3);
        Ok(())
    }

    /// Customers who pay, each in a task. What they are answered, if they are.
    fn pay(&self, name: &str, payments: usize, service: &Service) -> JoinSet<Option<String>> {
        let mut paying = JoinSet::new();
        for number in 0..payments {
            let body = format!(r#"{{"order":"{name}-{number}","amount":1000}}"#);
            let request = self.browser.post(format!("{}/payments", service.url));
            let request = request
                .header("content-type", "application/json")
                .body(body);
            paying.spawn(async move { request.send().await.ok()?.text().await.ok() });
        }
        paying
    }

    async fn until_charged(&self, charges: usize) {
        let mut tick = interval(Duration::from_millis(1));
        while self.gateway.charges().len() < charges {
            tick.tick().await;
        }
    }

    /// Watches the service until each payment has its end, and says each change.
    async fn until_settled(&self, service: &Service) -> Result<(), String> {
        let mut tick = interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let started = tick.tick().await;
        let mut said = String::new();
        loop {
            let now = tick.tick().await;
            let summary = self.browser.get(format!("{}/summary", service.url));
            let counts = summary
                .send()
                .await
                .map_err(told)?
                .bytes()
                .await
                .map_err(told)?;
            let counts: BTreeMap<String, u64> = serde_json::from_slice(&counts).map_err(told)?;
            let open = counts["pending"] + counts["unknown"];
            let line = format!(
                "{} paid, {} pending, {} unknown",
                counts["paid"], counts["pending"], counts["unknown"]
            );
            if line != said {
                say(&format!(
                    "   {:>5.1} s: {line}",
                    (now - started).as_secs_f64()
                ))?;
                said = line;
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn verdict(&self) -> Result<(), String> {
        let counts = self.gateway.counts();
        let charges = self.gateway.charges();
        let twice = charges.iter().filter(|charge| {
            let key = charge.key.as_deref().unwrap_or_default();
            self.gateway.charges_for(key) != 1
        });
        say(&format!(
            "The ledger: {} charges, {} of them not the only one of their key. \
             {} times a known key came again, and was answered from memory.",
            charges.len(),
            twice.count(),
            counts.replays,
        ))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn told(error: impl ToString) -> String {
    error.to_string()
}
