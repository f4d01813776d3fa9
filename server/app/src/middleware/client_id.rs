//! Client identity: the API key of a request, or else its network address.

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

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client of a request, for fair queueing, rate limits and the log. Set by [`identify_client`] as a
/// request extension; handlers and inner middleware extract it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClientId {
    address: Option<IpAddr>,
    key: Option<Arc<str>>,
}

impl ClientId {
    /// Returns the client at `address`. IPv4-mapped IPv6 addresses become IPv4.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self {
            address: Some(address.to_canonical()),
            key: None,
        }
    }

    /// Adds the API key that the client used. `name` is the key's name or number, never the key itself.
    #[must_use]
    pub fn with_key(mut self, name: &str) -> Self {
        self.key = Some(name.into());
        self
    }

    /// Returns the client's address; `None` if the connection has none.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Returns the name of the client's API key.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns the client's key for queues and limits. IPv6 addresses are reduced to their /64 network, which
    /// is the usual allocation of one host: it could otherwise use a new address for each request.
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

/// A network of proxies or a single proxy, such as `10.0.0.0/8` or `192.168.1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork(IpNet);

impl FromStr for ProxyNetwork {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| "must be an IP address such as 192.168.1.5 or a network such as 10.0.0.0/8")
    }
}

/// The proxies whose `X-Forwarded-For` header is trusted.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Returns the set of the given networks.
    #[must_use]
    pub fn new(networks: &[ProxyNetwork]) -> Self {
        Self(networks.iter().map(|network| network.0).collect())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client's address for a connection from `peer`: the last address in `X-Forwarded-For` that
    /// isn't a trusted proxy. Each proxy appends the address of its peer, so everything before that one may
    /// be forged.
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
            match parse_address(hop) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }
}

/// Parses an address as proxies write it: bare, in brackets, or with a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Inserts the request's [`ClientId`] into its extensions.
pub async fn identify_client(
    State(proxies): State<TrustedProxies>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map_or_else(ClientId::default, |ConnectInfo(peer)| {
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
    fn address_comes_from_trusted_proxies(
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
    fn no_proxy_is_trusted_by_default() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(TrustedProxies::default().client(peer, &headers), peer);
    }

    #[test]
    fn queue_key_is_the_key_or_the_network() {
        let at = |address: &str| ClientId::at(address.parse().unwrap());
        assert_eq!(at("2001:db8::1").queue_key(), at("2001:db8::ffff:2").queue_key());
        assert_ne!(at("2001:db8::1").queue_key(), at("2001:db8:0:1::1").queue_key());
        assert_eq!(at("::ffff:192.0.2.1").queue_key(), at("192.0.2.1").queue_key());
        let with_key = at("192.0.2.1").with_key("krita");
        assert_eq!(
            with_key.queue_key(),
            at("192.0.2.2").with_key("krita").queue_key()
        );
        assert_ne!(with_key.queue_key(), at("192.0.2.1").queue_key());
        assert_eq!(with_key.to_string(), "key krita");
    }

    #[test]
    fn proxy_is_an_address_or_a_network() {
        for text in ["10.0.0.1", "10.0.0.0/8", " fd00::/8", "::1"] {
            assert!(text.parse::<ProxyNetwork>().is_ok(), "{text}");
        }
        assert!("proxy.example".parse::<ProxyNetwork>().is_err());
    }
}
