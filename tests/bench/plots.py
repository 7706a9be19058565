"""Results as SVG, drawn by gnuplot."""
import pathlib
import shutil
import statistics
import subprocess

import tables

COLOURS = {"itgtd": "#1b6ca8", "floor": "#9a9a9a", "tgt": "#d1495b", "istgt": "#edae49"}
PERCENTILES = (("p50", "50"), ("p90", "90"), ("p99", "99"), ("p999", "99.9"))


def median(records, store, workload, peer, what):
    v = tables.values(records, store, workload, peer, what)
    return str(statistics.median(v.values())) if v else "NaN"


def draw(path, commands, blocks):
    """Run gnuplot; blocks are named tables of lines."""
    data = "\n".join(f"${name} << EOD\n" + "\n".join(lines) + "\nEOD" for name, lines in blocks.items())
    head = (f"set terminal svg size 1100,480 font 'sans,12' background 'white'\nset output '{path}'\n"
            "set grid ytics lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset key outside top center horizontal\n")
    subprocess.run(["gnuplot"], input=f"{head}{data}\n{commands}\n", text=True, check=True)


def bars(path, records, store, workloads, names, what, title):
    """One group of bars for each workload, one bar for each target; logarithmic."""
    lines = [" ".join([f'"{w.name}"', *(median(records, store, w.name, n, what) for n in names)])
             for w in workloads]
    plots = ", ".join(f"$data using {i + 2}:xtic(1) lc rgb '{COLOURS[n]}' title '{n}'"
                      for i, n in enumerate(names))
    draw(path, f"set title '{title}'\nset style data histogram\nset style histogram cluster gap 1\n"
               "set style fill solid 0.9 border -1\nset boxwidth 0.9\nset logscale y\n"
               f"set xtics rotate by -30\nplot {plots}", {"data": lines})


def latencies(path, records, store, workload, names):
    """Latency by percentile."""
    blocks = {n: [f'{i} "{label}" {median(records, store, workload.name, n, what)}'
                  for i, (what, label) in enumerate(PERCENTILES)] for n in names}
    plots = ", ".join(f"${n} using 1:3:xtic(2) with linespoints lw 2 pt 7 lc rgb '{COLOURS[n]}' title '{n}'"
                      for n in names)
    draw(path, f"set title 'Latency in us by percentile: {workload.title}'\nset logscale y\n"
               f"set xrange [-0.2:3.2]\nplot {plots}", blocks)


def sessions(path, records, store, workloads, names):
    """Processor time for an I/O against the number of sessions."""
    blocks = {n: [f"{w.name.split('-')[1]} {median(records, store, w.name, n, 'cpu_us')}" for w in workloads]
              for n in names}
    plots = ", ".join(f"${n} using 1:2 with linespoints lw 2 pt 7 lc rgb '{COLOURS[n]}' title '{n}'" for n in names)
    draw(path, "set title 'Processor time for an I/O in us, by number of sessions (4 KiB reads, depth 4)'\n"
               f"set logscale xy\nplot {plots}", blocks)


def all_of(directory, records, store, workloads, names):
    """Every plot that the records of a store allow. The files' names."""
    if not shutil.which("gnuplot"):
        return []
    there = {(r["workload"], r["peer"]) for r in records if r["store"] == store}
    names = [n for n in names if any(p == n for _, p in there)]
    main = [w for w in workloads if not w.name.startswith("sessions-") and any(x == w.name for x, _ in there)]
    by_sessions = [w for w in workloads if w.name.startswith("sessions-") and any(x == w.name for x, _ in there)]
    directory = pathlib.Path(directory)
    made = []

    def plot(function, name, *arguments):
        path = directory / f"{store}-{name}.svg"
        function(path, records, store, *arguments)
        made.append(path.name)

    if main:
        plot(bars, "iops", main, names, "iops", f"IOPS ({store})")
        plot(bars, "cpu", main, names, "cpu_us", f"Processor time of the target for an I/O in us ({store})")
    for w in main:
        if w.name in ("4k-qd1", "4k-read"):
            plot(latencies, f"latency-{w.name}", w, names)
    if by_sessions:
        plot(sessions, "sessions", by_sessions, names)
    return made
