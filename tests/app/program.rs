//! The program itself, as whoever runs it meets it: its commands, its first lines and its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::world::Folder;

pub fn holdfast(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    // Whatever the one who runs the tests has set is not the program's business here.
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("HOLDFAST_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).env("HOLDFAST_DATA_DIR", folder.join("data"));
    command
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    holdfast(folder, arguments).envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A portal that is ended with the test, whatever becomes of the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_clocks_at_once_stop_the_start() {
    let folder = Folder::new();
    let output = run(folder.path(), &["serve", "--ahead-hours", "5"], &[("HOLDFAST_REHEARSAL", "1")]);
    assert!(!output.status.success());
    let line = "holdfast: --ahead-hours and HOLDFAST_REHEARSAL=1 are two clocks: choose one of them\n";
    assert_eq!(text(&output.stderr), line);
}

#[test]
fn a_bad_setting_stops_the_start_with_one_clear_line() {
    let folder = Folder::new();
    let file = folder.path().join("holdfast.toml");
    for (toml, variable, line) in [
        ("", ("HOLDFAST_LISTNE", "x"), "holdfast: HOLDFAST_LISTNE is not a setting that Holdfast knows\n"),
        (
            "",
            ("HOLDFAST_LISTEN", "x"),
            "holdfast: listen is \"x\", but must be an address and a port, like 127.0.0.1:8080\n",
        ),
        ("\nlistne = 1\n", ("PATH", ""), "holdfast: holdfast.toml: line 2: unknown field `listne`"),
        ("listen = [", ("PATH", ""), "holdfast: holdfast.toml: line 1: "),
        ("", ("HOLDFAST_DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x"), "holdfast: database: "),
    ] {
        std::fs::write(&file, toml).unwrap();
        let output = run(folder.path(), &[], &[variable]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.starts_with(line), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("hunter2") && output.stdout.is_empty());
    }
}

#[test]
fn an_operator_is_added_by_a_link_and_the_data_is_for_nobody_elses_eyes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let output = run(folder.path(), &["migrate"], &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mode = std::fs::metadata(folder.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let public = [("HOLDFAST_PUBLIC_URL", "https://pay.example.com")];
    let output = run(folder.path(), &["operator", "add", "Olfa@Example.com"], &public);
    let said = text(&output.stdout);
    assert!(said.contains("olfa@example.com") && said.contains("https://pay.example.com/setup/"), "{said}");
    let output = run(folder.path(), &["operator", "remove", "olfa@example.com"], &[]);
    assert!(
        text(&output.stdout).contains("olfa@example.com was no operator yet"),
        "{}",
        text(&output.stderr)
    );
    let output = run(folder.path(), &["operator", "remove", "olfa@example.com"], &[]);
    assert_eq!(text(&output.stderr), "holdfast: olfa@example.com is no operator\n");
    let output = run(folder.path(), &["operator", "add", "nonsense"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "holdfast: \"nonsense\" is no email address\n");
}

#[test]
fn whatever_the_folder_allows_only_its_owner_reads_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let data = folder.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    let files = || std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert!(files().iter().any(|path| path.ends_with("holdfast.db")));
    for path in files() {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    // One that an older program made is put right, with what lies beside it while it is open.
    let mut command = holdfast(folder.path(), &[]);
    command.env("HOLDFAST_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut portal = Running(command.spawn().unwrap());
    BufReader::new(portal.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(files().iter().any(|path| path.to_string_lossy().ends_with("-wal")));
    for path in files() {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn the_portal_says_where_it_is_answers_and_ends_when_it_is_told_to() {
    let folder = Folder::new();
    let mut command = holdfast(folder.path(), &[]);
    command.env("HOLDFAST_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut portal = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(portal.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let home = first.split_whitespace().last().unwrap().to_owned();
    let host = home.strip_prefix("http://").unwrap().to_owned();
    assert!(!host.ends_with(":0"), "{first}");
    let setup = lines.find(|line| line.starts_with(&home)).unwrap();
    let path = setup.strip_prefix(&home).unwrap();
    for (path, status) in [("/healthz", "200"), ("/readyz", "200"), (path, "200"), ("/nowhere", "404")] {
        let answer = get(&host, path);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    let told = Command::new("kill").args(["-TERM", &portal.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(portal.0.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(&host).is_err());
}

fn get(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_demo_takes_the_empty_place_that_the_settings_name_and_no_other() {
    let folder = Folder::new();
    let begin = |folder: &Path, variables: &[(&str, &str)]| {
        let mut command = holdfast(folder, &["demo"]);
        command.envs(variables.iter().copied()).env("HOLDFAST_LISTEN", "127.0.0.1:0");
        Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let mut demo = begin(folder.path(), &[("HOLDFAST_SMTP_URL", "smtp://127.0.0.1:9")]);
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert_eq!(first, "A demo sends no mail: smtp_url is left aside.");
    let said = lines.find(|line| line.contains("Sign in with the password demo-")).unwrap();
    assert!(said.contains(&folder.path().join("data").display().to_string()), "{said}");
    assert!(folder.path().join("data/holdfast.db").exists());
    let people: Vec<String> = lines.take(7).collect();
    assert!(people.iter().all(|line| line.contains("@example.com")), "{people:?}");
    let told = Command::new("kill").args(["-TERM", &demo.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    demo.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    // What comes due after the start is news.
    assert!(log.matches("a mail for ").count() < 5, "the log of a demo names its old mails: {log}");
    // What is there is never touched.
    let output = run(folder.path(), &["demo"], &[("HOLDFAST_LISTEN", "127.0.0.1:0")]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.ends_with("holds data already: a demo needs an empty database\n"), "{error}");
}

#[test]
fn a_demo_takes_the_empty_database_that_the_settings_name() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("elsewhere.db").display());
    let mut command = holdfast(folder.path(), &["demo"]);
    command.env("HOLDFAST_DATABASE_URL", &url).env("HOLDFAST_LISTEN", "127.0.0.1:0");
    let mut demo = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("A demo in the database of the settings.")).unwrap();
    drop(demo);
    assert!(folder.path().join("elsewhere.db").exists() && !folder.path().join("data/holdfast.db").exists());
    let output = run(folder.path(), &["demo"], &[("HOLDFAST_DATABASE_URL", &url)]);
    let error = text(&output.stderr);
    assert_eq!(
        error,
        "holdfast: the database of the settings holds data already: a demo needs an empty database\n"
    );
}
