"""The manual pages and conf/ know every option and switch, with default and range, and no other."""
import argparse
import math
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import tree

ROW = re.compile(r'\{\s*"([\w-]+)",\s*CONF_(\w+),\s*(?:NULL|"([^"]*)")')


def tables(text):
    """(section, its rows) out of the text of options.c."""
    return re.findall(r"conf_option (\w+)_options\[\] = \{\n(.*?)\n\};", text, re.S)


def table():
    """{section: {option: built-in value or None}} out of options.c."""
    text = (tree.ROOT / "src/config/options.c").read_text()
    rows = {name: {option: preset or None for option, _, preset in ROW.findall(body)}
            for name, body in tables(text)}
    return {name.replace("_", "-"): options for name, options in rows.items()}


# Numbers as options.c writes them.
NAMES = {"SECOND": 1000, "HOUR": 3600 * 1000, "KIB": 1 << 10, "MIB": 1 << 20, "TIB": 1 << 40, "PIB": 1 << 50,
         "PDU_MAX": (1 << 24) - 1}
BOUNDS = re.compile(r'\{\s*"([\w-]+)",\s*CONF_(NUMBER|BYTES|SECONDS|SIZE|DURATION|IOPS|RATE),\s*(?:NULL|"[^"]*"),'
                    r"\s*([\w *]+),\s*([\w *]+),")
CHOICES = re.compile(r'\{\s*"([\w-]+)",\s*CONF_CHOICE,\s*(?:NULL|"[^"]*"),\s*0,\s*0,\s*(\w+),')


def number(text):
    """16 * MIB -> 16777216"""
    return math.prod(NAMES[word] if word in NAMES else int(word) for word in text.replace("*", " ").split())


def shortest(value, units):
    """The number in the largest unit that is exact."""
    for name, factor in units:
        if value and value % factor == 0:
            return f"{value // factor}{name}"
    return str(value)


UNITS = {"SIZE": [("P", 1 << 50), ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)],
         "DURATION": [("h", 3600 * 1000), ("s", 1000), ("ms", 1)]}
UNITS["RATE"] = UNITS["SIZE"]


def ranges():
    """{section: {option: what its text must have in it}} out of options.c."""
    text = (tree.ROOT / "src/config/options.c").read_text()
    choices = {name: re.findall(r'\{ "([\w-]+)"', body)
               for name, body in re.findall(r"conf_choice (\w+)\[\] = \{(.*?)\};", text, re.S)}
    out = {}
    for name, body in tables(text):
        section = out.setdefault(name.replace("_", "-"), {})
        for option, kind, low, high in BOUNDS.findall(body):
            low, high = (shortest(number(n), UNITS.get(kind, [])) for n in (low, high))
            section[option] = [f"{low} to {high}"]
        for option, table_name in CHOICES.findall(body):
            section[option] = choices[table_name]
        read = {option for option, kind, _ in ROW.findall(body) if kind not in ("TEXT", "BOOL", "LIST")}
        assert read == section.keys(), f"{name}: rows that this test cannot read: {read ^ section.keys()}"
    return out


def range_faults():
    manual = manual_options()
    for section, options in ranges().items():
        for name, wanted in options.items():
            text = manual.get(section, {}).get(name, "")
            for what in wanted:
                if not re.search(rf"(?<![\w-]){re.escape(what)}(?![\w-])", text):
                    yield f"man/itgtd.conf.5: {name} of {section}: does not say {what}"


# What people's files have in them, and what therefore stays.
CONTRACT = {
    "root": "log-level control-socket state-directory shutdown-timeout login-timeout max-connections metrics",
    "portal-group": "listen discovery-auth-group redirect",
    "auth-group": "chap-algorithms initiator-names initiator-portals",
    "chap": "secret-file secret mutual-user mutual-secret-file mutual-secret",
    "target": "alias portal-groups auth-group MaxRecvDataSegmentLength FirstBurstLength MaxBurstLength InitialR2T "
              "ImmediateData MaxOutstandingR2T MaxConnections ErrorRecoveryLevel HeaderDigest DataDigest "
              "DefaultTime2Wait DefaultTime2Retain nop-interval nop-timeout queue-depth",
    "lun": "backend path size block-size physical-block-size io write-cache thin read-only removable serial vendor "
           "product initiators max-iops max-bandwidth",
}


def contract_faults():
    rows = table()
    for section, names in CONTRACT.items():
        for name in names.split():
            if name not in rows.get(section, {}):
                yield f"src/config/options.c: {name} of {section} is gone, and files have it"


def manual_options():
    """{section: {option: its text}} out of itgtd.conf.5."""
    sections, section, entry = {}, None, None
    for line in (tree.ROOT / "man/itgtd.conf.5").read_text().splitlines():
        if line.startswith(".Sh"):
            section = None
        elif line.startswith(".Ss"):
            words = line.split()
            section = "root" if words[1] == "Global" else words[1]
            sections[section] = {}
        elif section and line.startswith(".It Ic "):
            entry = line.split()[2]
            sections[section][entry] = ""
        elif section and entry in sections[section]:
            sections[section][entry] += " " + re.sub(r"^\.\w\w ", "", line)
    return sections


def option_faults():
    rows, manual = table(), manual_options()
    for section in sorted(rows.keys() | manual.keys()):
        have, told = rows.get(section, {}), manual.get(section, {})
        for name in sorted(have.keys() - told.keys()):
            yield f"man/itgtd.conf.5: does not have {name} of {section}"
        for name in sorted(told.keys() - have.keys()):
            yield f"man/itgtd.conf.5: has {name} of {section}, which options.c does not"
        for name, preset in have.items():
            for value in re.split(r", ", preset or ""):
                if name in told and value not in told[name] and not shared_default(told, name, value):
                    yield f"man/itgtd.conf.5: {name} of {section}: does not say its default, {value}"


def shared_default(told, name, value):
    """Two options with one text: the text is the second one's."""
    names = list(told)
    after = names.index(name) + 1
    return not told[name].strip() and after < len(names) and value in told[names[after]]


def switch_faults(itgtd):
    text = subprocess.run([itgtd, "--help"], capture_output=True, text=True, check=True).stdout
    switches = re.findall(r"^  (?:-(\w),|   ) --([\w-]+)", text, re.M)
    manual = (tree.ROOT / "man/itgtd.8").read_text()
    items = [line for line in manual.splitlines() if line.startswith(".It Fl")]
    told = {word.lstrip("-") for line in items for word in re.findall(r"(?<=[ ,])(-[\w-]+|\w)(?= |$)", line)
            if word not in ("Fl", "Ar", "Ns", "Op")}
    have = {name for pair in switches for name in pair if name}
    for name in sorted(have - told):
        yield f"man/itgtd.8: does not have {name}"
    for line in items:
        first = line.split()[2].lstrip("-")
        if first not in have:
            yield f"man/itgtd.8: has {first}, which itgtd --help does not"
    synopsis = manual.split(".Sh ")[2]
    letters = "".join(re.findall(r"Fl (\w+)", synopsis))
    for short, name in switches:
        if not (short and short in letters) and not re.search(rf"Fl -{name}$|Fl -{name} |\| -{name}$", synopsis, re.M):
            yield f"man/itgtd.8: its synopsis does not have --{name}"
    if not switches:
        yield "itgtd --help: no switches found"


def dvt_faults(dvt):
    """Every switch of itgt-dvt is in its manual, and no other."""
    text = subprocess.run([dvt, "--help"], capture_output=True, text=True, check=True).stdout
    have = set(re.findall(r"^  (?:-\w, |    )  ?--([\w-]+)", text, re.M)) | set(re.findall(r"--([\w-]+)", text))
    items = [line for line in (tree.ROOT / "man/itgt-dvt.1").read_text().splitlines() if line.startswith(".It Fl")]
    told = set(re.findall(r" -([\w-]{2,})", " ".join(items)))
    for name in sorted(have ^ told):
        yield f"man/itgt-dvt.1 and itgt-dvt --help: only one has --{name}"


def usage_of(item):
    """A line of itgtctl.8, ".It Ic lun list Op Ar IQN", as itgtctl --help has it: "lun list [IQN]"."""
    words, optional, out = item.split()[2:], False, []
    for word in words:
        if word == "Op":
            optional = True
        elif word == "Fl":
            out.append("-")
        elif word != "Ar":
            if out and out[-1].endswith("-") and word.startswith("-"):
                word = out.pop() + word
            out.append(f"[{word}]" if optional else word)
            optional = False
    return " ".join(out).replace("] ...", " ...]")


def itgtctl_faults(itgtctl):
    text = subprocess.run([itgtctl, "--help"], capture_output=True, text=True, check=True).stdout
    manual = (tree.ROOT / "man/itgtctl.8").read_text()
    told = [usage_of(line) for line in manual.splitlines() if line.startswith(".It Ic ")]
    have = re.findall(r"(?m)^  (?!itgtctl)([a-z].*?)  ", text)
    for usage in have:
        if usage not in told:
            yield f"man/itgtctl.8: does not have {usage}"
    for usage in told:
        if usage not in have:
            yield f"man/itgtctl.8: has {usage}, which itgtctl --help does not"
    switches = set(re.findall(r"(?m)^  (?:-\w,|   ) (--[\w-]+)", text))
    items = re.findall(r"(?m)^\.It Fl (.*)", manual)
    named = {"-" + word for item in items for word in item.replace(",", "").split() if word.startswith("-")}
    for name in sorted(switches ^ named):
        yield f"{name} is in only one of man/itgtctl.8 and itgtctl --help"
    if not have or not switches:
        yield "itgtctl --help: nothing found"


def lint_faults():
    if not shutil.which("mandoc"):
        print("skipped: mandoc is not installed: the pages are not linted")
        return
    # From their own directory, so that they find each other.
    pages = [page.name for page in tree.files("man/*.[1-9]")]
    out = subprocess.run(["mandoc", "-Tlint", *pages], cwd=tree.ROOT / "man", capture_output=True, text=True)
    for line in (out.stdout + out.stderr).splitlines():
        if "mandoc.db" not in line:  # the state of this machine, not of a page
            yield line


def check(itgtd, path, warnings=False):
    # The leak checker wants ptrace, which a sandbox may refuse; it is not what is tested here.
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    out = subprocess.run([itgtd, "--check", "-c", str(path)], capture_output=True, text=True, env=env)
    if out.returncode or "fault" in out.stderr or (warnings and out.stderr):
        yield f"{path}: itgtd --check: {out.returncode}\n{out.stdout}{out.stderr}"


def example_faults(itgtd):
    """Each is read in a directory that has its other files: no fault, and no warning."""
    examples = tree.files("conf/examples/*.conf")
    installed = (tree.ROOT / "conf/CMakeLists.txt").read_text()
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as name:
        directory = pathlib.Path(name)
        for path in examples:
            text = path.read_text()
            for secret in re.findall(r'"/etc/itgtd/(\w+\.secret)"', text):
                (directory / secret).write_text(f"the secret of {secret}\n")
                (directory / secret).chmod(0o640)
            (directory / path.name).write_text(text.replace('"/etc/itgtd', f'"{name}'))
            yield from check(itgtd, directory / path.name, warnings=True)
            if f"examples/{path.name}" not in installed:
                yield f"conf/CMakeLists.txt: does not install examples/{path.name}"
    if not examples:
        yield "conf/examples: there is none"


def manual_example_faults(itgtd):
    """What itgtd.conf(5) shows is accepted, and has every option once at least."""
    manual = (tree.ROOT / "man/itgtd.conf.5").read_text()
    shown = [text for text in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", manual, re.M | re.S) if "target" in text]
    for section, options in table().items():
        for name in options:
            if not any(re.search(rf"(?<![\w-]){name}\s*=", text) for text in shown):
                yield f"man/itgtd.conf.5: no example has {name} of {section}"
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as directory:
        path = pathlib.Path(directory, "itgtd.conf")
        for text in shown:
            for secret in {"itgtd.conf", *re.findall(r'"/etc/itgtd/(\w+\.secret)"', text)}:
                pathlib.Path(directory, secret).write_text(f"the secret of {secret}\n")
                pathlib.Path(directory, secret).chmod(0o600)
            path.write_text(text.replace("/etc/itgtd", directory))
            yield from check(itgtd, path)


def conf_faults(itgtd):
    yield from check(itgtd, tree.ROOT / "conf/itgtd.conf")
    # Once more, with all that stands behind "#", in a directory that has its other files.
    text = (tree.ROOT / "conf/itgtd.conf").read_text()
    for section, options in table().items():
        for name in options:
            if not re.search(rf"^#.*\b{name}\s*=", text, re.M):
                yield f"conf/itgtd.conf: does not have {name} of {section}"
    with tempfile.TemporaryDirectory(prefix="itgtd-test-") as name:
        directory = pathlib.Path(name)
        for secret in ("host1.secret", "target.secret"):
            (directory / secret).write_text(f"the secret of {secret}\n")
            (directory / secret).chmod(0o600)
        (directory / "itgtd.d").mkdir()
        (directory / "itgtd.d/lab.conf").write_text("")
        whole = re.sub(r"^#(?=\S)|^#(?=  )", "", text, flags=re.M)
        # host1 has its secrets in files, host2 in the text: both forms are read.
        whole = whole.replace("/etc/itgtd", name)
        (directory / "itgtd.conf").write_text(whole)
        yield from check(itgtd, directory / "itgtd.conf")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = pathlib.Path(parser.parse_args().build)
    itgtd = str(build / "src/daemon/itgtd")
    faults = [*option_faults(), *range_faults(), *contract_faults()] + list(switch_faults(itgtd)) + list(lint_faults()) + list(conf_faults(itgtd))
    faults += manual_example_faults(itgtd)
    faults += example_faults(itgtd)
    faults += itgtctl_faults(build / "src/itgtctl/itgtctl")
    faults += dvt_faults(build / "src/dvt/itgt-dvt")
    options = sum(len(o) for o in table().values())
    tree.finish(faults, options and f"{options} options are in the manual, and conf/ is read")


main()
