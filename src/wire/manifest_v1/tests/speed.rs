use std::fmt::Write as _;

use super::*;

/// Run by hand in release; it prints a figure and judges none.
#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stdout, reason = "it reports a figure")]
fn ten_thousand_roles() {
    let mut files = vec![file("broker.yaml", BROKER)];
    for part in 0..10 {
        let mut text = String::new();
        for n in 0..1_000 {
            let _ = write!(
                text,
                "---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: r-{part}-{n}, labels: {{team: t}}}}\nspec:\n  \
                 role_arns:\n  - arn:aws:iam::111122223333:role/R{part}x{n}\n  default_sts_ttl: 30m\n  max_sts_ttl: 1h\n  \
                 description: number {n}\n  session_tags: {{a: b, c: d}}\n"
            );
        }
        files.push(file(&format!("{part}.yaml"), text));
    }
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    let start = std::time::Instant::now();
    let desired = read(&files).expect("valid");
    println!("{} roles, {bytes} bytes: {:?}", desired.roles.len(), start.elapsed());
}
