//! Tests over inputs that the repository does not hold. `make test-shared` runs them; `make test`
//! does not build them, so that none passes without its input.

#[path = "../support/okta_samples.rs"]
mod okta_samples;
mod power_cut;
mod samples;
#[path = "../support/mod.rs"]
mod support;
