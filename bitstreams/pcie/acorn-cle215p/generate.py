#!/usr/bin/env python3
"""Makes the Acorn CLE-215+'s top: LitePCIe, LiteDRAM and the card, with Vivado's Tcl and constraints.

    generate.py --card CARD.v --out DIR [--clock-mhz 100]

CARD.v is the card's generated Verilog (`bitstreams/pcie/elaborate` makes it). Writes DIR/gateware/ with
acorn_cle215p.v, .tcl and .xdc, and DIR/csr.csv. Pins: litex-boards' platform sqrl_acorn. Nothing made by
this has been through Vivado or on a board.

BAR0 (128 KiB): 0x0_0000 the card's registers (64 KiB); 0x1_0000 LiteX's: MSI-X table and pending bits,
state of the link, LiteDRAM's, and `card_memory`, which tells the card that its memory is trained.
"""

import argparse
import os

from migen import *

from litex.gen import *
from litex.soc.cores.clock import S7IDELAYCTRL, S7PLL
from litex.soc.integration.builder import Builder
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCMini
from litex.soc.interconnect import wishbone
from litex.soc.interconnect.axi import AXILiteInterface, Wishbone2AXILite
from litex.soc.interconnect.csr import CSRStorage

from litedram.core import LiteDRAMCore
from litedram.frontend.axi import LiteDRAMAXI2Native, LiteDRAMAXIPort
from litedram.modules import MT41K512M16
from litedram.phy import s7ddrphy

from litepcie.core import LitePCIeMSIX
from litepcie.frontend.wishbone import LitePCIeWishboneMaster
from litepcie.phy.s7pciephy import S7PCIEPHY

from litex_boards.platforms import sqrl_acorn

from bridge import HostBridge
from endpoint import endpoint as packets

NAME = "acorn_cle215p"
# What the driver looks for: abi/src/pci.rs.
VENDOR_ID, DEVICE_ID, CLASS_BASE = "1209", "6775", "12"
REGISTER_BYTES = 0x1_0000
BAR0_BYTES = 0x2_0000
CARD_MEMORY_BYTES = 1 << 30


class Clocks(LiteXModule):
    def __init__(self, platform, frequency):
        self.cd_sys = ClockDomain()
        self.cd_sys4x = ClockDomain()
        self.cd_sys4x_dqs = ClockDomain()
        self.cd_idelay = ClockDomain()
        self.cd_link = ClockDomain()  # The clock of sys, reset with the PCIe link.
        self.pll = pll = S7PLL(speedgrade=-3)
        pll.register_clkin(platform.request("clk200"), 200e6)
        pll.create_clkout(self.cd_sys, frequency)
        pll.create_clkout(self.cd_sys4x, 4 * frequency)
        pll.create_clkout(self.cd_sys4x_dqs, 4 * frequency, phase=90)
        pll.create_clkout(self.cd_idelay, 200e6)
        self.idelayctrl = S7IDELAYCTRL(self.cd_idelay)
        self.comb += self.cd_link.clk.eq(self.cd_sys.clk)


class Card(LiteXModule):
    """The card's pins: AXI-Lite for registers, AXI for host and card memory."""

    def __init__(self, frequency, host, memory):
        self.registers = s = AXILiteInterface(data_width=32, address_width=32)
        self.memory = CSRStorage(1, description="Write 1 when the DDR3 is trained: the card then has its memory.")
        self.reset = Signal()
        self.irq = Signal()
        self.busy = Signal()
        ports = dict(
            i_clock=ClockSignal("sys"),
            i_reset=self.reset,
            i_clock_hz=int(frequency),
            i_card_mem_bytes=Mux(self.memory.storage, C(CARD_MEMORY_BYTES, 40), C(0, 40)),
            o_irq=self.irq,
            o_busy=self.busy,
            i_s_awaddr=s.aw.addr[:16], i_s_awvalid=s.aw.valid, o_s_awready=s.aw.ready,
            i_s_wdata=s.w.data, i_s_wstrb=s.w.strb, i_s_wvalid=s.w.valid, o_s_wready=s.w.ready,
            o_s_bresp=s.b.resp, o_s_bvalid=s.b.valid, i_s_bready=s.b.ready,
            i_s_araddr=s.ar.addr[:16], i_s_arvalid=s.ar.valid, o_s_arready=s.ar.ready,
            o_s_rdata=s.r.data, o_s_rresp=s.r.resp, o_s_rvalid=s.r.valid, i_s_rready=s.r.ready,
        )
        for prefix, axi in (("h", host), ("c", memory)):
            araddr, awaddr = Signal(64), Signal(64)
            self.comb += [axi.ar.addr.eq(araddr), axi.aw.addr.eq(awaddr)]
            for channel in (axi.ar, axi.aw):
                # What the card leaves out: INCR bursts of whole words, one ID.
                self.comb += [channel.burst.eq(0b01), channel.size.eq(5), channel.id.eq(0)]
            self.comb += axi.w.strb.eq(2**32 - 1)
            ports.update({
                f"o_{prefix}_araddr": araddr, f"o_{prefix}_arlen": axi.ar.len,
                f"o_{prefix}_arvalid": axi.ar.valid, f"i_{prefix}_arready": axi.ar.ready,
                f"i_{prefix}_rdata": axi.r.data, f"i_{prefix}_rresp": axi.r.resp, f"i_{prefix}_rlast": axi.r.last,
                f"i_{prefix}_rvalid": axi.r.valid, f"o_{prefix}_rready": axi.r.ready,
                f"o_{prefix}_awaddr": awaddr, f"o_{prefix}_awlen": axi.aw.len,
                f"o_{prefix}_awvalid": axi.aw.valid, f"i_{prefix}_awready": axi.aw.ready,
                f"o_{prefix}_wdata": axi.w.data, f"o_{prefix}_wlast": axi.w.last,
                f"o_{prefix}_wvalid": axi.w.valid, f"i_{prefix}_wready": axi.w.ready,
                f"i_{prefix}_bresp": axi.b.resp, f"i_{prefix}_bvalid": axi.b.valid, f"o_{prefix}_bready": axi.b.ready,
            })
        self.specials += Instance("gristmill_card", name="gristmill_card_0", **ports)


class Acorn(SoCMini):
    SoCMini.mem_map["csr"] = REGISTER_BYTES
    # Fixed pages of 2 KiB from 0x1_0000 on: the capability in the PCIe block names two of them.
    csr_map = {"pcie_phy": 2, "pcie_msi": 3, "pcie_msi_table": 4}

    def __init__(self, platform, frequency):
        SoCMini.__init__(self, platform, clk_freq=frequency, csr_data_width=32,
            ident="Gristmill on Acorn CLE-215+", ident_version=False)
        self.crg = Clocks(platform, frequency)

        # PCIe Gen2 x4, at 128 bits.
        self.comb += platform.request("pcie_clkreq_n").eq(0)
        self.pcie_phy = phy = S7PCIEPHY(platform, platform.request("pcie_x4"), data_width=128, cd="link",
            bar0_size=BAR0_BYTES, msi_type="msi-x")
        phy.update_config({
            "Bar0_Scale": "Kilobytes", "Bar0_Size": BAR0_BYTES // 1024,
            "Vendor_ID": VENDOR_ID, "Device_ID": DEVICE_ID,
            "Subsystem_Vendor_ID": VENDOR_ID, "Subsystem_ID": DEVICE_ID,
            "Use_Class_Code_Lookup_Assistant": False, "Class_Code_Base": CLASS_BASE,
            "Class_Code_Sub": "00", "Class_Code_Interface": "00",
            "MSIx_Table_Size": "2", "MSIx_Table_BIR": "BAR_0", "MSIx_PBA_BIR": "BAR_0",
            "MSIx_Table_Offset": f"{REGISTER_BYTES + 4 * 0x800:x}",
            "MSIx_PBA_Offset": f"{REGISTER_BYTES + 3 * 0x800 + 8:x}",
        })
        self.specials += AsyncReset(self.crg.cd_link, ResetSignal("sys") | ResetSignal("pcie"))
        link = ClockDomainsRenamer("link")
        self.pcie_endpoint = endpoint = link(packets(phy, max_pending_requests=8, address_width=64,
            endianness=phy.endianness))

        # Host to card.
        self.pcie_master = master = link(LitePCIeWishboneMaster(endpoint, qword_aligned=phy.qword_aligned))
        self.bus.add_master("pcie", master=master.wishbone)

        # Card to host.
        self.host = host = HostBridge(endpoint)
        self.pcie_msi = link(LitePCIeMSIX(endpoint, width=2, default_enable=1))

        # DDR3: 1 GiB, one chip of 16 bits.
        self.ddrphy = s7ddrphy.A7DDRPHY(platform.request("ddram"), memtype="DDR3", nphases=4,
            sys_clk_freq=frequency, iodelay_clk_freq=200e6)
        module = MT41K512M16(frequency, "1:4")
        self.sdram = LiteDRAMCore(phy=self.ddrphy, geom_settings=module.geom_settings,
            timing_settings=module.timing_settings, clk_freq=frequency)
        native = self.sdram.crossbar.get_port(data_width=256)
        memory = LiteDRAMAXIPort(data_width=256, address_width=30, id_width=1)
        self.memory = LiteDRAMAXI2Native(memory, native)

        # The card, its registers at the bottom of BAR0.
        self.card = card = Card(frequency, host.axi, memory)
        registers = wishbone.Interface(data_width=32, adr_width=30)
        self.registers = Wishbone2AXILite(registers, card.registers)
        self.bus.add_slave("card", registers, SoCRegion(origin=0, size=REGISTER_BYTES, cached=False))
        # Whenever the link is lost, the card is reset; it drains against the bridge.
        self.comb += card.reset.eq(host.down)

        # Vector 0 follows the interrupt's rising edge. (LitePCIeMSIX cannot be made with fewer than two.)
        before = Signal()
        self.sync += before.eq(card.irq)
        self.comb += self.pcie_msi.irqs.eq(Cat(card.irq & ~before, 0))

        leds = platform.request_all("user_led")
        self.comb += leds.eq(~Cat(card.busy, card.irq, ~host.down, card.memory.storage))
        platform.add_period_constraint(self.crg.cd_sys.clk, 1e9 / frequency)


def AsyncReset(domain, reset):
    from migen.genlib.resetsync import AsyncResetSynchronizer
    return AsyncResetSynchronizer(domain, reset)


def main():
    parser = argparse.ArgumentParser(description="Makes the Acorn CLE-215+'s top around the card.")
    parser.add_argument("--card", required=True, help="the card's Verilog, its top module named gristmill_card")
    parser.add_argument("--out", required=True, help="folder to write")
    parser.add_argument("--clock-mhz", type=float, default=100.0, help="clock of card and bus; DDR3 runs at eight times that")
    args = parser.parse_args()
    with open(args.card) as f:
        if "module gristmill_card(" not in f.read():
            parser.error(f"{args.card} has no module gristmill_card: make it with bitstreams/pcie/elaborate")
    platform = sqrl_acorn.Platform(variant="cle-215+")
    platform.add_source(os.path.abspath(args.card))
    soc = Acorn(platform, args.clock_mhz * 1e6)
    builder = Builder(soc, output_dir=args.out, csr_csv=os.path.join(args.out, "csr.csv"),
        compile_software=False, compile_gateware=True)
    builder.build(build_name=NAME, run=False)


if __name__ == "__main__":
    main()
