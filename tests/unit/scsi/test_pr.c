#include "scsi/pr.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

/*
 * A state and a request in letters: who is registered with which key, who holds
 * what, who asks for what; and what comes of it. Ports are a to d; each has the
 * key of its letter (0xa …) unless it says otherwise.
 */
struct world {
	struct tid tids[4];
	struct pr pr;
};

static void start(struct world *w, const char *registered, uint8_t type, char holder)
{
	unsigned int i;

	pr_init(&w->pr);
	for (i = 0; i < 4; i++) {
		char name[] = "iqn.?,i,0x01";

		name[4] = (char)('a' + i);
		tid_make(&w->tids[i], name);
	}
	for (; *registered; registered++) {
		i = (unsigned int)(*registered - 'a');
		pr_add(&w->pr, &w->tids[i], 1, 0xa + i);
	}
	w->pr.type = type;
	if (holder)
		w->pr.holder = pr_find(&w->pr, &w->tids[holder - 'a'], 1);
}

/* Who is registered then, as letters. */
static void letters(const struct world *w, const struct pr *pr, char out[5])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (pr_find(pr, &w->tids[i], 1) != PR_NOBODY)
			*out++ = (char)('a' + i);
	}
	*out = '\0';
}

/* Those with that mark. */
static void marked(const struct world *w, const struct pr_change *c, uint8_t mark, char out[5])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		uint32_t at = pr_find(&w->pr, &w->tids[i], 1);

		if (at != PR_NOBODY && c->marks[at] & mark)
			*out++ = (char)('a' + i);
	}
	*out = '\0';
}

#define WE  PR_WRITE_EXCLUSIVE
#define EA  PR_EXCLUSIVE_ACCESS
#define WER PR_WRITE_EXCLUSIVE_REGISTRANTS
#define EAR PR_EXCLUSIVE_ACCESS_REGISTRANTS
#define WEA PR_WRITE_EXCLUSIVE_ALL
#define EAA PR_EXCLUSIVE_ACCESS_ALL

static const struct row {
	const char *what;
	const char *registered;
	uint8_t type; /* of the reservation */
	char holder;
	char who;
	enum pr_action action;
	uint64_t key, action_key;
	uint8_t scope, req_type;

	enum pr_verdict verdict;
	const char *then; /* who is registered afterwards */
	uint8_t then_type;
	char then_holder;
	const char *removed, *released, *cleared, *aborted; /* who is told what */
} rows[] = {
	/* REGISTER (5.14.7) */
	{ "a first registration", "", 0, 0, 'a', PR_REGISTER, 0, 0xa, 0, 0, PR_GOOD, "a", 0, 0, "",
	  "", "", "" },
	{ "with a key that is not there", "", 0, 0, 'a', PR_REGISTER, 1, 0xa, 0, 0, PR_CONFLICT, "",
	  0, 0, "", "", "", "" },
	{ "with no key to no key", "", 0, 0, 'a', PR_REGISTER, 0, 0, 0, 0, PR_GOOD, "", 0, 0, "",
	  "", "", "" },
	{ "a wrong key", "a", 0, 0, 'a', PR_REGISTER, 0xb, 0xc, 0, 0, PR_CONFLICT, "", 0, 0, "", "",
	  "", "" },
	{ "an end of it", "ab", 0, 0, 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD, "b", 0, 0, "", "",
	  "", "" },
	{ "the holder leaves", "abc", WE, 'a', 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD, "bc", 0, 0,
	  "", "", "", "" },
	{ "the holder leaves registrants", "abc", WER, 'a', 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD,
	  "bc", 0, 0, "", "bc", "", "" },
	{ "another leaves", "abc", EAR, 'c', 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD, "bc", EAR,
	  'c', "", "", "", "" },
	{ "one of all leaves", "ab", WEA, 0, 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD, "b", WEA, 0,
	  "", "", "", "" },
	{ "the last of all leaves", "a", EAA, 0, 'a', PR_REGISTER, 0xa, 0, 0, 0, PR_GOOD, "", 0, 0,
	  "", "", "", "" },
	{ "a key is ignored", "a", 0, 0, 'a', PR_REGISTER_AND_IGNORE, 0x77, 0xc, 0, 0, PR_GOOD, "a",
	  0, 0, "", "", "", "" },
	{ "a key is ignored at the end", "ab", 0, 0, 'a', PR_REGISTER_AND_IGNORE, 0x77, 0, 0, 0,
	  PR_GOOD, "b", 0, 0, "", "", "", "" },
	{ "nothing to ignore", "", 0, 0, 'a', PR_REGISTER_AND_IGNORE, 0x77, 0, 0, 0, PR_GOOD, "", 0,
	  0, "", "", "", "" },

	/* RESERVE (5.14.9) */
	{ "a reservation", "ab", 0, 0, 'a', PR_RESERVE, 0xa, 0, 0, EA, PR_GOOD, "ab", EA, 'a', "",
	  "", "", "" },
	{ "for all", "ab", 0, 0, 'a', PR_RESERVE, 0xa, 0, 0, WEA, PR_GOOD, "ab", WEA, 0, "", "", "",
	  "" },
	{ "the same again", "ab", EA, 'a', 'a', PR_RESERVE, 0xa, 0, 0, EA, PR_GOOD, "ab", EA, 'a',
	  "", "", "", "" },
	{ "the same of all by another", "ab", WEA, 0, 'b', PR_RESERVE, 0xb, 0, 0, WEA, PR_GOOD,
	  "ab", WEA, 0, "", "", "", "" },
	{ "another type", "ab", EA, 'a', 'a', PR_RESERVE, 0xa, 0, 0, WE, PR_CONFLICT, "", 0, 0, "",
	  "", "", "" },
	{ "what another has", "ab", EA, 'a', 'b', PR_RESERVE, 0xb, 0, 0, EA, PR_CONFLICT, "", 0, 0,
	  "", "", "", "" },
	{ "without registration", "b", 0, 0, 'a', PR_RESERVE, 0, 0, 0, EA, PR_CONFLICT, "", 0, 0,
	  "", "", "", "" },
	{ "with another's key", "ab", 0, 0, 'a', PR_RESERVE, 0xb, 0, 0, EA, PR_CONFLICT, "", 0, 0,
	  "", "", "", "" },
	{ "an element", "a", 0, 0, 'a', PR_RESERVE, 0xa, 0, 2, EA, PR_BAD_SCOPE, "", 0, 0, "", "",
	  "", "" },
	{ "type 0", "a", 0, 0, 'a', PR_RESERVE, 0xa, 0, 0, 0, PR_BAD_SCOPE, "", 0, 0, "", "", "",
	  "" },
	{ "type 2", "a", 0, 0, 'a', PR_RESERVE, 0xa, 0, 0, 2, PR_BAD_SCOPE, "", 0, 0, "", "", "",
	  "" },
	{ "type 15", "a", 0, 0, 'a', PR_RESERVE, 0xa, 0, 0, 15, PR_BAD_SCOPE, "", 0, 0, "", "", "",
	  "" },

	/* RELEASE (5.14.11.2) */
	{ "a release", "abc", EA, 'a', 'a', PR_RELEASE, 0xa, 0, 0, EA, PR_GOOD, "abc", 0, 0, "", "",
	  "", "" },
	{ "a release among registrants", "abc", EAR, 'a', 'a', PR_RELEASE, 0xa, 0, 0, EAR, PR_GOOD,
	  "abc", 0, 0, "", "bc", "", "" },
	{ "a release by one of all", "abc", WEA, 0, 'b', PR_RELEASE, 0xb, 0, 0, WEA, PR_GOOD, "abc",
	  0, 0, "", "ac", "", "" },
	{ "of nothing", "ab", 0, 0, 'a', PR_RELEASE, 0xa, 0, 0, EA, PR_GOOD, "ab", 0, 0, "", "", "",
	  "" },
	{ "of another's", "ab", EA, 'b', 'a', PR_RELEASE, 0xa, 0, 0, EA, PR_GOOD, "ab", EA, 'b', "",
	  "", "", "" },
	{ "of the wrong type", "a", EA, 'a', 'a', PR_RELEASE, 0xa, 0, 0, WE, PR_BAD_RELEASE, "", 0,
	  0, "", "", "", "" },
	{ "of the wrong scope", "a", EA, 'a', 'a', PR_RELEASE, 0xa, 0, 1, EA, PR_BAD_RELEASE, "", 0,
	  0, "", "", "", "" },
	{ "by a stranger", "a", EA, 'a', 'b', PR_RELEASE, 0xa, 0, 0, EA, PR_CONFLICT, "", 0, 0, "",
	  "", "", "" },

	/* CLEAR (5.14.11.6) */
	{ "all is cleared", "abc", EA, 'a', 'b', PR_CLEAR, 0xb, 0, 0, 0, PR_GOOD, "", 0, 0, "", "",
	  "ac", "" },
	{ "not by a stranger", "a", EA, 'a', 'b', PR_CLEAR, 0, 0, 0, 0, PR_CONFLICT, "", 0, 0, "",
	  "", "", "" },

	/* PREEMPT (5.14.11.4) */
	{ "a registration is removed", "abc", 0, 0, 'a', PR_PREEMPT, 0xa, 0xb, 0, 0, PR_GOOD, "ac",
	  0, 0, "b", "", "", "" },
	{ "of one who does not hold", "abc", EA, 'c', 'a', PR_PREEMPT, 0xa, 0xb, 0, WE, PR_GOOD,
	  "ac", EA, 'c', "b", "", "", "" },
	{ "the holder's", "abc", EA, 'b', 'a', PR_PREEMPT, 0xa, 0xb, 0, EA, PR_GOOD, "ac", EA, 'a',
	  "b", "", "", "" },
	{ "the holder's, with another type", "abc", EA, 'b', 'a', PR_PREEMPT, 0xa, 0xb, 0, WER,
	  PR_GOOD, "ac", WER, 'a', "b", "c", "", "" },
	{ "the holder preempts itself", "abc", EA, 'a', 'a', PR_PREEMPT, 0xa, 0xa, 0, WE, PR_GOOD,
	  "abc", WE, 'a', "", "bc", "", "" },
	{ "the holder's, with no such type", "ab", EA, 'b', 'a', PR_PREEMPT, 0xa, 0xb, 0, 4,
	  PR_BAD_SCOPE, "", 0, 0, "", "", "", "" },
	{ "a key that nobody has", "abc", EA, 'b', 'a', PR_PREEMPT, 0xa, 0x77, 0, EA, PR_CONFLICT,
	  "", 0, 0, "", "", "", "" },
	{ "key 0", "abc", EA, 'b', 'a', PR_PREEMPT, 0xa, 0, 0, EA, PR_BAD_KEY, "", 0, 0, "", "", "",
	  "" },
	{ "key 0 without a reservation", "abc", 0, 0, 'a', PR_PREEMPT, 0xa, 0, 0, EA, PR_BAD_KEY,
	  "", 0, 0, "", "", "", "" },
	{ "all of all", "abc", WEA, 0, 'a', PR_PREEMPT, 0xa, 0, 0, EA, PR_GOOD, "a", EA, 'a', "bc",
	  "", "", "" },
	{ "one of all", "abc", WEA, 0, 'a', PR_PREEMPT, 0xa, 0xc, 0, EA, PR_GOOD, "ab", WEA, 0, "c",
	  "", "", "" },
	{ "oneself of all, the last", "a", WEA, 0, 'a', PR_PREEMPT, 0xa, 0xa, 0, EA, PR_GOOD, "", 0,
	  0, "", "", "", "" },
	{ "by a stranger", "b", EA, 'b', 'a', PR_PREEMPT, 0, 0xb, 0, EA, PR_CONFLICT, "", 0, 0, "",
	  "", "", "" },
	{ "and abort", "abc", EA, 'b', 'a', PR_PREEMPT_AND_ABORT, 0xa, 0xb, 0, EA, PR_GOOD, "ac",
	  EA, 'a', "b", "", "", "b" },
	{ "and abort all of all", "abc", EAA, 0, 'b', PR_PREEMPT_AND_ABORT, 0xb, 0, 0, EAA, PR_GOOD,
	  "b", EAA, 0, "ac", "", "", "ac" },
};

static void check_letters(const struct row *r, const char *about, const char *got,
			  const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		printf("\n    %s: %s: \"%s\", not \"%s\"\n", r->what, about, got, wanted);
	CU_ASSERT_STRING_EQUAL(got, wanted);
}

static void check_change(const struct world *w, const struct row *r, struct pr_change *c)
{
	const struct pr *next = &c->next;
	char s[5] = "";

	letters(w, next, s);
	check_letters(r, "registered", s, r->then);
	marked(w, c, PR_TELL_REMOVED, s);
	check_letters(r, "told of the removal", s, r->removed);
	marked(w, c, PR_TELL_RELEASED, s);
	check_letters(r, "told of the release", s, r->released);
	marked(w, c, PR_TELL_CLEARED, s);
	check_letters(r, "told of the clearing", s, r->cleared);
	marked(w, c, PR_ABORT, s);
	check_letters(r, "aborted", s, r->aborted);
	CU_ASSERT_EQUAL(next->type, r->then_type);
	CU_ASSERT_EQUAL(next->holder, r->then_holder
					      ? pr_find(next, &w->tids[r->then_holder - 'a'], 1)
					      : PR_NOBODY);
	CU_ASSERT_EQUAL(next->generation,
			w->pr.generation + (r->action != PR_RESERVE && r->action != PR_RELEASE));
}

static void each_service_action_by_the_rules(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct pr_change c;
		struct world w;
		struct pr_request req = {
			.action = r->action,
			.scope = r->scope,
			.type = r->req_type,
			.key = r->key,
			.action_key = r->action_key,
			.port = 1,
		};
		enum pr_verdict v;

		start(&w, r->registered, r->type, r->holder);
		req.tid = &w.tids[r->who - 'a'];
		v = pr_decide(&w.pr, &req, &c);
		if (v != r->verdict)
			printf("\n    %s: verdict %d, not %d\n", r->what, v, r->verdict);
		CU_ASSERT_EQUAL_FATAL(v, r->verdict);
		if (v == PR_GOOD)
			check_change(&w, r, &c);
		pr_fini(&c.next);
		pr_fini(&w.pr);
	}
}

/* REGISTER AND MOVE (5.14.8): a moves what it holds to b. */
static enum pr_verdict move(struct world *w, struct pr_change *c, char who, char to,
			    uint64_t action_key, bool unregister)
{
	const struct pr_request req = {
		.action = PR_REGISTER_AND_MOVE,
		.key = 0xau + (unsigned int)(who - 'a'),
		.action_key = action_key,
		.unregister = unregister,
		.tid = &w->tids[who - 'a'],
		.port = 1,
		.others = &w->tids[to - 'a'],
		.nothers = 1,
		.to_port = 1,
	};

	return pr_decide(&w->pr, &req, c);
}

static void a_reservation_moves(void)
{
	struct pr_change c;
	struct world w;
	char s[5];

	start(&w, "ab", EA, 'a');
	CU_ASSERT_EQUAL_FATAL(move(&w, &c, 'a', 'c', 0x77, false), PR_GOOD);
	letters(&w, &c.next, s);
	CU_ASSERT_STRING_EQUAL(s, "abc");
	CU_ASSERT_EQUAL(c.next.holder, pr_find(&c.next, &w.tids[2], 1));
	CU_ASSERT_EQUAL(c.next.reg[c.next.holder].key, 0x77);
	CU_ASSERT_EQUAL(c.next.type, EA);
	pr_fini(&c.next);
	CU_ASSERT_EQUAL_FATAL(move(&w, &c, 'a', 'b', 0x77, true), PR_GOOD);
	letters(&w, &c.next, s);
	CU_ASSERT_STRING_EQUAL(s, "b");
	CU_ASSERT_EQUAL(c.next.holder, 0);
	CU_ASSERT_EQUAL(c.next.reg[0].key, 0x77);
	pr_fini(&c.next);
	CU_ASSERT_EQUAL(move(&w, &c, 'a', 'a', 0x77, false), PR_BAD_TID);
	CU_ASSERT_EQUAL(move(&w, &c, 'a', 'b', 0, false), PR_BAD_KEY);
	CU_ASSERT_EQUAL(move(&w, &c, 'b', 'a', 0x77, false), PR_CONFLICT);
	CU_ASSERT_EQUAL(move(&w, &c, 'c', 'a', 0x77, false), PR_CONFLICT);
	pr_fini(&w.pr);
	start(&w, "ab", WEA, 0);
	CU_ASSERT_EQUAL(move(&w, &c, 'a', 'b', 0x77, false), PR_CONFLICT);
	pr_fini(&w.pr);
	start(&w, "ab", 0, 0);
	CU_ASSERT_EQUAL(move(&w, &c, 'a', 'b', 0x77, false), PR_CONFLICT);
	pr_fini(&w.pr);
}

/* ALL_TG_PT: as if it came by each port; all or nothing. */
static void all_target_ports(void)
{
	static const uint16_t ports[] = { 1, 2, 7 };
	struct pr_change c;
	struct world w;
	struct pr_request req = {
		.action = PR_REGISTER,
		.action_key = 5,
		.all_ports = true,
		.port = 1,
		.ports = ports,
		.nports = 3,
	};

	start(&w, "", 0, 0);
	req.tid = &w.tids[0];
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_EQUAL(c.next.n, 3);
	CU_ASSERT_EQUAL(pr_find(&c.next, &w.tids[0], 7), 2);
	pr_fini(&w.pr);
	w.pr = c.next;
	req.key = 5;
	req.action_key = 0;
	w.pr.reg[1].key = 6; /* one of them has another key: none is changed */
	CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_CONFLICT);
	w.pr.reg[1].key = 5;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_EQUAL(c.next.n, 0);
	pr_fini(&c.next);
	pr_fini(&w.pr);
}

/* SPEC_I_PT: others are registered, too; who is already keeps the key. */
static void others_are_registered(void)
{
	struct pr_change c;
	struct world w;
	struct pr_request req = {
		.action = PR_REGISTER, .action_key = 0x55, .for_others = true, .port = 1
	};

	start(&w, "b", 0, 0);
	req.tid = &w.tids[0];
	req.others = w.tids; /* a itself, b, c */
	req.nothers = 3;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_EQUAL(c.next.n, 3);
	CU_ASSERT_EQUAL(c.next.reg[pr_find(&c.next, &w.tids[1], 1)].key, 0xb);
	CU_ASSERT_EQUAL(c.next.reg[pr_find(&c.next, &w.tids[2], 1)].key, 0x55);
	pr_fini(&c.next);
	req.tid = &w.tids[1]; /* who is registered may not */
	req.key = 0xb;
	CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_BAD_CDB);
	req.action_key = 0;
	CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_BAD_CDB);
	req.tid = &w.tids[0]; /* without a key there is nothing to register */
	req.key = 0;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_EQUAL(c.next.n, 1);
	pr_fini(&c.next);
	pr_fini(&w.pr);
}

/* Who is not registered and gives no key is told GOOD, and that is all: APTPL does not count. */
static void a_stranger_changes_nothing(void)
{
	static const uint16_t ports[] = { 1, 2 };
	static const enum pr_action actions[] = { PR_REGISTER, PR_REGISTER_AND_IGNORE };
	struct pr_request req = { .port = 1, .ports = ports, .nports = 2 };
	struct pr_change c;
	struct world w;
	int i;

	start(&w, "b", WE, 'b');
	for (i = 0; i < 8; i++) {
		w.pr.aptpl = i & 4;
		req.action = actions[i & 1];
		req.all_ports = i & 2;
		req.aptpl = !w.pr.aptpl;
		req.tid = &w.tids[0];
		CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
		CU_ASSERT_EQUAL(c.next.aptpl, w.pr.aptpl);
		CU_ASSERT_EQUAL(c.next.n, 1);
		CU_ASSERT_EQUAL(c.next.type, WE);
		pr_fini(&c.next);
	}
	req.tid = &w.tids[1]; /* b is registered: what it says counts */
	req.action = PR_REGISTER_AND_IGNORE;
	req.action_key = 0xb;
	req.all_ports = false;
	req.aptpl = false;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_FALSE(c.next.aptpl);
	pr_fini(&c.next);
	pr_fini(&w.pr);
}

/* One more than there is room for is refused, and nobody of a list is taken then. */
static void there_is_a_limit(void)
{
	struct pr_change c;
	struct world w;
	struct pr_request req = { .action = PR_REGISTER, .action_key = 1, .port = 1 };
	uint16_t i;

	start(&w, "", 0, 0);
	req.tid = &w.tids[0];
	for (i = 0; i < PR_REGISTRANTS_MAX - 1; i++)
		pr_add(&w.pr, &w.tids[1], i, 1);
	req.for_others = true;
	req.others = &w.tids[2];
	req.nothers = 1;
	CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_NO_ROOM);
	req.for_others = false;
	req.nothers = 0;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	CU_ASSERT_EQUAL(c.next.n, PR_REGISTRANTS_MAX);
	pr_fini(&w.pr);
	w.pr = c.next;
	req.tid = &w.tids[2];
	CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_NO_ROOM);
	pr_fini(&w.pr);
}

/* One key, several registrants: they go together, the preempting one stays with its own. */
static void a_key_of_several(void)
{
	struct pr_change c;
	struct world w;
	struct pr_request req = {
		.action = PR_PREEMPT, .key = 0xa, .action_key = 0xb, .type = WE, .port = 1
	};
	char s[5];

	start(&w, "abcd", WE, 'b');
	req.tid = &w.tids[0];
	w.pr.reg[3].key = 0xb;
	CU_ASSERT_EQUAL_FATAL(pr_decide(&w.pr, &req, &c), PR_GOOD);
	letters(&w, &c.next, s);
	CU_ASSERT_STRING_EQUAL(s, "ac");
	marked(&w, &c, PR_TELL_REMOVED, s);
	CU_ASSERT_STRING_EQUAL(s, "bd");
	pr_fini(&c.next);
	pr_fini(&w.pr);
}

static void a_sealed_state_changes_never(void)
{
	struct pr_change c;
	struct world w;
	struct pr_request req = { .action_key = 1, .port = 1 };
	int i;

	start(&w, "", WE, 0);
	w.pr.sealed = true;
	req.tid = &w.tids[0];
	for (i = 0; i < PR_ACTIONS; i++) {
		req.action = (enum pr_action)i;
		CU_ASSERT_EQUAL(pr_decide(&w.pr, &req, &c), PR_CONFLICT);
	}
}

static const struct unit_test tests[] = {
	{ "each service action, by the holder, registrants, strangers",
	  each_service_action_by_the_rules },
	{ "a reservation moves, from its holder only", a_reservation_moves },
	{ "ALL_TG_PT: by each port, all or nothing", all_target_ports },
	{ "SPEC_I_PT: others are registered with a first registration", others_are_registered },
	{ "who is not registered and gives no key changes nothing", a_stranger_changes_nothing },
	{ "there is a limit to registrations", there_is_a_limit },
	{ "who has the preempted key goes", a_key_of_several },
	{ "a sealed state never changes", a_sealed_state_changes_never },
};

UNIT_MAIN("scsi/pr", tests)
