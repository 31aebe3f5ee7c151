//! Requests that the program makes itself: to the hooks of an application, and for the keys of tokens.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use thiserror::Error;
use tokio::time::timeout;

/// A connection that nobody used for so long is closed.
const IDLE: Duration = Duration::from_secs(30);

/// How many connections to one host are kept for the next request.
const KEPT_PER_HOST: usize = 64;

/// Makes requests, over connections that it keeps. Cloning it shares them.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// What a request may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From its beginning to the end of the answer.
    pub(crate) time: Duration,
    /// Of the answer's body.
    pub(crate) bytes: usize,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// There was no answer, or none that could be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum OutgoingError {
    #[error("no answer within {0:?}")]
    TooLate(Duration),
    #[error("no request could be made")]
    Failed(#[from] hyper_util::client::legacy::Error),
    #[error("the answer could not be read, or is longer than {bytes} bytes")]
    Body {
        bytes: usize,
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Outgoing {
    /// Begins without connections. For https it trusts what the system trusts.
    ///
    /// # Errors
    /// If the system has no certificates that could be read, or TLS can't be had.
    pub(crate) fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let provider = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_native_roots()?
            .with_no_client_auth();
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self(
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(KEPT_PER_HOST)
                .build(connector),
        ))
    }

    /// Makes a request and reads the answer to its end.
    ///
    /// Cancel safety: dropped before it is done, the other side may have got the request or not.
    ///
    /// # Errors
    /// If there is no answer in time, or it is longer than it may be.
    pub(crate) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        cost: Cost,
    ) -> Result<Answer, OutgoingError> {
        let asked = async {
            let (head, body) = self.0.request(request).await?.into_parts();
            let body = Limited::new(body, cost.bytes)
                .collect()
                .await
                .map_err(|source| OutgoingError::Body {
                    bytes: cost.bytes,
                    source,
                })?;
            Ok(Answer {
                status: head.status,
                body: body.to_bytes(),
            })
        };
        timeout(cost.time, asked)
            .await
            .unwrap_or(Err(OutgoingError::TooLate(cost.time)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const COST: Cost = Cost {
        time: Duration::from_secs(20),
        bytes: 5,
    };

    /// Answers one request with these bytes; returns the URL.
    async fn answering(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            while !asked.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
                assert_ne!(stream.read(&mut asked).await.unwrap(), 0);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Held until the client is gone.
            let _ = stream.read(&mut asked).await;
        });
        url
    }

    async fn ask(url: &str, cost: Cost) -> Result<Answer, OutgoingError> {
        let request = Request::post(url).body(Full::from("{}")).unwrap();
        Outgoing::new().unwrap().ask(request, cost).await
    }

    #[tokio::test]
    async fn an_answer_comes_whole() {
        let url = answering("HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello").await;
        let answer = ask(&url, COST).await.unwrap();
        assert_eq!(
            (answer.status, &answer.body[..]),
            (StatusCode::CREATED, &b"hello"[..])
        );
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_refused() {
        let url = answering("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello!").await;
        let error = ask(&url, COST).await.unwrap_err();
        assert!(
            matches!(error, OutgoingError::Body { bytes: 5, .. }),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_not_waited_for() {
        let url = answering("").await;
        let time = Duration::from_millis(50);
        let error = ask(&url, Cost { time, ..COST }).await.unwrap_err();
        assert!(matches!(error, OutgoingError::TooLate(_)), "{error:?}");
    }
}
