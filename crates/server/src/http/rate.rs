//! Rate limits: requests a second for each credential.

use crate::options::Rate;
use claimledger_app::model::question::Caller;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::num::NonZeroU32;

/// One bucket a credential. There are as many buckets as credentials that ever asked: what nobody
/// holds never gets here.
pub(crate) struct Limiter {
    buckets: DefaultKeyedRateLimiter<(String, String)>,
    clock: DefaultClock,
}

impl Limiter {
    /// With this rate.
    pub(crate) fn new(rate: Rate) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst));
        Self { buckets: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Takes one from the caller's bucket.
    ///
    /// # Errors
    /// Whole seconds to wait, at least one.
    pub(crate) fn take(&self, caller: &Caller) -> Result<(), u64> {
        let key = (caller.tenant.as_str().to_owned(), caller.credential.clone());
        self.buckets
            .check_key(&key)
            .map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_credential_does_not_use_up_anothers() {
        let caller = |tenant: &str, credential: &str| Caller {
            tenant: tenant.into(),
            credential: credential.to_owned(),
            roles: Vec::new(),
            source: None,
            request: Default::default(),
        };
        let limiter = Limiter::new(Rate { per_second: 1, burst: 3 });
        for _ in 0..3 {
            assert_eq!(limiter.take(&caller("acme", "c1")), Ok(()));
        }
        assert_eq!(limiter.take(&caller("acme", "c1")), Err(1));
        assert_eq!(limiter.take(&caller("acme", "c2")), Ok(()));
        assert_eq!(limiter.take(&caller("globex", "c1")), Ok(()));
    }
}
