/* itgt-floor: what no iSCSI target with one loop can be faster than. See floor.h. */
#include "floor.h"

#include "base/units.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS       256
#define DEFAULT_SIZE (1ull << 30)

static const char usage[] =
	"Usage: itgt-floor [--store none|ram|file|aio] [--file PATH] [--size SIZE] [--port PORT]\n"
	"The least that an iSCSI target can do, on the loopback, to compare others with.\n"
	"It ends with the process that started it.\n";

static const struct option long_options[] = {
	{ "store", required_argument, NULL, 's' }, { "file", required_argument, NULL, 'f' },
	{ "size", required_argument, NULL, 'z' },  { "port", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },        { NULL, 0, NULL, 0 },
};

struct arguments {
	enum store_kind kind;
	const char *path;
	uint64_t size;
	uint16_t port;
};

static bool take_kind(const char *name, enum store_kind *out)
{
	static const char *const names[] = { "none", "ram", "file", "aio" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (enum store_kind)i;
			return true;
		}
	}
	return false;
}

/* Exit status, or -1: go on. */
static int parse(int argc, char **argv, struct arguments *a)
{
	bool fine = true;
	int opt;

	*a = (struct arguments){ .kind = STORE_NONE, .size = DEFAULT_SIZE };
	while (fine && (opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case 's': fine = take_kind(optarg, &a->kind); break;
		case 'f': a->path = optarg; break;
		case 'z': fine = size_parse(optarg, &a->size) == 0 && a->size >= 512; break;
		case 'p': a->port = (uint16_t)strtoul(optarg, NULL, 10); break;
		case 'h': (void)fputs(usage, stdout); return 0;
		default: fine = false; break;
		}
	}
	if (fine && optind == argc)
		return -1;
	(void)fputs(usage, stderr);
	return 2;
}

/* Listen on the loopback and say where. 0 or -errno. */
static int start(struct floor *f, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event listener = { .events = EPOLLIN, .data.ptr = &f->listener };
	struct epoll_event aio = { .events = EPOLLIN, .data.ptr = &f->store };
	socklen_t len = sizeof(sa);
	int one = 1;

	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->epoll < 0 || f->listener < 0)
		return -errno;
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(f->listener, (struct sockaddr *)&sa, len) < 0 || listen(f->listener, 1024) < 0 ||
	    getsockname(f->listener, (struct sockaddr *)&sa, &len) < 0 ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->listener, &listener) < 0)
		return -errno;
	if (f->store.aio_fd >= 0 && epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->store.aio_fd, &aio) < 0)
		return -errno;
	printf("ready: iscsi://127.0.0.1:%u/" FLOOR_NAME "/0\n", ntohs(sa.sin_port));
	return fflush(stdout) ? -errno : 0;
}

/* One turn: what came is dealt with, then all I/O is given to the kernel, then all answers. */
static void turn(struct floor *f)
{
	struct epoll_event events[EVENTS];
	int i, n = epoll_wait(f->epoll, events, EVENTS, -1);

	for (i = 0; i < n; i++) {
		if (events[i].data.ptr == &f->listener)
			conn_accept(f);
		else if (events[i].data.ptr == &f->store)
			store_reap(&f->store, true, command_stored, f);
		else
			conn_event(events[i].data.ptr, events[i].events);
	}
	store_flush(&f->store);
	store_reap(&f->store, false, command_stored, f);
	conn_flush_all(f);
}

int main(int argc, char **argv)
{
	static struct floor f;
	struct arguments a;
	int err = parse(argc, argv, &a);

	if (err >= 0)
		return err;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	SLIST_INIT(&f.dirty);
	SLIST_INIT(&f.free_tasks);
	SLIST_INIT(&f.free_stages);
	STAILQ_INIT(&f.free_answers);
	err = store_open(&f.store, a.kind, a.path, a.size);
	if (!err)
		err = start(&f, a.port);
	if (err) {
		(void)fprintf(stderr, "itgt-floor: %s\n", strerror(-err));
		return 1;
	}
	for (;;)
		turn(&f);
}
