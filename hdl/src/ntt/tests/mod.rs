//! The engine and its parts against their models.

mod arkworks;
mod bench;
mod butterfly;
mod columns;
mod commands;
mod cosim;
mod goldilocks;
mod pipelined;
mod serial;
