#include "iscsi/task.h"

#include "iscsi/scsi_port.h"
#include "peer.h"

/* A command as it comes from the wire. */
static const struct pdu_scsi_cmd read_cmd = {
	.final = true,
	.read = true,
	.attr = PDU_ATTR_SIMPLE,
	.lun = { 0, 3 },
	.itt = 77,
	.edtl = 4096,
	.cmdsn = 9,
	.cdb = { 0x28, 1, 2, 3 },
};

static struct task *new_task(struct peer *p, const struct pdu_scsi_cmd *cmd)
{
	struct task *t = task_new(p->c, cmd, &scsi_port_ops);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static void filled_in_from_the_command(void)
{
	struct bench b;
	struct peer *p;
	struct task *t;

	bench_open(&b);
	p = bench_login(&b, "");
	t = new_task(p, &read_cmd);
	CU_ASSERT_EQUAL(t->state, TASK_TAKING);
	CU_ASSERT_PTR_EQUAL(t->session, p->c->session);
	CU_ASSERT_PTR_EQUAL(t->conn, p->c);
	CU_ASSERT_EQUAL(t->itt, 77);
	CU_ASSERT(t->scsi.may_read && !t->scsi.may_write);
	CU_ASSERT_EQUAL(t->scsi.edtl, 4096);
	CU_ASSERT_EQUAL(t->scsi.cdb_len, PDU_CDB_LEN);
	CU_ASSERT_EQUAL(memcmp(t->scsi.cdb, read_cmd.cdb, PDU_CDB_LEN), 0);
	CU_ASSERT_EQUAL(memcmp(t->scsi.lun, read_cmd.lun, PDU_LUN_LEN), 0);
	CU_ASSERT_PTR_EQUAL(t->scsi.nexus, &p->c->session->nexus);
	task_free(t);
	bench_close(&b);
}

static void attributes(void)
{
	static const struct {
		uint8_t attr, scsi;
	} cases[] = {
		{ PDU_ATTR_UNTAGGED, SCSI_SIMPLE }, { PDU_ATTR_SIMPLE, SCSI_SIMPLE },
		{ PDU_ATTR_ORDERED, SCSI_ORDERED }, { PDU_ATTR_HEAD, SCSI_HEAD_OF_QUEUE },
		{ PDU_ATTR_ACA, SCSI_ACA },         { 7, SCSI_SIMPLE },
	};
	struct pdu_scsi_cmd cmd = read_cmd;
	struct bench b;
	struct peer *p;
	struct task *t;
	size_t i;

	bench_open(&b);
	p = bench_login(&b, "");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cmd.attr = cases[i].attr;
		t = new_task(p, &cmd);
		CU_ASSERT_EQUAL(t->scsi.attr, cases[i].scsi);
		task_free(t);
	}
	bench_close(&b);
}

/* Found by its tag, and counted, as long as it is there. */
static void counted_and_found(void)
{
	struct pdu_scsi_cmd cmd = read_cmd;
	struct task *one, *two;
	struct session *s;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	s = p->c->session;
	CU_ASSERT_PTR_NULL(task_find(s, 77));
	one = new_task(p, &cmd);
	CU_ASSERT_PTR_NULL(task_new(p->c, &cmd, &scsi_port_ops)); /* that tag is taken */
	cmd.itt = 0;
	cmd.immediate = true;
	two = new_task(p, &cmd);
	CU_ASSERT_PTR_EQUAL(task_find(s, 77), one);
	CU_ASSERT_PTR_EQUAL(task_find(s, 0), two);
	CU_ASSERT_EQUAL(s->ntasks, 2);
	CU_ASSERT_EQUAL(s->immediate, 1);
	CU_ASSERT_EQUAL(p->c->ntasks, 2);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 2);
	task_free(one);
	CU_ASSERT_PTR_NULL(task_find(s, 77));
	task_free(two);
	CU_ASSERT_EQUAL(s->ntasks, 0);
	CU_ASSERT_EQUAL(s->immediate, 0);
	CU_ASSERT_EQUAL(p->c->ntasks, 0);
	CU_ASSERT_EQUAL(b.iscsi.tasks, 0);
	bench_close(&b);
}

/* What a task was leaves nothing behind in the next one from the pool. */
static void memory_is_used_again_and_clean(void)
{
	struct bench b;
	struct peer *p;
	struct task *t;

	bench_open(&b);
	p = bench_login(&b, "");
	t = new_task(p, &read_cmd);
	t->is_damaged = true;
	t->no_room = true;
	t->says = true;
	t->in.offset = 9;
	task_cancel(t);
	t->scsi.cdb[20] = 9;
	task_free(t);
	CU_ASSERT_PTR_EQUAL(SLIST_FIRST(&b.iscsi.free_tasks), t);
	CU_ASSERT_PTR_EQUAL(new_task(p, &read_cmd), t);
	CU_ASSERT_FALSE(t->is_damaged || t->no_room || t->says || t->cancelled || t->is_open);
	CU_ASSERT_EQUAL(t->in.offset, 0);
	CU_ASSERT_EQUAL(t->scsi.cdb[20], 0);
	task_free(t);
	bench_close(&b);
}

/* Its tag is free, though it is still there; the next of that tag is not harmed by its end. */
static void a_cancelled_task_has_no_tag(void)
{
	struct task *old, *new;
	struct bench b;
	struct peer *p;

	bench_open(&b);
	p = bench_login(&b, "");
	old = new_task(p, &read_cmd);
	task_cancel(old);
	CU_ASSERT_PTR_NULL(task_find(p->c->session, 77));
	new = new_task(p, &read_cmd);
	CU_ASSERT_PTR_NOT_EQUAL(new, old);
	task_free(old);
	CU_ASSERT_PTR_EQUAL(task_find(p->c->session, 77), new);
	task_free(new);
	CU_ASSERT_PTR_NULL(task_find(p->c->session, 77));
	bench_close(&b);
}

/* A connection that goes, or a task, does not leave a pointer to the other. */
static void allegiance_ends_on_both_sides(void)
{
	struct bench b;
	struct peer *p;
	struct task *t;

	bench_open(&b);
	p = bench_login(&b, "");
	t = new_task(p, &read_cmd);
	p->c->rx_task = t;
	task_leave_conn(t);
	task_leave_conn(t);
	CU_ASSERT_PTR_NULL(t->conn);
	CU_ASSERT_PTR_NULL(p->c->rx_task);
	CU_ASSERT_EQUAL(p->c->ntasks, 0);
	task_free(t);
	t = new_task(p, &read_cmd);
	p->c->rx_task = t;
	task_free(t);
	CU_ASSERT_PTR_NULL(p->c->rx_task);
	bench_close(&b);
}

/* Its place in the window is given back once, by whoever is first. */
static void closed_once(void)
{
	struct cmdsn *w;
	struct bench b;
	struct peer *p;
	struct task *t;

	bench_open(&b);
	p = bench_login(&b, "");
	w = &p->c->session->cmdsn;
	t = new_task(p, &read_cmd);
	CU_ASSERT_EQUAL(cmdsn_accept(w, &t->order, w->exp), CMDSN_RUN);
	t->is_open = true;
	CU_ASSERT_EQUAL(w->open, 1);
	task_close(t);
	task_close(t);
	CU_ASSERT_EQUAL(w->open, 0);
	task_free(t);
	CU_ASSERT_EQUAL(w->open, 0);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "filled in from the command", filled_in_from_the_command },
	{ "task attributes", attributes },
	{ "counted and found", counted_and_found },
	{ "memory is used again, and clean", memory_is_used_again_and_clean },
	{ "a cancelled task has no tag", a_cancelled_task_has_no_tag },
	{ "allegiance ends on both sides", allegiance_ends_on_both_sides },
	{ "closed once", closed_once },
};

UNIT_MAIN("iscsi/task", tests)
