//! stored_key
