/*
 * iSCSI PDU headers (RFC 7143, section 11): numbers, and one struct for each PDU.
 *
 * For each PDU there are a pdu_get_…() and a pdu_put_…(), so that the target and
 * the test initiator share them. All are pure: no allocation, no log. A get
 * copies, and keeps no pointer into the header; a put writes all 48 bytes,
 * TotalAHSLength 0 (pdu_set_ahs_len() afterwards where there is an AHS).
 * Reserved fields are written as zero and not looked at.
 */
#ifndef WIRE_PDU_H
#define WIRE_PDU_H

#include <stdbool.h>
#include <stdint.h>

#define PDU_BHS_LEN      48        /* basic header segment, bytes */
#define PDU_AHS_MAX      (255 * 4) /* additional header segments, bytes (TotalAHSLength is 8 bits) */
#define PDU_DATA_MAX     0xffffffu /* what DataSegmentLength can say, bytes */
#define PDU_DIGEST_LEN   4
#define PDU_TAG_RESERVED 0xffffffffu /* ITT or TTT that names nothing */
#define PDU_LUN_LEN      8
#define PDU_CDB_LEN      16
#define PDU_ISID_LEN     6

#define PDU_VERSION 0x00 /* Version-max, -min and -active: RFC 7143 knows this one only */

/* 11.2.1.2 */
enum pdu_opcode {
	PDU_NOP_OUT = 0x00,
	PDU_SCSI_CMD = 0x01,
	PDU_TMF_REQ = 0x02,
	PDU_LOGIN_REQ = 0x03,
	PDU_TEXT_REQ = 0x04,
	PDU_DATA_OUT = 0x05,
	PDU_LOGOUT_REQ = 0x06,
	PDU_SNACK = 0x10,
	PDU_NOP_IN = 0x20,
	PDU_SCSI_RSP = 0x21,
	PDU_TMF_RSP = 0x22,
	PDU_LOGIN_RSP = 0x23,
	PDU_TEXT_RSP = 0x24,
	PDU_DATA_IN = 0x25,
	PDU_LOGOUT_RSP = 0x26,
	PDU_R2T = 0x31,
	PDU_ASYNC = 0x32,
	PDU_REJECT = 0x3f,
};

#define PDU_OPCODE_MASK 0x3f
#define PDU_IMMEDIATE   0x40 /* byte 0: the I bit */
#define PDU_FINAL       0x80 /* byte 1: the F bit */

/* Fields every header has at the same place. */
static inline uint8_t pdu_opcode(const uint8_t *bhs)
{
	return bhs[0] & PDU_OPCODE_MASK;
}

static inline bool pdu_is_immediate(const uint8_t *bhs)
{
	return bhs[0] & PDU_IMMEDIATE;
}

static inline uint32_t pdu_ahs_len(const uint8_t *bhs) /* bytes */
{
	return (uint32_t)bhs[4] * 4;
}

static inline uint32_t pdu_data_len(const uint8_t *bhs) /* bytes, without padding */
{
	return (uint32_t)bhs[5] << 16 | (uint32_t)bhs[6] << 8 | bhs[7];
}

static inline uint32_t pdu_pad(uint32_t len) /* bytes that follow len to a multiple of four */
{
	return -len & 3;
}

/* Does neither an AHS nor a data segment follow? */
static inline bool pdu_is_bare(const uint8_t *bhs)
{
	return (bhs[4] | bhs[5] | bhs[6] | bhs[7]) == 0;
}

uint32_t pdu_itt(const uint8_t bhs[static PDU_BHS_LEN]);

/* Start any header: the opcode, DataSegmentLength (bytes), and zero for all else. */
void pdu_begin(uint8_t bhs[static PDU_BHS_LEN], enum pdu_opcode opcode, uint32_t data_len);

/* len: bytes, a multiple of four up to PDU_AHS_MAX. */
void pdu_set_ahs_len(uint8_t bhs[static PDU_BHS_LEN], uint32_t len);

/* Stamp the numbers of a response just before it leaves: bytes 24 to 35. */
void pdu_stamp(uint8_t bhs[static PDU_BHS_LEN], uint32_t statsn, uint32_t expcmdsn,
	       uint32_t maxcmdsn);

/* What a get may find wrong; the caller answers it. */
enum pdu_err {
	PDU_OK,
	PDU_BAD_OPCODE, /* not the opcode this decoder is for */
	PDU_BAD_FLAGS,  /* flags that exclude each other */
	PDU_BAD_FIELD,  /* a field outside of its range */
};

/* ---- requests ---- */

/* 11.3.1 task attributes */
enum pdu_attr { PDU_ATTR_UNTAGGED, PDU_ATTR_SIMPLE, PDU_ATTR_ORDERED, PDU_ATTR_HEAD, PDU_ATTR_ACA };

struct pdu_scsi_cmd { /* 11.3 */
	bool immediate;
	bool final;
	bool read;
	bool write;
	uint8_t attr; /* enum pdu_attr, or 5 to 7 from outside */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t edtl; /* Expected Data Transfer Length, bytes */
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint8_t cdb[PDU_CDB_LEN];
	uint32_t data_len; /* bytes of immediate data */
};

/* 11.5.1; 9 to 12: RFC 7144, 4.2 */
enum pdu_tmf {
	PDU_TMF_ABORT_TASK = 1,
	PDU_TMF_ABORT_TASK_SET = 2,
	PDU_TMF_CLEAR_ACA = 3,
	PDU_TMF_CLEAR_TASK_SET = 4,
	PDU_TMF_LU_RESET = 5,
	PDU_TMF_TARGET_WARM_RESET = 6,
	PDU_TMF_TARGET_COLD_RESET = 7,
	PDU_TMF_TASK_REASSIGN = 8,
	PDU_TMF_QUERY_TASK = 9,
	PDU_TMF_QUERY_TASK_SET = 10,
	PDU_TMF_IT_NEXUS_RESET = 11,
	PDU_TMF_QUERY_ASYNC_EVENT = 12,
};

struct pdu_tmf_req { /* 11.5 */
	bool immediate;
	uint8_t function; /* enum pdu_tmf, or anything to 0x7f */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t rtt; /* Referenced Task Tag */
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint32_t refcmdsn;
	uint32_t expdatasn;
	uint32_t data_len; /* must be 0: anything else is PDU_BAD_FIELD */
};

struct pdu_data_out { /* 11.7 */
	bool final;
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	uint32_t expstatsn;
	uint32_t datasn;
	uint32_t offset;   /* Buffer Offset, bytes */
	uint32_t data_len; /* bytes */
};

/* 11.12.3 */
enum pdu_stage { PDU_STAGE_SECURITY = 0, PDU_STAGE_OPERATIONAL = 1, PDU_STAGE_FULL = 3 };

struct pdu_login_req { /* 11.12 */
	bool transit;
	bool cont;
	uint8_t csg; /* enum pdu_stage, or 2 from outside */
	uint8_t nsg;
	uint8_t version_max;
	uint8_t version_min;
	uint8_t isid[PDU_ISID_LEN];
	uint16_t tsih;
	uint32_t itt;
	uint16_t cid;
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint32_t data_len;
};

struct pdu_text_req { /* 11.10 */
	bool immediate;
	bool final;
	bool cont;
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint32_t data_len;
};

/* 11.14.1 */
enum pdu_logout_reason { PDU_LOGOUT_SESSION, PDU_LOGOUT_CONNECTION, PDU_LOGOUT_RECOVERY };

struct pdu_logout_req { /* 11.14 */
	bool immediate;
	uint8_t reason; /* enum pdu_logout_reason, or anything to 0x7f */
	uint32_t itt;
	uint16_t cid;
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint32_t data_len; /* must be 0: anything else is PDU_BAD_FIELD */
};

/* 11.16.1 */
enum pdu_snack_type { PDU_SNACK_DATA_R2T, PDU_SNACK_STATUS, PDU_SNACK_DATA_ACK, PDU_SNACK_R_DATA };

struct pdu_snack {    /* 11.16 */
	uint8_t type; /* enum pdu_snack_type, or anything to 15 */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt; /* SNACK Tag of R-Data, Target Transfer Tag of DataACK */
	uint32_t expstatsn;
	uint32_t begrun;
	uint32_t runlength;
};

struct pdu_nop_out { /* 11.18 */
	bool immediate;
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	uint32_t cmdsn;
	uint32_t expstatsn;
	uint32_t data_len;
};

enum pdu_err pdu_get_scsi_cmd(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_scsi_cmd *out);
enum pdu_err pdu_get_tmf_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_tmf_req *out);
enum pdu_err pdu_get_data_out(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_data_out *out);
enum pdu_err pdu_get_login_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_login_req *out);
enum pdu_err pdu_get_text_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_text_req *out);
enum pdu_err pdu_get_logout_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_logout_req *out);
enum pdu_err pdu_get_snack(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_snack *out);
enum pdu_err pdu_get_nop_out(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_nop_out *out);

void pdu_put_scsi_cmd(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_scsi_cmd *in);
void pdu_put_tmf_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_tmf_req *in);
void pdu_put_data_out(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_data_out *in);
void pdu_put_login_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_login_req *in);
void pdu_put_text_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_text_req *in);
void pdu_put_logout_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_logout_req *in);
void pdu_put_snack(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_snack *in);
void pdu_put_nop_out(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_nop_out *in);

/* ---- responses: StatSN, ExpCmdSN and MaxCmdSN are part of each ---- */

struct pdu_sns {
	uint32_t statsn; /* reserved (0) in Data-In without status and as told at each PDU */
	uint32_t expcmdsn;
	uint32_t maxcmdsn;
};

/* 11.4.2 and 11.7.3: residual flags, as they stand in byte 1 of SCSI Response and Data-In */
#define PDU_RESID_OVERFLOW       0x04
#define PDU_RESID_UNDERFLOW      0x02
#define PDU_RESID_BIDI_OVERFLOW  0x10
#define PDU_RESID_BIDI_UNDERFLOW 0x08

/* 11.4.3 */
enum pdu_scsi_response { PDU_RSP_COMPLETED = 0x00, PDU_RSP_TARGET_FAILURE = 0x01 };

struct pdu_scsi_rsp {     /* 11.4 */
	uint8_t flags;    /* PDU_RESID_… */
	uint8_t response; /* enum pdu_scsi_response */
	uint8_t status;   /* SAM status */
	uint32_t itt;
	uint32_t snack_tag;
	struct pdu_sns sn;
	uint32_t expdatasn;
	uint32_t bidi_residual; /* bytes */
	uint32_t residual;      /* bytes */
	uint32_t data_len;      /* bytes: SenseLength field, sense and response data */
};

/* 11.6.1 */
enum pdu_tmf_response {
	PDU_TMF_COMPLETE = 0,
	PDU_TMF_NO_TASK = 1,
	PDU_TMF_NO_LUN = 2,
	PDU_TMF_STILL_ALLEGIANT = 3,
	PDU_TMF_NO_REASSIGN = 4,
	PDU_TMF_NOT_SUPPORTED = 5,
	PDU_TMF_AUTHORIZATION_FAILED = 6,
	PDU_TMF_SUCCEEDED = 7, /* RFC 7144 */
	PDU_TMF_REJECTED = 255,
};

struct pdu_tmf_rsp {      /* 11.6 */
	uint8_t response; /* enum pdu_tmf_response */
	uint32_t itt;
	struct pdu_sns sn;
	uint32_t info; /* RFC 7144, 4.3.1: additional response information, 24 bits */
};

/* 11.7: flags of a Data-In beside PDU_FINAL and PDU_RESID_… */
#define PDU_DATA_IN_ACK    0x40
#define PDU_DATA_IN_STATUS 0x01

struct pdu_data_in {
	uint8_t flags;            /* PDU_FINAL, PDU_DATA_IN_…, PDU_RESID_… */
	uint8_t status;           /* SAM status, with PDU_DATA_IN_STATUS */
	uint8_t lun[PDU_LUN_LEN]; /* with PDU_DATA_IN_ACK */
	uint32_t itt;
	uint32_t ttt; /* with PDU_DATA_IN_ACK, else PDU_TAG_RESERVED */
	struct pdu_sns sn;
	uint32_t datasn;
	uint32_t offset;   /* bytes */
	uint32_t residual; /* bytes, with PDU_DATA_IN_STATUS */
	uint32_t data_len; /* bytes */
};

struct pdu_r2t { /* 11.8 */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	struct pdu_sns sn; /* statsn: the next one; R2T does not take it */
	uint32_t r2tsn;
	uint32_t offset; /* bytes */
	uint32_t len;    /* Desired Data Transfer Length, bytes */
};

/* 11.9.1 */
enum pdu_async_event {
	PDU_ASYNC_SCSI = 0,
	PDU_ASYNC_LOGOUT = 1, /* target asks for logout within parameter3 s */
	PDU_ASYNC_DROP_CONNECTION = 2,
	PDU_ASYNC_DROP_SESSION = 3,
	PDU_ASYNC_NEGOTIATE = 4,
	PDU_ASYNC_TASKS_ENDED = 5,
	PDU_ASYNC_VENDOR = 255,
};

struct pdu_async { /* 11.9 */
	uint8_t lun[PDU_LUN_LEN];
	struct pdu_sns sn;
	uint8_t event; /* enum pdu_async_event */
	uint8_t vcode;
	uint16_t parameter1;
	uint16_t parameter2;
	uint16_t parameter3;
	uint32_t data_len;
};

struct pdu_text_rsp { /* 11.11 */
	bool final;
	bool cont;
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	struct pdu_sns sn;
	uint32_t data_len;
};

/* 11.13.5: class in the high byte, detail in the low one */
enum pdu_login_status {
	PDU_LOGIN_SUCCESS = 0x0000,
	PDU_LOGIN_MOVED_TEMPORARILY = 0x0101,
	PDU_LOGIN_MOVED_PERMANENTLY = 0x0102,
	PDU_LOGIN_INITIATOR_ERROR = 0x0200,
	PDU_LOGIN_AUTH_FAILED = 0x0201,
	PDU_LOGIN_FORBIDDEN = 0x0202,
	PDU_LOGIN_NOT_FOUND = 0x0203,
	PDU_LOGIN_REMOVED = 0x0204,
	PDU_LOGIN_UNSUPPORTED_VERSION = 0x0205,
	PDU_LOGIN_TOO_MANY_CONNECTIONS = 0x0206,
	PDU_LOGIN_MISSING_PARAMETER = 0x0207,
	PDU_LOGIN_CANNOT_INCLUDE = 0x0208,
	PDU_LOGIN_SESSION_TYPE = 0x0209,
	PDU_LOGIN_NO_SESSION = 0x020a,
	PDU_LOGIN_INVALID_DURING_LOGIN = 0x020b,
	PDU_LOGIN_TARGET_ERROR = 0x0300,
	PDU_LOGIN_SERVICE_UNAVAILABLE = 0x0301,
	PDU_LOGIN_OUT_OF_RESOURCES = 0x0302,
};

/* In words: "authentication failure"; "?" for one that 11.13.5 does not have. */
const char *pdu_login_status_name(uint16_t status);

struct pdu_login_rsp { /* 11.13 */
	bool transit;
	bool cont;
	uint8_t csg;
	uint8_t nsg;
	uint8_t version_max;
	uint8_t version_active;
	uint8_t isid[PDU_ISID_LEN];
	uint16_t tsih;
	uint32_t itt;
	struct pdu_sns sn;
	uint16_t status; /* enum pdu_login_status */
	uint32_t data_len;
};

/* 11.15.1 */
enum pdu_logout_response {
	PDU_LOGOUT_DONE = 0,
	PDU_LOGOUT_NO_CID = 1,
	PDU_LOGOUT_NO_RECOVERY = 2,
	PDU_LOGOUT_CLEANUP_FAIL = 3,
};

struct pdu_logout_rsp {   /* 11.15 */
	uint8_t response; /* enum pdu_logout_response */
	uint32_t itt;
	struct pdu_sns sn;
	uint16_t time2wait;   /* s */
	uint16_t time2retain; /* s */
};

/* 11.17.1 */
enum pdu_reject_reason {
	PDU_REJECT_DATA_DIGEST = 0x02,
	PDU_REJECT_SNACK = 0x03,
	PDU_REJECT_PROTOCOL_ERROR = 0x04,
	PDU_REJECT_NOT_SUPPORTED = 0x05,
	PDU_REJECT_TOO_MANY_IMMEDIATE = 0x06,
	PDU_REJECT_TASK_IN_PROGRESS = 0x07,
	PDU_REJECT_INVALID_DATA_ACK = 0x08,
	PDU_REJECT_INVALID_FIELD = 0x09,
	PDU_REJECT_LONG_OPERATION = 0x0a,
	PDU_REJECT_NEGOTIATION_RESET = 0x0b,
	PDU_REJECT_WAITING_FOR_LOGOUT = 0x0c,
};

struct pdu_reject {     /* 11.17; the data segment is the header complained of */
	uint8_t reason; /* enum pdu_reject_reason */
	struct pdu_sns sn;
	uint32_t datasn; /* DataSN/R2TSN */
	uint32_t data_len;
};

struct pdu_nop_in { /* 11.19 */
	uint8_t lun[PDU_LUN_LEN];
	uint32_t itt;
	uint32_t ttt;
	struct pdu_sns sn; /* statsn: with itt reserved the next one, not taken */
	uint32_t data_len;
};

enum pdu_err pdu_get_scsi_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_scsi_rsp *out);
enum pdu_err pdu_get_tmf_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_tmf_rsp *out);
enum pdu_err pdu_get_data_in(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_data_in *out);
enum pdu_err pdu_get_r2t(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_r2t *out);
enum pdu_err pdu_get_async(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_async *out);
enum pdu_err pdu_get_text_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_text_rsp *out);
enum pdu_err pdu_get_login_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_login_rsp *out);
enum pdu_err pdu_get_logout_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_logout_rsp *out);
enum pdu_err pdu_get_reject(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_reject *out);
enum pdu_err pdu_get_nop_in(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_nop_in *out);

void pdu_put_scsi_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_scsi_rsp *in);
void pdu_put_tmf_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_tmf_rsp *in);
void pdu_put_data_in(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_data_in *in);
void pdu_put_r2t(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_r2t *in);
void pdu_put_async(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_async *in);
void pdu_put_text_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_text_rsp *in);
void pdu_put_login_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_login_rsp *in);
void pdu_put_logout_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_logout_rsp *in);
void pdu_put_reject(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_reject *in);
void pdu_put_nop_in(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_nop_in *in);

#endif
