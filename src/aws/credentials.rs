//! Where the caller's own credentials come from.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::region::Region;

use super::errors::{chain, cloud_error, never_connected};
use crate::domain::secret::Credentials;
use crate::ports::{CloudError, CloudErrorKind};

const OPERATION: &str = "AWS credentials";
/// On an instance its metadata service answers within milliseconds; anywhere else nobody does, and it is only asked when
/// nothing else is configured.
const METADATA_TIMEOUT: Duration = Duration::from_millis(300);

/// Credentials that were handed in.
pub(super) fn given(credentials: &Credentials) -> aws_credential_types::Credentials {
    aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose(),
        credentials.session_token.as_ref().map(|token| token.expose().to_owned()),
        // AWS judges the expiry: this machine's clock may be wrong.
        None,
        "given",
    )
}

/// The environment's, else those of AWS's usual chain: profile (with SSO, processes and roles), web identity, container,
/// instance.
pub(super) async fn find(
    client: &SharedHttpClient,
    timeouts: &TimeoutConfig,
    region: Region,
) -> Result<aws_credential_types::Credentials, CloudError> {
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|id| !id.is_empty()) {
        return EnvironmentVariableCredentialsProvider::new().provide_credentials().await.map_err(|_| {
            cloud_error(
                CloudErrorKind::CredentialsFailed,
                OPERATION,
                "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
            )
        });
    }
    let config = ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::v2026_01_12()))
        .with_http_client(client.clone())
        .with_timeout_config(timeouts.clone())
        .with_retry_config(
            RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(200)),
        );
    let metadata = imds::Client::builder()
        .configure(&config)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .operation_timeout(METADATA_TIMEOUT * 2)
        .max_attempts(2)
        .build();
    let providers = DefaultCredentialsChain::builder().configure(config).region(region).imds_client(metadata);
    providers.build().await.provide_credentials().await.map_err(|error| failed(&error))
}

fn failed(error: &CredentialsError) -> CloudError {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => cloud_error(
            CloudErrorKind::NoCredentials,
            OPERATION,
            "nothing was found in the environment, a profile, a web identity, a container or an instance",
        ),
        // The instance metadata service is asked last, when nothing else is configured: whatever it says, the fault to
        // tell of is that there are no credentials.
        _ if chain(error).contains("IMDS") => cloud_error(
            CloudErrorKind::NoCredentials,
            OPERATION,
            format!("nothing is configured, and the instance metadata service gave none ({})", chain(error)),
        ),
        _ if never_connected(error) => cloud_error(CloudErrorKind::Unreachable, OPERATION, chain(error)),
        _ => cloud_error(CloudErrorKind::CredentialsFailed, OPERATION, chain(error)),
    }
}
