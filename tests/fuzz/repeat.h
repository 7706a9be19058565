/*
 * What is another at each run is the same at all, so that an input always comes to the same, and
 * libFuzzer to the same inputs: time stands still, and chance is counted. The linker puts them in
 * the place of clock_gettime() and of libcrypto's RAND_bytes() (--wrap).
 */
#ifndef REPEAT_H
#define REPEAT_H

/* A new input: bytes that RAND_bytes() draws begin anew. */
void repeat_start(void);

#endif
