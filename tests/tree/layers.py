"""Each layer includes only what it may, and inside a layer calls go one way.

The second is read from the object files: a file may use what a file above it
in its CMakeLists.txt defines, and nothing of a file below.
"""
import argparse
import re
import subprocess

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def table_faults():
    """The table of ARCHITECTURE.md and that of tree.py say the same."""
    text = (tree.ROOT / "ARCHITECTURE.md").read_text()
    told = {name: words.split() for name, words in re.findall(r"^\| `(\w+)` \| .* \| ([\w ]+) \|$", text, re.M)}
    for name in sorted(told.keys() ^ tree.LAYERS.keys()):
        yield f"ARCHITECTURE.md and tests/tree/tree.py: only one has the layer {name}"
    for name in told.keys() & tree.LAYERS.keys():
        words, may = told[name], set(tree.LAYERS[name])
        above = set(list(tree.LAYERS)[:list(tree.LAYERS).index(name)])
        if may != (above if words == ["all"] else set(words) - {"nothing"}):
            yield f"ARCHITECTURE.md: {name} may include {' '.join(words)}; tests/tree/tree.py: {' '.join(sorted(may))}"


def include_faults():
    for path in tree.files("src/*/*.[ch]", "include/*/*.h"):
        layer = path.parent.name
        allowed = tree.LAYERS[layer] + [layer]
        for target in INCLUDE.findall(path.read_text()):
            if target.split("/")[0] not in allowed:
                yield f'{tree.name(path)}: includes "{target}", which {layer} may not'
            elif not (tree.ROOT / "include" / target).is_file():
                yield f'{tree.name(path)}: includes "{target}", which is not in include/'


def ev_faults():
    """In iscsi one file knows sockets and the event loop; scsi and store know neither."""
    for layer, door in (("iscsi", "tcp.c"), ("scsi", None), ("store", None), ("wire", None)):
        for path in tree.files(f"src/{layer}/*.c"):
            if path.name != door and re.search(r"\b(ev_\w+|recv|sendmsg|recvmsg)\s*\(", path.read_text()):
                yield f"{tree.name(path)}: knows the event loop or sockets"


def listed(layer):
    text = (tree.ROOT / "src" / layer / "CMakeLists.txt").read_text()
    return re.findall(r"^\s+(\w+\.c)\b", text, re.M)


def symbols(obj):
    """(defined, undefined) global symbols of an object file."""
    out = subprocess.run(["nm", "-g", str(obj)], capture_output=True, text=True, check=True).stdout
    defined, undefined = set(), set()
    for line in out.splitlines():
        kind, symbol = line.split()[-2:]
        (undefined if kind in "Uw" else defined).add(symbol)
    return defined, undefined


def order_faults(build, layer, files):
    defines, uses = {}, {}
    for file in files:
        objects = list(build.glob(f"src/{layer}/CMakeFiles/*.dir/{file}.o"))
        if len(objects) != 1:
            yield f"src/{layer}/{file}: {len(objects)} object files in {build}"
            continue
        defined, uses[file] = symbols(objects[0])
        for symbol in defined:
            defines[symbol] = file
    for file, symbols_used in uses.items():
        for symbol in sorted(symbols_used):
            owner = defines.get(symbol)
            if owner and files.index(owner) > files.index(file):
                yield f"src/{layer}/{file}: calls {symbol}() of {owner}, which stands below it"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = tree.pathlib.Path(parser.parse_args().build)
    faults = list(table_faults()) + list(include_faults()) + list(ev_faults())
    checked = 0
    for layer in tree.LAYERS:
        if not (tree.ROOT / "src" / layer / "CMakeLists.txt").is_file():
            continue
        files = listed(layer)
        there = [p.name for p in tree.files(f"src/{layer}/*.c")]
        faults += [f"src/{layer}/{f}: not in CMakeLists.txt" for f in there if f not in files]
        faults += order_faults(build, layer, files)
        checked += len(files)
    tree.finish(faults, checked and f"{checked} source files keep to their layers")


main()
