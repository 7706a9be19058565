"""--check tells every fault in one go, and touches nothing."""
import os

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

    def test_specs_can_be_checked_too(self):
        code, out, _ = cli.run("--check", "--serve", "ram,size=1M")
        self.assertEqual((code, out), (0, "--serve: no faults, 1 target, 1 LUN\n"))


cli.main()
