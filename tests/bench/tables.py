"""Results as tables: medians of runs, with minimum and maximum, in Markdown."""
import statistics

UNITS = {"iops": "IOPS", "mb_s": "MB/s", "p50": "p50, us"}


def values(records, store, workload, peer, what):
    """run → value"""
    return {r["run"]: r[what] for r in records
            if (r["store"], r["workload"], r["peer"]) == (store, workload, peer)}


def ratios(records, store, workload, ours, theirs, what):
    """The ratio of two targets in each run that both have."""
    a = values(records, store, workload, ours, what)
    b = values(records, store, workload, theirs, what)
    return [a[run] / b[run] for run in a if b.get(run)]


def short(number):
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 20 else f"{number:.2f}"


def spread(numbers):
    """median (minimum to maximum)"""
    if not numbers:
        return "-"
    middle = short(statistics.median(numbers))
    if len(numbers) == 1:
        return middle
    return f"{middle} ({short(min(numbers))} to {short(max(numbers))})"


def reached(numbers, goal, less):
    """A mark behind a ratio: + where the goal is reached, and the goal where not."""
    if goal is None or not numbers:
        return ""
    middle = statistics.median(numbers)
    if middle <= goal if less else middle >= goal:
        return " +"
    return f" **({'at most' if less else 'at least'} {goal})**"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def figures(records, store, workloads, names):
    """What each target did."""
    rows = []
    for w in workloads:
        for name in names:
            def median(what, w=w, name=name):
                v = values(records, store, w.name, name, what)
                return short(statistics.median(v.values())) if v else "-"
            if values(records, store, w.name, name, "iops"):
                rows.append([w.title, name, median("iops"), median("mb_s"), median("cpu_us"), median("p50"),
                             median("p99"), median("p999"), median("cores"), median("load_cores")])
    return table(["workload", "target", "IOPS", "MB/s", "CPU, us per I/O", "p50, us", "p99, us", "p99.9, us",
                  "cores of target", "cores of load"], rows)


def comparison(records, store, workloads, ours, others):
    """itgtd against each other: the ratio of what users see, and of processor time for an I/O."""
    rows = []
    for w in workloads:
        cells = [w.title, UNITS[w.metric]]
        for other in others:
            metric = ratios(records, store, w.name, ours, other, w.metric)
            cpu = ratios(records, store, w.name, ours, other, "cpu_us")
            goal, cpu_goal = w.goals.get(other) or (None, None)
            cells += [spread(metric) + reached(metric, goal, w.metric == "p50"),
                      spread(cpu) + reached(cpu, cpu_goal, True)]
        rows.append(cells)
    head = ["workload", "of"]
    for other in others:
        head += [f"x {other}", f"CPU x {other}"]
    return table(head, rows)


def syscalls(counts, workloads, names):
    """(workload, target) → system calls for an I/O."""
    rows = [[w.title, *(f"{counts[w.name, n]:.2f}" if counts.get((w.name, n)) else "-" for n in names)]
            for w in workloads]
    return table(["system calls for an I/O", *names], rows)
