"""An initiator that vanishes without a word is given up by TCP, even where it is never pinged."""
import cli
import ctl

# The socket's own limit is 30 s; what the target has for those who stop is an hour here.
cli.LIMIT_S = 60
READ_4_MIB = [0x28, 0, 0, 0, 0, 0, 0, 0x20, 0, 0]


class Vanish(ctl.Case):
    def test_what_is_not_taken_ends_the_connection(self):
        path = self.write("itgtd.conf", f'state-directory = "{self.dir}/state"\ncontrol-socket = "{self.socket}"\n'
                                        "portal-group 1 { listen = { 127.0.0.1:0 } }\n"
                                        f"target {ctl.IQN} {{ auth-group = no-authentication\n"
                                        "nop-interval = 0  nop-timeout = 1h\n"
                                        "lun 0 { backend = ram size = 16M } }\n")
        with cli.Daemon("-c", path) as itgtd, ctl.Initiator(itgtd.ports[0]) as host:
            host.command([0] * 6)
            for _ in range(8):  # more than the buffers of both sockets have room for
                host.start(READ_4_MIB, expect=4 << 20)
            itgtd.said.until("connection lost: Connection timed out$")
            self.assertEqual(self.show("session", "list"), [])
            self.assertEqual(itgtd.end(), 0)


cli.main()
