"""Sessions, connections, LUNs and portals: listed, shown, asked to go, cut."""
import json
import os

import cli
import ctl

HOST = "iqn.2026-11.org.example:host"
TEST_UNIT_READY = [0] * 6
READ_ONE = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0]


class Sessions(ctl.Case):
    def test_list_and_show(self):
        with self.serve() as itgtd, ctl.Initiator(itgtd.ports[0], MaxBurstLength="65536", TaskReporting="ResponseFence",
                                                HeaderDigest="None") as host:
            self.assertEqual(host.status, 0)
            host.command(TEST_UNIT_READY)
            self.assertEqual(host.command(READ_ONE, expect=512), (0, bytes(512)))
            (session,) = self.show("session", "list")
            self.assertEqual((session["initiator"], session["target"]), (HOST, ctl.IQN))
            self.assertEqual(session["addresses"], ["%s:%d" % host.socket.getsockname()])
            self.assertEqual((session["read"]["ops"], session["read"]["bytes"]), (1, 512))
            whole = self.show("session", "show", str(session["sid"]))
            self.assertEqual(whole["negotiated"]["MaxBurstLength"], 65536)
            self.assertEqual(whole["negotiated"]["TaskReporting"], "ResponseFence")
            self.assertEqual(whole["isid"], "800000000001")
            self.assertEqual(whole["window"]["exp_cmdsn"], 3)
            (conn,) = whole["connections"]
            self.assertEqual((conn["auth"], conn["header_digest"], conn["state"]), ("none", "None", "LOGGED_IN"))
            self.assertEqual(conn["portal"], f"127.0.0.1:{itgtd.ports[0]}")
            self.assertGreater(conn["received_bytes"], 96)
            code, out, _ = self.itgtctl("session", "show", str(session["sid"]))
            self.assertEqual(code, 0)
            self.assertRegex(out, r"(?m)^ +MaxBurstLength +65536$")
            self.assertRegex(self.itgtctl("session", "list")[1], rf"^SID .*\n +\d+  {HOST}  {ctl.IQN}  ")
            self.assertEqual(itgtd.end(), 0)

    def test_they_are_listed_by_target(self):
        path = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                        "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                                        "target iqn.2026-11.org.example:a { auth-group = no-authentication lun 0 { backend = ram size = 1M } }\n"
                                        "target iqn.2026-11.org.example:b { auth-group = no-authentication lun 0 { backend = ram size = 1M } }\n")
        with cli.Daemon("-f", "-c", path) as itgtd:
            port = itgtd.ports[0]
            with ctl.Initiator(port, target="iqn.2026-11.org.example:a"), ctl.Initiator(port, target=None):
                self.assertEqual(len(self.show("session", "list")), 2)
                self.assertEqual(len(self.show("session", "list", "iqn.2026-11.org.example:a")), 1)
                self.assertEqual(self.show("session", "list", "iqn.2026-11.org.example:b"), [])
                self.assertEqual(self.itgtctl("session", "list", "iqn.2026-11.org.example:c")[0], 1)
                counts = {t["name"][-1]: t["sessions"] for t in self.show("target", "list")}
                self.assertEqual(counts, {"a": 1, "b": 0})
            self.assertEqual(itgtd.end(), 0)

    def test_how_it_is_proven_is_told(self):
        (self.dir / "secret").write_text("a secret of enough\n")
        (self.dir / "secret").chmod(0o600)
        with self.serve(*cli.RAM, "--chap", f"host1:{self.dir}/secret") as itgtd, \
                ctl.Initiator(itgtd.ports[0], chap=("host1", "a secret of enough")) as host:
            self.assertEqual(host.status, 0)
            (session,) = self.show("session", "list")
            (conn,) = self.show("session", "show", str(session["sid"]))["connections"]
            self.assertEqual((conn["auth"], conn["user"]), ("CHAP SHA-256", "host1"))
            self.assertEqual(itgtd.end(), 0)

    def test_secrets_are_in_no_answer_and_in_no_line_of_the_log(self):
        secrets = ["the secret of host1", "the secret of target", "another of host1", "another of target"]
        text = (f'log-level = debug\nstate-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                "portal-group 1 {{ listen = {{ 127.0.0.1:0 }} }}\n"
                'auth-group lab {{ chap host1 {{ secret = "{}" mutual-user = me mutual-secret = "{}" }} }}\n'
                f"target {ctl.IQN} {{{{ auth-group = lab lun 0 {{{{ backend = ram size = 1M }}}} }}}}\n")
        path = self.write("itgtd.conf", text.format(*secrets[:2]))
        os.chmod(path, 0o600)
        with cli.Daemon("-c", path) as itgtd, ctl.Initiator(itgtd.ports[0], chap=("host1", secrets[0])) as host, \
                ctl.Initiator(itgtd.ports[0], chap=("host1", "a wrong secret"), isid=2) as other:
            self.assertEqual((host.status, other.status), (0, 0x0201))
            self.write("itgtd.conf", text.format(*secrets[2:]))
            lines = [("status",), ("target", "list"), ("target", "show", ctl.IQN), ("lun", "show", ctl.IQN, "0"),
                     ("session", "list"), ("session", "show", "1"), ("connection", "list"), ("portal", "list"),
                     ("stats",), ("reservation", "list", ctl.IQN, "0"), ("why",), ("method", "list"), ("diff",),
                     ("reload",), ("save", "--force")]
            said = {line: json.dumps(self.show(*line)) for line in lines}
            self.assertIn("auth-group", said["diff",])  # else there was no change to tell of
            self.assertIn(secrets[2], self.itgtctl("export")[1])  # which is a configuration, and whole
            self.assertEqual(itgtd.end(), 0)
            said["the log"] = "\n".join(itgtd.said.to_the_end())
            for what, answer in said.items():
                for secret in (*secrets, "a wrong secret"):
                    self.assertNotIn(secret, answer, what)

    def test_drop_cuts(self):
        with self.serve() as itgtd, ctl.Initiator(itgtd.ports[0]) as host:
            (session,) = self.show("session", "list")
            self.assertEqual(self.show("session", "drop", str(session["sid"])), {"dropped": session["sid"]})
            self.assertEqual(host.over(), [0x32])  # an Async Message says so
            self.assertEqual(self.show("session", "list"), [])
            itgtd.said.until(r"^itgtd: control: uid \d+ \(process \d+\): session.drop sid=")
            self.assertEqual(itgtd.end(), 0)

    def test_logout_asks(self):
        with self.serve() as itgtd, ctl.Initiator(itgtd.ports[0]) as host:
            (session,) = self.show("session", "list")
            self.assertEqual(self.show("session", "logout", str(session["sid"]))["asked"], session["sid"])
            bhs, _ = host.receive()
            self.assertEqual((bhs[0], bhs[36]), (0x32, 1))  # Async Message, event 1: log out
            self.assertEqual(self.show("connection", "list")[0]["state"], "LOGOUT_REQUESTED")
            status, _, said = self.itgtctl("session", "logout", str(session["sid"]))  # once is enough
            self.assertEqual((status, "no connection that can be asked" in said), (1, True))
            self.assertEqual(itgtd.end(), 0)

    def test_a_session_that_is_not_there(self):
        with self.serve() as itgtd:
            for verb in ("show", "drop", "logout"):
                self.assertEqual(self.itgtctl("session", verb, "9"), (1, "", "itgtctl: there is no session 9\n"))
            self.assertEqual(self.itgtctl("session", "show", "0")[0], 2)
            self.assertEqual(self.itgtctl("session", "show", "65536")[0], 2)
            self.assertEqual(itgtd.end(), 0)

    def test_connections_that_log_in_are_listed(self):
        with self.serve() as itgtd, cli.connect(itgtd.ports[0]) as silent:
            silent.getpeername()
            (conn,) = self.show("connection", "list")
            self.assertEqual((conn["sid"], conn["state"], conn["initiator"]), (0, "XPT_UP", ""))
            self.assertEqual(itgtd.end(), 0)


class Luns(ctl.Case):
    def test_list_and_show(self):
        disk = self.dir / "disk.img"
        with self.serve("--serve", f"{disk},size=10M,io=cached", "--serve", "null,size=1T", "--portal", "127.0.0.1:0") as itgtd:
            first, second = self.show("lun", "list")
            self.assertEqual((first["backend"], first["path"], first["size_bytes"]), ("file", str(disk), 10 << 20))
            self.assertEqual((second["lun"], second["backend"], second["path"]), (1, "null", None))
            lun = self.show("lun", "show", ctl.IQN, "0")
            self.assertEqual((lun["state"], lun["io"], lun["vendor"]), ("ready", "cached", "ITGT"))
            self.assertRegex(lun["naa"], "^6[0-9a-f]{31}$")
            self.assertRegex(self.itgtctl("lun", "list")[1], r"(?m)ready  null +- +1\.00T ")
            self.assertEqual(self.itgtctl("lun", "show", ctl.IQN, "7"), (1, "", f"itgtctl: {ctl.IQN} has no LUN 7\n"))
            self.assertEqual(self.itgtctl("lun", "show", ctl.IQN, "x")[0], 2)
            self.assertEqual(self.itgtctl("lun", "show", ctl.IQN, "16384")[0], 2)
            target = self.show("target", "show", ctl.IQN)
            self.assertEqual(target["portals"], [f"127.0.0.1:{itgtd.ports[0]}"])
            self.assertEqual([lun["lun"] for lun in target["luns"]], [0, 1])
            self.assertEqual(itgtd.end(), 0)

    def test_portals(self):
        with self.serve() as itgtd, ctl.Initiator(itgtd.ports[0]):
            (portal,) = self.show("portal", "list")
            self.assertEqual((portal["tag"], portal["address"]), (1, f"127.0.0.1:{itgtd.ports[0]}"))
            self.assertEqual((portal["targets"], portal["connections"]), (1, 1))
            self.assertRegex(self.itgtctl("portal", "list")[1], r"^TAG  ADDRESS ")
            self.assertEqual(itgtd.end(), 0)


ctl.main()
