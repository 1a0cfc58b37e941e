//! Limits on concurrent streams of events: for one holder and for the whole server. Dropping a slot
//! frees it.

use claimledger_app::model::question::Caller;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// Subscriptions in use, by credential.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionSlots(Mutex<HashMap<Holder, usize>>);

/// A tenant, and who of it.
pub(crate) type Holder = (String, String);

/// A credential, as the holder of a slot.
pub(crate) fn holder(caller: &Caller) -> Holder {
    (caller.tenant.as_str().to_owned(), caller.credential.clone())
}

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
    /// Takes a slot for a holder. Limits: slots of one holder, and of all.
    pub(crate) fn take(
        self: &Arc<Self>,
        holder: &Holder,
        (of_one, of_all): (usize, usize),
    ) -> Result<SubscriptionSlot, NoSlot> {
        let holder = holder.clone();
        let mut held = self.0.lock();
        if held.get(&holder).is_some_and(|own| *own >= of_one) || of_one == 0 {
            return Err(NoSlot { by_one: true, limit: of_one });
        }
        if held.values().sum::<usize>() >= of_all {
            return Err(NoSlot { by_one: false, limit: of_all });
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
    fn slots_are_counted_by_credential_and_in_all_and_come_back() {
        let holder = |tenant: &str, of: &str| (tenant.to_owned(), of.to_owned());
        let most = (2, 3);
        let slots = Arc::new(SubscriptionSlots::default());
        let first = slots.take(&holder("acme", "c1"), most).unwrap();
        let _second = slots.take(&holder("acme", "c1"), most).unwrap();
        assert_eq!(
            slots.take(&holder("acme", "c1"), most).unwrap_err(),
            NoSlot { by_one: true, limit: 2 }
        );
        let _third = slots.take(&holder("globex", "c1"), most).unwrap();
        assert_eq!(
            slots.take(&holder("acme", "c2"), most).unwrap_err(),
            NoSlot { by_one: false, limit: 3 }
        );
        drop(first);
        assert!(slots.take(&holder("acme", "c2"), most).is_ok());
    }
}
