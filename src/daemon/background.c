#include "daemon/background.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

/* In the parent: leave as the child does. */
static void follow(pid_t child, int report) __attribute__((noreturn));

static void follow(pid_t child, int report)
{
	ssize_t n;
	char byte;
	int status = 0;

	do
		n = read(report, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int background_start(int *report)
{
	int fds[2], err;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (child > 0) {
		close(fds[1]);
		follow(child, fds[0]);
	}
	close(fds[0]);
	(void)setsid();
	*report = fds[1];
	return 0;
}

static void to_syslog(void *arg, enum log_level level, const char *line)
{
	static const int priorities[] = {
		[LOG_LEVEL_ERROR] = LOG_ERR,     [LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_NOTICE] = LOG_NOTICE, [LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};

	(void)arg;
	syslog(priorities[level], "%s", line);
}

void background_ready(int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	openlog("itgtd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_set_sink(to_syslog, NULL);
	for (fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	if (write(report, "", 1) < 0)
		log_warning("the process that started this one is gone");
	close(report);
}
