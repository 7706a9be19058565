/*
 * max-iops and max-bandwidth: what a LUN gives in a second, as an initiator sees it that
 * always has commands waiting. Faster is wrong in any case; slower is the machine's
 * business as long as it is not much slower.
 */
#include "fixture.h"

#include <errno.h>
#include <time.h>

#define TARGET    "iqn.2026-11.org.itgtd:test"
#define IOPS      300 /* of LUN 0 */
#define READS     150
#define BANDWIDTH (4u << 20) /* of LUN 1, bytes a second */
#define LONG      (128u << 10)
#define LONGS     16
#define BURST_MS  100 /* what may be ahead of its time */
#define SLOW      6   /* commands for LUN 2, which takes one a second */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF
	"target \"" TARGET "\" {\n"
	"  portal-groups = { \"1\" } auth-group = \"no-authentication\"\n"
	"  lun \"0\" { backend = \"ram\" size = \"8M\" max-iops = \"300iops\" }\n"
	"  lun \"1\" { backend = \"ram\" size = \"8M\" max-bandwidth = \"4MiB/s\" }\n"
	"  lun \"2\" { backend = \"ram\" size = \"8M\" max-iops = 1 }\n"
	"  lun \"3\" { backend = \"ram\" size = \"8M\" max-iops = 0 max-bandwidth = 0 }\n"
	"}\n",
	.target = TARGET,
};

static uint8_t data[LONG];

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Run n reads of len bytes, as many at a time as the window takes. The ms that it takes. */
static uint64_t run(struct ini_session *s, uint16_t lun, struct ini_task *tasks, size_t n,
		    uint32_t len)
{
	uint64_t start = now_ms();
	size_t submitted = 0, done = 0;
	struct ini_task *t;
	int err;

	while (done < n) {
		for (err = 0; submitted < n && !err; submitted += !err) {
			ini_scsi_read(&tasks[submitted], lun, 0, len / FIXTURE_BLOCK, data, len);
			err = ini_task_submit(s, &tasks[submitted]);
			CHECK(!err || err == -EAGAIN);
		}
		CHECK_OK(s, ini_task_next(s, &t, 30000));
		CHECK(ini_task_is_good(t));
		done++;
	}
	return now_ms() - start;
}

static void check_rate(uint64_t ms, uint64_t wanted_ms, uint64_t one_ms)
{
	CHECK_THAT(ms + BURST_MS + one_ms >= wanted_ms, "%llu ms for what takes %llu ms at least",
		   (unsigned long long)ms, (unsigned long long)(wanted_ms - BURST_MS - one_ms));
	CHECK_THAT(ms <= 2 * wanted_ms + 1000, "%llu ms for what should take %llu ms",
		   (unsigned long long)ms, (unsigned long long)wanted_ms);
}

static void requests_a_second(void)
{
	static struct ini_task tasks[READS];
	struct ini_session s;

	fixture_login(&s, NULL);
	check_rate(run(&s, 0, tasks, READS, FIXTURE_BLOCK), READS * 1000 / IOPS, 1000 / IOPS + 1);
	fixture_leave(&s);
}

static void bytes_a_second(void)
{
	static struct ini_task tasks[LONGS];
	struct ini_session s;

	fixture_login(&s, NULL);
	fixture_ready(&s, 1);
	check_rate(run(&s, 1, tasks, LONGS, LONG), LONGS * LONG * UINT64_C(1000) / BANDWIDTH,
		   LONG * UINT64_C(1000) / BANDWIDTH + 1);
	fixture_leave(&s);
}

/* One is let through, the others would take seconds: aborting them does not. */
static void what_is_held_back_can_be_aborted_and_holds_up_nobody(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct ini_task slow[SLOW], other;
	struct ini_session s;
	uint64_t start;
	uint8_t response;
	size_t i;

	fixture_login(&s, NULL);
	fixture_ready(&s, 3);
	fixture_ready(&s, 2);
	start = now_ms();
	for (i = 0; i < SLOW; i++) {
		ini_scsi_read(&slow[i], 2, 0, 1, data, FIXTURE_BLOCK);
		CHECK_OK(&s, ini_task_submit(&s, &slow[i]));
	}
	ini_scsi_read(&other, 3, 0, 1, data, FIXTURE_BLOCK);
	CHECK_GOOD(&s, &other);
	for (i = SLOW; i-- > 1;) {
		req.rtt = slow[i].itt;
		req.refcmdsn = slow[i].cmdsn;
		ini_scsi_lun(req.lun, 2);
		CHECK_OK(&s, ini_request_tmf(&s, &req, &response));
		CHECK_NUM(response, PDU_TMF_COMPLETE);
		if (slow[i].outcome == INI_IN_FLIGHT)
			ini_task_forget(&s, &slow[i]);
	}
	CHECK_THAT(now_ms() - start < (SLOW - 2) * 1000, "%llu ms",
		   (unsigned long long)(now_ms() - start));
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "so many requests a second", requests_a_second },
	{ "so many bytes a second", bytes_a_second },
	{ "what is held back can be aborted, and holds up nobody else",
	  what_is_held_back_can_be_aborted_and_holds_up_nobody },
};

PROTOCOL_MAIN("protocol/rate_limits", &options, tests)
