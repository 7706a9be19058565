"""Verified I/O beside a test: a session of its own writes blocks, reads them back, and notes the longest pause."""
import random
import threading
import time

import ctl

BLOCK = 512
BLOCKS = 1024
GOOD, CHECK, BUSY = 0x00, 0x02, 0x08


def pattern(lba, turn):
    return random.Random(lba << 32 | turn).randbytes(BLOCK)


def cdb(opcode, lba, blocks=1):
    return [opcode, 0, *lba.to_bytes(4, "big"), 0, *blocks.to_bytes(2, "big"), 0]


class Verifier(threading.Thread):
    """`with Verifier(port, target) as io: ...`: every block is what was written last, and no command fails."""

    def __init__(self, port, target=ctl.IQN, lun=0, isid=200):
        super().__init__(daemon=True)
        self.host = ctl.Initiator(port, name="iqn.2026-11.org.example:verifier", target=target, isid=isid)
        assert self.host.status == 0, hex(self.host.status)
        self.lun, self.rounds, self.longest, self.fault = lun, 0, 0.0, None
        self.ends = threading.Event()
        self.first = threading.Event()

    def one(self, code, **more):
        """A command; a unit attention is taken up, and the command given again."""
        while True:
            began = time.monotonic()
            status, data = self.host.command(code, self.lun, **more)
            self.longest = max(self.longest, time.monotonic() - began)
            if status == CHECK and data[4] & 0x0f == 6:
                continue
            if status != GOOD:
                raise AssertionError(f"command {code[0]:#x} of LUN {self.lun}: status {status:#x}, {data[2:20].hex()}")
            return data

    def work(self):
        blocks, turn = {}, 0
        choice = random.Random(1)
        while not self.ends.is_set():
            turn += 1
            lba = choice.randrange(BLOCKS)
            data = pattern(lba, turn)
            self.one(cdb(0x2a, lba), out=data)
            blocks[lba] = data
            lba = choice.choice(list(blocks))
            if self.one(cdb(0x28, lba), expect=BLOCK) != blocks[lba]:
                raise AssertionError(f"block {lba} is not what was written")
            self.rounds += 1
            if turn == 1:
                self.longest = 0.0
                self.first.set()

    def run(self):
        try:
            self.work()
        except Exception as fault:
            self.fault = fault
            self.first.set()

    def __enter__(self):
        self.start()
        self.first.wait()
        return self

    def __exit__(self, kind, *_):
        self.ends.set()
        self.join()
        self.host.__exit__()
        if not kind and self.fault:
            raise AssertionError("I/O beside the change failed") from self.fault
