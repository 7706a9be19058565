/*
 * What one peer can make the daemon spend: time, connections, memory, lines in its log.
 * Memory is the daemon's own (VmRSS); under sanitizers, which keep what was freed, the
 * bounds are wider, or there are none.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TARGET     "iqn.2026-11.org.itgtd:test"
#define LOGIN_MS   3000u /* login-timeout below */
#define MANY       10000
#define HALF_OPEN  500
#define DEPTH      32   /* reads in flight … */
#define READS      4000 /* … of so many in a round */
#define IDLE       1000
#define IDLE_KIB   (64u * 1024)
#define GROWTH_KIB (fixture_is_sanitized() ? 96 * 1024 : 16 * 1024)
#define LOG_RATE   20 /* lines a second about faults of peers */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "login-timeout = \"3s\"\n"
			     "max-connections = 2000\n"
			     "target \"" TARGET "\" {\n"
			     "  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
			     "}\n",
	.target = TARGET,
};

static uint8_t data[65536];

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Let this program hold n connections. False: the machine does not let it. */
static bool may_hold(rlim_t n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_max < n + 64)
		return false;
	r.rlim_cur = r.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &r) == 0;
}

static void check_growth(uint64_t before_kib, const char *what)
{
	uint64_t now = fixture_memory_kib();

	CHECK_THAT(now <= before_kib + (uint64_t)GROWTH_KIB, "%s: %llu KiB became %llu", what,
		   (unsigned long long)before_kib, (unsigned long long)now);
}

/* ---- time ---- */

/* Let the daemon run on for so long: other logins are the clock. */
static void pass_time(uint64_t us)
{
	uint64_t start = now_us();

	while (now_us() - start < us)
		fixture_settle();
}

/* A login that comes byte by byte, each well in time: the whole of it is too late. */
static void a_slow_login(void)
{
	struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL, .data_len = 8192 };
	uint64_t start = now_us();
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_pdu pdu;
	int err = -ETIMEDOUT;
	size_t i;

	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	pdu_put_login_req(bhs, &req);
	memset(data, 'k', 8192);
	for (i = 0; err == -ETIMEDOUT; i++) {
		CHECK_THAT(now_us() - start < 10 * LOGIN_MS * 1000, "%zu bytes are taken", i);
		(void)ini_conn_send_bytes(&s.conn, i < PDU_BHS_LEN ? bhs + i : data, 1, 0);
		pass_time(LOGIN_MS * 1000 / 200);
		err = ini_conn_recv(&s.conn, &pdu, 0);
	}
	CHECK_ERR(&s, err, -ECONNRESET);
	CHECK_THAT(i > 1 && i < 8192, "it is ended after %zu bytes", i);
	ini_session_close(&s);
	CHECK(fixture_log_count("login takes longer") > 0);
}

/* ---- connections ---- */

/* They come, say something or nothing, and go in every way; memory stays, and all is served. */
static void ten_thousand_connections(void)
{
	static const uint8_t bytes[64] = { PDU_LOGIN_REQ | PDU_IMMEDIATE, 0x87, 0, 0, 0, 0, 1, 0 };
	const struct ini_url *p = fixture_portal(0);
	struct ini_conn c;
	uint64_t before;
	int i;

	before = fixture_memory_kib();
	for (i = 0; i < MANY; i++) {
		ini_conn_init(&c);
		CHECK(ini_conn_open(&c, p->host, p->port, INI_TIMEOUT_MS) == 0);
		(void)ini_conn_send_bytes(&c, bytes, (size_t)i % sizeof(bytes), INI_TIMEOUT_MS);
		if (i % 8)
			ini_conn_reset(&c);
		ini_conn_close(&c);
		if (i % 100 == 0)
			fixture_settle(); /* the daemon keeps up */
	}
	fixture_serves();
	check_growth(before, "10,000 connections");
}

/*
 * How fast a session reads that always has DEPTH reads in flight, by the daemon's own time: how
 * much of the machine others leave to it says nothing of what it makes of that.
 */
struct pace {
	uint64_t all_us; /* for READS of them */
	uint64_t p99_us; /* 99 of 100 reads take no longer */
};

static int order_of_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static struct pace read_at_full_speed(struct ini_session *s)
{
	static struct ini_task tasks[DEPTH];
	static uint64_t since[DEPTH], took[READS];
	uint64_t start = fixture_cpu_us();
	struct ini_task *done;
	size_t sent, ended;

	for (sent = 0; sent < DEPTH; sent++) {
		ini_scsi_read(&tasks[sent], 0, 0, 8, data, 4096);
		since[sent] = fixture_cpu_us();
		CHECK_OK(s, ini_task_submit(s, &tasks[sent]));
	}
	for (ended = 0; ended < READS; ended++) {
		CHECK_OK(s, ini_task_next(s, &done, s->timeout_ms));
		CHECK(ini_task_is_good(done));
		took[ended] = fixture_cpu_us() - since[done - tasks];
		if (sent == READS)
			continue;
		sent++;
		ini_scsi_read(done, 0, 0, 8, data, 4096);
		since[done - tasks] = fixture_cpu_us();
		CHECK_OK(s, ini_task_submit(s, done));
	}
	start = fixture_cpu_us() - start;
	qsort(took, READS, sizeof(took[0]), order_of_times);
	return (struct pace){ .all_us = start, .p99_us = took[READS - READS / 100] };
}

/* The best of some rounds: what others leave in the caches counts little. */
static struct pace best_pace(struct ini_session *s)
{
	struct pace best = read_at_full_speed(s), one;
	int round;

	for (round = 1; round < 8; round++) {
		one = read_at_full_speed(s);
		best.all_us = one.all_us < best.all_us ? one.all_us : best.all_us;
		best.p99_us = one.p99_us < best.p99_us ? one.p99_us : best.p99_us;
	}
	return best;
}

/* Logins that stop in every place there is, beside a session at full speed, which does not notice.
 */
static void half_open_logins(void)
{
	static struct ini_session half[HALF_OPEN];
	static const uint8_t bytes[100] = { PDU_LOGIN_REQ | PDU_IMMEDIATE, 0x87, 0, 0, 0, 0, 1, 0 };
	struct pace alone, beside;
	struct ini_session s;
	size_t i;

	CHECK(may_hold(HALF_OPEN));
	fixture_login(&s, NULL);
	alone = best_pace(&s);
	for (i = 0; i < HALF_OPEN; i++) {
		fixture_connect(&half[i]);
		CHECK_OK(&half[i], ini_conn_send_bytes(&half[i].conn, bytes, i % sizeof(bytes),
						       half[i].timeout_ms));
	}
	beside = best_pace(&s);
	CHECK_THAT(beside.all_us < 2 * alone.all_us + 10000,
		   "%d reads took %llu us, beside %d logins %llu us", READS,
		   (unsigned long long)alone.all_us, HALF_OPEN, (unsigned long long)beside.all_us);
	CHECK_THAT(beside.p99_us < 3 * alone.p99_us + 1000,
		   "99 of 100 reads took %llu us at most, beside %d logins %llu us",
		   (unsigned long long)alone.p99_us, HALF_OPEN, (unsigned long long)beside.p99_us);
	/* all of them are ended in time, while the session goes on */
	for (i = 0; i < HALF_OPEN; i++) {
		fixture_expect_end(&half[i]);
		if (i % 50 == 0)
			(void)read_at_full_speed(&s);
	}
	fixture_leave(&s);
}

/* ---- text ---- */

/* One login request over many PDUs that never ends: refused, and forgotten. */
static void a_login_without_end(void)
{
	struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL, .cont = true };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_pdu pdu;
	uint64_t before = fixture_memory_kib();
	int i, k;

	memset(data, 'k', 8192);
	for (k = 0; k < 20; k++) {
		fixture_connect(&s);
		memcpy(req.isid, s.isid, PDU_ISID_LEN);
		rsp.status = 0;
		for (i = 0; !rsp.status; i++) {
			CHECK_THAT(i < 200, "%d KiB of keys are taken", i * 8);
			pdu = (struct ini_pdu){ .data = data, .data_len = 8192 };
			pdu_put_login_req(pdu.bhs, &req);
			CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
			CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
			CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
		}
		CHECK_NUM(rsp.status, PDU_LOGIN_OUT_OF_RESOURCES);
		fixture_expect_end(&s);
	}
	check_growth(before, "logins without end");
}

/* Well-formed keys that nobody knows, 1 MiB of them. */
static void add_a_mebibyte(struct ini_text *text)
{
	char key[64];
	uint32_t i;

	for (i = 0; text->len < 1u << 20; i++) {
		(void)snprintf(key, sizeof(key), "X-org.itgtd.key%u", i);
		CHECK(ini_text_add(text, key, "a value that says nothing at all") == 0);
	}
}

static void a_mebibyte_of_keys_at_login(void)
{
	struct ini_login_step step = { PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL, true };
	uint64_t before = fixture_memory_kib();
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_text text;
	int i;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, "InitiatorName=" FIXTURE_INITIATOR "\nTargetName=" TARGET
					"\n") == 0);
	add_a_mebibyte(&text);
	for (i = 0; i < 10; i++) {
		fixture_connect(&s);
		CHECK_OK(&s, ini_login_exchange(&s, &step, &text, &rsp, &s.answer));
		CHECK_NUM(rsp.status, PDU_LOGIN_OUT_OF_RESOURCES);
		fixture_expect_end(&s);
	}
	ini_text_free(&text);
	check_growth(before, "1 MiB of keys at login");
}

/* In full feature phase the exchange is rejected, the session goes on, and may talk again. */
static void a_mebibyte_of_keys_in_a_session(void)
{
	uint64_t before = fixture_memory_kib();
	struct ini_session s;
	struct ini_text text, one;
	int i;

	ini_text_init(&text);
	ini_text_init(&one);
	add_a_mebibyte(&text);
	CHECK(ini_text_add(&one, "X-org.itgtd.test", "1") == 0);
	fixture_login(&s, NULL);
	s.param.MaxRecvDataSegmentLength = 8192;
	for (i = 0; i < 10; i++) {
		CHECK_ERR(&s, ini_request_text(&s, &text), -EREMOTEIO);
		CHECK_NUM(s.reject_reason, PDU_REJECT_LONG_OPERATION);
		CHECK_OK(&s, ini_request_text(&s, &one));
		CHECK_NUM(ini_text_count(&s.answer, "X-org.itgtd.test"), 1);
	}
	ini_text_free(&text);
	ini_text_free(&one);
	fixture_ready(&s, 0);
	fixture_leave(&s);
	check_growth(before, "1 MiB of keys in a session");
}

/*
 * Send what is queued and read nothing. False: the daemon has had many a turn and takes no
 * more of it.
 */
static bool push(struct ini_session *s)
{
	size_t left;
	int tries;

	for (tries = 0; tries < 50; tries++) {
		left = s->conn.tx.end - s->conn.tx.start;
		if (ini_conn_push(&s->conn) == 0)
			return true;
		if (s->conn.tx.end - s->conn.tx.start < left)
			tries = 0;
		fixture_settle();
	}
	return false;
}

/* Pings with data, whose answers nobody reads: the daemon reads no further, and serves the others.
 */
static void answers_that_nobody_reads(void)
{
	struct pdu_nop_out ping = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	uint64_t before = fixture_memory_kib();
	struct ini_session s;
	struct ini_pdu pdu;
	bool goes = true;
	int i;

	fixture_login(&s, "MaxRecvDataSegmentLength=65536\n");
	for (i = 0; i < 4000 && goes; i++) { /* 256 MiB, or until the daemon takes no more */
		pdu = (struct ini_pdu){ .data = data, .data_len = sizeof(data) };
		pdu_put_nop_out(pdu.bhs, &ping);
		ini_session_number(&s, pdu.bhs);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		goes = push(&s);
	}
	CHECK_THAT(!goes, "%d pings of 64 KiB are taken", i);
	fixture_serves();
	check_growth(before, "answers that nobody reads");
	ini_conn_reset(&s.conn);
	ini_session_close(&s);
	fixture_serves();
}

/* ---- the log ---- */

/*
 * 300 refused logins are not 300 lines: some are told, each with the peer's address, the
 * others are counted and summed up.
 */
static void a_flood_of_faults(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = "iqn.2026-11.org.itgtd:none",
			       .operational = "" };
	unsigned int before = fixture_log_count("login refused");
	uint64_t start = now_us();
	struct ini_session s;
	unsigned int told;
	int i;

	for (i = 0; i < 300 || !fixture_log_count("faults of peers: "); i++) {
		CHECK_THAT(now_us() - start < 60000000, "no summary after %d faults", i);
		fixture_connect(&s);
		CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
		fixture_expect_end(&s);
	}
	told = fixture_log_count("login refused") - before;
	CHECK_THAT(told >= 1 && told <= LOG_RATE * ((now_us() - start) / 1000000 + 2),
		   "%u lines for %d faults in %llu us", told, i,
		   (unsigned long long)(now_us() - start));
	CHECK(fixture_log_count(FIXTURE_INITIATOR " (127.0.0.1:") +
		      fixture_log_count("itgtd: 127.0.0.1:") >=
	      told);
}

/* Task management is told, too, for it explains what else is in the log; but no flood of it. */
static void a_flood_of_functions(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	unsigned int before = fixture_log_count("ABORT TASK SET"), told;
	uint64_t start = now_us();
	struct ini_session s;
	uint8_t response;
	int i;

	fixture_login(&s, NULL);
	for (i = 0; i < 1000; i++) {
		CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
		CHECK_NUM(response, PDU_TMF_COMPLETE);
	}
	told = fixture_log_count("ABORT TASK SET") - before;
	CHECK_THAT(told <= LOG_RATE * ((now_us() - start) / 1000000 + 2), "%u lines in %llu us",
		   told, (unsigned long long)(now_us() - start));
	fixture_leave(&s);
}

/* Sessions are told of, but not one by one when a peer does nothing but log in and out. */
static void a_flood_of_logins(void)
{
	static const char *const lines[2] = { ": logged in to", ": logged out" };
	unsigned int before[2], told[2], i;
	uint64_t start = now_us();
	struct ini_session s;

	for (i = 0; i < 2; i++)
		before[i] = fixture_log_count(lines[i]);
	for (i = 0; i < 300; i++) {
		fixture_login(&s, NULL);
		fixture_leave(&s);
	}
	for (i = 0; i < 2; i++)
		told[i] = fixture_log_count(lines[i]) - before[i];
	CHECK_THAT(told[0] + told[1] <= LOG_RATE * ((now_us() - start) / 1000000 + 2),
		   "%u and %u lines in %llu us", told[0], told[1],
		   (unsigned long long)(now_us() - start));
	CHECK(fixture_log_count(lines[0]) > 0);
}

/* A control byte in a name must not make a line of its own in the log. */
static void names_that_forge_the_log(void)
{
	static const char evil[] = "iqn.2026-11.org.itgtd:x\x1b[2J\ritgtd: forged line";
	struct ini_login l = { .initiator = evil, .target = TARGET, .operational = "" };
	struct ini_session s;
	int i;

	for (i = 0; i < 2; i++) {
		fixture_connect(&s);
		CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
		fixture_expect_end(&s);
		l.initiator = FIXTURE_INITIATOR;
		l.target = evil;
	}
	CHECK_NUM(fixture_log_count("\x1b"), 0);
	CHECK_NUM(fixture_log_count("\r"), 0);
	CHECK(fixture_log_count("forged line") > 0);
}

/* ---- sessions ---- */

/* 1,000 sessions that do nothing take less than 64 MiB more than none. */
static void idle_sessions(void)
{
	static struct ini_session s[IDLE];
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = TARGET,
			       .operational = "" };
	uint64_t before, after;
	size_t i;

	if (fixture_is_sanitized()) {
		printf("left out: sanitizers take memory of their own ... ");
		return;
	}
	if (!may_hold(IDLE)) {
		printf("left out: this machine lets a program have too few files ... ");
		return;
	}
	before = fixture_memory_kib();
	for (i = 0; i < IDLE; i++) {
		fixture_connect(&s[i]);
		put_be16(s[i].isid + 4, (uint16_t)i);
		CHECK_OK(&s[i], ini_login(&s[i], &l));
		fixture_ready(&s[i], 0);
	}
	after = fixture_memory_kib();
	CHECK_THAT(after < before + IDLE_KIB, "%d sessions take %llu KiB", IDLE,
		   (unsigned long long)(after - before));
	for (i = 0; i < IDLE; i++)
		fixture_drop(&s[i]);
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "names make no lines of their own in the log", names_that_forge_the_log },
	{ "1,000 idle sessions take less than 64 MiB", idle_sessions },
	{ "10,000 connections that come and go leave nothing behind", ten_thousand_connections },
	{ "11.12.2: a login of endless continuation is refused", a_login_without_end },
	{ "6.2: 1 MiB of keys at login is refused", a_mebibyte_of_keys_at_login },
	{ "6.2: 1 MiB of keys in a session is rejected", a_mebibyte_of_keys_in_a_session },
	{ "11.18: pings whose answers nobody reads fill no memory", answers_that_nobody_reads },
	{ "faults of peers fill no log", a_flood_of_faults },
	{ "11.5: task management fills no log", a_flood_of_functions },
	{ "logins and logouts fill no log", a_flood_of_logins },
	{ "a login that comes byte by byte is ended in time", a_slow_login },
	{ "500 half-open logins do not slow a session down", half_open_logins },
};

PROTOCOL_MAIN("protocol/limits", &options, tests)
