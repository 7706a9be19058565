/* Headers of target PDUs. Each pair stands in the order of RFC 7143, section 11. */
#include "base/bytes.h"
#include "wire/pdu.h"

#include <string.h>

/* Byte 1 */
#define CONTINUE      0x40 /* C of text and login */
#define LOGIN_TRANSIT 0x80

#define RESID_FLAGS                                                           \
	(PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW | PDU_RESID_BIDI_OVERFLOW | \
	 PDU_RESID_BIDI_UNDERFLOW)

#define DATA_IN_FLAGS                                                             \
	(PDU_FINAL | PDU_DATA_IN_ACK | PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW | \
	 PDU_DATA_IN_STATUS)

/* Start a response: F, the task tag, and the numbers that stand at the same place in each. */
static void begin(uint8_t *bhs, enum pdu_opcode opcode, uint32_t data_len, uint32_t itt,
		  const struct pdu_sns *sn)
{
	pdu_begin(bhs, opcode, data_len);
	bhs[1] = PDU_FINAL;
	put_be32(bhs + 16, itt);
	pdu_stamp(bhs, sn->statsn, sn->expcmdsn, sn->maxcmdsn);
}

static struct pdu_sns get_sns(const uint8_t *bhs)
{
	return (struct pdu_sns){
		.statsn = be32(bhs + 24),
		.expcmdsn = be32(bhs + 28),
		.maxcmdsn = be32(bhs + 32),
	};
}

/* More and less than expected exclude each other, in each direction (11.4.2). */
static bool residual_flags_clash(uint8_t flags)
{
	const uint8_t one = PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW;
	const uint8_t bidi = PDU_RESID_BIDI_OVERFLOW | PDU_RESID_BIDI_UNDERFLOW;

	return (flags & one) == one || (flags & bidi) == bidi;
}

/* 11.4 */
enum pdu_err pdu_get_scsi_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_scsi_rsp *out)
{
	if (pdu_opcode(bhs) != PDU_SCSI_RSP)
		return PDU_BAD_OPCODE;
	if (residual_flags_clash(bhs[1]))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_scsi_rsp){
		.flags = bhs[1] & RESID_FLAGS,
		.response = bhs[2],
		.status = bhs[3],
		.itt = pdu_itt(bhs),
		.snack_tag = be32(bhs + 20),
		.sn = get_sns(bhs),
		.expdatasn = be32(bhs + 36),
		.bidi_residual = be32(bhs + 40),
		.residual = be32(bhs + 44),
		.data_len = pdu_data_len(bhs),
	};
	return PDU_OK;
}

void pdu_put_scsi_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_scsi_rsp *in)
{
	begin(bhs, PDU_SCSI_RSP, in->data_len, in->itt, &in->sn);
	bhs[1] |= in->flags & RESID_FLAGS;
	bhs[2] = in->response;
	bhs[3] = in->status;
	put_be32(bhs + 20, in->snack_tag);
	put_be32(bhs + 36, in->expdatasn);
	put_be32(bhs + 40, in->bidi_residual);
	put_be32(bhs + 44, in->residual);
}

/* 11.6, and RFC 7144, 4.3 for bytes 8 to 10; no segments may follow (11.6.2) */
enum pdu_err pdu_get_tmf_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_tmf_rsp *out)
{
	if (pdu_opcode(bhs) != PDU_TMF_RSP)
		return PDU_BAD_OPCODE;
	if (!pdu_is_bare(bhs))
		return PDU_BAD_FIELD;
	*out = (struct pdu_tmf_rsp){
		.response = bhs[2],
		.info = be24(bhs + 8),
		.itt = pdu_itt(bhs),
		.sn = get_sns(bhs),
	};
	return PDU_OK;
}

void pdu_put_tmf_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_tmf_rsp *in)
{
	begin(bhs, PDU_TMF_RSP, 0, in->itt, &in->sn);
	bhs[2] = in->response;
	put_be24(bhs + 8, in->info);
}

/* 11.7; status comes with the last PDU of a sequence only (11.7.3) */
enum pdu_err pdu_get_data_in(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_data_in *out)
{
	uint8_t flags = bhs[1] & DATA_IN_FLAGS;

	if (pdu_opcode(bhs) != PDU_DATA_IN)
		return PDU_BAD_OPCODE;
	if ((flags & PDU_DATA_IN_STATUS) && (!(flags & PDU_FINAL) || residual_flags_clash(flags)))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_data_in){
		.flags = flags,
		.status = bhs[3],
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.sn = get_sns(bhs),
		.datasn = be32(bhs + 36),
		.offset = be32(bhs + 40),
		.residual = be32(bhs + 44),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_data_in(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_data_in *in)
{
	begin(bhs, PDU_DATA_IN, in->data_len, in->itt, &in->sn);
	bhs[1] = in->flags & DATA_IN_FLAGS;
	bhs[3] = in->status;
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 36, in->datasn);
	put_be32(bhs + 40, in->offset);
	put_be32(bhs + 44, in->residual);
}

/* 11.8; no segments may follow (11.8.2), and it asks for something (11.8.4) */
enum pdu_err pdu_get_r2t(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_r2t *out)
{
	if (pdu_opcode(bhs) != PDU_R2T)
		return PDU_BAD_OPCODE;
	if (!pdu_is_bare(bhs) || be32(bhs + 44) == 0)
		return PDU_BAD_FIELD;
	*out = (struct pdu_r2t){
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.sn = get_sns(bhs),
		.r2tsn = be32(bhs + 36),
		.offset = be32(bhs + 40),
		.len = be32(bhs + 44),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_r2t(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_r2t *in)
{
	begin(bhs, PDU_R2T, 0, in->itt, &in->sn);
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 20, in->ttt);
	put_be32(bhs + 36, in->r2tsn);
	put_be32(bhs + 40, in->offset);
	put_be32(bhs + 44, in->len);
}

/* 11.9; the task tag is reserved */
enum pdu_err pdu_get_async(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_async *out)
{
	if (pdu_opcode(bhs) != PDU_ASYNC)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_async){
		.sn = get_sns(bhs),
		.event = bhs[36],
		.vcode = bhs[37],
		.parameter1 = be16(bhs + 38),
		.parameter2 = be16(bhs + 40),
		.parameter3 = be16(bhs + 42),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_async(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_async *in)
{
	begin(bhs, PDU_ASYNC, in->data_len, PDU_TAG_RESERVED, &in->sn);
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	bhs[36] = in->event;
	bhs[37] = in->vcode;
	put_be16(bhs + 38, in->parameter1);
	put_be16(bhs + 40, in->parameter2);
	put_be16(bhs + 42, in->parameter3);
}

/* 11.11; C and F exclude each other (11.11.2) */
enum pdu_err pdu_get_text_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_text_rsp *out)
{
	if (pdu_opcode(bhs) != PDU_TEXT_RSP)
		return PDU_BAD_OPCODE;
	if ((bhs[1] & PDU_FINAL) && (bhs[1] & CONTINUE))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_text_rsp){
		.final = bhs[1] & PDU_FINAL,
		.cont = bhs[1] & CONTINUE,
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.sn = get_sns(bhs),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_text_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_text_rsp *in)
{
	begin(bhs, PDU_TEXT_RSP, in->data_len, in->itt, &in->sn);
	bhs[1] = (uint8_t)((in->final ? PDU_FINAL : 0) | (in->cont ? CONTINUE : 0));
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 20, in->ttt);
}

/* 11.13; C and T exclude each other */
enum pdu_err pdu_get_login_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_login_rsp *out)
{
	if (pdu_opcode(bhs) != PDU_LOGIN_RSP)
		return PDU_BAD_OPCODE;
	if ((bhs[1] & LOGIN_TRANSIT) && (bhs[1] & CONTINUE))
		return PDU_BAD_FLAGS;
	*out = (struct pdu_login_rsp){
		.transit = bhs[1] & LOGIN_TRANSIT,
		.cont = bhs[1] & CONTINUE,
		.csg = bhs[1] >> 2 & 3,
		.nsg = bhs[1] & 3,
		.version_max = bhs[2],
		.version_active = bhs[3],
		.tsih = be16(bhs + 14),
		.itt = pdu_itt(bhs),
		.sn = get_sns(bhs),
		.status = be16(bhs + 36),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->isid, bhs + 8, PDU_ISID_LEN);
	return PDU_OK;
}

void pdu_put_login_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_login_rsp *in)
{
	begin(bhs, PDU_LOGIN_RSP, in->data_len, in->itt, &in->sn);
	bhs[1] = (uint8_t)((in->transit ? LOGIN_TRANSIT : 0) | (in->cont ? CONTINUE : 0) |
			   (in->csg & 3) << 2 | (in->nsg & 3));
	bhs[2] = in->version_max;
	bhs[3] = in->version_active;
	memcpy(bhs + 8, in->isid, PDU_ISID_LEN);
	put_be16(bhs + 14, in->tsih);
	put_be16(bhs + 36, in->status);
}

/* 11.15; no segments may follow (11.15.2) */
enum pdu_err pdu_get_logout_rsp(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_logout_rsp *out)
{
	if (pdu_opcode(bhs) != PDU_LOGOUT_RSP)
		return PDU_BAD_OPCODE;
	if (!pdu_is_bare(bhs))
		return PDU_BAD_FIELD;
	*out = (struct pdu_logout_rsp){
		.response = bhs[2],
		.itt = pdu_itt(bhs),
		.sn = get_sns(bhs),
		.time2wait = be16(bhs + 40),
		.time2retain = be16(bhs + 42),
	};
	return PDU_OK;
}

void pdu_put_logout_rsp(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_logout_rsp *in)
{
	begin(bhs, PDU_LOGOUT_RSP, 0, in->itt, &in->sn);
	bhs[2] = in->response;
	put_be16(bhs + 40, in->time2wait);
	put_be16(bhs + 42, in->time2retain);
}

/* 11.17; the task tag is reserved */
enum pdu_err pdu_get_reject(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_reject *out)
{
	if (pdu_opcode(bhs) != PDU_REJECT)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_reject){
		.reason = bhs[2],
		.sn = get_sns(bhs),
		.datasn = be32(bhs + 36),
		.data_len = pdu_data_len(bhs),
	};
	return PDU_OK;
}

void pdu_put_reject(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_reject *in)
{
	begin(bhs, PDU_REJECT, in->data_len, PDU_TAG_RESERVED, &in->sn);
	bhs[2] = in->reason;
	put_be32(bhs + 36, in->datasn);
}

/* 11.19 */
enum pdu_err pdu_get_nop_in(const uint8_t bhs[static PDU_BHS_LEN], struct pdu_nop_in *out)
{
	if (pdu_opcode(bhs) != PDU_NOP_IN)
		return PDU_BAD_OPCODE;
	*out = (struct pdu_nop_in){
		.itt = pdu_itt(bhs),
		.ttt = be32(bhs + 20),
		.sn = get_sns(bhs),
		.data_len = pdu_data_len(bhs),
	};
	memcpy(out->lun, bhs + 8, PDU_LUN_LEN);
	return PDU_OK;
}

void pdu_put_nop_in(uint8_t bhs[static PDU_BHS_LEN], const struct pdu_nop_in *in)
{
	begin(bhs, PDU_NOP_IN, in->data_len, in->itt, &in->sn);
	memcpy(bhs + 8, in->lun, PDU_LUN_LEN);
	put_be32(bhs + 20, in->ttt);
}
