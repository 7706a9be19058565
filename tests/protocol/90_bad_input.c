/*
 * Input that no initiator should send (RFC 7143, 7.9, 7.10, 11.1, 11.17): the target
 * rejects it or ends that connection, and serves the others as before.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t junk[1u << 20];

/* Send a PDU as it is, numbered; what comes for it, or -ECONNRESET. */
static int send_odd(struct ini_session *s, struct ini_pdu *pdu)
{
	ini_session_number(s, pdu->bhs);
	CHECK_OK(s, ini_conn_send(&s->conn, pdu, s->timeout_ms));
	return ini_session_recv(s, pdu, s->timeout_ms);
}

/* What came for an odd PDU must be a Reject with one of two reasons. */
static void check_reject(const struct ini_pdu *pdu, uint8_t reason, uint8_t or_reason,
			 const char *what)
{
	CHECK_THAT(pdu_opcode(pdu->bhs) == PDU_REJECT, "%s: opcode 0x%02x comes", what,
		   pdu_opcode(pdu->bhs));
	CHECK_THAT(pdu->bhs[2] == reason || pdu->bhs[2] == or_reason,
		   "%s: rejected for 0x%02x, not 0x%02x", what, pdu->bhs[2], reason);
	CHECK_THAT(pdu->data_len >= PDU_BHS_LEN, "%s: the Reject has no header in it", what);
}

static void unknown_opcodes(void)
{
	static const uint8_t opcodes[] = { 0x07, 0x0f, 0x11, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(opcodes); i++) {
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL } };
		CHECK_OK(&s, send_odd(&s, &pdu));
		check_reject(&pdu, PDU_REJECT_NOT_SUPPORTED, PDU_REJECT_NOT_SUPPORTED, "unknown");
		CHECK_NUM(pdu_opcode(pdu.data), opcodes[i]);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* What only a target sends, and a login where there is nothing to log in. */
static void opcodes_out_of_place(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_IN,   PDU_SCSI_RSP, PDU_TMF_RSP, PDU_LOGIN_RSP,
					   PDU_TEXT_RSP, PDU_DATA_IN,  PDU_R2T,     PDU_ASYNC,
					   PDU_REJECT,   PDU_LOGIN_REQ };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;
	int err;

	for (i = 0; i < sizeof(opcodes); i++) {
		fixture_login(&s, NULL);
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL } };
		err = send_odd(&s, &pdu);
		if (err != -ECONNRESET) {
			CHECK_OK(&s, err);
			check_reject(&pdu, PDU_REJECT_NOT_SUPPORTED, PDU_REJECT_PROTOCOL_ERROR,
				     "out of place");
			fixture_ready(&s, fixture_lun());
		}
		ini_session_close(&s);
	}
	fixture_serves();
}

/* 11.16: at error recovery level 0 there is no SNACK. */
static void snacks(void)
{
	struct ini_session s;
	struct ini_pdu pdu;
	uint8_t type;

	fixture_login(&s, "ErrorRecoveryLevel=0\n");
	for (type = 0; type < 5; type++) {
		pdu = (struct ini_pdu){ 0 };
		pdu_put_snack(pdu.bhs, &(struct pdu_snack){ .type = type,
							    .itt = PDU_TAG_RESERVED,
							    .ttt = PDU_TAG_RESERVED,
							    .expstatsn = s.expstatsn,
							    .runlength = 1 });
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
		CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
	}
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 11.5, 11.14: these have no data segment; one that comes is no harm, or ends the connection. */
static void data_where_none_belongs(void)
{
	static const uint8_t opcodes[] = { PDU_TMF_REQ, PDU_LOGOUT_REQ, PDU_SNACK };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(opcodes); i++) {
		fixture_login(&s, NULL);
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL | 1 },
					.data = junk,
					.data_len = 4000 };
		(void)send_odd(&s, &pdu);
		ini_session_close(&s);
		fixture_serves();
	}
}

/* 11.2.1.6: 16 MiB less one byte are announced; nobody waits for them. */
static void a_huge_data_segment(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_OUT,  PDU_SCSI_CMD, PDU_TMF_REQ,
					   PDU_TEXT_REQ, PDU_DATA_OUT, PDU_LOGOUT_REQ };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(opcodes); i++) {
		fixture_login(&s, NULL);
		pdu = (struct ini_pdu){ .bhs = { opcodes[i] | PDU_IMMEDIATE, PDU_FINAL },
					.faults = INI_KEEP_LENGTHS };
		pdu.bhs[5] = pdu.bhs[6] = pdu.bhs[7] = 0xff;
		CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
		fixture_expect_end(&s);
	}
	fixture_serves();
}

static void a_huge_login(void)
{
	static const uint8_t bhs[PDU_BHS_LEN] = {
		PDU_LOGIN_REQ | PDU_IMMEDIATE, 0x87, 0, 0, 0xff, 0xff, 0xff, 0xff
	};
	struct ini_session s;

	fixture_connect(&s);
	CHECK_OK(&s, ini_conn_send_bytes(&s.conn, bhs, sizeof(bhs), s.timeout_ms));
	CHECK_OK(&s, ini_conn_send_bytes(&s.conn, junk, 2000, s.timeout_ms));
	fixture_expect_end(&s);
	fixture_serves();
}

/* 11.2.2: lengths of additional header segments that lie. */
static void bad_header_segments(void)
{
	static const struct {
		const char *what;
		uint8_t ahs[16];
		uint32_t len;
	} cases[] = {
		{ "longer than all of them", { 0xff, 0xff, 1, 0 }, 4 },
		{ "shorter than its type", { 0, 0, 1, 0 }, 4 },
		{ "a CDB of one byte and no more", { 0, 1, 1, 0 }, 4 },
		{ "a read length of the wrong size", { 0, 2, 2, 0, 0, 0, 0, 0 }, 8 },
		{ "two CDBs", { 0, 5, 1, 0, 1, 2, 3, 4, 0, 5, 1, 0, 1, 2, 3, 4 }, 16 },
		{ "an unknown type", { 0, 5, 0x3f, 0, 1, 2, 3, 4 }, 8 },
		{ "nothing but zeros", { 0 }, 16 },
	};
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_login(&s, NULL);
		pdu = (struct ini_pdu){ .ahs = cases[i].ahs, .ahs_len = cases[i].len };
		pdu_put_scsi_cmd(pdu.bhs,
				 &(struct pdu_scsi_cmd){ .immediate = true, .final = true });
		(void)send_odd(&s, &pdu);
		ini_session_close(&s);
	}
	fixture_login(&s, NULL);
	pdu = (struct ini_pdu){ .ahs = junk, .ahs_len = PDU_AHS_MAX };
	pdu_put_scsi_cmd(pdu.bhs, &(struct pdu_scsi_cmd){ .immediate = true, .final = true });
	(void)send_odd(&s, &pdu);
	ini_session_close(&s);
	fixture_serves();
}

/* Flags that exclude each other, and fields outside of their range. */
static void commands_that_contradict_themselves(void)
{
	static const struct {
		const char *what;
		struct pdu_scsi_cmd cmd;
	} cases[] = {
		{ "unsolicited data of a read", { .read = true, .edtl = 512 } },
		{ "unsolicited data of nothing", { .write = true, .edtl = 0 } },
		{ "data both ways", { .final = true, .read = true, .write = true, .edtl = 512 } },
		{ "a length and no direction", { .final = true, .edtl = 512 } },
		{ "all data there is", { .final = true, .write = true, .edtl = UINT32_MAX } },
		{ "all data there is, read", { .final = true, .read = true, .edtl = UINT32_MAX } },
		{ "attribute 7", { .final = true, .attr = 7 } },
	};
	struct pdu_scsi_cmd cmd;
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_login(&s, NULL);
		cmd = cases[i].cmd;
		ini_scsi_read(&t, fixture_lun(), 0, 1, junk, 512);
		if (cmd.write)
			ini_scsi_write(&t, fixture_lun(), 0, 1, junk, 512);
		memcpy(cmd.cdb, t.cdb, PDU_CDB_LEN);
		memcpy(cmd.lun, t.lun, PDU_LUN_LEN);
		pdu = (struct ini_pdu){ 0 };
		pdu_put_scsi_cmd(pdu.bhs, &cmd);
		(void)send_odd(&s, &pdu);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* Immediate data without W, with more than is expected, or in a command that reads. */
static void immediate_data_out_of_place(void)
{
	static const struct pdu_scsi_cmd cases[] = {
		{ .final = true },
		{ .final = true, .read = true, .edtl = 512 },
		{ .final = true, .write = true, .edtl = 512 },
		{ .final = true, .write = true, .edtl = 0 },
	};
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_login(&s, NULL);
		pdu = (struct ini_pdu){ .data = junk, .data_len = 1024 };
		pdu_put_scsi_cmd(pdu.bhs, &cases[i]);
		(void)send_odd(&s, &pdu);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* A login and a command, cut at any byte: the parts come one by one. */
static void bytes_one_by_one(void)
{
	static const char keys[] = "InitiatorName=" FIXTURE_INITIATOR "\0SessionType=Discovery";
	struct pdu_login_req login = {
		.transit = true, .csg = PDU_STAGE_OPERATIONAL, .nsg = PDU_STAGE_FULL, .cmdsn = 1
	};
	uint8_t bytes[PDU_BHS_LEN + sizeof(keys) + 3] = { 0 };
	struct pdu_login_rsp rsp;
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i;

	fixture_connect(&s);
	login.data_len = sizeof(keys);
	login.isid[0] = 0x80;
	pdu_put_login_req(bytes, &login);
	memcpy(bytes + PDU_BHS_LEN, keys, sizeof(keys));
	for (i = 0; i < PDU_BHS_LEN + sizeof(keys) + pdu_pad(sizeof(keys)); i++) {
		CHECK_OK(&s, ini_conn_send_bytes(&s.conn, bytes + i, 1, s.timeout_ms));
		if (i % 8 == 0)
			fixture_settle();
	}
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.status, PDU_LOGIN_SUCCESS);
	ini_session_close(&s);
}

/* Writes with their data, in pieces that end anywhere. */
static void a_write_in_odd_pieces(void)
{
	static const size_t pieces[] = { 1, 7, 47, 48, 49, 95, 511, 1000, 4095, 5000 };
	struct ini_bytes *tx;
	struct ini_session s;
	struct ini_task t;
	uint8_t back[8192], *bytes;
	size_t i, at, len, part;

	fixture_login(&s, "HeaderDigest=CRC32C\nDataDigest=CRC32C\n");
	tx = &s.conn.tx;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		fixture_fill(junk, 8192, (uint32_t)i);
		ini_scsi_write(&t, fixture_lun(), 0, 16, junk, 8192);
		CHECK_OK(&s, ini_task_submit(&s, &t));
		len = tx->end - tx->start; /* take what is queued, and send it in pieces */
		bytes = malloc(len);
		CHECK(bytes != NULL);
		memcpy(bytes, tx->at + tx->start, len);
		tx->start = tx->end = 0;
		for (at = 0; at < len; at += part) {
			part = len - at < pieces[i] ? len - at : pieces[i];
			CHECK_OK(&s, ini_conn_send_bytes(&s.conn, bytes + at, part, s.timeout_ms));
			if (at < 10 * pieces[i] && at < 200)
				fixture_settle();
		}
		free(bytes);
		CHECK_OK(&s, ini_task_wait(&s, &t));
		CHECK(ini_task_is_good(&t));
		ini_scsi_read(&t, fixture_lun(), 0, 16, back, sizeof(back));
		CHECK_GOOD(&s, &t);
		CHECK(memcmp(back, junk, sizeof(back)) == 0);
	}
	fixture_leave(&s);
}

/* A connection that ends in the middle of something, orderly or not. */
static void truncated_pdus(void)
{
	static const size_t lengths[] = { 0, 1, 4, 5, 8, 47, 48, 49, 100 };
	uint8_t bytes[128] = { PDU_SCSI_CMD | PDU_IMMEDIATE, PDU_FINAL | 0x20, 0, 0, 0, 0, 1, 0 };
	struct ini_session s;
	size_t i;
	int how;

	put_be32(bytes + 20, 256);
	for (how = 0; how < 3; how++) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			fixture_login(&s, NULL);
			CHECK_OK(&s, ini_conn_send_bytes(&s.conn, bytes, lengths[i], s.timeout_ms));
			if (how == 0)
				ini_conn_reset(&s.conn);
			if (how == 1) {
				ini_conn_end(&s.conn);
				fixture_expect_end(&s);
			}
			ini_session_close(&s);
		}
		fixture_serves();
	}
}

/* Noise before a login: whatever it looks like, it ends, and the others do not notice. */
static void noise_before_a_login(void)
{
	struct ini_session s;
	uint32_t i;

	for (i = 0; i < 200; i++) {
		fixture_fill(junk, 4096, i);
		if (i % 2) /* so that it gets further than the opcode */
			junk[0] = PDU_LOGIN_REQ | PDU_IMMEDIATE;
		if (i % 4 == 3)
			junk[4] = junk[5] = junk[6] = 0;
		fixture_connect(&s);
		(void)ini_conn_send_bytes(&s.conn, junk, 4096, s.timeout_ms);
		ini_conn_end(&s.conn);
		fixture_expect_end(&s);
	}
	fixture_serves();
}

/* Noise after a login: headers whose opcode is right and whose rest is not. */
static void noise_after_a_login(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_OUT,    PDU_SCSI_CMD, PDU_TMF_REQ,
					   PDU_LOGIN_REQ,  PDU_TEXT_REQ, PDU_DATA_OUT,
					   PDU_LOGOUT_REQ, PDU_SNACK };
	struct ini_session s;
	uint32_t i, k;

	for (i = 0; i < 200; i++) {
		fixture_login(&s, i % 5 ? NULL : "HeaderDigest=CRC32C\n");
		fixture_fill(junk, PDU_BHS_LEN * 64, i);
		for (k = 0; k < 64; k++) {
			junk[k * PDU_BHS_LEN] = opcodes[(i + k) % sizeof(opcodes)] |
						(junk[k * PDU_BHS_LEN] & PDU_IMMEDIATE);
			memset(junk + k * PDU_BHS_LEN + 4, 0, 4);
			if (junk[k * PDU_BHS_LEN + 9] & 1) /* a CmdSN that is taken */
				put_be32(junk + k * PDU_BHS_LEN + 24, s.cmdsn++);
		}
		(void)ini_conn_send_bytes(&s.conn, junk, PDU_BHS_LEN * 64, s.timeout_ms);
		ini_conn_end(&s.conn);
		fixture_expect_end(&s);
	}
	fixture_serves();
}

/* The initiator asks for much and reads nothing: memory does not grow, others are served. */
static void an_initiator_that_does_not_read(void)
{
	enum { N = 64 };
	static struct ini_task tasks[N];
	struct ini_session s[4];
	size_t i, k;

	for (k = 0; k < 4; k++) {
		fixture_login_as(&s[k], (uint8_t)k, NULL);
		for (i = 0; i < N && ini_session_has_room(&s[k]); i++) {
			ini_scsi_read(&tasks[i], fixture_lun(), 0, 2048, junk, sizeof(junk));
			CHECK_OK(&s[k], ini_task_submit(&s[k], &tasks[i]));
			ini_task_forget(&s[k], &tasks[i]);
		}
		CHECK_OK(&s[k], ini_conn_flush(&s[k].conn, s[k].timeout_ms));
	}
	fixture_serves();
	for (k = 0; k < 4; k++) {
		if (k % 2)
			ini_conn_reset(&s[k].conn);
		ini_session_close(&s[k]);
	}
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "11.17.1: unknown opcodes are rejected with 0x05", unknown_opcodes },
	{ "7.10: opcodes out of their place", opcodes_out_of_place },
	{ "11.16: SNACK at error recovery level 0 is rejected", snacks },
	{ "11.5, 11.14: data where none belongs", data_where_none_belongs },
	{ "11.2.1.6: a data segment of 16 MiB ends the connection", a_huge_data_segment },
	{ "11.2.1.6: a login of 16 MiB ends the connection", a_huge_login },
	{ "11.2.2: header segments that lie about their length", bad_header_segments },
	{ "11.3.1: commands that contradict themselves", commands_that_contradict_themselves },
	{ "11.3.7: immediate data out of place", immediate_data_out_of_place },
	{ "bytes may come one by one", bytes_one_by_one },
	{ "a write may come in pieces that end anywhere", a_write_in_odd_pieces },
	{ "a connection may end in the middle of a PDU", truncated_pdus },
	{ "noise before a login", noise_before_a_login },
	{ "noise after a login", noise_after_a_login },
	{ "an initiator that does not read what it asked for", an_initiator_that_does_not_read },
};

PROTOCOL_MAIN("protocol/bad_input", NULL, tests)
