"""What the tests of itgtctl share: running it, and speaking to the socket without it."""
import hashlib
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


class Initiator:
    """A session for looking at: it logs in, sends commands, and says what came."""

    def __init__(self, port, name="iqn.2026-11.org.example:host", target=IQN, isid=1, chap=None,
                 address="127.0.0.1", **keys):
        """chap: (user, secret), proven with SHA-256."""
        self.socket = cli.connect(port, address)
        self.isid, self.itt, self.cmdsn = isid, 0, 1
        pairs = {"InitiatorName": name, "SessionType": "Normal" if target else "Discovery"}
        if target:
            pairs["TargetName"] = target
        if chap:
            self.login(0x00, pairs | {"AuthMethod": "CHAP"})
            asked = self.login(0x00, {"CHAP_A": "7"})
            proof = bytes([int(asked["CHAP_I"])]) + chap[1].encode() + bytes.fromhex(asked["CHAP_C"][2:])
            self.login(0x81, {"CHAP_N": chap[0], "CHAP_R": "0x" + hashlib.sha256(proof).hexdigest()})
            if self.status:
                return
            pairs = {}
        self.login(0x87, pairs | keys)  # operational stage, then full feature phase

    def login(self, flags, pairs):
        """One login request: the keys of its answer; the status is kept."""
        bhs = bytearray(48)
        bhs[0], bhs[1] = 0x43, flags
        bhs[8:14] = bytes([0x80, 0, 0, 0, 0, self.isid])
        bhs[27] = 1
        self.send(bhs, "".join(f"{key}={value}\0" for key, value in pairs.items()).encode())
        answer, text = self.receive()
        self.status = answer[36] << 8 | answer[37]
        return dict(pair.split("=", 1) for pair in text.decode().split("\0") if pair)

    def send(self, bhs, data=b""):
        bhs[5:8] = len(data).to_bytes(3, "big")
        self.socket.sendall(bytes(bhs) + data + bytes(-len(data) % 4))

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def receive(self):
        """A PDU: (header, data)."""
        bhs = self.exactly(48)
        size = int.from_bytes(bhs[5:8], "big")
        return bhs, self.exactly(size + -size % 4)[:size]

    def request(self, opcode, flags=0x80, lun=0):
        """The header of a request with a tag and a number of its own."""
        bhs = bytearray(48)
        bhs[0], bhs[1], bhs[9] = opcode, flags, lun
        self.itt += 1
        bhs[16:20] = self.itt.to_bytes(4, "big")
        bhs[24:28] = self.cmdsn.to_bytes(4, "big")
        self.cmdsn += 1
        return bhs

    def start(self, cdb, lun=0, expect=0, out=b""):
        """A SCSI command with its data at once; finish() has its answer."""
        bhs = self.request(0x01, 0x80 | (0x20 if out else 0x40 if expect else 0), lun)
        bhs[20:24] = (len(out) or expect).to_bytes(4, "big")
        bhs[32:32 + len(cdb)] = bytes(cdb)
        self.send(bhs, out)

    def finish(self):
        """The next answer to a command: (status, data-in or sense)."""
        data = b""
        while True:
            answer, part = self.receive()
            if answer[0] not in (0x21, 0x25):
                continue
            data += part
            if answer[0] == 0x21 or answer[1] & 1:
                return answer[3], data

    def command(self, cdb, lun=0, expect=0, out=b""):
        """A SCSI command with its data at once: (status, data-in or sense)."""
        self.start(cdb, lun, expect, out)
        return self.finish()

    def ping(self):
        """A NOP-Out and its answer."""
        bhs = self.request(0x00)
        bhs[20:24] = bytes([255] * 4)
        self.send(bhs)
        self.receive()

    def text(self, keys):
        """A text request with its whole answer."""
        bhs, answer = self.request(0x04), b""
        bhs[20:24] = bytes([255] * 4)
        self.send(bhs, keys)
        while True:
            bhs, part = self.receive()
            answer += part
            if bhs[1] & 0x80:
                return answer
            tag = bhs[20:24]
            bhs = self.request(0x04)
            self.itt -= 1
            bhs[16:20] = self.itt.to_bytes(4, "big")
            bhs[20:24] = tag
            self.send(bhs)

    def over(self):
        """Wait for the end of the connection: the opcodes of what came before."""
        opcodes = []
        try:
            while True:
                opcodes.append(self.receive()[0][0])
        except (EOFError, ConnectionError):
            return opcodes

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
