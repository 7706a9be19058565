#include "iscsi/sessions.h"

#include "peer.h"

/* A further session of the same initiator: isid tells them apart. */
static struct peer *login_as(struct bench *b, uint8_t isid)
{
	struct peer *p = bench_peer(b);

	p->isid = isid;
	peer_login(p, "");
	return p;
}

static void found_by_identity_and_tsih(void)
{
	struct session_identity id = { .initiator = BENCH_INITIATOR, .group = 1 };
	uint8_t isid[PDU_ISID_LEN] = { 0x80, 0, 0, 0, 0, 5 };
	struct session *s;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = login_as(&b, 5);
	s = p->c->session;
	id.target = b.target;
	id.isid = isid;
	CU_ASSERT_PTR_EQUAL(sessions_same(&b.iscsi, &id), s);
	CU_ASSERT_PTR_EQUAL(sessions_find(&b.iscsi, s->tsih), s);
	CU_ASSERT_PTR_NULL(sessions_find(&b.iscsi, (uint16_t)(s->tsih + 1)));
	CU_ASSERT_PTR_NULL(sessions_find(&b.iscsi, 0));
	isid[5] = 6;
	CU_ASSERT_PTR_NULL(sessions_same(&b.iscsi, &id));
	isid[5] = 5;
	id.group = 2;
	CU_ASSERT_PTR_NULL(sessions_same(&b.iscsi, &id));
	id.group = 1;
	id.initiator = BENCH_INITIATOR "x";
	CU_ASSERT_PTR_NULL(sessions_same(&b.iscsi, &id));
	id.initiator = BENCH_INITIATOR;
	id.target = NULL; /* discovery sessions are all different */
	CU_ASSERT_PTR_NULL(sessions_same(&b.iscsi, &id));
	bench_close(&b);
}

static void sessions_side_by_side(void)
{
	struct peer *p[BENCH_PEERS];
	struct bench b;
	int i, k;

	bench_open(&b);
	for (i = 0; i < BENCH_PEERS; i++) {
		p[i] = bench_login(&b, "");
		for (k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(p[i]->tsih, p[k]->tsih);
	}
	for (i = 0; i < BENCH_PEERS; i++)
		CU_ASSERT_EQUAL(peer_end(p[i], peer_test_unit_ready(p[i]), NULL), SCSI_GOOD);
	bench_close(&b);
}

/* TSIHs go around, leave out 0, and those in use. */
static void session_handles_go_around(void)
{
	struct peer *a, *c;
	struct bench b;

	bench_open(&b);
	a = login_as(&b, 1);
	CU_ASSERT_EQUAL(a->tsih, 1);
	b.iscsi.last_tsih = 0xfffe;
	c = login_as(&b, 2);
	CU_ASSERT_EQUAL(c->tsih, 0xffff);
	c = login_as(&b, 3);
	CU_ASSERT_EQUAL(c->tsih, 2);
	bench_close(&b);
}

/* 6.3.5: a login of the same identity takes the place; nothing of the old one is answered. */
static void reinstated(void)
{
	struct peer *old, *new;
	struct bench b;
	struct got g;

	bench_open(&b);
	old = bench_login(&b, "");
	new = bench_peer(&b);
	new->isid = old->isid;
	peer_login(new, "");
	CU_ASSERT_PTR_NULL(old->c);
	CU_ASSERT_FALSE(peer_next(old, &g));
	CU_ASSERT_NOT_EQUAL(new->tsih, old->tsih);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "session reinstated"));
	bench_close(&b);
}

/* What the old session has in the store comes home before the new one begins. */
static void reinstated_with_io_in_flight(void)
{
	static const uint8_t block[BENCH_BLOCK] = { 1 };
	uint8_t back[BENCH_BLOCK];
	struct pdu_login_rsp rsp;
	struct peer *old, *new;
	struct bench b;

	bench_open(&b);
	old = bench_login(&b, "");
	b.disk->hold = true;
	peer_write(old, 0, 1, block, sizeof(block), true);
	peer_read(old, 1, 1);
	peer_expect_nothing(old);
	new = bench_peer(&b);
	new->isid = old->isid;
	peer_login_send(new, PEER_NAMES, "");
	peer_expect_nothing(new);
	CU_ASSERT_PTR_NULL(old->c);
	CU_ASSERT_EQUAL(new->c->state, CONN_IN_LOGIN);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_login_status(new, &rsp), PDU_LOGIN_SUCCESS);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	peer_end(new, peer_test_unit_ready(new), NULL);
	CU_ASSERT_EQUAL(peer_end(new, peer_read(new, 0, 1), back), SCSI_GOOD);
	CU_ASSERT_EQUAL(back[0], 1);
	bench_close(&b);
}

/* Two logins for the same place: the later one has it. */
static void the_last_who_comes_stays(void)
{
	struct peer *old, *second, *third;
	struct bench b;

	bench_open(&b);
	old = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(old, 1, 1);
	peer_expect_nothing(old);
	second = bench_peer(&b);
	third = bench_peer(&b);
	second->isid = old->isid;
	third->isid = old->isid;
	peer_login_send(second, PEER_NAMES, "");
	peer_login_send(third, PEER_NAMES, "");
	bench_run(&b);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(second->c);
	CU_ASSERT_PTR_NOT_NULL_FATAL(third->c);
	CU_ASSERT_EQUAL(third->c->state, CONN_LOGGED_IN);
	bench_close(&b);
}

/* A login that waits for the old session goes away, or takes too long. */
static void a_login_that_waits_may_go(void)
{
	struct peer *old, *new;
	struct bench b;
	int i;

	for (i = 0; i < 2; i++) {
		bench_open(&b);
		old = bench_login(&b, "");
		b.disk->hold = true;
		peer_read(old, 1, 1);
		peer_expect_nothing(old);
		new = bench_peer(&b);
		new->isid = old->isid;
		peer_login_send(new, PEER_NAMES, "");
		bench_run(&b);
		if (i)
			bench_sleep(&b, BENCH_LOGIN_MS);
		else
			peer_cut(new);
		CU_ASSERT_PTR_NULL(new->c);
		bench_store_release(b.disk);
		bench_run(&b);
		CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
		bench_close(&b);
	}
}

/* It is given up in the very turn in which the old session ends: nothing points to that any more.
 */
static void a_login_that_waits_may_go_at_the_last_moment(void)
{
	struct peer *old, *new;
	struct bench b;

	bench_open(&b);
	old = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(old, 1, 1);
	peer_expect_nothing(old);
	new = bench_peer(&b);
	new->isid = old->isid;
	peer_login_send(new, PEER_NAMES, "");
	bench_run(&b);
	conn_event(new->c, EV_DROP);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT_PTR_NULL(new->c);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

/* Level 0: the session is over with its connection, when its tasks have come home. */
static void over_with_its_connection(void)
{
	struct session *s;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	s = p->c->session;
	b.disk->hold = true;
	peer_read(p, 1, 1);
	peer_expect_nothing(p);
	peer_cut(p);
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&b.iscsi.sessions), s);
	CU_ASSERT_EQUAL(s->state, SESSION_ENDING);
	CU_ASSERT_PTR_NULL(sessions_find(&b.iscsi, s->tsih));
	bench_run(&b);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 1);
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	CU_ASSERT(TAILQ_EMPTY(&b.target->device.nexuses));
	bench_close(&b);
}

/* A LUN with a list of initiators is there for those only. */
static void masked_luns(void)
{
	static const struct {
		const char *pattern;
		bool sees;
	} cases[] = {
		{ BENCH_INITIATOR, true },
		{ "iqn.2026-11.org.example:*", true },
		{ "iqn.2026-11.org.other:*", false },
	};
	struct access_name *name;
	struct lun_mask *mask;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		mask = calloc(1, sizeof(*mask));
		name = calloc(1, sizeof(*name));
		CU_ASSERT_FATAL(mask && name);
		strcpy(name->pattern, cases[i].pattern);
		STAILQ_INIT(&mask->names);
		STAILQ_INSERT_TAIL(&mask->names, name, link);
		scsi_device_lu(&b.target->device, 0)->opt.user = mask;
		p = bench_peer(&b);
		peer_login(p, "");
		peer_test_unit_ready(p);
		CU_ASSERT_FATAL(peer_expect(p, PDU_SCSI_RSP, &g));
		CU_ASSERT_EQUAL(g.data[14], cases[i].sees ? 0x29 : 0x25);
		bench_close(&b);
	}
}

static const struct unit_test tests[] = {
	{ "found by identity and TSIH", found_by_identity_and_tsih },
	{ "sessions side by side", sessions_side_by_side },
	{ "session handles go around", session_handles_go_around },
	{ "reinstated", reinstated },
	{ "reinstated with I/O in flight", reinstated_with_io_in_flight },
	{ "the last who comes stays", the_last_who_comes_stays },
	{ "a login that waits may go", a_login_that_waits_may_go },
	{ "a login that waits may go at the last moment",
	  a_login_that_waits_may_go_at_the_last_moment },
	{ "over with its connection", over_with_its_connection },
	{ "masked LUNs", masked_luns },
};

UNIT_MAIN("iscsi/sessions", tests)
