//! x
pub mod answer;
pub mod app;
pub mod ask;
pub mod ingest;
