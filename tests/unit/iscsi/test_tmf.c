#include "iscsi/tmf.h"

#include "peer.h"
#include "scsi/sense.h"

/* Send a function (immediate unless numbered); its response must be the next PDU. */
static uint8_t respond_with(struct peer *p, struct pdu_tmf_req req)
{
	struct got g;
	uint32_t itt = peer_tmf(p, &req);

	if (!peer_expect(p, PDU_TMF_RSP, &g))
		return 0xfe;
	CU_ASSERT_EQUAL(g.itt, itt);
	return g.bhs[2];
}

/* Function f on all there is. */
static uint8_t on_lu(struct peer *p, uint8_t f)
{
	return respond_with(p, (struct pdu_tmf_req){ .immediate = true, .function = f });
}

/* Function f on the task itt, whose CmdSN was the last one sent. */
static uint8_t on_task(struct peer *p, uint8_t f, uint32_t itt)
{
	return respond_with(p, (struct pdu_tmf_req){ .immediate = true,
						     .function = f,
						     .rtt = itt,
						     .refcmdsn = p->cmdsn - 1 });
}

/* The sense code that TEST UNIT READY gets; 0: it is GOOD. */
static uint32_t attention(struct peer *p)
{
	uint32_t itt = peer_test_unit_ready(p);
	struct got g;

	if (!peer_expect(p, PDU_SCSI_RSP, &g))
		return 0xffffffff;
	CU_ASSERT_EQUAL(g.itt, itt);
	if (g.len < 16)
		return 0;
	return (uint32_t)(g.data[4] & 15) << 16 | (uint32_t)g.data[14] << 8 | g.data[15];
}

/* ---- ABORT TASK ---- */

/* With the store: the response comes when the store has given the task back. */
static void abort_a_task_in_the_store(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	uint8_t block[BENCH_BLOCK];
	uint32_t itt, other;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	other = peer_read(p, 0, 1);
	req.refcmdsn = p->cmdsn;
	itt = peer_read(p, 1, 1);
	peer_expect_nothing(p);
	req.rtt = itt;
	peer_tmf(p, &req);
	peer_expect_nothing(p);
	bench_store_release(b.disk);
	CU_ASSERT(peer_expect(p, PDU_DATA_IN, &g));
	CU_ASSERT_EQUAL(g.itt, other);
	CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_COMPLETE);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	CU_ASSERT_EQUAL(peer_end(p, peer_read(p, 0, 1), block), SCSI_GOOD);
	CU_ASSERT_EQUAL(p->maxcmdsn - p->expcmdsn, 127); /* nobody has a place in the window */
	bench_close(&b);
}

/* A write that waits for data; what comes for it later is read over. */
static void abort_a_write_that_waits(void)
{
	struct pdu_data_out out = { .final = true, .data_len = 1024 };
	static uint8_t data[1024];
	struct pdu_r2t r2t;
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
	out.itt = peer_write(p, 0, 2, NULL, 0, true);
	CU_ASSERT(peer_expect(p, PDU_R2T, &g));
	CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_ABORT_TASK, out.itt), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	out.ttt = r2t.ttt;
	peer_data_out(p, &out, data);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* The task goes away while its data is coming in, at every byte of that. */
static void abort_in_the_middle_of_data(void)
{
	static uint8_t bytes[PDU_BHS_LEN + 1024];
	struct pdu_data_out out = { .final = true, .data_len = 1024 };
	struct pdu_tmf_req reset = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct peer *p, *other;
	struct pdu_r2t r2t;
	struct bench b;
	struct got g;
	size_t n;

	for (n = 1; n < sizeof(bytes); n += n < 60 ? 1 : 97) {
		bench_open(&b);
		p = bench_login(&b, "InitialR2T=Yes\nImmediateData=No\n");
		other = bench_login(&b, "");
		out.itt = peer_write(p, 0, 2, NULL, 0, true);
		CU_ASSERT(peer_expect(p, PDU_R2T, &g));
		CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
		out.ttt = r2t.ttt;
		pdu_put_data_out(bytes, &out);
		peer_feed(p, bytes, n);
		peer_tmf(other, &reset);
		CU_ASSERT(peer_expect(other, PDU_TMF_RSP, &g));
		CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
		peer_feed(p, bytes + n, sizeof(bytes) - n);
		peer_expect_nothing(p);
		CU_ASSERT_EQUAL(attention(p), SENSE_LU_RESET);
		bench_close(&b);
	}
}

/* A held task uses up its number and nothing else; its tag is free at once. */
static void abort_a_held_task(void)
{
	uint8_t block[BENCH_BLOCK] = { 1 };
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "");
	p->cmdsn++; /* one is missing */
	itt = peer_write(p, 0, 1, block, sizeof(block), true);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_ABORT_TASK, itt), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_ABORT_TASK, itt), PDU_TMF_COMPLETE); /* again */
	p->itt = itt - 1;
	CU_ASSERT_EQUAL(peer_read(p, 0, 1), itt);
	peer_expect_nothing(p);
	p->cmdsn -= 3;
	p->itt += 100;
	peer_test_unit_ready(p);
	CU_ASSERT_EQUAL(peer_end(p, itt, block), SCSI_GOOD); /* the second one of that tag */
	CU_ASSERT_EQUAL(block[0], 0);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* 11.6.1: with the number of a command that was lost the gap is closed. */
static void abort_a_command_that_never_came(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK, .rtt = 4711 };
	uint8_t block[BENCH_BLOCK];
	uint32_t lost, itt;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	lost = p->cmdsn;
	p->cmdsn += 2; /* two are missing */
	itt = peer_read(p, 0, 1);
	peer_expect_nothing(p);
	req.refcmdsn = lost + 1; /* not yet their turn */
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(p->expcmdsn, lost);
	req.refcmdsn = lost;
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(peer_end(p, itt, block), SCSI_GOOD);
	CU_ASSERT_EQUAL(p->expcmdsn, lost + 3);
	CU_ASSERT_EQUAL(p->maxcmdsn - p->expcmdsn, 127);
	bench_close(&b);
}

static void abort_what_is_not_there(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK, .rtt = 4711 };
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	req.refcmdsn = p->cmdsn - 1; /* answered */
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_NO_TASK);
	req.refcmdsn = p->cmdsn; /* as an immediate command has it */
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_NO_TASK);
	req.refcmdsn = p->cmdsn + 5; /* to come */
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_NO_TASK);
	req.refcmdsn = p->cmdsn - 100000;
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_NO_TASK);
	CU_ASSERT_EQUAL(p->expcmdsn, p->cmdsn);
	bench_close(&b);
}

/* ---- sets, units, targets ---- */

/* Held tasks before it belong to the set; one behind it does not. */
static void held_tasks_belong_to_the_set(void)
{
	static const uint8_t functions[] = { PDU_TMF_ABORT_TASK_SET, PDU_TMF_CLEAR_TASK_SET,
					     PDU_TMF_LU_RESET, PDU_TMF_TARGET_WARM_RESET };
	struct pdu_tmf_req req = { .immediate = true };
	uint8_t block[BENCH_BLOCK];
	struct pdu_scsi_cmd cmd;
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t before, behind, elsewhere, late;
	size_t i;

	for (i = 0; i < sizeof(functions); i++) {
		bench_open(&b);
		p = bench_login(&b, "");
		p->cmdsn++;
		before = peer_read(p, 0, 1);
		peer_rw10(&cmd, 0x28, 0, 1);
		cmd.lun[1] = 9; /* no such LUN */
		elsewhere = peer_scsi(p, &cmd, NULL);
		req.function = functions[i];
		peer_tmf(p, &req);
		peer_expect_nothing(p); /* a command before it has not come */
		behind = peer_read(p, 0, 1);
		p->cmdsn -= 4;
		p->itt += 100;
		late = peer_test_unit_ready(p); /* closes the gap, and is of the set as well */
		CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
		CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_COMPLETE);
		CU_ASSERT_PTR_NULL(task_find(p->c->session, late));
		if (functions[i] == PDU_TMF_TARGET_WARM_RESET)
			CU_ASSERT_PTR_NULL(task_find(p->c->session, elsewhere));
		/* it goes on, and is told of a reset */
		CU_ASSERT_EQUAL(peer_end(p, behind, block),
				i < 2 ? SCSI_GOOD : SCSI_CHECK_CONDITION);
		CU_ASSERT_PTR_NULL(task_find(p->c->session, before));
		CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
		bench_close(&b);
	}
}

/* A LUN has two ways of being written; a function for one that is not there ends nothing. */
static void held_tasks_by_their_lun(void)
{
	static const struct {
		uint8_t lun[2], task_lun[2];
		uint8_t response;
		bool ends;
	} cases[] = {
		{ { 0x40, 0 }, { 0, 0 }, PDU_TMF_COMPLETE, true },
		{ { 0, 0 }, { 0x40, 0 }, PDU_TMF_COMPLETE, true },
		{ { 0, 0 }, { 0, 9 }, PDU_TMF_COMPLETE, false },
		{ { 0, 9 }, { 0, 9 }, PDU_TMF_NO_LUN, false },
		{ { 0xc1, 1 }, { 0xc1, 1 }, PDU_TMF_NO_LUN, false },
	};
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK_SET };
	struct pdu_scsi_cmd cmd = { .final = true };
	struct bench b;
	struct peer *p;
	struct got g;
	uint32_t held;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, "");
		p->cmdsn++;
		memcpy(cmd.lun, cases[i].task_lun, 2);
		held = peer_scsi(p, &cmd, NULL);
		memcpy(req.lun, cases[i].lun, 2);
		peer_tmf(p, &req);
		peer_expect_nothing(p);
		p->cmdsn -= 2;
		p->itt += 100;
		peer_nop(p, false, NULL, 0); /* closes the gap */
		CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
		CU_ASSERT(peer_next(p, &g) && g.opcode == PDU_TMF_RSP);
		CU_ASSERT_EQUAL(g.bhs[2], cases[i].response);
		if (cases[i].ends)
			peer_expect_nothing(p);
		else
			CU_ASSERT(peer_next(p, &g) && g.opcode == PDU_SCSI_RSP && g.itt == held);
		bench_close(&b);
	}
}

/* Whose tasks end, and who is told of it. */
static void mine_and_everybodys(void)
{
	static const struct {
		uint8_t function;
		bool others_end;
		uint32_t mine, theirs; /* attention */
	} cases[] = {
		{ PDU_TMF_ABORT_TASK_SET, false, 0, 0 },
		{ PDU_TMF_CLEAR_TASK_SET, true, 0, SENSE_CLEARED },
		{ PDU_TMF_LU_RESET, true, SENSE_LU_RESET, SENSE_LU_RESET },
		{ PDU_TMF_TARGET_WARM_RESET, true, SENSE_TARGET_RESET, SENSE_TARGET_RESET },
	};
	struct pdu_tmf_req req = { .immediate = true };
	struct peer *p, *other;
	struct bench b;
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, "");
		other = bench_login(&b, "");
		b.disk->hold = true;
		peer_read(p, 0, 1);
		peer_read(other, 0, 1);
		peer_expect_nothing(p);
		req.function = cases[i].function;
		peer_tmf(p, &req);
		peer_expect_nothing(p); /* the store has both */
		bench_store_release(b.disk);
		CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
		CU_ASSERT_EQUAL(g.bhs[2], PDU_TMF_COMPLETE);
		peer_expect_nothing(p);
		CU_ASSERT_EQUAL(peer_next(other, &g), !cases[i].others_end);
		CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
		CU_ASSERT_EQUAL(attention(p), cases[i].mine);
		CU_ASSERT_EQUAL(attention(other), cases[i].theirs);
		bench_close(&b);
	}
}

/* Every session of the target ends, also one that has lost its connection; the one who asked has
 * its answer. */
static void a_cold_reset(void)
{
	struct peer *p, *other, *again;
	struct bench b;
	struct got g;

	bench_open(&b);
	peer_cut(bench_login(&b, "ErrorRecoveryLevel=2\n"));
	p = bench_login(&b, "");
	other = bench_login(&b, "");
	CU_ASSERT_EQUAL(on_lu(p, PDU_TMF_TARGET_COLD_RESET), PDU_TMF_COMPLETE);
	CU_ASSERT(peer_expect(other, PDU_ASYNC, &g));
	CU_ASSERT_PTR_NULL(p->c);
	CU_ASSERT_PTR_NULL(other->c);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	again = bench_login(&b, "");
	CU_ASSERT_EQUAL(attention(again), 0);
	bench_close(&b);
}

/* ---- what there is to say at once ---- */

static void functions_that_are_not_there(void)
{
	static const struct {
		const char *what, *keys;
		uint8_t function, response;
	} cases[] = {
		{ "CLEAR ACA", "", PDU_TMF_CLEAR_ACA, PDU_TMF_NOT_SUPPORTED },
		{ "TASK REASSIGN", "", PDU_TMF_TASK_REASSIGN, PDU_TMF_NO_REASSIGN },
		{ "none", "", 0, PDU_TMF_NOT_SUPPORTED },
		{ "beyond all", "", 0x7f, PDU_TMF_NOT_SUPPORTED },
		{ "QUERY TASK SET before RFC 7144", "", PDU_TMF_QUERY_TASK_SET,
		  PDU_TMF_NOT_SUPPORTED },
		{ "QUERY TASK SET", "iSCSIProtocolLevel=2\n", PDU_TMF_QUERY_TASK_SET,
		  PDU_TMF_COMPLETE },
	};
	struct bench b;
	struct peer *p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b);
		p = bench_login(&b, cases[i].keys);
		CU_ASSERT_EQUAL(on_lu(p, cases[i].function), cases[i].response);
		bench_close(&b);
	}
}

static void queries(void)
{
	struct bench b;
	struct peer *p;
	uint32_t itt;

	bench_open(&b);
	p = bench_login(&b, "iSCSIProtocolLevel=2\n");
	b.disk->hold = true;
	CU_ASSERT_EQUAL(on_lu(p, PDU_TMF_QUERY_TASK_SET), PDU_TMF_COMPLETE);
	itt = peer_read(p, 0, 1);
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_QUERY_TASK, itt), PDU_TMF_SUCCEEDED);
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_QUERY_TASK, itt + 9), PDU_TMF_COMPLETE);
	CU_ASSERT_EQUAL(on_lu(p, PDU_TMF_QUERY_TASK_SET), PDU_TMF_SUCCEEDED);
	CU_ASSERT_EQUAL(on_lu(p, PDU_TMF_QUERY_ASYNC_EVENT), PDU_TMF_COMPLETE);
	p->cmdsn++;
	itt = peer_read(p, 1, 1); /* held */
	CU_ASSERT_EQUAL(on_task(p, PDU_TMF_QUERY_TASK, itt), PDU_TMF_SUCCEEDED);
	bench_close(&b);
}

static void a_lun_that_is_not_there(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	req.lun[1] = 7;
	CU_ASSERT_EQUAL(respond_with(p, req), PDU_TMF_NO_LUN);
	bench_close(&b);
}

/* One that is not immediate takes a number, and waits for it. */
static void in_its_order(void)
{
	struct pdu_tmf_req req = { .function = PDU_TMF_ABORT_TASK_SET };
	struct bench b;
	struct peer *p;
	struct got g;

	bench_open(&b);
	p = bench_login(&b, "");
	p->cmdsn++;
	peer_tmf(p, &req);
	peer_expect_nothing(p);
	p->cmdsn -= 2;
	peer_test_unit_ready(p); /* comes first, and is aborted */
	CU_ASSERT(peer_expect(p, PDU_TMF_RSP, &g));
	peer_expect_nothing(p);
	CU_ASSERT_EQUAL(p->expcmdsn, p->cmdsn + 1);
	bench_close(&b);
}

/* Immediate functions have no window: what waits is bounded all the same. */
static void not_without_end(void)
{
	const struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK_SET };
	struct bench b;
	struct peer *p;
	struct got g;
	int i, rejected = 0, complete = 0;

	bench_open(&b);
	p = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(p, 0, 1);
	peer_expect_nothing(p);
	for (i = 0; i < 500; i++)
		peer_tmf(p, &req);
	bench_run(&b);
	while (peer_next(p, &g))
		rejected += g.bhs[2] == PDU_TMF_REJECTED;
	CU_ASSERT_EQUAL(rejected, 500 - 128);
	bench_store_release(b.disk);
	bench_run(&b);
	while (peer_next(p, &g))
		complete += g.bhs[2] == PDU_TMF_COMPLETE;
	CU_ASSERT_EQUAL(complete, 128);
	bench_close(&b);
}

/* Whoever asked is gone when it is done. */
static void nobody_is_left_to_be_told(void)
{
	const struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct peer *p, *other;
	struct bench b;

	bench_open(&b);
	p = bench_login(&b, "");
	other = bench_login(&b, "");
	b.disk->hold = true;
	peer_read(p, 0, 1);
	peer_read(other, 0, 1);
	peer_expect_nothing(p);
	peer_tmf(p, &req);
	peer_cut(p);
	bench_run(&b);
	peer_cut(other);
	bench_run(&b);
	CU_ASSERT_FALSE(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_store_release(b.disk);
	bench_run(&b);
	CU_ASSERT(TAILQ_EMPTY(&b.iscsi.sessions));
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "ABORT TASK of a task in the store", abort_a_task_in_the_store },
	{ "ABORT TASK of a write that waits", abort_a_write_that_waits },
	{ "a task is aborted in the middle of its data", abort_in_the_middle_of_data },
	{ "ABORT TASK of a held task", abort_a_held_task },
	{ "ABORT TASK of a command that never came", abort_a_command_that_never_came },
	{ "ABORT TASK of what is not there", abort_what_is_not_there },
	{ "held tasks belong to the set", held_tasks_belong_to_the_set },
	{ "held tasks by their LUN", held_tasks_by_their_lun },
	{ "my tasks, and everybody's", mine_and_everybodys },
	{ "a cold reset", a_cold_reset },
	{ "functions that are not there", functions_that_are_not_there },
	{ "queries", queries },
	{ "a LUN that is not there", a_lun_that_is_not_there },
	{ "in its order", in_its_order },
	{ "not without end", not_without_end },
	{ "nobody is left to be told", nobody_is_left_to_be_told },
};

UNIT_MAIN("iscsi/tmf", tests)
