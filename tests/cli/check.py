"""--check tells every fault in one go, and touches nothing."""
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

    def test_specs_can_be_checked_too(self):
        code, out, _ = cli.run("--check", "--serve", "ram,size=1M")
        self.assertEqual((code, out), (0, "--serve: no faults, 1 target, 1 LUN\n"))


cli.main()
