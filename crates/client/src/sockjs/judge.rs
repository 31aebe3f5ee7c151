//! What a failed attempt says about the way to the server. Pure.

use http::StatusCode;

use crate::{ConnectError, Stage};

/// What a failed attempt says about the way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// This transport does not get through; another may.
    Blocked,
    /// Nothing gets through now.
    Unreachable,
    /// It means what it says, whatever the transport.
    Meant,
}

pub(super) fn judge(error: &ConnectError) -> Judgement {
    match error {
        ConnectError::Refused(refused) => of_status(refused.status()),
        ConnectError::Timeout(Stage::Dial) | ConnectError::Dial(_) => Judgement::Unreachable,
        ConnectError::Timeout(_)
        | ConnectError::Lost(_)
        | ConnectError::Response(_)
        | ConnectError::Handshake(_)
        | ConnectError::Ended(_)
        | ConnectError::NotSockJs => Judgement::Blocked,
        ConnectError::InvalidAddress(_)
        | ConnectError::InvalidRequest(_)
        | ConnectError::InvalidHeader(_)
        | ConnectError::NoRandomness
        | ConnectError::Redirect(..)
        | ConnectError::Blocked(_) => Judgement::Meant,
    }
}

/// Without its `Upgrade`, a request for a WebSocket gets whatever a server has for those who ask for a page: 200, 400,
/// 404, 426, 501 and others. These are not among them.
fn of_status(status: StatusCode) -> Judgement {
    match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE => Judgement::Meant,
        status if status.is_redirection() => Judgement::Meant,
        _ => Judgement::Blocked,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::*;
    use crate::Refused;

    #[test]
    fn what_a_stripped_upgrade_gets_is_a_block_and_a_refusal_is_meant() {
        let refused = |status: u16| {
            let response = Response::builder().status(status).body(()).unwrap();
            let body = Bytes::new();
            judge(&ConnectError::Refused(Box::new(Refused { response, body })))
        };
        for status in [200, 204, 400, 404, 405, 426, 500, 501, 502, 504] {
            assert_eq!(refused(status), Judgement::Blocked, "{status}");
        }
        for status in [301, 302, 307, 308, 401, 403, 407, 429, 503] {
            assert_eq!(refused(status), Judgement::Meant, "{status}");
        }
    }

    #[test]
    fn who_can_not_be_dialled_is_not_blocked() {
        let timeout = |stage| judge(&ConnectError::Timeout(stage));
        assert_eq!(timeout(Stage::Dial), Judgement::Unreachable);
        for stage in [
            Stage::Request,
            Stage::Response,
            Stage::Proof,
            Stage::Session,
        ] {
            assert_eq!(timeout(stage), Judgement::Blocked);
        }
    }
}
