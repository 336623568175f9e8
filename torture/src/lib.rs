//! Real servers for tests, and faults and loads against `oauth1-server`.

pub mod services;
