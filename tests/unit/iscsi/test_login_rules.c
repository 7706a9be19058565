/* RFC 7143, 6.3 and 11.12: what the requests of one login have in common, and which stage follows
 * which. */
#include "iscsi/login_rules.h"

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define STAGES 4u

static struct pdu_login_req request(uint8_t csg)
{
	return (struct pdu_login_req){
		.csg = csg,
		.isid = { 0x80, 1, 2, 3, 4, 5 },
		.tsih = 0x0102,
		.itt = 0x03040506,
		.cid = 0x0708,
		.cmdsn = 9,
	};
}

/* What there is to say to req; a refusal has a reason. */
static enum pdu_login_status check(const struct pdu_login_req *first,
				   const struct pdu_login_req *req)
{
	enum pdu_login_status status;
	const char *why = NULL;

	status = login_rules_check(first, req, &why);
	CU_ASSERT_EQUAL(status != PDU_LOGIN_SUCCESS, why != NULL);
	return status;
}

/* 11.12.3: from security to operational or full feature, from operational to full feature. */
static bool follows(uint8_t csg, uint8_t nsg)
{
	static const bool table[STAGES][STAGES] = {
		[PDU_STAGE_SECURITY][PDU_STAGE_OPERATIONAL] = true,
		[PDU_STAGE_SECURITY][PDU_STAGE_FULL] = true,
		[PDU_STAGE_OPERATIONAL][PDU_STAGE_FULL] = true,
	};

	return table[csg][nsg];
}

/* Every stage that may run, every one that a request may say, on to every other or none. */
static void stages(void)
{
	struct pdu_login_req first, req;
	enum pdu_login_status want;
	uint8_t runs, csg, nsg;
	bool transit;

	for (runs = 0; runs < STAGES; runs++) {
		for (csg = 0; csg < STAGES; csg++) {
			for (nsg = 0; nsg < 2 * STAGES; nsg++) {
				transit = nsg >= STAGES;
				first = request(runs);
				req = request(csg);
				req.transit = transit;
				req.nsg = nsg % STAGES;
				if (csg != runs || csg >= 2)
					want = PDU_LOGIN_INVALID_DURING_LOGIN;
				else if (transit && !follows(csg, req.nsg))
					want = PDU_LOGIN_INITIATOR_ERROR;
				else
					want = PDU_LOGIN_SUCCESS;
				CU_ASSERT_EQUAL(check(&first, &req), want);
			}
		}
	}
}

/* Stages that no header can say: nothing is taken for granted. */
static void stages_beyond(void)
{
	struct pdu_login_req first = request(PDU_STAGE_OPERATIONAL);
	struct pdu_login_req req = first;

	req.csg = 200;
	CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INVALID_DURING_LOGIN);
	first.csg = 200;
	CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INVALID_DURING_LOGIN);
}

/* 11.12.5 to 11.12.7: ISID, TSIH, CID and ITT stay, to the last bit. */
static void what_stays(void)
{
	struct pdu_login_req first = request(PDU_STAGE_SECURITY);
	struct pdu_login_req req;
	unsigned int bit;

	for (bit = 0; bit < 8 * PDU_ISID_LEN; bit++) {
		req = first;
		req.isid[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INITIATOR_ERROR);
	}
	for (bit = 0; bit < 32; bit++) {
		req = first;
		req.itt ^= 1u << bit;
		CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INITIATOR_ERROR);
	}
	for (bit = 0; bit < 16; bit++) {
		req = first;
		req.tsih ^= (uint16_t)(1u << bit);
		CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INITIATOR_ERROR);
		req = first;
		req.cid ^= (uint16_t)(1u << bit);
		CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INITIATOR_ERROR);
	}
}

/* What may differ from request to request. */
static void what_may_change(void)
{
	struct pdu_login_req first = request(PDU_STAGE_SECURITY);
	struct pdu_login_req req = first;

	req.cont = true;
	req.expstatsn = 77;
	req.data_len = 8192;
	CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_SUCCESS);
	req.nsg = PDU_STAGE_SECURITY; /* it says nothing without the T bit */
	CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_SUCCESS);
}

/* Who comes as another is told so first, whatever else is wrong. */
static void another_login_in_another_stage(void)
{
	struct pdu_login_req first = request(PDU_STAGE_OPERATIONAL);
	struct pdu_login_req req = request(PDU_STAGE_SECURITY);

	req.itt++;
	CU_ASSERT_EQUAL(check(&first, &req), PDU_LOGIN_INITIATOR_ERROR);
}

static const struct unit_test tests[] = {
	{ "11.12.3: stages", stages },
	{ "stages beyond", stages_beyond },
	{ "11.12.5 to 11.12.7: what stays", what_stays },
	{ "what may change", what_may_change },
	{ "another login in another stage", another_login_in_another_stage },
};

UNIT_MAIN("iscsi/login_rules", tests)
