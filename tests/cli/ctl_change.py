"""Changes while it runs: each command of itgtctl that makes one, with what initiators see of it."""
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import cli
import ctl
import verify

LOAD = os.environ["ITGT_LOAD"]
A = "iqn.2026-11.org.example:a"
B = "iqn.2026-11.org.example:b"
HOST = "iqn.2026-11.org.example:host"
TEST_UNIT_READY = [0] * 6
REPORT_LUNS = [0xa0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]
CAPACITY = [0x25, *[0] * 9]
TASK_ABORTED, RESERVED = 0x40, 0xffffffff
ASYNC = 0x32


class Case(ctl.Case):
    """A daemon with a file of its own."""

    def config(self, inside="", head=""):
        text = (f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n{head}\n'
                "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                f"target {A} {{ auth-group = no-authentication\nlun 0 {{ backend = ram size = 1M }}\n{inside} }}\n")
        return self.write("itgtd.conf", text)

    def daemon(self, inside="", head=""):
        return cli.Daemon("-f", "-c", self.config(inside, head))

    @contextlib.contextmanager
    def running(self, inside="", head="", lun=0):
        """The same with verified I/O on a LUN, which must go well to its end: (daemon, I/O)."""
        with self.daemon(inside, head) as itgtd:
            with verify.Verifier(itgtd.ports[0], A, lun) as io:
                yield itgtd, io
            self.assertEqual(itgtd.end(), 0)

    def change(self, *words):
        """A command that must be done: its rows."""
        code, out, err = self.itgtctl("--json", *words)
        self.assertEqual((code, err), (0, ""), words)
        return json.loads(out)

    def refused(self, *words):
        """A command that must be refused: why."""
        code, out, err = self.itgtctl(*words)
        self.assertEqual((code, out), (1, ""), words)
        return err

    def attention(self, host, lun=0):
        """The unit attention that waits for host: (ASC, ASCQ); None: there is none."""
        status, data = host.command(TEST_UNIT_READY, lun)
        return (data[14], data[15]) if status == verify.CHECK else None

    def quiet(self, host, lun=0):
        while self.attention(host, lun):
            pass

    def luns(self, host):
        _, data = host.command(REPORT_LUNS, expect=1024)
        return [data[at + 1] for at in range(8, 8 + int.from_bytes(data[:4], "big"), 8)]


class Luns(Case):
    def test_add_and_remove_are_seen(self):
        with self.running() as (itgtd, io), ctl.Initiator(itgtd.ports[0], target=A) as host:
            self.quiet(host)
            (row,) = self.change("lun", "add", A, "3", "null,size=1G")
            self.assertEqual(row["change"], f'+ target "{A}": lun 3')
            self.assertEqual(row["sessions"], 2)
            self.assertEqual(self.attention(host), (0x3f, 0x0e))
            self.assertEqual(self.luns(host), [0, 3])
            self.quiet(host, 3)
            self.assertEqual(host.command(verify.cdb(0x28, 0), 3, expect=512), (0, bytes(512)))
            self.change("lun", "remove", A, "3")
            self.assertEqual(self.attention(host), (0x3f, 0x0e))
            self.assertEqual(self.attention(host, 3), (0x25, 0))
            self.assertEqual(self.luns(host), [0])

    def test_what_is_wrong_is_told_and_changes_nothing(self):
        with self.daemon() as itgtd:
            before = self.itgtctl("export")[1]
            self.assertIn("has a LUN 0 already", self.refused("lun", "add", A, "0", "ram,size=1M"))
            self.assertIn("is not a target that there is", self.refused("lun", "add", B, "0", "ram,size=1M"))
            self.assertIn("size: \"1X\" is not a size", self.refused("lun", "add", A, "1", "ram,size=1X"))
            self.assertIn("cannot be made: its directory does not exist", self.refused("lun", "add", A, "1", f"{self.dir}/n/d,size=1M"))
            self.assertIn("has no LUN 7", self.refused("lun", "remove", A, "7"))
            self.assertIn("has no LUN 7", self.refused("lun", "resize", A, "7", "1M"))
            self.assertIn("cannot change while initiators may use", self.refused("lun", "set", A, "0", "block-size=4096"))
            self.assertIn("is not an option here", self.refused("lun", "set", A, "0", "colour=red"))
            self.assertEqual(self.itgtctl("lun", "add", A)[0], 2)
            self.assertEqual(self.itgtctl("lun", "add", A, "x", "ram")[0], 2)
            self.assertEqual(self.itgtctl("lun", "set", A, "0")[0], 2)
            self.assertEqual(self.itgtctl("export")[1], before)
            self.assertEqual(itgtd.end(), 0)

    def test_resize_is_seen_and_loses_nothing(self):
        disk = self.dir / "disk"
        with self.running(f"lun 1 {{ path = {disk} size = 1M }}", lun=1) as (itgtd, io), ctl.Initiator(itgtd.ports[0], target=A) as host:
            for size, blocks in ("3M", 6144), ("1M", 2048), ("2M", 4096):
                self.quiet(host, 1)
                self.change("lun", "resize", A, "1", size)
                self.assertEqual(self.attention(host, 1), (0x2a, 0x09))
                _, data = host.command(CAPACITY, 1, expect=8)
                self.assertEqual(int.from_bytes(data[:4], "big"), blocks - 1)
            self.assertEqual(disk.stat().st_size, 3 << 20)  # it is never cut

    def reads(self, lun):
        """How many reads of a LUN have ended."""
        return {flow["direction"]: flow["ops"] for flow in self.show("stats", A, str(lun))[0]["flows"]}["read"]

    def test_what_is_read_outlives_the_memory_it_was_in(self):
        """More is on its way to an initiator that takes its time than a socket takes in."""
        whole = b"".join(bytes([i]) * 65536 for i in range(16))
        read = [0x28, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0]  # 1 MiB
        for words in ("resize", A, "1", "512M"), ("remove", A, "1"):
            with self.daemon("lun 1 { backend = ram size = 64M }") as itgtd:
                with ctl.Initiator(itgtd.ports[0], target=A, MaxRecvDataSegmentLength=262144) as host:
                    self.quiet(host, 1)
                    for i in range(16):
                        status, _ = host.command([0x2a, 0, 0, 0, i // 2, i % 2 * 128, 0, 0, 128, 0], 1, out=whole[i * 65536:][:65536])
                        self.assertEqual(status, 0)
                    for _ in range(24):
                        host.start(read, 1, expect=1 << 20)
                    while self.reads(1) < 24:
                        time.sleep(0.001)
                    self.change("lun", *words)
                    for _ in range(24):
                        self.assertTrue(host.finish() == (0, whole))
                self.assertEqual(itgtd.end(), 0)

    def test_options_change_under_io(self):
        with self.running(f"lun 1 {{ path = {self.dir}/disk size = 1M }}", lun=1) as (itgtd, io):
            for pair in ("io=cached", "write-cache=no", "io=direct", "thin=no", "max-iops=100000", "write-cache=yes",
                         "initiators=iqn.2026-11.org.example:v*", "max-iops=0"):
                rounds = io.rounds
                self.change("lun", "set", A, "1", pair)
                while io.rounds == rounds and not io.fault:
                    time.sleep(0.001)
            self.assertEqual(self.change("lun", "set", A, "1", "thin=no"), [])  # it is so already

    def test_a_limit_that_is_far_too_low_is_lifted_at_once(self):
        spec = f"{self.dir}/slow.img,size=8M,max-iops=1"
        with self.serve("--serve", spec, "--portal", "127.0.0.1:0") as itgtd:
            url = re.search(r"iscsi://\S+", itgtd.ready)[0]
            load = subprocess.Popen([LOAD, "-q", "64", "-w", "0", "-t", "100ms", "--quiet", url], stdout=subprocess.DEVNULL)
            while self.show("status")["commands"] < 60:
                pass
            code, _, err = self.itgtctl("lun", "set", ctl.IQN, "0", "max-iops=0")
            self.assertEqual((code, err), (0, ""))
            self.assertEqual(load.wait(cli.LIMIT_S), 0)
            self.assertEqual(itgtd.end(), 0)

    def test_a_mask_hides_at_once(self):
        with self.daemon() as itgtd, ctl.Initiator(itgtd.ports[0], target=A) as host:
            self.quiet(host)
            self.change("lun", "set", A, "0", "initiators=iqn.other,iqn.another")
            self.assertEqual(self.attention(host), (0x25, 0))
            self.assertEqual(self.luns(host), [])
            self.change("lun", "set", A, "0", f"initiators={HOST}")
            self.assertEqual(self.luns(host), [0])
            self.assertEqual(itgtd.end(), 0)

    def test_commands_in_flight_are_answered_and_the_file_is_free(self):
        disk = self.dir / "disk"
        with self.running(f"lun 1 {{ path = {disk} size = 1M max-iops = 1 }}") as (itgtd, io), ctl.Initiator(itgtd.ports[0], target=A) as host:
            self.quiet(host, 1)
            host.command(verify.cdb(0x28, 0), 1, expect=512)  # the store lets one a second through
            for _ in range(4):
                host.start(verify.cdb(0x28, 0), 1, 512)
            host.ping()  # they have come, and wait
            self.change("lun", "remove", A, "1")
            statuses = sorted(host.finish()[0] for _ in range(4))
            self.assertIn(statuses, ([0, *[TASK_ABORTED] * 3], [TASK_ABORTED] * 4))
            self.change("lun", "add", A, "2", f"{disk},size=1M")  # nobody has it open any more

    def test_an_event_for_those_who_take_it(self):
        with self.daemon() as itgtd, ctl.Initiator(itgtd.ports[0], target=A) as host:
            self.change("lun", "add", A, "1", "ram,size=1M")
            self.quiet(host)  # it has sent no NOP-Out: nothing came but answers
            host.ping()
            self.change("lun", "add", A, "2", "ram,size=1M")
            bhs, data = host.receive()
            self.assertEqual((bhs[0], bhs[36]), (ASYNC, 0))
            self.assertEqual((data[14], data[15]), (0x3f, 0x0e))
            self.assertEqual(itgtd.end(), 0)


class Targets(Case):
    def test_add_and_remove(self):
        with self.running() as (itgtd, io), ctl.Initiator(itgtd.ports[0], target=None) as discovery:
            rows = self.change("target", "add", B.upper().replace("IQN", "iqn"), "queue-depth=7",
                               "auth-group=no-authentication")
            self.assertEqual(rows[0]["change"], f'+ target "{B}"')
            bhs, _ = discovery.receive()
            self.assertEqual((bhs[0], bhs[36]), (ASYNC, 0))
            self.change("lun", "add", B, "0", "ram,size=1M")
            self.assertIn("is a target already", self.refused("target", "add", B))
            self.assertIn("is not an iSCSI name", self.refused("target", "add", "disk"))
            self.assertIn("queue-depth: \"0\" is not a number", self.refused("target", "add", B + "2", "queue-depth=0"))
            self.change("target", "remove", B)
            with ctl.Initiator(itgtd.ports[0], target=B) as host:
                self.assertEqual(host.status, 0x0204)
            with ctl.Initiator(itgtd.ports[0], target=B + "2") as host:
                self.assertEqual(host.status, 0x0203)
            self.change("target", "add", B)
            with ctl.Initiator(itgtd.ports[0], target=B) as host:
                self.assertEqual(host.status, 0)

    def test_sessions_end_by_force_only(self):
        with self.daemon() as itgtd:
            self.change("target", "add", B)
            self.change("lun", "add", B, "0", f"{self.dir}/disk,size=1M,max-iops=1")
            with verify.Verifier(itgtd.ports[0], A), ctl.Initiator(itgtd.ports[0], target=B) as host:
                self.assertIn("it is in use by 1 session (--force ends them)", self.refused("target", "remove", B))
                self.quiet(host)
                for _ in range(3):
                    host.start(verify.cdb(0x28, 0), 0, 512)
                began = time.monotonic()
                self.change("target", "remove", B, "--force")
                self.assertLess(time.monotonic() - began, 9)
                opcodes = host.over()
                self.assertIn(ASYNC, opcodes)
            self.assertEqual(self.itgtctl("target", "list")[1].count("iqn."), 1)
            self.change("target", "add", B)
            self.change("lun", "add", B, "0", f"{self.dir}/disk")
            self.assertEqual(itgtd.end(), 0)


class Portals(Case):
    def test_add_and_remove(self):
        with self.running() as (itgtd, io):
            self.change("portal", "add", "1", "127.0.0.3:0")
            port = next(p["address"] for p in self.change("portal", "list") if "127.0.0.3" in p["address"]).rsplit(":", 1)[1]
            cli.connect(int(port), "127.0.0.3").close()
            self.assertIn("cannot listen on 192.0.2.1:1", self.refused("portal", "add", "2", "192.0.2.1:1"))
            self.assertIn("is no portal of that group", self.refused("portal", "remove", "1", "127.0.0.9"))
            self.assertIn("there is no portal group 2", self.refused("portal", "remove", "2", "127.0.0.1:1"))
            self.change("portal", "remove", "1", "127.0.0.3:0")
            with self.assertRaises(ConnectionRefusedError):
                cli.connect(int(port), "127.0.0.3")
            self.assertIn("is the last portal there is", self.refused("portal", "remove", "1", "127.0.0.1:0"))

    def test_sessions_of_a_group_that_goes_end(self):
        with self.running() as (itgtd, io):
            self.change("portal", "add", "2", "127.0.0.2:0")
            port = next(p["address"] for p in self.change("portal", "list") if "127.0.0.2" in p["address"])
            with ctl.Initiator(int(port.rsplit(":", 1)[1]), target=A, address="127.0.0.2") as host:
                self.assertEqual(host.status, 0)
                self.change("portal", "remove", "2", "127.0.0.2:0")
                self.assertIn(ASYNC, host.over())


class Reload(Case):
    def test_what_changed_changes_and_the_rest_goes_on(self):
        with self.running("lun 1 { backend = ram size = 1M }") as (itgtd, io), ctl.Initiator(itgtd.ports[0], target=A) as host:
            self.quiet(host)
            self.config("queue-depth = 9 lun 2 { backend = null size = 1G }")
            rows = [row["change"] for row in self.change("diff")]
            self.assertEqual(rows, [f'~ target "{A}": queue-depth: "128" -> "9"', f'- target "{A}": lun 1',
                                    f'+ target "{A}": lun 2'])
            self.assertEqual(self.luns(host), [0, 1])
            self.assertEqual([row["change"] for row in self.change("reload")], rows)
            self.assertEqual(self.luns(host), [0, 2])
            self.assertEqual(self.change("diff"), [])
            for word in "diff", "reload":
                self.assertEqual(self.itgtctl(word), (0, "nothing to change\n", ""))

    def test_faults_change_nothing(self):
        with self.running() as (itgtd, io):
            before = self.itgtctl("export")[1]
            path = self.config("queue-depth = 0 lun 0 { backend = ram }")
            why = self.refused("reload")
            self.assertIn(f'{path}:7: target "{A}": queue-depth: "0" is not a number', why)
            self.assertIn("there is a LUN of that number already", why)
            itgtd.process.send_signal(signal.SIGHUP)
            itgtd.said.until("queue-depth: \"0\" is not a number")
            itgtd.said.until("reload: nothing was changed")
            self.assertEqual(self.itgtctl("export")[1], before)
            self.config(head="control-group = nobody")
            self.assertIn("control-group: cannot change while itgtd runs", self.refused("reload"))

    def test_a_fifo_without_a_writer_stops_no_reload(self):
        with self.running() as (itgtd, io):
            os.mkfifo(self.dir / "fifo")
            path = self.config(head=f"include({self.dir}/fifo)")
            self.assertIn(f'{path}:3: include: "{self.dir}/fifo": not a regular file', self.refused("reload"))
            os.unlink(path)
            os.rename(self.dir / "fifo", path)
            self.assertIn(f"{path}: not a regular file", self.refused("reload"))
            os.unlink(path)
            self.config()
            self.assertEqual(self.change("reload"), [])

    def test_what_came_from_a_pipe_is_not_read_again(self):
        with open(self.config(), "rb") as text, subprocess.Popen(["cat"], stdin=text, stdout=subprocess.PIPE) as cat:
            with cli.Daemon("-f", "-c", "/proc/self/fd/%d" % cat.stdout.fileno(), pass_fds=[cat.stdout.fileno()]) as itgtd:
                self.assertIn("not a regular file", self.refused("reload"))
                self.change("lun", "add", A, "1", "null,size=1G")
                self.assertEqual(itgtd.end(), 0)

    def test_by_signal(self):
        with self.running() as (itgtd, io):
            self.config("lun 5 { backend = null size = 1G }")
            itgtd.process.send_signal(signal.SIGHUP)
            itgtd.said.until(r'^itgtd: reload: \+ target ".*": lun 5$')
            itgtd.said.until("^itgtd: reload: 1 change$")

    def test_while_it_stops_nothing_changes(self):
        with self.daemon() as itgtd, ctl.Initiator(itgtd.ports[0], target=A) as host, ctl.Raw(self.socket) as raw:
            raw.call("status")
            itgtd.process.send_signal(signal.SIGTERM)
            self.assertEqual(host.receive()[0][0], ASYNC)
            with ctl.Initiator(itgtd.ports[0], target=A, isid=9) as late:
                self.assertEqual(late.status, 0x0301)
            self.assertIn("itgtd is stopping", raw.call("lun.remove", [A, 0])["error"]["message"])
            self.assertEqual(itgtd.wait(), 0)


if __name__ == "__main__":
    ctl.main()
