# The server with the embedded engines. The tests check that this file parses, and do not build it.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock rustfmt.toml clippy.toml ./
COPY crates crates
COPY examples examples
COPY migrations migrations
COPY schema schema
COPY docs docs
COPY tests tests
RUN cargo build --release --locked -p claimledger

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/claimledger --create-home claimledger
COPY --from=build /src/target/release/claimledger /usr/local/bin/claimledger
USER claimledger
VOLUME /var/lib/claimledger
ENV CLAIMLEDGER_DATA=/var/lib/claimledger
EXPOSE 7070
ENTRYPOINT ["claimledger"]
CMD ["serve", "--listen", "0.0.0.0:7070", "--behind-proxy"]
