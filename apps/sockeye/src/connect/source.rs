//! Where wishes come from: a person at a terminal, or a pipe. Each is read on a thread of its own, since neither can
//! be waited for without blocking.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::PathBuf,
    thread,
};

use bytes::Bytes;
use rustyline::{DefaultEditor, error::ReadlineError};
use thiserror::Error;
use tokio::sync::mpsc;

use super::{
    args::{Cut, Encoding},
    input::{Unreadable, Wish, typed},
    screen::Screen,
};

/// How many wishes wait to be fulfilled; who has more to say waits with reading it.
const WAITING: usize = 16;
/// How many lines are remembered from one talk to the next.
const REMEMBERED: usize = 1000;

/// What came of reading on.
#[derive(Debug, Error)]
pub(crate) enum Stopped {
    /// A line makes no message; a pipe ends with it, a person may try again.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A message would be larger than any may be.
    #[error("the input holds a message of more than {0} bytes: --message-bytes allows larger ones")]
    TooLarge(usize),
    #[error("can't read the input")]
    Io(#[from] io::Error),
    /// A person pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What is read, one after the other; it ends where the input does.
pub(crate) type Wishes = mpsc::Receiver<Result<Wish, Stopped>>;

/// How input is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) cut: Cut,
    pub(crate) encoding: Encoding,
    pub(crate) message_bytes: usize,
}

/// Says whether a person sits at both ends, and not a file or a program.
pub(crate) fn is_a_person() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Opens the input: with line editing for a person, who then sees everything above the line that is being typed.
pub(crate) fn open(reading: Reading, screen: &Screen) -> Wishes {
    let (send, wishes) = mpsc::channel(WAITING);
    let editor = (is_a_person() && reading.cut == Cut::Lines)
        .then(editor)
        .flatten();
    match editor {
        Some(mut editor) => {
            if let Ok(printer) = editor.create_external_printer() {
                screen.make_room(printer);
            }
            thread::spawn(move || edit(&mut editor, reading.encoding, &send));
        }
        None => {
            thread::spawn(move || read(io::stdin().lock(), reading, &send));
        }
    }
    wishes
}

/// Reads a pipe, message by message, until it ends, fails or nobody listens.
fn read(input: impl Read, reading: Reading, send: &mpsc::Sender<Result<Wish, Stopped>>) {
    let mut input = BufReader::new(input);
    loop {
        let wish = match next(&mut input, reading) {
            Ok(None) => return,
            Ok(Some(piece)) => reading
                .encoding
                .read(piece)
                .map(Wish::Send)
                .map_err(Stopped::from),
            Err(stopped) => Err(stopped),
        };
        let ends = wish.is_err() || reading.cut == Cut::Whole;
        if send.blocking_send(wish).is_err() || ends {
            return;
        }
    }
}

/// Reads the next piece without what ends it; `None` at the end.
fn next(input: &mut impl BufRead, reading: Reading) -> Result<Option<Bytes>, Stopped> {
    // One more than is allowed tells a full message from one that is too large; so does the end of a line.
    let most = u64::try_from(reading.message_bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(2);
    let mut limited = input.take(most);
    let mut piece = Vec::new();
    let read = match reading.cut {
        Cut::Lines => limited.read_until(b'\n', &mut piece)?,
        Cut::Nul => limited.read_until(0, &mut piece)?,
        Cut::Whole => limited.read_to_end(&mut piece)?,
    };
    match reading.cut {
        Cut::Lines if piece.last() == Some(&b'\n') => {
            piece.pop();
            piece.pop_if(|byte| *byte == b'\r');
        }
        Cut::Nul if piece.last() == Some(&0) => {
            piece.pop();
        }
        // An input of nothing is no message.
        _ if read == 0 => return Ok(None),
        _ => {}
    }
    if piece.len() > reading.message_bytes {
        return Err(Stopped::TooLarge(reading.message_bytes));
    }
    Ok(Some(piece.into()))
}

/// Lets a person type, until the end of the input.
fn edit(
    editor: &mut DefaultEditor,
    encoding: Encoding,
    send: &mpsc::Sender<Result<Wish, Stopped>>,
) {
    loop {
        let wish = match editor.readline("> ") {
            Ok(line) if line.is_empty() => continue,
            Ok(line) => {
                // Only the next talk misses a line that can't be remembered.
                let _ = editor.add_history_entry(&line);
                remember(editor);
                typed(&line, encoding).map_err(Stopped::from)
            }
            Err(ReadlineError::Eof) => return,
            Err(ReadlineError::Interrupted) => Err(Stopped::Interrupted),
            Err(ReadlineError::Io(error)) => Err(Stopped::Io(error)),
            Err(error) => Err(Stopped::Io(io::Error::other(error))),
        };
        let goes_on = matches!(wish, Ok(_) | Err(Stopped::Unreadable(_)));
        if send.blocking_send(wish).is_err() || !goes_on {
            return;
        }
    }
}

fn editor() -> Option<DefaultEditor> {
    let config = rustyline::Config::builder()
        .max_history_size(REMEMBERED)
        .ok()?
        .auto_add_history(false)
        .build();
    let mut editor = DefaultEditor::with_config(config).ok()?;
    if let Some(file) = history_file() {
        let _ = editor.load_history(&file);
    }
    Some(editor)
}

/// Writes down what was typed. Nothing depends on it: where it can't be kept, it is not.
fn remember(editor: &mut DefaultEditor) {
    if let Some(file) = history_file()
        && let Some(folder) = file.parent()
        && fs::create_dir_all(folder).is_ok()
    {
        let _ = editor.append_history(&file);
    }
}

/// Where lines are remembered: below the XDG state folder.
fn history_file() -> Option<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("sockeye").join("connect-history"))
}

#[cfg(test)]
mod tests {
    use sockeye::Message;

    use super::*;

    fn all(input: &[u8], cut: Cut, encoding: Encoding) -> Vec<Result<Wish, String>> {
        let (send, mut wishes) = mpsc::channel(WAITING);
        let reading = Reading {
            cut,
            encoding,
            message_bytes: 8,
        };
        read(input, reading, &send);
        drop(send);
        let mut found = Vec::new();
        while let Some(wish) = wishes.blocking_recv() {
            found.push(wish.map_err(|stopped| stopped.to_string()));
        }
        found
    }

    fn texts(input: &str, cut: Cut) -> Vec<String> {
        all(input.as_bytes(), cut, Encoding::Text)
            .into_iter()
            .map(|wish| match wish {
                Ok(Wish::Send(message)) => message.as_text().unwrap().to_owned(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_input_is_cut_where_it_was_said() {
        assert_eq!(texts("a\r\n\nb", Cut::Lines), ["a", "", "b"]);
        assert_eq!(texts("a\n\0b\0", Cut::Nul), ["a\n", "b"]);
        assert_eq!(texts("a\n\0b\n", Cut::Whole), ["a\n\0b\n"]);
        assert_eq!(
            texts("/ping\n", Cut::Lines),
            ["/ping"],
            "a pipe has no commands"
        );
        assert!(texts("", Cut::Lines).is_empty() && texts("", Cut::Whole).is_empty());
    }

    #[test]
    fn a_message_fits_at_the_limit_and_not_one_byte_beyond() {
        for cut in [Cut::Lines, Cut::Nul, Cut::Whole] {
            assert_eq!(texts("12345678", cut), ["12345678"]);
            let beyond = all(b"123456789", cut, Encoding::Text);
            assert!(
                beyond[0].as_ref().unwrap_err().contains("8 bytes"),
                "{cut:?}"
            );
        }
        assert_eq!(texts("12345678\r\n12345678\n", Cut::Lines).len(), 2);
    }

    #[test]
    fn a_line_that_makes_no_message_ends_a_pipe() {
        let found = all(b"00\nzz\n11\n", Cut::Lines, Encoding::Hex);
        assert_eq!(found[0], Ok(Wish::Send(Message::binary(vec![0]))));
        assert!(found[1].is_err() && found.len() == 2, "{found:?}");
    }
}
