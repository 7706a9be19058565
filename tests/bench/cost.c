/*
 * What a READ(10) or WRITE(10) costs in instructions, from a PDU's bytes at the door to the bytes
 * of its answer, without socket, clock or disk. Run under callgrind by cost.py with two numbers of
 * commands: the difference is the commands' own.
 */
#include "iscsi/bench.h"
#include "iscsi/peer.h"

#include <stdlib.h>
#define BATCH 32 /* commands that one recv brings */
#define PDU   (PDU_BHS_LEN + BENCH_BLOCK)

struct rig {
	struct bench *b;
	struct peer *p;
	bool writes;
	uint32_t len; /* bytes of a command's PDU: a write brings its block */
	uint8_t stage[(size_t)BATCH * PDU];
};

/* BATCH commands of one block each, as they come from a socket. */
static size_t make_batch(struct rig *r)
{
	struct pdu_scsi_cmd cmd;
	struct peer *p = r->p;
	uint32_t i;

	for (i = 0; i < BATCH; i++) {
		uint8_t *at = r->stage + (size_t)i * r->len;

		peer_rw10(&cmd, r->writes ? 0x2a : 0x28, i * 7 % BENCH_BLOCKS, 1);
		cmd.attr = PDU_ATTR_SIMPLE;
		cmd.itt = ++p->itt;
		cmd.cmdsn = p->cmdsn++;
		cmd.expstatsn = p->statsn;
		cmd.data_len = r->writes ? BENCH_BLOCK : 0;
		pdu_put_scsi_cmd(at, &cmd);
	}
	p->statsn += BATCH;
	return (size_t)BATCH * r->len;
}

/* A turn of the loop; how many bytes of answers it made. */
static size_t turn(struct rig *r)
{
	struct bench *b = r->b;
	struct conn *c = r->p->c;
	struct iovec iov[256];
	size_t bytes = 0;
	int i, n;

	while (store_env_reap(b->env, false) | scsi_core_run(&b->core) | buf_pool_serve(&b->pool))
		;
	store_env_flush(b->env);
	STAILQ_INIT(&b->iscsi.dirty);
	c->is_dirty = false;
	n = pdu_tx_iov(&c->tx, iov, 256, 1u << 20);
	for (i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	pdu_tx_commit(&c->tx, bytes);
	door_tend(c, b->now_ms);
	return bytes;
}

static void run_batch(struct rig *r)
{
	size_t answer = r->writes ? PDU_BHS_LEN : PDU_BHS_LEN + BENCH_BLOCK;
	size_t len = make_batch(r);
	struct iovec iov[2];

	CU_ASSERT_EQUAL_FATAL(door_space(r->p->c, iov, r->stage, len), 1);
	CU_ASSERT_PTR_EQUAL_FATAL(iov[0].iov_base, r->stage);
	door_input(r->p->c, r->stage, len, r->b->now_ms);
	CU_ASSERT_EQUAL_FATAL(turn(r), BATCH * answer);
}

static void measure(bool writes, long commands)
{
	struct rig *r = bench_alloc(sizeof(*r));
	struct bench *b = bench_alloc(sizeof(*b));
	long i;

	bench_open(b);
	b->disk->store.caps |= STORE_AT_ONCE; /* as memory */
	*r = (struct rig){ .b = b, .p = bench_login(b, ""), .writes = writes };
	r->len = PDU_BHS_LEN + (writes ? BENCH_BLOCK : 0);
	for (i = 0; i < commands; i += BATCH)
		run_batch(r);
	bench_close(b);
	free(b);
	free(r);
}

/* COST_COMMANDS of them; writes where COST_WRITES is set. */
static void commands_of_one_block(void)
{
	const char *commands = getenv("COST_COMMANDS");

	CU_ASSERT_PTR_NOT_NULL_FATAL(commands);
	measure(getenv("COST_WRITES") != NULL, strtol(commands, NULL, 10));
}

static const struct unit_test tests[] = {
	{ "commands of one block", commands_of_one_block },
};

UNIT_MAIN("bench/cost", tests)
