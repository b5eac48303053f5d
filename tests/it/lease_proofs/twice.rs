//! Every action of a teardown made twice, and every teardown made twice: the same end. Lists in pages of one are
//! `aws_writer`'s.

use jiff::SignedDuration;
use leasehold::domain::lease::{Ending, LeaseState};
use leasehold::ports::Attachment;

use super::account::Account;
use super::{applied, full_role, leases};
use crate::scene::sweeping;

/// One thing of each kind that somebody else may have hung on a user of ours.
const MORE: [(Attachment, &str); 8] = [
    (Attachment::AccessKey, "AKIAOTHER00000000001"),
    (Attachment::LoginProfile, ""),
    (Attachment::SigningCertificate, "CERT1"),
    (Attachment::SshPublicKey, "APKA1"),
    (Attachment::ServiceSpecificCredential, "ACCA1"),
    (Attachment::MfaDevice, "arn:aws:iam::111122223333:mfa/u"),
    (Attachment::InlinePolicy, "other"),
    (Attachment::ManagedPolicy, "arn:aws:iam::aws:policy/Other"),
];

#[test]
fn a_teardown_made_twice_has_the_same_end() {
    let mut ends = Vec::new();
    for (twice, more) in [(false, false), (true, false), (false, true), (true, true)] {
        let (scene, store) = applied(&full_role());
        let issued = scene.issue(&store, "deployer").expect("issued").lease;
        let name = &issued.request.user.as_ref().expect("a user").name;
        for (kind, id) in MORE.iter().filter(|_| more) {
            assert!(scene.cloud.hang(name, *kind, id), "{kind:?}");
        }
        let mut account = Account::new(&scene);
        account.twice = twice;
        for minutes in [61, 6] {
            scene.clock.advance(SignedDuration::from_mins(minutes));
            let before = store.objects();
            let swept = account.sweep(&store, sweeping()).expect("swept");
            assert!(swept.failed.is_empty() && swept.due == 1, "twice {twice}, more {more}: {swept:?}");
            if twice {
                // The same sweep by another process that read the store before this one wrote.
                let late = leasehold::testing::MemoryStore::new();
                for (key, bytes) in before {
                    late.tamper(&key, Some(bytes));
                }
                let again = account.sweep(&late, sweeping()).expect("swept");
                assert!(again.failed.is_empty(), "{again:?}");
            }
        }
        assert!(scene.cloud.live_users().is_empty());
        assert!(scene.cloud.devices().is_empty(), "a virtual device outlived its user");
        ends.push(leases(&store)[name].state.clone());
    }
    assert_eq!(ends, vec![LeaseState::Ended(Ending::Removed); 4]);
}
