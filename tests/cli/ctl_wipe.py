"""A LUN that is wiped, or whose order to wipe is damaged, is shown as such, and freed by EXIT FAILURE MODE."""
import cli
import ctl

TARGET = "iqn.2026-11.org.example:disk"
OVERWRITE = [0x48, 0x80 | 0x01, 0, 0, 0, 0, 0, 0, 5, 0]  # IMMED
EXIT_FAILURE_MODE = [0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0]
READY = [0] * 6


class Wipe(ctl.Case):
    def setUp(self):
        super().setUp()
        self.conf = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                             "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                                             f"target {TARGET} {{ auth-group = no-authentication\n"
                                             f'  lun 0 {{ path = "{self.dir}/disk.img" size = 64M\n'
                                             "  max-bandwidth = 16MiB/s } }\n")

    def start(self):
        return cli.Daemon("-f", "-c", self.conf)

    def login(self, itgtd):
        host = ctl.Initiator(itgtd.ports[0], target=TARGET)
        host.command(READY)  # the power on condition
        return host

    def state(self):
        return self.show("lun", "list")[0]["state"]

    def sense(self, host):
        """Sense key, additional sense code and qualifier of TEST UNIT READY."""
        status, data = host.command(READY)
        self.assertEqual(status, 2)
        return data[2 + 2] & 15, data[2 + 12], data[2 + 13]

    def test_shown_and_freed(self):
        with self.start() as itgtd, self.login(itgtd) as host:
            self.assertEqual(self.state(), "ready")
            self.assertEqual(host.command(OVERWRITE, out=bytes([1, 0, 0, 1, 0xa5]))[0], 0)
            self.assertEqual(self.sense(host), (2, 0x04, 0x1b))
            self.assertEqual(self.state(), "wiping")
            self.assertEqual(itgtd.end(), 0)
        (kept,) = (self.dir / "state").glob("*.wipe")
        kept.write_bytes(kept.read_bytes()[:-1])
        with self.start() as itgtd, self.login(itgtd) as host:
            self.assertTrue(any("is not followed" in line for line in itgtd.said.seen), itgtd.said.seen)
            self.assertEqual(self.sense(host), (3, 0x31, 0x03))
            self.assertEqual(self.state(), "failed")
            self.assertEqual(host.command(EXIT_FAILURE_MODE)[0], 0)
            self.assertEqual(host.command(READY)[0], 0)
            self.assertEqual(self.state(), "ready")
            self.assertFalse(kept.exists())
            self.assertEqual(itgtd.end(), 0)


ctl.main()
