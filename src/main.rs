//! The command line.

use std::fmt::Display;
use std::fs::DirBuilder;
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use holdfast::address;
use holdfast::app::App;
use holdfast::checkpoints::{self, Made};
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::operators::{self, Added, Removed};
use holdfast::password::Passwords;
use holdfast::store::audit::{self, Who};
use holdfast::store::db::{Db, DbError};
use holdfast::store::{addresses, contracts, links, search};
use holdfast::work::mails;
use holdfast::{demo, doctor, rehearsal, serve};
use time::Duration;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// An escrow portal: buyers pay in, sellers deliver, and the money moves only when the agreement says so.
#[derive(Parser)]
#[command(name = "holdfast", version)]
struct Cli {
    /// The settings file. Without it, holdfast.toml in the working folder if there is one.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the portal (what happens without a command).
    Serve {
        /// A rehearsal: run as if it were so many hours later, to see deadlines pass. Only in test mode.
        #[arg(long, value_name = "HOURS", default_value_t = 0)]
        ahead_hours: u32,
    },
    /// Bring the tables of the database up to date, and stop.
    Migrate,
    /// Start the portal with people and escrows to look at, in an empty database or in a folder of its own.
    Demo,
    /// Read everything back and check it: histories, ledger, files. Changes nothing.
    Doctor {
        /// Compare with a copy of a checkpoint that was kept elsewhere, a file or a saved mail.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Seal how far every history has come, and sign it. One is made each day by itself.
    Checkpoint {
        /// Make another key the portal's first: the old one was lost, or read by others.
        #[arg(long)]
        new_key: bool,
    },
    /// The people who run the portal.
    #[command(subcommand)]
    Operator(Operator),
}

#[derive(Subcommand)]
enum Operator {
    /// Make somebody an operator; a new address gets a link to set a password with.
    Add { email: String },
    /// Make an operator like everybody else again, signed out everywhere. The last one stays.
    Remove { email: String },
}

/// How long what can't be ended, like looking up a name, is waited for at the end.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let failed = |error: &dyn Display| {
        eprintln!("holdfast: {error}");
        ExitCode::FAILURE
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let code = runtime.block_on(run(cli)).unwrap_or_else(|error| failed(&error));
    runtime.shutdown_timeout(GOODBYE);
    code
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let config = Config::load(cli.config.as_deref())?;
    tracing_subscriber::fmt()
        .with_max_level(config.log)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match cli.command.unwrap_or(Command::Serve { ahead_hours: 0 }) {
        Command::Serve { ahead_hours } => {
            if ahead_hours > 0 && !config.test_mode {
                return Err(
                    "--ahead-hours is for test mode: deadlines of real money are not rehearsed".into()
                );
            }
            if ahead_hours > 0 && config.rehearsal {
                return Err(
                    "--ahead-hours and HOLDFAST_REHEARSAL=1 are two clocks: choose one of them".into()
                );
            }
            if ahead_hours > 0 {
                tracing::warn!("a rehearsal: the clock runs {ahead_hours} hours ahead");
            }
            let clock = Clock::ahead(Duration::hours(ahead_hours.into()));
            serve::run(open_at(config, clock, true).await?, "").await?;
        }
        Command::Migrate => {
            let app = open(config).await?;
            println!("The tables are up to date.");
            app.db.close().await;
        }
        Command::Demo => demo(config).await?,
        Command::Doctor { against } => {
            let app = open(config).await?;
            let mut report = doctor::examine(&app).await.map_err(|error| error.to_string())?;
            if let Some(file) = against {
                println!("Compared with {}.", doctor::against(&app, &file, &mut report).await?);
            }
            println!("{report}");
            if !report.is_healthy() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Command::Checkpoint { new_key } => checkpoint(config, new_key).await?,
        Command::Operator(Operator::Add { email }) => add_operator(config, &email).await?,
        Command::Operator(Operator::Remove { email }) => remove_operator(config, &email).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A demo never touches what is there: it takes an empty database and folder, those of the settings or else its
/// own, and mails nobody. Its password is drawn each time.
async fn demo(mut config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::system();
    if !config.data_dir_is_set {
        config.data_dir = std::env::temp_dir().join(format!("holdfast-demo-{}", clock.id()));
    }
    if config.smtp_url.take().is_some() {
        println!("A demo sends no mail: smtp_url is left aside.");
    }
    let place = match &config.database_url {
        Some(_) => "the database of the settings".to_owned(),
        None => config.data_dir.display().to_string(),
    };
    create(&config.data_dir)?;
    let db = Db::connect(&config.database()).await?;
    let taken = demo::is_taken(&db).await;
    db.close().await;
    if taken {
        return Err(format!("{place} holds data already: a demo needs an empty database").into());
    }
    let app = open_at(config, clock.clone(), true).await?;
    let password = format!("demo-{}", &clock.secret()[..12]);
    let hash = app.passwords.hash(&clock, password.clone()).await?;
    demo::fill(&app.db, clock.now(), &hash).await?;
    // The mails of ninety days, of which the log needs none.
    async {
        while mails::run_due(&app).await? > 0 {}
        Ok::<_, DbError>(())
    }
    .with_subscriber(NoSubscriber::default())
    .await?;
    let people: String = demo::PEOPLE.iter().map(|(email, name)| format!("\n  {email}  ({name})")).collect();
    serve::run(app, &format!("A demo in {place}. Sign in with the password {password} as:{people}")).await?;
    Ok(())
}

async fn checkpoint(config: Config, new_key: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut app = open_at(config, Clock::system(), true).await?;
    if new_key {
        let keys = checkpoints::new_key(&app).await?;
        println!("The portal's key is now {}.", keys.public().unwrap_or_default());
        app.db = app.db.with_keys(keys);
    }
    let made = checkpoints::make(&app, Who::Machine).await?;
    app.db.close().await;
    match made {
        Made::Done(number) => println!("Checkpoint {number} is made. Keep a copy away from this machine."),
        Made::NoKey => {
            return Err(format!("{} is not this portal's key", app.config.key_file().display()).into());
        }
        Made::Broken(what) => return Err(format!("the history was changed: {what}").into()),
    }
    Ok(())
}

async fn add_operator(config: Config, email: &str) -> Result<(), Box<dyn std::error::Error>> {
    let address = address::canonical(email)
        .map_err(|fault| fault.sentence(&format!("{email:?} is no email address")))?;
    let app = open(config).await?;
    match operators::add_operator(&app.db, &app.clock, &address).await? {
        Added::AtOnce => println!("{address} is an operator now."),
        Added::WithLink(secret) => {
            println!("Within 30 minutes, {address} can become an operator with this link:");
            println!("{}", app.config.link(&format!("/setup/{secret}")));
        }
    }
    app.db.close().await;
    Ok(())
}

async fn remove_operator(config: Config, email: &str) -> Result<(), Box<dyn std::error::Error>> {
    let address = address::canonical(email)
        .map_err(|fault| fault.sentence(&format!("{email:?} is no email address")))?;
    let app = open(config).await?;
    let removed = operators::remove(&app.db, &app.clock, &address).await?;
    app.db.close().await;
    match removed {
        Removed::Done => println!("{address} is no operator any more, and is signed out everywhere."),
        Removed::LinkOnly => println!("{address} was no operator yet. The link to become one works no more."),
        Removed::Unknown => return Err(format!("{address} is no operator").into()),
        Removed::Last => {
            return Err(format!("{address} is the last operator: add another one first").into());
        }
    }
    Ok(())
}

async fn open(config: Config) -> Result<App, Box<dyn std::error::Error>> {
    open_at(config, Clock::system(), false).await
}

/// The folder holds people's contracts: nobody else on this machine may look into a new one.
fn create(folder: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| format!("{}: {error}", folder.display()))
}

/// Opens the data folder and the database, and brings its tables up to date. What serves may make the portal's key
/// where there is none yet.
async fn open_at(config: Config, clock: Clock, makes_key: bool) -> Result<App, Box<dyn std::error::Error>> {
    create(&config.data_dir)?;
    let db = Db::open(&config.database()).await?;
    addresses::report(&addresses::settle(&db).await?);
    audit::begin(&db, &clock).await?;
    let keys = checkpoints::begin(&db, &clock, &config, makes_key).await?;
    let db = db.with_keys(keys);
    links::seal_old(&db, &clock).await?;
    contracts::fill(&db).await?;
    search::fill(&db).await?;
    let app = App::new(db, clock, config, Passwords::new())?;
    rehearsal::begin(&app).await?;
    Ok(app)
}
