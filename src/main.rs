//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use holdfast::app::App;
use holdfast::clock::Clock;
use holdfast::config::Config;
use holdfast::password::Passwords;
use holdfast::store::db::Db;

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
    Serve,
    /// Bring the tables of the database up to date, and stop.
    Migrate,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(cli.config.as_deref())?;
    tracing_subscriber::fmt().with_max_level(config.log).with_writer(std::io::stderr).init();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            holdfast::serve::run(open(config).await?).await?;
        }
        Command::Migrate => {
            let app = open(config).await?;
            println!("The tables are up to date.");
            app.db.close().await;
        }
    }
    Ok(())
}

/// Opens the data folder and the database, and brings its tables up to date.
async fn open(config: Config) -> Result<App, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| format!("{}: {error}", config.data_dir.display()))?;
    let db = Db::open(&config.database()).await?;
    Ok(App::new(db, Clock::system(), config, Passwords::new())?)
}
