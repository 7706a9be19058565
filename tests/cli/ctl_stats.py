"""stats: every command is counted once, where it belongs."""
import subprocess

import cli
import ctl

READ_TWO = [0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0]
WRITE_ONE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0]
READ_BEYOND = [0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0]
SYNC = [0x35] + [0] * 9


class Stats(ctl.Case):
    def load(self, host):
        host.command([0] * 6)  # the power on condition
        for _ in range(5):
            self.assertEqual(host.command(READ_TWO, expect=1024)[0], 0)
        for _ in range(3):
            self.assertEqual(host.command(WRITE_ONE, out=bytes(512))[0], 0)
        self.assertEqual(host.command(SYNC)[0], 0)
        self.assertEqual(host.command(READ_BEYOND, expect=512)[0], 2)

    def test_operations_bytes_errors_and_latency(self):
        with self.serve("--serve", "ram,size=1M", "--serve", "ram,size=1M", "--portal", "127.0.0.1:0") as itgtd, \
                ctl.Initiator(itgtd.ports[0]) as host:
            self.load(host)
            first, second = self.show("stats")
            flows = {flow["direction"]: flow for flow in first["flows"]}
            self.assertEqual((flows["read"]["ops"], flows["read"]["bytes"], flows["read"]["errors"]), (6, 5 * 1024, 1))
            self.assertEqual((flows["write"]["ops"], flows["write"]["bytes"], flows["write"]["errors"]), (3, 1536, 0))
            self.assertEqual(flows["sync"]["ops"], 1)
            self.assertEqual(first["sense_keys"], {"illegal request": 1, "unit attention": 1})
            for name in ("read", "write"):
                flow = flows[name]
                self.assertLessEqual(flow["p50_ns"], flow["p90_ns"])
                self.assertLessEqual(flow["p90_ns"], flow["p99_ns"])
                self.assertLessEqual(flow["p99_ns"], flow["max_ns"])
                self.assertGreater(flow["max_ns"], 0)
                self.assertLess(flow["max_ns"], cli.LIMIT_S * 10**9)
            self.assertEqual([flow["ops"] for flow in second["flows"]], [0, 0, 0, 0])
            self.assertEqual(self.show("stats", ctl.IQN, "1"), [second])
            self.assertEqual(len(self.show("stats", ctl.IQN)), 2)
            code, out, _ = self.itgtctl("stats", ctl.IQN, "0")
            self.assertEqual(code, 0)
            self.assertRegex(out, rf"(?m)^{ctl.IQN} +0  write +3  1\.50K +0 ")
            self.assertIn("illegal request 1", out)
            self.assertEqual(itgtd.end(), 0)

    def test_what_is_not_there(self):
        with self.serve() as itgtd:
            self.assertEqual(self.itgtctl("stats", "iqn.x")[0], 1)
            self.assertEqual(self.itgtctl("stats", ctl.IQN, "5"), (1, "", f"itgtctl: {ctl.IQN} has no LUN 5\n"))
            self.assertEqual(self.itgtctl("stats", ctl.IQN, "five")[0], 2)
            self.assertEqual(itgtd.end(), 0)

    def test_watch_tells_what_happens(self):
        with self.serve() as itgtd, ctl.Initiator(itgtd.ports[0]) as host:
            with subprocess.Popen([ctl.ITGTCTL, "-s", str(self.socket), "stats", "--watch", "0.2"],
                                  stdout=subprocess.PIPE) as watch:
                lines = cli.Lines(watch.stdout.fileno())
                lines.until("^TARGET .*P99.9")
                lines.until("^TARGET .*IOPS")
                seen = False
                while not seen:  # until a reading has caught some of it
                    self.load(host)
                    match = lines.until(rf"^{ctl.IQN} +0  read +(\S+) +(\S+) ")
                    seen = match[1] != "0" and match[2] != "0B"
                watch.terminate()
            self.assertEqual(itgtd.end(), 0)


ctl.main()
