/* Sizes, durations and rates as people write them: "16M", "500ms", "100MiB/s". */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* "512", "4096B", "10K" "10KiB" … "1P": bytes, powers of 1024. 0, -EINVAL, or -ERANGE past 2^63-1.
 */
int size_parse(const char *text, uint64_t *bytes);

/* "500ms" "5s" "2m" "1h": milliseconds; a bare number is seconds. 0, -EINVAL, -ERANGE. */
int duration_parse(const char *text, uint64_t *ms);

enum rate_kind { RATE_OPS, RATE_BYTES };

/* "10000iops", "100MiB/s", "0": a rate a second. 0, -EINVAL, -ERANGE. */
int rate_parse(const char *text, enum rate_kind kind, uint64_t *per_s);

/* The shortest exact form: 1073741824 → "1G", 1000 → "1000". dst of at least 24 bytes; returns it.
 */
char *size_format(char *dst, size_t size, uint64_t bytes);

#define COUNT_TEXT_MAX 48 /* room for any count of a short word */

/* "1 target", "2 targets", "0 LUNs": one is the word for one of them. Returns dst. */
char *count_format(char dst[static COUNT_TEXT_MAX], uint64_t n, const char *one);

#endif
