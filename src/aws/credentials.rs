//! Where the caller's own credentials come from.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::profile;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::region::Region;

use super::errors::{chain, cloud_error, never_connected};
use crate::domain::secret::{Credentials, Secret};
use crate::ports::{CloudError, CloudErrorKind};

const OPERATION: &str = "AWS credentials";
/// What AWS's own SDKs wait for an instance's metadata service, so that a busy machine still finds its role. Elsewhere
/// nobody answers, and it is only asked when nothing else is configured: two tries stay well under five seconds.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest access key id, as the API reference of STS has it.
pub(super) const LONGEST_ID: usize = 128;
/// AWS's own have forty characters; other issuers' may be longer.
pub(super) const LONGEST_SECRET: usize = 1 << 10;
/// AWS documents no limit and asks for none to be assumed; more than this does not fit in a request's headers.
pub(super) const LONGEST_TOKEN: usize = 64 << 10;

/// What makes a part of credentials unusable; it completes "the secret access key …". All parts are written to headers
/// or signed, and the SDK panics on what a header cannot hold.
pub(super) fn flaw(part: &str, longest: usize) -> Option<String> {
    if part.is_empty() {
        Some("is empty".to_owned())
    } else if part.len() > longest {
        Some(format!("is longer than {longest} bytes"))
    } else if !part.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("holds a space, a line break or another character that is not visible ASCII".to_owned())
    } else {
        None
    }
}

/// Checks all parts; the error names the part and never shows it.
fn check(id: &str, secret: &str, token: Option<&str>) -> Result<(), String> {
    let parts = [
        ("access key id", Some(id), LONGEST_ID),
        ("secret access key", Some(secret), LONGEST_SECRET),
        ("session token", token, LONGEST_TOKEN),
    ];
    let flawed = parts.into_iter().find_map(|(name, part, longest)| Some(format!("{name} {}", flaw(part?, longest)?)));
    flawed.map_or(Ok(()), Err)
}

fn unusable(message: String) -> CloudError {
    cloud_error(CloudErrorKind::CredentialsFailed, OPERATION, message)
}

/// Credentials that were handed in.
pub(super) fn given(credentials: &Credentials) -> Result<aws_credential_types::Credentials, CloudError> {
    let token = credentials.session_token.as_ref().map(Secret::expose);
    check(&credentials.access_key_id, credentials.secret_access_key.expose(), token)
        .map_err(|what| unusable(format!("the given {what}")))?;
    Ok(aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose(),
        credentials.session_token.as_ref().map(|token| token.expose().to_owned()),
        // AWS judges the expiry: this machine's clock may be wrong.
        None,
        "given",
    ))
}

/// The variables of the environment's credentials, held as they are: the SDK overlooks what is not UTF-8.
fn check_environment() -> Result<(), CloudError> {
    for (variable, longest) in [
        ("AWS_ACCESS_KEY_ID", LONGEST_ID),
        ("AWS_SECRET_ACCESS_KEY", LONGEST_SECRET),
        ("AWS_SESSION_TOKEN", LONGEST_TOKEN),
    ] {
        let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else { continue };
        let flaw = value.to_str().map_or_else(|| Some("is not UTF-8".to_owned()), |value| flaw(value, longest));
        if let Some(flaw) = flaw {
            return Err(unusable(format!("{variable} {flaw}")));
        }
    }
    Ok(())
}

/// The keys in the profile in use and in those that it takes its credentials from: the SDK signs with them before it
/// gives anything back.
async fn check_profiles() -> Result<(), CloudError> {
    let (fs, env) = (Fs::default(), Env::default());
    // A file that cannot be read is the chain's to tell of.
    let Ok(profiles) = profile::load(&fs, &env, &Default::default(), None).await else { return Ok(()) };
    let mut seen = BTreeSet::new();
    let mut next = Some(profiles.selected_profile());
    while let Some(name) = next.filter(|name| seen.insert((*name).to_owned())) {
        let Some(profile) = profiles.get_profile(name) else { break };
        for (key, longest) in [
            ("aws_access_key_id", LONGEST_ID),
            ("aws_secret_access_key", LONGEST_SECRET),
            ("aws_session_token", LONGEST_TOKEN),
        ] {
            if let Some(flaw) =
                profile.get(key).filter(|value| !value.is_empty()).and_then(|value| flaw(value, longest))
            {
                return Err(unusable(format!("{key} of the profile `{name}` {flaw}")));
            }
        }
        next = profile.get("source_profile");
    }
    Ok(())
}

/// The environment's, else those of AWS's usual chain: profile (with SSO, processes and roles), web identity, container,
/// instance.
pub(super) async fn find(
    client: &SharedHttpClient,
    timeouts: &TimeoutConfig,
    region: Region,
) -> Result<aws_credential_types::Credentials, CloudError> {
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|id| !id.is_empty()) {
        check_environment()?;
        return EnvironmentVariableCredentialsProvider::new().provide_credentials().await.map_err(|_| {
            cloud_error(
                CloudErrorKind::CredentialsFailed,
                OPERATION,
                "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
            )
        });
    }
    check_profiles().await?;
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
    let found = providers.build().await.provide_credentials().await.map_err(|error| failed(&error))?;
    check(found.access_key_id(), found.secret_access_key(), found.session_token())
        .map_err(|what| unusable(format!("of what the profile, process, container or instance gave, the {what}")))?;
    Ok(found)
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
