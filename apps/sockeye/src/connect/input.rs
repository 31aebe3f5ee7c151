//! What is typed or piped in, as messages and commands. Pure.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use sockeye::{Close, Message, Text};
use thiserror::Error;

use super::args::{Encoding, close};

/// What a person or a pipe wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Send(Message),
    /// Send a file as a binary message.
    File(String),
    /// Ping, and say how long the pong took.
    Ping(Bytes),
    /// Close, with this or with what was asked for at the start.
    Close(Option<Close>),
    /// Say what commands there are.
    Help,
}

/// What was typed can't be made a message or a command of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Unreadable {
    #[error("this is not UTF-8: send it with --send-as binary")]
    Text,
    #[error("this is not hexadecimal: an even number of digits 0-9 and a-f")]
    Hex,
    #[error("this is not base64")]
    Base64,
    #[error(
        "there is no /{0}; /help lists what there is. To send a line that begins with /, begin it with //"
    )]
    Command(String),
    #[error("{0}")]
    Close(String),
    #[error("a ping carries at most 125 bytes")]
    Ping,
    #[error("write /file and the file's path")]
    File,
}

/// What `/help` says.
pub(crate) const HELP: &str = "\
/ping [TEXT]           ping, and see how long the pong takes
/close [CODE [REASON]] close with a code from 1000 to 4999
/text TEXT             send text, whatever lines stand for
/hex 00 ff             send bytes in hexadecimal
/base64 AP8=           send bytes in base64
/file PATH             send a file as a binary message
//…                    send a line that begins with /
/quit                  close, as the end of the input does (Ctrl-D)
";

/// What a ping may carry (RFC 6455 §5.5).
const MAX_PING_BYTES: usize = 125;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

impl Encoding {
    /// Makes a message of a line, without its end.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not in this encoding.
    pub(crate) fn read(self, line: Bytes) -> Result<Message, Unreadable> {
        Ok(match self {
            Self::Text => Message::Text(Text::try_from(line).map_err(|_| Unreadable::Text)?),
            Self::Binary => Message::Binary(line),
            Self::Hex => Message::binary(hex(&line).ok_or(Unreadable::Hex)?),
            Self::Base64 => Message::binary(base64(&line).ok_or(Unreadable::Base64)?),
        })
    }
}

/// Reads a typed line: a command if it begins with `/`, otherwise a message.
///
/// # Errors
/// [`Unreadable`] says what is wrong with it.
pub(crate) fn typed(line: &str, encoding: Encoding) -> Result<Wish, Unreadable> {
    let message = |encoding: Encoding, text: &str| {
        encoding
            .read(Bytes::copy_from_slice(text.as_bytes()))
            .map(Wish::Send)
    };
    let Some(command) = line.strip_prefix('/') else {
        return message(encoding, line);
    };
    if command.starts_with('/') {
        return message(encoding, command);
    }
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    match name {
        "ping" if rest.len() > MAX_PING_BYTES => Err(Unreadable::Ping),
        "ping" => Ok(Wish::Ping(Bytes::copy_from_slice(rest.as_bytes()))),
        "close" if rest.trim().is_empty() => Ok(Wish::Close(None)),
        "close" => close(rest.trim())
            .map(|close| Wish::Close(Some(close)))
            .map_err(Unreadable::Close),
        "text" => message(Encoding::Text, rest),
        "hex" => message(Encoding::Hex, rest),
        "base64" => message(Encoding::Base64, rest),
        "file" if rest.trim().is_empty() => Err(Unreadable::File),
        "file" => Ok(Wish::File(rest.trim().to_owned())),
        "help" | "?" => Ok(Wish::Help),
        "quit" | "exit" => Ok(Wish::Close(None)),
        _ => Err(Unreadable::Command(name.to_owned())),
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_prefix(b"0x").unwrap_or(text);
    let digits: Option<Vec<u8>> = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != b':')
        .map(|byte| {
            char::from(*byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let bare: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    BASE64
        .decode(&bare)
        .or_else(|_| BASE64_URL.decode(&bare))
        .ok()
}

#[cfg(test)]
mod tests;
