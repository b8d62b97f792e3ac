//! Prints how many point adders a card holds, by kind: the table of docs/pcie-cards.md.
//!
//!     cargo run --release -p gristmill-bitstreams --example adders_table

fn main() {
    print!("{}", gristmill_bitstreams::estimate::adders::table());
}
