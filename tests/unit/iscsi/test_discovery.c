#include "iscsi/discovery.h"

#include "peer.h"

static const struct pdu_text_req whole = { .final = true, .ttt = PDU_TAG_RESERVED };

#define OTHER "iqn.2026-11.org.example:disk2"

/* Add a portal to the group of that tag, which is made when it is not there. */
static void add_portal(struct bench *b, uint16_t tag, const char *text)
{
	struct portal_group *g = world_portal_group(&b->world, tag);
	const struct portal_addr addr = bench_addr(text);

	if (!g)
		g = world_add_portal_group(&b->world, tag);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL_FATAL(world_add_portal(&b->world, g, &addr), 0);
}

/* A second target, seen through that group (0: through none). */
static struct target *add_target(struct bench *b, uint16_t tag, const char *auth)
{
	struct target *t = world_add_target(&b->world, OTHER);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	if (tag)
		t->groups[t->ngroups++] = world_portal_group(&b->world, tag);
	t->auth = world_auth_group(&b->world, auth);
	return t;
}

static struct peer *discover(struct bench *b)
{
	struct peer *p = bench_peer(b);
	struct pdu_login_rsp rsp;

	peer_login_send(p, PEER_DISCOVERY_NAMES, "");
	CU_ASSERT_EQUAL_FATAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	return p;
}

/* The answer to SendTargets=value is just that text. */
static void check(struct peer *p, const char *value, const char *lines)
{
	static char text[PEER_TEXT_MAX];
	char line[300];
	struct got g;

	snprintf(line, sizeof(line), "SendTargets=%s\n", value);
	peer_text_req(p, &whole, line);
	if (!peer_expect(p, PDU_TEXT_RSP, &g))
		return;
	CU_ASSERT_EQUAL(g.len, peer_text(text, lines));
	CU_ASSERT(g.len == strlen(lines) && !memcmp(g.data, text, g.len));
}

static void check_refused(struct peer *p, const char *value)
{
	char line[300];
	struct got g;

	snprintf(line, sizeof(line), "SendTargets=%s\n", value);
	peer_text_req(p, &whole, line);
	if (peer_expect(p, PDU_REJECT, &g))
		CU_ASSERT_EQUAL(g.bhs[2], PDU_REJECT_PROTOCOL_ERROR);
}

#define DISK1 "TargetName=" BENCH_TARGET "\nTargetAddress=" BENCH_PORTAL ",1\n"

static void all_targets_with_all_addresses(void)
{
	struct target *t;
	struct bench b;

	bench_open(&b);
	add_portal(&b, 1, "[2001:db8::1]:3260");
	add_portal(&b, 2, "198.51.100.1:4000");
	t = add_target(&b, 1, "no-authentication");
	t->groups[t->ngroups++] = world_portal_group(&b.world, 2);
	strcpy(t->alias, "second");
	check(discover(&b), "All",
	      DISK1 "TargetAddress=[2001:db8::1]:3260,1\n"
		    "TargetName=" OTHER "\nTargetAlias=second\nTargetAddress=" BENCH_PORTAL
		    ",1\nTargetAddress=[2001:db8::1]:3260,1\nTargetAddress=198.51.100.1:4000,2\n");
	bench_close(&b);
}

/* Only what a login by this portal would not be refused. */
static void what_is_not_for_everybody(void)
{
	static const struct {
		const char *what;
		uint16_t tag;
		const char *auth;
	} cases[] = {
		{ "in no group", 0, "no-authentication" },
		{ "in another group", 2, "no-authentication" },
		{ "denied", 1, "deny" },
		{ "without any auth group", 1, "none" },
	};
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		add_portal(&b, 2, "198.51.100.1:4000");
		add_target(&b, cases[i].tag, cases[i].auth);
		p = discover(&b);
		check(p, "All", DISK1);
		check(p, OTHER, "");
		bench_close(&b);
	}
}

static void one_target_by_name(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	add_target(&b, 1, "no-authentication");
	p = discover(&b);
	check(p, BENCH_TARGET, DISK1);
	check(p, "IQN.2026-11.org.example:DISK1", DISK1); /* case does not matter */
	check(p, "iqn.2026-11.org.example:none", "");
	check(p, "no name", "");
	check_refused(p, ""); /* which of all? */
	bench_close(&b);
}

/* In a normal session: its own target, and no other. */
static void in_a_normal_session(void)
{
	struct bench b;
	struct peer *p;

	bench_open(&b);
	add_target(&b, 1, "no-authentication");
	p = bench_login(&b, "");
	check(p, "", DISK1);
	check(p, BENCH_TARGET, DISK1);
	check(p, OTHER, "");
	check_refused(p, "All");
	bench_close(&b);
}

/* A wildcard is told as the address that the initiator came to. */
static void wildcards(void)
{
	const struct portal_addr peer = bench_addr(BENCH_PEER);
	const struct portal_addr local = bench_addr("192.0.2.55:3260");
	struct bench b;
	struct peer *p;

	bench_open(&b);
	b.portal->addr = bench_addr("0.0.0.0:3260");
	add_portal(&b, 1, "[::]:3260"); /* not reachable by this family */
	p = discover(&b);
	p->c->local = local;
	p->c->peer = peer;
	check(p, "All", "TargetName=" BENCH_TARGET "\nTargetAddress=192.0.2.55:3260,1\n");
	bench_close(&b);
}

/* 4.3: a discovery session is for discovery. */
static void nothing_else_in_a_discovery_session(void)
{
	struct pdu_tmf_req tmf = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = discover(&b);
	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--;
	peer_write(p, 0, 1, b.disk->bytes, 512, true);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--;
	peer_tmf(p, &tmf);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	peer_nop(p, false, NULL, 0);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--;
	peer_logout(p, PDU_LOGOUT_CONNECTION, 1);
	CU_ASSERT(peer_expect(p, PDU_REJECT, &g));
	p->cmdsn--;
	peer_logout(p, PDU_LOGOUT_SESSION, 1);
	CU_ASSERT(peer_expect(p, PDU_LOGOUT_RSP, &g));
	CU_ASSERT_PTR_NULL(p->c);
	bench_close(&b);
}

/* More targets than a PDU or the first buffer has room for. */
static void very_many_targets(void)
{
	struct pdu_text_req more = { .final = true };
	char name[TARGET_NAME_MAX];
	struct pdu_text_rsp rsp;
	struct target *t;
	size_t all = 0;
	struct bench b;
	struct peer *p;
	struct got g;
	int i;

	bench_open(&b);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "iqn.2026-11.org.example:many%04d", i);
		t = world_add_target(&b.world, name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		t->groups[t->ngroups++] = b.group;
		t->auth = b.target->auth;
	}
	p = discover(&b);
	peer_text_req(p, &whole, "SendTargets=All\n");
	do {
		if (!peer_expect(p, PDU_TEXT_RSP, &g))
			break;
		CU_ASSERT_EQUAL(pdu_get_text_rsp(g.bhs, &rsp), PDU_OK);
		all += g.len;
		more.ttt = rsp.ttt;
		if (rsp.cont)
			peer_text_req(p, &more, "");
	} while (rsp.cont);
	CU_ASSERT(rsp.final);
	CU_ASSERT_EQUAL(all, strlen(DISK1) +
				     1000 * strlen("TargetName=iqn.2026-11.org.example:many0000\n"
						   "TargetAddress=" BENCH_PORTAL ",1\n"));
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "all targets, with all addresses", all_targets_with_all_addresses },
	{ "what is not for everybody", what_is_not_for_everybody },
	{ "one target by its name", one_target_by_name },
	{ "in a normal session", in_a_normal_session },
	{ "wildcard addresses", wildcards },
	{ "nothing else in a discovery session", nothing_else_in_a_discovery_session },
	{ "very many targets", very_many_targets },
};

UNIT_MAIN("iscsi/discovery", tests)
