"""scripts/quickstart serves any file it is given, and what it prints can be typed."""
import os
import pathlib
import re
import shutil
import socket
import subprocess

import cli

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/quickstart"
URL = r"iscsi://\S+:(\d+)/iqn\.2026-11\.org\.itgtd:demo/0"


class Quickstart(cli.Case):
    def setUp(self):
        super().setUp()
        (self.dir / "tmp").mkdir()
        self.environment = dict(os.environ, ITGTD=cli.ITGTD, PORTAL="127.0.0.1:0", TMPDIR=str(self.dir / "tmp"))

    def start(self, *args, **environment):
        """Run it until it has explained: (process, what it printed)."""
        process = subprocess.Popen([SCRIPT, *args], cwd=self.dir, env={**self.environment, **environment}, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = cli.Lines(process.stdout.fileno())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        said.until("^Ctrl-C ends it")
        return process, "\n".join(said.seen)

    def end(self, process):
        process.terminate()
        self.assertEqual(process.wait(cli.LIMIT_S), 0)

    def run_to_end(self, *args, **environment):
        return subprocess.run([SCRIPT, *args], cwd=self.dir, env={**self.environment, **environment}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=cli.LIMIT_S)

    def test_a_file_of_any_name_is_made_and_served(self):
        for name in ("itgtd-disk.img", "ram", "null", "cdrom", "a,b=c", "back\\slash", "a\\,b", "two words", "it's"):
            with self.subTest(name):
                args = [] if name == "itgtd-disk.img" else [name]
                process, text = self.start(*args)
                self.assertIn(f"{name} is a disk at iscsi://127.0.0.1:", text)
                self.end(process)
                self.assertEqual((self.dir / name).stat().st_size, 1 << 30)
                self.assertLess((self.dir / name).stat().st_blocks, 1024)  # sparse
                (self.dir / name).unlink()

    def test_a_size_makes_or_grows(self):
        self.end(self.start("disk", "3M")[0])
        self.assertEqual((self.dir / "disk").stat().st_size, 3 << 20)
        self.end(self.start("disk", "5M")[0])
        self.end(self.start("disk")[0])
        self.assertEqual((self.dir / "disk").stat().st_size, 5 << 20)

    def test_nothing_is_left_behind(self):
        process, _ = self.start("disk", "1M")
        self.assertEqual(os.listdir(self.dir / "tmp"), [])
        self.end(process)
        self.run_to_end("disk", "nonsense")
        self.run_to_end("--help")
        self.assertEqual(os.listdir(self.dir / "tmp"), [])

    def test_the_commands_that_it_prints_work(self):
        process, text = self.start("disk", "4M", PORTAL="0.0.0.0:0")
        self.assertNotRegex(text.split("is a disk at")[1], r"0\.0\.0\.0")
        url = re.search(rf"qemu-img info ({URL})$", text, re.M)
        portal = url.group(1).split("/")[2]
        cli.connect(int(url.group(2)), portal.rsplit(":", 1)[0]).close()
        self.assertIn(f"iscsiadm -m discovery -t sendtargets -p {portal}\n", text)
        self.assertIn(f"iscsiadm -m node -T iqn.2026-11.org.itgtd:demo -p {portal} --login\n", text)
        self.check_qemu(text)
        self.end(process)

    def check_qemu(self, text):
        for program in ("qemu-img", "qemu-system-x86_64"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
            command = re.search(rf"^  ({program} .*)$", text, re.M).group(1).split()
            if program != "qemu-img":  # only to its monitor, and out again
                command += ["-accel", "tcg", "-nodefaults", "-display", "none", "-S", "-monitor", "stdio"]
            done = subprocess.run(command, input="quit\n", capture_output=True, text=True, timeout=cli.LIMIT_S)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)
            if program == "qemu-img":
                self.assertIn("virtual size: 4 MiB", done.stdout)

    def test_ipv6_is_printed_as_it_is_typed(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        process, text = self.start("disk", "1M", PORTAL="[::1]:0")
        self.assertRegex(text, r"sendtargets -p \[::1\]:\d+\n")
        self.end(process)

    def test_another_port_is_the_hint_for_a_port_in_use_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.run_to_end("it's", "1M", PORTAL=f"127.0.0.1:{port}")
            self.assertEqual(done.returncode, 4)
            hint = "try another port: PORTAL=127.0.0.1:3261 scripts/quickstart 'it'\\''s' 1M\n"
            self.assertIn(hint, done.stderr)
            self.assertNotIn("another port", self.run_to_end("disk", "nonsense").stderr)
            done = self.run_to_end(str(self.dir), "1M")
            self.assertIn("is a directory", done.stderr)
            self.assertNotIn("another port", done.stderr)

    def test_help_and_wrong_usage(self):
        done = self.run_to_end("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("FILE", "SIZE", "PORTAL"):
            self.assertIn(word, done.stdout)
        for args in (["-x"], ["disk", "1M", "more"]):
            done = self.run_to_end(*args)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, "^quickstart: .*--help")


cli.main()
