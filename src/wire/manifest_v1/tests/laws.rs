use proptest::prelude::*;

use super::*;
use crate::domain::ttl::Ttl;

fn assert_places_are_in(files: &[Arc<SourceFile>], errors: &[ManifestError]) {
    for error in errors {
        if let Some(place) = &error.place {
            assert!(files.iter().any(|file| Arc::ptr_eq(file, place.file())));
            assert!(place.start() <= place.end() && place.end() <= place.file().text.len());
            let excerpt = place.excerpt();
            assert!(excerpt.text.get(excerpt.underline).is_some());
        }
    }
    assert!(errors.is_sorted_by(|a, b| a.order() <= b.order()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes of a valid manifest, changed at will: never a panic, and every error is in its file.
    #[test]
    fn mutated_manifests_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop::sample::select(
            b"\n\t\r :-,[]{}#&*!|>'\"%@`~?<=0a\\\x00\x1b\xc2\x85\xe2\x80\xa8".to_vec()), 0_u8..3), 1..12)
    ) {
        let mut bytes = golden::ALL_KINDS.as_bytes().to_vec();
        for (at, byte, edit) in edits {
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        let files = [file("a.yaml", String::from_utf8_lossy(&bytes).into_owned())];
        let first = read(&files);
        if let Err(errors) = &first {
            prop_assert!(!errors.is_empty());
            assert_places_are_in(&files, errors);
        }
        prop_assert_eq!(first.err(), read(&files).err());
    }

    /// An inherited default never exceeds the role's maximum; what a role writes is kept as written.
    #[test]
    fn inherited_ttls_never_exceed_the_roles_maximum(
        broker_default in proptest::option::of(1_u32..200_000),
        broker_max in proptest::option::of(1_u32..200_000),
        default in proptest::option::of(1_u32..200_000),
        max in proptest::option::of(1_u32..200_000),
    ) {
        let line = |name: &str, value: Option<u32>| value.map_or(String::new(), |value| format!("{name}: {value}s\n"));
        let defaults: String = line("  default_sts_ttl", broker_default) + &line("  max_sts_ttl", broker_max);
        let defaults = if defaults.is_empty() { String::new() } else { format!("defaults:\n{defaults}") };
        let broker = document("Broker", &format!("principal: arn:aws:iam::111122223333:role/B\nregion: a\ndeployment: d\n{defaults}"));
        let role = document("Role", &format!("role_arns: [x]\n{}{}", line("default_sts_ttl", default), line("max_sts_ttl", max)));
        let result = read(&[file("a.yaml", role), file("b.yaml", broker)]);
        if broker_default.is_some_and(|default| default > broker_max.unwrap_or(3_600)) {
            let errors = result.expect_err("refused");
            prop_assert_eq!(errors[0].kind, "bad-value");
            return Ok(());
        }
        let ttl = result.expect("valid").roles[0].spec.credential.ttl();
        let expected_max = max.or(broker_max).unwrap_or(3_600);
        prop_assert_eq!(ttl.max.seconds(), expected_max);
        match default {
            Some(default) => prop_assert_eq!(ttl.default.seconds(), default),
            None => {
                let inherited = broker_default.unwrap_or(900.min(broker_max.unwrap_or(3_600)));
                prop_assert_eq!(ttl.default.seconds(), inherited.min(expected_max));
            }
        }
        prop_assert!(default.is_some() || ttl.default <= ttl.max);
        prop_assert_eq!(Ttl::parse(&ttl.max.to_string()), Ok(ttl.max));
    }
}
