//! What every fault and load stands on: a server process, signed requests, clients, and the record
//! of every answer.

pub mod canary;
pub mod client;
pub mod forge;
pub mod history;
pub mod load;
pub mod run;
pub mod senders;
pub mod server;
pub mod tracer;
