#include "iscsi/conn.h"

#include "unit.h"

#include <string.h>

#define STATES (CONN_DEAD + 1)
#define EVENTS (EV_DROP + 1)

struct world_of_conns {
	struct iscsi iscsi;
	struct portal_group group;
	struct portal portal;
	struct portal_addr peer;
};

static void quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static void start(struct world_of_conns *w)
{
	memset(w, 0, sizeof(*w));
	log_set_sink(quiet, NULL);
	TAILQ_INIT(&w->iscsi.conns);
	STAILQ_INIT(&w->iscsi.dirty);
	tx_pool_init(&w->iscsi.tx_pool);
	w->portal.group = &w->group;
	CU_ASSERT_EQUAL_FATAL(portal_addr_parse("192.0.2.7:1234", &w->peer), 0);
}

static struct conn *new_conn(struct world_of_conns *w)
{
	struct conn *c = conn_new(&w->iscsi, &w->portal, &w->peer, &w->peer);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* -1: no row. By state, then event: LOGIN_PDU, LOGIN_DONE, REFUSED, ASK_LOGOUT, LOGOUT_PDU, CLOSE,
 * DROP. */
static const int next_state[STATES][EVENTS] = {
	[CONN_XPT_UP] = { CONN_IN_LOGIN, -1, CONN_REFUSED, -1, -1, -1, CONN_DEAD },
	[CONN_IN_LOGIN] = { -1, CONN_LOGGED_IN, CONN_REFUSED, -1, -1, -1, CONN_DEAD },
	[CONN_LOGGED_IN] = { -1, -1, -1, CONN_LOGOUT_REQUESTED, CONN_IN_LOGOUT, CONN_IN_LOGOUT,
			     CONN_DEAD },
	[CONN_LOGOUT_REQUESTED] = { -1, -1, -1, -1, CONN_IN_LOGOUT, CONN_IN_LOGOUT, CONN_DEAD },
	[CONN_IN_LOGOUT] = { -1, -1, -1, -1, -1, -1, CONN_DEAD },
	[CONN_REFUSED] = { -1, -1, -1, -1, -1, -1, CONN_DEAD },
	[CONN_DEAD] = { -1, -1, -1, -1, -1, -1, CONN_DEAD },
};

/* RFC 7143, 8.1: what has no row ends that connection, and nothing else. */
static void every_event_in_every_state(void)
{
	struct world_of_conns w;
	struct conn *c;
	int state, event, next;

	start(&w);
	c = new_conn(&w);
	for (state = 0; state < STATES; state++) {
		for (event = 0; event < EVENTS; event++) {
			next = next_state[state][event];
			c->state = (enum conn_state)state;
			CU_ASSERT_EQUAL(conn_event(c, (enum conn_event)event), next >= 0);
			CU_ASSERT_EQUAL((int)c->state, next >= 0 ? next : CONN_DEAD);
		}
	}
	conn_free(c);
}

static void what_a_state_lets_in(void)
{
	static const struct {
		enum conn_state state;
		bool open, full;
	} cases[STATES] = {
		{ CONN_XPT_UP, true, false },     { CONN_IN_LOGIN, true, false },
		{ CONN_LOGGED_IN, true, true },   { CONN_LOGOUT_REQUESTED, true, true },
		{ CONN_IN_LOGOUT, false, false }, { CONN_REFUSED, false, false },
		{ CONN_DEAD, false, false },
	};
	struct world_of_conns w;
	struct conn *c;
	size_t i;

	start(&w);
	c = new_conn(&w);
	for (i = 0; i < STATES; i++) {
		c->state = cases[i].state;
		CU_ASSERT_EQUAL(conn_is_open(c), cases[i].open);
		CU_ASSERT_EQUAL(conn_is_full(c), cases[i].full);
		CU_ASSERT(strlen(conn_state_name(c->state)) > 0);
	}
	conn_free(c);
}

/* A connection stands in the list of dirty ones once, and leaves it when it goes. */
static void dirty_once_and_gone_at_the_end(void)
{
	struct world_of_conns w;
	struct conn *a, *b;

	start(&w);
	a = new_conn(&w);
	b = new_conn(&w);
	CU_ASSERT_EQUAL(w.iscsi.nconns, 2);
	conn_touch(b);
	conn_touch(a);
	conn_touch(b);
	CU_ASSERT_PTR_EQUAL(STAILQ_FIRST(&w.iscsi.dirty), b);
	CU_ASSERT_PTR_EQUAL(STAILQ_NEXT(b, dlink), a);
	CU_ASSERT_PTR_NULL(STAILQ_NEXT(a, dlink));
	conn_free(b);
	CU_ASSERT_PTR_EQUAL(STAILQ_FIRST(&w.iscsi.dirty), a);
	conn_free(a);
	CU_ASSERT_PTR_NULL(STAILQ_FIRST(&w.iscsi.dirty));
	CU_ASSERT_PTR_NULL(TAILQ_FIRST(&w.iscsi.conns));
	CU_ASSERT_EQUAL(w.iscsi.nconns, 0);
}

static void it_has_a_name_for_the_log(void)
{
	struct world_of_conns w;
	struct conn *c;

	start(&w);
	c = new_conn(&w);
	CU_ASSERT_STRING_EQUAL(c->who, "192.0.2.7:1234");
	conn_set_who(c, "iqn.2026-11.org.example:host");
	CU_ASSERT_STRING_EQUAL(c->who, "iqn.2026-11.org.example:host (192.0.2.7:1234)");
	conn_set_who(c, "");
	CU_ASSERT_STRING_EQUAL(c->who, "192.0.2.7:1234");
	conn_free(c);
}

static void count_warnings(void *arg, enum log_level level, const char *line)
{
	(void)line;
	*(unsigned int *)arg += level == LOG_LEVEL_WARNING;
}

static void a_fault_is_said_once(void)
{
	struct world_of_conns w;
	unsigned int said = 0;
	struct conn *c;
	int i;

	start(&w);
	c = new_conn(&w);
	log_set_sink(count_warnings, &said);
	for (i = 0; i < 5; i++)
		conn_fault(c, "fault %d", i);
	log_set_sink(quiet, NULL);
	CU_ASSERT_EQUAL(said, 1);
	CU_ASSERT_EQUAL(c->faults, 5);
	conn_free(c);
}

static const struct unit_test tests[] = {
	{ "every event in every state", every_event_in_every_state },
	{ "what a state lets in", what_a_state_lets_in },
	{ "dirty once, and gone at the end", dirty_once_and_gone_at_the_end },
	{ "it has a name for the log", it_has_a_name_for_the_log },
	{ "a fault is said once, and counted always", a_fault_is_said_once },
};

UNIT_MAIN("iscsi/conn", tests)
