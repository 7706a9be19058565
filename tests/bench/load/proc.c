#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S 1000000000u

/* The first line of a file of /proc. 0 or -errno. */
static int read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");
	int err = 0;

	if (!f)
		return -errno;
	if (!fgets(line, (int)size, f))
		err = -EIO;
	(void)fclose(f);
	return err;
}

/* utime and stime: fields 14 and 15 of stat (proc(5)); a name in brackets comes before them. */
static int read_ticks(pid_t pid, struct proc_cpu *out)
{
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	char path[64], line[1024], *at;
	int field, err;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	err = read_line(path, line, sizeof(line));
	if (err)
		return err;
	at = strrchr(line, ')');
	for (field = 2; at && field < 14; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EIO;
	out->user_ns = strtoull(at, &at, 10) * tick_ns;
	out->system_ns = strtoull(at, &at, 10) * tick_ns;
	return 0;
}

/* The sum over threads of the first number of schedstat. A thread that ends meanwhile is left out.
 */
static int read_exact(pid_t pid, struct proc_cpu *out)
{
	char path[320], line[256];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	out->total_ns = 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid,
			       entry->d_name);
		if (read_line(path, line, sizeof(line)) == 0)
			out->total_ns += strtoull(line, NULL, 10);
	}
	closedir(dir);
	return 0;
}

int proc_cpu_read(pid_t pid, struct proc_cpu *out)
{
	int err = read_ticks(pid, out);

	if (!err)
		err = read_exact(pid, out);
	if (!err && !out->total_ns) /* a kernel without schedstat */
		out->total_ns = out->user_ns + out->system_ns;
	return err;
}

struct proc_cpu proc_cpu_between(const struct proc_cpu *from, const struct proc_cpu *to)
{
	return (struct proc_cpu){
		.total_ns = to->total_ns - from->total_ns,
		.user_ns = to->user_ns - from->user_ns,
		.system_ns = to->system_ns - from->system_ns,
	};
}
