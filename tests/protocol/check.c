#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STATUS_CHECK_CONDITION 0x02

void check_that(bool ok, const char *file, unsigned int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* CUnit copies the text; the last argument ends the case when ok is false. */
	CU_assertImplementation(ok, line, text, file, "", CU_TRUE);
}

void check_num(uint64_t got, uint64_t want, const char *file, unsigned int line, const char *what)
{
	check_that(got == want, file, line, "%s: it is %" PRIu64 " (0x%" PRIx64 "), not %" PRIu64,
		   what, got, got, want);
}

void check_call(const struct ini_session *s, int got, int want, const char *file, unsigned int line,
		const char *what)
{
	check_that(got == want, file, line, "%s: %d (%s), not %d; login 0x%04x; fault: %s", what,
		   got, strerror(-got), want, s->login_status, s->fault[0] ? s->fault : "none");
}

void check_task(struct ini_session *s, struct ini_task *t, uint32_t sense, const char *file,
		unsigned int line)
{
	uint8_t status = sense ? STATUS_CHECK_CONDITION : 0;

	check_call(s, ini_task_run(s, t), 0, file, line, "ini_task_run()");
	check_that(t->outcome == INI_ANSWERED, file, line, "rejected: 0x%02x", t->reject_reason);
	check_that(t->response == PDU_RSP_COMPLETED && t->status == status &&
			   ini_task_sense(t) == sense,
		   file, line, "response 0x%02x, status 0x%02x, sense %06x; not 0x%02x, %06x",
		   t->response, t->status, ini_task_sense(t), status, sense);
}
