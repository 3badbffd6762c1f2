/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Loads a reader that is built with schedhint.bpf.h, binds this process's threads through
 * schedhint_client.h, and checks what each has of the other. Prints TAP; exits with 0, 1, or 4 (it
 * cannot run here).
 */
#include <schedhint/schedhint_client.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "selftest.h"

enum { SKIPPED = 4 };

static struct schedhint_client client;
static struct bpf_object *object;
static int number, failures;

static void check(int holds, const char *what)
{
	printf("%s %d %s\n", holds ? "ok" : "not ok", ++number, what);
	failures += !holds;
}

static int descriptor_of(const char *map)
{
	return bpf_map__fd(bpf_object__find_map_by_name(object, map));
}

/* Lets the reader look at the calling thread, and returns what it has found. */
static struct found look(void)
{
	__u32 tid = (__u32)syscall(SYS_gettid);
	struct found found = {0};

	syscall(SYS_gettid);
	bpf_map_lookup_elem(descriptor_of("seen"), &tid, &found);
	return found;
}

static void check_hints(struct schedhint_handle *handle)
{
	struct schedhint_hints hints = {0};
	struct found found = look();

	/* The reader has found nothing before, and looks again after SCHEDHINT_SKIP_NS. */
	for (int i = 0; i < 100 && !found.looks; i++) {
		usleep(10000);
		found = look();
	}
	check(found.looks > 0, "the reader finds the thread");
	check(found.urgency == SCHEDHINT_URGENCY_NORMAL && !found.is_batch && !found.has_slack,
	      "without an opinion it is normal");
	schedhint_set_urgency(handle, SCHEDHINT_URGENCY_HIGH, SCHEDHINT_BATCH);
	found = look();
	check(found.urgency == SCHEDHINT_URGENCY_HIGH && found.is_batch, "urgency and BATCH");
	hints.urgency = SCHEDHINT_URGENCY_CRITICAL;
	hints.slice_us = 3000;
	hints.deadline_ns = schedhint_now(&client.memory) + 100 * SCHEDHINT_SECOND_NS;
	hints.runtime_us = 50 * 1000 * 1000;
	hints.user = 77;
	schedhint_set(handle, &hints);
	found = look();
	check(found.urgency == hints.urgency && found.slice_us == 3000 && found.user == 77 &&
		      found.deadline_ns == hints.deadline_ns,
	      "a group");
	check(found.has_slack && found.slack_ns > 40 * SCHEDHINT_SECOND_NS &&
		      found.slack_ns <= 50 * SCHEDHINT_SECOND_NS,
	      "the slack is the time to the deadline less what is still needed");
	hints.deadline_ns = 1;
	schedhint_set(handle, &hints);
	check(!look().has_slack, "a deadline in the past is worth nothing");
	handle->thread->seq++;
	handle->thread->slice_us = 4000;
	check(look().slice_us == 3000, "a group that is being written is not read");
	handle->thread->seq++;
	check(look().slice_us == 4000, "and is afterwards");
}

static void check_pauses(struct schedhint_handle *handle)
{
	struct found found;

	check(!look().is_in_pause, "no pause");
	schedhint_gc_begin(handle, SCHEDHINT_GC_MAJOR, 5);
	found = look();
	check(found.is_in_pause && found.gc == (SCHEDHINT_GC_MAJOR | 5 << 16), "a major pause");
	check(client.process->gc_threads == 1, "one thread of the process is in a pause");
	handle->thread->gc_since_ns -= 3 * SCHEDHINT_SECOND_NS;
	check(!look().is_in_pause, "a pause of 3 s does not count");
	schedhint_gc_end(handle);
	check(!look().is_in_pause && handle->thread->gc_count == 1, "the pause has ended");
	schedhint_gc_cycle(handle, 1);
	check(look().gc == SCHEDHINT_GC_CYCLE && !look().is_in_pause, "a cycle is no pause");
	schedhint_gc_cycle(handle, 0);
}

static void check_feedback(struct schedhint_handle *handle)
{
	struct schedhint_thread *thread = handle->thread;

	look();
	check(look().published && thread->reader_id == 0x5e1f &&
		      thread->reader_abi == SCHEDHINT_ABI,
	      "the reader owns its lines");
	check(thread->reader_flags == SCHEDHINT_R_OBSERVES && thread->preempted > 0 &&
		      thread->granted_ns > 0 &&
		      thread->reader_seen_ns <= schedhint_now(&client.memory),
	      "the thread reads what it publishes");
	check(client.process->granted_ns == 10 && client.process->throttled_ns == 20 &&
		      client.process->refused == 30,
	      "and the process");
}

static void *be_helper(void *argument)
{
	*(struct found *)argument = look();
	return NULL;
}

/* Of a process whose leader alone is attached. */
static struct found look_from_helper(void)
{
	struct found found;
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_helper, &found))
		exit(1);
	pthread_join(thread, NULL);
	return found;
}

static int load(const char *path)
{
	__u32 only = 0, tgid = (__u32)getpid();
	struct bpf_program *program;

	object = bpf_object__open_file(path, NULL);
	if (!object || bpf_object__load(object))
		return -1;
	bpf_map_update_elem(descriptor_of("process"), &only, &tgid, BPF_ANY);
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program))
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct schedhint_options options = {NULL, NULL, SCHEDHINT_RUNTIME_PRIVATE,
					    SCHEDHINT_F_GC_LIVE};
	struct schedhint_handle handle;
	char pin[64];

	if (load(argc > 1 ? argv[1] : "build/selftest.bpf.o")) {
		printf("1..0 # SKIP the reader cannot be loaded: %s\n", strerror(errno));
		return SKIPPED;
	}
	snprintf(pin, sizeof(pin), "/sys/fs/bpf/schedhint-selftest-%d", (int)getpid());
	options.map = argc > 2 ? argv[2] : pin;
	if (schedhint_client_init(&client, &options) ||
	    schedhint_attach(&client, &handle, SCHEDHINT_ROLE_MAIN))
		return 1;
	check(!handle.is_bound && client.map.failure.step == SCHEDHINT_STEP_OPEN_MAP &&
		      client.map.failure.error == -ENOENT,
	      "without a pin the thread is not bound, and the client says why");
	if (bpf_obj_pin(descriptor_of("schedhint"), options.map)) {
		printf("1..0 # SKIP %s: %s\n", options.map, strerror(errno));
		return SKIPPED;
	}
	client.looked_ns = 0; /* a second ago */
	check(!schedhint_poll(&client) && handle.is_bound, "the late pin is found");
	check_hints(&handle);
	check_pauses(&handle);
	check_feedback(&handle);
	schedhint_gc_begin(&handle, SCHEDHINT_GC_MINOR, 0);
	check(look_from_helper().helps_gc, "a thread without a block helps the collection");
	schedhint_gc_end(&handle);
	check(!look_from_helper().helps_gc, "until that has ended");
	unlink(options.map);
	client.looked_ns = 0;
	check(schedhint_poll(&client) == -ENOENT && !handle.is_bound, "the pin has gone");
	schedhint_detach(&handle);
	schedhint_client_close(&client);
	printf("1..%d\n", number);
	return failures ? 1 : 0;
}
