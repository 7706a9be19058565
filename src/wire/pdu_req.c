/* Headers of initiator PDUs. Each pair stands in the order of RFC 7143, section 11. */
#include "base/bytes.h"
#include "wire/pdu.h"

#include <string.h>

/* Byte 1 */
#define CMD_READ      0x40 /* 11.3.1 */
#define CMD_WRITE     0x20
#define CMD_ATTR      0x07
#define CONTINUE      0x40 /* C of text and login */
#define LOGIN_TRANSIT 0x80 /* 11.12.1 */
#define FUNCTION      0x7f /* of a task management function, reason of a logout */
#define SNACK_TYPE    0x0f

/* Start a request; I and F are bits of bytes 0 and 1. */
static void begin(uint8_t *bhs, enum pdu_opcode opcode, bool immediate, uint32_t data_len)
{
	pdu_begin(bhs, opcode, data_len);
	if (immediate)
		bhs[0] |= PDU_IMMEDIATE;
}

/* 11.3 */
enum pdu_err pdu_get_scsi_cmd(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_scsi_cmd *out)
{
	if (pdu_opcode(bhs) != PDU_SCSI_CMD)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_scsi_cmd){
		.immediate = pdu_is_immediate(bhs),
		.final = bhs[1] & PDU_FINAL,
		.read = bhs[1] & CMD_READ,
		.write = bhs[1] & CMD_WRITE,
		.attr = bhs[1] & CMD_ATTR,
		.itt = pdu_itt(bhs),
		.edtl = be32(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	memcpy(out->cdb, bhs + 32, PDU_CDB_LEN);
	return PDU_OK;
}

void pdu_put_scsi_cmd(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_scsi_cmd *in)
{
	begin(bhs, PDU_SCSI_CMD, in->immediate, in->data_len);
	bhs[1] = (uint8_t)((in->final ? PDU_FINAL : 0) | (in->read ? CMD_READ : 0) |
			   (in->write ? CMD_WRITE : 0) | (in->attr & CMD_ATTR));
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->edtl);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
	memcpy(bhs + 32, in->cdb, PDU_CDB_LEN);
}

/* 11.5; no segments may follow (11.5.2) */
enum pdu_err pdu_get_tmf_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_tmf_req *out)
{
	if (pdu_opcode(bhs) != PDU_TMF_REQ)
		return PDU_BAD_OPCODE;
	if (!pdu_is_bare(bhs))
		return PDU_BAD_FIELD;
	*out = (struct pdu_tmf_req){
		.immediate = pdu_is_immediate(bhs),
		.function = bhs[1] & FUNCTION,
		.itt = pdu_itt(bhs),
		.rtt = be32(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.refcmdsn = be32(bhs + 32),
		.expdatasn = be32(bhs + 36),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_tmf_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_tmf_req *in)
{
	begin(bhs, PDU_TMF_REQ, in->immediate, in->data_len);
	bhs[1] = (uint8_t)(PDU_FINAL | (in->function & FUNCTION));
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->rtt);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
	put_be32(bhs + 32, in->refcmdsn);
	put_be32(bhs + 36, in->expdatasn);
}

/* 11.7 */
enum pdu_err pdu_get_data_out(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_data_out *out)
{
	if (pdu_opcode(bhs) != PDU_DATA_OUT)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_data_out){
		.final = bhs[1] & PDU_FINAL,
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.expstatsn = be32(bhs + 28),
		.datasn = be32(bhs + 36),
		.offset = be32(bhs + 40),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_data_out(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_data_out *in)
{
	begin(bhs, PDU_DATA_OUT, false, in->data_len);
	bhs[1] = in->final ? PDU_FINAL : 0;
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 28, in->expstatsn);
	put_be32(bhs + 36, in->datasn);
	put_be32(bhs + 40, in->offset);
}

/* 11.10; C and F exclude each other (11.10.2) */
enum pdu_err pdu_get_text_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_text_req *out)
{
	if (pdu_opcode(bhs) != PDU_TEXT_REQ)
		return PDU_BAD_OPCODE;
	if ((bhs[1] & PDU_FINAL) && (bhs[1] & CONTINUE))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_text_req){
		.immediate = pdu_is_immediate(bhs),
		.final = bhs[1] & PDU_FINAL,
		.cont = bhs[1] & CONTINUE,
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_text_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_text_req *in)
{
	begin(bhs, PDU_TEXT_REQ, in->immediate, in->data_len);
	bhs[1] = (uint8_t)((in->final ? PDU_FINAL : 0) | (in->cont ? CONTINUE : 0));
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
}

/* 11.12; C and T exclude each other (11.12.2) */
enum pdu_err pdu_get_login_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_login_req *out)
{
	if (pdu_opcode(bhs) != PDU_LOGIN_REQ)
		return PDU_BAD_OPCODE;
	if ((bhs[1] & LOGIN_TRANSIT) && (bhs[1] & CONTINUE))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_login_req){
		.transit = bhs[1] & LOGIN_TRANSIT,
		.cont = bhs[1] & CONTINUE,
		.csg = bhs[1] >> 2 & 3,
		.nsg = bhs[1] & 3,
		.version_max = bhs[2],
		.version_min = bhs[3],
		.tsih = be16(bhs + 14),
		.itt = pdu_itt(bhs),
		.cid = be16(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->isid, bhs + 8, PDU_ISID_LEN);
	return PDU_OK;
}

void pdu_put_login_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_login_req *in)
{
	begin(bhs, PDU_LOGIN_REQ, true, in->data_len); /* the I bit is always set */
	bhs[1] = (uint8_t)((in->transit ? LOGIN_TRANSIT : 0) | (in->cont ? CONTINUE : 0) |
			   (in->csg & 3) << 2 | (in->nsg & 3));
	bhs[2] = in->version_max;
	bhs[3] = in->version_min;
	memcpy(bhs + 8, in->isid, PDU_ISID_LEN);
	put_be16(bhs + 14, in->tsih);
	put_be32(bhs + 16, in->itt);
	put_be16(bhs + 20, in->cid);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
}

/* 11.14; no segments may follow (11.14.2) */
enum pdu_err pdu_get_logout_req(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_logout_req *out)
{
	if (pdu_opcode(bhs) != PDU_LOGOUT_REQ)
		return PDU_BAD_OPCODE;
	if (!pdu_is_bare(bhs))
		return PDU_BAD_FIELD;
	*out = (struct pdu_logout_req){
		.immediate = pdu_is_immediate(bhs),
		.reason = bhs[1] & FUNCTION,
		.itt = pdu_itt(bhs),
		.cid = be16(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};
	return PDU_OK;
}

void pdu_put_logout_req(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_logout_req *in)
{
	begin(bhs, PDU_LOGOUT_REQ, in->immediate, in->data_len);
	bhs[1] = (uint8_t)(PDU_FINAL | (in->reason & FUNCTION));
	put_be32(bhs + 16, in->itt);
	put_be16(bhs + 20, in->cid);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
}

/* 11.16 */
enum pdu_err pdu_get_snack(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_snack *out)
{
	if (pdu_opcode(bhs) != PDU_SNACK)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_snack){
		.type = bhs[1] & SNACK_TYPE,
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.expstatsn = be32(bhs + 28),
		.begrun = be32(bhs + 40),
		.runlength = be32(bhs + 44),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_snack(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_snack *in)
{
	begin(bhs, PDU_SNACK, false, 0);
	bhs[1] = (uint8_t)(PDU_FINAL | (in->type & SNACK_TYPE));
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 28, in->expstatsn);
	put_be32(bhs + 40, in->begrun);
	put_be32(bhs + 44, in->runlength);
}

/* 11.18 */
enum pdu_err pdu_get_nop_out(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_nop_out *out)
{
	if (pdu_opcode(bhs) != PDU_NOP_OUT)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_nop_out){
		.immediate = pdu_is_immediate(bhs),
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.cmdsn = be32(bhs + 24),
		.expstatsn = be32(bhs + 28),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_nop_out(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_nop_out *in)
{
	begin(bhs, PDU_NOP_OUT, in->immediate, in->data_len);
	bhs[1] = PDU_FINAL;
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 16, in->itt);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 24, in->cmdsn);
	put_be32(bhs + 28, in->expstatsn);
}
