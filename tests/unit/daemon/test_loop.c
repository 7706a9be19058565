/*
 * The end of a turn of the loop: which of the PDUs that came together are answered together, and
 * how long a turn may go on. The clock is the test's, and so each turn is the same in every run.
 */
#include "daemon/loop.h"

#include "../iscsi/sockets.h"

#include <time.h>

#define EARLY     8u     /* PDUs answered first, by a loop that had slept */
#define ASLEEP_NS 100000 /* it had slept */
#define SENDS     64
#define CALLERS   3

static uint64_t now_ns, step_ns;      /* the clock, and what each look at it takes */
static uint32_t sends[SENDS], nsends; /* PDUs of each sendmsg() */

/* NOLINTBEGIN(bugprone-reserved-identifier): so --wrap wants them */
int __wrap_clock_gettime(clockid_t id, struct timespec *t);
ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	now_ns += step_ns;
	t->tv_sec = (time_t)(now_ns / 1000000000u);
	t->tv_nsec = (long)(now_ns % 1000000000u);
	return 0;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t n = __real_sendmsg(fd, msg, flags);

	if (n > 0 && nsends < SENDS)
		sends[nsends++] = (uint32_t)n / PDU_BHS_LEN;
	return n;
}
/* NOLINTEND(bugprone-reserved-identifier) */

struct scene {
	struct rig r;
	struct turn t;
};

static void scene_open(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	now_ns = 1000000000;
	step_ns = 0;
	rig_open(&s->r);
	s->t = (struct turn){ .loop = s->r.loop,
			      .env = s->r.b.env,
			      .core = &s->r.b.core,
			      .pool = &s->r.b.pool,
			      .server = s->r.server };
	turn_start(&s->t);
}

static void scene_close(struct scene *s)
{
	turn_stop(&s->t);
	rig_close(&s->r);
}

/* The end of the turn that is, then a look at the sockets: the next begins slept_ns later. */
static void turn(struct scene *s, uint64_t slept_ns)
{
	nsends = 0;
	now_ns += slept_ns;
	ev_run(s->r.loop, EVRUN_NOWAIT);
}

/* Has the loop something to do, or may it sleep? */
static bool is_awake(const struct scene *s)
{
	return ev_is_active(&s->t.more);
}

static void scene_login(struct scene *s, struct caller *c, uint8_t isid)
{
	caller_open(&s->r, c);
	caller_login_send(c, isid);
	turn(s, 0);
	turn(s, 0);
	CU_ASSERT_EQUAL_FATAL(caller_login_status(c), PDU_LOGIN_SUCCESS);
}

/* n PDUs came to a loop that had slept, or not; they are answered in these pieces. */
static void expect_pieces(struct scene *s, struct caller *c, uint32_t n, bool slept)
{
	uint32_t piece = slept ? EARLY : n, left, i;

	caller_ping(c, n);
	turn(s, slept ? ASLEEP_NS : 0);
	CU_ASSERT_EQUAL(caller_answers(c), 0); /* they have come in, no more */
	turn(s, 0);
	for (i = 0, left = n; left && i < nsends; i++, piece *= 2) {
		CU_ASSERT_EQUAL(sends[i], piece < left ? piece : left);
		left -= sends[i] < left ? sends[i] : left;
	}
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_EQUAL(i, nsends);
	CU_ASSERT_EQUAL(caller_answers(c), n);
	CU_ASSERT_FALSE(is_awake(s));
}

/* The first eight are answered by themselves, then twice as many each time: all in one turn. */
static void early_answers(void)
{
	struct caller c;
	struct scene s;
	uint32_t n;

	scene_open(&s);
	scene_login(&s, &c, 1);
	for (n = 1; n <= 200; n++)
		expect_pieces(&s, &c, n, true);
	caller_close(&c);
	scene_close(&s);
}

/* A loop that was busy until now answers all at once: nobody has waited. */
static void busy(void)
{
	struct caller c;
	struct scene s;
	uint32_t n;

	scene_open(&s);
	scene_login(&s, &c, 1);
	for (n = 1; n <= 64; n++) {
		expect_pieces(&s, &c, n, true);
		expect_pieces(&s, &c, n, false);
	}
	caller_close(&c);
	scene_close(&s);
}

/* Commands for the device server go the same way: each round's are run before it is sent. */
static void commands(void)
{
	const struct pdu_scsi_cmd cmd = { .final = true, .attr = PDU_ATTR_SIMPLE };
	static uint8_t bytes[30 * PDU_BHS_LEN];
	struct pdu_scsi_rsp rsp;
	struct pdu_scsi_cmd one;
	const uint8_t *bhs;
	struct caller c;
	struct scene s;
	uint32_t i;

	scene_open(&s);
	scene_login(&s, &c, 1);
	for (i = 0; i < 30; i++) {
		one = cmd;
		one.itt = i;
		one.cmdsn = i;
		pdu_put_scsi_cmd(bytes + (size_t)i * PDU_BHS_LEN, &one);
	}
	CU_ASSERT_EQUAL(caller_send(&c, bytes, sizeof(bytes)), sizeof(bytes));
	turn(&s, ASLEEP_NS);
	turn(&s, 0);
	CU_ASSERT_EQUAL(nsends, 3); /* 8, 16 and 6; the first of all with sense data */
	caller_take_all(&c);
	for (i = 0; (bhs = caller_next(&c)); i++) {
		CU_ASSERT_EQUAL(pdu_get_scsi_rsp(bhs, &rsp), PDU_OK);
		CU_ASSERT_EQUAL(rsp.itt, i);
	}
	CU_ASSERT_EQUAL(i, 30);
	caller_close(&c);
	scene_close(&s);
}

/*
 * A turn that takes its time ends, with what it has to say said; the loop does not sleep, and looks
 * at other sockets before it goes on. Each turn brings something, and in the end all is answered.
 */
static void bounded(void)
{
	static const uint64_t steps[] = { 100000, 200000, 300000, 600000, 10000000 };
	uint32_t n, got, all;
	struct caller c;
	struct scene s;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (n = 1; n <= 100; n += 11) {
			scene_open(&s);
			scene_login(&s, &c, 1);
			caller_ping(&c, n);
			turn(&s, ASLEEP_NS);
			step_ns = steps[i];
			all = 0;
			for (got = 1; all < n && got;) {
				turn(&s, 0);
				CU_ASSERT(nsends <= 500000 / steps[i] + 1);
				got = caller_answers(&c);
				CU_ASSERT(got >= (n - all < EARLY ? n - all : EARLY));
				all += got;
				CU_ASSERT(all == n || is_awake(&s));
			}
			CU_ASSERT_EQUAL(all, n);
			turn(&s, 0);
			turn(&s, 0);
			CU_ASSERT_FALSE(is_awake(&s));
			caller_close(&c);
			scene_close(&s);
		}
	}
}

/* The first turn of a slow loop has one round: the first eight are not kept back for the rest. */
static void one_round_at_least(void)
{
	struct caller c;
	struct scene s;

	scene_open(&s);
	scene_login(&s, &c, 1);
	caller_ping(&c, 100);
	turn(&s, ASLEEP_NS);
	step_ns = 600000;
	turn(&s, 0);
	CU_ASSERT(nsends == 1 && sends[0] == EARLY);
	CU_ASSERT(is_awake(&s));
	CU_ASSERT_EQUAL(caller_answers(&c), EARLY);
	caller_close(&c);
	scene_close(&s);
}

/*
 * Many send at a time, each turn anew, to a slow loop: whoever's PDUs are left over are all taken
 * on when the next socket is looked at. So everybody is answered in every turn, or in the next.
 */
static void fair(void)
{
	struct caller c[CALLERS];
	uint32_t all = 0, n;
	struct scene s;
	int i, k;

	scene_open(&s);
	for (i = 0; i < CALLERS; i++)
		scene_login(&s, &c[i], (uint8_t)(i + 1));
	step_ns = 600000;
	for (k = 0; k < 50; k++) {
		for (i = 0; i < CALLERS; i++)
			caller_ping(&c[i], 40);
		turn(&s, ASLEEP_NS);
		for (i = 0; i < CALLERS; i++) {
			n = caller_answers(&c[i]);
			all += n;
			CU_ASSERT(c[i].itt - c[i].told <= (uint32_t)2 * 40);
		}
	}
	for (k = 0; k < 10; k++) {
		turn(&s, 0);
		for (i = 0; i < CALLERS; i++)
			all += caller_answers(&c[i]);
	}
	CU_ASSERT_EQUAL(all, CALLERS * 50 * 40);
	for (i = 0; i < CALLERS; i++)
		caller_close(&c[i]);
	scene_close(&s);
}

/* With nothing to do the loop sleeps, and nothing is sent. */
static void nothing_to_do(void)
{
	struct caller c;
	struct scene s;
	int i;

	scene_open(&s);
	scene_login(&s, &c, 1);
	for (i = 0; i < 5; i++) {
		turn(&s, ASLEEP_NS);
		CU_ASSERT_EQUAL(nsends, 0);
		CU_ASSERT_FALSE(is_awake(&s));
	}
	caller_close(&c);
	scene_close(&s);
}

static const struct unit_test tests[] = {
	{ "early answers", early_answers },
	{ "a loop that is busy answers all at once", busy },
	{ "commands", commands },
	{ "a turn is bounded", bounded },
	{ "one round at least", one_round_at_least },
	{ "fair", fair },
	{ "nothing to do", nothing_to_do },
};

UNIT_MAIN("daemon/loop", tests)
