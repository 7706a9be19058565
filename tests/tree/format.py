"""clang-format would change nothing."""
import shutil

import tree


def main():
    if not shutil.which("clang-format"):
        tree.skip("clang-format is not installed")
    sources = tree.files("src/*/*.[ch]", "include/*/*.h", "tests/**/*.[ch]")
    out = tree.run("clang-format", "--dry-run", "-Werror", *map(str, sources))
    faults = [line for line in out.stderr.splitlines() if "error:" in line]
    if out.returncode and not faults:
        faults = [out.stderr]
    tree.finish(faults, sources and f"{len(sources)} files are formatted")


main()
