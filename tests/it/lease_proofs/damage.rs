//! Every byte of what a sweep, a revoke and an issue believe, flipped; and a head that was put back from an older copy.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::SignedDuration;
use leasehold::app::{HEAD_KEY, RevokeRequest, Selection, SweepRequest, Trusted, read_head};
use leasehold::domain::record::Head;
use leasehold::domain::secret::Secret;
use leasehold::domain::signed_head::HeadSignature;
use leasehold::ports::HeadSigner as _;
use leasehold::state::{FileKey, RingVerifier};
use leasehold::testing::{MemoryStore, block_on};
use leasehold::wire::state_v1::{HeadDraft, SignedHead, open_head};

use super::{applied, full_role, large, other_role};
use crate::cli::head_signing::{OTHER_PRIVATE, PRIVATE};
use crate::scene::{Scene, sweeping};

fn copy(store: &MemoryStore, key: &str, bytes: Vec<u8>) -> MemoryStore {
    let copy = MemoryStore::new();
    for (key, bytes) in store.objects() {
        copy.tamper(&key, Some(bytes));
    }
    copy.tamper(key, Some(bytes));
    copy
}

fn revoke(selection: Selection) -> RevokeRequest {
    RevokeRequest { selection, deny_session: false, deny_older: false }
}

/// Whether every command that reads the object refuses it, and nothing of AWS was changed.
fn refused(scene: &Scene, damaged: &MemoryStore, key: &str) -> bool {
    let users = scene.cloud.live_users();
    let dry = SweepRequest { dry_run: true, ..sweeping() };
    let refused = match key.strip_prefix("lease/").and_then(|rest| rest.strip_suffix(".json")) {
        Some(id) => {
            // A sweep leaves this lease alone, says so, and does the others.
            let told = scene.sweep_as(damaged, dry).expect("swept").failed;
            told.iter().any(|failed| failed.what == format!("lease/{id}"))
                && scene.revoke(damaged, &revoke(Selection::One(id.to_owned()))).is_err()
                && scene.revoke(damaged, &revoke(Selection::All)).is_err()
                && scene.renew(damaged, id, "15m").is_err()
        }
        None if key.starts_with("deny/") => {
            let told = scene.sweep_as(damaged, dry).expect("swept").failed;
            told.iter().any(|failed| failed.what == "the notes of denied sessions")
        }
        None => {
            scene.sweep(damaged).is_err()
                && scene.issue(damaged, "deployer").is_err()
                && scene.revoke(damaged, &revoke(Selection::All)).is_err()
        }
    };
    refused && scene.cloud.live_users() == users
}

#[test]
fn every_flipped_byte_and_an_old_head_are_refused() {
    let (scene, store) = applied(&full_role());
    let old_head = store.objects()["head.json"].clone();
    scene.apply(&store, &(full_role() + &other_role())).expect("applied");
    scene.issue(&store, "deployer").map(drop).expect("issued");
    let session = scene.issue(&store, "app").expect("issued").lease;
    let denying = RevokeRequest { deny_session: true, ..revoke(Selection::One(session.path())) };
    scene.revoke(&store, &denying).expect("denied");
    scene.clock.advance(SignedDuration::from_hours(3));

    let (mut cases, mut accepted) = (0_u64, Vec::new());
    for (key, bytes) in store.objects() {
        let is_old = key.starts_with("snap/0000000001");
        if is_old || !["head.json", "snap/", "lease/", "deny/"].iter().any(|prefix| key.starts_with(prefix)) {
            continue;
        }
        let masks: &[u8] = if large() { &[0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] } else { &[0x01, 0x20] };
        let step = if large() { 1 } else { 23 };
        for at in (0..bytes.len()).step_by(step) {
            for mask in masks {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                let damaged = copy(&store, &key, flipped);
                let outcome = catch_unwind(AssertUnwindSafe(|| refused(&scene, &damaged, &key)));
                cases += 1;
                if !matches!(outcome, Ok(true)) {
                    accepted.push(format!("{key} byte {at} ^ {mask:#04x}: {outcome:?}"));
                }
            }
        }
    }
    assert!(
        accepted.is_empty(),
        "{} of {cases} not refused: {:#?}",
        accepted.len(),
        &accepted[..accepted.len().min(10)]
    );
    assert!(refused(&scene, &copy(&store, "head.json", old_head), "head.json"), "an old head is taken for the record");
    println!("{cases} flipped bits and one old head: all refused, no panic");
    assert!(cases > 200, "{cases}");
}

fn signer(pem: &str) -> FileKey {
    FileKey::read(&Secret::new(pem.to_owned())).unwrap_or_else(|error| panic!("{error}"))
}

fn signed_by(key: &FileKey, draft: &HeadDraft<'_>) -> HeadSignature {
    block_on(key.sign(&draft.message())).expect("signed")
}

#[test]
fn a_forged_head_is_refused_by_who_pins_a_key() {
    let (_, store) = applied(&full_role());
    let key = signer(PRIVATE);
    let SignedHead { envelope, .. } = open_head(&store.objects()[HEAD_KEY]).expect("sound");
    let (generation, write_id, head) = (envelope.generation, envelope.write_id, envelope.body);
    let draft = HeadDraft::new(generation, &write_id, &head);
    let signature = signed_by(&key, &draft);
    let good = draft.seal(Some(&signature));
    let believed = |bytes: &[u8]| {
        let stored = copy(&store, HEAD_KEY, bytes.to_vec());
        let trusted = Trusted::new(stored, None::<MemoryStore>, vec![key.key().clone()], RingVerifier);
        block_on(read_head(&trusted)).is_ok()
    };
    assert!(believed(&good), "what was signed is believed");

    // Whoever writes to the store and knows the form makes the checksum fit: only the signature is out of reach.
    let later = Head { serial: head.serial + 1, ..head.clone() };
    let other = Head { lineage: "another".to_owned(), ..head.clone() };
    let forged = [later, other].into_iter().flat_map(|head| {
        let draft = HeadDraft::new(generation, &write_id, &head);
        let own = signed_by(&signer(OTHER_PRIVATE), &draft);
        let lying = HeadSignature { key: key.key().id(), ..own.clone() };
        [None, Some(signature.clone()), Some(own), Some(lying)].map(|signature| draft.seal(signature.as_ref()))
    });
    let forged: Vec<_> = forged.chain([draft.seal(None)]).collect();
    assert_eq!(forged.len(), 9);
    assert!(forged.iter().all(|bytes| !believed(bytes)), "a forged head is believed");

    let (mut cases, mut accepted) = (0_u64, Vec::new());
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << bit;
            cases += 1;
            if believed(&flipped) {
                accepted.push((at, bit));
            }
        }
    }
    assert_eq!(accepted, [], "of {cases}");
    println!("{cases} flipped bits of a signed head and {} forged ones: all refused", forged.len());
}
