/* What libconfuse says of a text that it cannot read, in our words. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "config/fault.h"

#include <stdarg.h>

/* fmt, ap: libconfuse's message. The fault is told at where, inside of node. */
void conf_syntax_fault(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		       const char *fmt, va_list ap);

/* Is it the message about something that stands where nothing of its kind may? */
bool conf_syntax_is_stray(const char *fmt);

#endif
