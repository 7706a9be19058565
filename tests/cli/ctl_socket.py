"""The control socket: who may come, what becomes of it, and JSON-RPC 2.0 to the letter."""
import json
import os
import resource
import select
import signal
import socket
import stat

import cli
import ctl


class Socket(ctl.Case):
    def test_its_mode_is_0660_whatever_the_umask(self):
        for umask in (0o000, 0o077):
            with self.serve(preexec_fn=lambda mask=umask: os.umask(mask)) as itgtd:
                self.assertEqual(stat.S_IMODE(self.socket.stat().st_mode), 0o660)
                self.assertEqual(itgtd.end(), 0)

    def test_it_is_removed_at_the_end(self):
        with self.serve() as itgtd:
            self.assertTrue(self.socket.exists())
            self.assertEqual(itgtd.end(), 0)
        self.assertFalse(self.socket.exists())

    def test_its_directory_is_made(self):
        self.socket = self.dir / "run/control.sock"
        with self.serve() as itgtd:
            self.assertEqual(ctl.run(self.socket, "status")[0], 0)
            self.assertEqual(itgtd.end(), 0)

    def test_a_stale_one_is_replaced(self):
        with self.serve() as itgtd:
            itgtd.end(signal.SIGKILL)
        self.assertTrue(self.socket.exists())
        with self.serve() as itgtd:
            self.assertEqual(self.itgtctl("status")[0], 0)
            self.assertEqual(itgtd.end(), 0)

    def test_a_live_one_is_not_replaced(self):
        with self.serve() as itgtd:
            code, _, err = cli.run(*cli.RAM, "--control-socket", str(self.socket))
            self.assertEqual((code, err), (4, f"itgtd: control-socket: {self.socket}: another process listens there\n"))
            self.assertEqual(self.itgtctl("status")[0], 0)
            self.assertEqual(itgtd.end(), 0)

    def test_what_is_no_socket_is_left_alone(self):
        self.socket.write_text("mine")
        code, _, err = cli.run(*cli.RAM, "--control-socket", str(self.socket))
        self.assertEqual((code, err), (4, f"itgtd: control-socket: {self.socket}: there is something else of that name\n"))
        self.assertEqual(self.socket.read_text(), "mine")

    def test_another_daemons_socket_survives_our_end(self):
        with self.serve() as itgtd:
            self.socket.unlink()
            with self.serve() as other:
                self.assertEqual(itgtd.end(), 0)
                self.assertEqual(self.itgtctl("status")[0], 0)
                self.assertEqual(other.end(), 0)

    def test_without_the_switch_serve_has_none(self):
        with cli.Daemon(*cli.RAM) as itgtd:
            here = [line for line in open("/proc/net/unix") if "control.sock" in line and str(self.dir) in line]
            self.assertEqual(here, [])
            self.assertEqual(itgtd.end(), 0)

    def test_the_configuration_names_it_or_turns_it_off(self):
        text = (f'state-directory = "{self.dir}/state"\ncontrol-socket = "%s"\n'
                "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                "target iqn.2026-11.org.example:a { auth-group = no-authentication lun 0 { backend = ram size = 1M } }\n")
        path = self.write("on.conf", text % self.socket)
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertEqual([t["name"] for t in self.show("target", "list")], ["iqn.2026-11.org.example:a"])
            self.assertEqual(itgtd.end(), 0)
        path = self.write("off.conf", text % "")
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertEqual(itgtd.end(), 0)
            self.assertNotIn("control", "\n".join(itgtd.said.seen))

    def test_a_group_that_is_not_there_is_told(self):
        path = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                        "control-group = nosuchgroup\nportal-group 1 { listen = { 127.0.0.1:0 } }\n")
        code, _, err = cli.run("-f", "-c", path)
        self.assertEqual((code, err), (4, 'itgtd: control-group: there is no group "nosuchgroup"\n'))

    def test_initiators_leave_descriptors_for_it(self):
        """And for files: whoever looks why nobody gets in any more is answered, and can make changes."""
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        with self.serve(preexec_fn=few) as itgtd:
            crowd = [cli.connect(itgtd.ports[0]) for _ in range(70)]
            itgtd.said.until("^itgtd: no connection can be accepted for now")
            self.assertGreater(self.show("status")["connections"], 32)
            self.assertEqual(self.itgtctl("lun", "add", ctl.IQN, "5", f"{self.dir}/5.img,size=1M")[0], 0)
            for one in crowd:
                one.close()
            with ctl.Initiator(itgtd.ports[0]) as initiator:
                self.assertEqual(initiator.status, 0)
            self.assertEqual(itgtd.end(), 0)


@cli.unittest.skipIf(os.geteuid() != 0, "only root can try out other users")
class Rights(ctl.Case):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)

    def as_user(self, uid, gid, groups, *args):
        return self.itgtctl(*args, user=uid, group=gid, extra_groups=groups)

    def test_strangers_are_kept_out_by_the_mode(self):
        with self.serve() as itgtd:
            code, out, err = self.as_user(65534, 65534, [], "status")
            self.assertEqual((code, out), (3, ""))
            self.assertIn("Permission denied (be root, or in the group of control-group)", err)
            self.assertEqual(itgtd.end(), 0)

    def test_and_by_their_credentials_should_the_mode_be_changed(self):
        with self.serve() as itgtd:
            self.socket.chmod(0o666)
            code, out, err = self.as_user(65534, 65534, [], "status")
            self.assertEqual((code, out), (1, ""))
            self.assertEqual(err, "itgtctl: only root, the daemon's user and its control-group may come\n")
            itgtd.said.until(r"^itgtd: control: uid 65534 \(process \d+\) is turned away$")
            self.assertEqual(itgtd.end(), 0)

    def test_members_of_the_group_may_come(self):
        path = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                        "control-group = daemon\nportal-group 1 { listen = { 127.0.0.1:0 } }\n")
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertEqual(self.socket.stat().st_gid, 1)
            self.assertEqual(self.as_user(65534, 1, [], "status")[0], 0)
            self.assertEqual(self.as_user(65534, 65534, [1], "status")[0], 0)
            self.assertEqual(self.as_user(65534, 65534, [2], "status")[0], 3)
            self.assertEqual(itgtd.end(), 0)


WRONG = [
    ("{", -32700),
    ("", -32700),
    ("\x00", -32700),
    ('{"a": 1, "a": 2}', -32700),
    ("[" * 5000, -32700),
    ("1", -32600),
    ("[]", -32600),
    ("{}", -32600),
    ('{"jsonrpc": "1.0", "id": 1, "method": "status"}', -32600),
    ('{"jsonrpc": "2.0", "id": 1, "method": 1}', -32600),
    ('{"jsonrpc": "2.0", "id": {}, "method": "status"}', -32600),
    ('{"jsonrpc": "2.0", "id": 1, "method": "status", "params": 1}', -32600),
    ('{"jsonrpc": "2.0", "id": 1, "method": "nosuch"}', -32601),
    ('{"jsonrpc": "2.0", "id": 1, "method": "rpc.status"}', -32601),
    ('{"jsonrpc": "2.0", "id": 1, "method": "target.show"}', -32602),
    ('{"jsonrpc": "2.0", "id": 1, "method": "target.show", "params": [1]}', -32602),
    ('{"jsonrpc": "2.0", "id": 1, "method": "target.show", "params": ["a", "b"]}', -32602),
    ('{"jsonrpc": "2.0", "id": 1, "method": "target.show", "params": {"targt": "a"}}', -32602),
    ('{"jsonrpc": "2.0", "id": 1, "method": "log-level", "params": {"level": "loud"}}', -32602),
    ('{"jsonrpc": "2.0", "id": 1, "method": "target.show", "params": ["a"]}', -32000),
]


class Rpc(ctl.Case):
    def test_every_kind_of_fault_has_its_code(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            for text, code in WRONG:
                with self.subTest(text=text[:60]):
                    answer = raw.ask(text)
                    self.assertEqual(answer["error"]["code"], code)
                    self.assertEqual(answer["jsonrpc"], "2.0")
                    self.assertTrue(answer["error"]["message"])
                    self.assertIn("id", answer)
            self.assertEqual(itgtd.end(), 0)

    def test_the_id_comes_back_as_it_was(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            for number in (1, -7, 2.5, "one", "", None):
                self.assertEqual(raw.call("status", number=number)["id"], number)
            self.assertEqual(itgtd.end(), 0)

    def test_notifications_are_not_answered(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            raw.send('{"jsonrpc": "2.0", "method": "log-level", "params": ["debug"]}\n'
                     '{"jsonrpc": "2.0", "method": "nosuch"}\n'
                     '{"jsonrpc": "2.0", "method": "status", "params": [1]}\n')
            self.assertEqual(raw.call("log-level", number=9)["result"], {"level": "debug"})
            self.assertEqual(itgtd.end(), 0)

    def test_a_batch_is_answered_as_a_batch(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            answer = raw.ask([{"jsonrpc": "2.0", "id": 1, "method": "status"}, 1,
                              {"jsonrpc": "2.0", "method": "status"},
                              {"jsonrpc": "2.0", "id": 2, "method": "nosuch"}])
            self.assertEqual([(a["id"], "result" in a) for a in answer], [(1, True), (None, False), (2, False)])
            raw.send('[{"jsonrpc": "2.0", "method": "status"}]\n')
            self.assertEqual(raw.call("status", number=3)["id"], 3)
            self.assertEqual(raw.ask([{}] * 65)["error"]["code"], -32600)
            self.assertEqual(itgtd.end(), 0)

    def test_lines_may_come_in_pieces_and_in_heaps(self):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "log-level"}) + "\n"
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            for byte in line:
                raw.send(byte)
            self.assertEqual(raw.answer()["result"], {"level": "info"})
            raw.send(line * 500)
            self.assertEqual({json.dumps(raw.answer()["result"]) for _ in range(500)}, {'{"level": "info"}'})
            self.assertEqual(itgtd.end(), 0)

    def test_what_was_asked_before_the_end_is_answered(self):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "method.list"}) + "\n"
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            raw.send(line * 200)
            raw.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(len(raw.lines.to_the_end()), 200)
            self.assertEqual(itgtd.end(), 0)

    def test_a_line_too_long_is_told_and_ends_it(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            raw.send(b"x" * 65536)
            self.assertEqual(raw.answer()["error"]["code"], -32600)
            self.assertIsNone(raw.answer())
            self.assertEqual(itgtd.end(), 0)

    def test_who_does_not_read_is_not_read(self):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "method.list"}) + "\n"
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            raw.socket.setblocking(False)
            sent = 0
            while select.select([], [raw.socket], [], 1)[1]:
                try:
                    sent += raw.socket.send((line * 100).encode())
                except BlockingIOError:
                    break
            self.assertLess(sent, 8 << 20)
            resident = int(open(f"/proc/{itgtd.process.pid}/statm").read().split()[1]) * 4096
            self.assertLess(resident, 256 << 20)
            with ctl.Raw(self.socket) as other:
                self.assertIn("result", other.call("status"))
            self.assertEqual(itgtd.end(), 0)

    def test_half_a_line_and_an_unread_answer_have_their_time(self):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "method.list"}) + "\n"
        with self.serve() as itgtd, ctl.Raw(self.socket) as half, ctl.Raw(self.socket) as deaf, \
                ctl.Raw(self.socket) as idle:
            half.send(line[:-1])
            deaf.send(line * 500)  # more answers than a socket holds
            self.assertIn("result", idle.call("log-level"))
            self.assertIsNone(half.answer())  # cut, after ten seconds
            with self.assertRaises(ConnectionError):  # no more is read, but it is not told
                while select.select([], [deaf.socket], [], cli.LIMIT_S)[1]:
                    deaf.send(line)
            self.assertIn("result", idle.call("log-level"))
            self.assertEqual(itgtd.end(), 0)

    def test_one_client_too_many_is_told(self):
        with self.serve() as itgtd:
            crowd = [ctl.Raw(self.socket) for _ in range(64)]
            for raw in crowd:
                self.assertIn("result", raw.call("log-level"))
            with ctl.Raw(self.socket) as late:
                self.assertEqual(late.answer()["error"]["message"], "too many clients are here")
                self.assertIsNone(late.answer())
            for raw in crowd:
                raw.socket.close()
            self.assertEqual(itgtd.end(), 0)

    def test_changes_are_logged_with_who_asked(self):
        with self.serve() as itgtd, ctl.Raw(self.socket) as raw:
            raw.call("log-level", ["notice"])
            itgtd.said.until(rf'^itgtd: control: uid {os.geteuid()} \(process {os.getpid()}\): log-level level="notice"$')
            self.assertEqual(itgtd.end(), 0)


ctl.main()
