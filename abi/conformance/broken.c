/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The client in C, but one that breaks the rule that SCHEDHINT_BREAK names. conformance.c has to
 * find each of them out.
 */
#define AFTER(step, handle) after(step, handle)
struct schedhint_handle;
static void after(const char *step, struct schedhint_handle *handle);
#include "client.c"

static int is(const char *rule)
{
	const char *broken = getenv("SCHEDHINT_BREAK");

	return broken && !strcmp(broken, rule);
}

/* Until the checker has looked: it does so at system calls. */
static void let_look(void)
{
	struct timespec moment = {0, 2000000};

	nanosleep(&moment, NULL);
}

static void put(struct schedhint_handle *handle, void *thread, void *process)
{
	if (handle->is_bound)
		schedhint_map_put(&client.map, handle->pidfd, thread, process);
}

static void break_attached(struct schedhint_handle *handle)
{
	struct schedhint_thread *thread = handle->thread;

	if (is("aligned")) {
		thread = (struct schedhint_thread *)(void *)((char *)thread + 0x4040);
		memcpy(thread, handle->thread, 128);
		handle->thread = thread;
		put(handle, thread, client.process);
	} else if (is("abi")) {
		thread->abi = 2;
		let_look();
		thread->abi = SCHEDHINT_ABI;
	} else if (is("abi-last")) {
		thread->role = 0;
		let_look();
		thread->role = SCHEDHINT_ROLE_WORKER;
	} else if (is("reserved")) {
		thread->cold2[3] = 1;
	} else if (is("ranges")) {
		thread->phase = 9;
	} else if (is("process") && !handle->is_leader) {
		put(handle, thread, NULL);
	} else if (is("counted")) {
		client.process->bound_threads = 7;
	}
}

static void break_urgency(struct schedhint_handle *handle)
{
	__u32 urgency = handle->thread->urgency, hints = handle->thread->hints;

	if (is("stored"))
		schedhint_set_urgency(handle, 5, 0);
	if (!is("urgency") && !is("hints"))
		return;
	schedhint_set_urgency(handle, is("urgency") ? 1025 : 900, is("hints") ? 4 : 0);
	let_look();
	schedhint_set_urgency(handle, urgency, hints);
}

/* Outside of seq. */
static void break_group(struct schedhint_handle *handle)
{
	struct schedhint_thread *thread = handle->thread;

	SCHEDHINT_STORE(thread->user, 1);
	for (volatile int i = 0; i < 1000; i++)
		;
	SCHEDHINT_STORE(thread->user, 3 * thread->deadline_ns);
}

/* What deletes its element, and then sets it again. */
static void break_detached(struct schedhint_handle *handle)
{
	if (is("leader") && handle->is_leader)
		schedhint_map_delete(&client.map, client.leader_fd);
	if (!is("left"))
		return;
	handle->pidfd = (int)syscall(SYS_pidfd_open, syscall(SYS_gettid), SCHEDHINT_PIDFD_THREAD);
	schedhint_map_put(&client.map, handle->pidfd, handle->thread, client.process);
}

static void after(const char *step, struct schedhint_handle *handle)
{
	if (!strcmp(step, "init") && is("attach"))
		client.memory.clock_offset -= 1000000000000LL;
	if (!strcmp(step, "attach"))
		break_attached(handle);
	if (!strcmp(step, "urgency"))
		break_urgency(handle);
	if (!strcmp(step, "group") && is("group"))
		break_group(handle);
	if (!strcmp(step, "begin") && is("gc-kind"))
		handle->thread->gc |= 0x80;
	if (!strcmp(step, "begin") && is("gc-since"))
		handle->thread->gc_since_ns = 1;
	if (!strcmp(step, "end") && is("gc-count"))
		handle->thread->gc_count = 0;
	if (!strcmp(step, "detach"))
		break_detached(handle);
	if (!strcmp(step, "poll") && is("bound")) /* never looks after its map */
		client.looked_ns = schedhint_now(&client.memory);
	/* Keeps what the last reader wrote. */
	for (handle = client.handles; !strcmp(step, "poll") && handle; handle = handle->next)
		if (is("cleared") && !handle->is_leader)
			handle->thread->granted_ns = 1;
}
