//! One Rust file, and the rules that hold inside it.

use std::collections::BTreeSet;

use proc_macro2::{LexError, TokenStream};

use crate::tokens::{Code, Token, flatten};

/// Most code lines of a file, its tests not counted; a file of tests counts whole.
const FILE_LINES: usize = 400;
/// Most code lines of `lib.rs` and `mod.rs`: docs, `mod` and `pub use`.
const INDEX_LINES: usize = 80;
/// Most code lines of the tests at a file's foot; more go to a file of their own.
const FOOT_LINES: usize = 100;
/// Words for work that was put off.
const PUT_OFF: [&str; 2] = [concat!("FIX", "ME"), concat!("TO", "DO")];
/// Calls that wait for the clock.
const WAITS: [&str; 4] = ["sleep", "sleep_until", "sleep_ms", "park_timeout"];

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    name: &'a str,
    text: &'a str,
    tokens: Vec<Token>,
}

/// A fault and the line it stands on, counted from 1.
pub(crate) type Fault = (usize, String);

impl<'a> Source<'a> {
    /// Takes a file apart. The name is its path below the root: it says whether the whole file is a test.
    ///
    /// # Errors
    /// [`LexError`] if the text does not fall into tokens.
    pub(crate) fn new(name: &'a str, text: &'a str) -> Result<Self, LexError> {
        let stream: TokenStream = text.parse()?;
        let code = if is_test_file(name) {
            Code::Test
        } else {
            Code::Product
        };
        Ok(Self {
            name,
            text,
            tokens: flatten(stream, code),
        })
    }

    /// Returns what is wrong with the file's size and shape.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !self.text.starts_with("//!") {
            faults.push((1, "does not open with `//!`".to_owned()));
        }
        faults.extend(self.sizes());
        faults.extend(self.ignored_tests());
        faults.extend(self.put_off());
        faults
    }

    /// Returns where tests wait for the clock. Where it stands still, only a thread that sleeps does.
    pub(crate) fn sleeps(&self) -> Vec<Fault> {
        let windows = self.tokens.windows(5);
        windows
            .filter_map(|window| match window {
                [path, _, before, name, open]
                    if WAITS.contains(&name.text.as_str())
                        && open.text == "("
                        && ![".", "fn"].contains(&before.text.as_str())
                        && (name.code == Code::Test
                            || name.code == Code::PausedTest && path.text == "thread") =>
                {
                    Some((name.first_line, format!("a test calls `{}`", name.text)))
                }
                _ => None,
            })
            .collect()
    }

    /// Returns how many lines hold code of the product, and how many code of tests.
    fn lines(&self) -> (usize, usize) {
        let lines_of = |tests: bool| {
            let tokens = self.tokens.iter();
            let tokens = tokens.filter(|token| (token.code != Code::Product) == tests);
            let lines = tokens.flat_map(|token| token.first_line..=token.last_line);
            lines.collect::<BTreeSet<usize>>().len()
        };
        (lines_of(false), lines_of(true))
    }

    fn sizes(&self) -> Vec<Fault> {
        let whole_is_test = is_test_file(self.name);
        let (product, tests) = self.lines();
        let most = if is_index(self.name) && !whole_is_test {
            INDEX_LINES
        } else {
            FILE_LINES
        };
        let most_tests = if whole_is_test {
            FILE_LINES
        } else {
            FOOT_LINES
        };
        [(product, most, "code"), (tests, most_tests, "tests")]
            .into_iter()
            .filter(|(lines, most, _)| lines > most)
            .map(|(lines, most, what)| (1, format!("{lines} lines of {what}, at most {most}")))
            .collect()
    }

    fn ignored_tests(&self) -> Vec<Fault> {
        let windows = self.tokens.windows(3);
        windows
            .filter_map(|window| match window {
                [hash, open, name] if hash.text == "#" && open.text == "[" => {
                    (name.text == "ignore").then(|| (name.first_line, "a test is ignored".into()))
                }
                [name, bang, open] if bang.text == "!" && "([{".contains(&open.text) => {
                    let put_off = ["todo", "unimplemented"].contains(&name.text.as_str());
                    put_off.then(|| (name.first_line, format!("holds `{}!`", name.text)))
                }
                _ => None,
            })
            .collect()
    }

    fn put_off(&self) -> Vec<Fault> {
        let lines = self.text.lines().zip(1..);
        lines
            .flat_map(|(line, number)| {
                let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).collect();
                PUT_OFF
                    .into_iter()
                    .filter(move |word| words.contains(word))
                    .map(move |word| (number, format!("holds `{word}`")))
            })
            .collect()
    }
}

fn is_test_file(name: &str) -> bool {
    name.split('/')
        .any(|part| part == "tests" || part == "tests.rs")
}

fn is_index(name: &str) -> bool {
    name.ends_with("/lib.rs") || name.ends_with("/mod.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(name: &str, text: &str) -> Vec<String> {
        let faults = Source::new(name, text).unwrap().faults();
        faults.into_iter().map(|(_, fault)| fault).collect()
    }

    fn sleeps(name: &str, text: &str) -> Vec<usize> {
        let sleeps = Source::new(name, text).unwrap().sleeps();
        sleeps.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_file_must_open_with_what_lives_in_it() {
        assert!(faults("src/a.rs", "//! What lives here.\nfn a() {}\n").is_empty());
        assert_eq!(
            faults("src/a.rs", "fn a() {}\n"),
            ["does not open with `//!`"]
        );
    }

    #[test]
    fn lines_of_code_count_and_comments_and_blank_ones_do_not() {
        let full = format!("//! A.\n{}", "\n/// B.\n// C.\nfn a() {}\n".repeat(400));
        assert!(faults("src/a.rs", &full).is_empty());
        let more = full.clone() + "fn b() {}\n";
        assert_eq!(
            faults("src/a.rs", &more),
            ["401 lines of code, at most 400"]
        );
        assert_eq!(
            faults("src/lib.rs", &full),
            ["400 lines of code, at most 80"]
        );
    }

    #[test]
    fn a_string_over_many_lines_counts_with_each() {
        let text = format!("//! A.\nconst A: &str = \"{}\";\n", "a\n".repeat(400));
        assert_eq!(
            faults("src/a.rs", &text),
            ["401 lines of code, at most 400"]
        );
    }

    #[test]
    fn tests_at_the_foot_have_a_limit_of_their_own() {
        let tests = "#[test]\nfn a() {}\n".repeat(49);
        let text = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{tests}}}\n");
        let found = faults("src/a.rs", &text);
        assert_eq!(found, ["101 lines of tests, at most 100"]);
        assert!(faults("src/a/tests.rs", &text).is_empty());
        let text = format!("//! A.\n{}", "fn a() {}\n".repeat(401));
        assert_eq!(
            faults("tests/a.rs", &text),
            ["401 lines of tests, at most 400"]
        );
    }

    #[test]
    fn tests_that_never_run_and_work_put_off_are_found() {
        let ignored = "//! A.\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n";
        assert_eq!(faults("src/a.rs", ignored), ["a test is ignored"]);
        let text = format!("//! A.\nfn a() {{\n    {}!()\n}}\n", "todo");
        assert_eq!(faults("src/a.rs", &text), ["holds `todo!`"]);
        let text = format!("//! A.\n// {}: later\n", PUT_OFF[0]);
        assert_eq!(faults("src/a.rs", &text).len(), 1);
    }

    #[test]
    fn a_test_may_not_wait_for_the_clock_but_the_product_may() {
        let text =
            "//! A.\nfn a() { sleep(A) }\n#[tokio::test]\nasync fn b() {\n    sleep(A).await;\n}\n";
        assert_eq!(sleeps("src/a.rs", text), [5]);
        assert_eq!(sleeps("tests/a.rs", text), [2, 5]);
        assert!(sleeps("tests/a.rs", "//! A.\nfn a() { b.sleep(); }\n").is_empty());
        let paused =
            "//! A.\n#[tokio::test(start_paused = true)]\nasync fn a() { sleep(A).await; }\n";
        assert!(sleeps("tests/a.rs", paused).is_empty());
        let thread = paused.replace("sleep(A).await", "thread::sleep(A)");
        assert_eq!(sleeps("tests/a.rs", &thread), [3]);
    }
}
