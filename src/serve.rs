//! `holdfast serve`: the portal from its first line to its last request. It knows how pages and workers
//! are started and ended, and nothing of what they do.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::Error;
use crate::files::GIVEN_UP;
use crate::listen::listen;
use crate::store::files;
use crate::work::Workers;
use crate::{accounts, web};

/// How long requests and workers may take for what they have begun, after the signal to end.
const LAST_CALL: Duration = Duration::from_secs(20);
/// How long the mail server and the database may take to be closed after that.
const GOODBYE: Duration = Duration::from_secs(5);

/// Listens until the process is told to end (SIGTERM, or Ctrl-C), then finishes what has begun. `last` is what is
/// said last before it listens.
///
/// # Errors
/// One line about what kept it from starting.
pub async fn run(mut app: App, last: &str) -> Result<(), String> {
    let address = app.config.listen;
    look_around(&app).await?;
    let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
    at_the_port_given(&mut app, &listener);
    let ended = ending().map_err(|error| error.to_string())?;
    announce(&app).await?;
    if !last.is_empty() {
        println!("{last}");
    }
    let workers = Workers::start(&app);
    let pages = listen(listener, web::router(app.clone()), app.config.limits, ended.clone());
    let last_call = async {
        ended.cancelled().await;
        tokio::time::sleep(LAST_CALL).await
    };
    // Whoever is in the middle of a long upload is not waited for without end, nor is anybody outside.
    tokio::select! {
        ((), ()) = async { tokio::join!(pages, async { ended.cancelled().await; workers.stop().await }) } => {}
        () = last_call => tracing::warn!("not everything that was begun was finished"),
    }
    let goodbye = async {
        app.mailer.close().await;
        app.db.close().await
    };
    if tokio::time::timeout(GOODBYE, goodbye).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    Ok(())
}

/// How many of the files that the database names are looked for at the start.
const SAMPLE: i64 = 50;

/// Whether the database and the files are such that people's money and papers are safe here.
///
/// # Errors
/// One line about what must be changed first.
pub async fn look_around(app: &App) -> Result<(), String> {
    let unsafe_settings = app.db.risks().await.map_err(|error| error.to_string())?;
    for risk in &unsafe_settings {
        tracing::warn!("{risk}");
    }
    if !app.config.test_mode && !unsafe_settings.is_empty() {
        return Err("the database would lose money that it has confirmed; see the lines above".to_owned());
    }
    has_its_files(app).await.map_err(|error| error.to_string())?
}

/// A second machine whose folder of files is its own would show half of the papers, and lose the other half.
async fn has_its_files(app: &App) -> Result<Result<(), String>, Error> {
    let named = files::contents(&mut app.db.read().await?.conn(), "", SAMPLE).await?;
    if named.is_empty() || app.files.are_given_up() {
        return Ok(Ok(()));
    }
    for sha256 in &named {
        if app.files.is_here(sha256).await? {
            return Ok(Ok(()));
        }
    }
    let folder = app.files.folder();
    Ok(Err(format!(
        "{folder}: the database names files, and none of them is here. All machines must share this folder; \
         if the files are lost for good, make an empty file {folder}/{GIVEN_UP} and start again"
    )))
}

/// With port 0 the system chooses one, and the addresses that people are told must name that.
fn at_the_port_given(app: &mut App, listener: &TcpListener) {
    if let (0, Ok(given)) = (app.config.listen.port(), listener.local_addr()) {
        let mut config = (*app.config).clone();
        if config.public_url.ends_with(":0") {
            config.public_url = format!("http://{given}");
        }
        config.listen = given;
        app.config = config.into();
    }
}

/// The first lines for whoever started it. They go to the standard output; the log does not.
async fn announce(app: &App) -> Result<(), String> {
    println!("Holdfast is open at {}", app.config.public_url);
    let setup = accounts::first_setup(&app.db, &app.clock).await.map_err(|error| error.to_string())?;
    if let Some(secret) = setup {
        let link = app.config.link(&format!("/setup/{secret}"));
        println!("There is no operator yet. Within 30 minutes, whoever opens this link becomes one:\n{link}");
    }
    if !app.mailer.sends() {
        println!("There is no mail server: every mail can be read at {}", app.config.link("/admin/mail"));
    }
    Ok(())
}

/// Is cancelled at the first signal to end. A second Ctrl-C ends the process at once, as people expect.
fn ending() -> io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let ended = token.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("ending: what has begun is finished first");
        token.cancel();
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(ended)
}
