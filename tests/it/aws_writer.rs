//! What writing to IAM comes to: AWS's answers and refusals over loopback HTTP, and a whole life against the emulator.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use leasehold::aws::AwsWriter;
use leasehold::domain::ident::RoleArn;
use leasehold::domain::least_privilege::{CALLS, Task};
use leasehold::domain::secret::Credentials;
use leasehold::ports::{
    Attachment, CloudError, CloudErrorKind, IamUsers as _, Made, NewUser, Removal, RolePolicies as _,
};
use leasehold::testing::CANARY_SECRET;

use crate::aws_faults::session;
use crate::emulator::{block_on, keys};
use crate::fault_server::{ACCOUNT, FaultServer, Reply, Request, error, identity};
use crate::iam_answers::{answer, attached, decoded, encoded, group, page, user};

mod life;

const POLICY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const DEVICE: &str = "arn:aws:iam::111122223333:mfa/u";
const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

async fn writer(server: &FaultServer) -> AwsWriter {
    AwsWriter::new(&session(&server.endpoint, Duration::from_secs(30), 4).await)
}

fn new(name: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        path: "/leasehold/d/".to_owned(),
        tags: BTreeMap::from([("leasehold:lease".to_owned(), "x".to_owned())]),
        permissions_boundary: Some(POLICY.to_owned()),
    }
}

fn role() -> RoleArn {
    RoleArn::parse(&format!("arn:aws:iam::{ACCOUNT}:role/app")).expect("a role")
}

fn access_key(user: &str, secret: &str) -> String {
    format!(
        "<AccessKey><UserName>{user}</UserName><AccessKeyId>AKIAEXAMPLE000000001</AccessKeyId><Status>Active</Status>\
         <SecretAccessKey>{secret}</SecretAccessKey><CreateDate>2026-01-01T00:00:00Z</CreateDate></AccessKey>"
    )
}

/// Two things of each kind, in pages of one.
fn listed(request: &Request) -> Reply {
    let action = request.action();
    let two = |one: &dyn Fn(&str) -> String| [one("1"), one("2")].to_vec();
    let dated = "<CreateDate>2026-01-01T00:00:00Z</CreateDate><UploadDate>2026-01-01T00:00:00Z</UploadDate>";
    let members = match action {
        "ListUsers" => two(&|n| user(ACCOUNT, &format!("u{n}"), "").replace("<User>", "").replace("</User>", "")),
        "ListAccessKeys" => two(&|n| format!("<UserName>u</UserName><AccessKeyId>AKIA{n}</AccessKeyId>{dated}")),
        "ListSigningCertificates" => two(&|n| {
            format!(
                "<UserName>u</UserName><CertificateId>CERT{n}</CertificateId><CertificateBody>x</CertificateBody>\
                 <Status>Active</Status>{dated}"
            )
        }),
        "ListSSHPublicKeys" => two(&|n| {
            format!("<UserName>u</UserName><SSHPublicKeyId>APKA{n}</SSHPublicKeyId><Status>Active</Status>{dated}")
        }),
        "ListServiceSpecificCredentials" => two(&|n| {
            format!(
                "<UserName>u</UserName><ServiceSpecificCredentialId>ACCA{n}</ServiceSpecificCredentialId>\
                 <Status>Active</Status><ServiceName>s</ServiceName>{dated}"
            )
        }),
        "ListMFADevices" => two(&|n| {
            format!(
                "<UserName>u</UserName><SerialNumber>{DEVICE}{n}</SerialNumber><EnableDate>2026-01-01T00:00:00Z</EnableDate>"
            )
        }),
        "ListGroupsForUser" => two(&|n| group(ACCOUNT, &format!("g{n}"))),
        "ListAttachedUserPolicies" => two(&|n| attached(&format!("arn:aws:iam::aws:policy/P{n}"))),
        _ => two(&|n| format!("p{n}")),
    };
    page(action, &members, &decoded(request.field("Marker")), 1)
}

/// What AWS answers when all goes well.
fn fine(request: &Request) -> Reply {
    let action = request.action();
    let name = decoded(request.field("UserName"));
    match action {
        "GetCallerIdentity" => Reply::Answer(200, identity()),
        "CreateUser" | "GetUser" => answer(action, &user(ACCOUNT, &name, "")),
        "CreateAccessKey" => answer(action, &access_key(&name, CANARY_SECRET)),
        "GetRolePolicy" => answer(
            action,
            &format!(
                "<RoleName>app</RoleName><PolicyName>p</PolicyName><PolicyDocument>{}</PolicyDocument>",
                encoded(DOCUMENT)
            ),
        ),
        action if action.starts_with("List") => listed(request),
        _ => Reply::Answer(200, format!("<{action}Response><ResponseMetadata/></{action}Response>")),
    }
}

fn actions(server: &FaultServer) -> Vec<String> {
    server.seen().iter().map(|request| request.action().to_owned()).collect()
}

/// Answers the first call of an operation so, and everything else well.
fn first(action: &'static str, reply: fn() -> Reply) -> FaultServer {
    let done = std::sync::atomic::AtomicBool::new(false);
    FaultServer::start(move |request| {
        let is_first = request.action() == action && !done.swap(true, std::sync::atomic::Ordering::SeqCst);
        if is_first { reply() } else { fine(request) }
    })
}

/// Answers every call so.
fn always(status: u16, code: &'static str, text: &'static str) -> FaultServer {
    FaultServer::start(move |_| error(status, code, text))
}

fn refusal<T>(told: Result<T, CloudError>) -> CloudError {
    told.err().expect("a refusal")
}

#[test]
fn all_that_is_called_is_granted_and_all_that_is_granted_is_called() {
    let server = FaultServer::start(fine);
    block_on(async {
        let writer = writer(&server).await;
        assert!(matches!(writer.create_user(&new("u")).await.expect("made"), Made::Now(_)));
        assert!(writer.user("u").await.expect("asked").is_some());
        writer.users("/").await.expect("listed");
        writer.put_user_policy("u", "p", DOCUMENT).await.expect("put");
        writer.attach_user_policy("u", POLICY).await.expect("attached");
        writer.add_user_to_group("u", "g").await.expect("joined");
        let key = writer.create_access_key("u").await.expect("made");
        writer.try_key(&key).await.expect("it works");
        writer.deactivate_access_key("u", "AKIA1").await.expect("asked");
        for kind in Attachment::ALL {
            let all = writer.attachments("u", kind).await.expect("listed");
            assert_eq!(all.len(), if kind == Attachment::LoginProfile { 1 } else { 2 }, "pages of one: {kind:?}");
            assert_eq!(writer.take_off("u", kind, &all[0]).await.expect("asked"), Removal::Done);
        }
        assert_eq!(writer.delete_user("u").await.expect("asked"), Removal::Done);
        let names = writer.role_policies(&role()).await.expect("listed");
        assert_eq!(names, Some(vec!["p1".to_owned(), "p2".to_owned()]));
        assert_eq!(writer.role_policy(&role(), "p").await.expect("read").as_deref(), Some(DOCUMENT));
        writer.put_role_policy(&role(), "p", DOCUMENT).await.expect("put");
        assert_eq!(writer.delete_role_policy(&role(), "p").await.expect("asked"), Removal::Done);
        assert_eq!(writer.calls() as usize, server.seen().len());
    });
    let called: BTreeSet<String> = actions(&server)
        .into_iter()
        .map(|action| format!("{}:{action}", if action == "GetCallerIdentity" { "sts" } else { "iam" }))
        .collect();
    let writes = |task: Task| {
        matches!(
            task,
            Task::Issue(leasehold::domain::credential::CredentialType::IamUser)
                | Task::AttachPolicies
                | Task::JoinGroups
                | Task::FindUsers
                | Task::EndUser
                | Task::DenySessions
                | Task::ClearSessionDenies
                | Task::Identify
        )
    };
    let granted = CALLS.iter().filter(|call| writes(call.task)).map(|call| call.action.to_owned());
    // Tags that a user is made with are a permission of their own, and no call.
    let granted: BTreeSet<String> = granted.filter(|action| action != "iam:TagUser").collect();
    assert_eq!(called, granted);
}

#[test]
fn a_user_is_made_in_one_call_and_is_the_one_that_was_asked_for() {
    let server = FaultServer::start(fine);
    block_on(async {
        let writer = writer(&server).await;
        let Made::Now(made) = writer.create_user(&new("u")).await.expect("made") else { panic!("it is new") };
        assert_eq!((made.name.as_str(), made.user_id.as_str()), ("u", "AIDAu"));
    });
    let seen = server.seen();
    let field = |name: &str| decoded(seen[0].field(name));
    assert_eq!(field("Path"), "/leasehold/d/");
    assert_eq!(field("PermissionsBoundary"), POLICY);
    assert_eq!(
        (field("Tags.member.1.Key"), field("Tags.member.1.Value")),
        ("leasehold:lease".to_owned(), "x".to_owned())
    );
    for (from, to) in [
        ("<UserName>u<", "<UserName>v<"),
        ("<UserId>AIDAu<", "<UserId><"),
        ("<Arn>arn:", "<Arn>"),
        ("<Path>/<", "<Path><"),
        ("2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ] {
        let server = FaultServer::start(move |_| answer("GetUser", &user(ACCOUNT, "u", "").replace(from, to)));
        let told = block_on(async { writer(&server).await.user("u").await });
        assert_eq!(refusal(told).kind, CloudErrorKind::Malformed, "{from} -> {to}");
    }
}

#[test]
fn users_of_other_paths_are_not_told_of() {
    let server = FaultServer::start(|request| {
        let at = |name: &str, path: &str| {
            user(ACCOUNT, name, "")
                .replace("<User>", "")
                .replace("</User>", "")
                .replace("<Path>/<", &format!("<Path>{path}<"))
        };
        page("ListUsers", &[at("ours", "/leasehold/d/"), at("theirs", "/")], &decoded(request.field("Marker")), 1)
    });
    let listed = block_on(async { writer(&server).await.users("/leasehold/d/").await.expect("listed") });
    assert_eq!(listed.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ours"]);
    assert_eq!(decoded(server.seen()[0].field("PathPrefix")), "/leasehold/d/");
}

#[test]
fn what_was_lost_is_asked_again_except_a_key() {
    let exists = |request: &Request| match request.number {
        0 => Reply::Reset,
        _ => error(409, "EntityAlreadyExists", "User with name u already exists."),
    };
    let server = FaultServer::start(exists);
    let made = block_on(async { writer(&server).await.create_user(&new("u")).await });
    assert_eq!(made.expect("the first attempt may be ours"), Made::Already);

    // The first may have made the user: a quota or a missing boundary says nothing about that.
    for code in ["LimitExceeded", "NoSuchEntity", "AccessDenied"] {
        let server = FaultServer::start(move |request| match request.number {
            0 => Reply::Reset,
            _ => error(409, code, "no"),
        });
        let made = block_on(async { writer(&server).await.create_user(&new("u")).await });
        assert!(refusal(made).kind.may_have_acted(), "{code}");
    }

    let server = FaultServer::start(|request| match request.number {
        0 => Reply::Reset,
        _ => error(404, "NoSuchEntity", "gone"),
    });
    let gone = block_on(async { writer(&server).await.delete_user("u").await });
    assert_eq!(gone.expect("that is an answer"), Removal::Absent);

    for reply in [|| Reply::Reset, || error(500, "ServiceFailure", "sorry"), || Reply::Half(200, "x".repeat(50))] {
        let server = first("CreateAccessKey", reply);
        let told = block_on(async { writer(&server).await.create_access_key("u").await });
        assert!(refusal(told).kind.may_have_acted());
        assert_eq!(actions(&server), ["CreateAccessKey"], "never a second key");
    }
    let server = first("CreateAccessKey", || error(400, "Throttling", "Rate exceeded"));
    block_on(async {
        writer(&server).await.create_access_key("u").await.expect("refused without effect, asked again")
    });
}

#[test]
fn a_user_that_is_not_known_yet_is_asked_for_again_and_an_absent_policy_is_not() {
    let unknown = || error(404, "NoSuchEntity", "The user with name u cannot be found.");
    for action in ["PutUserPolicy", "AttachUserPolicy", "AddUserToGroup", "CreateAccessKey"] {
        let server = first(action, unknown);
        block_on(async {
            let writer = writer(&server).await;
            match action {
                "PutUserPolicy" => writer.put_user_policy("u", "p", DOCUMENT).await,
                "AttachUserPolicy" => writer.attach_user_policy("u", POLICY).await,
                "AddUserToGroup" => writer.add_user_to_group("u", "g").await,
                _ => writer.create_access_key("u").await.map(drop),
            }
            .expect("known the second time");
        });
        assert_eq!(actions(&server), [action, action]);
    }
    let server = always(
        404,
        "NoSuchEntity",
        "Policy arn:aws:iam::aws:policy/ReadOnlyAccess does not exist or is not attachable.",
    );
    let told = block_on(async { writer(&server).await.attach_user_policy("u", POLICY).await });
    assert_eq!(refusal(told).code.as_deref(), Some("NoSuchEntity"));
    assert_eq!(server.seen().len(), 1);
    // The session's time limit ends the patience too.
    let server = always(404, "NoSuchEntity", "The user with name u cannot be found.");
    let began = Instant::now();
    let told = block_on(async {
        let session = session(&server.endpoint, Duration::from_secs(1), 4).await;
        AwsWriter::new(&session).put_user_policy("u", "p", DOCUMENT).await
    });
    assert_eq!(refusal(told).code.as_deref(), Some("NoSuchEntity"));
    assert!(server.seen().len() > 1 && began.elapsed() < Duration::from_secs(3));
}

#[test]
fn refusals_have_their_meaning() {
    block_on(async {
        let server = always(409, "DeleteConflict", "Cannot delete entity, must delete access keys first.");
        let held = writer(&server).await.delete_user("u").await.expect("an answer");
        assert_eq!(held, Removal::Held("Cannot delete entity, must delete access keys first.".to_owned()));
        let server = always(404, "NoSuchEntity", "gone");
        let writer = writer(&server).await;
        assert_eq!(writer.user("u").await.expect("an answer"), None);
        assert_eq!(writer.deactivate_access_key("u", "AKIA1").await.expect("an answer"), Removal::Absent);
        for kind in Attachment::ALL {
            let all = writer.attachments("u", kind).await.expect("an answer");
            assert_eq!(all.is_empty(), kind != Attachment::LoginProfile);
            assert_eq!(writer.take_off("u", kind, DEVICE).await.expect("an answer"), Removal::Absent);
        }
        assert_eq!(writer.role_policies(&role()).await.expect("an answer"), None);
        assert_eq!(writer.role_policy(&role(), "p").await.expect("an answer"), None);
        assert_eq!(writer.delete_role_policy(&role(), "p").await.expect("an answer"), Removal::Absent);
    });
    let server = always(409, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000");
    let told = block_on(async { writer(&server).await.create_user(&new("u")).await });
    assert_eq!((refusal(told).kind, server.seen().len()), (CloudErrorKind::Refused, 1), "a quota is no throttle");
    let server = first("PutUserPolicy", || error(409, "ConcurrentModification", "somebody else writes"));
    block_on(async { writer(&server).await.put_user_policy("u", "p", DOCUMENT).await.expect("asked again") });
    let server = always(403, "AccessDenied", "not authorized");
    block_on(async {
        let writer = writer(&server).await;
        for kind in Attachment::ALL.into_iter().filter(|kind| *kind != Attachment::LoginProfile) {
            let told = writer.attachments("u", kind).await;
            assert_eq!(refusal(told).kind, CloudErrorKind::AccessDenied, "unknown is never absent: {kind:?}");
        }
        assert_eq!(refusal(writer.users("/").await).kind, CloudErrorKind::AccessDenied);
        assert_eq!(refusal(writer.delete_user("u").await).kind, CloudErrorKind::AccessDenied);
    });
}

#[test]
fn a_list_that_does_not_say_its_end_is_no_list() {
    let cut = |request: &Request| {
        let Reply::Answer(status, body) = listed(request) else { panic!("a page") };
        Reply::Answer(status, body.replace("<Marker>1</Marker>", ""))
    };
    let server = FaultServer::start(cut);
    block_on(async {
        let writer = writer(&server).await;
        for kind in Attachment::ALL.into_iter().filter(|kind| *kind != Attachment::LoginProfile) {
            let told = writer.attachments("u", kind).await;
            assert_eq!(refusal(told).kind, CloudErrorKind::Malformed, "{kind:?}");
        }
        assert_eq!(refusal(writer.users("/").await).kind, CloudErrorKind::Malformed);
        assert_eq!(refusal(writer.role_policies(&role()).await).kind, CloudErrorKind::Malformed);
    });
    // The one list that had no pages for years may come without a word about them.
    let silent = |request: &Request| {
        let Reply::Answer(status, body) = listed(request) else { panic!("a page") };
        let body = body.replace("<IsTruncated>true</IsTruncated><Marker>1</Marker>", "");
        Reply::Answer(status, body)
    };
    let server = FaultServer::start(silent);
    block_on(async {
        let writer = writer(&server).await;
        let all = writer.attachments("u", Attachment::ServiceSpecificCredential).await.expect("listed");
        assert_eq!(all, ["ACCA1"]);
        assert_eq!(refusal(writer.attachments("u", Attachment::AccessKey).await).kind, CloudErrorKind::Malformed);
    });
}

#[test]
fn a_virtual_device_is_deleted_and_others_are_only_taken_off() {
    for (serial_number, expected) in [
        (DEVICE, &["DeactivateMFADevice", "DeleteVirtualMFADevice"][..]),
        ("GAHT12345678", &["DeactivateMFADevice"][..]),
        ("arn:aws:iam::111122223333:u2f/user/u/x", &["DeactivateMFADevice"][..]),
    ] {
        let server = FaultServer::start(fine);
        let off = block_on(async { writer(&server).await.take_off("u", Attachment::MfaDevice, serial_number).await });
        assert_eq!(off.expect("asked"), Removal::Done);
        assert_eq!(actions(&server), expected);
    }
    for (status, code) in [(404, "NoSuchEntity"), (409, "DeleteConflict")] {
        let server = FaultServer::start(move |request| match request.action() {
            "DeleteVirtualMFADevice" => error(status, code, "no"),
            _ => fine(request),
        });
        let off = block_on(async { writer(&server).await.take_off("u", Attachment::MfaDevice, DEVICE).await });
        assert_eq!(off.expect("it is off the user"), Removal::Done);
    }
}

#[test]
fn a_key_is_tried_once_with_itself() {
    let server = always(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    let tried = block_on(async {
        let key: Credentials = keys("AKIANEWKEY0000000001", "its-own-secret");
        writer(&server).await.try_key(&key).await
    });
    assert_eq!(refusal(tried).kind, CloudErrorKind::InvalidCredentials);
    let server = always(503, "ServiceUnavailable", "sorry");
    let tried =
        block_on(async { writer(&server).await.try_key(&keys("AKIANEWKEY0000000001", "its-own-secret")).await });
    assert_eq!(refusal(tried).kind, CloudErrorKind::ServiceFault);
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].key.as_str()), (1, "AKIANEWKEY0000000001"));
}

#[test]
fn no_error_tells_a_secret() {
    for (from, to) in [
        ("AKIAEXAMPLE000000001", "bad id"),
        ("<UserName>u<", "<UserName>v<"),
        ("</CreateAccessKeyResponse>", ""),
        ("</SecretAccessKey>", "&#10;</SecretAccessKey>"),
        ("<AccessKey>", "<AccessKey><AccessKey>"),
        ("2026-01-01T00:00:00Z", "never"),
    ] {
        let server = FaultServer::start(move |request| {
            let Reply::Answer(status, body) = fine(request) else { panic!("an answer") };
            Reply::Answer(status, body.replace(from, to))
        });
        let told = block_on(async { writer(&server).await.create_access_key("u").await });
        let error = refusal(told);
        assert_eq!(error.kind, CloudErrorKind::Malformed, "{from} -> {to}: {error}");
        assert!(error.kind.may_have_acted());
        assert!(!format!("{error:?} {error}").contains(CANARY_SECRET), "{from} -> {to}");
    }
}

#[test]
fn a_ceiling_holds_the_pace() {
    let server = FaultServer::start(fine);
    let took = block_on(async {
        let session = session(&server.endpoint, Duration::from_secs(30), 4).await;
        let writer = AwsWriter::at_most(&session, NonZeroU32::new(5));
        let began = Instant::now();
        for _ in 0..10 {
            writer.user("u").await.expect("asked");
        }
        began.elapsed()
    });
    assert!(took >= Duration::from_millis(900), "five at once, and five more in a second: {took:?}");
}
