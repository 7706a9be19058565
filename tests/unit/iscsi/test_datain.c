#include "iscsi/datain.h"

#include "unit.h"

#include <string.h>

static uint8_t data[65536];

/* A read of len bytes, cut; how many PDUs it took. Checks what holds for each of them. */
static uint32_t cut(const struct datain_source *src)
{
	struct datain d = { 0 };
	struct pdu_data_in in;
	struct tx_pdu pdu;
	uint32_t offset = 0;
	uint32_t burst = 0;
	bool last;

	do {
		memset(&pdu, 0, sizeof(pdu));
		last = datain_next(&d, src, &pdu);
		CU_ASSERT_EQUAL(pdu_get_data_in(pdu.bhs, &in), PDU_OK);
		CU_ASSERT_EQUAL(in.itt, src->itt);
		CU_ASSERT_EQUAL(in.ttt, PDU_TAG_RESERVED);
		CU_ASSERT_EQUAL(in.datasn, d.datasn - 1);
		CU_ASSERT_EQUAL(in.offset, offset);
		CU_ASSERT_EQUAL(in.data_len, pdu.data_len);
		CU_ASSERT_PTR_EQUAL(pdu.data, src->data + offset);
		CU_ASSERT(in.data_len > 0 && in.data_len <= src->max_pdu);
		offset += in.data_len;
		burst += in.data_len;
		CU_ASSERT(burst <= src->max_burst);
		CU_ASSERT_EQUAL(last, offset == src->len);
		/* 11.7.1: the last PDU of a sequence */
		CU_ASSERT_EQUAL(!!(in.flags & PDU_FINAL), last || burst == src->max_burst);
		CU_ASSERT_EQUAL(!!(in.flags & PDU_DATA_IN_STATUS), last && src->status);
		CU_ASSERT_EQUAL(pdu.statsn, last && src->status ? TX_STATSN_TAKES : TX_STATSN_NONE);
		if (in.flags & PDU_FINAL)
			burst = 0;
	} while (!last && offset < src->len);
	CU_ASSERT_EQUAL(offset, src->len);
	return d.datasn;
}

static void data_is_cut_to_both_limits(void)
{
	static const struct {
		const char *what;
		uint32_t len, max_pdu, max_burst, pdus;
	} cases[] = {
		{ "one byte", 1, 512, 512, 1 },
		{ "just a PDU", 512, 512, 512, 1 },
		{ "a byte more", 513, 512, 512, 2 },
		{ "several PDUs in a sequence", 4096, 1024, 65536, 4 },
		{ "several sequences of one PDU", 4096, 8192, 1024, 4 },
		{ "a sequence that no PDU divides", 5000, 1024, 1536, 7 },
		{ "all in one", 65536, 65536, 65536, 1 },
		{ "an odd PDU length", 65536, 4099, 8198, 16 },
	};
	struct datain_source src = { .data = data, .itt = 0x1234 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		src.len = cases[i].len;
		src.max_pdu = cases[i].max_pdu;
		src.max_burst = cases[i].max_burst;
		src.status = false;
		CU_ASSERT_EQUAL(cut(&src), cases[i].pdus);
		src.status = true;
		CU_ASSERT_EQUAL(cut(&src), cases[i].pdus);
	}
}

/* 11.7.3: the residual stands beside the status only. */
static void the_last_carries_status_and_residual(void)
{
	const struct datain_source src = {
		.data = data,
		.len = 1024,
		.max_pdu = 512,
		.max_burst = 8192,
		.status = true,
		.status_flags = PDU_RESID_UNDERFLOW,
		.residual = 3072,
	};
	struct datain d = { 0 };
	struct pdu_data_in in;
	struct tx_pdu pdu = { .data_len = 0 };

	CU_ASSERT_FALSE(datain_next(&d, &src, &pdu));
	CU_ASSERT_EQUAL(pdu_get_data_in(pdu.bhs, &in), PDU_OK);
	CU_ASSERT_EQUAL(in.flags, 0);
	CU_ASSERT_EQUAL(in.residual, 0);
	CU_ASSERT(datain_next(&d, &src, &pdu));
	CU_ASSERT_EQUAL(pdu_get_data_in(pdu.bhs, &in), PDU_OK);
	CU_ASSERT_EQUAL(in.flags, PDU_FINAL | PDU_DATA_IN_STATUS | PDU_RESID_UNDERFLOW);
	CU_ASSERT_EQUAL(in.residual, 3072);
	CU_ASSERT_EQUAL(in.status, 0);
}

/* Every PDU can be cut again, as it was. */
static void cut_again(void)
{
	static const struct {
		uint32_t len, max_pdu, max_burst;
	} cases[] = { { 5000, 1024, 2048 }, { 5000, 1000, 2048 },  { 4096, 8192, 1024 },
		      { 1, 512, 512 },      { 65536, 512, 65536 }, { 65536, 8192, 16384 } };
	static uint8_t made[256][PDU_BHS_LEN];
	const uint8_t lun[PDU_LUN_LEN] = { 0, 3 };
	struct datain d, again;
	struct tx_pdu pdu;
	uint32_t i, n;
	bool last;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct datain_source src = { .data = data,
						   .len = cases[i].len,
						   .max_pdu = cases[i].max_pdu,
						   .max_burst = cases[i].max_burst,
						   .itt = 7,
						   .acks = true,
						   .lun = lun,
						   .status = true };

		d = (struct datain){ 0 };
		do {
			last = datain_next(&d, &src, &pdu);
			memcpy(made[d.datasn - 1], pdu.bhs, PDU_BHS_LEN);
		} while (!last);
		for (n = 0; n < d.datasn; n++) {
			CU_ASSERT(datain_seek(&d, &src, n, &again));
			datain_next(&again, &src, &pdu);
			CU_ASSERT_EQUAL(memcmp(pdu.bhs, made[n], PDU_BHS_LEN), 0);
		}
		CU_ASSERT_FALSE(datain_seek(&d, &src, d.datasn, &again));
	}
}

/* So can those from where on the initiator takes another length, in the middle of a sequence too.
 */
static void cut_again_in_another_length(void)
{
	static uint8_t made[256][PDU_BHS_LEN];
	struct datain_source src = {
		.data = data, .len = 20000, .max_burst = 4096, .status = true
	};
	uint32_t n, before;
	struct datain d, again;
	struct tx_pdu pdu;
	bool last;

	for (before = 1; before < 16; before++) {
		d = (struct datain){ 0 };
		src.max_pdu = 1000;
		for (n = 0; n < before; n++)
			datain_next(&d, &src, &pdu);
		src.max_pdu = 600;
		do {
			last = datain_next(&d, &src, &pdu);
			memcpy(made[d.datasn - 1], pdu.bhs, PDU_BHS_LEN);
		} while (!last);
		for (n = 0; n < d.datasn; n++) {
			CU_ASSERT_EQUAL(datain_seek(&d, &src, n, &again), n >= before);
			if (n < before)
				continue;
			datain_next(&again, &src, &pdu);
			CU_ASSERT_EQUAL(memcmp(pdu.bhs, made[n], PDU_BHS_LEN), 0);
		}
	}
}

/* What is acknowledged is not cut again, and cutting may begin anew behind it. */
static void acknowledged(void)
{
	struct datain_source src = {
		.data = data, .len = 8192, .max_pdu = 1024, .max_burst = 2048, .itt = 7
	};
	struct datain d = { 0 }, again;
	struct pdu_data_in in;
	struct tx_pdu pdu;

	while (!datain_next(&d, &src, &pdu))
		;
	CU_ASSERT_FALSE(datain_ack(&d, &src, 9));
	CU_ASSERT(datain_ack(&d, &src, 4));
	CU_ASSERT_FALSE(datain_ack(&d, &src, 3));
	CU_ASSERT_FALSE(datain_seek(&d, &src, 3, &again));
	CU_ASSERT(datain_seek(&d, &src, 4, &again));
	src.max_pdu = 512; /* another length: only all of it anew */
	CU_ASSERT_FALSE(datain_seek(&d, &src, 4, &again));
	datain_rewind(&d);
	CU_ASSERT_FALSE(datain_next(&d, &src, &pdu));
	CU_ASSERT_EQUAL(pdu_get_data_in(pdu.bhs, &in), PDU_OK);
	CU_ASSERT(in.datasn == 4 && in.offset == 4096 && in.data_len == 512);
	CU_ASSERT(datain_seek(&d, &src, 4, &again) && again.offset == 4096);
}

/* 11.7.2: the last PDU of each sequence that is not the last asks for an acknowledgement. */
static void asks_for_acknowledgement(void)
{
	const uint8_t lun[PDU_LUN_LEN] = { 0, 3 };
	const struct datain_source src = { .data = data,
					   .len = 4096,
					   .max_pdu = 1024,
					   .max_burst = 2048,
					   .itt = 7,
					   .acks = true,
					   .lun = lun };
	struct datain d = { 0 };
	struct pdu_data_in in;
	struct tx_pdu pdu;
	bool last;

	do {
		last = datain_next(&d, &src, &pdu);
		CU_ASSERT_EQUAL(pdu_get_data_in(pdu.bhs, &in), PDU_OK);
		CU_ASSERT_EQUAL(!!(in.flags & PDU_DATA_IN_ACK), in.datasn == 1);
		CU_ASSERT_EQUAL(in.ttt != PDU_TAG_RESERVED, in.datasn == 1);
		CU_ASSERT_EQUAL(in.lun[1], in.datasn == 1 ? 3 : 0);
	} while (!last);
}

static const struct unit_test tests[] = {
	{ "data is cut to MaxRecvDataSegmentLength and MaxBurstLength",
	  data_is_cut_to_both_limits },
	{ "the last PDU carries status and residual", the_last_carries_status_and_residual },
	{ "every PDU can be cut again", cut_again },
	{ "so can those of another length", cut_again_in_another_length },
	{ "what is acknowledged is gone", acknowledged },
	{ "sequences ask for acknowledgement", asks_for_acknowledgement },
};

UNIT_MAIN("iscsi/datain", tests)
