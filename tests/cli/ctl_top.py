"""top: in a terminal of its own, it shows who works, sorts, scrolls, follows the window's size, and ends."""
import threading

import cli
import ctl
import terminal

READ_ONE = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]
LUNS = [part for _ in range(30) for part in ("--serve", "null,size=1G")]


class Worker:
    """Reads of one LUN, without end, until it is left."""

    def __init__(self, port, lun):
        self.host, self.lun, self.stopped = ctl.Initiator(port), lun, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        try:
            while not self.stopped.is_set():
                self.host.command(READ_ONE, lun=self.lun, expect=512)
        except (EOFError, ConnectionError):
            pass  # the daemon has ended

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.host.socket.close()


class Top(ctl.Case):
    def top(self, **size):
        return terminal.Terminal(ctl.ITGTCTL, "-s", str(self.socket), "top", "--watch", "0.2", **size)

    def test_work_is_seen(self):
        with self.serve("--serve", "null,size=1G", "--serve", "null,size=1G", "--portal", "127.0.0.1:0") as itgtd, \
                Worker(itgtd.ports[0], 1), self.top(lines=24, columns=120) as top:
            top.shows(r"^itgtd \d.*: 1 target, 2 LUNs, 1 session, 1 connection$")
            row = top.shows(rf"^{ctl.IQN}/1 +([1-9]\S*) +0 +(\S+[KM]) +0B +(\S+[num]s) +- +\d+\.\d +0$")
            self.assertTrue(row)
            top.shows(rf"^{ctl.IQN}/0 +0 +0 ")
            top.shows(r"^1 iqn\.2026-11\.org\.example:host +[1-9]")
            top.shows(r"^all +[1-9]")
            top.type("q")
            self.assertEqual(top.wait(), 0)
            self.assertEqual(itgtd.end(), 0)

    def test_sorting(self):
        with self.serve("--serve", "null,size=1G", "--serve", "null,size=1G", "--portal", "127.0.0.1:0") as itgtd, \
                Worker(itgtd.ports[0], 1), self.top() as top:
            first = lambda lun: lambda screen: f"/{lun} " in screen[3]
            top.shows("^by IOPS ")
            top.until(first(1), "the busy LUN first")
            top.type("r")
            top.shows("^by IOPS, reversed ")
            top.until(first(0), "the busy LUN last")
            top.type("r")
            for name in ("bandwidth", "latency", "depth"):
                top.type("s")
                top.shows(f"^by {name} ")
                top.until(first(1), "the busy LUN first")
            top.type("s")
            top.shows("^by name ")
            top.until(first(0), "LUN 0 first")
            top.type("\x1b")
            self.assertEqual(top.wait(), 0)
            self.assertEqual(itgtd.end(), 0)

    def test_scrolling_and_the_window(self):
        with self.serve(*LUNS, "--portal", "127.0.0.1:0") as itgtd, self.top(lines=20) as top:
            top.type("ssss")  # by name
            top.shows("^by name ")
            top.until(lambda screen: "/0 " in screen[3] and "/13 " in screen[16], "LUNs 0 to 13")
            for _ in range(5):
                top.type("\x1bOB")
            top.until(lambda screen: "/5 " in screen[3] and "/18 " in screen[16], "LUNs 5 to 18")
            for _ in range(11):
                top.type("\x1bOB")
            top.until(lambda screen: "/29 " in screen[16], "LUN 29 at the end")
            top.type("\x1bOA")
            top.until(lambda screen: "/28 " in screen[16], "LUN 28 at the end")
            top.resize(40, 90)
            top.until(lambda screen: "/0 " in screen[3] and "/29 " in screen[32] and screen[39].startswith("by name"),
                      "all LUNs")
            top.resize(10, 60)
            top.until(lambda screen: screen[9].startswith("by name") and "/0 " in screen[3], "a small window")
            top.resize(3, 15)
            top.until(lambda screen: screen[0].startswith("itgtd "), "a tiny window")
            top.resize(24, 100)
            top.until(lambda screen: screen[23].startswith("by name"), "the usual window")
            top.type("q")
            self.assertEqual(top.wait(), 0)
            self.assertEqual(itgtd.end(), 0)

    def test_it_ends_with_the_daemon(self):
        with self.serve() as itgtd, self.top() as top:
            top.shows("^itgtd ")
            self.assertEqual(itgtd.end(), 0)
            self.assertEqual(top.wait(), 3)
            top.shows("the daemon hung up")

    def test_without_a_terminal(self):
        with self.serve() as itgtd:
            self.assertEqual(self.itgtctl("top"), (2, "", "itgtctl: top needs a terminal: see stats --watch\n"))
            code, _, err = self.itgtctl("top", "--json")
            self.assertEqual(code, 2)
            self.assertIn("top is for terminals", err)
            self.assertEqual(itgtd.end(), 0)
        self.assertEqual(self.itgtctl("top")[0], 3)


ctl.main()
