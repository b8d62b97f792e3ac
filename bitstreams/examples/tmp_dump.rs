use gristmill_hdl::msm::{Msm, Reduced};
use rust_hdl::prelude::Block;
fn main() {
    let mut m = Box::new(Msm::reduced(&Reduced { windows: 2, buckets_per_window: 2, stall_depth: 8, latency: 4 }));
    m.connect_all();
    print!("{}", gristmill_hdl_kit::verilog::generate(&*m));
}
