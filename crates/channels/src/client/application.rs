//! What a client says to the application behind the server.

use sockeye_channel_proto::{Disconnect, RpcRequest, RpcResult, SendRequest};

use super::{Client, Identity, Refusal};
use crate::{Verdict, hooks::Calling, may_call};

impl Client {
    pub(super) async fn rpc(
        &self,
        identity: &Identity,
        request: RpcRequest,
    ) -> Result<RpcResult, Refusal> {
        let checked = self.core.settings();
        let settings = checked.settings();
        match may_call(&settings.rpc, &request.method, settings) {
            Verdict::Allowed(_) | Verdict::AskHook => {}
            Verdict::Refused(code) => return Err(code.into()),
            Verdict::Closed(code) => return Err(code.into()),
        }
        let calling = Calling {
            caller: self.caller(Some(identity)),
            method: request.method,
            data: request.data,
        };
        let data = self.core.hooks().rpc(calling).await?;
        Ok(RpcResult { data })
    }

    /// There is no reply, so whatever is wrong ends the connection.
    pub(super) async fn send(&self, request: SendRequest) -> Result<(), Refusal> {
        if !self.may_ask() {
            return Err(Disconnect::TooManyRequests.into());
        }
        let identity = self.identity();
        let caller = self.caller(identity.as_ref());
        match self.core.hooks().send(caller, request.data).await {
            Ok(()) => Ok(()),
            Err(refused) => match refused.into() {
                Refusal::Close(ending) => Err(Refusal::Close(ending)),
                Refusal::Error(_) => Err(Disconnect::ServerError.into()),
            },
        }
    }
}
