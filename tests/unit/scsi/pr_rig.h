/* What the tests of persistent reservations share. */
#ifndef PR_RIG_H
#define PR_RIG_H

#include "rig.h"

#include "scsi/core.h"
#include "scsi/pr.h"

#include <errno.h>

#define PR_LIST_LEN 24
#define APTPL       0x01
#define ALL_TG_PT   0x04
#define SPEC_I_PT   0x08

/* A PERSISTENT RESERVE OUT as it is put together. */
struct pr_cmd {
	struct rig_cmd c; /* first */
	uint8_t cdb[10];
	uint8_t list[1024];
	uint32_t len; /* bytes of the list */
};

static inline void pr_cmd_init(struct pr_cmd *p, enum pr_action action, uint8_t type, uint64_t key,
			       uint64_t action_key)
{
	memset(p, 0, sizeof(*p));
	p->cdb[0] = 0x5f;
	p->cdb[1] = (uint8_t)action;
	p->cdb[2] = type;
	p->len = PR_LIST_LEN;
	put_be64(p->list, key);
	put_be64(p->list + 8, action_key);
}

static inline void pr_submit(struct pr_cmd *p, struct scsi_nexus *x)
{
	put_be32(p->cdb + 5, p->len);
	rig_cmd_init(&p->c, x, p->cdb, sizeof(p->cdb));
	rig_expect_out(&p->c, p->list, p->len);
	rig_submit(&p->c);
}

/* The status of p, sent by x. */
static inline uint8_t pr_send(struct rig *r, struct pr_cmd *p, struct scsi_nexus *x)
{
	pr_submit(p, x);
	rig_wait(r, &p->c);
	scsi_task_fini(&p->c.t);
	return p->c.t.status;
}

static inline uint8_t pr_do(struct rig *r, struct scsi_nexus *x, enum pr_action action,
			    uint8_t type, uint64_t key, uint64_t action_key)
{
	struct pr_cmd p;

	pr_cmd_init(&p, action, type, key, action_key);
	return pr_send(r, &p, x);
}

/* The sense of a service action that is refused with CHECK CONDITION. */
static inline uint32_t pr_fault(struct rig *r, struct pr_cmd *p, struct scsi_nexus *x)
{
	CU_ASSERT_EQUAL(pr_send(r, p, x), SCSI_CHECK_CONDITION);
	return rig_sense(&p->c);
}

/* PERSISTENT RESERVE IN by x[0] into p, of 4096 bytes; the bytes that came. */
static inline uint32_t pr_read(struct rig *r, uint8_t action, uint8_t *p)
{
	const uint8_t cdb[10] = { 0x5e, action, [7] = 0x10 };
	struct rig_cmd c;
	uint32_t len;

	rig_in(r, &c, cdb, sizeof(cdb), 4096);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	len = c.t.in_len;
	memcpy(p, c.t.buf->data, len);
	scsi_task_fini(&c.t);
	return len;
}

/* What TEST UNIT READY of x to LUN 0 says: sense, 0 when it is ready. */
static inline uint32_t pr_attention(struct rig *r, struct scsi_nexus *x)
{
	static const uint8_t cdb[6] = { 0 };
	struct rig_cmd c;

	rig_cmd_init(&c, x, cdb, sizeof(cdb));
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

/* Another nexus of an initiator port and a target port, that has seen the power on condition. */
static inline void pr_open(struct rig *r, struct scsi_nexus *x, const char *initiator,
			   uint16_t port)
{
	memset(x, 0, sizeof(*x));
	x->tport.rel_id = port;
	x->tport.group = port;
	strcpy(x->initiator, initiator);
	CU_ASSERT_EQUAL_FATAL(tid_make(&x->tid, initiator), 0);
	CU_ASSERT_EQUAL_FATAL(scsi_nexus_open(x, &r->dev), 0);
	rig_greet(r, x, 0);
}

/* Append the TransportID of a port to a list with SPEC_I_PT. */
static inline void pr_append(struct pr_cmd *p, const struct tid *tid)
{
	if (p->len == PR_LIST_LEN) {
		p->list[20] |= SPEC_I_PT;
		p->len += 4;
	}
	memcpy(p->list + p->len, tid->bytes, tid->len);
	p->len += tid->len;
	put_be32(p->list + PR_LIST_LEN, p->len - PR_LIST_LEN - 4);
}

#endif
