#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORTALS_MAX    4
#define READY_MAX      4096  /* bytes of the ready line */
#define START_LIMIT_MS 60000 /* sanitizers and a busy machine make it slow */
#define STOP_LIMIT_MS  30000
#define READY_TRIES    8 /* unit attentions that may wait */

struct fixture {
	pid_t pid;
	bool terminated; /* SIGTERM is sent; a second one would end it at once */
	char dir[64];
	char stderr_path[96];
	const struct fixture_options *options;
	struct ini_url portals[PORTALS_MAX];
	size_t nportals;
	char target[TEXT_NAME_MAX + 1];
	uint16_t lun;
};

/* CUnit's cases take no argument; so the one fixture of a program stands here. */
static struct fixture fixture;

/* ---- its directory ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void print_file(const char *path)
{
	char buf[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, stdout);
	if (f)
		(void)fclose(f);
}

static int write_conf(const char *path, const char *conf)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	(void)fputs(conf, f);
	return fclose(f) ? -errno : 0;
}

/* ---- starting ---- */

/* In the child: become the daemon. */
static void exec_daemon(const char *conf_path, int ready_fd)
{
	char fd[16];
	int err;

	(void)snprintf(fd, sizeof(fd), "%d", ready_fd);
	err = open(fixture.stderr_path, O_CREAT | O_WRONLY | O_APPEND, 0600);
	if (err < 0 || dup2(err, STDERR_FILENO) < 0 || dup2(err, STDOUT_FILENO) < 0)
		_exit(126);
	if (conf_path)
		execl(ITGTD, ITGTD, "-f", "-c", conf_path, "--ready-fd", fd, "--exit-with-parent",
		      (char *)NULL);
	else
		execl(ITGTD, ITGTD, "--serve", "ram,size=64M", "--portal", "127.0.0.1:0",
		      "--ready-fd", fd, "--exit-with-parent", (char *)NULL);
	_exit(127);
}

/* Read the ready line. 0 or -errno. */
static int read_ready(int fd, char line[static READY_MAX])
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 0;

	do {
		len += (size_t)n;
		if (poll(&p, 1, START_LIMIT_MS) != 1)
			return -ETIMEDOUT;
		n = read(fd, line + len, READY_MAX - 1 - len);
	} while (n > 0 && len + (size_t)n < READY_MAX - 1);
	line[len] = '\0';
	return len ? 0 : -EPIPE;
}

/* Portals, target and LUN out of the ready line. */
static int parse_ready(const char *line, const struct fixture_options *o)
{
	const char *at = strstr(line, "iscsi://");
	struct ini_url *url = fixture.portals;

	if (at) {
		if (ini_url_parse(at, url) < 0)
			return -EINVAL;
		fixture.nportals = 1;
		fixture.lun = url->lun;
		strcpy(fixture.target, url->target);
		return 0;
	}
	at = strstr(line, " on ");
	at = at ? at + strlen(" on ") : "";
	while (*at && *at != '\n' && fixture.nportals < PORTALS_MAX) {
		if (ini_url_parse_portal(at, &fixture.portals[fixture.nportals], &at) < 0)
			return -EINVAL;
		fixture.nportals++;
		at += strspn(at, " ");
	}
	(void)snprintf(fixture.target, sizeof(fixture.target), "%s", o->target);
	return fixture.nportals ? 0 : -EINVAL;
}

static int make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(fixture.dir, sizeof(fixture.dir), "%s/itgtd-test-XXXXXX",
		       tmp ? tmp : "/tmp");
	if (!mkdtemp(fixture.dir) || setenv("FIXTURE_DIR", fixture.dir, 1) < 0)
		return -errno;
	return 0;
}

/* In the directory that is there. */
static int start(void)
{
	const struct fixture_options *o = fixture.options;
	char line[READY_MAX] = "", conf[96];
	int fds[2], err;

	if (pipe(fds) < 0)
		return -errno;
	(void)snprintf(fixture.stderr_path, sizeof(fixture.stderr_path), "%s/stderr", fixture.dir);
	(void)snprintf(conf, sizeof(conf), "%s/itgtd.conf", fixture.dir);
	if (o->conf && write_conf(conf, o->conf) < 0)
		return -EIO;
	(void)fflush(stdout);
	fixture.nportals = 0;
	fixture.terminated = false;
	fixture.pid = fork();
	if (fixture.pid < 0)
		return -errno;
	if (!fixture.pid) {
		close(fds[0]);
		exec_daemon(o->conf ? conf : NULL, fds[1]);
	}
	close(fds[1]);
	err = read_ready(fds[0], line);
	close(fds[0]);
	if (!err)
		err = parse_ready(line, o);
	if (err)
		printf("the daemon is not ready: %s; \"%s\"\n", strerror(-err), line);
	return err;
}

/* ---- stopping ---- */

/* Has the daemon ended by itself within the limit, and with what? */
static bool wait_end(int *status, int limit_ms)
{
	struct pollfd p = { .events = POLLIN };
	int n;

	p.fd = (int)syscall(SYS_pidfd_open, fixture.pid, 0);
	if (p.fd < 0)
		return false;
	n = poll(&p, 1, limit_ms);
	close(p.fd);
	return n == 1 && waitpid(fixture.pid, status, 0) == fixture.pid;
}

static bool stderr_is_clean(void)
{
	static const char *const bad[] = { "runtime error", "Sanitizer", "Assertion" };
	FILE *f = fopen(fixture.stderr_path, "r");
	char line[1024];
	bool clean = true;
	size_t i;

	while (f && fgets(line, sizeof(line), f)) {
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			clean = clean && !strstr(line, bad[i]);
	}
	if (f)
		(void)fclose(f);
	return clean;
}

void fixture_terminate(void)
{
	fixture.terminated = true;
	kill(fixture.pid, SIGTERM);
}

/* 0 when the daemon has ended as it should. */
static int stop(void)
{
	int status = 0, failed = 0;

	if (fixture.pid <= 0)
		return 1;
	if (!fixture.terminated)
		fixture_terminate();
	if (!wait_end(&status, STOP_LIMIT_MS)) {
		printf("the daemon does not end within %d ms of SIGTERM\n", STOP_LIMIT_MS);
		kill(fixture.pid, SIGKILL);
		waitpid(fixture.pid, &status, 0);
		failed = 1;
	} else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		printf("the daemon ended with %s %d, not with exit code 0\n",
		       WIFEXITED(status) ? "exit code" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		failed = 1;
	}
	if (!stderr_is_clean()) {
		printf("the daemon's sanitizers or assertions have spoken\n");
		failed = 1;
	}
	fixture.pid = 0;
	return failed;
}

static void remove_dir(void)
{
	nftw(fixture.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_restart(void)
{
	CHECK_NUM(stop(), 0);
	remove_dir();
	CHECK_NUM(make_dir(), 0);
	CHECK_NUM(start(), 0);
}

void fixture_crash(void)
{
	int status;

	CHECK_NUM(kill(fixture.pid, SIGKILL), 0);
	CHECK_NUM(waitpid(fixture.pid, &status, 0), fixture.pid);
	CHECK_NUM(start(), 0);
}

int fixture_main(const char *name, const struct fixture_options *options,
		 const struct unit_test *tests, size_t n)
{
	static const struct fixture_options serve = { 0 };
	int failed;

	fixture.options = options ? options : &serve;
	failed = make_dir();
	if (!failed)
		failed = start();
	if (!failed)
		failed = unit_run(name, tests, n);
	failed |= stop();
	if (failed) {
		printf("---- what the daemon said ----\n");
		print_file(fixture.stderr_path);
	}
	remove_dir();
	if (failed) {
		/* A case that failed has left its sessions open: no leak report on top. */
		(void)fflush(stdout);
		_exit(1);
	}
	return 0;
}

/* ---- for the cases ---- */

const struct ini_url *fixture_portal(size_t n)
{
	CHECK_THAT(n < fixture.nportals, "the ready line names %zu portals", fixture.nportals);
	return &fixture.portals[n];
}

const char *fixture_target(void)
{
	return fixture.target;
}

uint16_t fixture_lun(void)
{
	return fixture.lun;
}

void fixture_connect(struct ini_session *s)
{
	const struct ini_url *p = fixture_portal(0);

	ini_session_init(s);
	CHECK_OK(s, ini_session_connect(s, p->host, p->port));
}

void fixture_ready(struct ini_session *s, uint16_t lun)
{
	struct ini_task t;
	int i;

	for (i = 0; i < READY_TRIES; i++) {
		ini_scsi_test_unit_ready(&t, lun);
		CHECK_OK(s, ini_task_run(s, &t));
		if (ini_task_is_good(&t))
			return;
		CHECK_THAT(SENSE_KEY(ini_task_sense(&t)) == SENSE_KEY_UNIT_ATTENTION,
			   "TEST UNIT READY ends with sense %06x", ini_task_sense(&t));
	}
	CHECK_THAT(false, "unit attentions without end");
}

void fixture_login_as(struct ini_session *s, uint8_t isid, const char *keys)
{
	struct ini_login l = {
		.initiator = FIXTURE_INITIATOR,
		.target = fixture.target,
		.operational = keys ? keys : "",
	};

	fixture_connect(s);
	s->isid[PDU_ISID_LEN - 1] = isid;
	CHECK_OK(s, ini_login(s, &l));
	fixture_ready(s, fixture.lun);
}

void fixture_login(struct ini_session *s, const char *keys)
{
	fixture_login_as(s, 0, keys);
}

void fixture_leave(struct ini_session *s)
{
	struct ini_pdu pdu;
	uint8_t response;

	CHECK_OK(s, ini_request_logout(s, PDU_LOGOUT_SESSION, s->cid, &response));
	CHECK_NUM(response, PDU_LOGOUT_DONE);
	CHECK_ERR(s, ini_session_recv(s, &pdu, s->timeout_ms), -ECONNRESET);
	fixture_drop(s);
}

void fixture_drop(struct ini_session *s)
{
	CHECK_THAT(!s->fault[0], "the target broke a rule: %s", s->fault);
	ini_session_close(s);
}

void fixture_start_write(struct ini_session *s, struct ini_task *t)
{
	struct ini_pdu pdu;
	bool is_other;

	t->holds_r2ts = true;
	CHECK_OK(s, ini_task_submit(s, t));
	while (!t->nwaiting) {
		CHECK_OK(s, ini_task_step(s, &pdu, &is_other, s->timeout_ms));
		CHECK_THAT(!is_other && t->outcome == INI_IN_FLIGHT, "no R2T comes");
	}
}

unsigned int fixture_digest_rejects(struct ini_session *s, const struct ini_task *t)
{
	unsigned int rejects = 0;
	struct ini_pdu pdu;
	bool is_other;

	while (t->outcome == INI_IN_FLIGHT) {
		CHECK_OK(s, ini_task_step(s, &pdu, &is_other, s->timeout_ms));
		if (!is_other)
			continue;
		CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
		CHECK_NUM(pdu.bhs[2], PDU_REJECT_DATA_DIGEST);
		rejects++;
	}
	return rejects;
}

void fixture_expect_end(struct ini_session *s)
{
	struct ini_pdu pdu;
	int err;

	do {
		err = ini_conn_recv(&s->conn, &pdu, s->timeout_ms);
	} while (!err);
	CHECK_THAT(err == -ECONNRESET, "the connection is not ended: %s", strerror(-err));
	ini_session_close(s);
}

void fixture_serves(void)
{
	struct ini_session s;

	fixture_login_as(&s, 0xfe, NULL);
	fixture_leave(&s);
}

void fixture_settle(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .discovery = true,
			       .operational = "" };
	struct ini_session s;

	fixture_connect(&s);
	s.isid[PDU_ISID_LEN - 1] = 0xff;
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_leave(&s);
}

unsigned int fixture_log_count(const char *text)
{
	FILE *f = fopen(fixture.stderr_path, "r");
	char line[4096];
	unsigned int n = 0;

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	(void)fclose(f);
	return n;
}

uint64_t fixture_memory_kib(void)
{
	unsigned long long kib = 0;
	char path[64], line[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)fixture.pid);
	f = fopen(path, "r");
	CHECK(f != NULL);
	while (!kib && fgets(line, sizeof(line), f))
		(void)sscanf(line, "VmRSS: %llu kB", &kib);
	(void)fclose(f);
	CHECK(kib > 0);
	return kib;
}

uint64_t fixture_cpu_us(void)
{
	struct timespec t;
	clockid_t clock;

	CHECK(clock_getcpuclockid(fixture.pid, &clock) == 0);
	CHECK(clock_gettime(clock, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool fixture_is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
	return __has_feature(address_sanitizer);
#else
	return false;
#endif
}

void fixture_fill(uint8_t *buf, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	size_t i;

	for (i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		buf[i] = (uint8_t)x;
	}
}
