/* Error recovery level 1 (RFC 7143, 7.8, 7.9, 11.16): what was lost is said again. */
#include "erl.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define LEN    65536u
#define PIECE  4096u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define PDUS   (LEN / PIECE)

/* Level 1; reads come in PDUs of PIECE bytes, in sequences of four; writes wait for R2Ts. */
#define LEVEL_1                                                 \
	"ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=4096\n" \
	"MaxBurstLength=16384\nFirstBurstLength=16384\n"        \
	"InitialR2T=Yes\nImmediateData=No\n"
#define DIGESTS "HeaderDigest=CRC32C\nDataDigest=CRC32C\n"

static uint8_t data[LEN], in[LEN];
static struct erl_pdu came[PDUS + 1], again;

static void open_session(struct ini_session *s, const char *more)
{
	char keys[512];

	(void)snprintf(keys, sizeof(keys), "%s%s", LEVEL_1, more);
	fixture_login(s, keys);
	CHECK_NUM(s->param.ErrorRecoveryLevel, 1);
}

static void fill(struct ini_session *s, uint32_t seed)
{
	struct ini_task t;

	fixture_fill(data, LEN, seed);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	CHECK_GOOD(s, &t);
}

static void check_disk(struct ini_session *s)
{
	struct ini_task t;

	memset(in, 0, LEN);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_GOOD(s, &t);
	CHECK_THAT(memcmp(in, data, LEN) == 0, "other data is on the disk");
}

/* Start a read and take all its PDUs; the last one has the status. */
static void take_read(struct ini_session *s, struct ini_task *t)
{
	uint32_t i;

	ini_scsi_read(t, fixture_lun(), 0, BLOCKS, in, LEN);
	erl_command(s, t);
	for (i = 0; i < PDUS; i++) {
		erl_expect(s, &came[i], PDU_DATA_IN);
		CHECK_NUM(be32(came[i].bhs + 36), i);
	}
	CHECK(came[PDUS - 1].bhs[1] & PDU_DATA_IN_STATUS);
}

/* ---- SNACK ---- */

/* Any run of Data-In comes again as it was, status and all. */
static void data_snack(void)
{
	static const struct {
		uint32_t begrun, runlength, first, n;
	} runs[] = { { 3, 1, 3, 1 },      { 0, 2, 0, 2 },
		     { 5, 4, 5, 4 },      { PDUS - 1, 1, PDUS - 1, 1 },
		     { 7, 0, 7, 9 },      { 0, 0, 0, PDUS },
		     { 0, PDUS, 0, PDUS } };
	struct ini_session s;
	struct ini_task t;
	uint32_t i, k;

	open_session(&s, "");
	fill(&s, 1);
	take_read(&s, &t);
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, runs[i].begrun,
			  runs[i].runlength);
		for (k = 0; k < runs[i].n; k++) {
			erl_recv(&s, &again);
			erl_same(&again, &came[runs[i].first + k]);
		}
	}
	erl_got(&s, &came[PDUS - 1]);
	erl_silence(&s);
	fixture_leave(&s);
}

/* What was never sent, or is acknowledged, is no run. */
static void runs_that_are_none(void)
{
	struct ini_session s;
	struct ini_task t;

	open_session(&s, "");
	fill(&s, 2);
	take_read(&s, &t);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, PDUS, 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 3, PDUS);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0xffffffff, 2);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt + 1, PDU_TAG_RESERVED, 0, 0);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_snack(&s, 9, t.itt, PDU_TAG_RESERVED, 0, 0);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_silence(&s); /* with ExpStatSN, which acknowledges the read */
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0, 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_snack(&s, PDU_SNACK_STATUS, PDU_TAG_RESERVED, PDU_TAG_RESERVED,
		  be32(came[PDUS - 1].bhs + 24), 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	fixture_leave(&s);
}

/* Statuses of all kinds come again as they were, those in Data-In too. */
static void status_snack(void)
{
	struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	static struct erl_pdu first[3];
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_task t;
	uint32_t i, k;

	open_session(&s, "");
	ini_scsi_test_unit_ready(&t, 99);
	erl_command(&s, &t);
	erl_expect(&s, &first[0], PDU_SCSI_RSP);
	CHECK(first[0].data_len > 0);
	pdu_put_nop_out(bhs, &nop);
	CHECK_OK(&s, ini_session_post(&s, bhs, "hello", 5, NULL));
	erl_expect(&s, &first[1], PDU_NOP_IN);
	ini_scsi_read(&t, fixture_lun(), 0, 1, in, 512);
	erl_command(&s, &t);
	erl_expect(&s, &first[2], PDU_DATA_IN);
	for (i = 0; i < 3; i++) {
		erl_snack(&s, PDU_SNACK_STATUS, PDU_TAG_RESERVED, PDU_TAG_RESERVED,
			  be32(first[i].bhs + 24), 1);
		erl_recv(&s, &again);
		erl_same(&again, &first[i]);
		erl_snack(&s, PDU_SNACK_STATUS, PDU_TAG_RESERVED, PDU_TAG_RESERVED, 0, 0);
		for (k = 0; k < 3; k++) {
			erl_recv(&s, &again);
			erl_same(&again, &first[k]);
		}
	}
	erl_got(&s, &first[2]);
	erl_silence(&s);
	fixture_leave(&s);
}

/* A SNACK that is rejected while nothing is acknowledged. */
static void expect_rejected(struct ini_session *s, uint8_t type, uint32_t ttt, uint32_t begrun,
			    uint8_t reason)
{
	uint32_t expstatsn = s->expstatsn;

	erl_snack(s, type, PDU_TAG_RESERVED, ttt, begrun, 0);
	erl_rejected(s, reason);
	s->expstatsn = expstatsn;
}

/* 11.7.2, 11.16.2: each sequence but the last asks to be acknowledged; then it is gone. */
static void data_ack(void)
{
	struct ini_session s;
	struct ini_task t;
	uint32_t i, ttt = PDU_TAG_RESERVED;

	open_session(&s, "");
	fill(&s, 3);
	take_read(&s, &t);
	for (i = 0; i < PDUS; i++) {
		bool asks = i % 4 == 3 && i < PDUS - 1;

		CHECK_NUM(!!(came[i].bhs[1] & PDU_DATA_IN_ACK), asks);
		if (asks)
			ttt = be32(came[i].bhs + 20);
		CHECK((be32(came[i].bhs + 20) == PDU_TAG_RESERVED) == !asks);
	}
	expect_rejected(&s, PDU_SNACK_DATA_ACK, ttt, PDUS + 1, PDU_REJECT_INVALID_DATA_ACK);
	expect_rejected(&s, PDU_SNACK_DATA_ACK, ttt + 1, 4, PDU_REJECT_INVALID_DATA_ACK);
	erl_snack(&s, PDU_SNACK_DATA_ACK, PDU_TAG_RESERVED, ttt, 8, 0);
	expect_rejected(&s, PDU_SNACK_DATA_ACK, ttt, 7, PDU_REJECT_INVALID_DATA_ACK);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0, 0);
	for (i = 8; i < PDUS; i++) {
		erl_recv(&s, &again);
		erl_same(&again, &came[i]);
	}
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 7, 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_silence(&s);
	fixture_leave(&s);
}

/* Declare another MaxRecvDataSegmentLength, acknowledging nothing. */
static void declare(struct ini_session *s, const char *pair)
{
	struct pdu_text_req req = { .immediate = true, .final = true, .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_text_req(bhs, &req);
	CHECK_OK(s, ini_session_post(s, bhs, pair, (uint32_t)strlen(pair) + 1, NULL));
	erl_expect(s, &again, PDU_TEXT_RSP);
}

/* 11.16.3: other lengths; the data anew, and a response with the SNACK's tag. */
static void r_data_snack(void)
{
	struct ini_session s;
	struct ini_task t;
	uint32_t i, statsn;

	open_session(&s, "");
	fill(&s, 4);
	take_read(&s, &t);
	statsn = be32(came[PDUS - 1].bhs + 24);
	declare(&s, "MaxRecvDataSegmentLength=2048");
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 3, 1);
	erl_rejected(&s, PDU_REJECT_SNACK);
	s.expstatsn = statsn;
	erl_snack(&s, PDU_SNACK_R_DATA, t.itt, 0, 0, 0);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	s.expstatsn = statsn;
	erl_snack(&s, PDU_SNACK_R_DATA, t.itt, 0x77, 0, 0);
	for (i = 0; i < 2 * PDUS; i++) {
		erl_expect(&s, &again, PDU_DATA_IN);
		CHECK_NUM(be32(again.bhs + 36), i);
		CHECK_NUM(again.data_len, 2048);
		CHECK(!(again.bhs[1] & PDU_DATA_IN_STATUS));
		CHECK(memcmp(again.data, data + (size_t)i * 2048, 2048) == 0);
	}
	erl_expect(&s, &again, PDU_SCSI_RSP);
	CHECK_NUM(be32(again.bhs + 20), 0x77);
	CHECK_NUM(be32(again.bhs + 24), statsn);
	CHECK_NUM(be32(again.bhs + 36), 2 * PDUS);
	s.expstatsn = statsn + 4;
	erl_silence(&s);
	fixture_leave(&s);
}

/* An R2T that is lost is asked for again, and comes as it was. */
static void r2t_snack(void)
{
	struct pdu_r2t r2t, same;
	struct ini_session s;
	struct ini_task t;

	open_session(&s, "");
	fixture_fill(data, LEN, 5);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	erl_command(&s, &t);
	r2t = erl_r2t(&s);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0, 1);
	same = erl_r2t(&s);
	CHECK(same.ttt == r2t.ttt && same.offset == r2t.offset && same.len == r2t.len);
	CHECK_NUM(same.r2tsn, r2t.r2tsn);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 1, 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	erl_answer(&s, &t, &r2t, PIECE);
	r2t = erl_r2t(&s);
	CHECK_NUM(r2t.r2tsn, 1);
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0, 1);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR); /* satisfied */
	erl_snack(&s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, 0, 0);
	CHECK_NUM(erl_r2t(&s).ttt, r2t.ttt);
	erl_answer(&s, &t, &r2t, PIECE);
	while (r2t.offset + r2t.len < LEN) {
		r2t = erl_r2t(&s);
		erl_answer(&s, &t, &r2t, PIECE);
	}
	erl_good(&s, &t);
	check_disk(&s);
	fixture_leave(&s);
}

/* ---- writes ---- */

enum fault { LOST, DAMAGED, HEADER_DAMAGED, TWICE, SWAPPED, FAULTS };

/* Answer an R2T with a fault at its k-th PDU. */
static void answer_badly(struct ini_session *s, const struct ini_task *t, const struct pdu_r2t *r2t,
			 enum fault fault, uint32_t k)
{
	uint32_t n = r2t->len / PIECE, i;
	struct pdu_data_out out[4];

	for (i = 0; i < n; i++)
		out[i] = (struct pdu_data_out){ .ttt = r2t->ttt,
						.datasn = i,
						.offset = r2t->offset + i * PIECE,
						.data_len = PIECE,
						.final = i == n - 1 };
	for (i = 0; i < n; i++) {
		if (i == k && fault == LOST)
			continue;
		if (i == k && fault == SWAPPED && i + 1 < n - 1) {
			erl_data(s, t, &out[i + 1], 0);
			erl_data(s, t, &out[i], 0);
			i++;
			continue;
		}
		erl_data(s, t, &out[i],
			 i != k                    ? 0
			 : fault == DAMAGED        ? INI_BAD_DATA_DIGEST
			 : fault == HEADER_DAMAGED ? INI_BAD_HEADER_DIGEST
						   : 0);
		if (i == k && fault == TWICE)
			erl_data(s, t, &out[i], 0);
	}
}

static void write_badly(struct ini_session *s, enum fault fault, uint32_t burst, uint32_t k)
{
	struct pdu_r2t r2t = { .len = 0 };
	struct ini_task t;
	uint32_t n;

	fixture_fill(data, LEN, 100 + fault * 64 + burst * 4 + k);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	erl_command(s, &t);
	for (n = 0; n < 4; n++) {
		r2t = erl_r2t(s);
		CHECK_NUM(r2t.offset, n * 4 * PIECE);
		if (n != burst) {
			erl_answer(s, &t, &r2t, PIECE);
			continue;
		}
		answer_badly(s, &t, &r2t, fault, k);
		if (fault == DAMAGED)
			erl_rejected(s, PDU_REJECT_DATA_DIGEST);
		if (fault == TWICE || fault == SWAPPED)
			continue;
		r2t = erl_r2t(s); /* for exactly what is missing */
		CHECK_NUM(r2t.offset, (n * 4 + k) * PIECE);
		CHECK_NUM(r2t.len, PIECE);
		erl_answer(s, &t, &r2t, PIECE);
	}
	erl_good(s, &t);
	check_disk(s);
}

/* Each PDU of a write in turn is lost, damaged, repeated, or out of order. */
static void every_pdu_of_a_write(void)
{
	static const char *const orders[] = { "", "DataPDUInOrder=No\nDataSequenceInOrder=No\n" };
	struct ini_session s;
	uint32_t o, burst, k;
	unsigned int fault;

	for (o = 0; o < 2; o++) {
		char keys[256];

		(void)snprintf(keys, sizeof(keys), DIGESTS "MaxOutstandingR2T=1\n%s", orders[o]);
		open_session(&s, keys);
		for (fault = LOST; fault < FAULTS; fault++) {
			for (burst = 0; burst < 4; burst++) {
				/* the end of a sequence is missed only in time: see silence() */
				uint32_t last = fault == LOST || fault == HEADER_DAMAGED ? 3 : 4;

				for (k = 0; k < last; k++)
					write_badly(&s, (enum fault)fault, burst, k);
			}
		}
		fixture_leave(&s);
	}
}

/* The initiator says nothing where data is due: it is asked again, for what is missing. */
static void silence(void)
{
	struct pdu_r2t r2t, again_r2t;
	struct pdu_data_out out = { .data_len = PIECE };
	struct ini_session s;
	struct ini_task t;

	open_session(&s, "");
	fixture_fill(data, LEN, 6);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	erl_command(&s, &t);
	r2t = erl_r2t(&s);
	out.ttt = r2t.ttt;
	erl_data(&s, &t, &out, 0);
	again_r2t = erl_r2t(&s);
	CHECK(again_r2t.offset == PIECE && again_r2t.len == 3 * PIECE);
	CHECK_NUM(again_r2t.r2tsn, 1);
	erl_answer(&s, &t, &again_r2t, PIECE);
	r2t = erl_r2t(&s);
	CHECK_NUM(r2t.offset, 4 * PIECE);
	erl_answer(&s, &t, &r2t, PIECE);
	while (r2t.offset + r2t.len < LEN) {
		r2t = erl_r2t(&s);
		erl_answer(&s, &t, &r2t, PIECE);
	}
	erl_good(&s, &t);
	check_disk(&s);
	fixture_leave(&s);
}

/* A status that is not acknowledged: a ping tells that there was one (11.19). */
static void a_lost_status(void)
{
	static struct erl_pdu first;
	struct ini_session s;
	struct ini_task t;
	uint32_t statsn;

	open_session(&s, "");
	ini_scsi_test_unit_ready(&t, fixture_lun());
	erl_command(&s, &t);
	erl_expect(&s, &first, PDU_SCSI_RSP);
	statsn = be32(first.bhs + 24);
	CHECK_NUM(erl_ping(&s, 10000), statsn + 1);
	erl_snack(&s, PDU_SNACK_STATUS, PDU_TAG_RESERVED, PDU_TAG_RESERVED, statsn, 1);
	erl_recv(&s, &again);
	erl_same(&again, &first);
	erl_got(&s, &again);
	erl_silence(&s);
	fixture_leave(&s);
}

/* ---- commands ---- */

/* Send t, with its data as immediate data, as the command with its own tag and number. */
static void send_command(struct ini_session *s, const struct ini_task *t, unsigned int faults)
{
	struct pdu_scsi_cmd cmd = { .final = true,
				    .read = t->in_len > 0,
				    .write = t->out_len > 0,
				    .attr = PDU_ATTR_SIMPLE,
				    .itt = t->itt,
				    .cmdsn = t->cmdsn,
				    .edtl = t->out_len,
				    .expstatsn = s->expstatsn };
	struct ini_pdu pdu = { .data = t->out, .data_len = t->out_len, .faults = faults };

	memcpy(cmd.lun, t->lun, PDU_LUN_LEN);
	memcpy(cmd.cdb, t->cdb, PDU_CDB_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	CHECK_OK(s, ini_conn_send(&s->conn, &pdu, s->timeout_ms));
}

#define IMMEDIATE "ErrorRecoveryLevel=1\nImmediateData=Yes\nInitialR2T=Yes\n" DIGESTS

/* 7.8: immediate data that is damaged: the command is sent again, as it was. */
static void immediate_data_is_damaged(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, IMMEDIATE);
	fill(&s, 7);
	fixture_fill(data, PIECE, 8);
	ini_scsi_write(&t, fixture_lun(), 0, PIECE / FIXTURE_BLOCK, data, PIECE);
	t.itt = s.itt++;
	t.cmdsn = s.cmdsn++;
	send_command(&s, &t, INI_BAD_DATA_DIGEST);
	erl_rejected(&s, PDU_REJECT_DATA_DIGEST);
	send_command(&s, &t, 0);
	erl_good(&s, &t);
	check_disk(&s);
	fixture_leave(&s);
}

/* 7.2.1: a command that is sent again, though it had come, is carried out once. */
static void retries(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, IMMEDIATE);
	fill(&s, 9);
	ini_scsi_write(&t, fixture_lun(), 0, PIECE / FIXTURE_BLOCK, data, PIECE);
	t.itt = s.itt++;
	t.cmdsn = s.cmdsn++;
	send_command(&s, &t, 0);
	send_command(&s, &t, 0);
	erl_good(&s, &t);
	send_command(&s, &t, 0);
	erl_silence(&s);
	check_disk(&s);
	fixture_leave(&s);
}

/* 7.8: a PDU whose header is damaged is dropped; two in a row are the end of the connection. */
static void damaged_headers(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, IMMEDIATE);
	fill(&s, 10);
	ini_scsi_write(&t, fixture_lun(), 0, PIECE / FIXTURE_BLOCK, data, PIECE);
	t.itt = s.itt++;
	t.cmdsn = s.cmdsn++;
	send_command(&s, &t, INI_BAD_HEADER_DIGEST);
	erl_silence(&s);
	CHECK_NUM(s.expcmdsn, t.cmdsn);
	send_command(&s, &t, 0);
	erl_good(&s, &t);
	check_disk(&s);
	send_command(&s, &t, INI_BAD_HEADER_DIGEST);
	send_command(&s, &t, INI_BAD_HEADER_DIGEST);
	fixture_expect_end(&s);
	fixture_serves();
}

/* At level 0 nothing of this is there. */
static void not_at_level_0(void)
{
	struct ini_session s;

	fixture_login(&s, "ErrorRecoveryLevel=0\n");
	erl_snack(&s, PDU_SNACK_STATUS, PDU_TAG_RESERVED, PDU_TAG_RESERVED, 0, 0);
	erl_rejected(&s, PDU_REJECT_PROTOCOL_ERROR);
	fixture_leave(&s);
}

/* Who never acknowledges anything is given up before it costs much. */
static void nothing_is_acknowledged(void)
{
	struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	static uint8_t payload[65536];
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t first;
	int err = 0, i;

	fixture_login(&s, "ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=65536\n");
	first = s.expstatsn;
	pdu_put_nop_out(bhs, &nop);
	for (i = 0; i < 1000 && !err; i++) {
		s.expstatsn = first;
		CHECK_OK(&s, ini_session_post(&s, bhs, payload, sizeof(payload), NULL));
		err = ini_conn_recv(&s.conn, &pdu, s.timeout_ms);
	}
	CHECK_NUM(-err, ECONNRESET);
	CHECK(i < 100);
	ini_session_close(&s);
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "11.16: runs of Data-In come again", data_snack },
	{ "11.16: runs that are none are rejected", runs_that_are_none },
	{ "11.16: statuses come again", status_snack },
	{ "11.16.2: acknowledged data is gone", data_ack },
	{ "11.16.3: data anew, with a tag", r_data_snack },
	{ "11.16: R2Ts come again", r2t_snack },
	{ "7.8: every PDU of a write is lost, damaged, repeated, out of order",
	  every_pdu_of_a_write },
	{ "7.9: an initiator that is silent is asked again", silence },
	{ "11.19: a ping tells of a lost status", a_lost_status },
	{ "7.8: damaged immediate data", immediate_data_is_damaged },
	{ "7.2.1: a command is sent again", retries },
	{ "7.8: damaged headers", damaged_headers },
	{ "11.16: SNACK at level 0 is rejected", not_at_level_0 },
	{ "4.2.2.2: nothing is acknowledged", nothing_is_acknowledged },
};

PROTOCOL_MAIN("protocol/erl1", NULL, tests)
