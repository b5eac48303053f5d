//! Which certificate authorities an HTTPS endpoint is checked against.

use std::path::Path;

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The variables that name one PEM file, the first that is set wins. The second is OpenSSL's.
const VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// The certificates in the one file that the environment names, else the platform's.
pub(super) fn context() -> Result<TlsContext, String> {
    for variable in VARIABLES {
        if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
            let path = Path::new(&path);
            let pem = std::fs::read(path).map_err(|error| format!("{variable} ({}): {error}", path.display()))?;
            check(&pem).map_err(|why| format!("{variable} ({}): {why}", path.display()))?;
            return build(TrustStore::empty().with_pem_certificate(pem));
        }
    }
    build(TrustStore::default())
}

fn build(store: TrustStore) -> Result<TlsContext, String> {
    TlsContext::builder().with_trust_store(store).build().map_err(|error| error.to_string())
}

/// The SDK's client takes every certificate for good and panics on one that is not.
fn check(pem: &[u8]) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("not a PEM file: {error}"))?;
        roots.add(certificate).map_err(|error| format!("certificate {}: {error}", roots.len() + 1))?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_good_certificates_are_refused() {
        assert_eq!(check(b""), Err("it holds no certificate".to_owned()));
        assert_eq!(check(b"hello"), Err("it holds no certificate".to_owned()));
        let not_der = b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(check(not_der).expect_err("refused").starts_with("certificate 1: "));
        let not_base64 = b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
        assert!(check(not_base64).expect_err("refused").starts_with("not a PEM file: "));
    }
}
