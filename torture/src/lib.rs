//! Faults and loads against `oauth1-server`.
