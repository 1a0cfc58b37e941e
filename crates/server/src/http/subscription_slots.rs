//! Limits on concurrent subscriptions: for one credential and for the whole server. Dropping a slot
//! frees it.

use crate::options::ServerOptions;
use claimledger_app::model::question::Caller;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Subscriptions in use, by credential.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionSlots(Mutex<HashMap<Holder, usize>>);

type Holder = (String, String);

/// A slot.
#[derive(Debug)]
pub(crate) struct SubscriptionSlot {
    slots: Arc<SubscriptionSlots>,
    holder: Holder,
}

/// No slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSlot {
    /// Whether the credential uses all its slots.
    pub by_one: bool,
    /// The limit.
    pub limit: usize,
}

impl SubscriptionSlots {
    /// Takes a slot for a caller.
    pub(crate) fn take(
        self: &Arc<Self>,
        caller: &Caller,
        options: &ServerOptions,
    ) -> Result<SubscriptionSlot, NoSlot> {
        let holder = (caller.tenant.as_str().to_owned(), caller.credential.clone());
        let mut held = self.0.lock();
        if held.get(&holder).is_some_and(|own| *own >= options.subscriptions_of_one)
            || options.subscriptions_of_one == 0
        {
            return Err(NoSlot { by_one: true, limit: options.subscriptions_of_one });
        }
        if held.values().sum::<usize>() >= options.subscriptions {
            return Err(NoSlot { by_one: false, limit: options.subscriptions });
        }
        *held.entry(holder.clone()).or_default() += 1;
        Ok(SubscriptionSlot { slots: Arc::clone(self), holder })
    }
}

impl Drop for SubscriptionSlot {
    fn drop(&mut self) {
        let mut held = self.slots.0.lock();
        if let Some(own) = held.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_credential_and_in_all_and_come_back() {
        let caller = |tenant: &str, credential: &str| Caller {
            tenant: tenant.into(),
            credential: credential.to_owned(),
            roles: Vec::new(),
            source: None,
            request: Default::default(),
        };
        let options =
            ServerOptions { subscriptions_of_one: 2, subscriptions: 3, ..ServerOptions::default() };
        let slots = Arc::new(SubscriptionSlots::default());
        let first = slots.take(&caller("acme", "c1"), &options).unwrap();
        let _second = slots.take(&caller("acme", "c1"), &options).unwrap();
        assert_eq!(
            slots.take(&caller("acme", "c1"), &options).unwrap_err(),
            NoSlot { by_one: true, limit: 2 }
        );
        let _third = slots.take(&caller("globex", "c1"), &options).unwrap();
        assert_eq!(
            slots.take(&caller("acme", "c2"), &options).unwrap_err(),
            NoSlot { by_one: false, limit: 3 }
        );
        drop(first);
        assert!(slots.take(&caller("acme", "c2"), &options).is_ok());
    }
}
