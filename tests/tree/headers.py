"""Each header compiles by itself, and is guarded by its own name."""
import argparse
import subprocess

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Werror"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", required=True)
    cc = parser.parse_args().cc
    headers = tree.files("include/*/*.h")
    faults = []
    for path in headers:
        inside = path.relative_to(tree.ROOT / "include")
        guard = str(inside).replace("/", "_").replace(".", "_").upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in path.read_text():
            faults.append(f"{tree.name(path)}: the guard is not {guard}")
        out = subprocess.run(
            [cc, "-std=c11", "-D_GNU_SOURCE", *WARNINGS, "-Iinclude", "-fsyntax-only", "-x", "c", "-"],
            input=f'#include "{inside}"\n#include "{inside}"\n', cwd=tree.ROOT, capture_output=True, text=True)
        if out.returncode:
            faults.append(f"{tree.name(path)}: does not compile alone\n{out.stderr}")
    tree.finish(faults, headers and f"{len(headers)} headers compile alone")


main()
