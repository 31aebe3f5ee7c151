//! The parameters of an endpoint's path.

use matchit::Params;

/// Names the rest of a path below an endpoint's own. It is no parameter: no handler sees it.
pub(crate) const BELOW: &str = "below an endpoint";

/// The parameters of an endpoint's path, percent-decoded, in the path's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParams(Vec<(Box<str>, Box<str>)>);

impl PathParams {
    /// Decodes what the router found; `None` if a value is no UTF-8 once decoded.
    pub(crate) fn decode(params: &Params<'_, '_>) -> Option<Self> {
        params
            .iter()
            .filter(|(name, _)| *name != BELOW)
            .map(|(name, value)| Some((name.into(), decode(value)?)))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// No parameters.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes parameters of names and values, for tests of handlers.
    pub fn of<N: Into<Box<str>>, V: Into<Box<str>>>(
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(
            params
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    /// Returns the value of that name.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// Returns names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

fn decode(value: &str) -> Option<Box<str>> {
    percent_encoding::percent_decode_str(value)
        .decode_utf8()
        .ok()
        .map(|text| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params_of(path: &str) -> Option<PathParams> {
        let mut router = matchit::Router::new();
        router.insert("/chat/{room}/{who}", ()).unwrap();
        PathParams::decode(&router.at(path).unwrap().params)
    }

    #[test]
    fn values_are_percent_decoded() {
        let params = params_of("/chat/%ED%95%9C%20a/b+c").unwrap();
        assert_eq!(params.find("room"), Some("한 a"));
        assert_eq!(params.find("who"), Some("b+c"));
        assert_eq!(params.find("what"), None);
    }

    #[test]
    fn a_value_that_is_no_text_is_no_match() {
        assert_eq!(params_of("/chat/%ff/b"), None);
    }
}
