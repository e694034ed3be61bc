//! What a server's certificate says of itself, where rustls does not go as far as libpq: a certificate that is its own
//! authority, and a name that stands in the subject alone.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const OTHER_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// Whether the certificate holds at this moment, for one that nobody else vouches for.
pub(super) fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let validity = read(certificate)?.tbs_certificate.validity;
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// Whether the certificate is made out to that server. As to libpq, its common name counts where it has no others.
pub(super) fn check_name(certificate: &CertificateDer<'_>, server: &ServerName<'_>) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    verify_server_name(&parsed, server)
        .or_else(|error| if is_common_name(certificate, server)? { Ok(()) } else { Err(error) })
}

fn is_common_name(certificate: &CertificateDer<'_>, server: &ServerName<'_>) -> Result<bool, Error> {
    let certificate = read(certificate)?.tbs_certificate;
    let extensions = certificate.extensions.unwrap_or_default();
    if extensions.iter().any(|extension| extension.extn_id == OTHER_NAMES) {
        return Ok(false);
    }
    let server_name = server.to_str();
    let mut parts = certificate.subject.0.iter().flat_map(|names| names.0.iter());
    Ok(parts.any(|part| {
        part.oid == COMMON_NAME
            && std::str::from_utf8(part.value.value()).is_ok_and(|name| is_named(name, &server_name, server))
    }))
}

/// `*.example.com` stands for one word and no more.
fn is_named(name: &str, server_name: &str, server: &ServerName<'_>) -> bool {
    let is_host = matches!(server, ServerName::DnsName(_));
    match name.strip_prefix("*.") {
        Some(domain) if is_host => {
            server_name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain))
        }
        _ => name.eq_ignore_ascii_case(server_name),
    }
}

fn read(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding.into())
}
