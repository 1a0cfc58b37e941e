//! Faults that a test asks for.

/// Which calls a fault applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Appends.
    Append,
    /// Reads of streams.
    Read,
}

/// What happens to a call in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The node says that it is not the leader, and names this port on loopback.
    NotLeader(u16),
    /// The node knows of no leader. Nothing is written.
    NoLeader,
    /// The server is too busy. Nothing is written.
    Busy,
    /// The connection is closed before anything is written.
    DropBefore,
    /// The append is written, then the connection is closed. A read is cut in its middle.
    DropAfter,
    /// The append is written, then the server says that it gave up.
    AbortAfter,
    /// The call is never answered, and nothing is written.
    Silent,
    /// The append is written, and never answered.
    SilentAfter,
    /// A read ends with status OK before its end: with half of its events.
    EndsEarly,
    /// Revisions and positions are `u64::MAX`.
    Impossible,
}

/// The faults that are waiting.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
    cuts: u32,
    random: u64,
}

#[derive(Debug)]
struct Waiting {
    call: Call,
    fault: Fault,
    /// Calls that are answered before.
    after: u32,
    times: u32,
}

impl Faults {
    pub(crate) fn add(&mut self, call: Call, after: u32, fault: Fault, times: u32) {
        self.waiting.push(Waiting { call, fault, after, times });
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn cut(&mut self, seed: u64, count: u32) {
        (self.random, self.cuts) = (seed | 1, count);
    }

    pub(crate) const fn cuts(&self) -> u32 {
        self.cuts
    }

    /// The fault of the next call.
    pub(crate) fn take(&mut self, call: Call) -> Option<Fault> {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.call == call) {
            let waiting = &mut self.waiting[at];
            if waiting.after > 0 {
                waiting.after -= 1;
                return None;
            }
            let fault = waiting.fault;
            waiting.times = waiting.times.saturating_sub(1);
            if waiting.times == 0 {
                self.waiting.remove(at);
            }
            return Some(fault);
        }
        if self.cuts == 0 {
            return None;
        }
        // Marsaglia's xorshift: the same cuts for the same seed and order of calls.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let fault = match self.random % 16 {
            0 => Fault::DropBefore,
            1 => Fault::DropAfter,
            _ => return None,
        };
        self.cuts -= 1;
        Some(fault)
    }
}
