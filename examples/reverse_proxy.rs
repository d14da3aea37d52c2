//! A reverse proxy on axum that does not storm what is behind it.
//!
//! ```sh
//! cargo run --example reverse_proxy -- 127.0.0.1:8080 http://127.0.0.1:9000
//! ```
//!
//! `reverse_proxy/proxy.rs` is what to copy: the whole stack as layers, around hyper-util's client, as
//! the fallback of a `Router` that may have routes of its own. For a ready-made one, with TLS, metrics
//! and a port for operators, see `examples/egress`.

#[path = "reverse_proxy/proxy.rs"]
mod proxy;

use std::env;
use std::error::Error;

use http::Uri;
use seawall::Policy;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(listen), Some(upstream)) = (args.next(), args.next()) else {
        return Err("two arguments are needed: 127.0.0.1:8080 http://127.0.0.1:9000, say".into());
    };
    let upstream: Uri = upstream.parse()?;
    let router = proxy::router(&upstream, Policy::internal()).ok_or("http://host is needed")?;
    let listener = TcpListener::bind(listen).await?;
    println!("http://{} -> {upstream}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
