/*
 * Requests in full feature phase that no initiator sends: random, out of place, cut off. The
 * daemon must go on, its sanitizers keep silent, and other data stays as it is.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <string.h>

#define WAITS "InitialR2T=Yes\nImmediateData=No\n"

static uint8_t junk[65536], in[65536];

/* Everything in flight, and the connection gone in the middle of a PDU. */
static void a_connection_goes_with_all_it_has(void)
{
	struct pdu_tmf_req tmf = { .immediate = true, .function = PDU_TMF_LU_RESET };
	struct pdu_text_req text = { .immediate = true, .cont = true, .ttt = PDU_TAG_RESERVED };
	struct pdu_logout_req logout = { .immediate = true };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task t[8];
	struct ini_session s;
	size_t i, k;

	for (i = 0; i < 60; i++) {
		fixture_login(&s, i % 2 ? WAITS : NULL);
		ini_scsi_write(&t[0], 0, 0, 16, junk, 8192);
		if (i % 2)
			fixture_start_write(&s, &t[0]);
		for (k = 1; k < 8; k++) {
			ini_scsi_read(&t[k], 0, 0, 128, in, 65536);
			CHECK_OK(&s, ini_task_submit(&s, &t[k]));
		}
		pdu_put_tmf_req(bhs, &tmf);
		if (i % 3 == 0)
			CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
		pdu_put_text_req(bhs, &text);
		if (i % 5 == 0)
			CHECK_OK(&s, ini_session_post(&s, bhs, "A=", 2, NULL));
		pdu_put_logout_req(bhs, &logout);
		if (i % 7 == 0)
			CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
		CHECK_OK(&s, ini_conn_queue_bytes(&s.conn, junk, i));
		(void)ini_conn_flush(&s.conn, s.timeout_ms);
		if (i % 4 < 2)
			ini_conn_reset(&s.conn);
		ini_session_close(&s);
	}
	fixture_serves();
}

/* 11.7: Data-Out of any offset and length for a write that waits; its neighbours stay as they are.
 */
static void data_out_anywhere(void)
{
	enum { LEN = 8192, PLACE = 64 };
	static uint8_t old[3 * LEN];
	struct pdu_data_out d;
	struct ini_session s;
	struct ini_task t;
	uint32_t i, k;

	fixture_fill(old, sizeof(old), 96);
	for (i = 0; i < 40; i++) {
		fixture_login(&s, WAITS "MaxBurstLength=4096\n");
		ini_scsi_write(&t, 0, PLACE - 16, 48, old, sizeof(old));
		CHECK_GOOD(&s, &t);
		ini_scsi_write(&t, 0, PLACE, 16, junk, LEN);
		fixture_start_write(&s, &t);
		for (k = 0; k < 8; k++) {
			struct ini_pdu pdu = { .data = junk };
			uint8_t r[12];

			fixture_fill(r, sizeof(r), i * 8 + k);
			d = (struct pdu_data_out){ .final = r[0] & 1,
						   .itt = t.itt,
						   .ttt = r[1] % 8 ? t.r2ts[0].ttt
								   : PDU_TAG_RESERVED,
						   .datasn = r[2] % 4 ? k : be32(r + 4),
						   .offset = be32(r + 4) >> (r[3] % 32),
						   .expstatsn = s.expstatsn };
			pdu.data_len = be16(r + 8) % 8193;
			pdu_put_data_out(pdu.bhs, &d);
			CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
		}
		(void)ini_conn_flush(&s.conn, s.timeout_ms);
		ini_conn_end(&s.conn);
		fixture_expect_end(&s);
		fixture_login(&s, NULL);
		ini_scsi_read(&t, 0, PLACE - 16, 48, in, sizeof(old));
		CHECK_GOOD(&s, &t);
		CHECK(memcmp(in, old, LEN) == 0);
		CHECK(memcmp(in + 2 * LEN, old + 2 * LEN, LEN) == 0);
		fixture_leave(&s);
	}
}

/* 11.5, 11.14: requests without a data segment, with one: rejected, and the session goes on. */
static void data_of_requests_that_have_none(void)
{
	static const uint32_t lengths[] = { 1, 4, 100, 8192 };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i, k;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (k = 0; k < 2; k++) {
			pdu = (struct ini_pdu){ .data = junk, .data_len = lengths[i] };
			if (k)
				pdu_put_logout_req(pdu.bhs,
						   &(struct pdu_logout_req){ .immediate = true });
			else
				pdu_put_tmf_req(pdu.bhs, &(struct pdu_tmf_req){
								 .immediate = true,
								 .function = PDU_TMF_LU_RESET });
			ini_session_number(&s, pdu.bhs);
			CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
			CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
			CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
			CHECK_NUM(pdu.bhs[2], PDU_REJECT_PROTOCOL_ERROR);
			fixture_ready(&s, 0);
		}
	}
	fixture_leave(&s);
}

/* Headers of 48 random bytes; only their lengths are true, for the rest to be found. */
static void random_headers(void)
{
	struct ini_session s;
	uint32_t i, k;

	for (i = 0; i < 300; i++) {
		fixture_login(&s, NULL);
		fixture_fill(junk, PDU_BHS_LEN * 32, i + 9600);
		for (k = 0; k < 32; k++)
			memset(junk + k * PDU_BHS_LEN + 4, 0, 4);
		(void)ini_conn_send_bytes(&s.conn, junk, PDU_BHS_LEN * 32, s.timeout_ms);
		ini_conn_end(&s.conn);
		fixture_expect_end(&s);
	}
	fixture_serves();
}

/* The same, each a request that exists, for a task that exists, with lengths of any kind. */
static void random_fields(void)
{
	static const uint8_t opcodes[] = { PDU_SCSI_CMD, PDU_TMF_REQ,    PDU_TEXT_REQ,
					   PDU_DATA_OUT, PDU_LOGOUT_REQ, PDU_SNACK };
	struct ini_session s;
	struct ini_task t;
	uint8_t bhs[PDU_BHS_LEN];
	uint32_t i;

	for (i = 0; i < 300; i++) {
		fixture_login(&s, WAITS);
		ini_scsi_write(&t, 0, 0, 16, junk, 8192);
		fixture_start_write(&s, &t);
		fixture_fill(bhs, sizeof(bhs), i + 96000);
		bhs[0] = opcodes[i % sizeof(opcodes)] | (bhs[0] & PDU_IMMEDIATE);
		bhs[5] = 0;
		bhs[6] &= 0x0f;
		put_be32(bhs + 16, i % 3 ? t.itt : t.itt + 1);
		put_be32(bhs + 24, s.cmdsn);
		(void)ini_conn_send_bytes(&s.conn, bhs, sizeof(bhs), s.timeout_ms);
		(void)ini_conn_send_bytes(&s.conn, junk, i * 20, s.timeout_ms);
		ini_conn_end(&s.conn);
		fixture_expect_end(&s);
	}
	fixture_serves();
}

static const struct fixture_options options = { .conf = NULL };

static const struct unit_test tests[] = {
	{ "a connection that goes in the middle of everything", a_connection_goes_with_all_it_has },
	{ "11.7: Data-Out outside of its R2T, and beyond", data_out_anywhere },
	{ "11.5, 11.14: task management and logout with data", data_of_requests_that_have_none },
	{ "11.2: random headers in full feature phase", random_headers },
	{ "11.2: requests with random fields for a task in flight", random_fields },
};

PROTOCOL_MAIN("protocol/hostile_requests", &options, tests)
