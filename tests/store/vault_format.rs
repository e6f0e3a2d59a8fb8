//! vault_format
