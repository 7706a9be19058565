"""--check tells every fault in one go, and touches nothing."""
import os
import subprocess

import cli

TEN = """\
log-levle = info
max-connections = many
portal-group 0 { }
portal-group 2 { listen = { here } }
auth-group a { chap u { } }
target disk {
  ImmediateData = perhaps
  lun 0 { path = x  size = 10X }
  lun zero { path = y }
}
metrics = on
"""

GOOD = """\
portal-group 1 { listen = { 127.0.0.1:0 } }
target iqn.2026-11.org.example:a { lun 0 { path = "%s/disk.img" size = 1M } lun 1 { backend = ram size = 1M } }
"""


class Check(cli.Case):
    def test_ten_faults_in_one_go(self):
        path = self.write("itgtd.conf", TEN)
        code, out, err = cli.run("--check", "-c", path)
        self.assertEqual((code, out), (3, ""))
        lines = err.splitlines()
        self.assertEqual(len(lines), 10, err)
        numbers = [int(line.removeprefix(path + ":").split(":")[0]) for line in lines]
        self.assertEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 11])

    def test_it_does_not_start_with_a_fault(self):
        path = self.write("itgtd.conf", TEN)
        code, _, err = cli.run("-c", path)
        self.assertEqual(code, 3)
        self.assertEqual(len(err.splitlines()), 10)

    def test_a_good_file_is_praised_and_nothing_made(self):
        path = self.write("itgtd.conf", GOOD % self.dir)
        self.assertEqual(cli.run("--check", "-c", path), (0, f"{path}: no faults, 1 target, 2 LUNs\n", ""))
        self.assertFalse((self.dir / "disk.img").exists())

    def test_a_warning_is_no_fault(self):
        path = self.write("itgtd.conf", "target iqn.2026-11.org.example:a { auth-group = deny }\n")
        code, _, err = cli.run("--check", "-c", path)
        self.assertEqual(code, 0)
        self.assertEqual(err, f'{path}:1: warning: target "iqn.2026-11.org.example:a": has no lun\n')

    def test_a_file_that_is_not_there(self):
        path = str(self.dir / "none.conf")
        self.assertEqual(cli.run("--check", "-c", path), (3, "", f"{path}: No such file or directory\n"))

    def test_a_secret_in_a_file_that_everybody_can_read_is_warned_of(self):
        path = self.write("itgtd.conf", "auth-group a { chap u {\n secret = abcdefghijkl\n} }\n")
        for mode, said in ((0o640, ""), (0o644, f'{path}:2: warning: auth-group "a": chap "u": secret: stands in a file '
                                                "that everybody can read (make it mode 600 and owned by the user that "
                                                "itgtd runs as, or root:itgtd and mode 640)\n")):
            os.chmod(path, mode)
            code, _, err = cli.run("--check", "-c", path)
            self.assertEqual((code, err), (0, said))

    def test_one_disk_is_not_served_twice_by_whatever_path(self):
        disk = self.dir / "disk.img"
        disk.write_bytes(bytes(4096))
        (self.dir / "link").symlink_to(disk)
        os.link(disk, self.dir / "other")
        for one, two in ((disk, self.dir / "link"), (self.dir / "other", disk), (disk, f"{self.dir}/./disk.img"),
                         (f"{self.dir}/new", f"{self.dir}/../{self.dir.name}/new")):
            with self.subTest(one=one, two=two):
                code, _, err = cli.run("--check", "--serve", f"{one},size=4K", "--serve", f"{two},size=4K")
                self.assertEqual((code, err), (2, f'itgtd: --serve "{two},size=4K": path: "{two}" is served by another '
                                                  f'LUN, too (see --serve "{one},size=4K"; let both be read-only, or '
                                                  "write another path)\n"))
                code, _, err = cli.run("--check", "--serve", f"{one},size=4K", "--serve", f"{two},read-only=yes")
                self.assertEqual(code, 2, err)
                code, _, err = cli.run("--check", "--serve", f"{one}", "--serve", f"{two}", "--read-only")
                self.assertEqual((code, err), (0, ""))

    def test_what_is_no_file_is_not_waited_for(self):
        """A FIFO without a writer, a device without end, a directory, a file without measure: by every door."""
        os.mkfifo(self.dir / "fifo")
        (self.dir / "large").touch()
        os.truncate(self.dir / "large", 1 << 40)
        for path, why, long in ((self.dir / "fifo", "not a regular file", False), ("/dev/zero", "not a regular file", False),
                                (self.dir, "Is a directory", False), (self.dir / "large", "longer than 16M", True)):
            with self.subTest(path=path):
                conf = self.write("itgtd.conf", f"log-level = info\ninclude({path})\n")
                self.assertEqual(cli.run("--check", "-c", conf), (3, "", f'{conf}:2: include: "{path}": {why}\n'))
                if path != self.dir / "fifo":
                    self.assertEqual(cli.run("--check", "-c", str(path)), (3, "", f"{path}: {why}\n"))
                conf = self.write("itgtd.conf", f"auth-group a {{\nchap u {{ secret-file = {path} }} }}\n")
                code, _, err = cli.run("--check", "-c", conf)
                if long:
                    os.chmod(path, 0o600)
                    code, _, err = cli.run("--check", "-c", conf)
                    why = "has a secret longer than 255 bytes"
                self.assertEqual(code, 3)
                self.assertTrue(err.startswith(f'{conf}:2: auth-group "a": chap "u": secret-file: "{path}"'), err)
                self.assertTrue(err.endswith(f"{why}\n"), err)

    def test_a_pipe_is_read_by_whoever_waits_for_it(self):
        for text, want in ((GOOD % self.dir, (0, "/dev/stdin: no faults, 1 target, 2 LUNs\n", "")),
                           ("\ncolour = 1\nsize = 2\n", (3, "", '/dev/stdin:2: "colour" is not an option here\n'
                                                                '/dev/stdin:3: "size" is not an option here (it belongs inside lun)\n'))):
            done = subprocess.run([cli.ITGTD, "--check", "-c", "/dev/stdin"], input=text, capture_output=True, text=True,
                                  timeout=cli.LIMIT_S)
            self.assertEqual((done.returncode, done.stdout, done.stderr), want)

    def test_a_pipe_without_a_writer_is_not_waited_for_without_end(self):
        os.mkfifo(self.dir / "fifo")
        self.assertEqual(cli.run("--check", "-c", str(self.dir / "fifo")),
                         (3, "", f"{self.dir}/fifo: nobody writes into this pipe\n"))

    def test_specs_can_be_checked_too(self):
        code, out, _ = cli.run("--check", "--serve", "ram,size=1M")
        self.assertEqual((code, out), (0, "--serve: no faults, 1 target, 1 LUN\n"))


cli.main()
