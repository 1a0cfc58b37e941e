//! What a token may read: each endpoint is asked once.

use crate::{
    client::Client,
    endpoints::{CONFIGURATION, LOG},
    error::ApiError,
    look::access,
    progress::Access,
};

/// What asking an endpoint once gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The endpoint.
    pub address: String,
    /// Whether it can be read.
    pub access: Access,
    /// Which permission it needs.
    pub permission: &'static str,
    /// What is wrong; empty: nothing.
    pub why: String,
}

impl Probed {
    /// Whether reading it says anything of the token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        self.permission.starts_with("okta.")
    }
}

/// Asks each endpoint once.
///
/// # Errors
/// If the token is not accepted at all, the org cannot be reached, what answers is no API, or it
/// fails at the log, which is asked first.
pub async fn probe(client: &Client) -> Result<Vec<Probed>, ApiError> {
    let mut probed = Vec::new();
    for endpoint in std::iter::once(&LOG).chain(CONFIGURATION) {
        let address = endpoint.address();
        let url = client.org().at(&endpoint.request(&address, endpoint.limit.min(1)));
        let (access, why) = match client.get(&url, endpoint.permission).await {
            Ok(_) => (Access::Readable, String::new()),
            Err(
                error @ (ApiError::Unauthorized { .. }
                | ApiError::Token(_)
                | ApiError::Redirected { .. }
                | ApiError::NotJson { .. }
                | ApiError::Unreachable { .. }
                | ApiError::Late { .. }),
            ) => return Err(error),
            Err(error @ ApiError::Failed { .. }) if probed.is_empty() => return Err(error),
            Err(error) => (access(&error), error.to_string()),
        };
        probed.push(Probed { address, access, permission: endpoint.permission, why });
    }
    Ok(probed)
}
