#include "wire/pdu.h"

#include "base/bytes.h"

#include <assert.h>
#include <string.h>

uint32_t pdu_itt(const uint8_t bhs[static PDU_BHS_LEN])
{
	return be32(bhs + 16);
}

void pdu_begin(uint8_t bhs[static PDU_BHS_LEN], enum pdu_opcode opcode, uint32_t data_len)
{
	assert(data_len <= PDU_DATA_MAX);
	memset(bhs, 0, PDU_BHS_LEN);
	bhs[0] = (uint8_t)opcode;
	put_be24(bhs + 5, data_len);
}

void pdu_set_ahs_len(uint8_t bhs[static PDU_BHS_LEN], uint32_t len)
{
	assert(len % 4 == 0 && len <= PDU_AHS_MAX);
	bhs[4] = (uint8_t)(len / 4);
}

void pdu_stamp(uint8_t bhs[static PDU_BHS_LEN], uint32_t statsn, uint32_t expcmdsn,
	       uint32_t maxcmdsn)
{
	put_be32(bhs + 24, statsn);
	put_be32(bhs + 28, expcmdsn);
	put_be32(bhs + 32, maxcmdsn);
}

static const struct {
	uint16_t status;
	const char *name;
} login_names[] = {
	{ PDU_LOGIN_SUCCESS, "success" },
	{ PDU_LOGIN_MOVED_TEMPORARILY, "target moved temporarily" },
	{ PDU_LOGIN_MOVED_PERMANENTLY, "target moved permanently" },
	{ PDU_LOGIN_INITIATOR_ERROR, "initiator error" },
	{ PDU_LOGIN_AUTH_FAILED, "authentication failure" },
	{ PDU_LOGIN_FORBIDDEN, "authorization failure" },
	{ PDU_LOGIN_NOT_FOUND, "target not found" },
	{ PDU_LOGIN_REMOVED, "target removed" },
	{ PDU_LOGIN_UNSUPPORTED_VERSION, "unsupported version" },
	{ PDU_LOGIN_TOO_MANY_CONNECTIONS, "too many connections" },
	{ PDU_LOGIN_MISSING_PARAMETER, "missing parameter" },
	{ PDU_LOGIN_CANNOT_INCLUDE, "cannot include in session" },
	{ PDU_LOGIN_SESSION_TYPE, "session type not supported" },
	{ PDU_LOGIN_NO_SESSION, "session does not exist" },
	{ PDU_LOGIN_INVALID_DURING_LOGIN, "invalid request during login" },
	{ PDU_LOGIN_TARGET_ERROR, "target error" },
	{ PDU_LOGIN_SERVICE_UNAVAILABLE, "service unavailable" },
	{ PDU_LOGIN_OUT_OF_RESOURCES, "out of resources" },
};

const char *pdu_login_status_name(uint16_t status)
{
	size_t i;

	for (i = 0; i < sizeof(login_names) / sizeof(login_names[0]); i++) {
		if (login_names[i].status == status)
			return login_names[i].name;
	}
	return "?";
}
