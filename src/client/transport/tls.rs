//! TLS on the platform's trust store, with ring.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::settings::{Settings, SetupError};

pub(super) fn config(settings: &Settings) -> Result<ClientConfig, SetupError> {
    // Named here: the process's default may be another provider, or none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?;

    let config = match Verifier::new_with_extra_roots(roots(settings)?, provider) {
        Ok(verifier) => config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier)),
        // A machine without a trust store, such as an empty container image: it trusts nobody,
        // and can still speak plain HTTP to its neighbours.
        Err(_) => config.with_root_certificates(RootCertStore::empty()),
    };
    Ok(config.with_no_client_auth())
}

fn roots(settings: &Settings) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let mut checked = RootCertStore::empty();
    let mut roots = Vec::with_capacity(settings.root_certificates.len());
    for (index, der) in settings.root_certificates.iter().enumerate() {
        let root = CertificateDer::from(der.clone());
        checked
            .add(root.clone())
            .map_err(|source| SetupError::Root { index, source })?;
        roots.push(root);
    }
    Ok(roots)
}
