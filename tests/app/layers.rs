//! What stands around every page: headers, error pages, assets, flashes, forms of other sites.

use axum::body::Body;
use axum::http::Method;
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use holdfast::web;
use holdfast::web::flash::Flash;

use crate::browser::Page;
use crate::world::{World, both};

/// The public pages, which everybody sees first.
const PUBLIC: &[&str] = &[
    "/",
    "/how-it-works",
    "/terms",
    "/fees",
    "/fees?amount=1000&currency=TND&fee-payer=buyer&commission-kind=percent&commission=5&commission-payer=seller",
    "/sign-in",
    "/sign-up",
];

fn header<'a>(page: &'a Page, name: &str) -> &'a str {
    page.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

both! {
    async fn every_page_has_the_headers_that_keep_it_to_itself(world) {
        for path in PUBLIC.iter().chain(&["/no-such-page"]) {
            let page = world.browser().get(path).await;
            let policy = header(&page, CONTENT_SECURITY_POLICY.as_str());
            assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
            assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            assert_eq!(header(&page, "x-content-type-options"), "nosniff");
            assert_eq!(header(&page, "referrer-policy"), "same-origin");
            assert_eq!(header(&page, "cache-control"), "no-store");
            assert_eq!(header(&page, "strict-transport-security"), "", "no https, no promise of it");
            assert_eq!(header(&page, "x-request-id").len(), 16, "{path}");
            assert!(page.set_cookies().is_empty(), "{path} sets a cookie");
            assert!(!page.body.contains(" style=") && !page.body.contains("<script>"), "{path} has something inline");
        }
    }
}

both! {
    async fn over_https_browsers_are_told_to_stay_there(world) {
        let mut world = world;
        world.with_config(|config| config.public_url = "https://escrow.example".to_owned());
        let page = world.browser().get("/").await;
        assert!(header(&page, "strict-transport-security").starts_with("max-age=63072000"));
        let email = "amel@example.com";
        world.account("Amel Trabelsi", email).await;
        let mut browser = world.browser();
        let asked = browser.post("/verify-email", &[("email", email)]).await;
        let shown = browser.get("/verify-email").await;
        let signed_in = browser.post("/sign-in", &[("email", email), ("password", crate::world::PASSWORD)]).await;
        let cookies = [asked.set_cookies(), shown.set_cookies(), signed_in.set_cookies()].concat();
        for name in ["flash=mail-sent", "typed_address=", "flash=;", "__Host-holdfast"] {
            assert!(cookies.iter().any(|cookie| cookie.starts_with(name)), "{name}: {cookies:?}");
        }
        for cookie in cookies {
            assert_eq!(cookie.matches("Secure").count(), 1, "{cookie}");
        }
    }
}

both! {
    async fn what_does_not_exist_says_so_in_words(world) {
        let page = world.browser().get("/no-such-page").await;
        assert_eq!(page.status, 404);
        page.shows("Page not found");
        page.shows(header(&page, "x-request-id"));
        world.account("Amel Trabelsi", "amel@example.com").await;
        let page = world.signed_in("amel@example.com").await.get("/no-such-page").await;
        page.shows("Amel Trabelsi");
        page.shows("Go to your home page");
    }
}

both! {
    async fn a_form_of_another_site_is_not_carried_out(world) {
        let page = world.browser().forged_post("/sign-in").await;
        assert_eq!(page.status, 403);
        page.shows("This form came from somewhere else");
    }
}

both! {
    async fn a_wrong_method_is_told_which_is_right(world) {
        let page = world.browser().send(Method::DELETE, "/fees", Body::empty(), None).await;
        assert_eq!(page.status, 405);
        assert!(header(&page, ALLOW.as_str()).contains("GET"));
        page.shows("This page works another way");
    }
}

both! {
    async fn a_form_that_is_too_large_is_refused_in_words(world) {
        let body = format!("email={}", "x".repeat(web::FORM_LIMIT));
        let kind = Some("application/x-www-form-urlencoded");
        let page = world.browser().send(Method::POST, "/sign-in", Body::from(body), kind).await;
        assert_eq!(page.status, 413);
        page.shows("That is too large");
    }
}

both! {
    async fn a_flash_is_shown_once(world) {
        let mut browser = world.browser();
        browser.cookies.insert("flash".to_owned(), Flash::SignedOut.code().to_owned());
        browser.get("/assets/x/app.css").await;
        browser.get("/").await.shows(Flash::SignedOut.words());
        browser.get("/").await.hides(Flash::SignedOut.words());
    }
}

both! {
    async fn a_flash_waits_while_a_script_fetches_and_is_gone_once_a_script_has_drawn_it(world) {
        let mut browser = world.browser();
        browser.cookies.insert("flash".to_owned(), Flash::SignedOut.code().to_owned());
        browser.extra.push(("sec-fetch-mode", "cors"));
        browser.get("/").await.shows(Flash::SignedOut.words());
        browser.extra.push(("x-drawn", "yes"));
        browser.get("/").await.shows(Flash::SignedOut.words());
        browser.get("/").await.hides(Flash::SignedOut.words());
    }
}

both! {
    async fn assets_may_be_kept_for_ever_under_their_own_address_only(world) {
        let page = world.browser().get("/").await;
        let start = page.body.find("/assets/").unwrap();
        let href: String = page.body[start..].chars().take_while(|sign| *sign != '"').collect();
        let css = world.browser().get(&href).await;
        assert_eq!((css.status, header(&css, CONTENT_TYPE.as_str())), (200, "text/css; charset=utf-8"));
        assert_eq!(header(&css, CACHE_CONTROL.as_str()), "public, max-age=31536000, immutable");
        assert!(css.body.starts_with("@layer reset, tokens, base, layout, components, utilities, print;"));
        let old = world.browser().get("/assets/0123456789abcdef/app.js").await;
        assert_eq!((old.status, header(&old, CACHE_CONTROL.as_str())), (200, "no-cache"));
        assert_eq!(world.browser().get("/assets/0123456789abcdef/app.exe").await.status, 404);
    }
}

both! {
    async fn the_calculator_keeps_what_was_typed(world) {
        let page = world.browser().get("/fees?amount=1000.0001&currency=TND&fee-payer=split").await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains("<title>Error: "));
        assert!(page.body.contains(r#"value="1000.0001""#) && page.body.contains(r#"value="split" checked"#));
        page.shows("TND has 3 decimals: write no more than that.");
        let page = world.browser().get("/fees?amount=1&amount=2").await;
        assert_eq!(page.status, 400);
    }
}

/// Fourteen thousand six hundred bytes is what arrives in one round trip.
#[tokio::test]
async fn the_first_view_of_a_public_page_fits_one_round_trip() {
    let world = World::sqlite().await;
    for path in PUBLIC {
        let request = axum::http::Request::get(*path)
            .header(ACCEPT_ENCODING, "gzip")
            .header("accept", "text/html")
            .body(Body::empty())
            .unwrap();
        let response = web::router(world.app.clone()).oneshot(request).await.unwrap();
        assert_eq!(header_of(&response), "gzip");
        let headers: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let body = response.into_body().collect().await.unwrap().to_bytes().len();
        assert!(headers + body <= 14_600, "{path} has {headers} + {body} bytes");
    }
}

fn header_of(response: &axum::response::Response) -> &str {
    response.headers().get(CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap())
}
