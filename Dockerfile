# The program with all engines. The tests parse and lint this file, and never built it.
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
RUN groupadd --system --gid 10001 claimledger \
    && useradd --system --uid 10001 --gid claimledger --home-dir /var/lib/claimledger \
        --create-home claimledger \
    && chmod 700 /var/lib/claimledger
COPY --from=build /src/target/release/claimledger /usr/local/bin/claimledger
# By number: an orchestrator can then see that it is not root.
USER 10001:10001
VOLUME /var/lib/claimledger
ENV CLAIMLEDGER_DATA=/var/lib/claimledger
EXPOSE 7070
ENTRYPOINT ["claimledger"]
CMD ["serve", "--listen", "0.0.0.0:7070", "--behind-proxy"]
