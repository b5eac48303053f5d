//! Region, endpoint and credentials, found once.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use tokio::time::timeout_at;

use super::budget::{Budget, Running};
use super::calls::Calls;
use super::errors::{cloud_error, out_of_time};
use super::retry::Caller;
use super::{credentials, endpoint, http};
use crate::domain::secret::Credentials;
use crate::ports::{CloudError, CloudErrorKind};

/// What finding region, endpoint and credentials is called in errors.
const OPERATION: &str = "AWS configuration";
/// How long a connection may take to be made. With one try only, as when nothing answers at all, this is the whole wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one attempt may take, to the last byte of its answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for an object of the state, of which a snapshot of many roles is some megabytes.
#[cfg(feature = "s3-store")]
const OBJECT_TIMEOUT: Duration = Duration::from_secs(20);

/// How to reach AWS. What is `None` here comes from the environment and the profile files, as in every AWS tool.
#[allow(missing_debug_implementations, reason = "it may hold secrets")]
pub struct Settings {
    /// The Broker document's region. Else `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's; the instance metadata
    /// service is never asked for it.
    pub region: Option<String>,
    /// Replaces AWS's endpoints for every service; else `AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL_IAM`,
    /// `AWS_ENDPOINT_URL`, or the profile's.
    pub endpoint_url: Option<String>,
    /// Use these and look for no others.
    pub credentials: Option<Credentials>,
    /// The most time that may be spent waiting for AWS, over all operations of the session.
    pub deadline: Duration,
    /// The most HTTP attempts for one call.
    pub max_attempts: u32,
}

impl Default for Settings {
    /// Everything from the environment, 30 seconds, 16 attempts.
    fn default() -> Self {
        Self {
            region: None,
            endpoint_url: None,
            credentials: None,
            deadline: Duration::from_secs(30),
            max_attempts: 16,
        }
    }
}

/// Everything that was found: what [`AwsReader`](super::AwsReader) and [`AwsIssuer`](super::AwsIssuer) are made from.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct Session {
    config: SdkConfig,
    region: Arc<str>,
    endpoint_url: Option<String>,
    sts_endpoint: String,
    iam_endpoint: String,
    budget: Budget,
    deadline: Duration,
    max_attempts: u32,
}

impl Session {
    /// Finds region, endpoints and credentials, in this order, and asks STS or IAM nothing itself. Credentials that
    /// need a request of their own (web identity, SSO, a profile's role, containers, instances) are fetched here, within
    /// the deadline.
    ///
    /// # Errors
    /// [`NoRegion`](CloudErrorKind::NoRegion), [`NoCredentials`](CloudErrorKind::NoCredentials),
    /// [`CredentialsFailed`](CloudErrorKind::CredentialsFailed), [`TimedOut`](CloudErrorKind::TimedOut), or
    /// [`Unreachable`](CloudErrorKind::Unreachable) for an endpoint that is not an HTTP URL.
    pub async fn load(settings: Settings) -> Result<Self, CloudError> {
        let budget = Budget::new(settings.deadline);
        let (deadline, max_attempts) = (settings.deadline, settings.max_attempts);
        let endpoint_url = settings.endpoint_url.clone();
        let running = budget.start();
        let found = timeout_at(running.end(), Box::pin(find(settings)))
            .await
            .unwrap_or_else(|_| Err(out_of_time(OPERATION, 1)))?;
        drop(running);
        let Found { config, region, sts_endpoint, iam_endpoint } = found;
        let region = region.into();
        Ok(Self { config, region, endpoint_url, sts_endpoint, iam_endpoint, budget, deadline, max_attempts })
    }

    /// The region whose STS endpoint is asked, and whose partition's IAM.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The most time that all operations of this session may take together. A lease's `dead_after` counts it.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The same region, endpoints, connections and time limit, with these credentials. With ones that no request can
    /// hold, every call is [`Unreachable`](CloudErrorKind::Unreachable) and nothing is sent.
    #[must_use]
    pub fn with_credentials(&self, credentials: &Credentials) -> Self {
        let provider = match credentials::given(credentials) {
            Ok(given) => SharedCredentialsProvider::new(given),
            Err(error) => SharedCredentialsProvider::new(provide_credentials_fn(move || {
                std::future::ready(Err(CredentialsError::invalid_configuration(error.clone())))
            })),
        };
        let config = self.config.to_builder().credentials_provider(provider).build();
        Self { config, ..self.clone() }
    }

    /// The same credentials, connections and time limit, in this region.
    ///
    /// # Errors
    /// [`NoRegion`](CloudErrorKind::NoRegion) for what is not the name of a region.
    pub fn in_region(&self, region: &str) -> Result<Self, CloudError> {
        check_region(region)?;
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        let given = self.endpoint_url.as_deref();
        let sts_endpoint = endpoint_of(&config, given, "STS", region)?;
        let iam_endpoint = endpoint_of(&config, given, "IAM", region)?;
        Ok(Self { config, region: region.into(), sts_endpoint, iam_endpoint, ..self.clone() })
    }

    /// S3, at this endpoint if one is given. Its answers may be as long as an object.
    #[cfg(feature = "s3-store")]
    pub(super) fn s3(&self, endpoint: Option<&str>, calls: &Calls) -> Result<(aws_sdk_s3::Client, Caller), CloudError> {
        let given = endpoint.or(self.endpoint_url.as_deref());
        let shown = endpoint_of(&self.config, given, "S3", &self.region)?;
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(OBJECT_TIMEOUT).build();
        let mut config = aws_sdk_s3::config::Builder::from(&self.config)
            .http_client(http::client_for(super::bucket::OBJECT_MAX))
            .timeout_config(timeouts)
            // Only AWS gives every bucket a host name of its own.
            .force_path_style(configured(&self.config, given, "S3").is_some());
        if let Some(url) = given {
            config = config.endpoint_url(url);
        }
        Ok((aws_sdk_s3::Client::from_conf(config.build()), self.caller(&shown, calls)))
    }

    /// Starts an operation of one or more calls.
    pub(super) fn start(&self) -> Running {
        self.budget.start()
    }

    pub(super) fn sts(&self, calls: &Calls) -> (aws_sdk_sts::Client, Caller) {
        (aws_sdk_sts::Client::new(&self.config), self.caller(&self.sts_endpoint, calls))
    }

    pub(super) fn iam(&self, calls: &Calls) -> (aws_sdk_iam::Client, Caller) {
        (aws_sdk_iam::Client::new(&self.config), self.caller(&self.iam_endpoint, calls))
    }

    fn caller(&self, endpoint: &str, calls: &Calls) -> Caller {
        Caller::new(self.budget.clone(), self.max_attempts, endpoint, calls.clone())
    }
}

struct Found {
    config: SdkConfig,
    region: String,
    sts_endpoint: String,
    iam_endpoint: String,
}

async fn find(settings: Settings) -> Result<Found, CloudError> {
    let region = match settings.region {
        Some(region) => region,
        None => configured_region().await.ok_or_else(|| {
            cloud_error(
                CloudErrorKind::NoRegion,
                OPERATION,
                "no region is set: neither AWS_REGION, nor AWS_DEFAULT_REGION, nor a region of the profile",
            )
        })?,
    };
    check_region(&region)?;
    if let Some(url) = &settings.endpoint_url {
        endpoint::check("the endpoint URL", url).map_err(bad_endpoint)?;
    }
    if !ignores_endpoints() {
        endpoint::check_environment(std::env::var_os).map_err(bad_endpoint)?;
    }
    let client = http::client();
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(client.clone())
        .region(Region::new(region.clone()))
        .no_credentials()
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.clone())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .disable_clock_skew_correction(true);
    if let Ok(name) = AppName::new(concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION"))) {
        loader = loader.app_name(name);
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    // Before any credentials: finding them may send secrets to these endpoints.
    let sts_endpoint = endpoint_of(&config, settings.endpoint_url.as_deref(), "STS", &region)?;
    let iam_endpoint = endpoint_of(&config, settings.endpoint_url.as_deref(), "IAM", &region)?;
    let credentials = match settings.credentials {
        Some(given) => credentials::given(&given)?,
        None => credentials::find(&client, &timeouts, Region::new(region.clone())).await?,
    };
    let provider = SharedCredentialsProvider::new(credentials);
    let config = config.to_builder().credentials_provider(provider).build();
    Ok(Found { config, region, sts_endpoint, iam_endpoint })
}

fn check_region(region: &str) -> Result<(), CloudError> {
    if endpoint::is_region(region) {
        return Ok(());
    }
    let message = format!("`{region}` is not the name of a region, such as `us-east-1`");
    Err(cloud_error(CloudErrorKind::NoRegion, OPERATION, message))
}

/// The switch that every SDK of AWS has.
fn ignores_endpoints() -> bool {
    std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_ok_and(|value| value.eq_ignore_ascii_case("true"))
}

async fn configured_region() -> Option<String> {
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::builder().build());
    chain.region().await.map(|region| region.to_string()).filter(|region| !region.is_empty())
}

/// What this service's endpoint is called in messages; an error when the one in use cannot be used.
fn endpoint_of(
    config: &SdkConfig,
    given: Option<&str>,
    service: &'static str,
    region: &str,
) -> Result<String, CloudError> {
    if let Some(url) = given {
        return endpoint::check("the endpoint URL", url).map_err(bad_endpoint);
    }
    match configured(config, given, service) {
        Some(url) => endpoint::check(&format!("AWS_ENDPOINT_URL for {service}"), &url).map_err(bad_endpoint),
        None => Ok(format!("{service} in {region}")),
    }
}

/// The endpoint that replaces this service's own.
fn configured(config: &SdkConfig, given: Option<&str>, service: &'static str) -> Option<String> {
    if let Some(url) = given {
        return Some(url.to_owned());
    }
    let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

fn bad_endpoint(message: String) -> CloudError {
    cloud_error(CloudErrorKind::Unreachable, OPERATION, message)
}
