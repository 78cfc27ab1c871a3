//! The stylesheet, the script and the small pictures: in the binary, under addresses that change
//! with their content, so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::routes::{Access, Routes};
use crate::error::Error;

/// One after the other they are one stylesheet. The first declares the order of the layers.
const CSS: &[&str] = &[
    include_str!("../../static/css/layers.css"),
    include_str!("../../static/css/reset.css"),
    include_str!("../../static/css/tokens.css"),
    include_str!("../../static/css/base.css"),
    include_str!("../../static/css/layout.css"),
    include_str!("../../static/css/header.css"),
    include_str!("../../static/css/button.css"),
    include_str!("../../static/css/card.css"),
    include_str!("../../static/css/pill.css"),
    include_str!("../../static/css/value.css"),
    include_str!("../../static/css/field.css"),
    include_str!("../../static/css/notice.css"),
    include_str!("../../static/css/stepper.css"),
    include_str!("../../static/css/summary.css"),
    include_str!("../../static/css/table.css"),
    include_str!("../../static/css/lists.css"),
    include_str!("../../static/css/timeline.css"),
    include_str!("../../static/css/party.css"),
    include_str!("../../static/css/evidence.css"),
    include_str!("../../static/css/document.css"),
    include_str!("../../static/css/delivery.css"),
    include_str!("../../static/css/draft.css"),
    include_str!("../../static/css/welcome.css"),
    include_str!("../../static/css/utilities.css"),
    include_str!("../../static/css/print.css"),
];

/// One after the other they are one module. Each keeps to a block of its own, but for the first.
const JS: &[&str] = &[
    include_str!("../../static/js/shared.js"),
    include_str!("../../static/js/copy.js"),
    include_str!("../../static/js/countdown.js"),
    include_str!("../../static/js/focus.js"),
    include_str!("../../static/js/once.js"),
    include_str!("../../static/js/upload.js"),
    include_str!("../../static/js/refresh.js"),
    include_str!("../../static/js/total.js"),
    include_str!("../../static/js/zone.js"),
];

struct Assets {
    hash: String,
    css: String,
    js: String,
}

const FAVICON: &str = include_str!("../../static/favicon.svg");

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let (css, js) = (CSS.concat(), JS.concat());
    let digest = Sha256::new().chain_update(&css).chain_update(&js).chain_update(FAVICON).finalize();
    let hash = data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default());
    Assets { hash, css, js }
});

/// The address of `app.css`, `app.js` or `favicon.svg`.
#[must_use]
pub fn href(name: &str) -> String {
    format!("/assets/{}/{name}", ASSETS.hash)
}

pub fn routes() -> Routes {
    Routes::new().get("/assets/{hash}/{name}", Access::Bare, asset).get("/robots.txt", Access::Bare, robots)
}

/// A page of the release before still asks for its own hash. It gets what we have, rather than
/// standing there without a style; only the right hash may be kept for ever.
async fn asset(Path((hash, name)): Path<(String, String)>) -> Result<Response, Error> {
    let (kind, body): (_, &'static str) = match name.as_str() {
        "app.css" => ("text/css; charset=utf-8", &ASSETS.css),
        "app.js" => ("text/javascript; charset=utf-8", &ASSETS.js),
        "favicon.svg" => ("image/svg+xml", FAVICON),
        _ => return Err(Error::NotFound),
    };
    let kept = if hash == ASSETS.hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, kept)], body).into_response())
}

/// Search engines find the public pages; addresses with a token in them are nobody's business.
async fn robots() -> &'static str {
    "User-agent: *\nAllow: /$\nAllow: /how-it-works\nAllow: /fees\nAllow: /terms\nDisallow: /\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_and_the_script_stay_small() {
        assert!(ASSETS.css.len() <= 40_960, "the stylesheet has {} bytes", ASSETS.css.len());
        assert!(ASSETS.js.len() <= 12_288, "the script has {} bytes", ASSETS.js.len());
    }

    #[test]
    fn every_rule_stands_in_a_layer() {
        for file in CSS {
            let first = file.lines().find(|line| line.starts_with('@') || line.ends_with('{'));
            assert!(first.is_some_and(|line| line.starts_with("@layer")), "{first:?}");
        }
    }

    #[test]
    fn every_file_is_part_of_the_whole() {
        for (folder, parts) in [("css", CSS), ("js", JS)] {
            let files = std::fs::read_dir(format!("{}/static/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            assert_eq!(files.count(), parts.len(), "static/{folder}");
        }
    }

    #[test]
    fn an_address_changes_with_the_content() {
        assert!(href("app.css").starts_with("/assets/"));
        assert_eq!(href("app.css").split('/').nth(2).map(str::len), Some(16));
    }
}
