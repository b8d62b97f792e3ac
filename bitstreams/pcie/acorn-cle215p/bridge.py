"""The card's AXI4 master for host memory, on LitePCIe's DMA engines.

LitePCIe's own LitePCIeAXISlave carries 32 address bits, one burst at a time, and acknowledges a write
before it has left. The card needs 64 bits and has 8 reads and 16 writes in flight, and its completions
count on the order "data, response, interrupt". So the bursts become descriptors of LitePCIe's DMA reader
and writer here, and a write is answered when its last packet has been taken by the endpoint.

Clock domains: "sys", which the PCIe link does not reset (card, what is outstanding), and "link", the same
clock reset with the link (DMA engines, endpoint). While the link is down, what the card has outstanding is
answered with SLVERR, so that the card, held in reset meanwhile, drains as it must.
"""

from migen import *

from litex.gen import *
from litex.soc.interconnect import axi, stream

from litepcie.frontend.dma import LitePCIeDMAReader, LitePCIeDMAWriter

SLVERR = 0b10
OUTSTANDING = 32


class HostBridge(LiteXModule):
    def __init__(self, endpoint, data_width=256):
        self.axi = port = axi.AXIInterface(data_width=data_width, address_width=64, id_width=1)
        self.down = Signal()  # Out: the link is, or was and the card has not drained.

        # # #

        rename = ClockDomainsRenamer("link")
        self.reader = reader = rename(LitePCIeDMAReader(
            endpoint, endpoint.crossbar.get_master_port(read_only=True),
            with_table=False, address_width=64, data_width=data_width))
        self.writer = writer = rename(LitePCIeDMAWriter(
            endpoint, endpoint.crossbar.get_master_port(write_only=True),
            with_table=False, address_width=64, data_width=data_width))

        # Reads: what is outstanding, by the number of beats.
        lengths = ResetInserter()(stream.SyncFIFO([("len", 8)], OUTSTANDING))
        self.lengths = lengths
        beat = Signal(8)
        down = self.down
        beat_bytes = data_width // 8

        self.comb += [
            lengths.sink.len.eq(port.ar.len),
            lengths.sink.valid.eq(port.ar.valid & (reader.desc_sink.ready | down)),
            reader.desc_sink.valid.eq(port.ar.valid & lengths.sink.ready & ~down),
            reader.desc_sink.address.eq(port.ar.addr),
            reader.desc_sink.length.eq((port.ar.len + 1) * beat_bytes),
            reader.desc_sink.irq_disable.eq(1),
            port.ar.ready.eq(lengths.sink.ready & (reader.desc_sink.ready | down)),

            port.r.valid.eq(lengths.source.valid & (reader.source.valid | down)),
            port.r.data.eq(Mux(down, 0, reader.source.data)),
            port.r.resp.eq(Mux(down, SLVERR, 0)),
            port.r.last.eq(beat == lengths.source.len),
            reader.source.ready.eq(lengths.source.valid & port.r.ready & ~down),
            lengths.source.ready.eq(port.r.valid & port.r.ready & port.r.last),
        ]
        self.sync += If(port.r.valid & port.r.ready,
            If(port.r.last, beat.eq(0)).Else(beat.eq(beat + 1)))

        # Writes: addresses taken whose data is not complete, bursts complete and not answered, and those of
        # them that have left.
        addressed = Signal((8, True))  # Data may come before its address.
        unanswered = Signal(8)
        left = Signal(8)
        aw, w, b = Signal(), Signal(), Signal()
        self.comb += [
            writer.desc_sink.valid.eq(port.aw.valid & ~down),
            writer.desc_sink.address.eq(port.aw.addr),
            writer.desc_sink.length.eq((port.aw.len + 1) * beat_bytes),
            writer.desc_sink.last_disable.eq(1),
            port.aw.ready.eq(writer.desc_sink.ready | down),
            writer.sink.valid.eq(port.w.valid & ~down),
            writer.sink.data.eq(port.w.data),
            port.w.ready.eq(writer.sink.ready | down),
            port.b.valid.eq(Mux(down, unanswered != 0, left != 0)),
            port.b.resp.eq(Mux(down, SLVERR, 0)),
            aw.eq(port.aw.valid & port.aw.ready),
            w.eq(port.w.valid & port.w.ready & port.w.last),
            b.eq(port.b.valid & port.b.ready),
        ]
        self.sync += [
            addressed.eq(addressed + aw - w),
            unanswered.eq(unanswered + w - b),
            If(down, left.eq(0)).Else(left.eq(left + writer.irq - b)),
        ]

        # Down from the loss of the link until it is back and nothing is outstanding.
        lost = Signal()
        idle = Signal()
        self.comb += [
            idle.eq(~lengths.source.valid & (addressed == 0) & (unanswered == 0)
                & ~port.ar.valid & ~port.aw.valid & ~port.w.valid),
            down.eq(lost | ResetSignal("link")),
        ]
        self.sync += If(ResetSignal("link"), lost.eq(1)).Elif(idle, lost.eq(0))

    def get_csrs(self):
        # The DMA engines write their own control register, in the clock domain of the link: it must not have a second
        # writer, the host, in that of the system. Its reset value enables them.
        return []

    def get_memories(self):
        return []
