#include "mcs.h"

#include "base/serial.h"

#define ITT_STEP 0x100000 /* tags of one connection */

static void carry(struct ini_session *to, const struct ini_session *from)
{
	if (sn_before(to->cmdsn, from->cmdsn))
		to->cmdsn = from->cmdsn;
	if (sn_before(to->expcmdsn, from->expcmdsn))
		to->expcmdsn = from->expcmdsn;
	if (sn_before(to->maxcmdsn, from->maxcmdsn))
		to->maxcmdsn = from->maxcmdsn;
}

struct ini_session *mcs_at(struct mcs *m, unsigned int i)
{
	unsigned int k;

	carry(&m->s[i], &m->past);
	for (k = 0; k < MCS_MAX; k++) {
		if (m->is_up[k] && k != i)
			carry(&m->s[i], &m->s[k]);
	}
	return &m->s[i];
}

void mcs_open(struct mcs *m, const char *keys)
{
	char all[512];

	memset(m, 0, sizeof(*m));
	(void)snprintf(all, sizeof(all), "MaxConnections=%u\n%s", MCS_MAX, keys ? keys : "");
	fixture_login(&m->s[0], all);
	CHECK_NUM(m->s[0].param.MaxConnections, MCS_MAX);
	m->is_up[0] = true;
	m->past = m->s[0];
}

static void go_down(struct mcs *m, unsigned int i)
{
	carry(&m->past, &m->s[i]);
	m->is_up[i] = false;
}

int mcs_try(struct mcs *m, unsigned int i, const char *keys)
{
	const struct ini_url *p = fixture_portal(0);
	struct ini_login l = {
		.initiator = FIXTURE_INITIATOR,
		.target = fixture_target(),
		.operational = keys ? keys : "",
	};
	struct ini_session *s = &m->s[i];
	int err;

	if (m->is_up[i])
		go_down(m, i); /* it is reinstated */
	ini_session_init(s);
	CHECK_OK(s, ini_session_connect(s, p->host, p->port));
	memcpy(s->isid, m->past.isid, PDU_ISID_LEN);
	s->tsih = m->past.tsih;
	s->cid = (uint16_t)i;
	s->itt += i * ITT_STEP;
	s->param = m->past.param;
	s->param.HeaderDigest = s->param.DataDigest = false;
	s->param.own_MaxRecvDataSegmentLength = 8192;
	mcs_at(m, i);
	err = ini_login(s, &l);
	m->is_up[i] = !err;
	return err;
}

void mcs_join(struct mcs *m, unsigned int i, const char *keys)
{
	CHECK_OK(&m->s[i], mcs_try(m, i, keys));
	CHECK_NUM(m->s[i].tsih, m->past.tsih);
}

void mcs_good(struct mcs *m, unsigned int i, struct ini_task *t)
{
	CHECK_GOOD(mcs_at(m, i), t);
}

void mcs_told(struct mcs *m, unsigned int i)
{
	struct ini_task t;

	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_SENSE(mcs_at(m, i), &t, SENSE_PROTOCOL_EVENT);
	mcs_good(m, i, &t);
}

void mcs_cut(struct mcs *m, unsigned int i)
{
	go_down(m, i);
	fixture_drop(&m->s[i]);
	fixture_settle();
}

void mcs_ends(struct mcs *m, unsigned int i)
{
	go_down(m, i);
	CHECK_THAT(!m->s[i].fault[0], "the target broke a rule: %s", m->s[i].fault);
	fixture_expect_end(&m->s[i]);
}

void mcs_leave(struct mcs *m, unsigned int i)
{
	struct ini_session *s = mcs_at(m, i);
	uint8_t response;
	unsigned int k;

	CHECK_OK(s, ini_request_logout(s, PDU_LOGOUT_SESSION, s->cid, &response));
	CHECK_NUM(response, PDU_LOGOUT_DONE);
	for (k = 0; k < MCS_MAX; k++) {
		if (m->is_up[k])
			mcs_ends(m, k);
	}
}
