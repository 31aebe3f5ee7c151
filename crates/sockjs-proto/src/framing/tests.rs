//! Frames, letter by letter.

use sockeye_types::CloseCode;

use super::*;

fn written(framing: &Framing, write: impl FnOnce(&Framing, &mut BytesMut)) -> String {
    let mut out = BytesMut::new();
    write(framing, &mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

fn batch(framing: &Framing, messages: &[&str]) -> String {
    written(framing, |framing, out| {
        let mut batch = framing.batch(out);
        for message in messages {
            batch.text(message);
        }
        batch.finish();
    })
}

fn framing(by: Receive) -> Framing {
    let callback = Callback::from_query(Some("c=_jp.x"), 32).unwrap();
    Framing::of(by, Some(&callback)).unwrap()
}

#[test]
fn each_transport_wraps_frames_in_its_own_way() {
    let html = |frame: &str| format!("<script>\np(\"{frame}\");\n</script>\r\n");
    let jsonp = |frame: &str| format!("/**/_jp.x(\"{frame}\");\r\n");
    for (framing, wrap, messages) in [
        (
            Framing::websocket(),
            &(|f: &str| f.to_owned()) as &dyn Fn(&str) -> String,
            r#"a["x","%<"]"#,
        ),
        (
            framing(Receive::Xhr),
            &|f| format!("{f}\n"),
            r#"a["x","%<"]"#,
        ),
        (
            framing(Receive::XhrStreaming),
            &|f| format!("{f}\n"),
            r#"a["x","%<"]"#,
        ),
        (
            framing(Receive::EventSource),
            &|f| format!("data: {f}\r\n\r\n"),
            r#"a["x","%25<"]"#,
        ),
        (framing(Receive::HtmlFile), &html, r#"a[\"x\",\"%\u003c\"]"#),
        (framing(Receive::Jsonp), &jsonp, r#"a[\"x\",\"%\u003c\"]"#),
    ] {
        assert_eq!(written(&framing, Framing::open), wrap("o"));
        assert_eq!(written(&framing, Framing::heartbeat), wrap("h"));
        assert_eq!(batch(&framing, &["x", "%<"]), wrap(messages));
    }
}

#[test]
fn a_message_escaped_before_gives_the_same_frame() {
    for framing in Receive::ALL.map(framing) {
        let whole = batch(&framing, &["</a> 1 %", "b\n"]);
        let copied = written(&framing, |framing, out| {
            let mut element = BytesMut::new();
            escape_into(framing.escape(), "</a> 1 %", &mut element);
            let mut batch = framing.batch(out);
            batch.element(&element);
            batch.text("b\n");
            batch.finish();
        });
        assert_eq!(copied, whole);
    }
}

#[test]
fn a_close_has_a_code_and_a_reason_that_is_escaped_for_the_transport() {
    let close = Close::new(CloseCode::new(3000), "\"Go\" </script> %!").unwrap();
    for (by, expected) in [
        (
            Receive::Xhr,
            "c[3000,\"\\\"Go\\\" </script> %!\"]\n".to_owned(),
        ),
        (
            Receive::EventSource,
            "data: c[3000,\"\\\"Go\\\" </script> %25!\"]\r\n\r\n".to_owned(),
        ),
        (
            Receive::Jsonp,
            r#"/**/_jp.x("c[3000,\"\\\"Go\\\" \u003c/script> %!\"]");"#.to_owned() + "\r\n",
        ),
    ] {
        assert_eq!(
            written(&framing(by), |framing, out| framing.close(&close, out)),
            expected
        );
    }
    let second = |framing: &Framing, out: &mut BytesMut| {
        framing.close_frame(&CloseFrame::ANOTHER_CONNECTION, out);
    };
    assert_eq!(
        written(&Framing::websocket(), second),
        r#"c[2010,"Another connection still open"]"#
    );
}

#[test]
fn a_close_without_a_code_is_a_normal_one() {
    let write = |framing: &Framing, out: &mut BytesMut| framing.close(&Close::empty(), out);
    assert_eq!(
        written(&Framing::websocket(), write),
        r#"c[1000,"Normal closure"]"#
    );
}

#[test]
fn streams_begin_with_a_prelude_and_polls_do_not() {
    assert_eq!(
        framing(Receive::XhrStreaming).prelude().unwrap(),
        "h".repeat(2048) + "\n"
    );
    assert_eq!(framing(Receive::EventSource).prelude().unwrap(), "\r\n");
    for framing in [
        Framing::websocket(),
        framing(Receive::Xhr),
        framing(Receive::Jsonp),
    ] {
        assert_eq!(framing.prelude(), None);
    }
}

#[test]
fn the_page_of_htmlfile_is_the_suites_with_the_callback_and_longer_than_a_kibibyte() {
    let page = framing(Receive::HtmlFile).prelude().unwrap();
    let page = str::from_utf8(&page).unwrap();
    assert!(page.len() > 1024 && page.ends_with("  \r\n\r\n"));
    let lines = [
        "<!doctype html>",
        "<html><head>",
        "  <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />",
        "  <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />",
        "</head><body><h2>Don't panic!</h2>",
        "  <script>",
        "    document.domain = document.domain;",
        "    var c = parent._jp.x;",
        "    c.start();",
        "    function p(d) {c.message(d);};",
        "    window.onload = function() {c.stop();};",
        "  </script>",
    ];
    assert_eq!(page.trim(), lines.join("\n"));
}

#[test]
fn who_needs_a_callback_is_not_framed_without_one() {
    for by in Receive::ALL {
        assert_eq!(Framing::of(by, None).is_err(), by.has_callback(), "{by:?}");
    }
}
