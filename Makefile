# Two commands do all the set-up: `make demo` and `make test`.
.PHONY: demo test lint

demo:
	cargo run --quiet -p claimledger -- demo

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

test:
	cargo test --workspace
