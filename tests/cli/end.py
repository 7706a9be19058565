"""SIGTERM ends it with 0, a second one at once; nothing stays behind."""
import os
import signal
import subprocess

import cli


class End(cli.Case):
    def test_sigterm_and_sigint_end_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with cli.Daemon(*cli.RAM) as itgtd:
                self.assertEqual(itgtd.end(number), 0)

    def test_a_connection_that_says_nothing_does_not_hold_it_up(self):
        with cli.Daemon(*cli.RAM, "-l", "debug") as itgtd:
            with cli.connect(itgtd.ports[0]) as silent:
                itgtd.said.until("connected$")
                self.assertEqual(itgtd.end(), 0)
                self.assertEqual(silent.recv(1), b"")

    def test_a_signal_that_comes_twice_counts_once(self):
        with cli.Daemon(*cli.RAM, "-l", "debug") as itgtd:
            with cli.connect(itgtd.ports[0]):
                itgtd.said.until("connected$")
                itgtd.process.send_signal(signal.SIGTERM)
                itgtd.said.until("^itgtd: stopping")
                itgtd.process.send_signal(signal.SIGINT)
                itgtd.said.until("^itgtd: the same signal came again: it counts once$")
                self.assertEqual(itgtd.wait(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        pidfile = self.dir / "pid"
        with cli.Daemon(*cli.RAM, "-l", "debug", "-p", str(pidfile)) as itgtd:
            with cli.connect(itgtd.ports[0]):
                itgtd.said.until("connected$")
                itgtd.process.send_signal(signal.SIGTERM)
                itgtd.said.until("^itgtd: stopping")
                code = None
                while code is None:  # those of the first half second do not count
                    itgtd.process.send_signal(signal.SIGTERM)
                    code = itgtd.wait_a_little()
                self.assertEqual(code, 1)
                itgtd.said.until("^itgtd: a second signal: leaving at once$")
        self.assertFalse(pidfile.exists())

    def test_sighup_without_a_file_changes_nothing(self):
        with cli.Daemon(*cli.RAM) as itgtd:
            itgtd.process.send_signal(signal.SIGHUP)
            itgtd.said.until("^itgtd: itgtd was started with --serve: there is no file to read")
            itgtd.said.until("^itgtd: reload: nothing was changed")
            cli.connect(itgtd.ports[0]).close()
            self.assertEqual(itgtd.end(), 0)

    def test_it_ends_with_its_parent(self):
        reader, writer = os.pipe()
        # The shell starts it, and leaves when its standard input ends.
        script = f'"{cli.ITGTD}" {" ".join(cli.RAM)} --exit-with-parent & read line'
        with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stderr=writer) as shell:
            os.close(writer)
            said = cli.Lines(reader)
            said.until("^itgtd: ready: ")
            shell.stdin.close()
            shell.wait(cli.LIMIT_S)
        said.to_the_end()  # the pipe ends when the last who has it has ended
        os.close(reader)


class Pidfile(cli.Case):
    def test_it_has_the_process_id_and_goes_with_it(self):
        path = self.dir / "pid"
        path.write_text("99999 of an earlier one that was killed\n")
        with cli.Daemon(*cli.RAM, "-p", str(path)) as itgtd:
            self.assertEqual(path.read_text(), f"{itgtd.process.pid}\n")
            code, _, err = cli.run(*cli.RAM, "-p", str(path))
            self.assertEqual((code, err), (4, f"itgtd: pidfile: {path}: process {itgtd.process.pid} has it\n"))
            self.assertEqual(path.read_text(), f"{itgtd.process.pid}\n")
            self.assertEqual(itgtd.end(), 0)
        self.assertFalse(path.exists())


cli.main()
