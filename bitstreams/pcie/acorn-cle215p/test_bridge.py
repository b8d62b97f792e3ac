#!/usr/bin/env python3
"""The bridge (bridge.py) with LitePCIe's own endpoint, simulated against a model of the card and one of the host.

    test_bridge.py [-v]     (with requirements.txt installed; `cargo test -p gristmill-bitstreams --test acorn_bridge`)

The host's model reads and writes PCIe packets at the pins of Xilinx' block: 128 bits a beat, big-endian dwords as
in PG054. It answers reads late, in any order and in pieces of up to 64 bytes' alignment, and takes packets when it
likes. The card's model issues bursts as the card does: whole 32-byte words, up to 16 beats, none over a page, write
data and write addresses independent of each other.
"""

import random
import unittest

from migen import *

from litex.gen import *
from litex.soc.interconnect import stream

from litepcie.common import phy_layout, get_bar_mask

from bridge import HostBridge, SLVERR
from endpoint import Inserter, SteadyInserter, endpoint

REQUESTER = 0x1234
COMPLETER = 0x0100
PAGE = 4096
# Where the card's buffers are: below and above 4 GiB (headers of three and of four dwords), and an IOVA of 48 bits.
WINDOWS = [0x7_3000, 0x1_2345_6000, 0xffff_8000_2000]
WINDOW_BYTES = 2 * PAGE


class Phy(LiteXModule):
    """What LitePCIe's endpoint wants of S7PCIEPHY."""

    endianness = "big"
    data_width = 128

    def __init__(self, max_request, max_payload):
        self.sink = stream.Endpoint(phy_layout(128))
        self.source = stream.Endpoint(phy_layout(128))
        self.id = Signal(16, reset=REQUESTER)
        self.bar0_mask = get_bar_mask(0x2_0000)
        self.max_request_size = Signal(16, reset=max_request)
        self.max_payload_size = Signal(16, reset=max_payload)


class Bench(LiteXModule):
    def __init__(self, max_request=256, max_payload=128, inserter=SteadyInserter):
        self.cd_sys = ClockDomain("sys")
        self.cd_link = ClockDomain("link")
        self.link_reset = Signal()
        self.comb += [self.cd_sys.rst.eq(0), self.cd_link.rst.eq(self.link_reset)]
        self.phy = Phy(max_request, max_payload)
        link = ClockDomainsRenamer("link")
        self.endpoint = link(endpoint(self.phy, inserter=inserter, max_pending_requests=8,
            address_width=64, endianness=Phy.endianness))
        self.bridge = HostBridge(self.endpoint)


class Host:
    """Memory behind packets."""

    def __init__(self, bench, seed, max_request, max_payload, answers=True):
        self.bench, self.random = bench, random.Random(seed)
        self.max_request, self.max_payload = max_request, max_payload
        self.answers = answers
        self.memory = {}
        for window in WINDOWS:
            for i in range(WINDOW_BYTES):
                self.memory[window + i] = self.random.randrange(256)
        self.writes = []  # (address, length) in the order in which they came.
        self.reads = []  # Requests without all of their completions: [tag, address, left].
        self.read_count = 0
        self.sizes = set()
        self.out = []  # Beats of the packet on its way to the card.
        self.packet = []  # Dwords of the packet on its way from the card.
        self.left = 0  # Write packets that the endpoint has taken whole.

    @staticmethod
    def swapped(dword):
        return int.from_bytes(dword.to_bytes(4, "little"), "big")

    def packet_came(self, dwords):
        kind, length = dwords[0] >> 24 & 0x7f, dwords[0] & 0x3ff
        assert dwords[0] & 0x00f0fc00 == 0, "class, digest, poison, attributes"
        assert dwords[1] >> 16 == REQUESTER, f"requester {dwords[1] >> 16:#x}"
        assert length > 0 and dwords[1] & 0xff == (0xff if length > 1 else 0x0f), "whole dwords"
        four = kind >> 5 & 1
        address = dwords[2] << 32 | dwords[3] if four else dwords[2]
        assert four == (address >= 1 << 32), f"{address:#x} in a header of {3 + four} dwords"
        data = dwords[3 + four:]
        assert address // PAGE == (address + 4 * length - 1) // PAGE, f"{address:#x} + {4 * length} is over a page"
        assert address in self.memory and address + 4 * length - 1 in self.memory, f"no memory at {address:#x}"
        if kind & 0x40:
            assert kind & 0x1f == 0 and len(data) == length, f"{len(data)} dwords of {length}"
            assert 4 * length <= self.max_payload
            for i, byte in enumerate(b"".join(d.to_bytes(4, "big") for d in data)):
                self.memory[address + i] = byte
            self.writes.append((address, 4 * length))
        else:
            assert kind & 0x1f == 0 and not data
            assert 4 * length <= self.max_request
            tag = dwords[1] >> 8 & 0xff
            assert tag < 8 and all(read[0] != tag for read in self.reads), f"tag {tag} is in use"
            self.reads.append([tag, address, 4 * length])
            self.read_count += 1

    def completion(self):
        """Beats of a completion of some read: the rest, or up to a border of 64 bytes."""
        read = self.random.choice(self.reads)
        tag, address, left = read
        size = left
        if self.random.random() < 0.5:
            size = min(left, 64 - address % 64)
        self.sizes.add(size)
        dwords = [
            0b10_01010 << 24 | size // 4,
            COMPLETER << 16 | left,
            REQUESTER << 16 | tag << 8 | address & 0x7f,
        ]
        data = bytes(self.memory[address + i] for i in range(size))
        dwords += [int.from_bytes(data[i:i + 4], "big") for i in range(0, size, 4)]
        if size == left:
            self.reads.remove(read)
        else:
            read[1:] = [address + size, left - size]
        beats = []
        for i in range(0, len(dwords), 4):
            beat = dwords[i:i + 4]
            dat = sum(d << 32 * j for j, d in enumerate(beat))
            beats.append((dat, (1 << 4 * len(beat)) - 1, i + 4 >= len(dwords)))
        return beats

    def run(self):
        """A generator for migen: every cycle both directions."""
        sink, source = self.bench.phy.sink, self.bench.phy.source
        taken = self.bench.endpoint.packetizer.req_sink
        ready, valid = False, False
        while True:
            # The edge that has just been: what was offered and taken at it.
            if (yield self.bench.link_reset):
                self.packet, self.out, self.reads, valid = [], [], [], False
                yield source.valid.eq(0)
                yield sink.ready.eq(1)
                yield
                continue
            if (yield taken.valid) and (yield taken.ready) and (yield taken.we) and (yield taken.last):
                self.left += 1
            if ready and (yield sink.valid):
                dat, be = (yield sink.dat), (yield sink.be)
                self.packet += [dat >> 32 * i & 0xffff_ffff for i in range(4) if be >> 4 * i & 0xf]
                if (yield sink.last):
                    self.packet_came(self.packet)
                    self.packet = []
            if valid and (yield source.ready):
                self.out.pop(0)
                valid = False
            if not self.out and self.reads and self.answers and self.random.random() < 0.2:
                self.out = self.completion()
            if not valid and self.out and self.random.random() < 0.8:
                dat, be, last = self.out[0]
                yield source.dat.eq(dat)
                yield source.be.eq(be)
                yield source.last.eq(last)
                valid = True
            yield source.valid.eq(valid)
            ready = self.random.random() < 0.7
            yield sink.ready.eq(ready)
            yield


class Card:
    """The card's host port."""

    def __init__(self, bench, host, seed, reads, writes):
        self.bench, self.host, self.random = bench, host, random.Random(seed)
        # Reads from the lower page of each window, writes to the upper.
        self.reads = [self.burst(0) for _ in range(reads)]
        self.writes = [self.burst(PAGE) for _ in range(writes)]
        self.data = [[self.random.getrandbits(256) for _ in range(beats)] for _, beats in self.writes]
        self.stop = False  # No new bursts.
        self.again = False  # The link was lost before.
        self.asked = self.announced = 0  # Read and write addresses that were taken.
        self.got = []  # (data, response) of each beat, by burst.
        self.current = []
        self.sent = 0  # Write bursts all of whose data was taken.
        self.responses = []
        self.most = [0, 0]  # Most in flight.

    def burst(self, offset):
        beats = self.random.choice([1, 2, 3, 8, 15, 16, 16])
        word = self.random.randrange(PAGE // 32 - beats + 1)
        return self.random.choice(WINDOWS) + offset + 32 * word, beats

    def done(self):
        return len(self.got) == len(self.reads) and len(self.responses) == len(self.writes)

    def drained(self):
        return len(self.got) == self.asked and len(self.responses) == self.announced == self.sent

    def run(self):
        axi = self.bench.bridge.axi
        beat = 0
        ar = aw = w = r = b = False  # What was offered over the last edge.
        while True:
            if ar and (yield axi.ar.ready):
                self.asked, ar = self.asked + 1, False
            if aw and (yield axi.aw.ready):
                self.announced, aw = self.announced + 1, False
            if w and (yield axi.w.ready):
                beat, w = beat + 1, False
                if beat == self.writes[self.sent][1]:
                    self.sent, beat = self.sent + 1, 0
            if r and (yield axi.r.valid):
                self.current.append(((yield axi.r.data), (yield axi.r.resp)))
                assert len(self.got) < self.asked + ar, "an answer that was not asked for"
                last = len(self.current) == self.reads[len(self.got)][1]
                assert (yield axi.r.last) == last, f"last is wrong at beat {len(self.current)}"
                if last:
                    self.got.append(self.current)
                    self.current = []
            if b and (yield axi.b.valid):
                self.responses.append((yield axi.b.resp))
                assert len(self.responses) <= self.sent, "a write was answered before its data was there"
                packets = sum(-(-32 * beats // self.host.max_payload) for _, beats in self.writes[:len(self.responses)])
                assert self.stop or self.again or packets <= self.host.left, "a write was answered before it had left"
            self.most = [max(self.most[0], self.asked - len(self.got)), max(self.most[1], self.sent - len(self.responses))]
            # A burst that has begun goes on, in reset too: the card drains.
            if not ar and not self.stop and self.asked < len(self.reads) and self.asked - len(self.got) < 8 \
                    and self.random.random() < 0.5:
                address, beats = self.reads[self.asked]
                yield axi.ar.addr.eq(address)
                yield axi.ar.len.eq(beats - 1)
                ar = True
            begun = max(self.sent + (beat > 0 or w), self.announced)
            flying = self.announced - len(self.responses)
            if not aw and self.announced < len(self.writes) and flying < 16 and self.random.random() < 0.5 \
                    and (not self.stop or self.announced < begun):
                address, beats = self.writes[self.announced]
                yield axi.aw.addr.eq(address)
                yield axi.aw.len.eq(beats - 1)
                aw = True
            # Data of a burst may come before its address, by one burst.
            if not w and self.sent < len(self.writes) and self.sent <= self.announced and self.random.random() < 0.8 \
                    and (not self.stop or beat > 0 or self.sent < self.announced + aw):
                yield axi.w.data.eq(self.data[self.sent][beat])
                yield axi.w.last.eq(beat == self.writes[self.sent][1] - 1)
                w = True
            yield axi.ar.valid.eq(ar)
            yield axi.aw.valid.eq(aw)
            yield axi.w.valid.eq(w)
            r, b = self.random.random() < 0.8, self.random.random() < 0.8
            yield axi.r.ready.eq(r)
            yield axi.b.ready.eq(b)
            yield


class BridgeTest(unittest.TestCase):
    def simulate(self, bench, host, card, control):
        from migen.sim.core import passive
        run_simulation(bench, [passive(host.run)(), passive(card.run)(), control], clocks={"sys": 10, "link": 10})

    def wait(self, condition, cycles, what):
        for cycle in range(cycles):
            if condition():
                return cycle
            yield
        self.fail(f"not within {cycles} cycles: {what()}")

    def state(self, card):
        return lambda: f"{len(card.got)} of {len(card.reads)} reads ({card.asked} asked), " \
            f"{len(card.responses)} of {len(card.writes)} writes ({card.announced} announced, {card.sent} sent)"

    def check_reads(self, host, card, begin, before=None):
        for (address, beats), got in list(zip(card.reads, card.got))[begin:]:
            expected = bytes(host.memory[address + i] for i in range(32 * beats))
            self.assertEqual(b"".join(data.to_bytes(32, "little") for data, _ in got), expected, f"read at {address:#x}")
            self.assertEqual({resp for _, resp in got}, {0})

    def traffic(self, seed, max_request, max_payload, bursts, inserter=SteadyInserter):
        bench = Bench(max_request, max_payload, inserter)
        host = Host(bench, seed, max_request, max_payload)
        card = Card(bench, host, seed + 1, reads=bursts, writes=bursts)
        upper = {a: byte for a, byte in host.memory.items()}

        def control():
            yield from self.wait(card.done, 20_000, self.state(card))
            for _ in range(200):
                yield

        self.simulate(bench, host, card, control())
        self.check_reads(host, card, 0)
        self.assertEqual(card.responses, [0] * bursts)
        # Memory holds the last word written everywhere, and nothing else changed.
        for (address, _), words in zip(card.writes, card.data):
            for i, byte in enumerate(b"".join(w.to_bytes(32, "little") for w in words)):
                upper[address + i] = byte
        self.assertEqual(host.memory, upper)
        # Packets in the order of the bursts, each burst in pieces of the largest payload.
        expected = []
        for address, beats in card.writes:
            left = 32 * beats
            while left:
                size = min(left, max_payload)
                expected.append((address, size))
                address, left = address + size, left - size
        self.assertEqual(host.writes, expected)
        self.assertEqual(host.read_count, sum(-(-32 * beats // max_request) for _, beats in card.reads))
        self.assertGreater(card.most[0], 1, "reads never overlapped")
        self.assertGreater(len(host.sizes), 3, "completions were never cut")

    def test_traffic(self):
        self.traffic(1, max_request=256, max_payload=128, bursts=12)

    def test_traffic_of_the_largest_packets(self):
        self.traffic(2, max_request=512, max_payload=512, bursts=8)

    def test_litepcies_own_packets_run_into_each_other(self):
        """If this fails, LitePCIe no longer needs endpoint.py."""
        with self.assertRaisesRegex(AssertionError, "dwords of"):
            self.traffic(1, max_request=256, max_payload=128, bursts=40, inserter=Inserter)

    def lost_link(self, seed, when):
        bench = Bench()
        host = Host(bench, seed, 256, 128)
        card = Card(bench, host, seed + 1, reads=12, writes=12)
        seen = {}

        def control():
            yield from self.wait(lambda: len(card.got) + len(card.responses) >= when, 20_000, self.state(card))
            host.answers = False  # What is asked for now stays open.
            for _ in range(60):
                yield
            seen["open"] = (card.asked - len(card.got), card.announced - len(card.responses))
            self.assertEqual((yield bench.bridge.down), 0)
            seen["reads"], seen["writes"] = len(card.got), len(card.responses)
            yield bench.link_reset.eq(1)
            card.stop = True  # The shell holds the card in reset while `down` is set.
            yield
            yield
            self.assertEqual((yield bench.bridge.down), 1)
            yield from self.wait(card.drained, 2_000, self.state(card))
            for _ in range(20):
                yield
            self.assertEqual((yield bench.bridge.down), 1, "up with the link still away")
            yield bench.link_reset.eq(0)
            host.answers = True
            for _ in range(20):
                yield
            self.assertEqual((yield bench.bridge.down), 0, "the link is back and all was answered")
            seen["again"] = (len(card.got), len(card.responses))
            card.stop, card.again = False, True
            yield from self.wait(card.done, 20_000, self.state(card))
            for _ in range(200):
                yield

        self.simulate(bench, host, card, control())
        self.assertGreater(seen["open"][0], 0, "no read was open")
        # A burst of which some beats had come may end either way, beat by beat; all after it fails.
        lost = [{resp for _, resp in got} for got in card.got[seen["reads"] + 1:seen["again"][0]]]
        self.assertTrue(all(resps == {SLVERR} for resps in lost), lost)
        self.assertTrue(all(resp == SLVERR for resp in card.responses[seen["writes"] + 1:seen["again"][1]]))
        self.assertIn(SLVERR, [resp for got in card.got[seen["reads"]:seen["again"][0]] for _, resp in got])
        # After that as if nothing had been.
        self.check_reads(host, card, seen["again"][0])
        self.assertEqual(set(card.responses[seen["again"][1]:]), {0})
        for (address, beats), words in list(zip(card.writes, card.data))[-1:]:
            for i, byte in enumerate(b"".join(w.to_bytes(32, "little") for w in words)):
                self.assertEqual(host.memory[address + i], byte)

    def test_a_lost_link_is_answered_with_errors_and_forgotten(self):
        for seed, when in [(3, 5), (5, 9)]:
            with self.subTest(seed=seed):
                self.lost_link(seed, when)


if __name__ == "__main__":
    unittest.main()
