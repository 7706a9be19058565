"""No file is longer than 600 lines, no function longer than 60, but for those that say why."""
import re

import tree

FILE_MAX = 600
FUNCTION_MAX = 60

# What may be longer, and why: path or path:function.
LONGER = {}

def functions(lines):
    """(name, lines between its braces) of each function of a C file, as clang-format leaves them."""
    begin = None
    for number, line in enumerate(lines):
        if line == "{":
            begin = number
            head = next(i for i in range(number - 1, -1, -1) if re.match(r"[A-Za-z_]", lines[i]))
            name = re.search(r"(\w+)\(", lines[head])
        elif line == "}" and begin is not None:
            if name:
                yield name.group(1), number - begin - 1
            begin = None


def main():
    sources = tree.files("src/*/*.[ch]", "include/*/*.h", "tests/**/*.[ch]")
    scripts = tree.files("tests/**/*.py", "tests/**/*.sh", "scripts/*", "cmake/*")
    found, checked = {}, 0
    for path in sources + scripts:
        lines = path.read_text().splitlines()
        if len(lines) > FILE_MAX:
            found[tree.name(path)] = f"{len(lines)} lines, more than {FILE_MAX}"
        for name, length in functions(lines) if path in sources else ():
            checked += 1
            if length > FUNCTION_MAX:
                found[f"{tree.name(path)}:{name}"] = f"{length} lines, more than {FUNCTION_MAX}"
    faults = [f"{what}: {length}" for what, length in found.items() if what not in LONGER]
    faults += [f"{what}: is not longer than others, but stands in LONGER" for what in LONGER if what not in found]
    tree.finish(faults, checked and f"{len(sources + scripts)} files and {checked} functions are short enough")


main()
