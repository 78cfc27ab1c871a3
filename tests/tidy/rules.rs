//! Each rule with its reason, and with samples that break it and samples that do not.

use crate::short::{
    LONG, LONG_FUNCTION, LONG_TABLE, LONG_TABLE_AND_MORE, files_are_short, functions_are_short,
};
use crate::source::{Source, crate_paths, line_of, words};
use crate::spoken::sentences_are_plain;

/// A line and what is wrong with it.
pub type Fault = (usize, String);

pub struct Rule {
    pub name: &'static str,
    pub check: fn(&Source) -> Vec<Fault>,
    /// Path and text of files that break the rule.
    pub bad: &'static [(&'static str, &'static str)],
    /// Path and text of files that come close and do not.
    pub good: &'static [(&'static str, &'static str)],
}

pub const RULES: &[Rule] = &[
    Rule {
        name: "the engine is pure: it decides, and asks nobody",
        check: engine_is_pure,
        bad: &[
            ("src/engine/a.rs", "use sqlx::Row;"),
            ("src/engine/a.rs", "async fn a() {}"),
            ("src/engine/decide/a.rs", "fn a(x: f64) {}"),
            ("src/engine/a.rs", "let at = std::time::Instant::now();"),
            ("src/engine/a.rs", "let x = std::env::var(\"X\");"),
        ],
        good: &[
            (
                "src/engine/a.rs",
                "//! No sqlx, no async, no f64.\nfn a(mode: Mode) { Mode::Instant; \"rand\"; brand(); }",
            ),
            ("src/store/a.rs", "use sqlx::Row; async fn a() {}"),
        ],
    },
    Rule {
        name: "each folder uses only those below it",
        check: arrows_point_down,
        bad: &[
            ("src/engine/a.rs", "use crate::store::Db;"),
            ("src/store/a.rs", "use crate::{engine::Time, web::page};"),
            ("src/web/a.rs", "fn a() { crate::work::wake() }"),
            ("src/work/mails.rs", "use crate::web::page;"),
            ("src/web/home.rs", "use crate::rails::Rail;"),
        ],
        good: &[
            ("src/engine/a.rs", "use crate::{engine::time::Time, money::Money};"),
            (
                "src/web/a.rs",
                "use crate::{store, engine, mail};\n#[cfg(test)] mod tests { use crate::work; }",
            ),
            ("src/work/payments.rs", "use crate::rails::Rail;"),
        ],
    },
    Rule {
        name: "only src/store writes to the database",
        check: only_the_store_writes,
        bad: &[
            ("src/web/a.rs", "exec!(conn, \"INSERT INTO users (id) VALUES ($1)\", id)"),
            ("src/web/a.rs", "let sql = r#\"\n  update  users set name = $1\"#;"),
            ("src/api/a.rs", "let sql = \"DELETE FROM users\";"),
            ("src/work/a.rs", "claim!(conn, Row, SQL)"),
        ],
        good: &[
            (
                "src/web/a.rs",
                "// INSERT INTO nothing\nlet sql = \"SELECT updated_at FROM users\"; \"Update your settings\"",
            ),
            ("src/store/users.rs", "exec!(conn, \"INSERT INTO users (id) VALUES ($1)\", id)"),
        ],
    },
    Rule {
        name: "the sandbox provider is another house: its tables are its own, and it knows no rule of ours",
        check: crate::sandbox::is_another_house,
        bad: &[
            ("src/sandbox/book.rs", "one!(conn, (i64,), \"SELECT 1 FROM payments WHERE id = $1\", id)"),
            ("src/sandbox/book.rs", "exec!(conn, \"UPDATE escrows SET stage = $1\", stage)"),
            ("src/sandbox/book.rs", "let sql = \"SELECT 1 FROM sandbox_charges c\\n JOIN users u ON TRUE\";"),
            ("src/store/payments.rs", "let sql = \"SELECT state FROM sandbox_charges\";"),
            ("src/sandbox/page.rs", "use crate::rails::Rail;"),
            ("src/sandbox/page.rs", "use crate::store::payments;"),
            ("src/sandbox/page.rs", "use crate::engine::escrow::Escrow;"),
        ],
        good: &[
            (
                "src/sandbox/book.rs",
                "use crate::store::db::{Conn, exec};\nuse crate::engine::time::Time;\nlet sql = \"UPDATE sandbox_charges SET state = $1\";",
            ),
            ("src/store/payments.rs", "let sql = \"SELECT state FROM payments\"; // not sandbox_charges"),
        ],
    },
    Rule {
        name: "whether a text says anything is asked in one place, which knows what nobody sees",
        check: emptiness_has_one_place,
        bad: &[("src/web/a.rs", "if note.trim().is_empty() {}")],
        good: &[("src/web/a.rs", "if is_blank(note) {}"), ("src/text.rs", "text.trim().is_empty()")],
    },
    Rule {
        name: "sentences use the words that everybody knows",
        check: sentences_are_plain,
        bad: &[
            ("src/engine/words/a.rs", "fn a() { b(\"The offer lapses.\") }"),
            ("templates/a.html", "<p>Your part</p>"),
        ],
        good: &[
            ("src/engine/words/a.rs", "// A clock that lapses.\nfn a() { lapses(\"It ends.\") }"),
            ("templates/a.html", "<p>Your partner</p>"),
            ("src/engine/contract/first.rs", "fn a() { b(\"The offer lapses.\") }"),
        ],
    },
    Rule {
        name: "no file has more than 500 lines",
        check: files_are_short,
        bad: &[("src/a.rs", LONG), ("static/css/a.css", LONG), ("templates/a.html", LONG)],
        good: &[("src/a.rs", "fn a() {}\n"), ("src/common-passwords.txt", LONG)],
    },
    Rule {
        name: "no function has more than 70 lines, unless it is one match",
        check: functions_are_short,
        bad: &[
            ("src/a.rs", LONG_FUNCTION),
            ("tests/app/a.rs", LONG_FUNCTION),
            ("src/a.rs", LONG_TABLE_AND_MORE),
        ],
        good: &[
            ("src/a.rs", "fn a();\nfn b(x: [u8; 3]) -> [u8; 3] { x }\n"),
            ("src/a.rs", LONG_TABLE),
            ("templates/a.html", LONG_FUNCTION),
        ],
    },
    Rule {
        name: "nothing is left open, and nothing panics on purpose outside tests",
        check: nothing_is_left_open,
        bad: &[
            ("src/a.rs", "fn a() { todo!() }"),
            ("src/a.rs", "fn a() { x.unwrap(); }"),
            ("src/a.rs", "fn a() { x.expect (\"y\"); }"),
            ("src/a.rs", "fn a() { panic!(\"no\") }"),
            ("tests/a.rs", "fn a() { dbg!(1); }"),
            ("src/a.rs", concat!("// TO", "DO: later")),
        ],
        good: &[
            (
                "src/a.rs",
                "fn a() { x.unwrap_or_default(); \"todo!()\" }\n#[cfg(test)]\nmod tests { fn a() { x.unwrap() } }",
            ),
            ("tests/a.rs", "fn a() { x.unwrap(); }"),
        ],
    },
    Rule {
        name: "every module says at its head what it is for",
        check: modules_have_a_head,
        bad: &[("src/a.rs", "use std::fmt;\n")],
        good: &[("src/a.rs", "//! Amounts.\n"), ("templates/a.html", "<p>")],
    },
    Rule {
        name: "only src/config.rs reads the environment",
        check: only_config_reads_the_environment,
        bad: &[
            ("src/mail/mod.rs", "let x = env::var(\"X\");"),
            ("src/main.rs", "for x in std::env::vars() {}"),
        ],
        good: &[
            ("src/config.rs", "let x = std::env::var(\"X\");"),
            ("src/main.rs", "let x = std::env::args();"),
        ],
    },
    Rule {
        name: "templates hold no style, no script and no handler of their own: the policy of the pages forbids them",
        check: templates_are_plain,
        bad: &[
            ("templates/a.html", "<p style=\"color: red\">"),
            ("templates/a.html", "<style>p {}</style>"),
            ("templates/a.html", "<script>alert(1)</script>"),
            ("templates/a.html", "<script src=\"/a.js\">alert(1)</script>"),
            ("templates/a.html", "<a\n onclick=\"x()\">"),
            ("templates/a.html", "<a href=\"javascript:x()\">"),
            ("templates/mail/letter.html", "<script src=\"/a.js\"></script>"),
        ],
        good: &[
            (
                "templates/a.html",
                "<script src=\"/a.js\" type=\"module\"></script><p class=\"style\">on time = now</p>",
            ),
            ("templates/mail/letter.html", "<style>p {}</style><p style=\"color: red\">"),
        ],
    },
    Rule {
        name: "every form says how it is sent, leaves judging to the server, and sends a file whole",
        check: forms_say_how_they_are_sent,
        bad: &[
            ("templates/a.html", "<form action=\"/x\"><input type=\"text\"></form>"),
            ("templates/a.html", "<form method=\"post\" novalidate><input type=\"file\"></form>"),
            ("templates/a.html", "<form method=\"post\"><input type=\"text\"></form>"),
        ],
        good: &[
            ("templates/a.html", "<form method=\"get\" action=\"/x\" novalidate></form>"),
            (
                "templates/a.html",
                "<form method=\"post\" enctype=\"multipart/form-data\" novalidate><input type=\"file\"></form>",
            ),
        ],
    },
    Rule {
        name: "templates escape everything; a picture says what it shows",
        check: templates_escape,
        bad: &[("templates/a.html", "{{ name|safe }}"), ("templates/a.html", "<img src=\"/a.png\">")],
        good: &[
            ("templates/a.html", "{{ name }} <p>safe</p> <img src=\"/a.png\" alt=\"\">"),
            ("templates/components/icon.html", "{{ svg|safe }}"),
        ],
    },
    Rule {
        name: "no text names a machine's folder, a package registry or an issue's number",
        check: texts_stay_at_home,
        bad: &[
            ("README.md", concat!("Look in /wo", "rk/shared.")),
            ("src/a.rs", concat!("// see issue", " 12")),
            ("scripts/test", concat!("pip install --index-url https://pypi", ".org/simple")),
        ],
        good: &[
            ("src/a.rs", "//! src/work/mails.rs, an issue of 12 shares\n"),
            ("README.md", "Look in src/work/mails.rs."),
        ],
    },
];

const IMPURE: [&str; 17] = [
    "sqlx",
    "axum",
    "tokio",
    "async",
    "SystemTime",
    "Instant::now",
    "std::time",
    "now_utc",
    "f32",
    "f64",
    "rand",
    "getrandom",
    "std::env",
    "std::fs",
    "std::net",
    "std::thread",
    "tracing",
];

fn engine_is_pure(file: &Source) -> Vec<Fault> {
    if !file.is_under("src/engine") {
        return Vec::new();
    }
    forbidden(&file.code, &IMPURE)
}

/// Who may be used by whom. A folder or file that is not listed here is the frame around them (the
/// command line, the settings, the one state), and may use all.
const MAY_NOT_USE: [(&str, &[&str]); 8] = [
    ("src/store", &["web", "api", "work", "mail", "rails", "app", "config"]),
    ("src/rails", &["web", "api", "work", "mail"]),
    ("src/mail", &["web", "api", "work", "rails"]),
    ("src/web", &["api", "work", "rails"]),
    ("src/api", &["web", "work", "rails"]),
    ("src/work", &["web", "api"]),
    ("src/money.rs", &["engine", "clock", "store", "web", "api", "work", "mail", "rails", "app", "config"]),
    ("src/clock.rs", &["store", "web", "api", "work", "mail", "rails", "app", "config"]),
];

/// The one page that sends a payer to the provider, and the provider's notices coming back.
const PAGES_THAT_SPEAK_TO_RAILS: [&str; 2] = ["src/web/escrow/pay.rs", "src/web/webhooks.rs"];

fn arrows_point_down(file: &Source) -> Vec<Fault> {
    if !file.is_product() {
        return Vec::new();
    }
    let paths = crate_paths(&file.code);
    let fault = |at: usize, name: &str| (line_of(&file.code, at), format!("uses crate::{name}"));
    if file.is_under("src/engine") {
        let others = paths.iter().filter(|(_, name)| !["engine", "money", "text"].contains(&name.as_str()));
        return others.map(|(at, name)| fault(*at, name)).collect();
    }
    let forbidden = MAY_NOT_USE.iter().filter(|(place, _)| file.path == *place || file.is_under(place));
    let forbidden: Vec<&str> = forbidden.flat_map(|(_, names)| names.iter().copied()).collect();
    let excused = |name: &str| name == "rails" && PAGES_THAT_SPEAK_TO_RAILS.contains(&file.path.as_str());
    paths
        .iter()
        .filter(|(_, name)| forbidden.contains(&name.as_str()) && !excused(name))
        .map(|(at, name)| fault(*at, name))
        .collect()
}

fn only_the_store_writes(file: &Source) -> Vec<Fault> {
    // The sandbox provider keeps books of its own, which another rule watches.
    if !file.is_product() || file.is_under("src/store") || file.is_under("src/sandbox") {
        return Vec::new();
    }
    let mut faults = forbidden(&file.code, &["exec!", "claim!", "lock!"]);
    let quoted = file.quoted.to_lowercase();
    let mut words = Vec::new();
    for (number, line) in quoted.lines().enumerate() {
        words.extend(
            line.split_whitespace().map(|word| (number + 1, word.trim_start_matches(['"', 'r', '#']))),
        );
    }
    for three in words.windows(3) {
        let write = matches!(
            three.iter().map(|(_, word)| *word).collect::<Vec<_>>()[..],
            ["insert" | "replace", "into", _] | ["delete", "from", _] | ["update", _, "set"]
        );
        if write {
            faults.push((three[0].0, format!("writes to the database: {} {} …", three[0].1, three[1].1)));
        }
    }
    faults
}

fn emptiness_has_one_place(file: &Source) -> Vec<Fault> {
    let is_text = file.path == "src/text.rs" || !file.is_product();
    let asked = file.code.match_indices(".trim().is_empty()").filter(|_| !is_text);
    asked.map(|(at, what)| (line_of(&file.code, at), format!("asks {what}"))).collect()
}

/// The system's randomness is the one thing without which nothing can go on.
const MAY_STOP_THE_PROCESS: [&str; 1] = ["src/clock.rs"];

fn nothing_is_left_open(file: &Source) -> Vec<Fault> {
    if !file.is_rust() {
        return Vec::new();
    }
    let mut faults = forbidden(&file.code_with_tests, &["todo!", "unimplemented!", "dbg!"]);
    faults.extend(forbidden(&file.text, &[concat!("TO", "DO"), concat!("FIX", "ME")]));
    if file.is_product() && !MAY_STOP_THE_PROCESS.contains(&file.path.as_str()) {
        let code: String = file.code.replace(" (", "(");
        faults
            .extend(forbidden(&code, &[".unwrap()", ".expect(", ".unwrap_err()", ".expect_err(", "panic!"]));
    }
    faults
}

fn modules_have_a_head(file: &Source) -> Vec<Fault> {
    if !file.is_rust() || file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![(1, "begins without a //! line".to_owned())]
}

fn only_config_reads_the_environment(file: &Source) -> Vec<Fault> {
    if !file.is_product() || file.path == "src/config.rs" {
        return Vec::new();
    }
    forbidden(&file.code, &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::set_var"])
}

fn templates_are_plain(file: &Source) -> Vec<Fault> {
    if !file.is_under("templates") {
        return Vec::new();
    }
    let text = file.text.to_lowercase();
    let mut faults = Vec::new();
    for (at, tag) in tags(&text) {
        let mut fault = |what: &str| faults.push((line_of(&text, at), what.to_owned()));
        let in_mail = file.is_under("templates/mail");
        let attributes: Vec<&str> = tag.split_whitespace().skip(1).collect();
        if !in_mail && (tag.starts_with("style") || attributes.iter().any(|it| it.starts_with("style="))) {
            fault("holds a style of its own");
        }
        let behind = text[at + tag.len() + 1..].trim_start_matches('>').trim_start();
        if tag.starts_with("script")
            && (in_mail || !tag.contains(" src=") || !behind.starts_with("</script>"))
        {
            fault("holds a script");
        }
        if attributes.iter().any(|it| it.starts_with("on") && it.contains('=')) || tag.contains("javascript:")
        {
            fault("holds a handler");
        }
    }
    faults
}

fn forms_say_how_they_are_sent(file: &Source) -> Vec<Fault> {
    if !file.is_under("templates") {
        return Vec::new();
    }
    let text = file.text.to_lowercase();
    let mut faults = Vec::new();
    for (at, tag) in tags(&text).filter(|(_, tag)| tag.starts_with("form")) {
        let form = &text[at..text[at..].find("</form").map_or(text.len(), |length| at + length)];
        let line = line_of(&text, at);
        if !tag.contains("method=\"post\"") && !tag.contains("method=\"get\"") {
            faults.push((line, "a form without its method".to_owned()));
        }
        if !tag.contains(" novalidate") {
            faults.push((line, "a form that the browser judges too: the server is the one voice".to_owned()));
        }
        if form.contains("type=\"file\"") && !tag.contains("enctype=\"multipart/form-data\"") {
            faults.push((line, "a form that would send only the names of its files".to_owned()));
        }
    }
    faults
}

/// Where ready-made HTML of our own is put in.
const MAY_SKIP_ESCAPING: [&str; 1] = ["templates/components/icon.html"];

fn templates_escape(file: &Source) -> Vec<Fault> {
    if !file.is_under("templates") {
        return Vec::new();
    }
    let mut faults = Vec::new();
    if !MAY_SKIP_ESCAPING.contains(&file.path.as_str()) {
        let squeezed: String = file.text.replace("| ", "|").replace(" |", "|");
        faults.extend(
            words(&squeezed, "|safe")
                .into_iter()
                .map(|at| (line_of(&squeezed, at), "skips escaping".to_owned())),
        );
    }
    for (at, tag) in tags(&file.text).filter(|(_, tag)| tag.starts_with("img ")) {
        if !tag.contains(" alt=") {
            faults.push((line_of(&file.text, at), "a picture without its words".to_owned()));
        }
    }
    faults
}

fn texts_stay_at_home(file: &Source) -> Vec<Fault> {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let registries = [
        concat!("pypi", ".org"),
        concat!("registry.npm", "js"),
        concat!("deb.de", "bian.org"),
        concat!("index.cra", "tes.io"),
    ];
    let places = folders
        .iter()
        .chain(&registries)
        .flat_map(|text| words(&file.text, text).into_iter().map(move |at| (at, *text)));
    let mut faults: Vec<Fault> = places
        .filter(|(at, text)| {
            !text.starts_with('/') || !file.text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
        })
        .map(|(at, text)| (line_of(&file.text, at), format!("names {text}")))
        .collect();
    let lower = file.text.to_lowercase();
    for at in words(&lower, concat!("iss", "ue ")) {
        let behind = lower[at + 6..].trim_start_matches('#');
        if behind.starts_with(|c: char| c.is_ascii_digit()) {
            faults.push((line_of(&lower, at), "names an issue by its number".to_owned()));
        }
    }
    faults
}

fn forbidden(text: &str, names: &[&str]) -> Vec<Fault> {
    names
        .iter()
        .flat_map(|name| {
            words(text, name).into_iter().map(move |at| (line_of(text, at), format!("uses {name}")))
        })
        .collect()
}

/// Every opening tag of a template, without its angle brackets; a `>` within quotes does not end it.
fn tags(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('<').filter_map(move |(at, _)| {
        let rest = &text[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        Some((at, &rest[..end.unwrap_or(rest.len())]))
    })
}
