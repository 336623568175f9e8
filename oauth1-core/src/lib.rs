//! OAuth 1.0a.
