/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Leads a client of schedhint's ABI 1 through its life, under a BPF program that checks what it
 * writes, and says which rules it keeps to.
 *
 *   conformance [--pin PATH] [--patience SECONDS] COMMAND [ARGUMENT]...
 *   conformance --rules      prints their names
 *
 * COMMAND is started with SCHEDHINT_MAP=PATH and obeys lines on stdin, each by a line on stdout
 * that begins with "ok", or with "error" and a reason. NAME is one of its threads: `main`, or one
 * that it starts at the first mention.
 *
 *   attach NAME ROLE         "ok TID"; ROLE is main or worker. It need not be bound yet
 *   urgency NAME N HINTS     HINTS is a number
 *   phase NAME N
 *   groups NAME MS           for so many milliseconds, by the rule of checker.bpf.c, as fast as may be
 *   collect NAME KIND        one garbage collection or more; KIND is minor or major. "ok none": it
 *                            has no collector of that kind
 *   detach NAME
 *   end                      detaches nothing more, and exits with 0
 *
 * It looks after its map meanwhile: a pin that is replaced is to be found in so many seconds.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/perf_event.h>
#include <linux/types.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checker.h"

#define MAX_LINKS 1024
#define TICK_NS	  100000
#define STEP_MS	  20
#define STEPS	  (1000 / STEP_MS) /* in a second */

static const char *const words[] = {
#define RULE_WORD(name, word, text) [RULE_##name] = word,
	RULES(RULE_WORD)};
static const char *const texts[] = {
#define RULE_TEXT(name, word, text) [RULE_##name] = text,
	RULES(RULE_TEXT)};

/* A checker that is loaded, with its map at the pin. */
static struct checker {
	struct bpf_object *object;
	struct bpf_link *links[MAX_LINKS];
	size_t link_count;
} checker;

static struct client {
	pid_t pid;
	FILE *commands, *answers;
} client;

static const char *pin;
static int patience_s = 30;
static char reasons[RULE_COUNT][256]; /* why a rule is broken; empty: it is not */
static bool has_collector = true;

__attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "conformance: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	if (client.pid)
		kill(client.pid, SIGKILL);
	if (pin)
		unlink(pin);
	exit(2);
}

/* The first reason counts. */
__attribute__((format(printf, 3, 4))) static void expect(bool holds, enum rule rule,
							 const char *format, ...)
{
	va_list arguments;

	if (holds || reasons[rule][0])
		return;
	va_start(arguments, format);
	vsnprintf(reasons[rule], sizeof(reasons[rule]), format, arguments);
	va_end(arguments);
}

static int descriptor_of(const char *map)
{
	return bpf_map__fd(bpf_object__find_map_by_name(checker.object, map));
}

static void keep(struct bpf_link *link, const char *what)
{
	if (!link)
		die("attaching %s: %s", what, strerror(errno));
	if (checker.link_count == MAX_LINKS)
		die("more than %d CPUs", MAX_LINKS);
	checker.links[checker.link_count++] = link;
}

static void attach_clock(struct bpf_program *program)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = TICK_NS,
	};

	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && errno == ENODEV) /* offline */
			continue;
		if (fd < 0)
			die("perf_event_open: %s", strerror(errno));
		keep(bpf_program__attach_perf_event(program, fd), "a clock");
	}
}

static void load(const char *path)
{
	struct bpf_program *program;

	checker.object = bpf_object__open_file(path, NULL);
	if (!checker.object || bpf_object__load(checker.object))
		die("loading %s: %s", path, strerror(errno));
	bpf_object__for_each_program(program, checker.object)
	{
		enum bpf_prog_type type = bpf_program__type(program);

		if (type == BPF_PROG_TYPE_PERF_EVENT)
			attach_clock(program);
		else
			keep(bpf_program__attach(program), bpf_program__name(program));
	}
	unlink(pin);
	if (bpf_obj_pin(descriptor_of("schedhint"), pin))
		die("pinning %s: %s", pin, strerror(errno));
}

/* Takes over what it has found. */
static void unload(void)
{
	struct violation violation;

	while (checker.link_count)
		bpf_link__destroy(checker.links[--checker.link_count]);
	for (__u32 rule = 0; rule < RULE_COUNT; rule++) {
		if (bpf_map_lookup_elem(descriptor_of("violations"), &rule, &violation))
			die("reading violations: %s", strerror(errno));
		expect(!violation.times, rule, "%llu times, first by thread %u: %llu (0x%llx)",
		       violation.times, violation.tid, violation.value, violation.value);
	}
	bpf_object__close(checker.object);
	checker.object = NULL;
}

static struct tally count(void)
{
	struct bpf_link *link = NULL;
	struct tally tally = {0};
	__u32 only = 0;
	char nothing[64];
	int fd;

	for (size_t i = 0; i < checker.link_count; i++)
		if (bpf_link__fd(checker.links[i]) >= 0) {
			fd = bpf_iter_create(bpf_link__fd(checker.links[i]));
			if (fd < 0)
				continue;
			link = checker.links[i];
			bpf_map_update_elem(descriptor_of("tallies"), &only, &tally, BPF_ANY);
			while (read(fd, nothing, sizeof(nothing)) > 0)
				;
			close(fd);
		}
	if (!link || bpf_map_lookup_elem(descriptor_of("tallies"), &only, &tally))
		die("counting elements: %s", strerror(errno));
	return tally;
}

static void start(char **command)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	client.pid = fork();
	if (client.pid < 0)
		die("fork: %s", strerror(errno));
	if (!client.pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		setenv("SCHEDHINT_MAP", pin, 1);
		execvp(command[0], command);
		fprintf(stderr, "conformance: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	client.commands = fdopen(in[1], "w");
	client.answers = fdopen(out[0], "r");
}

/* What follows the "ok". */
__attribute__((format(printf, 1, 2))) static const char *tell(const char *format, ...)
{
	static char line[256];
	char command[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	fprintf(client.commands, "%s\n", command);
	fflush(client.commands);
	if (!fgets(line, sizeof(line), client.answers))
		die("the client has ended instead of doing \"%s\"", command);
	line[strcspn(line, "\n")] = 0;
	if (strncmp(line, "ok", 2))
		die("\"%s\" was answered with \"%s\"", command, line);
	return line[2] ? line + 3 : line + 2;
}

static int attach(const char *name, const char *role)
{
	return atoi(tell("attach %s %s", name, role));
}

/* What is known of a thread; all 0 if nothing is. */
static struct seen seen(int tid)
{
	int pidfd = syscall(SYS_pidfd_open, tid, O_EXCL); /* PIDFD_THREAD */
	struct seen found = {0};

	if (pidfd >= 0)
		bpf_map_lookup_elem(descriptor_of("threads"), &pidfd, &found);
	close(pidfd);
	return found;
}

static bool has_element(int tid)
{
	int pidfd = syscall(SYS_pidfd_open, tid, O_EXCL);
	struct {
		__u64 thread, process;
	} value;
	bool found = pidfd >= 0 && !bpf_map_lookup_elem(descriptor_of("schedhint"), &pidfd, &value);

	close(pidfd);
	return found;
}

/*
 * So many threads, and the leader with the process's block. Helper threads have
 * elements as long as any thread has, or not at all.
 */
static void expect_bound(__u32 threads, bool leader_is_one, const char *when)
{
	__u32 elements = threads + (threads && !leader_is_one);
	struct tally tally = {0};

	for (int i = 0; i < patience_s * STEPS; i++) {
		tally = count();
		if (tally.threads == threads && tally.elements == elements &&
		    (threads || !tally.helpers) &&
		    (!threads || (tally.leaders == 1 && tally.bound_threads == threads)))
			return;
		usleep(STEP_MS * 1000);
	}
	if (tally.threads < threads)
		expect(false, RULE_BOUND, "%s: %u threads are bound, not %u", when, tally.threads,
		       threads);
	else if (threads && !tally.leaders)
		expect(false, RULE_LEADER, "%s: the leader has no element", when);
	else if (tally.elements != elements)
		expect(false, RULE_LEFT, "%s: there are %u elements, not %u", when, tally.elements,
		       elements);
	else if (!threads && tally.helpers)
		expect(false, RULE_LEFT, "%s: there are %u elements of helper threads", when,
		       tally.helpers);
	else
		expect(false, RULE_COUNTED, "%s: bound_threads is %u, not %u", when,
		       tally.bound_threads, threads);
}

static void check_stores(const char *name, int tid)
{
	struct seen found;

	tell("urgency %s 900 0", name);
	tell("phase %s 2", name);
	found = seen(tid);
	expect(found.urgency == 900 && found.hints == 0 && found.phase == 2, RULE_STORED,
	       "%s: urgency %u, hints %u, phase %u, and not 900, 0, 2", name, found.urgency,
	       found.hints, found.phase);
	tell("urgency %s 1 1", name);
	found = seen(tid);
	expect(found.urgency == 1 && found.hints == 1, RULE_STORED,
	       "%s: urgency %u, hints %u, and not 1, 1", name, found.urgency, found.hints);
}

static void check_groups(const char *name, int tid)
{
	struct seen before = seen(tid), found;

	for (int i = 0; i < 20; i++) {
		tell("groups %s 100", name);
		found = seen(tid);
		if (found.groups > before.groups + 100)
			break;
	}
	expect(found.groups > before.groups, RULE_GROUP, "%s: no group was seen", name);
	expect(!(found.seq & 1) && found.seq - before.seq >= 2 * (found.groups - before.groups),
	       RULE_GROUP, "%s: seq went from %u to %u in %llu groups or more", name, before.seq,
	       found.seq, found.groups - before.groups);
	expect(found.user == 3 * found.deadline_ns && found.deadline_ns, RULE_STORED,
	       "%s: deadline_ns %llu, user %llu", name, found.deadline_ns, found.user);
}

static void check_collections(const char *name, int tid, const char *kind, __u32 bit)
{
	struct seen before = seen(tid), found = before;

	for (int i = 0; i < 200; i++) {
		if ((found.gc_kinds & bit) && found.gc_count > before.gc_count)
			break;
		if (!strcmp(tell("collect %s %s", name, kind), "none")) {
			has_collector = false;
			return;
		}
		found = seen(tid);
	}
	expect(found.gc_kinds & bit, RULE_GC_KIND, "%s: no %s pause was seen", name, kind);
	expect(found.gc_count > before.gc_count, RULE_GC_COUNT, "%s: gc_count is %u after %u", name,
	       found.gc_count, before.gc_count);
}

static void end_client(void)
{
	int status;

	tell("end");
	if (waitpid(client.pid, &status, 0) != client.pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status))
		die("the client has ended with status 0x%x", status);
	client.pid = 0;
}

static void run(const char *object)
{
	int lead, one, other;

	lead = attach("main", "main");
	expect_bound(1, true, "main attached");
	one = attach("one", "worker");
	other = attach("other", "worker");
	expect_bound(3, true, "three attached");
	check_stores("main", lead);
	check_stores("one", one);
	check_groups("main", lead);
	check_groups("other", other);
	check_collections("main", lead, "major", 2 /* SCHEDHINT_GC_MAJOR */);
	check_collections("one", one, "minor", 1 /* SCHEDHINT_GC_MINOR */);
	expect(!has_collector || seen(lead).gc_count, RULE_GC_COUNT, "main: gc_count is 0");

	unload();
	load(object);
	expect_bound(3, true, "the pin was replaced");
	tell("phase other 1");
	expect(seen(other).looks, RULE_BOUND, "the pin was replaced: other is not seen");

	tell("detach main");
	expect_bound(2, false, "main detached");
	tell("detach one");
	expect(!has_element(one), RULE_LEFT, "one has detached and has an element");
	expect_bound(1, false, "one detached");
	tell("detach other");
	expect_bound(0, false, "all detached");
	attach("last", "worker");
	expect_bound(1, false, "one attached after all had detached");
	end_client();
	expect_bound(0, false, "the process has ended");
	unload();
}

static int print_rules(void)
{
	for (int rule = 0; rule < RULE_COUNT; rule++)
		puts(words[rule]);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"pin", required_argument, NULL, 'p'},
						{"patience", required_argument, NULL, 's'},
						{"rules", no_argument, NULL, 'r'},
						{0}};
	char path[4096], own[64];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 32);
	int failed = 0, option;

	snprintf(own, sizeof(own), "/sys/fs/bpf/schedhint-conformance-%d", (int)getpid());
	pin = own;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'p')
			pin = optarg;
		else if (option == 's')
			patience_s = atoi(optarg);
		else if (option == 'r')
			return print_rules();
		else
			return 2;
	}
	if (optind == argc) {
		fprintf(stderr, "usage: conformance [--pin PATH] [--patience SECONDS] COMMAND "
				"[ARGUMENT]...\n       conformance --rules\n");
		return 2;
	}
	if (size < 0)
		die("/proc/self/exe: %s", strerror(errno));
	path[size] = 0;
	strcpy(strrchr(path, '/'), "/checker.bpf.o");
	signal(SIGPIPE, SIG_IGN);

	load(path);
	start(argv + optind);
	run(path);
	unlink(pin);
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		bool holds = !reasons[rule][0];

		printf("%s %s: %s%s%s\n", holds ? "ok  " : "FAIL", words[rule], texts[rule],
		       holds ? "" : ": ", reasons[rule]);
		failed += !holds;
	}
	if (!has_collector)
		printf("(the client has no collector of one kind or more)\n");
	printf("%d passed, %d failed\n", RULE_COUNT - failed, failed);
	return failed ? 1 : 0;
}
