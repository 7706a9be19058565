/* Texts of options → fields of a struct, by the rows of options.h. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/fault.h"
#include "config/tree.h"

/*
 * Set the fields in base, the struct that the section's rows describe, from the
 * values in node. What is not in node stays as it is. A value that is none is a
 * fault, and its field stays, too.
 */
void conf_read_section(const struct conf_node *node, void *base, struct conf_faults *faults);

/* A whole number, digits only, from min to max. 0 or -EINVAL. */
int conf_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* The first value of an option that is in node. */
const struct conf_value *conf_value(const struct conf_node *node, const char *option);

/* "\"TEXT\" " of an option's value at its place is a fault: "… is WHAT". */
void conf_fault_value(struct conf_faults *f, const struct conf_node *node, const char *option,
		      const struct conf_value *v, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
