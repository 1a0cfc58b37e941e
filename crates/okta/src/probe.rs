//! What a token may read: each endpoint is asked once.

use crate::{
    client::Client,
    endpoints::{CONFIGURATION, LOG},
    error::ApiError,
    look::access,
    progress::Access,
};
use serde::Deserialize;

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

/// Asks each endpoint once. Gives the id of the org too, where it says so.
///
/// # Errors
/// If the token is not accepted at all, the org cannot be reached, what answers is no API, or it
/// fails at the log, which is asked first.
pub async fn probe(client: &Client) -> Result<(Vec<Probed>, Option<String>), ApiError> {
    let (mut probed, mut org) = (Vec::new(), None);
    for endpoint in std::iter::once(&LOG).chain(CONFIGURATION) {
        let address = endpoint.address();
        let url = client.org().at(&endpoint.request(&address, endpoint.limit.min(1)));
        let (access, why) = match client.get(&url, endpoint.permission).await {
            Ok(answer) => {
                let named: Option<Named> = serde_json::from_slice(&answer.body).ok();
                org = org.or(named.map(|named| named.id).filter(|_| endpoint.is_of_org()));
                (Access::Readable, String::new())
            }
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
    Ok((probed, org))
}

/// What an org publishes of itself.
#[derive(Deserialize)]
struct Named {
    id: String,
}
