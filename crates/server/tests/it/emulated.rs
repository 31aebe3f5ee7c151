//! Sessions that one streaming response carries each: what is on the wire, what is refused, and how they end.

mod ends;
mod refusals;
mod served;
mod uplinks;
mod wire;
