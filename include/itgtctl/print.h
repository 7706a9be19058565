/*
 * Results for people. How a value is written follows from its name: …_bytes is "10G", …_s "3m
 * 20s", …_ns "1.25ms"; lists of objects become tables.
 */
#ifndef ITGTCTL_PRINT_H
#define ITGTCTL_PRINT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define PRINT_VALUE_MAX 64

/* What method gave, in words. */
void print_result(FILE *out, const char *method, json_t *result);

/* Numbers with their units; dst; returns it. */
char *print_bytes(char dst[static PRINT_VALUE_MAX], double bytes);
char *print_seconds(char dst[static PRINT_VALUE_MAX], int64_t s);
char *print_ns(char dst[static PRINT_VALUE_MAX], double ns);

/* A plain count: "950", "12.3k", "4.1M". */
char *print_count(char dst[static PRINT_VALUE_MAX], double n);

#endif
