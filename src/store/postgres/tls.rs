use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Parts;
use super::{AddressFlaw, ServerDetail, ServerError, certificate};

/// How much of the server's identity is to be proven, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Disable,
    /// TLS where the server offers it: against those who listen, not against those who pretend.
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    pub(super) fn of(parts: &Parts, environment: Option<String>) -> Result<Self, ServerError> {
        let written = parts.option("sslmode").map(ToOwned::to_owned).or(environment);
        let is_root_given = parts.option("sslrootcert").is_some();
        match written.as_deref() {
            None | Some("prefer" | "allow") => Ok(Self::Prefer),
            Some("disable") => Ok(Self::Disable),
            // libpq too takes a given authority for a wish to check it.
            Some("require") if is_root_given => Ok(Self::VerifyCa),
            Some("require") => Ok(Self::Require),
            Some("verify-ca") => Ok(Self::VerifyCa),
            Some("verify-full") => Ok(Self::VerifyFull),
            Some(other) => Err(ServerError::BadAddress(AddressFlaw::TlsMode(other.into()))),
        }
    }
}

pub(super) fn connector(
    mode: Mode,
    parts: &Parts,
    home: Option<&Path>,
    roots: Option<String>,
) -> Result<MakeRustlsConnect, ServerError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::TlsFailed(ServerDetail::Said(error.to_string())))?;
    let builder = if matches!(mode, Mode::VerifyCa | Mode::VerifyFull) {
        let Authorities { store, given } = authorities(parts, home, roots)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
            .build()
            .map_err(|error| ServerError::TlsFailed(ServerDetail::Said(error.to_string())))?;
        let verifier = Checked { verifier, given, needs_name: mode == Mode::VerifyFull };
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
    };
    let config = match (parts.option("sslcert"), parts.option("sslkey")) {
        (Some(certificate), Some(key)) => {
            let chain = certificates("sslcert", Path::new(certificate))?;
            let key_path = Path::new(key);
            let key = PrivateKeyDer::from_pem_file(key_path).map_err(|error| unreadable("sslkey", key_path, &error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unreadable("sslcert", key_path, &error))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(ServerError::BadAddress(AddressFlaw::CertificateWithoutKey)),
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Who is believed.
struct Authorities {
    store: RootCertStore,
    /// The certificates that the user named, each believed for itself too.
    given: Vec<CertificateDer<'static>>,
}

/// As libpq finds them: the file that is named, the system's when asked for, else `~/.postgresql/root.crt`.
fn authorities(parts: &Parts, home: Option<&Path>, named: Option<String>) -> Result<Authorities, ServerError> {
    let mut store = RootCertStore::empty();
    let named = parts.option("sslrootcert").map(ToOwned::to_owned).or(named);
    if named.as_deref() == Some("system") {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(Authorities { store, given: Vec::new() });
    }
    let path = match (named, home) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(home)) => home.join(".postgresql/root.crt"),
        (None, None) => return Err(ServerError::TlsFailed(ServerDetail::NoAuthority)),
    };
    let given = certificates("sslrootcert", &path)?;
    store.add_parsable_certificates(given.iter().cloned());
    if store.is_empty() {
        return Err(ServerError::Certificate { option: "sslrootcert", path, detail: ServerDetail::NoCertificate });
    }
    Ok(Authorities { store, given })
}

fn certificates(option: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| unreadable(option, path, &error))
}

fn unreadable(option: &'static str, path: &Path, detail: &dyn std::fmt::Display) -> ServerError {
    ServerError::Certificate { option, path: path.to_owned(), detail: ServerDetail::Said(detail.to_string()) }
}

/// Checks the authority, and the name where that is asked for.
#[derive(Debug)]
struct Checked {
    verifier: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
    needs_name: bool,
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // A certificate that signed itself vouches for itself when it is the very one that the user named.
        if self.given.contains(end_entity) {
            certificate::check_dates(end_entity, now)?;
        } else {
            let answer = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
            match answer {
                // The name is looked at last, after the authority, the dates and the purpose.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => {}
                Ok(proven) => return Ok(proven),
                Err(error) => return Err(error),
            }
        }
        if self.needs_name {
            certificate::check_name(end_entity, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Takes whatever certificate the server shows, as `prefer` and `require` mean it.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let schemes = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
