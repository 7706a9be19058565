/* The results, for people and in JSON. */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include "options.h"
#include "proc.h"

struct result {
	uint64_t login_ns;    /* for all sessions, one after the other */
	uint64_t measured_ns; /* wall clock */
	struct proc_cpu target;
	struct proc_cpu self;
	uint64_t verified; /* bytes read back and found right */
};

void report_text(const struct options *o, const struct result *r);
void report_json(const struct options *o, const struct result *r);

#endif
