//! Rust text as a flat row of tokens: where each stands, and whether it is code of a test.
//!
//! Comments, also doc comments, are no tokens here.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Which code a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// What is shipped.
    Product,
    /// What only a test build compiles.
    Test,
    /// A test whose clock stands still until nothing else is left to do: sleeping moves it, and waits for nothing.
    PausedTest,
}

/// One token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// What it says; a bracket is a token of its own.
    pub(crate) text: String,
    /// Its first line, counted from 1.
    pub(crate) first_line: usize,
    /// Its last line: a literal may span several.
    pub(crate) last_line: usize,
    /// Which code it belongs to.
    pub(crate) code: Code,
}

impl Token {
    fn new(text: impl Into<String>, span: Span, code: Code) -> Self {
        Self {
            text: text.into(),
            first_line: span.start().line,
            last_line: span.end().line,
            code,
        }
    }
}

/// Flattens a stream. `code` says what it belongs to as a whole; in a product's file, items marked `#[test]` or
/// `#[cfg(test)]` are still told apart.
pub(crate) fn flatten(stream: TokenStream, code: Code) -> Vec<Token> {
    let mut tokens = Vec::new();
    append(stream, code, &mut tokens);
    tokens
}

fn append(stream: TokenStream, outer: Code, tokens: &mut Vec<Token>) {
    let mut code = outer;
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if is_punct(&tree, '#') {
            let bang = trees.next_if(|next| is_punct(next, '!'));
            if let Some(TokenTree::Group(attribute)) = trees.next_if(is_bracketed) {
                if is_doc(&attribute) {
                    continue;
                }
                code = marked(&attribute).unwrap_or(code);
                tokens.push(Token::new("#", tree.span(), code));
                append_group(&attribute, code, tokens);
                continue;
            }
            tokens.push(Token::new("#", tree.span(), code));
            tokens.extend(bang.map(|bang| Token::new("!", bang.span(), code)));
            continue;
        }
        let ends_item = is_punct(&tree, ';')
            || matches!(&tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        match tree {
            TokenTree::Group(group) => append_group(&group, code, tokens),
            leaf => tokens.push(Token::new(leaf.to_string(), leaf.span(), code)),
        }
        if ends_item {
            code = outer;
        }
    }
}

fn append_group(group: &Group, code: Code, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    tokens.push(Token::new(open, group.span_open(), code));
    append(group.stream(), code, tokens);
    tokens.push(Token::new(close, group.span_close(), code));
}

fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_bracketed(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
}

fn is_doc(attribute: &Group) -> bool {
    let first = attribute.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(name)) if name == "doc")
}

/// Returns what an attribute makes of its item: `#[test]`, `#[tokio::test]` and the like, or `#[cfg(test)]`.
fn marked(attribute: &Group) -> Option<Code> {
    let text = attribute.stream().to_string().replace(' ', "");
    let path = text.split('(').next().unwrap_or_default();
    if text.contains("start_paused=true") {
        return Some(Code::PausedTest);
    }
    let is_test = path == "test" || path.ends_with("::test") || text == "cfg(test)";
    is_test.then_some(Code::Test)
}
