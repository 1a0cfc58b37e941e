# Two commands do all the set-up on a machine with Rust, make and a C compiler:
#   make demo   build, fill a rehearsal ledger with a day of two organisations and of an Okta
#               org, explain it, and serve it on loopback; DEMO_ARGS="--data DIR" keeps the ledger
#   make test   install what the tests need where that is possible, then run all of them
.PHONY: demo test test-shared test-tools shots lint schema bench bench-postgres

demo:
	cargo run --quiet -p claimledger -- demo $(DEMO_ARGS)

# Over the fixture of the repository.
test: test-tools
	@sh scripts/run-tests.sh

# The same questions over another edition of the fixture, and tests of inputs that the repository
# does not hold. CLAIMLEDGER_SHARED names the folder with both.
test-shared: test-tools
	@test -d "$(CLAIMLEDGER_SHARED)/fixture" || \
	    { echo "CLAIMLEDGER_SHARED names no folder with a fixture" >&2; exit 1; }
	cargo test --workspace --test program --test rules --test main -- questions:: fixture engines::
	cargo test --workspace --test shared

# Programs from Debian packages, where this user may install packages; else says what is missing.
test-tools:
	@sh scripts/install-test-tools.sh

# A picture of every page and state, and a sheet of all: SHOTS=DIR, default target/shots.
shots: test-tools
	@sh scripts/shots.sh "$(or $(SHOTS),target/shots)"

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --workspace --test shared -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Rewrites the generated files under schema/; the tests fail when they are stale.
schema:
	UPDATE_SCHEMA=1 cargo test -p claimledger-facts -p claimledger-server schema

bench:
	cargo run --release -p claimledger -- bench append

# Starts a PostgreSQL server of its own, and deletes it.
bench-postgres:
	scripts/bench-postgres.sh
