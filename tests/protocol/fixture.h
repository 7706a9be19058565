/*
 * The real daemon for one test program: started on a free port with a directory
 * of its own, ended with SIGTERM. The program fails when a case fails, when the
 * daemon does not leave with 0 (a leak, too, makes that so), or when a sanitizer
 * has spoken.
 */
#ifndef PROTOCOL_FIXTURE_H
#define PROTOCOL_FIXTURE_H

#include "check.h"
#include "initiator/ini_login.h"
#include "initiator/ini_request.h"
#include "initiator/ini_scsi.h"
#include "initiator/ini_url.h"
#include "unit.h"

#define FIXTURE_INITIATOR "iqn.2026-11.org.itgtd:initiator"
#define FIXTURE_BLOCK     512 /* bytes of a block of every LU */

/* How a configuration begins: one portal on a free port, which serves everybody. */
#define FIXTURE_CONF                                       \
	"portal-group \"1\" {\n"                           \
	"  listen = { \"127.0.0.1:0\" }\n"                 \
	"  discovery-auth-group = \"no-authentication\"\n" \
	"}\n"

/* How the daemon is started. */
struct fixture_options {
	const char *conf;   /* the text of its configuration, in which ${FIXTURE_DIR} is the
			       daemon's directory; NULL: --serve ram,size=64M */
	const char *target; /* with conf: the target that fixture_login() logs in to */
};

int fixture_main(const char *name, const struct fixture_options *options,
		 const struct unit_test *tests, size_t n);

#define PROTOCOL_MAIN(name, options, tests)                              \
	int main(void)                                                   \
	{                                                                \
		return fixture_main((name), (options), (tests),          \
				    sizeof(tests) / sizeof((tests)[0])); \
	}

/* The n-th portal of the ready line; only its host and port are set. */
const struct ini_url *fixture_portal(size_t n);

/* The target's name, and the number of its first LUN. */
const char *fixture_target(void);
uint16_t fixture_lun(void);

/* Start a session anew and connect it to the first portal, without a login. */
void fixture_connect(struct ini_session *s);

/*
 * Start a session, connect, log in with these operational keys (lines; NULL: none),
 * and take up the unit attentions that wait for a new nexus.
 */
void fixture_login(struct ini_session *s, const char *keys);

/* The same with another last byte of the ISID, so that both can live at once. */
void fixture_login_as(struct ini_session *s, uint8_t isid, const char *keys);

/* Run TEST UNIT READY until no unit attention is left. */
void fixture_ready(struct ini_session *s, uint16_t lun);

/* Log out, check that the target ends the connection and that it broke no rule on the way. */
void fixture_leave(struct ini_session *s);

/* Close the connection without a word; check that the target broke no rule. */
void fixture_drop(struct ini_session *s);

/* Submit a write that answers R2Ts by hand, and wait for its first one. */
void fixture_start_write(struct ini_session *s, struct ini_task *t);

/* Take PDUs until t is answered; how many Rejects for data digests came, and nothing else may. */
unsigned int fixture_digest_rejects(struct ini_session *s, const struct ini_task *t);

/* The target must end the connection; answers of any kind may come before. Closes it. */
void fixture_expect_end(struct ini_session *s);

/* The daemon still takes a login and a command. */
void fixture_serves(void);

/*
 * Wait until the daemon has read what was sent before: a login of its own has
 * gone through the loop since.
 */
void fixture_settle(void);

/* Send the daemon the SIGTERM that ends it. */
void fixture_terminate(void);

/*
 * End the daemon as at the end of the program, and start it anew as it was: sessions are
 * gone, its log is empty, ports are others.
 */
void fixture_restart(void);

/* Kill the daemon without a warning, and start it anew in the same directory. */
void fixture_crash(void);

/* Lines of the daemon's log so far that contain text. */
unsigned int fixture_log_count(const char *text);

/* Resident memory of the daemon in KiB. */
uint64_t fixture_memory_kib(void);

/* How long the daemon has been on a processor, in microseconds: others that run do not count. */
uint64_t fixture_cpu_us(void);

/* Is the daemon built with sanitizers? They keep memory that was freed. */
bool fixture_is_sanitized(void);

/* len bytes of a pattern that seed selects; no two blocks of it are alike. */
void fixture_fill(uint8_t *buf, size_t len, uint32_t seed);

#endif
