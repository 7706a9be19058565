"""why: refused logins with the rule that was in the way, and what would have been accepted."""
import cli
import ctl

CONF = """\
state-directory = "%(dir)s/state"
control-socket = "%(socket)s"
login-timeout = "1s"
auth-group names { initiator-names = { "iqn.2026-11.org.good:*" } }
auth-group nets { initiator-portals = { 192.0.2.0/24 } }
auth-group chap { chap host1 { secret = "a secret of enough" } chap-algorithms = { SHA-256 } }
portal-group 1 { listen = { 127.0.0.1:0 } }
portal-group 2 { listen = { 127.0.0.1:0 } }
target iqn.2026-11.org.example:names { auth-group = names portal-groups = { 1 } lun 0 { backend = ram size = 1M } }
target iqn.2026-11.org.example:nets { auth-group = nets portal-groups = { 1 } lun 0 { backend = ram size = 1M } }
target iqn.2026-11.org.example:chap { auth-group = chap portal-groups = { 1 } lun 0 { backend = ram size = 1M } }
target iqn.2026-11.org.example:other { auth-group = no-authentication portal-groups = { 2 } lun 0 { backend = ram size = 1M } }
"""
HOST = "iqn.2026-11.org.example:host"
EXAMPLE = "iqn.2026-11.org.example:"


class Why(ctl.Case):
    def start(self):
        return cli.Daemon("-f", "-c", self.write("itgtd.conf", CONF % {"dir": self.dir, "socket": self.socket}))

    def refuse(self, itgtd, status, target, **keys):
        """A login that ends so: the case that is kept of it."""
        with ctl.Initiator(itgtd.ports[0], target=EXAMPLE + target, **keys) as host:
            self.assertEqual(host.status, status)
        return self.show("why")[0]

    def test_each_rule_is_named(self):
        with self.start() as itgtd:
            case = self.refuse(itgtd, 0x0202, "names")
            self.assertEqual((case["initiator"], case["target"]), (HOST, EXAMPLE + "names"))
            self.assertEqual(case["status"], "0x0202 (authorization failure)")
            self.assertEqual(case["accepted"], 'initiator-names "iqn.2026-11.org.good:*"')
            case = self.refuse(itgtd, 0x0202, "nets")
            self.assertEqual(case["accepted"], "initiator-portals 192.0.2.0/24")
            case = self.refuse(itgtd, 0x0201, "chap")
            self.assertEqual(case["status"], "0x0201 (authentication failure)")
            self.assertEqual(case["accepted"], 'CHAP with SHA-256 and the secret of user "host1"')
            case = self.refuse(itgtd, 0x0203, "other")
            self.assertEqual(case["accepted"], f"that target at portal 127.0.0.1:{itgtd.ports[1]}")
            case = self.refuse(itgtd, 0x0203, "nosuch")
            self.assertIn(f'"{EXAMPLE}chap"', case["accepted"])
            self.assertEqual(itgtd.end(), 0)

    def test_the_log_says_the_same_in_one_line(self):
        with self.start() as itgtd:
            case = self.refuse(itgtd, 0x0202, "names")
            said = itgtd.said.until("login refused").string
            self.assertTrue(said.endswith(f"login refused (0x0202): {case['reason']}; accepted: {case['accepted']}"), said)
            self.assertEqual(itgtd.end(), 0)

    def test_the_same_again_is_counted(self):
        with self.start() as itgtd:
            for _ in range(3):
                self.refuse(itgtd, 0x0202, "names")
            self.refuse(itgtd, 0x0202, "nets")
            self.assertEqual([case["count"] for case in self.show("why")], [1, 3])
            self.assertEqual(itgtd.end(), 0)

    def test_it_can_be_asked_for_one_initiator_or_address(self):
        with self.start() as itgtd:
            self.refuse(itgtd, 0x0202, "names")
            self.refuse(itgtd, 0x0202, "names", name="iqn.2026-11.org.example:second")
            self.assertEqual(len(self.show("why", "second")), 1)
            self.assertEqual(len(self.show("why", "127.0.0.1")), 2)
            self.assertEqual(self.show("why", "198.51.100.1"), [])
            self.assertEqual(self.itgtctl("why", "198.51.100.1"), (0, "no login was refused\n", ""))
            self.assertRegex(self.itgtctl("why", "second")[1], r"(?m)^reason +auth-group \"names\" ")
            self.assertEqual(itgtd.end(), 0)

    def test_logins_that_do_not_end(self):
        with self.start() as itgtd:
            with ctl.Initiator(itgtd.ports[1], target=EXAMPLE + "other") as host:
                self.assertEqual(host.status, 0)
                with ctl.Initiator(itgtd.ports[1], target=EXAMPLE + "other") as again:
                    self.assertEqual(again.status, 0)
                    self.assertIn("takes the place of its own session", self.show("why")[0]["reason"])
            self.assertEqual(itgtd.end(), 0)

    def test_outside_text_is_shown_harmless(self):
        with self.start() as itgtd:
            with ctl.Initiator(itgtd.ports[0], target=EXAMPLE + "names", name="iqn.2026-11.org.example:\x1b[2J") as host:
                self.assertNotEqual(host.status, 0)
            code, out, _ = self.itgtctl("why")
            self.assertEqual(code, 0)
            self.assertNotIn("\x1b", out)
            self.assertEqual(itgtd.end(), 0)


ctl.main()
