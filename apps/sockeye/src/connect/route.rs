//! How the server is reached: what the command line says about TLS and proxies.

use std::{fs::File, io, io::Read, path::Path};

use sockeye::client::{Connector, InvalidProxy, Proxy, Tls, TlsError};
use thiserror::Error;

use super::{args::RouteArgs, show::escaped};

/// How large a file of certificates may be, in bytes.
const PEM_BYTES: u64 = 4 << 20;

/// A file or an address that the command line names can't be used.
#[derive(Debug, Error)]
pub(crate) enum InvalidRoute {
    #[error("can't read {0}")]
    File(String, #[source] io::Error),
    #[error("{0} can't be used")]
    Tls(String, #[source] TlsError),
    /// The address may hold a password, so it is not repeated.
    #[error("--proxy is no proxy's address")]
    Proxy(#[from] InvalidProxy),
}

/// Has a connector go the way that was asked for.
///
/// # Errors
/// [`InvalidRoute`], before anything is connected to.
pub(crate) fn go_by(connector: Connector, args: &RouteArgs) -> Result<Connector, InvalidRoute> {
    Ok(connector.tls(tls(args)?).proxy(proxy(args)?))
}

fn proxy(args: &RouteArgs) -> Result<Proxy, InvalidRoute> {
    Ok(match &args.proxy {
        _ if args.no_proxy => Proxy::none(),
        Some(address) => Proxy::at(address)?,
        None => Proxy::from_environment(),
    })
}

fn tls(args: &RouteArgs) -> Result<Tls, InvalidRoute> {
    let mut tls = Tls::system();
    if let Some(file) = &args.ca {
        tls = tls
            .add_roots_pem(read(file)?)
            .map_err(|error| InvalidRoute::Tls(name(file), error))?;
    }
    if let (Some(chain), Some(key)) = (&args.cert, &args.key) {
        tls = tls
            .client_certificate_pem(read(chain)?, read(key)?)
            .map_err(|error| {
                InvalidRoute::Tls(format!("{} with {}", name(chain), name(key)), error)
            })?;
    }
    if args.danger_accept_invalid_certs {
        tls = tls.danger_accept_invalid_certificates();
    }
    Ok(tls)
}

fn name(file: &Path) -> String {
    escaped(&file.display().to_string())
}

fn read(file: &Path) -> Result<Vec<u8>, InvalidRoute> {
    let read = || {
        let mut bytes = Vec::new();
        let mut limited = File::open(file)?.take(PEM_BYTES + 1);
        if limited.read_to_end(&mut bytes)? > usize::try_from(PEM_BYTES).unwrap_or(usize::MAX) {
            return Err(io::Error::other(
                "it is too large for a file of certificates",
            ));
        }
        Ok(bytes)
    };
    read().map_err(|error| InvalidRoute::File(name(file), error))
}
