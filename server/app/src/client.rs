//! Who is asking: an API key's identity where the request carried one, else the address it comes from.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use iopaint_engine::ClientKey;
use ipnet::IpNet;

use crate::state::AppState;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whose request it is, for fairness, for limits on rates and for the log. Handlers and layers inside of [`identify`]
/// find it among the request's extensions, or take it as an argument.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientId {
    address: Option<IpAddr>,
    key: Option<Arc<str>>,
}

impl ClientId {
    /// One who comes from `address`.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self {
            address: Some(address.to_canonical()),
            key: None,
        }
    }

    /// The same one, known by an API key. `name`: what the key is called or its number, never the key itself.
    #[must_use]
    pub fn with_key(mut self, name: &str) -> Self {
        self.key = Some(name.into());
        self
    }

    /// The address it comes from; `None` where nothing is known of a connection.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The API key it is known by.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Who it is to the queue. Of an IPv6 address only the network of 64 bits counts: each host has one to itself, and
    /// could ask from another address every time.
    #[must_use]
    pub fn queue_key(&self) -> ClientKey {
        match (&self.key, self.address) {
            (Some(key), _) => ClientKey::new(&format!("key {key}")),
            (None, Some(IpAddr::V6(address))) => {
                let network = address.to_bits() >> 64 << 64;
                ClientKey::new(&Ipv6Addr::from_bits(network).to_string())
            }
            (None, Some(address)) => ClientKey::new(&address.to_string()),
            (None, None) => ClientKey::new(""),
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, self.address) {
            (Some(key), _) => write!(f, "key {key}"),
            (None, Some(address)) => write!(f, "{address}"),
            (None, None) => f.write_str("unknown"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// A network of proxies, or one proxy: `10.0.0.0/8`, `192.168.1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

impl FromStr for ProxyNetwork {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| "it must be an address such as 192.168.1.5 or a network such as 10.0.0.0/8")
    }
}

/// The proxies whose word on a client's address counts.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Exactly these.
    #[must_use]
    pub fn new(networks: &[ProxyNetwork]) -> Self {
        Self(networks.iter().map(|network| network.0).collect())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client behind a connection from `peer`: of the addresses that proxies wrote into `X-Forwarded-For`, each
    /// behind the last, the newest that isn't a trusted proxy itself. What stands before it, the client may have
    /// written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops: Vec<&str> = headers
            .get_all(X_FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .collect();
        for hop in hops.into_iter().rev() {
            if !self.trusts(client) {
                break;
            }
            match address(hop) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Finds out whose request it is and tells what is inside.
pub async fn identify(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map_or_else(ClientId::default, |ConnectInfo(peer)| {
        let proxies = &state.settings.access.trusted_proxies;
        ClientId::at(proxies.client(peer.ip(), request.headers()))
    });
    request.extensions_mut().insert(client);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.1.2.3", &[], "10.1.2.3")]
    #[case("10.1.2.3", &["203.0.113.7"], "203.0.113.7")]
    #[case("10.1.2.3", &["1.1.1.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7")]
    #[case("10.1.2.3", &["1.1.1.1", "203.0.113.7:4711"], "203.0.113.7")]
    #[case("10.1.2.3", &["[2001:db8::1]:80"], "2001:db8::1")]
    #[case("10.1.2.3", &["[2001:db8::1]"], "2001:db8::1")]
    #[case("10.1.2.3", &["203.0.113.7, nonsense"], "10.1.2.3")]
    #[case("10.1.2.3", &["10.4.4.4"], "10.4.4.4")]
    #[case("::ffff:10.1.2.3", &["203.0.113.7"], "203.0.113.7")]
    #[case("192.0.2.1", &["203.0.113.7"], "192.0.2.1")]
    fn a_clients_address_is_what_trusted_proxies_say(
        #[case] peer: &str,
        #[case] forwarded: &[&str],
        #[case] expected: &str,
    ) {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let client = proxies.client(peer.parse().unwrap(), &headers);
        assert_eq!(client.to_string(), expected);
    }

    #[test]
    fn nobodys_word_counts_unless_the_operator_says_so() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(TrustedProxies::default().client(peer, &headers), peer);
    }

    #[test]
    fn an_ipv6_host_can_not_be_many_clients_and_a_key_is_one_from_everywhere() {
        let at = |address: &str| ClientId::at(address.parse().unwrap());
        assert_eq!(at("2001:db8::1").queue_key(), at("2001:db8::ffff:2").queue_key());
        assert_ne!(at("2001:db8::1").queue_key(), at("2001:db8:0:1::1").queue_key());
        assert_eq!(at("::ffff:192.0.2.1").queue_key(), at("192.0.2.1").queue_key());
        let known = at("192.0.2.1").with_key("krita");
        assert_eq!(known.queue_key(), at("192.0.2.2").with_key("krita").queue_key());
        assert_ne!(known.queue_key(), at("192.0.2.1").queue_key());
        assert_eq!(known.to_string(), "key krita");
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        for text in ["10.0.0.1", "10.0.0.0/8", " fd00::/8", "::1"] {
            assert!(text.parse::<ProxyNetwork>().is_ok(), "{text}");
        }
        assert!("proxy.example".parse::<ProxyNetwork>().is_err());
    }
}
