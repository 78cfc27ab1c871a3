//! Where a request comes from, as far as it can be known.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::crowd::customer;

/// An address as proxies write it: plain, with its port, in brackets, or in quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

/// The network address of whoever sent the request; nothing when the request came by no network.
#[derive(Clone, Copy, Debug)]
pub struct Network(Option<IpAddr>);

impl Network {
    /// A proxy in front of us, if there is one, stands on the same machine and appends whom it speaks
    /// for to `X-Forwarded-For`. From anybody else the header is hearsay.
    fn of(peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let peer = peer.map(|peer| peer.to_canonical());
        let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
        let last = forwarded.and_then(|line| address(line.to_str().ok()?.rsplit(',').next()?));
        Self(match (peer, last) {
            (Some(peer), Some(last)) if peer.is_loopback() => Some(last.to_canonical()),
            (peer, _) => peer,
        })
    }

    /// The address as people read it.
    #[must_use]
    pub fn ip(&self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
    }

    /// Who counts as one among those who have something under way; nobody where a proxy on this machine, or this
    /// machine itself, does not say for whom it speaks.
    #[must_use]
    pub fn crowd(&self) -> Option<String> {
        self.0.filter(|ip| !ip.is_loopback()).map(|_| self.neighbourhood())
    }

    /// Who counts as one when tries are counted: an IPv6 customer has at least a whole /64 to choose
    /// addresses from.
    #[must_use]
    pub fn neighbourhood(&self) -> String {
        self.0.map_or_else(|| self.ip(), |ip| customer(ip).to_string())
    }
}

impl<S: Sync> FromRequestParts<S> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self::of(peer, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> Network {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Network::of(Some(peer.parse().unwrap()), &headers)
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_its_own_word() {
        assert_eq!(of("192.0.2.9", &["203.0.113.5"]).ip(), "192.0.2.9");
        assert_eq!(of("127.0.0.1", &["1.1.1.1, 203.0.113.5"]).ip(), "203.0.113.5");
        assert_eq!(of("::1", &["1.1.1.1", "2.2.2.2, 203.0.113.5"]).ip(), "203.0.113.5");
        assert_eq!(of("127.0.0.1", &["nonsense"]).ip(), "127.0.0.1");
        assert_eq!(of("127.0.0.1", &["203.0.113.5, nonsense"]).ip(), "127.0.0.1");
        assert_eq!(of("::ffff:192.0.2.9", &[]).ip(), "192.0.2.9");
    }

    #[test]
    fn an_address_is_read_in_each_form_that_proxies_write() {
        for text in ["203.0.113.9", "203.0.113.9:51234", "1.1.1.1,203.0.113.9:51234", " \"203.0.113.9:1\" "] {
            assert_eq!(of("127.0.0.1", &[text]).ip(), "203.0.113.9", "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]:443", "[2001:db8::1]", "\"[2001:db8::1]:443\""] {
            assert_eq!(of("127.0.0.1", &[text]).ip(), "2001:db8::1", "{text}");
        }
        assert_eq!(of("127.0.0.1", &["[::ffff:203.0.113.9]:443"]).ip(), "203.0.113.9");
    }

    #[test]
    fn a_customer_of_ipv6_is_one_however_many_addresses_it_uses() {
        assert_eq!(of("2001:db8:1:2:3::4", &[]).neighbourhood(), of("2001:db8:1:2::9", &[]).neighbourhood());
        assert_ne!(of("2001:db8:1:2::4", &[]).neighbourhood(), of("2001:db8:1:3::4", &[]).neighbourhood());
    }
}
