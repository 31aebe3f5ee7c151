//! Characters that browsers, scripts and JSON stumble over, there and back.

use super::{by::By, served::default_echo};

/// A string literal of JSON in which every UTF-16 unit is escaped.
fn escaped(text: &str) -> String {
    let units: String = text
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    format!("\"{units}\"")
}

/// What a literal of JSON with `\uXXXX` and short escapes says.
fn read(literal: &str) -> String {
    let mut units = Vec::new();
    let mut rest = literal.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        units.push(match rest.next().unwrap() {
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                assert_eq!(digits, digits.to_lowercase());
                u16::from_str_radix(&digits, 16).unwrap()
            }
            'n' => 10,
            'r' => 13,
            't' => 9,
            'b' => 8,
            'f' => 12,
            short => short as u16,
        });
    }
    String::from_utf16(&units).unwrap()
}

/// Sends a literal to a session of its own and returns the one that comes back, with the quotes.
async fn echoed(addr: std::net::SocketAddr, session: &str, literal: &str) -> String {
    By::Xhr.open(addr, session).await;
    let sent = By::Xhr.send(addr, session, &format!("[{literal}]")).await;
    assert_eq!(sent.status(), 204);
    let frame = By::Xhr.poll(addr, session).await;
    let literal = frame.strip_prefix("a[").unwrap();
    literal.strip_suffix("]\n").unwrap().to_owned()
}

#[tokio::test]
async fn what_browsers_mangle_is_escaped_on_its_way_out() {
    let served = default_echo().await;
    let mangled: String = [
        0x200c..=0x200f,
        0x2028..=0x202f,
        0x2060..=0x206f,
        0xfff0..=0xffff,
    ]
    .into_iter()
    .flatten()
    .filter_map(char::from_u32)
    .collect();
    let back = echoed(served.addr, "/echo/0/s", &format!("\"{mangled}\"")).await;
    assert_eq!(back, escaped(&mangled));
}

#[tokio::test]
async fn control_characters_are_escaped_in_their_short_forms_or_in_lower_case() {
    let served = default_echo().await;
    let controls: String = (0..0x20).filter_map(char::from_u32).collect();
    let back = echoed(served.addr, "/echo/0/s", &escaped(&controls)).await;
    assert!(
        back.is_ascii() && !back.bytes().any(|byte| byte < 0x20),
        "{back}"
    );
    assert!(back.contains("\\n") && back.contains("\\r") && back.contains("\\u0000"));
    assert_eq!(read(back.trim_matches('"')), controls);
}

#[tokio::test]
async fn every_character_that_a_client_escapes_is_understood() {
    let served = default_echo().await;
    for (at, plane) in (0..0x11_0000u32).step_by(0x1_0000).enumerate() {
        // A few of each plane, but all of the first.
        let step = if at == 0 { 1 } else { 257 };
        let all: String = (plane..plane + 0x1_0000)
            .step_by(step)
            .filter_map(char::from_u32)
            .collect();
        let back = echoed(served.addr, &format!("/echo/0/{at}"), &escaped(&all)).await;
        let back = &back[1..back.len() - 1];
        assert!(read(back) == all, "plane {at} came back changed");
    }
}

#[tokio::test]
async fn half_a_character_becomes_the_replacement_character() {
    let served = default_echo().await;
    let halves = [
        (r#""\ud800""#, "\u{fffd}"),
        (r#""a\udc00b""#, "a\u{fffd}b"),
        (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        (r#""\ud83d\ude00""#, "\u{1f600}"),
        (r#""\uD83D\uDE00""#, "\u{1f600}"),
    ];
    for (at, (literal, text)) in halves.into_iter().enumerate() {
        let back = echoed(served.addr, &format!("/echo/0/{at}"), literal).await;
        assert_eq!(read(back.trim_matches('"')), text, "{literal}");
    }
}

#[tokio::test]
async fn an_event_source_is_sent_no_bare_percent() {
    let served = default_echo().await;
    let mut stream = By::EventSource.open(served.addr, "/echo/0/s").await;
    let array = r#"["100% %41 \n\r\u0000"]"#;
    By::Xhr.send(served.addr, "/echo/0/s", array).await;
    stream.expect(r#"a["100%25 %2541 \n\r\u0000"]"#).await;
}

#[tokio::test]
async fn a_close_reason_is_escaped_as_messages_are() {
    use super::served::at;
    use crate::served::Served;
    use sockeye_endpoint::{Endpoints, HandlerResult, SockJs, Socket};
    use sockeye_types::Close;

    async fn says_why(mut socket: Socket) -> HandlerResult {
        if socket.recv().await.is_some() {
            let reason = "50% \"</script>\" \u{2028}\n";
            socket.close(Close::new(4000.into(), reason)?);
        }
        Ok(())
    }
    let served =
        Served::endpoints(|_| at(Endpoints::new(), "/why", says_why, SockJs::default())).await;
    for by in By::STREAMING {
        let session = format!("/why/0/{by:?}");
        let mut stream = by.open(served.addr, &session).await;
        by.send(served.addr, &session, r#"["why?"]"#).await;
        let frame = stream.http.part().await.unwrap();
        match by {
            By::XhrStreaming => {
                let expected = "c[4000,\"50% \\\"</script>\\\" \\u2028\\n\"]\n";
                assert_eq!(frame, expected);
            }
            By::EventSource => {
                let expected = "data: c[4000,\"50%25 \\\"</script>\\\" \\u2028\\n\"]\r\n\r\n";
                assert_eq!(frame, expected);
            }
            _ => {
                assert_eq!(frame.matches("</script>").count(), 1, "{frame}");
                assert!(frame.ends_with("\n</script>\r\n"), "{frame}");
            }
        }
        stream.ends().await;
    }
}

#[tokio::test]
async fn a_message_can_not_end_the_script_that_carries_it() {
    let served = default_echo().await;
    let array = r#"["</script><script>alert(1)</script><!--"]"#;
    for by in [By::HtmlFile, By::Jsonp] {
        let session = format!("/echo/0/{by:?}");
        let mut receiver = by.open(served.addr, &session).await;
        by.send(served.addr, &session, array).await;
        if !by.is_streaming() {
            receiver = by.receive(served.addr, &session).await;
        }
        let frame = receiver.http.part().await.unwrap();
        let (begin, end) = match by {
            By::HtmlFile => ("<script>\np(\"", "\");\n</script>\r\n"),
            _ => ("/**/call.back(\"", "\");\r\n"),
        };
        let literal = frame
            .strip_prefix(begin)
            .unwrap()
            .strip_suffix(end)
            .unwrap();
        assert!(!literal.contains('<'), "{literal}");
        // A script reads the literal, and then JSON in it.
        assert_eq!(read(&read(literal)), format!("a{array}"));
    }
}
