"""What the tests of itgtctl share: running it, and speaking to the socket without it."""
import json
import os
import socket
import subprocess

import cli

ITGTCTL = os.environ["ITGTCTL"]
IQN = "iqn.2026-11.org.itgtd:demo"


def run(path, *args, **more):
    """Run itgtctl to its end: (exit code, standard output, standard error)."""
    out = subprocess.run([ITGTCTL, "-s", str(path), *args], capture_output=True, text=True, timeout=cli.LIMIT_S,
                         stdin=subprocess.DEVNULL, **more)
    return out.returncode, out.stdout, out.stderr


class Raw:
    """A connection to the control socket: bytes out, lines in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(cli.LIMIT_S)
        self.socket.connect(str(path))
        self.lines = cli.Lines(self.socket.fileno())

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def ask(self, request):
        """A text, or anything that becomes one: the answer."""
        self.send((request if isinstance(request, str) else json.dumps(request)) + "\n")
        return self.answer()

    def answer(self):
        line = self.lines.next()
        return None if line is None else json.loads(line)

    def call(self, method, params=None, number=1):
        request = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            request["params"] = params
        return self.ask(request)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Case(cli.Case):
    """A test with a directory of its own and the path of a control socket in it."""

    def setUp(self):
        super().setUp()
        self.socket = self.dir / "control.sock"

    def serve(self, *args, **more):
        """A daemon with that socket."""
        return cli.Daemon(*(args or cli.RAM), "--control-socket", str(self.socket), **more)

    def itgtctl(self, *args, **more):
        return run(self.socket, *args, **more)

    def show(self, *args):
        """A command that must succeed, as JSON: its result."""
        code, out, err = self.itgtctl("--json", *args)
        self.assertEqual((code, err), (0, ""), args)
        return json.loads(out)


main = cli.main
