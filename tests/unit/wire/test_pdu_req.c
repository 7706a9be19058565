#include "vectors.h"

VECTOR_AGAIN(scsi_cmd)
VECTOR_AGAIN(tmf_req)
VECTOR_AGAIN(data_out)
VECTOR_AGAIN(text_req)
VECTOR_AGAIN(login_req)
VECTOR_AGAIN(logout_req)
VECTOR_AGAIN(snack)
VECTOR_AGAIN(nop_out)

enum { SCSI_CMD, TMF_REQ, DATA_OUT, TEXT_REQ, LOGIN_REQ, LOGOUT_REQ, SNACK, NOP_OUT };

/* clang-format off */
static const struct vector vectors[] = {
	[SCSI_CMD] = { "SCSI Command, 11.3", again_scsi_cmd,
		{ { 0, 0, 0x80 }, { 1, 1, 0x18 }, { 2, 4, 0xff } }, {
		0x41, 0xe2, 0x00, 0x00,		/*  0 I, opcode 01h | F R W, ORDERED */
		0x00, 0x00, 0x02, 0x01,		/*  4 TotalAHSLength | DataSegmentLength 513 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x00, 0x01, 0x02, 0x03,		/* 20 Expected Data Transfer Length */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x2a, 0xd1, 0xd2, 0xd3,		/* 32 CDB */
		0xd4, 0xd5, 0xd6, 0xd7,
		0xd8, 0xd9, 0xda, 0xdb,
		0xdc, 0xdd, 0xde, 0xdf } },
	[TMF_REQ] = { "Task Management Function Request, 11.5", again_tmf_req,
		{ { 0, 1, 0x80 }, { 2, 3, 0xff }, { 40, 47, 0xff } }, {
		0x42, 0x88, 0x00, 0x00,		/*  0 I, opcode 02h | 1, TASK REASSIGN */
		0x00, 0x00, 0x00, 0x00,		/*  4 no AHS | no data */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Referenced Task Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0xf1, 0xf2, 0xf3, 0xf4,		/* 32 RefCmdSN */
		0x91, 0x92, 0x93, 0x94,		/* 36 ExpDataSN */
		0x00, 0x00, 0x00, 0x00,		/* 40 reserved */
		0x00, 0x00, 0x00, 0x00 } },
	[DATA_OUT] = { "SCSI Data-Out, 11.7", again_data_out,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x7f }, { 2, 4, 0xff }, { 24, 27, 0xff },
		  { 32, 35, 0xff }, { 44, 47, 0xff } }, {
		0x05, 0x80, 0x00, 0x00,		/*  0 opcode 05h | F */
		0x00, 0x04, 0x00, 0x01,		/*  4 TotalAHSLength | DataSegmentLength 262145 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0x00, 0x00, 0x00, 0x00,		/* 24 reserved */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x91, 0x92, 0x93, 0x94,		/* 36 DataSN */
		0x71, 0x72, 0x73, 0x74,		/* 40 Buffer Offset */
		0x00, 0x00, 0x00, 0x00 } },	/* 44 reserved */
	[TEXT_REQ] = { "Text Request, 11.10", again_text_req,
		{ { 0, 0, 0x80 }, { 1, 1, 0x3f }, { 2, 4, 0xff }, { 32, 47, 0xff } }, {
		0x44, 0x80, 0x00, 0x00,		/*  0 I, opcode 04h | F */
		0x00, 0x00, 0x00, 0x10,		/*  4 TotalAHSLength | DataSegmentLength 16 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
	[LOGIN_REQ] = { "Login Request, 11.12", again_login_req,
		{ { 0, 0, 0xc0 }, { 1, 1, 0x30 }, { 4, 4, 0xff }, { 22, 23, 0xff },
		  { 32, 47, 0xff } }, {
		0x43, 0x87, 0x03, 0x02,		/*  0 I, opcode 03h | T, 1 to 3 | Version-max | -min */
		0x00, 0x00, 0x01, 0x00,		/*  4 TotalAHSLength | DataSegmentLength 256 */
		0x80, 0x12, 0x34, 0x56,		/*  8 ISID */
		0x00, 0x07, 0x81, 0x82,		/* 12 ISID | 14 TSIH */
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x61, 0x62, 0x00, 0x00,		/* 20 CID | reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
	[LOGOUT_REQ] = { "Logout Request, 11.14", again_logout_req,
		{ { 0, 1, 0x80 }, { 2, 3, 0xff }, { 8, 15, 0xff }, { 22, 23, 0xff },
		  { 32, 47, 0xff } }, {
		0x46, 0x82, 0x00, 0x00,		/*  0 I, opcode 06h | 1, for recovery */
		0x00, 0x00, 0x00, 0x00,		/*  4 no AHS | no data */
		0x00, 0x00, 0x00, 0x00,		/*  8 reserved */
		0x00, 0x00, 0x00, 0x00,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0x61, 0x62, 0x00, 0x00,		/* 20 CID | reserved */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
	[SNACK] = { "SNACK Request, 11.16", again_snack,
		{ { 0, 0, 0xc0 }, { 1, 1, 0xf0 }, { 2, 7, 0xff }, { 24, 27, 0xff },
		  { 32, 39, 0xff } }, {
		0x10, 0x83, 0x00, 0x00,		/*  0 opcode 10h | 1, R-Data */
		0x00, 0x00, 0x00, 0x00,		/*  4 TotalAHSLength | DataSegmentLength */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag or SNACK Tag */
		0x00, 0x00, 0x00, 0x00,		/* 24 reserved */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x91, 0x92, 0x93, 0x94,		/* 40 BegRun */
		0x71, 0x72, 0x73, 0x74 } },	/* 44 RunLength */
	[NOP_OUT] = { "NOP-Out, 11.18", again_nop_out,
		{ { 0, 0, 0x80 }, { 1, 4, 0xff }, { 32, 47, 0xff } }, {
		0x40, 0x80, 0x00, 0x00,		/*  0 I, opcode 00h | 1 */
		0x00, 0x00, 0x00, 0x20,		/*  4 TotalAHSLength | DataSegmentLength 32 */
		0x00, 0x05, 0x12, 0x13,		/*  8 LUN */
		0x14, 0x15, 0x16, 0x17,
		0xa1, 0xa2, 0xa3, 0xa4,		/* 16 Initiator Task Tag */
		0xe1, 0xe2, 0xe3, 0xe4,		/* 20 Target Transfer Tag */
		0xb1, 0xb2, 0xb3, 0xb4,		/* 24 CmdSN */
		0xc1, 0xc2, 0xc3, 0xc4,		/* 28 ExpStatSN */
		0x00, 0x00, 0x00, 0x00,		/* 32 reserved */
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00 } },
};
/* clang-format on */

#define COUNT (sizeof(vectors) / sizeof(vectors[0]))
#define LUN                                                    \
	{                                                      \
		0x00, 0x05, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 \
	}

static void command_fields(void)
{
	VECTOR_PUT(scsi_cmd, &vectors[SCSI_CMD], .immediate = true, .final = true, .read = true,
		   .write = true, .attr = PDU_ATTR_ORDERED, .lun = LUN, .itt = 0xa1a2a3a4,
		   .edtl = 0x00010203, .cmdsn = 0xb1b2b3b4, .expstatsn = 0xc1c2c3c4,
		   .cdb = { 0x2a, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb,
			    0xdc, 0xdd, 0xde, 0xdf },
		   .data_len = 513);
	VECTOR_PUT(tmf_req, &vectors[TMF_REQ], .immediate = true, .function = PDU_TMF_TASK_REASSIGN,
		   .lun = LUN, .itt = 0xa1a2a3a4, .rtt = 0xe1e2e3e4, .cmdsn = 0xb1b2b3b4,
		   .expstatsn = 0xc1c2c3c4, .refcmdsn = 0xf1f2f3f4, .expdatasn = 0x91929394);
	VECTOR_PUT(data_out, &vectors[DATA_OUT], .final = true, .lun = LUN, .itt = 0xa1a2a3a4,
		   .ttt = 0xe1e2e3e4, .expstatsn = 0xc1c2c3c4, .datasn = 0x91929394,
		   .offset = 0x71727374, .data_len = 262145);
	VECTOR_PUT(snack, &vectors[SNACK], .type = PDU_SNACK_R_DATA, .lun = LUN, .itt = 0xa1a2a3a4,
		   .ttt = 0xe1e2e3e4, .expstatsn = 0xc1c2c3c4, .begrun = 0x91929394,
		   .runlength = 0x71727374);
}

static void session_fields(void)
{
	VECTOR_PUT(text_req, &vectors[TEXT_REQ], .immediate = true, .final = true, .lun = LUN,
		   .itt = 0xa1a2a3a4, .ttt = 0xe1e2e3e4, .cmdsn = 0xb1b2b3b4,
		   .expstatsn = 0xc1c2c3c4, .data_len = 16);
	VECTOR_PUT(login_req, &vectors[LOGIN_REQ], .transit = true, .csg = PDU_STAGE_OPERATIONAL,
		   .nsg = PDU_STAGE_FULL, .version_max = 3, .version_min = 2,
		   .isid = { 0x80, 0x12, 0x34, 0x56, 0x00, 0x07 }, .tsih = 0x8182,
		   .itt = 0xa1a2a3a4, .cid = 0x6162, .cmdsn = 0xb1b2b3b4, .expstatsn = 0xc1c2c3c4,
		   .data_len = 256);
	VECTOR_PUT(logout_req, &vectors[LOGOUT_REQ], .immediate = true,
		   .reason = PDU_LOGOUT_RECOVERY, .itt = 0xa1a2a3a4, .cid = 0x6162,
		   .cmdsn = 0xb1b2b3b4, .expstatsn = 0xc1c2c3c4);
	VECTOR_PUT(nop_out, &vectors[NOP_OUT], .immediate = true, .lun = LUN, .itt = 0xa1a2a3a4,
		   .ttt = 0xe1e2e3e4, .cmdsn = 0xb1b2b3b4, .expstatsn = 0xc1c2c3c4, .data_len = 32);
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

/* Bytes 0, 1 and 4 to 7 that decide; all others are those of the vector. */
static const struct {
	const char *what;
	unsigned int vector;
	uint8_t byte, value;
	enum pdu_err err;
} verdicts[] = {
	{ "text, C alone", TEXT_REQ, 1, 0x40, PDU_OK },
	{ "text, neither F nor C", TEXT_REQ, 1, 0x00, PDU_OK },
	{ "text, F and C", TEXT_REQ, 1, 0xc0, PDU_BAD_FLAGS },
	{ "login, C alone", LOGIN_REQ, 1, 0x44, PDU_OK },
	{ "login, T and C", LOGIN_REQ, 1, 0xc7, PDU_BAD_FLAGS },
	{ "login, stage 2 is for the caller to judge", LOGIN_REQ, 1, 0x8a, PDU_OK },
	{ "login, without the I bit", LOGIN_REQ, 0, 0x03, PDU_OK },
	{ "command, neither R nor W nor F", SCSI_CMD, 1, 0x00, PDU_OK },
	{ "command, unknown attribute", SCSI_CMD, 1, 0x87, PDU_OK },
	{ "command, with an AHS", SCSI_CMD, 4, 0x02, PDU_OK },
	{ "task management, unknown function", TMF_REQ, 1, 0xff, PDU_OK },
	{ "task management, with an AHS", TMF_REQ, 4, 0x01, PDU_BAD_FIELD },
	{ "task management, with data", TMF_REQ, 7, 0x01, PDU_BAD_FIELD },
	{ "task management, with much data", TMF_REQ, 5, 0x80, PDU_BAD_FIELD },
	{ "logout, unknown reason", LOGOUT_REQ, 1, 0xff, PDU_OK },
	{ "logout, with an AHS", LOGOUT_REQ, 4, 0x01, PDU_BAD_FIELD },
	{ "logout, with data", LOGOUT_REQ, 6, 0x01, PDU_BAD_FIELD },
	{ "SNACK, unknown type", SNACK, 1, 0x8f, PDU_OK },
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

/* Each flag by itself in byte 1. */
static void flags_one_by_one(void)
{
	struct pdu_scsi_cmd cmd = { 0 };
	struct pdu_login_req login = { 0 };
	struct pdu_text_req text = { .cont = true };
	uint8_t out[PDU_BHS_LEN];

#define CHECK_FLAG(kind, pdu, field, value, want) \
	do {                                      \
		(pdu).field = (value);            \
		pdu_put_##kind(out, &(pdu));      \
		CU_ASSERT_EQUAL(out[1], want);    \
		(pdu).field = 0;                  \
	} while (0)
	CHECK_FLAG(scsi_cmd, cmd, final, true, 0x80);
	CHECK_FLAG(scsi_cmd, cmd, read, true, 0x40);
	CHECK_FLAG(scsi_cmd, cmd, write, true, 0x20);
	CHECK_FLAG(scsi_cmd, cmd, attr, PDU_ATTR_SIMPLE, 0x01);
	CHECK_FLAG(scsi_cmd, cmd, attr, PDU_ATTR_HEAD, 0x03);
	CHECK_FLAG(scsi_cmd, cmd, attr, PDU_ATTR_ACA, 0x04);
	CHECK_FLAG(login_req, login, transit, true, 0x80);
	CHECK_FLAG(login_req, login, cont, true, 0x40);
	CHECK_FLAG(login_req, login, csg, 3, 0x0c);
	CHECK_FLAG(login_req, login, nsg, 3, 0x03);
	CHECK_FLAG(text_req, text, final, false, 0x40);
}

static const struct unit_test tests[] = {
	{ "command, task management, Data-Out and SNACK are as the RFC draws them",
	  command_fields },
	{ "text, login, logout and NOP-Out are as the RFC draws them", session_fields },
	{ "reserved bits are written as zero and not looked at", reserved_bits },
	{ "no other bit is lost", all_other_bits },
	{ "a decoder takes its own opcode only", other_opcodes },
	{ "any bytes are decoded without harm", any_bytes },
	{ "only what the RFC forbids is refused", verdict_of_each },
	{ "each flag has its bit", flags_one_by_one },
};

UNIT_MAIN("wire/pdu_req", tests)
