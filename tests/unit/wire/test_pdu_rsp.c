#include "vectors.h"

VECTOR_AGAIN(scsi_rsp)
VECTOR_AGAIN(tmf_rsp)
VECTOR_AGAIN(data_in)
VECTOR_AGAIN(r2t)
VECTOR_AGAIN(async)
VECTOR_AGAIN(text_rsp)
VECTOR_AGAIN(login_rsp)
VECTOR_AGAIN(logout_rsp)
VECTOR_AGAIN(reject)
VECTOR_AGAIN(nop_in)

enum {
	SCSI_RSP,
	TMF_RSP,
	DATA_IN_STATUS,
	DATA_IN_ACK,
	R2T,
	ASYNC,
	TEXT_RSP,
	LOGIN_RSP,
	LOGOUT_RSP,
	REJECT,
	NOP_IN
};

/* clang-format off */
static const struct vector vectors[] = {
	[SCSI_RSP] = { "SCSI Response, 11.4", again_scsi_rsp,
		{ { 0, 0, 0xc0 }, { 1, 1, 0xe1 }, { 4, 4, 0xff }, { 8, 15, 0xff } }, {
		0x21, 0x92, 0x01, 0x18,		/*  0 opcode 21h | 1, o U | Response | Status */
		0x00, 0x00, 0x00, 0x14,		/*  4 TotalAHSLength | DataSegmentLength 20 */
		0x00, 0x00, 0x00, 0x00,		/*  8 reserved */
		0x00, 0x00, 0x00, 0x00,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 SNACK Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 ExpDataSN */
		0x81, 0x82, 0x83, 0x84,		/* 40 Bidirectional Read Residual Count */
		0x71, 0x72, 0x73, 0x74 } },	/* 44 Residual Count */
	[TMF_RSP] = { "Task Management Function Response, 11.6", again_tmf_rsp,
		{ { 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 3, 0xff }, { 11, 15, 0xff }, { 20, 23, 0xff },
		  { 36, 47, 0xff } }, {
		0x22, 0x80, 0x07, 0x00,		/*  0 opcode 22h | 1 | Response | reserved */
		0x00, 0x00, 0x00, 0x00,		/*  4 no AHS | no data */
		0x41, 0x42, 0x43, 0x00,		/*  8 Additional Response Information (RFC 7144) */
		0x00, 0x00, 0x00, 0x00,		/* 12 reserved */
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x00, 0x00, 0x00, 0x00,		/* 20 reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x00, 0x00, 0x00, 0x00,		/* 36 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
	[DATA_IN_STATUS] = { "SCSI Data-In with status, 11.7", again_data_in,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x38 }, { 2, 2, 0xff }, { 4, 4, 0xff } }, {
		0x25, 0x83, 0x00, 0x08,		/*  0 opcode 25h | F, U S | reserved | Status */
		0x00, 0x00, 0x10, 0x00,		/*  4 TotalAHSLength | DataSegmentLength 4096 */
		0x00, 0x00, 0x00, 0x00,		/*  8 LUN: reserved without A */
		0x00, 0x00, 0x00, 0x00,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xff, 0xff, 0xff, 0xff,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 DataSN */
		0x81, 0x82, 0x83, 0x84,		/* 40 Buffer Offset */
		0x71, 0x72, 0x73, 0x74 } },	/* 44 Residual Count */
	[DATA_IN_ACK] = { "SCSI Data-In that asks for an acknowledgement, 11.7", again_data_in,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x38 }, { 2, 2, 0xff }, { 4, 4, 0xff } }, {
		0x25, 0xc0, 0x00, 0x00,		/*  0 opcode 25h | F A | reserved | no status */
		0x00, 0x00, 0x10, 0x00,		/*  4 TotalAHSLength | DataSegmentLength 4096 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0x00, 0x00, 0x00, 0x00,		/* 24 StatSN: reserved without S */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 DataSN */
		0x81, 0x82, 0x83, 0x84,		/* 40 Buffer Offset */
		0x00, 0x00, 0x00, 0x00 } },	/* 44 Residual Count: reserved without S */
	[R2T] = { "Ready To Transfer, 11.8", again_r2t,
		{ { 0, 0, 0xc0 }, { 1, 3, 0xff } }, {
		0x31, 0x80, 0x00, 0x00,		/*  0 opcode 31h | 1 */
		0x00, 0x00, 0x00, 0x00,		/*  4 no AHS | no data */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 R2TSN */
		0x81, 0x82, 0x83, 0x84,		/* 40 Buffer Offset */
		0x71, 0x72, 0x73, 0x74 } },	/* 44 Desired Data Transfer Length */
	[ASYNC] = { "Asynchronous Message, 11.9", again_async,
		{ { 0, 0, 0xc0 }, { 1, 4, 0xff }, { 16, 23, 0xff }, { 44, 47, 0xff } }, {
		0x32, 0x80, 0x00, 0x00,		/*  0 opcode 32h | 1 */
		0x00, 0x00, 0x00, 0x16,		/*  4 TotalAHSLength | DataSegmentLength 22 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xff, 0xff, 0xff, 0xff,		/* 16 instead of a task tag */
		0x00, 0x00, 0x00, 0x00,		/* 20 reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x01, 0x92, 0x93, 0x94,		/* 36 AsyncEvent | AsyncVCode | 38 Parameter1 */
		0x81, 0x82, 0x83, 0x84,		/* 40 Parameter2 | 42 Parameter3 */
		0x00, 0x00, 0x00, 0x00 } },	/* 44 reserved */
	[TEXT_RSP] = { "Text Response, 11.11", again_text_rsp,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x3f }, { 2, 4, 0xff }, { 36, 47, 0xff } }, {
		0x24, 0x40, 0x00, 0x00,		/*  0 opcode 24h | C */
		0x00, 0x00, 0x20, 0x00,		/*  4 TotalAHSLength | DataSegmentLength 8192 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x00, 0x00, 0x00, 0x00,		/* 36 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
	[LOGIN_RSP] = { "Login Response, 11.13", again_login_rsp,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x30 }, { 4, 4, 0xff }, { 20, 23, 0xff },
		  { 38, 47, 0xff } }, {
		0x23, 0x87, 0x03, 0x02,		/*  0 opcode 23h | T, 1 to 3 | Version-max | -active */
		0x00, 0x00, 0x01, 0x00,		/*  4 TotalAHSLength | DataSegmentLength 256 */
		0x80, 0x12, 0x34, 0x56,		/*  8 ISID */
		0x00, 0x07, 0x81, 0x82,		/* 12 ISID | 14 TSIH */
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x00, 0x00, 0x00, 0x00,		/* 20 reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x02, 0x01, 0x00, 0x00,		/* 36 Status-Class | Status-Detail | reserved */
		0x00, 0x00, 0x00, 0x00,		/* 40 reserved */
		0x00, 0x00, 0x00, 0x00 } },
	[LOGOUT_RSP] = { "Logout Response, 11.15", again_logout_rsp,
		{ { 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 3, 0xff }, { 8, 15, 0xff }, { 20, 23, 0xff },
		  { 36, 39, 0xff }, { 44, 47, 0xff } }, {
		0x26, 0x80, 0x02, 0x00,		/*  0 opcode 26h | 1 | Response | reserved */
		0x00, 0x00, 0x00, 0x00,		/*  4 no AHS | no data */
		0x00, 0x00, 0x00, 0x00,		/*  8 reserved */
		0x00, 0x00, 0x00, 0x00,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x00, 0x00, 0x00, 0x00,		/* 20 reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x00, 0x00, 0x00, 0x00,		/* 36 reserved */
		0x81, 0x82, 0x83, 0x84,		/* 40 Time2Wait | 42 Time2Retain */
		0x00, 0x00, 0x00, 0x00 } },	/* 44 reserved */
	[REJECT] = { "Reject, 11.17", again_reject,
		{ { 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 4, 0xff }, { 8, 23, 0xff }, { 40, 47, 0xff } }, {
		0x3f, 0x80, 0x04, 0x00,		/*  0 opcode 3fh | 1 | Reason | reserved */
		0x00, 0x00, 0x00, 0x30,		/*  4 TotalAHSLength | DataSegmentLength 48 */
		0x00, 0x00, 0x00, 0x00,		/*  8 reserved */
		0x00, 0x00, 0x00, 0x00,
		0xff, 0xff, 0xff, 0xff,		/* 16 instead of a task tag */
		0x00, 0x00, 0x00, 0x00,		/* 20 reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 DataSN/R2TSN */
		0x00, 0x00, 0x00, 0x00,		/* 40 reserved */
		0x00, 0x00, 0x00, 0x00 } },
	[NOP_IN] = { "NOP-In, 11.19", again_nop_in,
		{ { 0, 0, 0xc0 }, { 1, 4, 0xff }, { 36, 47, 0xff } }, {
		0x20, 0x80, 0x00, 0x00,		/*  0 opcode 20h | 1 */
		0x00, 0x00, 0x00, 0x20,		/*  4 TotalAHSLength | DataSegmentLength 32 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 StatSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpCmdSN */
		0xd1, 0xd2, 0xd3, 0xd4,		/* 32 MaxCmdSN */
		0x00, 0x00, 0x00, 0x00,		/* 36 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
};
/* clang-format on */

#define COUNT (sizeof(vectors) / sizeof(vectors[0]))
#define LUN                                                    \
	{                                                      \
		0x00, 0x05, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 \
	}
#define SNS                                        \
	{                                          \
		0xb1b2b3b4, 0xc1c2c3c4, 0xd1d2d3d4 \
	}

static void command_fields(void)
{
	VECTOR_PUT(scsi_rsp, &vectors[SCSI_RSP],
		   .flags = PDU_RESID_BIDI_OVERFLOW | PDU_RESID_UNDERFLOW,
		   .response = PDU_RSP_TARGET_FAILURE, .status = 0x18, .itt = 0xa1a2a3a4,
		   .snack_tag = 0xe1e2e3e4, .sn = SNS, .expdatasn = 0x91929394,
		   .bidi_residual = 0x81828384, .residual = 0x71727374, .data_len = 20);
	VECTOR_PUT(tmf_rsp, &vectors[TMF_RSP], .response = PDU_TMF_SUCCEEDED, .itt = 0xa1a2a3a4,
		   .sn = SNS, .info = 0x414243);
	VECTOR_PUT(data_in, &vectors[DATA_IN_STATUS],
		   .flags = PDU_FINAL | PDU_DATA_IN_STATUS | PDU_RESID_UNDERFLOW, .status = 0x08,
		   .itt = 0xa1a2a3a4, .ttt = PDU_TAG_RESERVED, .sn = SNS, .datasn = 0x91929394,
		   .offset = 0x81828384, .residual = 0x71727374, .data_len = 4096);
	VECTOR_PUT(data_in, &vectors[DATA_IN_ACK], .flags = PDU_FINAL | PDU_DATA_IN_ACK, .lun = LUN,
		   .itt = 0xa1a2a3a4, .ttt = 0xe1e2e3e4, .sn = { 0, 0xc1c2c3c4, 0xd1d2d3d4 },
		   .datasn = 0x91929394, .offset = 0x81828384, .data_len = 4096);
	VECTOR_PUT(r2t, &vectors[R2T], .lun = LUN, .itt = 0xa1a2a3a4, .ttt = 0xe1e2e3e4, .sn = SNS,
		   .r2tsn = 0x91929394, .offset = 0x81828384, .len = 0x71727374);
}

static void session_fields(void)
{
	VECTOR_PUT(async, &vectors[ASYNC], .lun = LUN, .sn = SNS, .event = PDU_ASYNC_LOGOUT,
		   .vcode = 0x92, .parameter1 = 0x9394, .parameter2 = 0x8182, .parameter3 = 0x8384,
		   .data_len = 22);
	VECTOR_PUT(text_rsp, &vectors[TEXT_RSP], .cont = true, .lun = LUN, .itt = 0xa1a2a3a4,
		   .ttt = 0xe1e2e3e4, .sn = SNS, .data_len = 8192);
	VECTOR_PUT(login_rsp, &vectors[LOGIN_RSP], .transit = true, .csg = PDU_STAGE_OPERATIONAL,
		   .nsg = PDU_STAGE_FULL, .version_max = 3, .version_active = 2,
		   .isid = { 0x80, 0x12, 0x34, 0x56, 0x00, 0x07 }, .tsih = 0x8182,
		   .itt = 0xa1a2a3a4, .sn = SNS, .status = PDU_LOGIN_AUTH_FAILED, .data_len = 256);
	VECTOR_PUT(logout_rsp, &vectors[LOGOUT_RSP], .response = PDU_LOGOUT_NO_RECOVERY,
		   .itt = 0xa1a2a3a4, .sn = SNS, .time2wait = 0x8182, .time2retain = 0x8384);
	VECTOR_PUT(reject, &vectors[REJECT], .reason = PDU_REJECT_PROTOCOL_ERROR, .sn = SNS,
		   .datasn = 0x91929394, .data_len = 48);
	VECTOR_PUT(nop_in, &vectors[NOP_IN], .lun = LUN, .itt = 0xa1a2a3a4, .ttt = 0xe1e2e3e4,
		   .sn = SNS, .data_len = 32);
}

static void all(void (*ask)(const struct vector *v))
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		ask(&vectors[i]);
}

static void reserved_bits(void)
{
	all(vector_comes_back);
}

static void all_other_bits(void)
{
	all(vector_bits_count);
}

static void other_opcodes(void)
{
	all(vector_opcode_counts);
}

static void any_bytes(void)
{
	all(vector_any_bytes);
}

/* One byte that decides; all others are those of the vector. */
static const struct {
	const char *what;
	unsigned int vector;
	uint8_t byte, value;
	enum pdu_err err;
} verdicts[] = {
	{ "response, no residual", SCSI_RSP, 1, 0x80, PDU_OK },
	{ "response, O and o", SCSI_RSP, 1, 0x94, PDU_OK },
	{ "response, O and U", SCSI_RSP, 1, 0x86, PDU_BAD_FLAGS },
	{ "response, o and u", SCSI_RSP, 1, 0x98, PDU_BAD_FLAGS },
	{ "Data-In, F O S", DATA_IN_STATUS, 1, 0x85, PDU_OK },
	{ "Data-In, F O U S", DATA_IN_STATUS, 1, 0x87, PDU_BAD_FLAGS },
	{ "Data-In, S without F", DATA_IN_STATUS, 1, 0x01, PDU_BAD_FLAGS },
	{ "Data-In, O and U mean nothing without S", DATA_IN_STATUS, 1, 0x86, PDU_OK },
	{ "task management, with an AHS", TMF_RSP, 4, 1, PDU_BAD_FIELD },
	{ "task management, with data", TMF_RSP, 7, 1, PDU_BAD_FIELD },
	{ "task management, unknown response", TMF_RSP, 2, 0xfe, PDU_OK },
	{ "R2T, with an AHS", R2T, 4, 1, PDU_BAD_FIELD },
	{ "R2T, with data", R2T, 7, 1, PDU_BAD_FIELD },
	{ "text, F alone", TEXT_RSP, 1, 0x80, PDU_OK },
	{ "text, F and C", TEXT_RSP, 1, 0xc0, PDU_BAD_FLAGS },
	{ "login, C alone", LOGIN_RSP, 1, 0x44, PDU_OK },
	{ "login, T and C", LOGIN_RSP, 1, 0xc7, PDU_BAD_FLAGS },
	{ "logout, with an AHS", LOGOUT_RSP, 4, 1, PDU_BAD_FIELD },
	{ "logout, with data", LOGOUT_RSP, 5, 1, PDU_BAD_FIELD },
};

static void verdict_of_each(void)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN];
	const struct vector *v;
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		v = &vectors[verdicts[i].vector];
		memcpy(in, v->bhs, sizeof(in));
		in[verdicts[i].byte] = verdicts[i].value;
		CU_ASSERT_EQUAL(v->again(in, out), verdicts[i].err);
	}
}

static void r2t_of_nothing(void)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN];

	memcpy(in, vectors[R2T].bhs, sizeof(in));
	memset(in + 44, 0, 4);
	CU_ASSERT_EQUAL(again_r2t(in, out), PDU_BAD_FIELD);
	in[47] = 1;
	CU_ASSERT_EQUAL(again_r2t(in, out), PDU_OK);
}

/* Flags that a caller hands in stay inside of their bits. */
static void flags_one_by_one(void)
{
	struct pdu_scsi_rsp rsp = { 0 };
	struct pdu_data_in data = { 0 };
	uint8_t out[PDU_BHS_LEN];
	unsigned int flag;

	for (flag = 1; flag <= 0x80; flag <<= 1) {
		rsp.flags = (uint8_t)flag;
		pdu_put_scsi_rsp(out, &rsp);
		CU_ASSERT_EQUAL(out[1], 0x80 | (flag & 0x1e));
		data.flags = (uint8_t)flag;
		pdu_put_data_in(out, &data);
		CU_ASSERT_EQUAL(out[1], flag & 0xc7);
	}
}

static const struct unit_test tests[] = {
	{ "response, task management, Data-In and R2T are as the RFC draws them", command_fields },
	{ "async, text, login, logout, reject and NOP-In are as the RFC draws them",
	  session_fields },
	{ "reserved bits are written as zero and not looked at", reserved_bits },
	{ "no other bit is lost", all_other_bits },
	{ "a decoder takes its own opcode only", other_opcodes },
	{ "any bytes are decoded without harm", any_bytes },
	{ "only what the RFC forbids is refused", verdict_of_each },
	{ "an R2T asks for something", r2t_of_nothing },
	{ "each flag has its bit", flags_one_by_one },
};

UNIT_MAIN("wire/pdu_rsp", tests)
