//! A planted secret is in nothing that a use case tells or stores, whatever fails on the way.

use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

use super::crashes::{WORKS, WRONGS};
use super::process::Process;
use super::size;

#[test]
fn no_secret_of_a_user_is_told_or_stored_whatever_fails() {
    let forms: Vec<String> = [CANARY_SECRET, CANARY_TOKEN].into_iter().flat_map(crate::secrets::forms).collect();
    let (runs, mut looked_at) = (size(72, 2_000), 0_usize);
    for run in 0..runs {
        let nth = usize::try_from(run).expect("few");
        let (work, wrong) = (WORKS[nth % WORKS.len()], WRONGS[nth / WORKS.len() % WRONGS.len()]);
        let at = nth / (WORKS.len() * WRONGS.len()) % 30;
        let (scene, store) = work.prepared(run);
        let when = format!("{work:?}, {wrong:?} at call {at}");
        let process = wrong.befall(at, &scene, Process::new(&scene, &store, &when));
        let mut text = work.act(&scene, &process);
        for (key, bytes) in store.objects() {
            text.push_str(&key);
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        looked_at += text.len();
        for form in &forms {
            assert!(!text.contains(form), "{when}: a secret as {form}");
        }
    }
    println!("{runs} faults, {looked_at} bytes told or stored, {} forms of two secrets: 0 hits", forms.len());
}
