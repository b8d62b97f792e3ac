"""LitePCIe's endpoint, with packets of both kinds of header behind each other.

LitePCIe 2024.12 inserts headers of three dwords (addresses below 4 GiB, completions) and of four by two modules, and
chooses between them by the packet that waits, not by the one that is being sent. A packet with a header of three
dwords ends one beat after its last data has been taken; if one with a header of four waits by then, that last beat is
lost and the two packets run into each other. test_bridge.py shows it. Here the choice is held until a packet's last
beat has gone.
"""

from migen import *

from litepcie.core import LitePCIeEndpoint
from litepcie.tlp import packetizer

Inserter = packetizer.LitePCIeTLPHeaderInserter128b


class SteadyInserter(Inserter):
    def __init__(self, fmt):
        chosen, held, within = Signal.like(fmt), Signal.like(fmt), Signal()
        Inserter.__init__(self, fmt=chosen)
        self.comb += chosen.eq(Mux(within, held, fmt))
        self.sync += If(self.source.valid & self.source.ready,
            within.eq(~self.source.last),
            If(~within, held.eq(fmt)),
        )


def endpoint(phy, inserter=SteadyInserter, **arguments):
    """As LitePCIeEndpoint, for a PHY of 128 bits."""
    assert phy.data_width == 128
    # The packetizer looks the class up by its name when it is made.
    packetizer.LitePCIeTLPHeaderInserter128b = inserter
    try:
        return LitePCIeEndpoint(phy, **arguments)
    finally:
        packetizer.LitePCIeTLPHeaderInserter128b = Inserter
