//! `--exec`: a command for each message.

use std::{
    io,
    process::{ExitStatus, Stdio},
};

use sockeye::{Message, Text};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};

/// A command that is run for each message, one at a time.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) command: String,
    pub(crate) output: Output,
}

/// What becomes of what the command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// It appears where our own output does.
    Shown,
    /// It is sent back, up to so many bytes.
    SentBack { message_bytes: usize },
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    /// What it answers, if that is to be sent back: a text where the message was one and it printed UTF-8, without the
    /// last end of line.
    pub(crate) reply: Option<Message>,
}

impl Exec {
    /// Runs the command on a message: its bytes are the standard input, its kind is in `SOCKEYE_MESSAGE_KIND`.
    ///
    /// Cancel safety: dropped before it is done, the command is killed.
    ///
    /// # Errors
    /// If it can't be started or its output can't be read.
    pub(crate) async fn run(&self, message: Message) -> io::Result<Done> {
        let kind = if message.is_text() {
            Kind::Text
        } else {
            Kind::Binary
        };
        let stdout = match self.output {
            Output::Shown => Stdio::inherit(),
            Output::SentBack { .. } => Stdio::piped(),
        };
        let mut child = Command::new("sh")
            .args(["-c", &self.command])
            .env("SOCKEYE_MESSAGE_KIND", kind.as_str())
            .stdin(Stdio::piped())
            .stdout(stdout)
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let give = async move {
            if let Some(mut stdin) = stdin {
                // A command that does not read all of it has its reasons.
                let _ = stdin.write_all(message.as_bytes()).await;
            }
        };
        let take = async {
            let mut printed = Vec::new();
            if let (Some(stdout), Output::SentBack { message_bytes }) = (stdout, self.output) {
                let most = u64::try_from(message_bytes).unwrap_or(u64::MAX);
                let beyond = most.saturating_add(1);
                stdout.take(beyond).read_to_end(&mut printed).await?;
                if printed.len() > message_bytes {
                    return Err(io::Error::other("it prints more than a message may hold"));
                }
            }
            io::Result::Ok(printed)
        };
        let ((), printed) = tokio::join!(give, take);
        let status = child.wait().await?;
        Ok(Done {
            status,
            reply: reply(printed?, kind),
        })
    }
}

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }
}

fn reply(mut printed: Vec<u8>, kind: Kind) -> Option<Message> {
    if printed.is_empty() {
        return None;
    }
    if kind == Kind::Binary {
        return Some(Message::binary(printed));
    }
    printed.pop_if(|byte| *byte == b'\n');
    Some(match Text::try_from(printed) {
        Ok(text) => Message::Text(text),
        Err(other) => Message::binary(other.into_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(command: &str, message: Message) -> Done {
        let exec = Exec {
            command: command.to_owned(),
            output: Output::SentBack { message_bytes: 64 },
        };
        exec.run(message).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_command_prints_is_sent_back_as_the_kind_it_got() {
        let done = run("tr a-z A-Z; echo", Message::text("hi")).await;
        assert_eq!(done.reply, Some(Message::text("HI")));
        let done = run(
            "cat; echo $SOCKEYE_MESSAGE_KIND",
            Message::binary(vec![b'<']),
        )
        .await;
        assert_eq!(done.reply, Some(Message::binary(b"<binary\n".to_vec())));
        assert_eq!(run("cat >/dev/null", Message::text("hi")).await.reply, None);
    }

    #[tokio::test]
    async fn a_command_that_fails_or_does_not_read_says_so_and_no_more() {
        let done = run("exit 3", Message::text("x".repeat(1 << 20))).await;
        assert_eq!(done.status.code(), Some(3));
    }

    #[tokio::test]
    async fn an_endless_command_does_not_fill_the_memory() {
        let exec = |command: &str| Exec {
            command: command.to_owned(),
            output: Output::SentBack { message_bytes: 64 },
        };
        let most = exec("printf %064d 0").run(Message::text("")).await.unwrap();
        assert_eq!(most.reply.unwrap().len(), 64);
        let error = exec("exec yes").run(Message::text("hi")).await.unwrap_err();
        assert!(error.to_string().contains("more than a message"), "{error}");
    }
}
