use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use leasehold::app::{self, AppError, Failure, Meaning, PolicyOf, judge_offline, validate};
use leasehold::domain::desired::Desired;
use leasehold::domain::ident::{BrokerPrincipal, RoleArn};
use leasehold::domain::text::escape;
use leasehold::output::count;
use leasehold::ports::Clock as _;
use leasehold::wire::manifest_v1;
use leasehold::wire::scaffold::{Ci, NewFile, PLACEHOLDER_ACCOUNT, Scaffold};

use super::plan::quoted;
use super::state;
use crate::args::{InitArgs, InitCi};
use crate::exit;
use crate::system::SystemClock;
use crate::terminal::print;
use crate::wire_up;

const GITIGNORE: &str = ".gitignore";
const IGNORED: &str = "/.leasehold/";

/// Files that a message names at most.
const SHOWN: usize = 10;

pub(crate) async fn run(args: &InitArgs) -> Result<u8, AppError> {
    let dir = resolved(&args.dir)?;
    let top = dir.ancestors().find(|folder| folder.join(".git").exists());
    let is_repository = top.is_some();
    let top = top.unwrap_or(&dir);
    let folder = slashed(dir.strip_prefix(top).unwrap_or(Path::new("")))?;

    let principal = args.principal.clone().map_or_else(placeholder_principal, Ok)?;
    let role_arn = args.role_arn.clone().map_or_else(|| placeholder_role(&principal), Ok)?;
    let region = region(args, &principal)?;
    let scaffold = Scaffold {
        deployment: &args.deployment,
        principal: &principal,
        region,
        role: &args.role,
        role_arn: &role_arn,
        folder: &folder,
        ci: match args.ci {
            InitCi::None => None,
            InitCi::Github => Some(Ci::Github),
            InitCi::Gitlab => Some(Ci::Gitlab),
        },
        branch: &args.branch,
    };
    let desired = must_be_sound(&scaffold)?;
    let policies = policies(&desired, &scaffold)?;

    let mut files = scaffold.manifests();
    files.push(NewFile {
        path: if folder.is_empty() { SCHEMA.to_owned() } else { format!("{folder}/{SCHEMA}") },
        text: format!("{:#}\n", manifest_v1::schema()),
    });
    files.extend(scaffold.workflows());
    let ignored = std::fs::read_to_string(top.join(GITIGNORE));
    if ignored.is_err() {
        files.push(NewFile { path: GITIGNORE.to_owned(), text: format!("{IGNORED}\n") });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    refuse_existing(top, &dir, &files)?;
    if let Some(url) = &args.state {
        // Before anything is written: a store that cannot hold a state is better known now than at the first apply.
        state::check(Some(url), &dir, args.timeout).await?;
    }
    write_all(top, &files).map_err(|(path, error)| {
        Failure::new(Meaning::Failed, "init-not-written", format!("{} could not be written", shown(&path)))
            .because(error.to_string())
            .help("nothing was left behind; mend what stands in the way, and run it again")
    })?;

    let to_ignore = ignored.is_ok_and(|text| !text.lines().any(|line| line.trim().trim_matches('/') == ".leasehold"));
    let next = Next { scaffold: &scaffold, args, top, files: &files, policies: &policies, is_repository, to_ignore };
    print(|out| next.write(out))?;
    Ok(exit::FINE)
}

const SCHEMA: &str = ".leasehold.schema.json";

/// The folder with every part that is there resolved, so that its repository is the one it really lies in.
fn resolved(dir: &Path) -> Result<PathBuf, Failure> {
    let unusable = |cause: String| {
        Failure::new(Meaning::Failed, "init-folder", format!("{} cannot be used as a folder", shown(dir)))
            .because(cause)
    };
    let absolute = std::path::absolute(dir).map_err(|error| unusable(error.to_string()))?;
    let there = absolute.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(Path::new("/"));
    let missing = absolute.strip_prefix(there).unwrap_or(Path::new(""));
    if missing.components().any(|part| matches!(part, Component::ParentDir)) {
        return Err(unusable("it leads through a folder that is not there".to_owned()));
    }
    let there = there.canonicalize().map_err(|error| unusable(error.to_string()))?;
    if !there.is_dir() {
        return Err(unusable(format!("{} is not a folder", shown(&there))));
    }
    Ok(if missing.as_os_str().is_empty() { there } else { there.join(missing) })
}

fn slashed(folder: &Path) -> Result<String, Failure> {
    let parts: Option<Vec<&str>> = folder.iter().map(|part| part.to_str()).collect();
    let parts =
        parts.filter(|parts| !parts.iter().any(|part| part.starts_with('.') || part.chars().any(char::is_control)));
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        Failure::new(
            Meaning::Usage,
            "init-folder",
            format!("{} is no folder for manifests: a part of it is hidden, or is not plain text", shown(folder)),
        )
        .help("name a folder such as `credentials`; names that begin with a dot are never read")
    })
}

fn placeholder_principal() -> Result<BrokerPrincipal, Failure> {
    BrokerPrincipal::parse(&format!("arn:aws:iam::{PLACEHOLDER_ACCOUNT}:role/VaultRunner"))
        .map_err(|error| fault(&error.0))
}

fn placeholder_role(principal: &BrokerPrincipal) -> Result<RoleArn, Failure> {
    let (partition, account) = (principal.partition(), principal.account());
    RoleArn::parse(&format!("arn:{partition}:iam::{account}:role/ProdAppReadOnly")).map_err(|error| fault(&error.0))
}

fn fault(cause: &str) -> Failure {
    Failure::new(Meaning::Failed, "init-placeholder", "a placeholder could not be made").because(cause)
}

fn region<'a>(args: &'a InitArgs, principal: &BrokerPrincipal) -> Result<&'a str, Failure> {
    if let Some(region) = &args.region {
        return Ok(region);
    }
    match principal.partition() {
        "aws" => Ok("us-east-1"),
        "aws-cn" => Ok("cn-north-1"),
        "aws-us-gov" => Ok("us-gov-west-1"),
        other => Err(Failure::new(
            Meaning::Usage,
            "no-region",
            format!("no region of the partition `{other}` is known here"),
        )
        .help("say which with --region")),
    }
}

/// What is written must pass `validate`; where the options contradict each other, nothing is.
fn must_be_sound(scaffold: &Scaffold<'_>) -> Result<Desired, AppError> {
    let files = scaffold.manifests().into_iter();
    let files = files.map(|NewFile { path, text }| Arc::new(leasehold::domain::span::SourceFile { path, text }));
    let set = wire_up::set_of(files.collect());
    let desired = validate(&set)?;
    let findings = judge_offline(&desired, SystemClock.now());
    let Some(first) = findings.iter().find(|finding| finding.blocks()) else { return Ok(desired) };
    let failure = Failure::new(
        Meaning::Usage,
        "init-contradicts",
        "what these options say would not pass `validate`, and nothing was written",
    );
    Err(failure.because(format!("{} {}: {}", first.code, first.rule, first.message)).help(first.remedy.clone()).into())
}

/// What AWS must allow, as `policy` prints it, and whose it is.
fn policies(desired: &Desired, scaffold: &Scaffold<'_>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for (of, whose) in [
        (PolicyOf::Trust(scaffold.role.as_str()), format!("Trust policy of {}", scaffold.role_arn)),
        (PolicyOf::Broker, format!("Identity policy of the broker, {}", scaffold.principal)),
        (PolicyOf::Reader, "Identity policy of whoever plans and applies".to_owned()),
    ] {
        let policies = app::policy(desired, of, None)?.policies;
        all.extend(policies.iter().map(|policy| (whose.clone(), policy.document.to_json())));
    }
    Ok(all)
}

/// Nothing that is there is ever written over, and nothing is written beside manifests that are there.
fn refuse_existing(top: &Path, dir: &Path, files: &[NewFile]) -> Result<(), Failure> {
    let mut there: Vec<String> = Vec::new();
    for NewFile { path, text: _ } in files {
        let whole = top.join(path);
        let blocked = whole
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != top)
            .find(|folder| folder.symlink_metadata().is_ok_and(|found| !found.is_dir()));
        match blocked {
            Some(blocked) => {
                there.push(format!("{} (not a folder)", shown(blocked.strip_prefix(top).unwrap_or(blocked))));
            }
            None if whole.symlink_metadata().is_ok() => there.push(escape(path).into_owned()),
            None => {}
        }
    }
    if !there.is_empty() {
        there.dedup();
        return Err(Failure::new(
            Meaning::Failed,
            "init-exists",
            format!(
                "{} already there, and nothing was written",
                match there.len() {
                    1 => "one of the files is".to_owned(),
                    n => format!("{n} of the files are"),
                }
            ),
        )
        .because(named(&there))
        .help("move them away, or name another folder: leasehold init DIR"));
    }
    let manifests = if dir.is_dir() { wire_up::manifest_paths(dir)? } else { Vec::new() };
    if manifests.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::Failed,
        "init-not-empty",
        format!(
            "{} holds {} already, and every YAML file in the folder of the manifests is read as one",
            shown(dir),
            count(manifests.len() as u64, "YAML file")
        ),
    )
    .because(named(&manifests))
    .help("give the manifests a folder of their own: leasehold init credentials"))
}

fn named(paths: &[String]) -> String {
    let more = if paths.len() > SHOWN { format!(", and {} more", paths.len() - SHOWN) } else { String::new() };
    let first: Vec<_> = paths.iter().take(SHOWN).map(|path| escape(path)).collect();
    format!("{}{more}", first.join(", "))
}

/// Writes every file, or none: what was made is taken away again when one cannot be.
fn write_all(top: &Path, files: &[NewFile]) -> Result<(), (PathBuf, io::Error)> {
    let mut made = Vec::new();
    for NewFile { path, text } in files {
        let path = top.join(path);
        if let Err(error) = write(&path, text, &mut made) {
            for path in made.iter().rev() {
                // What stopped it is what is told.
                let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
            }
            return Err((path, error));
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing = path.ancestors().skip(1).take_while(|folder| !folder.exists());
    let missing: Vec<&Path> = missing.collect();
    for folder in missing.into_iter().rev() {
        DirBuilder::new().create(folder)?;
        made.push(folder.to_owned());
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    made.push(path.to_owned());
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What was written, and what is left to do.
struct Next<'a> {
    scaffold: &'a Scaffold<'a>,
    args: &'a InitArgs,
    top: &'a Path,
    files: &'a [NewFile],
    policies: &'a [(String, String)],
    is_repository: bool,
    to_ignore: bool,
}

impl Next<'_> {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { scaffold, args, top, files, policies, is_repository, to_ignore } = self;
        writeln!(out, "Wrote {} in {}:", count(files.len() as u64, "file"), shown(top))?;
        for file in *files {
            writeln!(out, "  {}", escape(&file.path))?;
        }
        let placeholders = [
            (args.principal.is_none(), format!("the broker {}", scaffold.principal)),
            (args.region.is_none(), format!("the region {}", scaffold.region)),
            (args.role_arn.is_none(), format!("the target {}", scaffold.role_arn)),
        ];
        let placeholders: Vec<_> = placeholders.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
        if !placeholders.is_empty() {
            writeln!(out, "\nPlaceholders, to be replaced in the manifests before a plan can say anything true:")?;
            for what in placeholders {
                writeln!(out, "  {what}")?;
            }
        }
        writeln!(out, "\nWhat AWS must allow:")?;
        for (whose, policy) in *policies {
            writeln!(out, "\n  {whose}:")?;
            for line in policy.lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out, "\nNext:")?;
        if *to_ignore {
            writeln!(out, "  echo '{IGNORED}' >> {}", quoted(&top.join(GITIGNORE).to_string_lossy()))?;
        }
        if !is_repository {
            writeln!(out, "  git init {}", quoted(&top.to_string_lossy()))?;
        }
        if let Some(url) = &args.state {
            writeln!(out, "  export LEASEHOLD_STATE={}", quoted(url))?;
        }
        let dir = match args.dir == Path::new(".") {
            true => String::new(),
            false => format!(" --dir {}", quoted(&args.dir.to_string_lossy())),
        };
        writeln!(out, "  leasehold validate{dir}")?;
        let place = quoted(&top.to_string_lossy());
        writeln!(
            out,
            "  git -C {place} add . && git -C {place} commit -m {}",
            quoted(&format!("Declare {}", scaffold.role))
        )?;
        writeln!(out, "  leasehold plan{dir}")?;
        match scaffold.ci {
            None => Ok(()),
            Some(Ci::Github) => writeln!(
                out,
                "\nThe top of each .github/workflows/leasehold*.yaml says what the workflow needs before it runs."
            ),
            Some(Ci::Gitlab) => writeln!(
                out,
                "\nAdd to .gitlab-ci.yml: `include: [{{local: /.gitlab/leasehold.yml}}, {{local: /.gitlab/leasehold-sweep.yml}}]`. The top of each says \
                 what the jobs need before they run."
            ),
        }
    }
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}
