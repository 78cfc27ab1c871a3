//! A browser without a window: it keeps cookies, sends forms, and stands on the network somewhere.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    /// The network address that its requests come from.
    pub ip: String,
    pub user_agent: String,
    /// Sent along with every request.
    pub extra: Vec<(&'static str, &'static str)>,
    /// Whether it takes compressed answers, as every real one does. What it keeps of them is unread then.
    pub takes_gzip: bool,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        let user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
        Self {
            router,
            cookies: BTreeMap::new(),
            ip: "192.0.2.7".into(),
            user_agent: user_agent.into(),
            extra: Vec::new(),
            takes_gzip: false,
        }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty(), None).await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let kind = "application/x-www-form-urlencoded";
        self.send(Method::POST, path, Body::from(form.finish()), Some(kind)).await
    }

    /// Sends a form and goes where it leads, which must be a page that exists.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        assert_eq!(page.status, 303, "{path}: {}", page.text());
        self.get(page.location()).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Body, kind: Option<&str>) -> Page {
        self.send_from(Some("same-origin"), method, path, body, kind).await
    }

    /// What a program sends that is no browser: a form without a word on where it comes from.
    pub async fn nameless_post(&mut self, path: &str) -> Page {
        let kind = Some("application/x-www-form-urlencoded");
        self.send_from(None, Method::POST, path, Body::empty(), kind).await
    }

    /// What a form on somebody else's page sends with our cookies.
    pub async fn forged_post(&mut self, path: &str) -> Page {
        let kind = Some("application/x-www-form-urlencoded");
        self.send_from(Some("cross-site"), Method::POST, path, Body::empty(), kind).await
    }

    async fn send_from(
        &mut self,
        site: Option<&str>,
        method: Method,
        path: &str,
        body: Body,
        kind: Option<&str>,
    ) -> Page {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::ACCEPT, "text/html")
            .header(header::USER_AGENT, &self.user_agent);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        for (name, value) in &self.extra {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if self.takes_gzip {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let mut request = request.body(body).unwrap();
        let peer = SocketAddr::new(self.ip.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let body = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        let page = Page { status: parts.status.as_u16(), headers: parts.headers, body };
        assert!(page.status != 500, "{method} {path}: {}", page.text());
        page
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, rest) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if value.is_empty() || rest.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Page {
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The words of the page, without tags and the entities of plain signs.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut is_tag = false;
        for sign in self.body.chars() {
            match sign {
                '<' => is_tag = true,
                '>' => {
                    is_tag = false;
                    text.push(' ');
                }
                sign if !is_tag => text.push(sign),
                _ => {}
            }
        }
        let text = text.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">");
        let text = text.replace("&#34;", "\"").replace("&#39;", "'");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn is(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text());
    }

    /// Whether the words stand on the page.
    #[track_caller]
    pub fn shows(&self, words: &str) {
        assert!(self.text().contains(words), "no {words:?} in: {}", self.text());
    }

    /// Whether they do not.
    #[track_caller]
    pub fn hides(&self, words: &str) {
        assert!(!self.body.contains(words), "{words:?} in: {}", self.text());
    }

    /// The cookies that it sets, whole.
    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }
}
