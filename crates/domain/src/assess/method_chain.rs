//! Rules that ask for a chain of methods (Okta: `AUTH_METHOD_CHAIN`).
//!
//! Source: Okta, Sign-on policies, authentication method chains; Configure claims sharing: AMR
//! values of a third-party IdP cannot be used for one. One whole chain has to be covered: each of
//! its steps by a verification of its own, by a method of the step. The order of the steps is not
//! checked (`semantics.md` 40).

use super::requirement::{AlternativeReading, Bar, Candidate, Reading, Taking};
use crate::codes;
use claimledger_facts::{types::policy::Rule, vocabulary::Method};

pub(crate) const ID: &str = "method_chain";

/// A chain: each step is a list of methods, of which one is verified.
pub(crate) type Chain = Vec<Vec<Method>>;

/// How a chain stands: each step with the candidate that covers it.
#[derive(Clone, Debug)]
pub(crate) struct ChainReading {
    pub(crate) steps: Vec<(Vec<Method>, Option<usize>)>,
}

impl ChainReading {
    fn open(&self) -> usize {
        self.steps.iter().filter(|(_, by)| by.is_none()).count()
    }
}

/// The chains of a rule; empty: it asks for none.
pub(crate) fn chains(rule: &Rule) -> Vec<Chain> {
    let single: Chain = rule.chain.iter().map(|method| vec![*method]).collect();
    let single = (!single.is_empty()).then_some(single);
    single.into_iter().chain(rule.chains.iter().cloned()).collect()
}

/// Reads a rule that asks for chains.
pub(crate) fn read(
    chains: &[Chain],
    candidates: &[Candidate],
    bars: &dyn Fn(&Candidate) -> Option<Bar>,
    taking: Taking,
) -> Reading {
    let counting =
        candidates.iter().enumerate().filter(|(_, c)| c.sure || taking == Taking::Possible);
    let (mut usable, mut barred) = (Vec::new(), Vec::new());
    for (at, candidate) in counting {
        match bars(candidate) {
            Some(bar) => barred.push((at, bar)),
            None => usable.push(at),
        }
    }
    let readings = chains.iter().map(|chain| cover(chain, candidates, &usable, taking));
    // `min_by_key` keeps the first of equals.
    let best = readings.min_by_key(ChainReading::open);
    let met = best.as_ref().is_some_and(|best| best.open() == 0);
    let used =
        |at: &usize| best.iter().flat_map(|b| &b.steps).any(|(_, by)| by.as_ref() == Some(at));
    let mut types: Vec<_> =
        usable.iter().filter(|at| used(at)).map(|at| candidates[*at].value.factor_type).collect();
    types.sort_unstable();
    types.dedup();
    let best = AlternativeReading {
        constrained: true,
        usable,
        barred,
        types,
        unmet: if met { vec![] } else { vec![codes::METHOD_CHAIN] },
        chain: best,
        ..AlternativeReading::default()
    };
    Reading { met, best }
}

/// Covers as many steps as it can, each by another candidate.
fn cover(
    chain: &Chain,
    candidates: &[Candidate],
    usable: &[usize],
    taking: Taking,
) -> ChainReading {
    let mut by: Vec<Option<usize>> = vec![None; chain.len()];
    for step in 0..chain.len() {
        let mut tried = vec![false; candidates.len()];
        assign(step, chain, candidates, usable, taking, &mut by, &mut tried);
    }
    ChainReading { steps: chain.iter().cloned().zip(by).collect() }
}

/// Finds a candidate for a step, moving others to other candidates where that frees one.
fn assign(
    step: usize,
    chain: &Chain,
    candidates: &[Candidate],
    usable: &[usize],
    taking: Taking,
    by: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for at in usable.iter().copied() {
        if tried[at] || !covers(&candidates[at], &chain[step], taking) {
            continue;
        }
        tried[at] = true;
        let taken = by.iter().position(|used| *used == Some(at));
        if taken.is_none_or(|other| assign(other, chain, candidates, usable, taking, by, tried)) {
            by[step] = Some(at);
            return true;
        }
    }
    false
}

/// A value that does not say its method covers a step possibly.
fn covers(candidate: &Candidate, methods: &[Method], taking: Taking) -> bool {
    match candidate.value.known_method() {
        Some(method) => methods.contains(&method),
        None => taking == Taking::Possible,
    }
}
