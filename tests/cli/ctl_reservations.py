"""Reservations: listed, cleared, and a LUN opened again whose file of reservations is damaged."""
import cli
import ctl

TARGET = "iqn.2026-11.org.example:disk"
HOST = "iqn.2026-11.org.example:host"
WRITE_ONE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0]
CONFLICT = 0x18


def reserve_out(action, kind=0):
    return [0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0]


def keys(key, action_key, aptpl=False):
    return key.to_bytes(8, "big") + action_key.to_bytes(8, "big") + bytes([0, 0, 0, 0, 1 if aptpl else 0, 0, 0, 0])


class Reservations(ctl.Case):
    def setUp(self):
        super().setUp()
        self.conf = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                             "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                                             f"target {TARGET} {{ auth-group = no-authentication\n"
                                             f'  lun 0 {{ path = "{self.dir}/disk.img" size = 1M }} }}\n')

    def start(self):
        return cli.Daemon("-f", "-c", self.conf)

    def login(self, itgtd, name=HOST):
        host = ctl.Initiator(itgtd.ports[0], target=TARGET, name=name)
        host.command([0] * 6)  # the power on condition
        return host

    def reserve(self, host):
        """Exclusive access, to persist."""
        self.assertEqual(host.command(reserve_out(0), out=keys(0, 0xabc, aptpl=True))[0], 0)
        self.assertEqual(host.command(reserve_out(1, 3), out=keys(0xabc, 0))[0], 0)

    def files(self):
        return list((self.dir / "state").glob("*.pr"))

    def test_listed_and_cleared(self):
        with self.start() as itgtd, self.login(itgtd) as host, self.login(itgtd, HOST + "2") as other:
            self.reserve(host)
            self.assertEqual(other.command(WRITE_ONE, out=bytes(512))[0], CONFLICT)
            told = self.show("reservation", "list", TARGET, "0")
            self.assertEqual((told["type"], told["persists"]), ("exclusive access", True))
            (registrant,) = told["registrants"]
            self.assertTrue(registrant["initiator"].startswith(HOST + ","), registrant)
            self.assertEqual((registrant["key"], registrant["holder"]), ("0x0000000000000abc", True))
            self.assertEqual(len(self.files()), 1)
            self.assertRegex(self.itgtctl("reservation", "list", TARGET, "0")[1], r"(?m)^type +exclusive access$")
            self.assertEqual(self.itgtctl("reservation", "clear", TARGET, "0")[0], 0)
            self.assertEqual(self.files(), [])
            self.assertEqual(self.show("reservation", "list", TARGET, "0")["registrants"], [])
            self.assertEqual(other.command(WRITE_ONE, out=bytes(512))[0], 0)
            status, sense = host.command([0] * 6)
            self.assertEqual((status, sense[2 + 2] & 15, sense[2 + 12], sense[2 + 13]), (2, 6, 0x2a, 0x03))
            self.assertEqual(itgtd.end(), 0)

    def test_a_sealed_lun_is_opened(self):
        with self.start() as itgtd, self.login(itgtd) as host:
            self.reserve(host)
            self.assertEqual(itgtd.end(), 0)
        (kept,) = self.files()
        kept.write_bytes(kept.read_bytes()[:-1])
        with self.start() as itgtd, self.login(itgtd) as host:
            self.assertEqual(host.command(WRITE_ONE, out=bytes(512))[0], CONFLICT)
            self.assertEqual(self.show("lun", "list")[0]["state"], "sealed")
            self.assertTrue(self.show("reservation", "list", TARGET, "0")["sealed"])
            self.assertEqual(self.itgtctl("reservation", "clear", TARGET, "0")[0], 0)
            self.assertEqual(self.show("lun", "list")[0]["state"], "ready")
            self.assertEqual(host.command(WRITE_ONE, out=bytes(512))[0], 0)
            self.assertEqual(self.files(), [])
            self.assertEqual(itgtd.end(), 0)

    def test_the_older_kind_is_cleared_too(self):
        with self.start() as itgtd, self.login(itgtd) as host, self.login(itgtd, HOST + "2") as other:
            self.assertEqual(host.command([0x16, 0, 0, 0, 0, 0])[0], 0)
            self.assertEqual(other.command(WRITE_ONE, out=bytes(512))[0], CONFLICT)
            self.assertTrue(self.show("reservation", "list", TARGET, "0")["reserved_by"].startswith(HOST + ","))
            self.assertEqual(self.itgtctl("reservation", "clear", TARGET, "0")[0], 0)
            self.assertEqual(other.command(WRITE_ONE, out=bytes(512))[0], 0)
            self.assertEqual(itgtd.end(), 0)

    def test_what_is_not_there(self):
        with self.start() as itgtd:
            for verb in ("list", "clear"):
                self.assertEqual(self.itgtctl("reservation", verb, TARGET, "3"),
                                 (1, "", f"itgtctl: {TARGET} has no LUN 3\n"))
                self.assertEqual(self.itgtctl("reservation", verb, TARGET)[0], 2)
            self.assertEqual(itgtd.end(), 0)


ctl.main()
