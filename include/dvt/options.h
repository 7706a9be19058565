/* The command line of itgt-dvt. */
#ifndef DVT_OPTIONS_H
#define DVT_OPTIONS_H

#include "base/secret.h"
#include "dvt/space.h"
#include "initiator/ini_url.h"

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_USER_MAX 256 /* bytes with the ending zero */

struct options {
	struct ini_url url;
	const char *url_text; /* borrowed from the command line, as the next three */
	const char *keys;
	const char *chap; /* USER:FILE, for the command that repeats a round */
	const char *mutual_chap;
	const char *initiator;
	struct space space;
	char user[OPTIONS_USER_MAX];
	char mutual_user[OPTIONS_USER_MAX];
	struct secret secret;
	struct secret mutual_secret;
	uint64_t rounds; /* 0: until the time is over */
	uint64_t first;
	uint64_t time_ms;  /* 0: no limit */
	uint64_t failures; /* so many, and it ends; 0: no limit */
	uint32_t timeout_ms;
	bool writes;
	bool lenient;
	bool json;
	bool quiet;
};

enum options_verdict { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Says what is wrong on standard error. The secrets are wiped with options_wipe() in any case. */
enum options_verdict options_parse(struct options *o, int argc, char **argv);
void options_wipe(struct options *o);

/* The command line that does a round alone, again. */
void options_repeat(const struct options *o, uint64_t round, char *dst, size_t size);

#endif
