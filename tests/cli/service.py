"""What a service manager sees: notifications, the watchdog, passed sockets, priorities in the log."""
import os
import pathlib
import socket
import sys

import cli

if b"libsystemd" not in pathlib.Path(cli.ITGTD).read_bytes():
    print("skipped: built without libsystemd")
    sys.exit(77)


class Notify(cli.Case):
    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(cli.LIMIT_S)
        self.manager.bind(str(self.dir / "notify"))
        self.env = dict(os.environ, NOTIFY_SOCKET=str(self.dir / "notify"))

    def receive(self):
        return self.manager.recv(65536).decode()

    def test_ready_and_stopping(self):
        with cli.Daemon(*cli.RAM, env=self.env) as itgtd:
            self.assertRegex(self.receive(), "^READY=1\nSTATUS=ready: iscsi://")
            self.assertEqual(itgtd.end(), 0)
            self.assertRegex(self.receive(), "^STOPPING=1\n")

    def test_the_watchdog_is_fed(self):
        self.env["WATCHDOG_USEC"] = "100000"
        with cli.Daemon(*cli.RAM, env=self.env) as itgtd:
            self.assertRegex(self.receive(), "^READY=1\n")
            self.assertEqual([self.receive() for _ in range(3)], ["WATCHDOG=1"] * 3)
            self.assertEqual(itgtd.end(), 0)


class Passed(cli.Case):
    def start(self, passed, portal):
        """Pass a socket as descriptor 3; LISTEN_PID is the daemon's own process."""
        script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        return cli.Daemon("--serve", "ram,size=1M", "--portal", portal, before=["sh", "-c", script, "sh"],
                          pass_fds=[3], preexec_fn=lambda: os.dup2(passed.fileno(), 3))

    def test_a_passed_socket_is_taken_for_its_portal(self):
        with socket.socket() as passed:
            passed.bind(("127.0.0.1", 0))
            passed.listen()
            port = passed.getsockname()[1]
            with self.start(passed, f"127.0.0.1:{port}") as itgtd:
                self.assertEqual(itgtd.ports[0], port)
                passed.close()
                cli.connect(port).close()
                self.assertEqual(itgtd.end(), 0)

    def test_a_passed_socket_of_no_portal_is_told_and_closed(self):
        with socket.socket() as passed:
            passed.bind(("127.0.0.1", 0))
            passed.listen()
            port = passed.getsockname()[1]
            with self.start(passed, "127.0.0.1:0") as itgtd:
                self.assertIn(f"itgtd: the socket passed for 127.0.0.1:{port} is no portal of the configuration",
                              itgtd.said.seen)
                passed.close()
                with self.assertRaises(ConnectionRefusedError):
                    cli.connect(port)
                self.assertEqual(itgtd.end(), 0)


class Journal(cli.Case):
    def run_to_journal(self, *args):
        """Its exit code, and what it wrote to a standard error that it takes for the journal."""
        log = self.dir / "log"
        with open(log, "w", encoding="utf-8") as err:
            st = os.fstat(err.fileno())
            env = dict(os.environ, JOURNAL_STREAM=f"{st.st_dev}:{st.st_ino}")
            code = cli.subprocess.run([cli.ITGTD, *args], stderr=err, env=env, check=False,
                                      stdout=cli.subprocess.DEVNULL, timeout=cli.LIMIT_S).returncode
        return code, log.read_text()

    def test_lines_have_a_priority_when_standard_error_is_the_journal(self):
        code, said = self.run_to_journal("--serve", str(self.dir))
        self.assertEqual(code, 4)
        self.assertRegex(said, "^<3>--serve ")

    def test_faults_and_warnings_of_the_configuration_have_one_too(self):
        path = self.write("itgtd.conf", "log-level = loud\ntarget iqn.2026-11.org.example:a { auth-group = deny }\n")
        code, said = self.run_to_journal("--check", "-c", path)
        self.assertEqual(code, 3)
        lines = said.splitlines()
        self.assertTrue(lines[0].startswith(f"<3>{path}:1: log-level: "), said)
        self.assertTrue(lines[1].startswith(f"<4>{path}:2: warning: "), said)
        code, said = self.run_to_journal("--serve", "ram")
        self.assertEqual((code, said[:12]), (2, '<3>--serve "'))


cli.main()
