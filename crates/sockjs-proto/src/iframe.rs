//! The page through which old browsers reach a foreign server: a client in a frame of the server's own origin.

use bytes::Bytes;
use http::HeaderValue;

/// The page at `/iframe*.html`, and its tag. Made once for each service.
#[derive(Clone, Debug)]
pub struct IframePage {
    pub(crate) body: Bytes,
    pub(crate) tag: HeaderValue,
}

impl IframePage {
    /// Makes the page that loads the SockJS client of this URL. It must be of the same version as the client of the page
    /// around it.
    pub fn new(client_url: &str) -> Self {
        let url = client_url
            .replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;");
        // The protocol's suite compares it letter by letter.
        let body = format!(
            r#"<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="{url}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
"#
        );
        let tag = format!("\"{:016x}\"", fnv(body.as_bytes()));
        Self {
            tag: HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\"")),
            body: body.into(),
        }
    }

    /// Says whether a value of `If-None-Match` names this page (RFC 9110 §13.1.2).
    pub(crate) fn is_named_by(&self, tags: &HeaderValue) -> bool {
        tags.as_bytes().split(|byte| *byte == b',').any(|tag| {
            let tag = tag.trim_ascii();
            let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
            tag == self.tag.as_bytes() || tag == b"*"
        })
    }
}

/// FNV-1a of 64 bits. Whoever could forge it would need to write the page.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_suites_with_the_url_in_it() {
        let page = IframePage::new("https://a.example/s.js?a=1&b=\"><script>");
        let body = str::from_utf8(&page.body).unwrap();
        let lines = [
            "<!DOCTYPE html>",
            "<html>",
            "<head>",
            "  <meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\" />",
            "  <meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />",
            "  <script src=\"https://a.example/s.js?a=1&amp;b=&quot;>&lt;script>\"></script>",
            "  <script>",
            "    document.domain = document.domain;",
            "    SockJS.bootstrap_iframe();",
            "  </script>",
            "</head>",
            "<body>",
            "  <h2>Don't panic!</h2>",
            "  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>",
            "</body>",
            "</html>",
        ];
        assert_eq!(body.trim(), lines.join("\n"));
    }

    #[test]
    fn the_tag_changes_with_the_url_only() {
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(IframePage::new("/a").tag, IframePage::new("/a").tag);
        assert_ne!(IframePage::new("/a").tag, IframePage::new("/b").tag);
    }
}
