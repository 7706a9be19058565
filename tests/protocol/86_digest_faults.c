/*
 * What digests cover, and what becomes of each PDU that is damaged (RFC 7143, 7.8,
 * 11.2.3): one bit is flipped on its way, anywhere in the header, an AHS, the data or
 * its padding, with the digest of what was meant.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define LEN    16384u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define BOTH   "HeaderDigest=CRC32C\nDataDigest=CRC32C\n"
#define WAITS  "InitialR2T=Yes\nImmediateData=No\n"

static uint8_t old[LEN], new[LEN], in[LEN];

/* Log in, and write what must not change. */
static void prepare(struct ini_session *s, const char *keys)
{
	struct ini_task t;

	fixture_login(s, keys);
	fixture_fill(old, LEN, 860);
	fixture_fill(new, LEN, 861);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, old, LEN);
	CHECK_GOOD(s, &t);
}

static void check_unchanged(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login_as(&s, 9, BOTH);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK_THAT(memcmp(in, old, LEN) == 0, "the content is another");
	fixture_leave(&s);
}

/* Flip a bit of what is queued, at bytes behind where the last PDU begins. */
static void damage(struct ini_session *s, size_t at, uint8_t bit)
{
	struct ini_bytes *tx = &s->conn.tx;

	CHECK(tx->start + at < tx->end);
	tx->at[tx->start + at] ^= (uint8_t)(1u << bit);
}

/* ---- headers ---- */

/* Every byte of the header, and of the digest itself. */
static void every_byte_of_a_header(void)
{
	struct ini_session s;
	struct ini_pdu pdu;
	size_t at;

	for (at = 0; at < PDU_BHS_LEN + PDU_DIGEST_LEN; at++) {
		fixture_login(&s, "HeaderDigest=CRC32C\n");
		CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
		pdu = (struct ini_pdu){ 0 };
		pdu_put_nop_out(pdu.bhs, &(struct pdu_nop_out){ .immediate = true,
								.ttt = PDU_TAG_RESERVED });
		ini_session_number(&s, pdu.bhs);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		damage(&s, at, at % 8);
		if (at == 4) { /* more AHS is promised now: all of it is covered */
			CHECK_OK(&s, ini_conn_queue_bytes(&s.conn, new, PDU_AHS_MAX));
		}
		(void)ini_conn_flush(&s.conn, s.timeout_ms);
		CHECK_ERR(&s, ini_conn_recv(&s.conn, &pdu, s.timeout_ms), -ECONNRESET);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* 11.2.3: the header digest covers the AHS. */
static void every_byte_of_an_ahs(void)
{
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	size_t at;

	for (at = 0; at < 8; at++) {
		fixture_login(&s, "HeaderDigest=CRC32C\n");
		CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
		ini_scsi_test_unit_ready(&t, fixture_lun());
		t.cdb[0] = 0xbf;
		t.cdb_len = 20;
		CHECK_OK(&s, ini_task_submit(&s, &t));
		damage(&s, PDU_BHS_LEN + at, 0);
		CHECK_ERR(&s, ini_conn_recv(&s.conn, &pdu, s.timeout_ms), -ECONNRESET);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* 7.8: of all requests the same: nothing behind such a header can be trusted. */
static void headers_of_every_kind(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_OUT,  PDU_SCSI_CMD,   PDU_TMF_REQ,
					   PDU_TEXT_REQ, PDU_LOGOUT_REQ, PDU_SNACK };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(opcodes); i++) {
		fixture_login(&s, BOTH);
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL },
					.faults = INI_BAD_HEADER_DIGEST };
		ini_session_number(&s, pdu.bhs);
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_ERR(&s, ini_conn_recv(&s.conn, &pdu, s.timeout_ms), -ECONNRESET);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* ---- data ---- */

/*
 * 11.2.3: the data digest covers the padding. The data itself is as it was meant: a
 * target that looked at the data alone would take it.
 */
static void every_byte_of_data_and_padding(void)
{
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t len, at, itt;

	for (len = 1; len <= 8; len++) {
		for (at = 0; at < len + pdu_pad(len) + PDU_DIGEST_LEN; at++) {
			fixture_login(&s, "DataDigest=CRC32C\n");
			CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
			pdu = (struct ini_pdu){ .data = new, .data_len = len };
			pdu_put_nop_out(pdu.bhs, &(struct pdu_nop_out){ .immediate = true,
									.ttt = PDU_TAG_RESERVED });
			itt = ini_session_number(&s, pdu.bhs);
			CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
			damage(&s, PDU_BHS_LEN + at, 7);
			CHECK_ERR(&s, ini_request_wait(&s, itt, PDU_NOP_IN, &pdu), -EREMOTEIO);
			CHECK_NUM(s.reject_reason, PDU_REJECT_DATA_DIGEST);
			fixture_ready(&s, fixture_lun());
			fixture_leave(&s);
		}
	}
}

/* 7.8: damaged data of a write ends in "protocol service CRC error", and the next write is good. */
static void expect_crc_error(struct ini_session *s, struct ini_task *t)
{
	CHECK(fixture_digest_rejects(s, t) >= 1);
	CHECK_NUM(t->status, 0x02);
	CHECK_NUM(ini_task_sense(t), SENSE_PROTOCOL_SERVICE_CRC);
	STAILQ_INIT(&s->done);
	fixture_ready(s, fixture_lun());
	fixture_leave(s);
	check_unchanged();
}

/* One PDU of unsolicited data is damaged; the rest of the write is asked for no more. */
static void unsolicited_data(void)
{
	static const char keys[] = BOTH "InitialR2T=No\nImmediateData=No\nFirstBurstLength=8192\n";
	struct pdu_scsi_cmd cmd = { .write = true, .attr = PDU_ATTR_SIMPLE, .edtl = LEN };
	struct pdu_data_out d = { .ttt = PDU_TAG_RESERVED };
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	uint32_t bad;

	for (bad = 0; bad < 2; bad++) {
		prepare(&s, keys);
		ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, new, LEN);
		memcpy(cmd.cdb, t.cdb, PDU_CDB_LEN);
		pdu = (struct ini_pdu){ 0 };
		pdu_put_scsi_cmd(pdu.bhs, &cmd);
		t.itt = d.itt = ini_session_number(&s, pdu.bhs);
		t.sent = 8192;
		CHECK(map_add(&s.tasks, t.itt, &t) == 0);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		for (d.datasn = 0; d.datasn < 2; d.datasn++) {
			d.offset = d.datasn * 4096;
			d.final = d.datasn == 1;
			d.expstatsn = s.expstatsn;
			pdu = (struct ini_pdu){ .data = new + d.offset,
						.data_len = 4096,
						.faults =
							d.datasn == bad ? INI_BAD_DATA_DIGEST : 0 };
			pdu_put_data_out(pdu.bhs, &d);
			CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		}
		expect_crc_error(&s, &t);
		CHECK_NUM(t.nr2t, 0);
	}
}

/* Every PDU of a sequence damaged, and R2Ts of others open at the same time. */
static void all_of_a_sequence(void)
{
	struct pdu_data_out d = { 0 };
	struct ini_session s;
	struct ini_task t, other;
	struct ini_pdu pdu;

	prepare(&s, BOTH WAITS);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, new, LEN);
	fixture_start_write(&s, &t);
	ini_scsi_write(&other, fixture_lun(), 100, BLOCKS, new, LEN);
	fixture_start_write(&s, &other);
	d.itt = t.itt;
	d.ttt = t.r2ts[0].ttt;
	for (; d.offset < LEN; d.offset += 4096, d.datasn++) {
		d.final = d.offset + 4096 == LEN;
		d.expstatsn = s.expstatsn;
		pdu = (struct ini_pdu){ .data = new + d.offset,
					.data_len = 4096,
					.faults = INI_BAD_DATA_DIGEST };
		pdu_put_data_out(pdu.bhs, &d);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	}
	CHECK_NUM(fixture_digest_rejects(&s, &t), 4);
	CHECK_NUM(ini_task_sense(&t), SENSE_PROTOCOL_SERVICE_CRC);
	STAILQ_INIT(&s.done);
	CHECK_OK(&s, ini_task_answer_r2t(&s, &other, &other.r2ts[0]));
	CHECK_OK(&s, ini_task_wait(&s, &other));
	CHECK(ini_task_is_good(&other));
	fixture_leave(&s);
	check_unchanged();
}

/*
 * 7.8: a command with damaged immediate data is as if it had never come; sent again with
 * the same CmdSN it is carried out, and those behind it have waited.
 */
static void a_command_sent_again(void)
{
	static const char keys[] = BOTH "InitialR2T=Yes\nImmediateData=Yes\n";
	struct pdu_scsi_cmd cmd = {
		.final = true, .write = true, .attr = PDU_ATTR_SIMPLE, .edtl = 4096
	};
	struct ini_session s;
	struct ini_task t, behind;
	struct ini_pdu pdu = { .data = new, .data_len = 4096, .faults = INI_BAD_DATA_DIGEST };

	prepare(&s, keys);
	ini_scsi_write(&t, fixture_lun(), 0, 8, new, 4096);
	memcpy(cmd.cdb, t.cdb, PDU_CDB_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	t.itt = ini_session_number(&s, pdu.bhs);
	t.sent = 4096;
	CHECK(map_add(&s.tasks, t.itt, &t) == 0);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	ini_scsi_read(&behind, fixture_lun(), 0, 8, in, 4096);
	CHECK_OK(&s, ini_task_submit(&s, &behind));
	CHECK_OK(&s, ini_task_wait(&s, &t)); /* rejected */
	CHECK_NUM(t.outcome, INI_REJECTED);
	CHECK_NUM(t.reject_reason, PDU_REJECT_DATA_DIGEST);
	CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
	CHECK_NUM(behind.outcome, INI_IN_FLIGHT);
	pdu.faults = 0;
	put_be32(pdu.bhs + 28, s.expstatsn);
	t.outcome = INI_IN_FLIGHT;
	CHECK(map_add(&s.tasks, t.itt, &t) == 0);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	CHECK_OK(&s, ini_task_wait(&s, &behind));
	CHECK(ini_task_is_good(&behind) && memcmp(in, new, 4096) == 0);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

/* 11.2.3: a PDU without data has no data digest, one with data has one, whatever its length. */
static void digests_of_nothing(void)
{
	struct ini_session s;
	struct ini_pdu echo;
	uint32_t len;

	fixture_login(&s, BOTH);
	for (len = 0; len < 64; len++) {
		CHECK_OK(&s, ini_request_nop(&s, true, new, len, &echo));
		CHECK(echo.data_len == len && (!len || memcmp(echo.data, new, len) == 0));
		fixture_ready(&s, fixture_lun());
	}
	fixture_leave(&s);
}

/* 13.1: digests are in force from the first PDU of full feature phase; logins have none. */
static void the_first_pdu(void)
{
	static const char *const keys[] = { "HeaderDigest=CRC32C\n", "DataDigest=CRC32C\n", BOTH };
	struct ini_login l = { .initiator = FIXTURE_INITIATOR };
	struct ini_session s;
	struct ini_pdu echo;
	size_t i;

	l.target = fixture_target();
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		l.operational = keys[i];
		fixture_connect(&s);
		CHECK_OK(&s, ini_login(&s, &l));
		CHECK_OK(&s, ini_request_nop(&s, true, new, 5, &echo));
		CHECK_NUM(echo.data_len, 5);
		fixture_leave(&s);
	}
}

static const struct unit_test tests[] = {
	{ "13.1: digests hold from the first PDU of full feature phase", the_first_pdu },
	{ "11.2.3: data of any length has a digest, none has none", digests_of_nothing },
	{ "7.8: a bit in any byte of a header ends the connection", every_byte_of_a_header },
	{ "7.8: a bit in any byte of an AHS ends the connection", every_byte_of_an_ahs },
	{ "7.8: a bad header of any kind of request ends the connection", headers_of_every_kind },
	{ "7.8: a bit in any byte of data or padding is a Reject", every_byte_of_data_and_padding },
	{ "7.8: damaged unsolicited data fails the write", unsolicited_data },
	{ "7.8: a write all of whose data is damaged, beside a good one", all_of_a_sequence },
	{ "7.8: a command with damaged immediate data may be sent again", a_command_sent_again },
};

PROTOCOL_MAIN("protocol/digest_faults", NULL, tests)
