# The usual commands.
default:
    @just --list

# Serve on 127.0.0.1:8080
serve:
    cargo run --release -- serve

# Every check
test:
    ./test

# Format and lint
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# The figures
bench:
    cargo run --release -- bench

# Licences and advisories of what we depend on
deny:
    cargo deny check
