/* Sockets: what they bring is taken on in rounds, what there is to say goes out, and they end. */
#include "sockets.h"

#define MOST        24 /* PDUs of a batch */
#define CALLERS     3
#define PINGS_OF(n) ((size_t)(n)*PDU_BHS_LEN)

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- iscsi_server_hear() ---- */

/*
 * What one recvmsg brought is taken on so many PDUs at a time, and what each round has answered
 * goes out before the next. None is passed over, and when all are taken on it says so.
 */
static void rounds(void)
{
	uint32_t n, most, left;
	struct caller c;
	struct rig r;

	rig_open(&r);
	caller_login(&r, &c, 1);
	CU_ASSERT_FALSE(iscsi_server_hear(r.server, 1));
	for (n = 1; n <= MOST; n++) {
		for (most = 1; most <= n + 1; most++) {
			caller_ping(&c, n);
			rig_look(&r);
			CU_ASSERT_FALSE(iscsi_server_has_answers(r.server));
			for (left = n; left; left -= min(most, left)) {
				CU_ASSERT(iscsi_server_hear(r.server, most));
				CU_ASSERT(iscsi_server_has_answers(r.server));
				CU_ASSERT_EQUAL(caller_answers(&c), 0);
				rig_send(&r);
				CU_ASSERT_EQUAL(caller_answers(&c), min(most, left));
			}
			CU_ASSERT_FALSE(iscsi_server_hear(r.server, most));
			CU_ASSERT_FALSE(iscsi_server_has_answers(r.server));
		}
	}
	caller_close(&c);
	rig_close(&r);
}

/* Rounds of twice as many each time, as the loop has them. */
static void rounds_that_double(void)
{
	static const uint32_t want[] = { 8, 16, 32, 44 };
	struct caller c;
	struct rig r;
	uint32_t most = 8;
	size_t i;

	rig_open(&r);
	caller_login(&r, &c, 1);
	caller_ping(&c, 100);
	rig_look(&r);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++, most *= 2) {
		CU_ASSERT(iscsi_server_hear(r.server, most));
		rig_send(&r);
		CU_ASSERT_EQUAL(caller_answers(&c), want[i]);
	}
	CU_ASSERT_FALSE(iscsi_server_hear(r.server, most));
	caller_close(&c);
	rig_close(&r);
}

/* The input may end anywhere in a PDU, and that in any round: the rest of it comes with the next.
 */
static void cut_anywhere(void)
{
	const uint32_t n = 3, len = 5;
	const size_t size = PDU_BHS_LEN + 8, all = n * size;
	struct caller c;
	struct rig r;
	uint32_t most;
	uint8_t *bytes;
	size_t cut;

	rig_open(&r);
	caller_login(&r, &c, 1);
	for (most = 1; most <= n; most++) {
		for (cut = 1; cut < all; cut++) {
			bytes = caller_make_pings(c.itt + 1, n, len);
			c.itt += n;
			CU_ASSERT_EQUAL_FATAL(caller_send(&c, bytes, cut), cut);
			rig_look(&r);
			while (iscsi_server_hear(r.server, most))
				rig_send(&r);
			CU_ASSERT_EQUAL(caller_answers(&c), cut / size);
			CU_ASSERT_EQUAL_FATAL(caller_send(&c, bytes + cut, all - cut), all - cut);
			rig_look(&r);
			while (iscsi_server_hear(r.server, most))
				rig_send(&r);
			CU_ASSERT_EQUAL(caller_answers(&c), n - cut / size);
			free(bytes);
		}
	}
	caller_close(&c);
	rig_close(&r);
}

/*
 * Several have sent in one turn. There is one stage for all: the next one's input comes only when
 * all of the last one's is taken on, and of the last one rounds are made. Nobody is passed over.
 */
static void many_in_a_turn(void)
{
	struct caller c[CALLERS];
	uint32_t most, got, all, n;
	unsigned int whole;
	struct rig r;
	int i;

	rig_open(&r);
	for (i = 0; i < CALLERS; i++)
		caller_login(&r, &c[i], (uint8_t)(i + 1));
	for (most = 1; most <= MOST; most++) {
		for (i = 0; i < CALLERS; i++)
			caller_ping(&c[i], MOST);
		rig_look(&r);
		CU_ASSERT(iscsi_server_hear(r.server, most));
		rig_send(&r);
		whole = 0;
		all = 0;
		for (i = 0; i < CALLERS; i++) {
			got = caller_answers(&c[i]);
			CU_ASSERT(got == MOST || got == most);
			whole += got == MOST;
			all += got;
		}
		CU_ASSERT(whole >= CALLERS - 1);
		for (n = 0; iscsi_server_hear(r.server, most); n++)
			rig_send(&r);
		CU_ASSERT_EQUAL(n, (MOST + most - 1) / most - 1);
		for (i = 0; i < CALLERS; i++)
			all += caller_answers(&c[i]);
		CU_ASSERT_EQUAL(all, CALLERS * MOST);
	}
	for (i = 0; i < CALLERS; i++)
		caller_close(&c[i]);
	rig_close(&r);
}

/* More comes, from the same one or from another, before all that was there is taken on. */
static void more_before_all_is_heard(void)
{
	struct caller c, other;
	uint32_t heard;
	struct rig r;

	rig_open(&r);
	caller_login(&r, &c, 1);
	caller_login(&r, &other, 2);
	for (heard = 0; heard <= 10; heard++) {
		caller_ping(&c, 10);
		rig_look(&r);
		if (heard)
			iscsi_server_hear(r.server, heard);
		caller_ping(heard % 2 ? &c : &other, 5);
		rig_look(&r);
		while (iscsi_server_hear(r.server, 3))
			;
		rig_send(&r);
		CU_ASSERT_EQUAL(caller_answers(&c), heard % 2 ? 15 : 10);
		CU_ASSERT_EQUAL(caller_answers(&other), heard % 2 ? 0 : 5);
	}
	caller_close(&c);
	caller_close(&other);
	rig_close(&r);
}

/* It is cut, or the peer goes, when some PDUs of it are not taken on: they never are. */
static void ends_before_all_is_heard(void)
{
	struct caller c;
	struct rig r;
	int i;

	for (i = 0; i < 3; i++) {
		rig_open(&r);
		caller_login(&r, &c, 1);
		caller_ping(&c, 10);
		rig_look(&r);
		CU_ASSERT(iscsi_server_hear(r.server, 4));
		if (i == 0)
			iscsi_server_cut(r.server); /* heard, but dead */
		if (i == 1) {
			iscsi_server_cut(r.server);
			rig_send(&r); /* its socket is gone */
			CU_ASSERT(iscsi_server_idle(r.server));
			CU_ASSERT_FALSE(iscsi_server_hear(r.server, 1));
		}
		if (i == 2)
			caller_close(&c);
		iscsi_server_hear(r.server, 100);
		rig_settle(&r);
		CU_ASSERT_FALSE(iscsi_server_hear(r.server, 1));
		CU_ASSERT(iscsi_server_idle(r.server));
		if (i < 2)
			CU_ASSERT_EQUAL(caller_answers(&c), 0);
		caller_close(&c);
		rig_close(&r);
	}
}

/* A logout, or a PDU that no connection survives, in the middle: what is behind it is not heard. */
static void nothing_behind_the_end(void)
{
	const struct pdu_logout_req logout = { .immediate = true, .itt = 77 };
	uint32_t most;
	uint8_t *bytes;
	const uint8_t *bhs;
	struct caller c;
	struct rig r;
	int bad;

	for (bad = 0; bad < 2; bad++) {
		for (most = 1; most <= 10; most++) {
			rig_open(&r);
			caller_login(&r, &c, 1);
			bytes = caller_make_pings(1, 10, 0);
			if (bad)
				memset(bytes + PINGS_OF(5) + 5, 0xff, 3); /* of 16 MiB */
			else
				pdu_put_logout_req(bytes + PINGS_OF(5), &logout);
			CU_ASSERT_EQUAL(caller_send(&c, bytes, PINGS_OF(10)), PINGS_OF(10));
			free(bytes);
			rig_look(&r);
			while (iscsi_server_hear(r.server, most))
				rig_send(&r);
			rig_settle(&r);
			CU_ASSERT(iscsi_server_idle(r.server));
			caller_take_all(&c);
			CU_ASSERT(c.is_at_end);
			while ((bhs = caller_next(&c)) && pdu_opcode(bhs) == PDU_NOP_IN)
				CU_ASSERT_EQUAL(pdu_itt(bhs), ++c.told);
			CU_ASSERT(bad || c.told == 5);
			CU_ASSERT(bad ? !bhs : bhs && pdu_opcode(bhs) == PDU_LOGOUT_RSP);
			CU_ASSERT_PTR_NULL(caller_next(&c));
			caller_close(&c);
			rig_close(&r);
		}
	}
}

/* ---- sending ---- */

/* Who reads nothing is not read either: what it is owed is bounded, and comes when it reads. */
static void answers_that_nobody_reads(void)
{
	const uint32_t n = 64, len = 4096;
	const size_t size = PDU_BHS_LEN + len;
	uint8_t *bytes = caller_make_pings(1, n, len);
	size_t at_first, sent = 0, more;
	struct caller c;
	struct rig r;
	size_t i;

	rig_open(&r);
	caller_login(&r, &c, 1);
	at_first = c.came;
	do {
		more = sent % (n * size);
		more = caller_send(&c, bytes + more, n * size - more);
		sent += more;
		rig_settle(&r);
	} while (more && sent < (size_t)64 << 20);
	CU_ASSERT(sent < (size_t)16 << 20);
	while (c.came < at_first + sent / size * size && caller_take(&c, 7777))
		rig_settle(&r);
	for (i = 0; caller_next(&c); i++)
		;
	CU_ASSERT_EQUAL(i, sent / size);
	free(bytes);
	caller_close(&c);
	rig_close(&r);
}

/* Sockets that take little at a time: each byte comes once, and in order. */
static void a_narrow_socket(void)
{
	const uint32_t n = 20, len = 8000;
	uint8_t *bytes = caller_make_pings(1, n, len);
	const size_t all = n * (size_t)(PDU_BHS_LEN + len);
	const uint8_t *bhs;
	struct caller c;
	uint32_t i, k;
	size_t at_first, sent = 0;
	struct rig r;

	rig_open(&r);
	caller_open_narrow(&r, &c, 4096);
	caller_log_in(&r, &c, 1);
	at_first = c.came;
	while (sent < all) {
		sent += caller_send(&c, bytes + sent, all - sent < 1000 ? all - sent : 1000);
		rig_settle(&r);
		caller_take(&c, 333);
	}
	while (c.came < at_first + all) {
		CU_ASSERT_FATAL(caller_take(&c, 333));
		rig_settle(&r);
	}
	for (i = 1; (bhs = caller_next(&c)); i++) {
		CU_ASSERT_EQUAL(pdu_itt(bhs), i);
		CU_ASSERT_EQUAL(pdu_data_len(bhs), len);
		for (k = 0; k < len && bhs[PDU_BHS_LEN + k] == (uint8_t)i; k++)
			;
		CU_ASSERT_EQUAL(k, len);
	}
	CU_ASSERT_EQUAL(i, n + 1);
	free(bytes);
	caller_close(&c);
	rig_close(&r);
}

/* ---- beginning and end ---- */

/* The peer closes its end, in the middle of anything: nothing of it is left. */
static void the_peer_closes(void)
{
	uint8_t *bytes = caller_make_pings(1, 2, 0);
	struct caller c;
	struct rig r;
	size_t cut;

	for (cut = 0; cut <= PINGS_OF(2); cut++) {
		rig_open(&r);
		caller_login(&r, &c, 1);
		CU_ASSERT_EQUAL(caller_send(&c, bytes, cut), cut);
		if (cut % 2)
			rig_look(&r);
		caller_close(&c);
		rig_settle(&r);
		CU_ASSERT(iscsi_server_idle(r.server));
		rig_close(&r);
	}
	free(bytes);
}

/* A descriptor that is no connected socket is closed, and nothing else comes of it. */
static void no_socket(void)
{
	struct rig r;
	int fd;

	rig_open(&r);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(fd >= 0);
	iscsi_server_accept(r.server, r.b.portal, fd);
	CU_ASSERT(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0);
	iscsi_server_accept(r.server, r.b.portal, fd);
	CU_ASSERT(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
	CU_ASSERT(iscsi_server_idle(r.server));
	rig_close(&r);
	iscsi_server_free(NULL);
}

/* The loop's timer rings for a login that does not end: nothing else wakes the loop here. */
static void a_login_takes_too_long(void)
{
	const struct iscsi_options options = { .max_connections = 64, .login_timeout_ms = 5 };
	struct caller c;
	struct rig r;

	rig_open_with(&r, &options);
	caller_open(&r, &c);
	while (!iscsi_server_idle(r.server)) {
		ev_run(r.loop, EVRUN_ONCE);
		rig_send(&r);
	}
	caller_take_all(&c);
	CU_ASSERT(c.is_at_end);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.b.said, "login takes longer"));
	caller_close(&c);
	rig_close(&r);
}

/* Stopped: who is there is asked to log out, who comes is told that nobody is served any more. */
static void stopped(void)
{
	struct pdu_async async;
	struct caller c, late;
	const uint8_t *bhs;
	struct rig r;

	rig_open(&r);
	caller_login(&r, &c, 1);
	CU_ASSERT(iscsi_server_quiet(r.server));
	iscsi_server_stop(r.server);
	CU_ASSERT_FALSE(iscsi_server_quiet(r.server)); /* there is something to say */
	rig_settle(&r);
	CU_ASSERT(iscsi_server_quiet(r.server) && !iscsi_server_idle(r.server));
	caller_take_all(&c);
	bhs = caller_next(&c);
	CU_ASSERT_FATAL(bhs && pdu_get_async(bhs, &async) == PDU_OK);
	CU_ASSERT_EQUAL(async.event, PDU_ASYNC_LOGOUT);
	caller_open(&r, &late);
	caller_login_send(&late, 2);
	rig_settle(&r);
	CU_ASSERT_EQUAL(caller_login_status(&late), PDU_LOGIN_SERVICE_UNAVAILABLE);
	CU_ASSERT(late.is_at_end);
	caller_close(&late);
	caller_close(&c);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "rounds: none is passed over", rounds },
	{ "rounds that double", rounds_that_double },
	{ "cut anywhere", cut_anywhere },
	{ "many in a turn", many_in_a_turn },
	{ "more before all is heard", more_before_all_is_heard },
	{ "it ends before all is heard", ends_before_all_is_heard },
	{ "nothing is heard behind the end", nothing_behind_the_end },
	{ "answers that nobody reads", answers_that_nobody_reads },
	{ "a narrow socket", a_narrow_socket },
	{ "the peer closes", the_peer_closes },
	{ "no socket", no_socket },
	{ "a login takes too long", a_login_takes_too_long },
	{ "stopped", stopped },
};

UNIT_MAIN("iscsi/tcp", tests)
