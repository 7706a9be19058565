/* What a process has used of the processors, from /proc. */
#ifndef LOAD_PROC_H
#define LOAD_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct proc_cpu {
	uint64_t total_ns;  /* all threads that live, exact */
	uint64_t user_ns;   /* in ticks of 10 ms or so */
	uint64_t system_ns; /* the same */
};

/* 0 or -errno: -ENOENT, there is no such process. */
int proc_cpu_read(pid_t pid, struct proc_cpu *out);

/* What was used between two readings. */
struct proc_cpu proc_cpu_between(const struct proc_cpu *from, const struct proc_cpu *to);

#endif
