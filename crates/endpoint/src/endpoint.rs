//! One endpoint, as a driver sees it: who may come in, and a conversation for each who does.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
};

use http::{HeaderMap, StatusCode};
use matchit::Router;

use crate::{
    Conversation, Opening, PathParams, Refusal, Requests, Session, Site, UpgradeRequest,
    catch::CatchUnwind, options::Options, path_params::BELOW, program::Form,
};

/// One endpoint: a handler with its options.
pub struct Endpoint {
    options: Arc<Options>,
    form: Form,
    derived: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Endpoint {
    pub(crate) fn new(options: Options, form: Form) -> Self {
        Self {
            options: Arc::new(options),
            form,
            derived: OnceLock::new(),
        }
    }

    /// Returns what was set for it.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns what a transport derives from the options, made at first use and shared by all its sessions.
    ///
    /// There is one transport today; where several derive something, one asks for a type that holds what all need.
    pub fn derived<T: Any + Send + Sync>(&self, derive: impl Fn(&Options) -> T) -> Arc<T> {
        let derived = self.derived.get_or_init(|| Arc::new(derive(&self.options)));
        Arc::clone(derived)
            .downcast()
            .unwrap_or_else(|_| Arc::new(derive(&self.options)))
    }

    /// Checks the `Origin` of a request against the site it is for: see [`Site::of`](crate::Site::of).
    ///
    /// # Errors
    /// A [`Refusal`] with 403 if it is foreign and was not allowed.
    pub fn check_origin(&self, headers: &HeaderMap, site: &Site) -> Result<(), Refusal> {
        if self.options.origins.allow(headers, site) {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "this origin is not allowed here\n",
        ))
    }

    /// Asks the interceptors, one after the other. One that panics refuses with 500.
    ///
    /// Cancel safety: dropped before it is done, the request is undecided; who was asked may have left attributes in
    /// it, and who comes later was not asked.
    ///
    /// # Errors
    /// The [`Refusal`] of the first that refuses.
    pub async fn intercept(&self, request: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        for interceptor in &self.options.interceptors {
            let decision = CatchUnwind(interceptor.before_upgrade(request));
            decision.await.unwrap_or_else(|panic| {
                tracing::error!(%panic, "an interceptor panicked");
                Err(Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal error\n",
                ))
            })?;
        }
        Ok(())
    }

    /// Opens a session: what the transport drives from now on.
    pub fn open(&self, opening: Opening) -> Conversation {
        let session = Session::new(opening, Arc::clone(&self.options));
        let program = self.form.begin(&session);
        Conversation::new(session, program)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What was found for a path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found<'a> {
    /// The endpoint.
    pub endpoint: &'a Arc<Endpoint>,
    /// The parameters of its path.
    pub params: PathParams,
    /// What follows the endpoint's own path, as sent: one of SockJS's resources, with the slash it begins with. Empty
    /// for the endpoint itself.
    pub below: &'a str,
}

/// The table of routes that a server serves.
#[derive(Debug)]
pub struct Routes {
    endpoints: Router<Route>,
    requests: Router<Requests>,
}

/// Where a pattern leads.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) place: At,
}

/// What a pattern matches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    /// An endpoint's own path.
    Path,
    /// What is below it.
    Below,
}

impl Routes {
    pub(crate) fn new(endpoints: Router<Route>, requests: Router<Requests>) -> Self {
        Self {
            endpoints,
            requests,
        }
    }

    /// Finds what answers plain requests on a path.
    pub fn find_requests(&self, path: &str) -> Option<&Requests> {
        Some(self.requests.at(path).ok()?.value)
    }

    /// Finds the endpoint for a path.
    pub fn find<'a>(&'a self, path: &'a str) -> Option<Found<'a>> {
        let found = self.endpoints.at(path).ok()?;
        let rest = found.params.get(BELOW).unwrap_or_default().len();
        let below = match found.value.place {
            At::Path => 0,
            At::Below => rest + 1,
        };
        Some(Found {
            endpoint: &found.value.endpoint,
            params: PathParams::decode(&found.params)?,
            below: path.get(path.len() - below..)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;
    use crate::{Endpoints, HandlerResult, Interceptor, Socket};

    struct Panics;

    impl Interceptor for Panics {
        async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
            panic!("later")
        }
    }

    async fn nothing(_: Socket) -> HandlerResult {
        Ok(())
    }

    #[test]
    fn an_interceptor_that_panics_refuses_with_500() {
        let routes = Endpoints::new()
            .at("/later", nothing)
            .interceptor(Panics)
            .at("/at-once", nothing)
            .interceptor(|_: &mut UpgradeRequest<'_>| panic!("at once"))
            .into_routes()
            .unwrap();
        let (head, ()) = http::Request::get("/").body(()).unwrap().into_parts();
        for path in ["/later", "/at-once"] {
            let found = routes.find(path).unwrap();
            let mut request = UpgradeRequest::new(&head, &found.params, None);
            let refusal = block_on(found.endpoint.intercept(&mut request)).unwrap_err();
            assert_eq!(refusal.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(refusal.body(), "internal error\n");
        }
    }
}
