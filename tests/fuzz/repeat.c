#include "repeat.h"

#include <stdint.h>
#include <time.h>

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_RAND_bytes(unsigned char *to, int n);

static uint32_t drawn;

void repeat_start(void)
{
	drawn = 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ .tv_sec = 1000 };
	return 0;
}

/* No two draws of an input are alike. */
int __wrap_RAND_bytes(unsigned char *to, int n)
{
	int i;

	for (i = 0; i < n; i++)
		to[i] = (unsigned char)((++drawn * 2654435761u) >> 24);
	return 1;
}
