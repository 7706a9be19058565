"""Many changes, and changes of much: beside I/O that is verified and timed."""
import random
import threading
import time

import cli
import ctl
import ctl_change
import verify

A = ctl_change.A
CHANGES = 1000
CLIENTS = 8
TARGETS = 500
MANY = 1000
QUIET = 'log-level = "error"\n'  # nobody reads the log meanwhile
RELOAD_MS, GAP_MS = 100, 50  # what is wanted on a machine that has nothing else to do
SLACK = 20                   # a test machine with other work, or sanitizers, may take so much longer


def name(i):
    return f"iqn.2026-11.org.example:t{i}"


class Client(threading.Thread):
    """Makes random changes of targets of its own, and keeps a model of them."""

    def __init__(self, number, path):
        super().__init__()
        self.number, self.path, self.model, self.fault = number, path, {}, None
        self.choice = random.Random(number)

    def one(self, raw):
        choice, model = self.choice, self.model
        target = name(f"{self.number}-{choice.randrange(3)}")
        luns = model.get(target)
        number = choice.randrange(4)
        if luns is None:
            verb, params, good = "target.add", {"target": target}, True
        elif choice.random() < 0.1:
            verb, params, good = "target.remove", {"target": target}, True
        elif number not in luns:
            spec = choice.choice(("ram,size=1M", "null,size=1G", f"{self.path}/{self.number}-{target[-1]}-{number},size=1M"))
            verb, params, good = "lun.add", {"target": target, "lun": number, "spec": spec}, True
        elif choice.random() < 0.4:
            verb, params, good = "lun.remove", {"target": target, "lun": number}, True
        elif choice.random() < 0.5:
            verb, params, good = "lun.resize", {"target": target, "lun": number, "size": "%dM" % choice.randrange(1, 9)}, True
        else:
            verb, params, good = "lun.add", {"target": target, "lun": number, "spec": "ram,size=1M"}, False
        answer = raw.call(verb, params)
        if ("result" in answer) != good:
            raise AssertionError(f"{verb} {params}: {answer}")
        if not good:
            return
        if verb == "target.add":
            model[target] = {}
        elif verb == "target.remove":
            del model[target]
        elif verb == "lun.add":
            luns[number] = params["spec"].split(",size=")
        elif verb == "lun.remove":
            del luns[number]
        else:
            luns[number][1] = params["size"]

    def run(self):
        try:
            with ctl.Raw(self.path / "control.sock") as raw:
                for _ in range(CHANGES // CLIENTS):
                    self.one(raw)
        except Exception as fault:
            self.fault = fault


def parse(text):
    """What export says of targets: {name: {LUN: [path or backend, size]}}."""
    targets, at, lun = {}, None, None
    for line in text.splitlines():
        words = line.split()
        value = words[-1].strip('"') if words else ""
        if words[:1] == ["target"]:
            at = targets.setdefault(words[1].strip('"'), {})
        elif words[:1] == ["lun"]:
            lun = at.setdefault(int(words[1].strip('"')), [None, None])
        elif words[:2] in (["path", "="], ["backend", "="]):
            lun[0] = value
        elif words[:2] == ["size", "="]:
            lun[1] = value
    return targets


class Load(ctl_change.Case):
    def test_a_thousand_changes_from_eight_clients(self):
        with self.running(head=QUIET) as (itgtd, io):
            clients = [Client(number, self.dir) for number in range(CLIENTS)]
            began = time.monotonic()
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            took = time.monotonic() - began
            for client in clients:
                if client.fault:
                    raise client.fault
            model = {A: {0: ["ram", "1M"]}}
            for client in clients:
                model |= client.model
            self.assertEqual(parse(self.itgtctl("export")[1]), model)
            print(f"{CHANGES} changes in {took:.1f} s, {io.rounds} rounds of I/O beside, "
                  f"the longest command took {io.longest * 1000:.0f} ms")

    def many(self, n, depth):
        return "".join(f"target {name(i)} {{ auth-group = no-authentication queue-depth = {depth}\n"
                       f"lun 0 {{ backend = null size = 1G }} }}\n" for i in range(n))

    def test_a_reload_of_many_targets_holds_nobody_up(self):
        with self.running(head=QUIET + self.many(TARGETS, 7)) as (_, io):
            path = self.dir / "itgtd.conf"
            path.write_text(path.read_text().replace("queue-depth = 7", "queue-depth = 8") +
                            f"target {name('new')} {{ auth-group = deny }}\n")
            with ctl.Raw(self.socket) as raw:
                raw.call("status")
                io.longest = 0.0
                began = time.monotonic()
                rows = raw.call("reload")["result"]
                took = (time.monotonic() - began) * 1000
            gap = io.longest * 1000
            self.assertEqual(len(rows), TARGETS + 2)  # the new one has no LUN, which is a warning
            print(f"a reload that changes {TARGETS} targets took {took:.0f} ms (wanted: {RELOAD_MS}), "
                  f"the longest command beside it {gap:.0f} ms (wanted: {GAP_MS})")
            self.assertLess(took, RELOAD_MS * SLACK)
            self.assertLess(gap, GAP_MS * SLACK)

    def test_discovery_of_many_targets(self):
        path = self.config(head=QUIET + self.many(MANY, 7))
        with cli.Daemon("-f", "-c", path) as itgtd, ctl.Initiator(itgtd.ports[0], target=None,
                                                                  MaxRecvDataSegmentLength="8192") as host:
            began = time.monotonic()
            text = host.text(b"SendTargets=All\0")
            took = (time.monotonic() - began) * 1000
            names = {pair[len("TargetName="):] for pair in text.decode().split("\0") if pair.startswith("TargetName=")}
            self.assertEqual(names, {A} | {name(i) for i in range(MANY)})
            print(f"SendTargets of {MANY} targets: {len(text)} bytes in {took:.0f} ms")
            self.assertEqual(itgtd.end(), 0)


if __name__ == "__main__":
    ctl.main()
