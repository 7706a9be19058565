"""
Beside the kernel's own target: LIO and itgtd in one virtual machine, each with a file on tmpfs, both
loaded in turn over its loopback. The machine is emulated, so only ratios count.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

import tables

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))
import vm  # noqa: E402

WORKLOADS = {
    "4 KiB random read, depth 32": "-q 32",
    "4 KiB random write, depth 32": "-q 32 -r 0",
    "4 KiB random 70/30, 4 x 32": "-s 4 -q 32 -r 70",
    "4 KiB random read, depth 1": "-q 1",
    "64 KiB sequential read": "-b 64K -S -q 16",
    "64 KiB sequential write": "-b 64K -S -q 16 -r 0",
}
IQN = "iqn.2026-11.org.itgtd:"
SIZE_MIB = 64
GOAL = 1.0

# What a target takes of the machine is what is not idle and not the load's own.
JOB = r"""
set +x
ip route del 127.0.0.1/32 dev eth0
ip link set lo up
modprobe -a target_core_mod target_core_file iscsi_target_mod
mount -t configfs none /sys/kernel/config
cd /sys/kernel/config/target
mkdir -p core/fileio_0/disk
echo "fd_dev_name=/tmp/lio.img,fd_dev_size=$((SIZE_MIB << 20)),fd_buffered_io=1" >core/fileio_0/disk/control
echo 1 >core/fileio_0/disk/enable
mkdir -p "iscsi/${IQN}lio/tpgt_1/np/127.0.0.1:3261" "iscsi/${IQN}lio/tpgt_1/lun/lun_0"
cd "iscsi/${IQN}lio/tpgt_1"
ln -s /sys/kernel/config/target/core/fileio_0/disk lun/lun_0/disk
for setting in authentication=0 generate_node_acls=1 cache_dynamic_acls=1 demo_mode_write_protect=0 \
	default_cmdsn_depth=128; do
	echo "${setting#*=}" >"attrib/${setting%=*}"
done
for setting in InitialR2T=No ImmediateData=Yes FirstBurstLength=262144 MaxBurstLength=1048576 \
	MaxRecvDataSegmentLength=262144 MaxOutstandingR2T=8; do
	echo "${setting#*=}" >"param/${setting%=*}"
done
echo 1 >enable

cd /mnt
export LD_LIBRARY_PATH=/mnt
mkfifo /run/ready
./itgtd --serve "/tmp/itgtd.img,size=${SIZE_MIB}M,io=cached" --target "${IQN}itgtd" 9>/run/ready --ready-fd 9 &
read -r _ </run/ready

busy() { # ticks that the machine was not idle
	awk '/^cpu /{print $2 + $3 + $4 + $7 + $8}' /proc/stat
}

for url in "iscsi://127.0.0.1:3260/${IQN}itgtd/0" "iscsi://127.0.0.1:3261/${IQN}lio/0"; do
	./itgt-load -b 1M -S -r 0 -q 4 -w 0 -t 3s --quiet "$url" >/run/fill
done
for run in $(seq "$RUNS"); do
	while read -r options; do
		for target in $(if [ $((run % 2)) = 1 ]; then echo itgtd:3260 lio:3261; else echo lio:3261 itgtd:3260; fi); do
			before=$(busy)
			./itgt-load $options -w 0 -t 2s --quiet --json \
				"iscsi://127.0.0.1:${target#*:}/$IQN${target%:*}/0" >/run/result </dev/null
			echo "result $run ${target%:*} $(($(busy) - before)) $options|$(tr -d '\n' </run/result)"
		done
	done <<-'END'
		WORKLOADS
	END
done
"""
TICKS = 100  # a second


def libraries(program):
    """The shared libraries of a program, but for those that the machine has for itself."""
    out = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return {path for path in re.findall(r"=> (/\S+)", out) if not re.search(r"/libc\.so|/ld-linux", path)}


def results(output):
    """(run, target, options) → (I/Os a second, target's microseconds for an I/O)."""
    found = {}
    for run, name, ticks, options, text in re.findall(r"^result (\d+) (\w+) (\d+) ([^|]*)\|(.*?)\r?$", output, re.M):
        result = json.loads(text)
        ios = sum(job["ios"] for job in result["jobs"])
        own = result["load_cpu"]["us_per_io"]
        found[int(run), name, options] = (sum(job["iops"] for job in result["jobs"]),
                                          max(int(ticks) * 1e6 / TICKS / ios - own, 0.01))
    return found


def ratio_cell(ratios, goal_is_least):
    middle = statistics.median(ratios)
    reached = middle >= GOAL if goal_is_least else middle <= GOAL
    return f"{middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f}){' +' if reached else ''}"


def measure(build, runs):
    """A table of ratios, itgtd to LIO. Takes about 30 s a run."""
    programs = [f"{build}/src/daemon/itgtd", f"{build}/tests/bench/itgt-load"]
    files = [*programs, *sorted(set().union(*map(libraries, programs)))]
    job = JOB.replace("WORKLOADS", "\n\t\t".join(WORKLOADS.values()))
    status, output = vm.run(job, 120 + 60 * runs, files, IQN=IQN, SIZE_MIB=SIZE_MIB, RUNS=runs)
    if status != 0:
        return f"the virtual machine failed:\n\n{output[-4000:]}"
    found = results(output)
    rows = []
    for title, options in WORKLOADS.items():
        pairs = [(found[run, "itgtd", options], found[run, "lio", options]) for run in range(1, runs + 1)]
        rows.append([title, ratio_cell([ours[0] / theirs[0] for ours, theirs in pairs], True),
                     ratio_cell([ours[1] / theirs[1] for ours, theirs in pairs], False)])
    return tables.table(["workload", "IOPS x LIO", "CPU x LIO"], rows)


if __name__ == "__main__":
    print(measure(os.path.realpath(sys.argv[1]), int(sys.argv[2])))
