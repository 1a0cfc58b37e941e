//! The pollers of a server: each source is polled by the node that has the duty of it.

use super::poller;
use anyhow::Result;
use claimledger_app::{app::App, model::question::Caller};
use claimledger_facts::ids::{SourceId, TenantId};
use claimledger_okta::{Source, SourceError, Sources};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Interval at which sources are listed where other nodes may add and remove them.
const LIST_INTERVAL: Duration = Duration::from_secs(5);

/// The pollers of a server.
pub(crate) struct Pollers {
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A source of a tenant.
type Key = (TenantId, SourceId);

/// What each source was set up as when its task was started, and what ends the task.
type Running = BTreeMap<Key, (Source, CancellationToken)>;

impl Pollers {
    /// Starts the poller of every source of every tenant. One that cannot start is reported, and
    /// stops nothing else.
    pub(crate) async fn start(app: &App) -> Result<Self> {
        let pollers = Self { stop: CancellationToken::new(), tasks: TaskTracker::new() };
        if app.read_only().is_some() {
            return Ok(pollers);
        }
        let mut running = Running::new();
        pollers.update(app, &mut running).await?;
        if app.has_other_nodes() {
            let (stop, tasks) = (pollers.stop.clone(), pollers.tasks.clone());
            pollers.tasks.spawn(Self { stop, tasks }.follow(app.clone(), running));
        }
        Ok(pollers)
    }

    /// Starts and ends pollers as other nodes set sources up and remove them.
    async fn follow(self, app: App, mut running: Running) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(LIST_INTERVAL) => {}
            }
            if let Err(error) = self.update(&app, &mut running).await {
                tracing::warn!(%error, "the sources could not be listed");
            }
        }
    }

    async fn update(&self, app: &App, running: &mut Running) -> Result<()> {
        let mut found = BTreeMap::new();
        for tenant in app.tenants().await? {
            let sources = Sources::of(app, &Caller::owner(tenant.clone())).await?;
            for id in sources.ids().await? {
                let key = (tenant.clone(), id);
                match sources.get(&key.1).await {
                    Ok(source) => drop(found.insert(key, source)),
                    // Removed since they were listed.
                    Err(SourceError::Unknown { .. }) => {}
                    // What is polled stays so: a read may fail for a moment.
                    Err(error) => match running.get(&key) {
                        Some((source, _)) => drop(found.insert(key, source.clone())),
                        None => tracing::error!(source = %key.1, %error, "it is not polled"),
                    },
                }
            }
        }
        running.retain(|key, (source, stop)| {
            let is_same = found.get(key) == Some(source);
            if !is_same {
                stop.cancel();
            }
            is_same
        });
        for (key, source) in found {
            let Entry::Vacant(new) = running.entry(key) else { continue };
            let (stop, key) = (self.stop.child_token(), new.key().clone());
            self.tasks.spawn(poll_on_duty(app.clone(), key, source.clone(), stop.clone()));
            new.insert((source, stop));
        }
        Ok(())
    }

    /// Stops them, and waits until they have.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Polls a source while this node has the duty. Where the duty is lost, a round may end at any
/// request: what it appended is recognised as a repeat, and the cursor is compared and set.
async fn poll_on_duty(app: App, (tenant, id): Key, source: Source, stop: CancellationToken) {
    let caller = Caller::owner(tenant);
    let mut duty = app.duty_of_polling(&caller, &id);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = duty.gained() => {}
        }
        let made = match Sources::of(&app, &caller).await {
            Ok(sources) => poller(&app, &caller, sources, &id, source.clone()),
            Err(error) => Err(error.into()),
        };
        let poller = match made {
            Ok(poller) => poller,
            // Gives the duty back: another node may have the token.
            Err(error) => return tracing::error!(source = %id, %error, "it is not polled"),
        };
        tokio::select! {
            () = poller.run(stop.clone()) => return,
            () = duty.lost() => tracing::info!(source = %id, "another node polls it"),
        }
    }
}
