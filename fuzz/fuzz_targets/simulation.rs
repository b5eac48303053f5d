//! Requests to the evaluator: any text is read to an end, what is no request is refused in one line, and of what was read
//! the answer is read again as the same. What is certain stays so when more is known.

#![no_main]

use leasehold::domain::iam::{Context, Verdict};
use leasehold::domain::simulation::{OfResource, Policed, Simulation};
use leasehold::wire::simulation_v1::{self, Document};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let simulation = match simulation_v1::read(text) {
        Ok(simulation) => simulation,
        Err(error) => {
            assert!(!error.message.is_empty() && !error.message.chars().any(char::is_control), "{:?}", error.message);
            return;
        }
    };
    let document = Document::of(&simulation);
    let written = document.to_json();
    let again: Document = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(again, document);

    let told = verdicts(&simulation);
    assert_eq!(told.len(), simulation.actions.len());
    for less in less_known(&simulation) {
        for (action, (less, told)) in simulation.actions.iter().zip(verdicts(&less).into_iter().zip(&told)) {
            assert!(less.is_none() || less == *told, "{action}: {less:?} became {told:?}");
        }
    }
});

/// For each action whether it is allowed for certain, or denied for certain.
fn verdicts(simulation: &Simulation) -> Vec<Option<bool>> {
    let certain = |verdict: &Verdict| match verdict {
        Verdict::Allowed => Some(true),
        Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => Some(false),
        Verdict::Depends(_) => None,
    };
    simulation.run().iter().map(|outcome| certain(&outcome.evaluation.verdict)).collect()
}

/// The same questions by somebody who knows no condition key, or could not read the policies of one place.
fn less_known(simulation: &Simulation) -> Vec<Simulation> {
    let mut all = vec![Simulation { context: Context::open(), ..simulation.clone() }];
    let places: [fn(&mut Simulation) -> Option<&mut Policed>; 5] = [
        |it| Some(&mut it.identity),
        |it| Some(&mut it.boundary),
        |it| Some(&mut it.session),
        |it| it.scps.first_mut(),
        |it| it.rcps.first_mut(),
    ];
    for place in places {
        let mut less = simulation.clone();
        if let Some(policed @ Policed::By(_)) = place(&mut less) {
            *policed = Policed::Unread;
            all.push(less);
        }
    }
    let unread = match &simulation.resource_policy {
        OfResource::Trust(Some(_)) => OfResource::Trust(None),
        OfResource::Attached(Some(_)) => OfResource::Attached(None),
        OfResource::None | OfResource::Trust(None) | OfResource::Attached(None) => return all,
    };
    all.push(Simulation { resource_policy: unread, ..simulation.clone() });
    all
}
