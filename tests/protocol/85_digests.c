/* Header and data digests (RFC 7143, 7.8, 11.2.3, 13.1). */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEN    16384u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define HEADER "HeaderDigest=CRC32C\n"
#define DATA   "DataDigest=CRC32C\n"
#define WAITS  "InitialR2T=Yes\nImmediateData=No\n"

static const char *const combinations[] = { HEADER, DATA, HEADER DATA,
					    HEADER DATA "InitialR2T=No\n",
					    HEADER DATA WAITS "MaxRecvDataSegmentLength=512\n" };

static uint8_t old[LEN], new[LEN], in[LEN];

/* Log in, and write what must not change. */
static void prepare(struct ini_session *s, const char *keys)
{
	struct ini_task t;

	fixture_login(s, keys);
	CHECK(s->conn.header_digest == (strstr(keys, HEADER) != NULL));
	CHECK(s->conn.data_digest == (strstr(keys, DATA) != NULL));
	fixture_fill(old, LEN, 85);
	fixture_fill(new, LEN, 86);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, old, LEN);
	CHECK_GOOD(s, &t);
}

static void check_content(const uint8_t *want)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login_as(&s, 9, HEADER DATA);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK_THAT(memcmp(in, want, LEN) == 0, "the content is another");
	fixture_leave(&s);
}

/* The initiator library checks every digest that comes. */
static void every_combination(void)
{
	struct ini_session s;
	struct ini_pdu echo;
	struct ini_text text;
	struct ini_task t;
	uint32_t len;
	size_t i;

	for (i = 0; i < sizeof(combinations) / sizeof(combinations[0]); i++) {
		prepare(&s, combinations[i]);
		ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
		CHECK_GOOD(&s, &t);
		CHECK(memcmp(in, old, LEN) == 0);
		for (len = 0; len < 9; len++) { /* padding of every length */
			CHECK_OK(&s, ini_request_nop(&s, true, new, len, &echo));
			CHECK(echo.data_len == len && memcmp(echo.data, new, len) == 0);
		}
		ini_scsi_read(&t, fixture_lun(), 0, 1, in, 5);
		CHECK_GOOD(&s, &t);
		ini_text_init(&text);
		CHECK(ini_text_add(&text, "X-org.itgtd.test", "1") == 0);
		CHECK_OK(&s, ini_request_text(&s, &text));
		CHECK(ini_text_get(&s.answer, "X-org.itgtd.test", 0) != NULL);
		ini_text_free(&text);
		ini_scsi_read(&t, fixture_lun(), 1u << 30, 1, in, FIXTURE_BLOCK);
		CHECK_SENSE(&s, &t, SENSE_LBA_OUT_OF_RANGE);
		ini_scsi_test_unit_ready(&t, fixture_lun());
		t.cdb[0] = 0xbf;
		t.cdb_len = 21; /* an AHS is covered by the header digest */
		CHECK_SENSE(&s, &t, SENSE_INVALID_OPCODE);
		fixture_leave(&s);
	}
}

/* 7.8: behind a bad header nothing can be found: the connection ends. */
static void a_bad_header_digest(void)
{
	struct ini_pdu pdu = { .faults = INI_BAD_HEADER_DIGEST };
	struct ini_session s;
	struct ini_task t;

	prepare(&s, HEADER);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	pdu_put_scsi_cmd(pdu.bhs, &(struct pdu_scsi_cmd){ .final = true });
	ini_session_number(&s, pdu.bhs);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	fixture_expect_end(&s);

	prepare(&s, HEADER DATA WAITS);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, new, LEN);
	fixture_start_write(&s, &t);
	pdu = (struct ini_pdu){ .faults = INI_BAD_HEADER_DIGEST, .data = new, .data_len = LEN };
	pdu_put_data_out(pdu.bhs, &(struct pdu_data_out){ .final = true,
							  .itt = t.itt,
							  .ttt = t.r2ts[0].ttt,
							  .expstatsn = s.expstatsn });
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	fixture_expect_end(&s);
	check_content(old);
}

/* Data-Out PDUs of 4 KiB for the first R2T of t; the one with number bad has a bad digest. */
static void send_data(struct ini_session *s, const struct ini_task *t, uint32_t bad)
{
	struct pdu_data_out d = { .itt = t->itt, .ttt = t->r2ts[0].ttt };
	struct ini_pdu pdu = { 0 };

	memcpy(d.lun, t->lun, PDU_LUN_LEN);
	for (; d.offset < LEN; d.offset += 4096, d.datasn++) {
		pdu.data = new + d.offset;
		pdu.data_len = 4096;
		pdu.faults = d.datasn == bad ? INI_BAD_DATA_DIGEST : 0;
		d.final = d.offset + 4096 == LEN;
		d.expstatsn = s->expstatsn;
		pdu_put_data_out(pdu.bhs, &d);
		CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
	}
}

/*
 * 7.8: the target rejects the PDU (0x02) and, when all data has come or can come no
 * more, ends the command with "protocol service CRC error"; nothing is written.
 */
static void a_bad_data_digest_in_data_out(void)
{
	struct ini_session s;
	struct ini_task t;
	uint32_t bad;

	for (bad = 0; bad < LEN / 4096; bad++) {
		prepare(&s, HEADER DATA WAITS);
		ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, new, LEN);
		fixture_start_write(&s, &t);
		send_data(&s, &t, bad);
		CHECK_NUM(fixture_digest_rejects(&s, &t), 1);
		CHECK_NUM(t.status, 0x02);
		CHECK_NUM(ini_task_sense(&t), SENSE_PROTOCOL_SERVICE_CRC);
		CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
		STAILQ_INIT(&s.done);
		ini_scsi_write(&t, fixture_lun(), 100, BLOCKS, new, LEN);
		CHECK_GOOD(&s, &t);
		fixture_leave(&s);
		check_content(old);
	}
}

/* The same with immediate data: the command is not carried out. */
static void a_bad_data_digest_in_a_command(void)
{
	struct pdu_scsi_cmd cmd = { .immediate = true,
				    .final = true,
				    .write = true,
				    .attr = PDU_ATTR_SIMPLE,
				    .edtl = 4096 };
	struct ini_pdu pdu = { .data = new, .data_len = 4096, .faults = INI_BAD_DATA_DIGEST };
	struct pdu_scsi_rsp rsp;
	struct ini_session s;
	struct ini_task t;
	bool rejected = false;
	uint32_t itt, ping;

	prepare(&s, DATA "InitialR2T=No\nImmediateData=Yes\n");
	ini_scsi_write(&t, fixture_lun(), 0, 8, new, 4096);
	memcpy(cmd.cdb, t.cdb, PDU_CDB_LEN);
	memcpy(cmd.lun, t.lun, PDU_LUN_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	itt = ini_session_number(&s, pdu.bhs);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	pdu = (struct ini_pdu){ 0 };
	pdu_put_nop_out(pdu.bhs,
			&(struct pdu_nop_out){ .immediate = true, .ttt = PDU_TAG_RESERVED });
	ping = ini_session_number(&s, pdu.bhs);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	do {
		CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
		if (pdu_opcode(pdu.bhs) == PDU_REJECT) {
			CHECK_NUM(pdu.bhs[2], PDU_REJECT_DATA_DIGEST);
			CHECK_NUM(pdu_itt(pdu.data), itt);
			rejected = true;
		} else if (pdu_get_scsi_rsp(pdu.bhs, &rsp) == PDU_OK) {
			CHECK_NUM(rsp.itt, itt);
			CHECK(rsp.status != 0);
		}
	} while (pdu_itt(pdu.bhs) != ping);
	CHECK(rejected);
	ini_session_close(&s);
	check_content(old);
}

/* 7.8: a ping or a text whose data is damaged is rejected, and not answered. */
static void a_bad_data_digest_in_other_requests(void)
{
	static const uint8_t text[] = "X-org.itgtd.test=1";
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t itt;
	int i;

	prepare(&s, HEADER DATA);
	for (i = 0; i < 2; i++) {
		pdu = (struct ini_pdu){ .data = text,
					.data_len = sizeof(text),
					.faults = INI_BAD_DATA_DIGEST };
		if (i)
			pdu_put_text_req(pdu.bhs,
					 &(struct pdu_text_req){ .immediate = true,
								 .final = true,
								 .ttt = PDU_TAG_RESERVED });
		else
			pdu_put_nop_out(pdu.bhs, &(struct pdu_nop_out){ .immediate = true,
									.ttt = PDU_TAG_RESERVED });
		itt = ini_session_number(&s, pdu.bhs);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		CHECK_ERR(&s, ini_request_wait(&s, itt, PDU_NOP_IN, &pdu), -EREMOTEIO);
		CHECK_NUM(s.reject_reason, PDU_REJECT_DATA_DIGEST);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "13.1: every combination of digests, on every kind of PDU", every_combination },
	{ "7.8: a bad header digest ends the connection", a_bad_header_digest },
	{ "7.8: a bad data digest in Data-Out fails the write", a_bad_data_digest_in_data_out },
	{ "7.8: a bad data digest of immediate data", a_bad_data_digest_in_a_command },
	{ "7.8: a bad data digest of a ping or a text", a_bad_data_digest_in_other_requests },
};

PROTOCOL_MAIN("protocol/digests", NULL, tests)
