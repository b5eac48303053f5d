//! One HTTP client for everything that is asked of AWS.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared as _;

use super::answer;

/// A client that picks plain HTTP or TLS by each request's scheme and keeps its connections for all services. TLS and
/// its certificate authorities are set up when the first `https://` request is made, never for plain HTTP.
///
/// The proxy variables (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) count, except for this machine and for the addresses
/// where a cloud hands out a machine's own credentials: those are nobody else's business.
pub(super) fn client() -> SharedHttpClient {
    Client::default().into_shared()
}

/// The same, for answers of at most so many bytes.
#[cfg(feature = "s3-store")]
pub(super) fn client_for(longest: usize) -> SharedHttpClient {
    Client { longest: Some(longest), ..Client::default() }.into_shared()
}

#[derive(Debug, Clone, Default)]
struct Client {
    shared: Arc<Shared>,
    longest: Option<usize>,
}

#[derive(Debug, Default)]
struct Shared {
    tls: OnceLock<Result<TlsContext, String>>,
    connectors: Mutex<Vec<(Key, SharedHttpConnector)>>,
}

/// What a connector depends on.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    tls: bool,
    proxy: bool,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme {
            shared: Arc::clone(&self.shared),
            longest: self.longest,
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct ByScheme {
    shared: Arc<Shared>,
    longest: Option<usize>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (tls, rest) = match request.uri().split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return refused("the endpoint is neither http:// nor https://".to_owned()),
        };
        match self.connector(tls, !is_near(rest)) {
            Ok(connector) => {
                let action = answer::action(&request);
                let longest = self.longest.unwrap_or_else(|| answer::longest(action.as_deref()));
                let response = connector.call(request);
                // The SDK's limit of an attempt and the command's deadline count this future, and so the whole answer.
                HttpConnectorFuture::new(async move {
                    let response = response.await.map_err(TransportError::mark)?;
                    answer::whole(action.as_deref(), longest, response).await.map_err(TransportError::mark)
                })
            }
            Err(message) => refused(message),
        }
    }
}

/// Whether a URL without its scheme names this machine or a link-local address. `fd00:ec2::/32` is the metadata
/// service's.
fn is_near(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, _)) => v6,
        None => authority.split_once(':').map_or(authority, |(name, _)| name),
    };
    match host.parse() {
        Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_link_local(),
        Ok(IpAddr::V6(v6)) => v6.is_loopback() || v6.segments()[..2] == [0xfd00, 0x0ec2],
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn refused(message: String) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Err(TransportError::mark(ConnectorError::user(message.into()))))
}

/// Marks an error as the transport's own. The SDK reports in the same class what went wrong before the transport was
/// asked at all, with a text that may repeat the whole request and its secrets.
#[derive(Debug)]
pub(super) struct TransportError(ConnectorError);

impl TransportError {
    /// The same error, of the same kind, with the mark around it.
    fn mark(error: ConnectorError) -> ConnectorError {
        let (user, timeout, io, other) = (error.is_user(), error.is_timeout(), error.is_io(), error.as_other());
        let marked = Box::new(Self(error));
        match (user, timeout, io) {
            (true, _, _) => ConnectorError::user(marked),
            (_, true, _) => ConnectorError::timeout(marked),
            (_, _, true) => ConnectorError::io(marked),
            _ => ConnectorError::other(marked, other),
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl ByScheme {
    fn connector(&self, tls: bool, proxy: bool) -> Result<SharedHttpConnector, String> {
        let key = Key {
            tls,
            proxy,
            connect_timeout: self.settings.connect_timeout(),
            read_timeout: self.settings.read_timeout(),
        };
        let mut connectors = self.shared.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = connectors.iter().find(|(known, _)| *known == key) {
            return Ok(known.clone());
        }
        let proxies = if proxy { ProxyConfig::from_env() } else { ProxyConfig::disabled() };
        let mut builder = Connector::builder().connector_settings(self.settings.clone()).proxy_config(proxies);
        builder.set_sleep_impl(self.components.sleep_impl());
        let connector = if tls {
            let context = self.shared.tls.get_or_init(super::tls::context).clone()?;
            builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build()
        } else {
            builder.build_http()
        };
        let connector = SharedHttpConnector::new(connector);
        connectors.push((key, connector.clone()));
        Ok(connector)
    }
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn this_machine_and_metadata_services_are_near() {
        for near in [
            "127.0.0.1:4566/",
            "localhost",
            "[::1]:80/x",
            "169.254.169.254/latest",
            "169.254.170.2/v2",
            "[fd00:ec2::254]/latest",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in ["sts.us-east-1.amazonaws.com/", "10.0.0.1", "localhost.example.com", "[2001:db8::1]", ""] {
            assert!(!is_near(far), "{far}");
        }
    }
}
