//! An echo behind TLS, whose certificate is read again each minute: `cargo run -p sockeye --example wss -- fullchain.pem
//! key.pem`, then open `wss://localhost:8443/echo`.

use std::{env, error::Error, time::Duration};

use sockeye::{Endpoints, HandlerResult, Server, Socket, Tls, TlsReloader};

async fn echo(mut socket: Socket) -> HandlerResult {
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

pub(crate) fn server(tls: Tls) -> Server {
    Server::new(Endpoints::new().at("/echo", echo)).tls(tls)
}

/// A certificate that can't be used changes nothing: the one before is shown on.
async fn reload(reloader: TlsReloader) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = reloader.reload() {
            eprintln!("{error}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args().skip(1);
    let (Some(certificate), Some(key)) = (paths.next(), paths.next()) else {
        return Err("name the certificate's file and the key's".into());
    };
    let tls = Tls::from_pem_files(certificate, key)?;
    if let Some(reloader) = tls.reloader() {
        tokio::spawn(reload(reloader));
    }
    Ok(server(tls).bind("127.0.0.1:8443")?.run().await?)
}
