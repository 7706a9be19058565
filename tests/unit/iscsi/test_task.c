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

/* ---- data that stays where it came ---- */

#define LBA 5u
#define LEN 2048u

static uint8_t data[LEN];

/* A bench with a store that is done with its data at once, and data for it. */
static struct peer *early_open(struct bench *b, const char *keys)
{
	struct peer *p;
	size_t i;

	bench_open(b);
	b->disk->store.caps |= STORE_AT_ONCE;
	for (i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 7 + i / 512 + 1);
	p = bench_login(b, keys);
	return p;
}

/* A write of the data that comes whole; its task. */
static struct task *send_write(struct peer *p, uint8_t attr)
{
	struct pdu_scsi_cmd cmd;

	peer_rw10(&cmd, 0x2a, LBA, LEN / BENCH_BLOCK);
	cmd.attr = attr;
	cmd.data_len = LEN;
	return task_find(p->c->session, peer_scsi(p, &cmd, data));
}

/* Another recvmsg: the stage of the one before is freed. */
static void use_stage_anew(struct peer *p)
{
	struct got g;

	peer_nop(p, true, NULL, 0);
	CU_ASSERT_TRUE(LIST_EMPTY(&p->bench->iscsi.early));
	peer_expect(p, PDU_NOP_IN, &g);
}

static bool is_written(const struct bench *b)
{
	return !memcmp(b->disk->bytes + (size_t)LBA * BENCH_BLOCK, data, LEN);
}

/* The store gets the very bytes that came: here they are changed after that. */
static void written_from_the_stage(void)
{
	struct bench b;
	struct peer *p = early_open(&b, "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
	struct task *t = send_write(p, PDU_ATTR_SIMPLE);

	CU_ASSERT_PTR_EQUAL_FATAL(t->scsi.early, b.stage + PDU_BHS_LEN + PDU_DIGEST_LEN);
	t->scsi.early[1] = data[1] = 0xa5;
	CU_ASSERT_EQUAL(peer_end(p, t->itt, NULL), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));
	CU_ASSERT_TRUE(LIST_EMPTY(&b.iscsi.early)); /* with its task, if not before */
	use_stage_anew(p);
	bench_close(&b);
}

/* A store that may keep a write for a while gets it in a buffer. */
static void written_later_from_its_buffer(void)
{
	struct bench b;
	struct peer *p = early_open(&b, "");
	struct task *t;

	b.disk->store.caps &= ~(uint32_t)STORE_AT_ONCE;
	b.disk->hold = true;
	t = send_write(p, PDU_ATTR_SIMPLE);
	CU_ASSERT_PTR_NOT_NULL(t->scsi.early);
	bench_run(&b);
	CU_ASSERT_EQUAL(b.disk->nheld, 1);
	CU_ASSERT_PTR_EQUAL(t->scsi.io.data, t->scsi.buf->data);
	use_stage_anew(p);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, t->itt, NULL), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));
	bench_close(&b);
}

/* The stage is used anew before the command had its turn. */
static void overtaken_by_more_bytes(void)
{
	struct bench b;
	struct peer *p = early_open(&b, "");
	struct task *t = send_write(p, PDU_ATTR_SIMPLE);
	uint32_t itt = t->itt;

	peer_test_unit_ready(p);
	CU_ASSERT_PTR_NULL(t->scsi.early);
	CU_ASSERT_EQUAL(peer_end(p, itt, NULL), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));
	bench_close(&b);
}

/* It waits for a command before it, or for the end of one. */
static void waits_with_its_data(void)
{
	struct bench b;
	struct peer *p = early_open(&b, "");
	struct task *t;

	p->cmdsn++;
	t = send_write(p, PDU_ATTR_SIMPLE);
	CU_ASSERT_EQUAL(t->state, TASK_HELD);
	use_stage_anew(p);
	p->cmdsn -= 2;
	peer_test_unit_ready(p);
	p->cmdsn++;
	CU_ASSERT_EQUAL(peer_end(p, t->itt, NULL), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));

	memset(b.disk->bytes, 0, (size_t)BENCH_BLOCKS * BENCH_BLOCK);
	b.disk->hold = true;
	peer_read(p, 0, 1);
	t = send_write(p, PDU_ATTR_ORDERED);
	bench_run(&b);
	CU_ASSERT_EQUAL(t->scsi.state, SCSI_TASK_DORMANT);
	use_stage_anew(p);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, t->itt, NULL), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));
	bench_close(&b);
}

/* COMPARE AND WRITE looks at its data several times: it has it in a buffer. */
static void only_plain_writes_take_it(void)
{
	struct pdu_scsi_cmd cmd = { .final = true, .write = true, .edtl = 1024, .data_len = 1024 };
	struct bench b;
	struct peer *p = early_open(&b, "");

	memset(data, 0, 512);
	cmd.cdb[0] = 0x89;
	cmd.cdb[9] = LBA;
	cmd.cdb[13] = 1;
	CU_ASSERT_EQUAL(peer_end(p, peer_scsi(p, &cmd, data), NULL), SCSI_GOOD);
	CU_ASSERT_EQUAL(
		memcmp(b.disk->bytes + (size_t)LBA * BENCH_BLOCK, data + BENCH_BLOCK, BENCH_BLOCK),
		0);
	use_stage_anew(p);
	bench_close(&b);
}

/* Its connection goes, and its task at once or after the next bytes of another. */
static void lost_with_its_data(void)
{
	static const uint8_t attrs[] = { PDU_ATTR_SIMPLE, PDU_ATTR_ORDERED };
	struct peer *p, *other;
	struct bench b;
	size_t i;

	for (i = 0; i < 2; i++) {
		p = early_open(&b, "");
		other = bench_login(&b, "");
		b.disk->hold = true;
		peer_read(p, 0, 1);
		bench_run(&b);
		send_write(p, attrs[i]);
		peer_cut(p);
		use_stage_anew(other);
		bench_store_release(b.disk);
		bench_run(&b);
		CU_ASSERT_FALSE(is_written(&b));
		CU_ASSERT_TRUE(LIST_EMPTY(&b.iscsi.early));
		bench_close(&b);
	}
}

/* Part of the data comes in another way: then all of it goes to the buffer. */
static void only_whole_data_stays(void)
{
	struct bench b;
	struct peer *p = early_open(&b, "");
	uint32_t itt = peer_write(p, LBA, LEN / BENCH_BLOCK, data, 1024, true);

	CU_ASSERT_PTR_NULL(task_find(p->c->session, itt)->scsi.early);
	CU_ASSERT_TRUE(LIST_EMPTY(&b.iscsi.early));
	CU_ASSERT_EQUAL(peer_end(p, itt, data), SCSI_GOOD);
	CU_ASSERT_TRUE(is_written(&b));
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
	{ "written from the stage", written_from_the_stage },
	{ "written later from its buffer", written_later_from_its_buffer },
	{ "overtaken by more bytes", overtaken_by_more_bytes },
	{ "waits with its data", waits_with_its_data },
	{ "only plain writes take it", only_plain_writes_take_it },
	{ "lost with its data", lost_with_its_data },
	{ "only whole data stays", only_whole_data_stays },
};

UNIT_MAIN("iscsi/task", tests)
