//! Results and errors, as callers get them.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sockeye_channels::{ApiError, ErrorCode};

use super::{ask::NotBase64, json};

/// How callers are told of an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// In the body, with status 200.
    #[default]
    Body,
    /// By the status, too.
    Status,
}

impl Mode {
    /// What the header asks for that Centrifugo's callers know.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match headers.get("x-centrifugo-error-mode") {
            Some(mode) if mode == "transport" => Self::Status,
            _ => Self::Body,
        }
    }
}

/// A method was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It can't be.
    Refused(ErrorCode),
    /// What was written can't be read: answered with 400 and words.
    Unreadable(&'static str),
}

impl Failure {
    pub(super) const INTERNAL: Self = Self::Refused(ErrorCode::Internal);
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        if let ApiError::Broker(broker) = &error {
            tracing::error!(
                error = broker as &dyn std::error::Error,
                "a call of the API failed"
            );
        }
        Self::Refused(error.code())
    }
}

impl From<NotBase64> for Failure {
    fn from(_: NotBase64) -> Self {
        Self::Unreadable("a value is no base64\n")
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        Self::Unreadable("the body is not the JSON that this method takes\n")
    }
}

/// What a method answers: JSON.
pub(super) type Answer = Result<Box<RawValue>, Failure>;

/// Writes a result.
pub(super) fn result(result: &impl Serialize) -> Answer {
    to_raw_value(result).map_err(|_| Failure::INTERNAL)
}

#[derive(Serialize)]
struct Error {
    code: u32,
    message: &'static str,
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self {
            code: code.code(),
            message: code.reason(),
        }
    }
}

/// An answer in its envelope: `{"result": …}` or `{"error": …}`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Envelope {
    Result(Box<RawValue>),
    #[serde(serialize_with = "as_error")]
    Error(ErrorCode),
}

fn as_error<S: serde::Serializer>(code: &ErrorCode, serializer: S) -> Result<S::Ok, S::Error> {
    Error::from(*code).serialize(serializer)
}

impl From<Answer> for Envelope {
    fn from(answer: Answer) -> Self {
        match answer {
            Ok(result) => Self::Result(result),
            Err(Failure::Refused(code)) => Self::Error(code),
            Err(Failure::Unreadable(_)) => Self::Error(ErrorCode::BadRequest),
        }
    }
}

impl Failure {
    /// The response where nothing else was answered.
    pub(super) fn response(self) -> Response<Bytes> {
        respond(Err(self), Mode::Body)
    }
}

/// Makes a response of an answer.
pub(super) fn respond(answer: Answer, mode: Mode) -> Response<Bytes> {
    match (answer, mode) {
        (Err(Failure::Unreadable(words)), _) => {
            let mut response = Response::new(Bytes::from_static(words.as_bytes()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
        (Err(Failure::Refused(code)), Mode::Status) => written(status_of(code), &Error::from(code)),
        (answer, _) => written(StatusCode::OK, &Envelope::from(answer)),
    }
}

/// Makes a response of what has its own envelope.
pub(super) fn written(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    match serde_json::to_vec(body) {
        Ok(body) => json(status, body.into()),
        Err(_) => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::UnknownChannel | ErrorCode::MethodNotFound => StatusCode::NOT_FOUND,
        ErrorCode::BadRequest | ErrorCode::NotAvailable => StatusCode::BAD_REQUEST,
        ErrorCode::UnrecoverablePosition => StatusCode::RANGE_NOT_SATISFIABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
