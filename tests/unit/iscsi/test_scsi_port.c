/* Whether commands through the port always come to an end, however little memory there is. */
#include "iscsi/scsi_port.h"

#include "peer.h"

#define KIB     ((size_t)1024)
#define LUN_LEN (BENCH_BLOCKS * BENCH_BLOCK)

static uint8_t data[LUN_LEN];

/* VERIFY with BYTCHK: the initiator's bytes, and work space for those of the medium. */
static void verify10(struct pdu_scsi_cmd *cmd, uint32_t lba, uint16_t blocks)
{
	peer_rw10(cmd, 0x2f, lba, blocks);
	cmd->cdb[1] = 0x02;
	cmd->write = true;
}

/*
 * One that waits for all of the memory, and one behind it that brought its data along and waits
 * for work space: what that one has must not be of the memory that the first one waits for.
 */
static void early_data_is_not_in_the_way_of_those_before_it(void)
{
	struct pdu_scsi_cmd cmd;
	uint32_t first, second;
	struct bench b;
	struct peer *p;

	bench_open_with(&b, 256 * KIB, 256 * KIB);
	p = bench_login(&b, "ImmediateData=Yes\nFirstBurstLength=65536\n");
	b.disk->hold = true;
	peer_read(p, 0, 128);
	peer_expect_nothing(p);
	verify10(&cmd, 0, 256); /* 128 KiB and as much work space */
	first = peer_scsi(p, &cmd, NULL);
	verify10(&cmd, 0, 64);
	cmd.data_len = (uint32_t)(32 * KIB);
	second = peer_scsi(p, &cmd, data);
	bench_run(&b);
	bench_store_release(b.disk);
	CU_ASSERT_EQUAL(peer_end(p, first, data), SCSI_GOOD);
	CU_ASSERT_EQUAL(peer_end(p, second, data), SCSI_GOOD);
	bench_close(&b);
}

/* ---- all kinds at once ---- */

#define PEERS    2
#define COMMANDS 64 /* of each peer, in flight at once */

/* A number from 0 to n - 1, the same ones at each start. */
static uint32_t draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

/* A command of some kind, with some of its data at once. */
static void send_some(struct peer *p, uint32_t *seed)
{
	static const uint8_t blocks_of[] = { 1, 2, 8, 16, 60, 64, 128 };
	uint16_t blocks = blocks_of[draw(seed, sizeof(blocks_of))];
	struct pdu_scsi_cmd cmd;

	switch (draw(seed, 5)) {
	case 0: peer_rw10(&cmd, 0x28, 0, blocks); break;
	case 1: peer_rw10(&cmd, 0x2a, 0, blocks); break;
	case 2: verify10(&cmd, 0, blocks); break;
	case 3: /* WRITE SAME(10) */
		peer_rw10(&cmd, 0x41, 0, blocks);
		cmd.edtl = BENCH_BLOCK;
		cmd.write = true;
		break;
	default: /* COMPARE AND WRITE */
		peer_rw10(&cmd, 0x89, 0, 0);
		memset(cmd.cdb + 1, 0, sizeof(cmd.cdb) - 1);
		blocks = blocks > 64 ? 64 : blocks;
		cmd.cdb[13] = (uint8_t)blocks;
		cmd.edtl = 2 * blocks * BENCH_BLOCK;
		cmd.write = true;
		break;
	}
	if (draw(seed, 4) == 0)
		cmd.attr = PDU_ATTR_ORDERED;
	if (cmd.write && draw(seed, 3)) {
		cmd.data_len = cmd.edtl < 16384 ? cmd.edtl : 16384;
		cmd.data_len /= 1 + draw(seed, 2);
	}
	peer_scsi(p, &cmd, data);
}

/* Take what came; answer R2Ts. How many commands ended, one way or the other. */
static unsigned int take_ends(struct peer *p)
{
	struct pdu_data_out out;
	unsigned int ends = 0;
	struct pdu_r2t r2t;
	struct got g;

	while (peer_next(p, &g)) {
		ends += g.opcode == PDU_SCSI_RSP ||
			(g.opcode == PDU_DATA_IN && (g.bhs[1] & PDU_DATA_IN_STATUS));
		if (g.opcode != PDU_R2T || pdu_get_r2t(g.bhs, &r2t) != PDU_OK)
			continue;
		out = (struct pdu_data_out){
			.final = true,
			.itt = g.itt,
			.ttt = r2t.ttt,
			.offset = r2t.offset,
			.data_len = r2t.len,
		};
		peer_data_out(p, &out, data + r2t.offset);
	}
	return ends;
}

static void flood(size_t ceiling, size_t reserve, uint32_t seed)
{
	unsigned int i, ends[PEERS] = { 0 };
	struct peer *peers[PEERS];
	struct bench b;
	int turn;

	bench_open_with(&b, ceiling, reserve);
	for (i = 0; i < PEERS; i++)
		peers[i] = bench_login(&b, "ImmediateData=Yes\nFirstBurstLength=65536\n");
	b.disk->hold = true;
	for (i = 0; i < PEERS * COMMANDS; i++)
		send_some(peers[i % PEERS], &seed);
	bench_run(&b);
	bench_store_release(b.disk);
	for (turn = 0; turn < 4 * COMMANDS; turn++) {
		bench_run(&b);
		for (i = 0; i < PEERS; i++)
			ends[i] += take_ends(peers[i]);
	}
	for (i = 0; i < PEERS; i++)
		CU_ASSERT_EQUAL(ends[i], COMMANDS);
	bench_close(&b);
}

/* Whatever there is to hold and to wait for: all commands end while their initiators go on. */
static void all_kinds_at_once_come_to_an_end(void)
{
	static const size_t ceilings[] = { 128 * KIB, 256 * KIB, 512 * KIB, 2048 * KIB };
	uint32_t seed;
	size_t i;

	for (i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
		for (seed = 1; seed <= 8; seed++) {
			flood(ceilings[i], 0, seed);
			flood(ceilings[i], 64 * KIB, seed);
			flood(ceilings[i], ceilings[i], seed);
		}
	}
}

static const struct unit_test tests[] = {
	{ "early data is not in the way of those before it",
	  early_data_is_not_in_the_way_of_those_before_it },
	{ "all kinds at once come to an end", all_kinds_at_once_come_to_an_end },
};

UNIT_MAIN("iscsi/scsi_port", tests)
