#include "control/client.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log-level\"}\n"
#define ANSWER "{\"jsonrpc\":\"2.0\",\"result\":{\"level\":\"info\"},\"id\":1}\n"

static const struct control_env env; /* log-level needs none of it */
static const struct control_peer peer;

static struct client *start(void)
{
	struct client *c = malloc(sizeof(*c));

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	client_init(c, &env, &peer);
	return c;
}

static void stop(struct client *c)
{
	client_fini(c);
	free(c);
}

static void type(struct client *c, const char *text)
{
	size_t len, n = strlen(text);
	char *space = client_space(c, &len);

	CU_ASSERT_FATAL(n <= len);
	memcpy(space, text, n);
	client_input(c, n);
}

/* What waits to be sent is text, and is sent. */
static void expect(struct client *c, const char *text)
{
	size_t len;
	const char *out = client_output(c, &len);

	CU_ASSERT_EQUAL_FATAL(len, strlen(text));
	if (len) {
		CU_ASSERT_EQUAL(memcmp(out, text, len), 0);
	}
	client_sent(c, len);
}

static void a_line_is_answered_when_it_is_whole(void)
{
	struct client *c = start();

	CU_ASSERT_FALSE(client_is_due(c));
	type(c, "{\"jsonrpc\":\"2.0\",\"id\":1,");
	expect(c, "");
	CU_ASSERT(client_is_due(c)); /* for the rest of it */
	type(c, "\"method\":\"log-level\"}\n");
	CU_ASSERT(client_is_due(c)); /* for reading the answer */
	expect(c, ANSWER);
	CU_ASSERT_FALSE(client_is_due(c));
	stop(c);
}

static void lines_are_answered_in_order(void)
{
	struct client *c = start();

	type(c, LEVEL "[]\n" LEVEL);
	expect(c, ANSWER "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"a batch "
			 "has from 1 to "
			 "64 requests\"},\"id\":null}\n" ANSWER);
	stop(c);
}

/* Answers that nobody reads stop the lines, and reading starts them again. */
static void unread_answers_stop_the_lines(void)
{
	static char lines[CLIENT_LINE_MAX];
	size_t n = 0, len, answers = 0;
	struct client *c = start();
	const char *out;

	while (n + sizeof(LEVEL) < sizeof(lines)) {
		memcpy(lines + n, LEVEL, sizeof(LEVEL) - 1);
		n += sizeof(LEVEL) - 1;
	}
	type(c, lines);
	CU_ASSERT_PTR_NOT_NULL(client_output(c, &len));
	CU_ASSERT(len >= CLIENT_OUT_HIGH && len < CLIENT_OUT_HIGH + 2 * sizeof(ANSWER));
	client_space(c, &len);
	CU_ASSERT_EQUAL(len, 0);
	while ((out = client_output(c, &len))) {
		CU_ASSERT_EQUAL_FATAL(memcmp(out, ANSWER, sizeof(ANSWER) - 1), 0);
		client_sent(c, sizeof(ANSWER) - 1);
		answers++;
	}
	CU_ASSERT_EQUAL(answers, n / (sizeof(LEVEL) - 1));
	client_space(c, &len);
	CU_ASSERT_EQUAL(len, CLIENT_LINE_MAX);
	stop(c);
}

static void a_line_too_long_is_the_end(void)
{
	static char line[CLIENT_LINE_MAX + 1];
	struct client *c = start();
	size_t len;

	memset(line, 'x', CLIENT_LINE_MAX);
	type(c, line);
	client_space(c, &len);
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_FALSE(client_is_over(c));
	CU_ASSERT_PTR_NOT_NULL(client_output(c, &len));
	client_sent(c, len);
	CU_ASSERT(client_is_over(c));
	stop(c);
}

static void what_was_asked_before_the_end_is_answered(void)
{
	struct client *c = start();
	size_t len;

	type(c, LEVEL "{\"half");
	client_end(c);
	client_space(c, &len);
	CU_ASSERT_EQUAL(len, 0);
	CU_ASSERT_FALSE(client_is_over(c));
	expect(c, ANSWER);
	CU_ASSERT(client_is_over(c));
	stop(c);
}

/* ---- a method that takes its time ---- */

static int spoken;

static void on_spoke(struct client *c)
{
	(void)c;
	spoken++;
}

static void the_client_may_leave_while_a_method_works(void)
{
	struct client *c = start();
	struct call *call = calloc(1, sizeof(*call));

	CU_ASSERT_PTR_NOT_NULL_FATAL(call);
	c->spoke = on_spoke;
	c->is_busy = true;
	call->user = &c->rpc;
	c->rpc.call = call;
	CU_ASSERT(client_is_waiting(c));
	stop(c);
	CU_ASSERT_PTR_NULL(call->answered);
	call_done(call, json_true()); /* to nobody */
	CU_ASSERT_EQUAL(spoken, 0);
}

static const struct unit_test tests[] = {
	{ "a line is answered when it is whole", a_line_is_answered_when_it_is_whole },
	{ "lines are answered in order", lines_are_answered_in_order },
	{ "unread answers stop the lines", unread_answers_stop_the_lines },
	{ "a line too long is the end", a_line_too_long_is_the_end },
	{ "what was asked before the end is answered", what_was_asked_before_the_end_is_answered },
	{ "the client may leave while a method works", the_client_may_leave_while_a_method_works },
};

UNIT_MAIN("client", tests)
