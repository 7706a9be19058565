"""What outlives the daemon: saved changes, the exported configuration, and every durable write."""
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import cli
import ctl
import ctl_change
import verify

A = ctl_change.A
B = ctl_change.B


class Saved(ctl_change.Case):
    def setUp(self):
        super().setUp()
        self.saved = self.dir / "state" / "changes"

    def make_changes(self):
        self.change("target", "add", B, "auth-group=no-authentication")
        self.change("lun", "add", B, "3", "null,size=1G")
        self.change("lun", "set", A, "1", "write-cache=no")

    def changed(self):
        """A daemon with changes; each of them differs from the file."""
        return self.daemon(f"lun 1 {{ path = {self.dir}/disk size = 1M }}")

    def again(self):
        return cli.Daemon("-f", "-c", str(self.dir / "itgtd.conf"))

    def fails(self):
        """Starting fails: what is said."""
        code, _, err = cli.run("-f", "-c", str(self.dir / "itgtd.conf"))
        self.assertEqual(code, 4, err)
        return err

    def test_changes_survive_a_restart_and_only_when_saved(self):
        with self.changed() as itgtd:
            self.make_changes()
            self.assertEqual(itgtd.end(), 0)
        with self.again() as itgtd:
            self.assertNotIn(B, self.itgtctl("export")[1])
            self.make_changes()
            before = self.itgtctl("export")[1]
            self.assertIn("2 changes saved", self.itgtctl("save")[1])
            itgtd.process.kill()
            itgtd.wait()
        with self.again() as itgtd:
            self.assertEqual(self.itgtctl("export")[1], before)
            self.assertEqual(self.saved.stat().st_mode & 0o777, 0o600)
            self.assertIn("2 changes saved", self.itgtctl("save")[1])
            self.assertTrue(self.saved.with_name("changes.1").exists())
            self.assertEqual(itgtd.end(), 0)

    def test_where_the_file_has_changed_it_counts(self):
        with self.changed() as itgtd:
            self.make_changes()
            self.change("lun", "add", A, "7", "null,size=1G")
            self.itgtctl("save")
            self.assertEqual(itgtd.end(), 0)
        self.config("lun 7 { backend = null size = 2G }")
        with self.again() as itgtd:
            self.assertTrue(any("lun 7" in line and "which counts" in line for line in itgtd.said.seen))
            self.assertTrue(any("lun 1" in line and "not in the file any more" in line for line in itgtd.said.seen))
            self.assertIn('size = "2G"', self.itgtctl("export")[1])
            self.assertIn(B, self.itgtctl("export")[1])
            self.assertEqual(itgtd.end(), 0)

    def test_nothing_takes_the_place_of_something_by_force_only(self):
        with self.changed() as itgtd:
            self.make_changes()
            self.itgtctl("save")
            self.change("reload", "--discard")
            self.assertIn("it is left alone (--force replaces it)", self.refused("save"))
            self.assertIn("0 changes saved", self.itgtctl("save", "--force")[1])
            self.assertEqual(itgtd.end(), 0)

    def test_a_damaged_file_is_told_and_not_passed_over(self):
        with self.changed() as itgtd:
            self.make_changes()
            self.itgtctl("save")
            self.assertEqual(itgtd.end(), 0)
        whole = self.saved.read_bytes()
        for damage, told in ((whole[:-9], "it is cut short"), (whole[:-9] + b"x" + whole[-8:], "it is damaged: its checksum does not match"),
                             (whole.replace(b"changes 1", b"changes 2"), "a newer itgtd has written it"),
                             (b"", "it is no file of itgtd's")):
            self.saved.write_bytes(damage)
            err = self.fails()
            self.assertIn(f"{self.saved}: the changes that were saved cannot be read: {told}", err)
            self.assertIn("or remove it to start without them", err)
        self.saved.unlink()
        with self.again() as itgtd:
            self.assertEqual(itgtd.end(), 0)

    def test_a_full_disk_leaves_what_was_saved(self):
        if os.getuid():
            self.skipTest("a small file system is mounted, which takes root")
        with self.changed() as itgtd:
            self.make_changes()
            self.itgtctl("save")
            before = self.saved.read_bytes()
            filler = self.dir / "state"
            # The daemon's own limit on the size of files is what a full file system is to it.
            subprocess.run(["prlimit", f"--pid={itgtd.process.pid}", "--fsize=16:16"], check=True)
            self.assertIn("File too large; what was saved before is still there", self.refused("save"))
            self.assertEqual(self.saved.read_bytes(), before)
            self.assertEqual(sorted(p.name for p in filler.iterdir()), ["changes"])
            self.assertEqual(itgtd.end(), 0)

    def test_with_serve_there_is_no_place_for_them(self):
        with self.serve() as itgtd:
            self.assertIn("started with --serve", self.refused("save"))
            self.assertIn("started with --serve", self.refused("reload"))
            self.change("lun", "add", ctl.IQN, "1", "ram,size=1M")
            self.assertEqual(itgtd.end(), 0)


class Exported(ctl_change.Case):
    def test_it_is_accepted_and_leads_to_the_same(self):
        """Every kind of section and value, quotes and all, with changes on top."""
        secret = self.write("secret", "sixteen letters.\n")
        os.chmod(secret, 0o600)
        odd = self.dir / "a ${HOME} 'odd' \"na\\me"
        self.config(f'''alias = "it's \\"quoted\\" \\${{HOME}}" queue-depth = 7 HeaderDigest = {{ CRC32C, None }}
                        lun 9 {{ backend = null size = 1G initiators = {{ iqn.x, iqn.y }} }}''',
                    f'auth-group lab {{ chap host1 {{ secret-file = "{secret}" }} chap-algorithms = {{ SHA1 }} '
                    'initiator-portals = { 192.0.2.0/24 } }')
        with cli.Daemon("-f", "-c", str(self.dir / "itgtd.conf")) as itgtd:
            self.change("lun", "add", A, "1", str(odd).replace("\\", "\\\\") + ",size=1M,io=cached")
            self.change("target", "add", B, "auth-group=lab")
            text = self.itgtctl("export")[1]
            self.assertEqual(json_of(self.itgtctl("--json", "export")[1]), text)
            self.assertEqual(itgtd.end(), 0)
        self.assertTrue(odd.exists())
        path = self.write("exported.conf", text)
        self.assertEqual(cli.run("--check", "-c", path)[0], 0)
        with cli.Daemon("-f", "-c", path) as itgtd:
            self.assertEqual(self.itgtctl("export")[1], text)
            self.assertEqual(itgtd.end(), 0)


def json_of(text):
    import json
    return json.loads(text)


class Killed(ctl_change.Case):
    """kill -9 loses nothing that was acknowledged as durable."""

    def kill_amid_writes(self, options):
        folder = tempfile.TemporaryDirectory(prefix="itgtd-test-", dir="/var/tmp")
        self.addCleanup(folder.cleanup)
        disk = pathlib.Path(folder.name) / "disk"
        path = self.config(f"lun 1 {{ path = {disk} size = 1M {options} }}")
        choice, blocks, turn = random.Random(7), {}, 0
        for _ in range(5):
            with cli.Daemon("-f", "-c", path) as itgtd, ctl.Initiator(itgtd.ports[0], target=A) as host:
                self.quiet(host, 1)
                for lba, data in blocks.items():
                    self.assertEqual(host.command(verify.cdb(0x28, lba), 1, expect=512), (0, data))
                for _ in range(choice.randrange(50, 150)):
                    turn += 1
                    lba = choice.randrange(verify.BLOCKS)
                    data = verify.pattern(lba, turn)
                    self.assertEqual(host.command(verify.cdb(0x2a, lba), 1, out=data)[0], 0)
                    blocks[lba] = data
                # One more is on its way: its block may be old or new, and nothing else.
                lba = choice.randrange(verify.BLOCKS)
                blocks.pop(lba, None)
                host.start(verify.cdb(0x2a, lba), 1, out=verify.pattern(lba, 0))
                itgtd.process.kill()
                itgtd.wait()

    def test_cached(self):
        self.kill_amid_writes("io = cached write-cache = no")

    def test_direct(self):
        self.kill_amid_writes("io = direct write-cache = no")


if __name__ == "__main__":
    ctl.main()
