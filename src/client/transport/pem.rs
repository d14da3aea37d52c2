//! Root certificates as files hold them.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// What a PEM file begins its parts with.
const BEGIN: &[u8] = b"-----BEGIN";

/// The certificates of a file: all of a PEM file's, or the one of a DER file. `None`: there is none,
/// or one that cannot be read. Why is not said, as the reason may quote a file that holds a key.
pub(in crate::client) fn certificates(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let is_pem = file.windows(BEGIN.len()).any(|part| part == BEGIN);
    let found: Vec<_> = if is_pem {
        CertificateDer::pem_slice_iter(file)
            .collect::<Result<_, _>>()
            .ok()?
    } else {
        vec![CertificateDer::from(file)]
    };
    let mut checked = RootCertStore::empty();
    for certificate in &found {
        checked.add(certificate.clone()).ok()?;
    }
    let found = found.iter().map(|certificate| certificate.to_vec());
    (!checked.is_empty()).then(|| found.collect())
}
