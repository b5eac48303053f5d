//! The state, and what asks AWS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use leasehold::app::{Failure, Meaning, Patient, Trusted};
use leasehold::aws::{self, AwsIssuer, AwsReader, AwsWriter, BucketSettings, BucketStore};
use leasehold::domain::least_privilege::StatePlace;
use leasehold::domain::text::escape;
use leasehold::domain::ttl::Ttl;
use leasehold::ports::{CloudErrorKind, Object, StateRead, StateStore, StoreError, Version};
use leasehold::source;
use leasehold::state::{BucketUrl, FileStore, RingVerifier, StateUrl, parse_url};

use super::head_signing;
use crate::args::{HeadTrustArgs, LeasePlace, ReachArgs, StateArgs};
use crate::system::SystemClock;

/// How long one call to a store over the network may take. A write in doubt is read back and tried twice more, so that an audit
/// that hangs is given up after a minute.
const STORE_CALL_MAX: SignedDuration = SignedDuration::from_secs(15);

/// Where record and leases are, and whose heads are believed.
pub(crate) type Store = Trusted<Place, FileStore, RingVerifier>;

/// Where record and leases are.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Place {
    Folder(FileStore),
    /// The session is kept: what else is asked of AWS has the same credentials, and shares its limit of time.
    Bucket(Patient<BucketStore, SystemClock>, aws::Session),
}

/// The state that a command plans, applies or issues by.
pub(crate) async fn state(args: &StateArgs, dir: &Path) -> Result<Store, Failure> {
    trusted(place(args.state.as_deref(), dir, args.timeout).await?, &args.trust)
}

/// The state whose leases are ended or renewed.
pub(crate) async fn reached(args: &ReachArgs) -> Result<Store, Failure> {
    trusted(place(args.state.as_deref(), &args.dir, args.timeout).await?, &args.trust)
}

/// The state as a command looks at its parts.
pub(crate) async fn looked_at(args: &LeasePlace, trust: &HeadTrustArgs) -> Result<Store, Failure> {
    trusted(place(args.state.as_deref(), &args.dir, args.timeout).await?, trust)
}

fn trusted(place: Place, trust: &HeadTrustArgs) -> Result<Store, Failure> {
    // A variable that is set to nothing names no folder.
    let folder = trust.head_memory.as_deref().filter(|folder| !folder.is_empty());
    let memory = folder.map(|folder| FileStore::open(Path::new(folder))).transpose().map_err(StoreError::of_memory)?;
    if let (Some(memory), Place::Folder(state)) = (&memory, &place)
        && memory.lies_within(state)?
    {
        return Err(Failure::new(
            Meaning::Usage,
            "memory-in-state",
            format!("the folder of --head-memory, {}, lies inside of the state", escape(&memory.location())),
        )
        .because(format!(
            "whoever can put back an older head at {} can put back the memory of it as well",
            escape(&state.location())
        ))
        .help("name a folder outside of the state, out of reach of whoever writes to it: --head-memory DIR"));
    }
    Ok(Trusted::new(place, memory, head_signing::pinned(&trust.head_key)?, RingVerifier))
}

/// Opens the state: what `--state` names, else the folder `.leasehold` at the top of the repository that holds `dir`.
/// `timeout` is for everything that is asked of AWS in this process, the state in S3 included. No head is checked.
pub(crate) async fn place(url: Option<&str>, dir: &Path, timeout: Ttl) -> Result<Place, Failure> {
    let place = match url {
        Some(url) => parse_url(url)
            .map_err(|error| Failure::new(Meaning::Usage, "bad-state-url", error.message).help(error.help))?,
        None => StateUrl::File(default_state(dir)?),
    };
    let store = match place {
        StateUrl::File(folder) => Place::Folder(FileStore::open(&folder)?),
        StateUrl::Bucket(url) => bucket(url, timeout).await?,
    };
    tracing::info!(location = %escape(&store.location()), "state");
    Ok(store)
}

/// The bucket and prefix that a URL names, for what is said about them without asking.
pub(crate) fn state_place(url: &str) -> Result<StatePlace, Failure> {
    match parse_url(url)
        .map_err(|error| Failure::new(Meaning::Usage, "bad-state-url", error.message).help(error.help))?
    {
        StateUrl::Bucket(BucketUrl { bucket, prefix, region, endpoint: _, kms_key_id, bucket_owner: _ }) => {
            Ok(StatePlace { bucket, prefix, region, kms_key_id })
        }
        StateUrl::File(_) => Err(Failure::new(
            Meaning::Usage,
            "state-not-in-s3",
            "a state in a folder has no policies: whoever may write to the folder may write the state",
        )
        .help("name a state in S3: --state s3://bucket/prefix")),
    }
}

async fn bucket(url: BucketUrl, timeout: Ttl) -> Result<Place, Failure> {
    let BucketUrl { bucket, prefix, region, endpoint, kms_key_id, bucket_owner } = url;
    let session = session(region, timeout).await?;
    let settings = BucketSettings { bucket, prefix, endpoint_url: endpoint, kms_key_id, bucket_owner };
    let store = BucketStore::open(&session, settings)?;
    Ok(Place::Bucket(Patient::new(store, SystemClock, STORE_CALL_MAX), session))
}

/// The default state folder. One that git tracks is refused: a pull request could have written what it says.
fn default_state(dir: &Path) -> Result<PathBuf, Failure> {
    let folder = top_of_repository(dir).join(".leasehold");
    if folder.symlink_metadata().is_err() {
        return Ok(folder);
    }
    let tracked = source::tracks(dir, &folder).map_err(|error| {
        Failure::new(Meaning::Failed, "state-unchecked", "it cannot be told whether git tracks the state folder")
            .because(error.message)
            .help(format!("{}; or name a state folder outside of the repository with --state", error.help))
    })?;
    match tracked {
        None => Ok(folder),
        Some(path) => Err(Failure::new(
            Meaning::Failed,
            "state-in-git",
            format!("git tracks `{path}`, which lies in the state folder: whoever commits there would decide what is issued"),
        )
        .help(
            "find out who committed it; take it out of git (`git rm -r --cached .leasehold`, and commit) and remove what came \
             from there, or name a state folder outside of the repository with --state",
        )),
    }
}

/// As git finds it: `..` after a symbolic link leads out of what the link names, not back to where it stands.
fn top_of_repository(dir: &Path) -> PathBuf {
    let absolute = dir.canonicalize().or_else(|_| std::path::absolute(dir)).unwrap_or_else(|_| dir.to_owned());
    let top = absolute.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    top.unwrap_or(absolute)
}

/// What asks STS for credentials, and makes users. Loads the caller's own credentials and settings, unless the state has done
/// so; asks AWS nothing yet.
pub(crate) async fn broker(store: &Store, region: &str, timeout: Ttl) -> Result<(AwsIssuer, AwsWriter), Failure> {
    let session = store.inner().session(region, timeout).await?;
    Ok((AwsIssuer::new(&session), AwsWriter::new(&session)))
}

/// What reads IAM, likewise, in at most so many calls.
pub(crate) async fn reader(
    store: &Store,
    region: &str,
    timeout: Ttl,
    max_calls: Option<u32>,
) -> Result<AwsReader, Failure> {
    Ok(AwsReader::up_to(&store.inner().session(region, timeout).await?, max_calls))
}

pub(super) async fn session(region: Option<String>, timeout: Ttl) -> Result<aws::Session, Failure> {
    let names_region = region.is_some();
    let deadline = Duration::from_secs(timeout.seconds().into());
    let settings = aws::Settings { region, deadline, ..aws::Settings::default() };
    aws::Session::load(settings).await.map_err(|error| {
        let without_region = error.kind == CloudErrorKind::NoRegion && !names_region;
        let failure = Failure::from(error);
        if without_region {
            failure.help(
                "name the bucket's region in the URL of the state, s3://bucket/prefix?region=…, or set AWS_REGION",
            )
        } else {
            failure
        }
    })
}

impl Place {
    /// Whether several machines write to it, over a network, to a service that may only look like S3.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Bucket(..))
    }

    /// The session that reads the state, if AWS holds it.
    pub(super) fn open_session(&self) -> Option<&aws::Session> {
        match self {
            Self::Folder(_) => None,
            Self::Bucket(_, session) => Some(session),
        }
    }

    pub(super) async fn session(&self, region: &str, timeout: Ttl) -> Result<aws::Session, Failure> {
        match self {
            Self::Folder(_) => session(Some(region.to_owned()), timeout).await,
            Self::Bucket(_, session) => session.in_region(region).map_err(Failure::from),
        }
    }
}

impl StateRead for Place {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        match self {
            Self::Folder(store) => store.get(key).await,
            Self::Bucket(store, _) => store.get(key).await,
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Folder(store) => store.list(prefix).await,
            Self::Bucket(store, _) => store.list(prefix).await,
        }
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Folder(store) => store.list_before(prefix, end).await,
            Self::Bucket(store, _) => store.list_before(prefix, end).await,
        }
    }

    fn location(&self) -> String {
        match self {
            Self::Folder(store) => store.location(),
            Self::Bucket(store, _) => store.location(),
        }
    }
}

impl StateStore for Place {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        match self {
            Self::Folder(store) => store.create(key, bytes).await,
            Self::Bucket(store, _) => store.create(key, bytes).await,
        }
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        match self {
            Self::Folder(store) => store.replace(key, expected, bytes).await,
            Self::Bucket(store, _) => store.replace(key, expected, bytes).await,
        }
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        match self {
            Self::Folder(store) => store.remove(key, expected).await,
            Self::Bucket(store, _) => store.remove(key, expected).await,
        }
    }
}
