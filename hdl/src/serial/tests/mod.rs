//! The serial link's blocks against their software models, the bridge against a scripted host, and
//! the whole card through the wire; each natively and under Verilator on the same vectors.

mod bench;
mod card;
mod host;
