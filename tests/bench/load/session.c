#include "session.h"

#include "base/bytes.h"
#include "initiator/ini_login.h"
#include "initiator/ini_request.h"
#include "initiator/ini_scsi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BUF_ALIGN    4096
#define NO_UNIT      0x052500 /* LOGICAL UNIT NOT SUPPORTED */
#define READY_TRIES  32       /* unit attentions, or a unit that is becoming ready */
#define CAPACITY_LEN 32       /* bytes of READ CAPACITY (16) data */

/* Large bursts, and no R2T for what may be sent at once. istgt wants the session's type told. */
#define KEYS                                \
	"SessionType=Normal\n"              \
	"MaxRecvDataSegmentLength=262144\n" \
	"FirstBurstLength=262144\n"         \
	"MaxBurstLength=1048576\n"          \
	"MaxOutstandingR2T=8\n"             \
	"InitialR2T=No\n"                   \
	"ImmediateData=Yes\n"               \
	"ErrorRecoveryLevel=0\n"

static const char *const keys[2][2] = {
	{ KEYS "HeaderDigest=None\nDataDigest=None\n",
	  KEYS "HeaderDigest=None\nDataDigest=CRC32C\n" },
	{ KEYS "HeaderDigest=CRC32C\nDataDigest=None\n",
	  KEYS "HeaderDigest=CRC32C\nDataDigest=CRC32C\n" },
};

static int log_in(struct session *s, const struct options *o, uint32_t n)
{
	struct ini_login login = {
		.initiator = o->initiator,
		.target = o->url.target,
		.operational = keys[o->header_digest][o->data_digest],
	};

	/* 10.9.1: no two sessions to a target have the same ISID; other processes may run, too. */
	put_be16(s->ini.isid + 1, (uint16_t)getpid());
	put_be24(s->ini.isid + 3, n);
	return ini_login(&s->ini, &login);
}

/* 0; -ENXIO: there is no such logical unit; -EBUSY: it does not become ready. */
static int wait_ready(struct session *s, uint16_t lun)
{
	struct ini_task t;
	int i, err;

	for (i = 0; i < READY_TRIES; i++) {
		ini_scsi_test_unit_ready(&t, lun);
		err = ini_task_run(&s->ini, &t);
		if (err || ini_task_is_good(&t))
			return err;
		if (ini_task_sense(&t) == NO_UNIT)
			return -ENXIO;
	}
	return -EBUSY;
}

int session_open(struct session *s, const struct options *o, uint32_t n, const char **what)
{
	int err;

	*s = (struct session){ 0 };
	ini_session_init(&s->ini);
	s->ini.is_lenient = o->lenient;
	SLIST_INIT(&s->free);
	*what = "connect";
	err = ini_session_connect(&s->ini, o->url.host, o->url.port);
	if (err)
		return err;
	*what = "log in";
	err = log_in(s, o, n);
	if (err)
		return err;
	*what = "find the logical unit";
	return wait_ready(s, o->url.lun);
}

int session_capacity(struct session *s, const struct options *o, uint64_t *blocks,
		     uint32_t *block_len, const char **what)
{
	uint8_t data[CAPACITY_LEN] = { 0 };
	struct ini_task t;
	int err;

	*what = "read the capacity";
	ini_scsi_read_capacity16(&t, o->url.lun, data, sizeof(data));
	err = ini_task_run(&s->ini, &t);
	if (err)
		return err;
	if (!ini_task_is_good(&t) || t.in_got < 12)
		return -EIO;
	*blocks = be64(data) + 1;
	*block_len = be32(data + 8);
	return *block_len && *block_len % 512 == 0 ? 0 : -EDOM;
}

int session_add_ios(struct session *s, struct job *job, uint16_t lun, bool verify)
{
	uint32_t i;

	s->job = job;
	s->ios = calloc(job->depth, sizeof(*s->ios));
	if (!s->ios)
		return -ENOMEM;
	for (i = 0; i < job->depth; i++) {
		struct io *io = &s->ios[i];

		io->task.attr = PDU_ATTR_SIMPLE;
		io->task.lends_out = true;
		io->task.user = io;
		ini_scsi_lun(io->task.lun, lun);
		if (verify) {
			io->data = aligned_alloc(BUF_ALIGN,
						 (job->len + BUF_ALIGN - 1u) & ~(BUF_ALIGN - 1u));
			if (!io->data)
				return -ENOMEM;
		}
		SLIST_INSERT_HEAD(&s->free, io, link);
	}
	return 0;
}

void session_close(struct session *s)
{
	uint8_t response;
	uint32_t i;

	if (s->ini.tsih && !s->in_flight)
		(void)ini_request_logout(&s->ini, PDU_LOGOUT_SESSION, s->ini.cid, &response);
	ini_session_close(&s->ini);
	for (i = 0; s->ios && i < s->job->depth; i++)
		free(s->ios[i].data);
	free(s->ios);
	*s = (struct session){ 0 };
}

/* READ and WRITE of 10 bytes, as most initiators send them, or of 16 where those do not reach. */
static void put_cdb(uint8_t *cdb, const struct extent *e, bool is_write)
{
	memset(cdb, 0, PDU_CDB_LEN);
	if (e->lba + e->blocks <= UINT32_MAX && e->blocks <= UINT16_MAX) {
		cdb[0] = is_write ? 0x2a : 0x28;
		put_be32(cdb + 2, (uint32_t)e->lba);
		put_be16(cdb + 7, (uint16_t)e->blocks);
	} else {
		cdb[0] = is_write ? 0x8a : 0x88;
		put_be64(cdb + 2, e->lba);
		put_be32(cdb + 10, e->blocks);
	}
}

int session_submit(struct session *s, struct io *io, uint32_t block_len, const uint8_t *out)
{
	uint32_t len = io->extent.blocks * block_len;
	struct ini_task *t = &io->task;
	int err;

	put_cdb(t->cdb, &io->extent, io->is_write);
	t->out = io->is_write ? out : NULL;
	t->out_len = io->is_write ? len : 0;
	t->in = io->is_write ? NULL : io->data;
	t->in_len = io->is_write ? 0 : len;
	err = ini_task_submit(&s->ini, t);
	if (!err)
		s->in_flight++;
	return err;
}
