//! The rules of the house, kept by reading the sources: what each folder may know, how long things may
//! grow, and what no file may hold. A rule that cannot fail protects nothing, so each is shown a file
//! that breaks it and one that does not.

mod rules;
mod sandbox;
mod short;
mod source;
mod spoken;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rules::RULES;
use source::Source;

const FOLDERS: [&str; 8] = ["src", "tests", "benches", "templates", "static", "migrations", "scripts", ".ci"];
const ROOT_FILES: [&str; 6] =
    ["README.md", "Cargo.toml", "clippy.toml", "build.rs", "rustfmt.toml", "holdfast.toml"];
const TEXT: [&str; 11] = ["rs", "html", "txt", "css", "js", "sql", "md", "toml", "py", "svg", ""];

#[test]
fn the_sources_obey_every_rule() {
    let files = sources();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the sources were not found");
    let mut faults = Vec::new();
    for rule in RULES {
        for file in &files {
            for (line, what) in (rule.check)(file) {
                faults.push(format!("{}:{line}: {what} ({})", file.path, rule.name));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_rule_can_fail_and_can_pass() {
    for rule in RULES {
        for (path, text) in rule.bad {
            let faults = (rule.check)(&Source::new(path, text));
            assert!(!faults.is_empty(), "{:?} let this pass:\n{path}\n{text}", rule.name);
        }
        for (path, text) in rule.good {
            let faults = (rule.check)(&Source::new(path, text));
            assert!(faults.is_empty(), "{:?} refused this: {faults:?}\n{path}\n{text}", rule.name);
        }
        assert!(!rule.bad.is_empty() && !rule.good.is_empty(), "{:?} has no samples", rule.name);
    }
}

#[test]
fn every_template_is_used() {
    let files = sources();
    let unused = unused_templates(&files);
    assert!(unused.is_empty(), "nothing renders, extends, includes or imports these: {unused:?}");
}

#[test]
fn an_unused_template_is_noticed() {
    let files = [
        Source::new("templates/home.html", "{% extends \"layouts/page.html\" %}"),
        Source::new("templates/layouts/page.html", ""),
        Source::new("templates/old.html", "{# old.html #}"),
        Source::new("src/web/home.rs", "#[template(path = \"home.html\")] struct Home; // old.html"),
    ];
    assert_eq!(unused_templates(&files), ["templates/old.html"]);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let files = sources();
    let odd = odd_migrations(&files);
    assert!(odd.is_empty(), "in one of the two folders only: {odd:?}");
}

#[test]
fn a_migration_for_one_database_only_is_noticed() {
    let files =
        ["migrations/sqlite/0001_a.sql", "migrations/postgres/0001_a.sql", "migrations/sqlite/0002_b.sql"]
            .map(|path| Source::new(path, "SELECT 1;"));
    assert_eq!(odd_migrations(&files), ["0002_b.sql"]);
}

#[test]
fn no_two_migrations_have_the_same_number() {
    let files = sources();
    let names = files.iter().filter_map(|file| file.path.strip_prefix("migrations/sqlite/"));
    let numbers: Vec<&str> = names.filter_map(|name| name.split('_').next()).collect();
    let different: BTreeSet<&str> = numbers.iter().copied().collect();
    assert_eq!(
        numbers.len(),
        different.len(),
        "two migrations have one number, so neither database can be made"
    );
}

/// Templates that no quoted text of a Rust file and no tag of another template names.
fn unused_templates(files: &[Source]) -> Vec<&str> {
    let named = |user: &Source, name: &str| {
        let text = if user.is_rust() { &user.quoted } else { &user.text };
        (user.is_product() || user.is_under("templates")) && text.contains(&format!("\"{name}\""))
    };
    let templates = files.iter().filter_map(|file| Some((file, file.path.strip_prefix("templates/")?)));
    templates
        .filter(|(file, name)| !files.iter().any(|user| user.path != file.path && named(user, name)))
        .map(|(file, _)| file.path.as_str())
        .collect()
}

/// Migrations whose name stands in one of the two folders only.
fn odd_migrations(files: &[Source]) -> Vec<&str> {
    let names = |folder: &'static str| -> BTreeSet<&str> {
        files.iter().filter_map(|file| file.path.strip_prefix(folder)).collect()
    };
    names("migrations/sqlite/").symmetric_difference(&names("migrations/postgres/")).copied().collect()
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = ROOT_FILES.iter().map(|name| root.join(name)).collect();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().filter(|path| path.is_file()).filter_map(|path| read(root, path)).collect()
}

/// A file as a source; nothing if it is not text.
fn read(root: &Path, path: &Path) -> Option<Source> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    if !TEXT.contains(&ending.as_str()) {
        return None;
    }
    let name = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(Source::new(&name, &text))
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(path);
        }
    }
}
