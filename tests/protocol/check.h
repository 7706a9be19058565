/*
 * Checks that end a test case when they fail, and say what was found: the value,
 * the error by name, and the rule that the target broke.
 */
#ifndef PROTOCOL_CHECK_H
#define PROTOCOL_CHECK_H

#include "initiator/ini_session.h"
#include "initiator/ini_task.h"

#include <CUnit/Basic.h>

/* A condition. */
#define CHECK(cond) check_that(!!(cond), __FILE__, __LINE__, "%s", #cond)

/* A condition, and a sentence (as printf) that says what was found when it does not hold. */
#define CHECK_THAT(cond, ...) check_that(!!(cond), __FILE__, __LINE__, __VA_ARGS__)

/* Two unsigned numbers are the same. */
#define CHECK_NUM(got, want) \
	check_num((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got " is " #want)

/* A call over session s returns 0; or a certain error. */
#define CHECK_OK(s, call)        check_call((s), (call), 0, __FILE__, __LINE__, #call)
#define CHECK_ERR(s, call, want) check_call((s), (call), (want), __FILE__, __LINE__, #call)

/* Task t over session s runs and ends with status GOOD; or CHECK CONDITION and that sense. */
#define CHECK_GOOD(s, t)         check_task((s), (t), 0, __FILE__, __LINE__)
#define CHECK_SENSE(s, t, sense) check_task((s), (t), (sense), __FILE__, __LINE__)

/* Sense key, additional sense code and qualifier, as ini_task_sense() has them. */
#define SENSE_INVALID_OPCODE       0x052000
#define SENSE_LBA_OUT_OF_RANGE     0x052100
#define SENSE_INVALID_LUN          0x052500
#define SENSE_UNSOLICITED_DATA     0x0b0c0c
#define SENSE_INCORRECT_AMOUNT     0x0b0c0d
#define SENSE_PROTOCOL_SERVICE_CRC 0x0b4705
#define SENSE_KEY(sense)           ((sense) >> 16)
#define SENSE_ASC(sense)           ((sense) >> 8 & 0xff)
#define SENSE_KEY_UNIT_ATTENTION   6
#define SENSE_ASC_RESET            0x29

void check_that(bool ok, const char *file, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void check_num(uint64_t got, uint64_t want, const char *file, unsigned int line, const char *what);
void check_call(const struct ini_session *s, int got, int want, const char *file, unsigned int line,
		const char *what);
void check_task(struct ini_session *s, struct ini_task *t, uint32_t sense, const char *file,
		unsigned int line);

#endif
