//! A whole life of a user against the emulator.

use leasehold::aws::AwsWriter;
use leasehold::ports::{Attachment, IamUsers as _, Made, NewUser, Removal, RolePolicies as _};

use super::{DOCUMENT, new};
use crate::emulator::{self, Account, block_on};

/// What the emulator does not have. These kinds are tried with canned answers.
const LACKING: [Attachment; 3] =
    [Attachment::SigningCertificate, Attachment::SshPublicKey, Attachment::ServiceSpecificCredential];

#[test]
fn a_user_lives_and_ends() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        let writer = AwsWriter::new(&account.root().await);
        let iam = account.iam();
        let policy = iam.create_policy().policy_name("P").policy_document(allow()).send().await.expect("made");
        let policy = policy.policy.and_then(|policy| policy.arn).expect("an ARN");
        iam.create_group().group_name("g").send().await.expect("made");
        let user = NewUser { permissions_boundary: Some(policy.clone()), ..new("u") };
        let Made::Now(made) = writer.create_user(&user).await.expect("made") else { panic!("it is new") };
        assert_eq!(made.path, "/leasehold/d/");
        assert_eq!(writer.create_user(&user).await.expect("asked"), Made::Already);
        assert_eq!(writer.user("u").await.expect("asked").expect("there").tags, user.tags);
        writer.put_user_policy("u", "leasehold-policy", allow()).await.expect("put");
        writer.attach_user_policy("u", &policy).await.expect("attached");
        writer.add_user_to_group("u", "g").await.expect("joined");
        let absent = writer.add_user_to_group("u", "user").await.expect_err("there is none");
        assert_eq!(absent.code.as_deref(), Some("NoSuchEntity"));
        let key = writer.create_access_key("u").await.expect("made");
        assert_eq!(writer.try_key(&key).await.expect("it works").arn, made.arn);
        let listed = writer.users("/leasehold/d/").await.expect("listed");
        assert_eq!(listed.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["u"]);
        assert!(writer.users("/leasehold/e/").await.expect("listed").is_empty());
        hang(&account).await;
        assert!(matches!(writer.delete_user("u").await.expect("asked"), Removal::Held(_)));
        assert_eq!(writer.deactivate_access_key("u", &key.access_key_id).await.expect("asked"), Removal::Done);
        let mut taken = Vec::new();
        for kind in LACKING {
            let told =
                writer.attachments("u", kind).await.expect_err("a kind that the emulator has is to be tried here");
            assert_eq!(told.code.as_deref(), Some("InvalidAction"), "{told}");
        }
        let kinds: Vec<Attachment> = Attachment::ALL.into_iter().filter(|kind| !LACKING.contains(kind)).collect();
        for kind in kinds.iter().copied() {
            for id in writer.attachments("u", kind).await.expect("listed") {
                if writer.take_off("u", kind, &id).await.expect("asked") == Removal::Done {
                    taken.push(kind);
                }
            }
        }
        assert_eq!(taken, kinds);
        assert_eq!(writer.delete_user("u").await.expect("asked"), Removal::Done);
        assert_eq!(writer.delete_user("u").await.expect("asked"), Removal::Absent);
        assert_eq!(writer.user("u").await.expect("asked"), None);
        assert!(writer.try_key(&key).await.is_err());
    });
}

#[test]
fn a_role_has_inline_policies() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account();
    block_on(async {
        let writer = AwsWriter::new(&account.root().await);
        let role = account.role_arn("app");
        assert_eq!(writer.role_policies(&role).await.expect("asked"), None);
        let root = format!("arn:aws:iam::{}:root", account.id);
        account.create_role("app", 3_600, &Account::trust(&root, r#""sts:AssumeRole""#, "{}")).await;
        assert_eq!(writer.role_policies(&role).await.expect("asked"), Some(Vec::new()));
        writer.put_role_policy(&role, "leasehold-deny-x", DOCUMENT).await.expect("put");
        assert_eq!(writer.role_policies(&role).await.expect("asked"), Some(vec!["leasehold-deny-x".to_owned()]));
        let text = writer.role_policy(&role, "leasehold-deny-x").await.expect("asked").expect("there");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read, serde_json::from_str::<serde_json::Value>(DOCUMENT).expect("JSON"));
        assert_eq!(writer.delete_role_policy(&role, "leasehold-deny-x").await.expect("asked"), Removal::Done);
        assert_eq!(writer.delete_role_policy(&role, "leasehold-deny-x").await.expect("asked"), Removal::Absent);
        assert_eq!(writer.role_policy(&role, "leasehold-deny-x").await.expect("asked"), None);
    });
}

fn allow() -> &'static str {
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}"#
}

/// Hangs on the user what leasehold never would.
async fn hang(account: &Account) {
    let iam = account.iam();
    iam.create_login_profile().user_name("u").password("aA1!aA1!aA1!").send().await.expect("a login profile");
    let device = iam.create_virtual_mfa_device().virtual_mfa_device_name("u").send().await.expect("a device");
    let serial_number = device.virtual_mfa_device.expect("it is told").serial_number;
    let enable = iam.enable_mfa_device().user_name("u").serial_number(serial_number);
    enable.authentication_code1("123456").authentication_code2("654321").send().await.expect("enabled");
}
