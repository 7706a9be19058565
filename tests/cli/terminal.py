"""A terminal for programs that draw on it: a pseudo-terminal, and the screen that a vt100 would show."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import cli

# What a vt100 is told by ncurses: CSI sequences, character sets, keypad modes, plain text.
TOKEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b([()][0-9A-B]|[=>78MDE])|([\x00-\x1f])|([^\x00-\x1f]+)")


class Terminal:
    """A program in a terminal of its own, of so many lines and columns."""

    def __init__(self, *command, lines=24, columns=100):
        self.fd, other = pty.openpty()
        self.rest = ""
        self.resize(lines, columns)
        self.process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, start_new_session=True,
                                        env=dict(os.environ, TERM="vt100", LC_ALL="C.UTF-8"),
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(other)

    def resize(self, lines, columns):
        """The program is told by the system (SIGWINCH)."""
        self.lines, self.columns = lines, columns
        self.cells = [[" "] * columns for _ in range(lines)]
        self.y = self.x = self.top = 0
        self.bottom = lines - 1
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def screen(self):
        return ["".join(row).rstrip() for row in self.cells]

    def put(self, text):
        for letter in text:
            if self.x < self.columns and self.y < self.lines:
                self.cells[self.y][self.x] = letter
            self.x += 1

    def scroll(self, gone, new):
        """In the region between the margins a line goes, and an empty one comes."""
        del self.cells[gone]
        self.cells.insert(new, [" "] * self.columns)

    def down(self):
        if self.y == self.bottom:
            self.scroll(self.top, self.bottom)
        else:
            self.y = min(self.y + 1, self.lines - 1)

    def up(self):
        if self.y == self.top:
            self.scroll(self.bottom, self.top)
        else:
            self.y = max(self.y - 1, 0)

    def control(self, letter):
        if letter == "\r":
            self.x = 0
        elif letter == "\n":
            self.down()
        elif letter == "\b":
            self.x = max(self.x - 1, 0)
        elif letter == "\t":
            self.x = (self.x // 8 + 1) * 8

    def sequence(self, numbers, final):
        n = [int(number or 0) for number in numbers.lstrip("?").split(";")]
        step = n[0] or 1
        if final == "H":
            self.y, self.x = (n[0] or 1) - 1, ((n[1] if len(n) > 1 else 1) or 1) - 1
        elif final == "K":
            row = self.cells[min(self.y, self.lines - 1)]
            for i in range(*((self.x, self.columns) if n[0] == 0 else (0, min(self.x + 1, self.columns)))):
                row[i] = " "
        elif final == "J":
            self.sequence("", "K")
            for y in range(self.y + 1, self.lines):
                self.cells[y] = [" "] * self.columns
        elif final in "ABCD":
            self.y += {"A": -step, "B": step}.get(final, 0)
            self.x += {"D": -step, "C": step}.get(final, 0)
        elif final == "r":
            self.top, self.bottom = step - 1, (n[1] if len(n) > 1 else self.lines) - 1
            self.y = self.x = 0
        elif final not in "mhl":
            raise ValueError(f"the terminal does not know ESC [ {numbers} {final}")

    def feed(self, text):
        text = self.rest + text
        at = 0
        while match := TOKEN.match(text, at):
            numbers, final, escape, control, plain = match.groups()
            if final:
                self.sequence(numbers, final)
            elif escape == "M":
                self.up()
            elif escape == "D":
                self.down()
            elif control:
                self.control(control)
            elif plain:
                self.put(plain)
            at = match.end()
        self.rest = text[at:]

    def until(self, holds, what):
        """Read until the screen is so: its lines."""
        end = time.monotonic() + cli.LIMIT_S
        while not holds(self.screen()):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"never seen: {what}; seen:\n" + "\n".join(self.screen()))
            try:
                self.feed(os.read(self.fd, 65536).decode())
            except OSError:
                raise EOFError(f"ended, and never seen: {what}; seen:\n" + "\n".join(self.screen())) from None
        return self.screen()

    def shows(self, pattern):
        """Read until a line matches: the match."""
        return next(filter(None, (re.search(pattern, line) for line in self.until(
            lambda screen: any(re.search(pattern, line) for line in screen), pattern))))

    def wait(self):
        """Read to the end: the exit code."""
        try:
            while True:
                self.feed(os.read(self.fd, 65536).decode())
        except OSError:
            return self.process.wait(cli.LIMIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)
