//! The tower layer, for axum, hyper and everything else that speaks `tower::Service`.

mod body;
mod layer;
mod response;
mod service;

pub use body::RequestBody;
pub use layer::VerificationLayer;
pub(crate) use response::Answers;
pub use response::{AnswerProfile, ResponseBody};
pub(crate) use service::Judged;
pub use service::Verification;
