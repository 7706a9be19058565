"""It says when it is ready, and why when it cannot start."""
import os
import pathlib
import re
import resource
import socket
import subprocess

import cli

IQN = "iqn.2026-11.org.itgtd:demo"


class Ready(cli.Case):
    def test_the_ready_line_has_the_url_of_each_lun_at_each_portal(self):
        with cli.Daemon(*cli.RAM, "--serve", "null,size=1T", "--portal", "127.0.0.1:0") as itgtd:
            a, b = itgtd.ports[0], itgtd.ports[-1]
            urls = [f"iscsi://127.0.0.1:{port}/{IQN}/{lun}" for port in (a, b) for lun in (0, 1)]
            self.assertEqual(itgtd.ready, "itgtd: ready: " + " ".join(urls))
            cli.connect(a).close()
            cli.connect(b).close()
            self.assertEqual(itgtd.end(), 0)

    def test_ready_fd_gets_it_without_prefix_and_is_closed(self):
        reader, writer = os.pipe()
        with cli.Daemon(*cli.RAM, "--ready-fd", str(writer), pass_fds=[writer]) as itgtd:
            os.close(writer)
            self.assertEqual(cli.Lines(reader).to_the_end(), [itgtd.ready.removeprefix("itgtd: ")])
            self.assertEqual(itgtd.end(), 0)
        os.close(reader)

    def test_with_a_file_it_has_the_portals(self):
        path = self.write("itgtd.conf", f"state-directory = {self.dir}/state\n"
                                        "portal-group 1 { listen = { 127.0.0.1:0, 127.0.0.1:0 } }\n"
                                        "target iqn.2026-11.org.example:a { lun 0 { backend = ram size = 1M } }\n"
                                        "target iqn.2026-11.org.example:b { lun 0 { backend = ram size = 1M } }\n")
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertRegex(itgtd.ready, r"^itgtd: ready: 2 targets on 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+$")
            cli.connect(itgtd.ports[1]).close()
            self.assertEqual(itgtd.end(), 0)

    def test_ipv6_stands_beside_ipv4(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        with cli.Daemon("--serve", "ram,size=1M", "--portal", "[::1]:0", "--portal", "[::]:0") as itgtd:
            self.assertIn("iscsi://[::1]:", itgtd.ready)
            cli.connect(itgtd.ports[0], "::1").close()
            # [::] is IPv6 alone: the same port is free for 0.0.0.0.
            with socket.socket() as v4:
                v4.bind(("0.0.0.0", itgtd.ports[-1]))
            self.assertEqual(itgtd.end(), 0)

    def test_a_missing_file_with_a_size_is_made(self):
        path = self.dir / "disk.img"
        with cli.Daemon("--serve", f"{path},size=10M", "--portal", "127.0.0.1:0") as itgtd:
            self.assertEqual(path.stat().st_size, 10 << 20)
            self.assertEqual(itgtd.end(), 0)

    def test_the_example_for_test_runs_serves(self):
        path = pathlib.Path(__file__).parents[2] / "conf/examples/ci.conf"
        with cli.Daemon("-c", str(path), "--exit-with-parent", cwd=self.dir) as itgtd:
            self.assertRegex(itgtd.ready, r"^itgtd: ready: 1 target on 127\.0\.0\.1:\d+$")
            cli.connect(itgtd.ports[0]).close()
            self.assertEqual(itgtd.end(), 0)

    def test_a_missing_state_directory_is_made(self):
        path = self.write("itgtd.conf", f"state-directory = {self.dir}/state\nportal-group 1 {{ listen = {{ 127.0.0.1:0 }} }}\n")
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertEqual((self.dir / "state").stat().st_mode & 0o7777, 0o700)
            self.assertEqual(itgtd.end(), 0)

    def test_the_command_line_wins_over_the_file(self):
        path = self.write("itgtd.conf", f"state-directory = {self.dir}/file\nportal-group 1 {{ listen = {{ 127.0.0.1:0 }} }}\n")
        for what in (("-c", path), cli.RAM):
            with cli.Daemon(*what, "--state-directory", str(self.dir / "switch")) as itgtd:
                self.assertEqual(itgtd.end(), 0)
            self.assertFalse((self.dir / "file").exists())
            (self.dir / "switch").rmdir()

    def test_a_state_directory_of_the_command_line_must_be_there(self):
        code, _, err = cli.run(*cli.RAM, "--state-directory", "/proc/none")
        self.assertEqual((code, err), (4, "itgtd: state-directory: /proc/none: No such file or directory\n"))


class CannotStart(cli.Case):
    def test_a_path_that_is_a_directory(self):
        code, _, err = cli.run("--serve", str(self.dir))
        self.assertEqual(code, 4)
        self.assertRegex(err, f'^itgtd: --serve "{self.dir}": .*directory')

    def test_a_file_that_is_somebody_elses(self):
        """A service runs as a user of its own: who that is stands in the message."""
        path = self.dir / "disk.img"
        path.write_bytes(bytes(512))
        path.chmod(0)
        self.dir.chmod(0o755)
        user, group = (os.geteuid(), os.getegid()) if os.geteuid() else (65534, 65534)

        def be_nobody():
            if not os.geteuid():
                os.setgroups([])
                os.setgid(group)
                os.setuid(user)

        for option, way in (("", " and write"), (",read-only=yes", "")):
            try:
                code, _, err = cli.run("--serve", f"{path}{option}", "--portal", "127.0.0.1:0", preexec_fn=be_nobody)
            except PermissionError:
                self.skipTest("nobody may run the program where it is")
            self.assertEqual((code, err), (4, f'itgtd: --serve "{path}{option}": {path} cannot be opened to read{way}: '
                                              f"Permission denied (itgtd runs as user {user}, group {group})\n"))

    def test_a_missing_file_without_a_size(self):
        path = self.write("itgtd.conf", 'portal-group 1 { listen = 127.0.0.1:0 }\n'
                                        'target iqn.2026-11.org.example:a {\n'
                                        f' lun 7 {{ path = "{self.dir}/none.img" }}\n}}\n')
        code, _, err = cli.run("-c", path)
        self.assertEqual(code, 4)
        self.assertRegex(err, f'^itgtd: {path}:3: target "iqn.2026-11.org.example:a": lun 7: ')

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            portal = f"127.0.0.1:{taken.getsockname()[1]}"
            path = self.dir / "disk.img"
            self.assertEqual(cli.run("--serve", f"{path},size=1M", "--portal", portal),
                             (4, "", f'itgtd: cannot listen on {portal}: Address already in use ("ss -ltnp" tells by whom)\n'))
            self.assertFalse(path.exists(), "the disk was made, and is left behind")

    def test_an_address_of_another_machine(self):
        code, _, err = cli.run("--serve", "ram,size=1M", "--portal", "198.51.100.1")
        self.assertEqual((code, err.splitlines()[-1]), (4, "itgtd: cannot listen on 198.51.100.1:3260: this machine has no "
                                                           'such address ("ip address" tells which)'))

    def test_a_disk_larger_than_the_process_may_write(self):
        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        path = self.dir / "disk.img"
        code, _, err = cli.run("--serve", f"{path},size=2M", "--portal", "127.0.0.1:0", preexec_fn=small)
        self.assertEqual(code, 4)
        self.assertTrue(err.endswith("cannot be made 2M long: File too large\n"), err)
        self.assertFalse(path.exists())

    def test_a_pidfile_that_cannot_be_written(self):
        path = str(self.dir / "none/pid")
        self.assertEqual(cli.run(*cli.RAM, "-p", path), (4, "", f"itgtd: pidfile: {path}: No such file or directory\n"))

    def test_a_pidfile_that_is_none(self):
        path = self.dir / "pid"
        os.mkfifo(path)
        self.assertEqual(cli.run(*cli.RAM, "-p", str(path)), (4, "", f"itgtd: pidfile: {path}: not a regular file\n"))
        self.assertTrue(path.exists())

    def test_a_state_directory_that_cannot_be_made(self):
        path = self.write("itgtd.conf", f"state-directory = {self.dir}/none/state\nportal-group 1 {{ listen = {{ 127.0.0.1:0 }} }}\n")
        self.assertEqual(cli.run("-f", "-c", path),
                         (4, "", f"itgtd: state-directory: {self.dir}/none/state: No such file or directory\n"))


class Limits(cli.Case):
    def test_few_descriptors_are_told_at_the_start(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))

        with cli.Daemon(*cli.RAM, preexec_fn=few) as itgtd:
            self.assertRegex(itgtd.said.seen[0], r"^itgtd: max-connections is 1024, but the limit of open files leaves "
                                                 r"room for 9\d\d \(ulimit -n, LimitNOFILE\); others will wait$")
            self.assertEqual(itgtd.end(), 0)

    def test_without_descriptors_it_waits_and_goes_on(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

        with cli.Daemon(*cli.RAM, "-l", "debug", preexec_fn=few) as itgtd:
            port = itgtd.ports[0]
            crowd = [cli.connect(port) for _ in range(40)]
            itgtd.said.until(r"^itgtd: no connection can be accepted for now: Too many open files \(ulimit -n, LimitNOFILE\)$")
            for one in crowd:
                one.close()
            late = cli.connect(port)
            here = re.escape("%s:%d" % late.getsockname())
            itgtd.said.until(f"^itgtd: {here}: connected$")
            late.close()
            self.assertEqual(itgtd.end(), 0)


class Background(cli.Case):
    def test_it_returns_when_it_serves(self):
        pidfile = self.dir / "pid"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        code, _, err = cli.run("-d", "-p", str(pidfile), "--serve", "ram,size=1M", "--portal", f"127.0.0.1:{port}")
        self.assertEqual(code, 0, err)
        self.assertIn("itgtd: ready: ", err)
        cli.connect(port).close()
        pid = int(pidfile.read_text())
        process = os.pidfd_open(pid)
        subprocess.run(["kill", str(pid)], check=True)
        self.assertTrue(cli.select.select([process], [], [], cli.LIMIT_S)[0], "it did not end")
        os.close(process)
        self.assertFalse(pidfile.exists())

    def test_it_fails_as_in_the_foreground(self):
        code, _, err = cli.run("-d", "--serve", str(self.dir))
        self.assertEqual(code, 4)
        self.assertIn("directory", err)


cli.main()
