/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * Publishing the hints of a process's threads: the client of ABI 1 for what can
 * include C11 or C++17. It starts no thread.
 *
 *	struct schedhint_options options = {.runtime = SCHEDHINT_RUNTIME_JVM};
 *
 *	schedhint_client_init(&client, &options);
 *	schedhint_attach(&client, &handle, SCHEDHINT_ROLE_WORKER);  // in each thread
 *	schedhint_set_urgency(&handle, SCHEDHINT_URGENCY_HIGH, 0);  // one store
 *	schedhint_poll(&client);                     // now and then, in any thread
 *	schedhint_detach(&handle);                   // before the thread ends
 *
 * A thread can attach before the map is there: its hints wait in its block, until
 * schedhint_poll() binds it. What returns an int returns 0 or -errno, and then
 * client.map.failure says what was tried.
 *
 * The functions that take a client, and detach, take a lock, and may wait for the
 * kernel or, a second for each answer at most, for the broker. Those that set
 * hints are stores: for the handle's own thread alone, and not for its signal
 * handlers.
 *
 * In a forked child the handles lead to private memory that no reader has;
 * the child makes a new client. (A raw clone(2) goes past pthread_atfork(3), and its
 * child must not touch a handle.)
 *
 * A block is used again when its element has been deleted, a second has passed and
 * membarrier(2) has seen every CPU quiescent; where membarrier(2) is refused, or a
 * broker went without a word, never. There are blocks for 16383 threads.
 */
#ifndef SCHEDHINT_CLIENT_H
#define SCHEDHINT_CLIENT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* include this file before others, or build with -D_GNU_SOURCE */
#endif
#include <fcntl.h>

#include "schedhint_client_map.h"
#include "schedhint_client_memory.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum {
	SCHEDHINT_PIDFD_THREAD = O_EXCL, /* which older headers lack */
};

struct schedhint_options {
	const char *map;    /* the pin; NULL: SCHEDHINT_DEFAULT_PIN */
	const char *broker; /* its socket; NULL: the process writes the map itself */
	__u16 runtime;	    /* enum schedhint_runtime */
	__u32 flags;	    /* enum schedhint_flag, of every thread */
};

/* Whose element leads to the process's block alone. */
enum schedhint_leader {
	SCHEDHINT_LEADER_NONE,
	SCHEDHINT_LEADER_ALONE,	 /* {NULL, process} */
	SCHEDHINT_LEADER_THREAD, /* it is attached itself */
};

/* A process's use of a map. For others to read: map.failure, map.id, map.is_open. */
struct schedhint_client {
	struct schedhint_map map;
	struct schedhint_memory memory;
	struct schedhint_process *process;
	struct schedhint_handle *handles;
	pthread_mutex_t lock;
	__u64 looked_ns;
	__u32 flags, bound;
	__u16 runtime;
	enum schedhint_leader leader;
	int leader_fd;
};

/* A thread's use of a client. For others to read: thread, is_bound. */
struct schedhint_handle {
	struct schedhint_thread *thread;
	struct schedhint_client *client;
	struct schedhint_handle *next;
	int pidfd, is_leader, is_bound;
	__u32 left_in; /* id of a map in which an element of it may be; ~0: of several */
	__u32 seq;     /* as stored last: while a block moves, its own may be an earlier one */
	__u32 gc_depth, gc_kind;
	__u64 gc_expect_ns[3];
};

/* What schedhint_set() sets, as one. */
struct schedhint_hints {
	__u32 urgency, hints, slice_us, runtime_us;
	__u64 deadline_ns, user;
};

#define SCHEDHINT_STORE(place, value)	__atomic_store_n(&(place), value, __ATOMIC_RELAXED)
#define SCHEDHINT_PUBLISH(place, value) __atomic_store_n(&(place), value, __ATOMIC_RELEASE)

static inline void schedhint_leave(struct schedhint_client *c, struct schedhint_handle *handle)
{
	int is_other = handle->left_in && handle->left_in != c->map.id;

	handle->left_in = is_other ? ~0u : c->map.id;
}

/* The map is not open any more. `is_told`: and none of our elements is left in it. */
static inline void schedhint_unbound(struct schedhint_client *c, int is_told)
{
	struct schedhint_handle *handle;

	for (handle = c->handles; handle; handle = handle->next) {
		if (handle->is_bound && !is_told)
			schedhint_leave(c, handle);
		handle->is_bound = 0;
	}
	c->leader = SCHEDHINT_LEADER_NONE;
	c->bound = 0;
	SCHEDHINT_STORE(c->process->bound_threads, 0);
}

/* The leader has an element as long as any thread is bound. */
static inline int schedhint_lead(struct schedhint_client *c)
{
	int error = 0;

	if (c->bound && c->leader == SCHEDHINT_LEADER_NONE) {
		error = schedhint_map_put(&c->map, c->leader_fd, NULL, c->process);
		if (!error)
			c->leader = SCHEDHINT_LEADER_ALONE;
	} else if (!c->bound && c->leader == SCHEDHINT_LEADER_ALONE) {
		error = schedhint_map_delete(&c->map, c->leader_fd);
		c->leader = SCHEDHINT_LEADER_NONE;
	}
	return error == -ESRCH ? 0 : error; /* the leader may end before others do */
}

static inline int schedhint_bind(struct schedhint_client *c, struct schedhint_handle *handle)
{
	int error;

	/* What the last reader wrote is not this one's. */
	memset((char *)handle->thread + 128, 0, 128);
	if (!c->bound)
		memset((char *)c->process + 64, 0, 64);
	error = schedhint_map_put(&c->map, handle->pidfd, handle->thread, c->process);
	if (error)
		return error;
	handle->is_bound = 1;
	if (handle->left_in == c->map.id)
		handle->left_in = 0;
	if (handle->is_leader)
		c->leader = SCHEDHINT_LEADER_THREAD;
	SCHEDHINT_STORE(c->process->bound_threads, ++c->bound);
	return schedhint_lead(c);
}

static inline int schedhint_unbind(struct schedhint_client *c, struct schedhint_handle *handle)
{
	int error = schedhint_map_delete(&c->map, handle->pidfd);

	if (error)
		schedhint_leave(c, handle);
	handle->is_bound = 0;
	SCHEDHINT_STORE(c->process->bound_threads, --c->bound);
	if (handle->is_leader)
		c->leader = SCHEDHINT_LEADER_NONE;
	return error ? error : schedhint_lead(c);
}

/* Opens the map if it is not open, binds who is not bound, and lets go of a map that went. */
static inline int schedhint_look(struct schedhint_client *c)
{
	struct schedhint_handle *handle;
	int error = 0, failed;

	if (c->memory.is_forked)
		return -ECHILD;
	SCHEDHINT_STORE(c->looked_ns, schedhint_now(&c->memory));
	if ((c->map.is_open || c->map.socket >= 0) && !schedhint_map_is_there(&c->map)) {
		for (handle = c->handles; handle && !c->map.broker; handle = handle->next)
			if (handle->is_bound)
				schedhint_unbind(c, handle);
		schedhint_unbound(c, !c->map.broker || c->map.is_told);
		schedhint_map_close(&c->map);
	}
	error = schedhint_map_open(&c->map);
	for (handle = c->handles; handle && c->map.is_open; handle = handle->next) {
		failed = handle->is_bound ? 0 : schedhint_bind(c, handle);
		error = error ? error : failed;
	}
	failed = c->map.is_open ? schedhint_lead(c) : 0;
	error = error ? error : failed;
	if (!c->map.is_open) /* a broker has ended the connection meanwhile */
		schedhint_unbound(c, c->map.is_told);
	return error ? error : schedhint_fail(&c->map, SCHEDHINT_STEP_NONE, 0, 0);
}

/*
 * 0: every attached thread is bound. Costs a clock read while less than a second
 * has passed since the last look, and a stat(2) of the pin, or a recv(2) from the
 * broker, if nothing has changed.
 */
static inline int schedhint_poll(struct schedhint_client *c)
{
	__u64 looked = __atomic_load_n(&c->looked_ns, __ATOMIC_RELAXED);
	int error;

	if (schedhint_now(&c->memory) - looked < SCHEDHINT_SECOND_NS)
		return c->map.failure.error;
	pthread_mutex_lock(&c->lock);
	error = schedhint_look(c);
	pthread_mutex_unlock(&c->lock);
	return error;
}

/* Fails for want of memory or descriptors alone. The strings of `options` must stay. */
static inline int schedhint_client_init(struct schedhint_client *c,
					const struct schedhint_options *options)
{
	int error;

	memset(c, 0, sizeof(*c));
	c->map.fd = c->map.socket = -1;
	c->map.pin = options->map ? options->map : SCHEDHINT_DEFAULT_PIN;
	c->map.broker = options->broker;
	c->runtime = options->runtime;
	c->flags = options->flags;
	c->leader_fd = (int)syscall(SYS_pidfd_open, getpid(), SCHEDHINT_PIDFD_THREAD);
	if (c->leader_fd < 0)
		return schedhint_fail(&c->map, SCHEDHINT_STEP_OPEN_THREAD, -errno, 0);
	error = schedhint_memory_map(&c->memory);
	if (error) {
		close(c->leader_fd);
		return schedhint_fail(&c->map, SCHEDHINT_STEP_MEMORY, error, 0);
	}
	pthread_mutex_init(&c->lock, NULL);
	c->map.memory = c->memory.start;
	c->process = (struct schedhint_process *)(void *)schedhint_take(&c->memory);
	c->process->attach_ns = schedhint_now(&c->memory);
	c->process->runtime = c->runtime;
	SCHEDHINT_PUBLISH(c->process->abi, SCHEDHINT_ABI);
	return 0;
}

/*
 * Attaches the calling thread; `handle` must stay until it is detached. Fails for
 * want of memory or descriptors alone: handle->is_bound says whether it is bound.
 */
static inline int schedhint_attach(struct schedhint_client *c, struct schedhint_handle *handle,
				   enum schedhint_role role)
{
	int tid = (int)syscall(SYS_gettid), error = 0;
	struct schedhint_thread *thread;

	memset(handle, 0, sizeof(*handle));
	if (c->memory.is_forked)
		return -ECHILD;
	handle->client = c;
	handle->is_leader = tid == getpid();
	handle->pidfd = (int)syscall(SYS_pidfd_open, tid, SCHEDHINT_PIDFD_THREAD);
	if (handle->pidfd < 0)
		return schedhint_fail(&c->map, SCHEDHINT_STEP_OPEN_THREAD, -errno, 0);
	pthread_mutex_lock(&c->lock);
	thread = handle->thread = schedhint_take(&c->memory);
	if (!thread) {
		close(handle->pidfd);
		error = schedhint_fail(&c->map, SCHEDHINT_STEP_MEMORY, -ENOMEM, 0);
	} else {
		thread->attach_ns = schedhint_now(&c->memory);
		thread->runtime = c->runtime;
		thread->role = (__u16)role;
		thread->flags = c->flags;
		SCHEDHINT_PUBLISH(thread->abi, SCHEDHINT_ABI);
		handle->next = c->handles;
		c->handles = handle;
		schedhint_look(c);
	}
	pthread_mutex_unlock(&c->lock);
	return error;
}

/* By its own thread, or by any when that has ended. What it had published is gone. */
static inline int schedhint_detach(struct schedhint_handle *handle)
{
	struct schedhint_client *c = handle->client;
	struct schedhint_handle **place;
	int error = 0;

	if (c->memory.is_forked)
		return -ECHILD;
	pthread_mutex_lock(&c->lock);
	SCHEDHINT_PUBLISH(handle->thread->abi, 0);
	if (handle->gc_depth)
		__atomic_fetch_sub(&c->process->gc_threads, 1, __ATOMIC_RELAXED);
	if (handle->is_bound)
		error = schedhint_unbind(c, handle);
	for (place = &c->handles; *place != handle;)
		place = &(*place)->next;
	*place = handle->next;
	if (!handle->left_in)
		schedhint_free(&c->memory, handle->thread);
	if (!c->map.is_open)
		schedhint_unbound(c, c->map.is_told);
	close(handle->pidfd);
	pthread_mutex_unlock(&c->lock);
	return error;
}

/* When no thread uses its handle any more; who has not detached is. */
static inline void schedhint_client_close(struct schedhint_client *c)
{
	if (c->memory.is_forked)
		return;
	while (c->handles)
		schedhint_detach(c->handles);
	schedhint_map_close(&c->map);
	close(c->leader_fd);
	pthread_mutex_destroy(&c->lock);
	schedhint_memory_unmap(&c->memory);
}

/* `urgency` is 0 or 1..1024, `hints` of enum schedhint_hint: one store of both. */
static inline void schedhint_set_urgency(struct schedhint_handle *handle, __u32 urgency,
					 __u32 hints)
{
	__u32 both[2] = {urgency, hints};

	SCHEDHINT_STORE(*(schedhint_pair *)(void *)&handle->thread->urgency,
			*(schedhint_pair *)(void *)both);
}

/* All of them, so that no reader mixes them with others. */
static inline void schedhint_set(struct schedhint_handle *handle,
				 const struct schedhint_hints *hints)
{
	struct schedhint_thread *thread = handle->thread;

	SCHEDHINT_STORE(thread->seq, ++handle->seq);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	schedhint_set_urgency(handle, hints->urgency, hints->hints);
	SCHEDHINT_STORE(thread->slice_us, hints->slice_us);
	SCHEDHINT_STORE(thread->runtime_us, hints->runtime_us);
	SCHEDHINT_STORE(thread->deadline_ns, hints->deadline_ns);
	SCHEDHINT_STORE(thread->user, hints->user);
	SCHEDHINT_PUBLISH(thread->seq, ++handle->seq);
}

static inline void schedhint_set_phase(struct schedhint_handle *handle, enum schedhint_phase phase)
{
	SCHEDHINT_STORE(handle->thread->phase, (__u16)phase);
}

/*
 * A pause begins: `kind` is a bit of enum schedhint_gc, `runtime_kind` 16 bits of the
 * runtime's own. Pauses may nest; what the outermost one began ends with it.
 */
static inline void schedhint_gc_begin(struct schedhint_handle *handle, __u32 kind,
				      __u32 runtime_kind)
{
	struct schedhint_thread *thread = handle->thread;
	__u32 gc = thread->gc | kind | runtime_kind << SCHEDHINT_GC_RUNTIME_SHIFT;

	if (handle->gc_depth++ == 0) {
		handle->gc_kind = kind == SCHEDHINT_GC_MINOR   ? 0
				  : kind == SCHEDHINT_GC_MAJOR ? 1
							       : 2;
		SCHEDHINT_STORE(thread->gc_since_ns, schedhint_now(&handle->client->memory));
		SCHEDHINT_STORE(thread->gc_expect_us,
				(__u32)((handle->gc_expect_ns[handle->gc_kind] + 999) / 1000));
		__atomic_fetch_add(&handle->client->process->gc_threads, 1, __ATOMIC_RELAXED);
	}
	SCHEDHINT_PUBLISH(thread->gc, gc);
}

static inline void schedhint_gc_end(struct schedhint_handle *handle)
{
	struct schedhint_thread *thread = handle->thread;
	__u64 *expect = &handle->gc_expect_ns[handle->gc_kind], took;

	if (!handle->gc_depth || --handle->gc_depth)
		return;
	took = schedhint_now(&handle->client->memory) - thread->gc_since_ns;
	*expect = *expect ? *expect - *expect / 8 + took / 8 : took;
	SCHEDHINT_STORE(thread->gc_count, thread->gc_count + 1);
	SCHEDHINT_PUBLISH(thread->gc, thread->gc & SCHEDHINT_GC_CYCLE);
	__atomic_fetch_sub(&handle->client->process->gc_threads, 1, __ATOMIC_RELAXED);
}

/* Is a concurrent collection under way, in and between pauses? */
static inline void schedhint_gc_cycle(struct schedhint_handle *handle, int is_under_way)
{
	__u32 gc = handle->thread->gc & ~(__u32)SCHEDHINT_GC_CYCLE;

	SCHEDHINT_PUBLISH(handle->thread->gc, is_under_way ? gc | SCHEDHINT_GC_CYCLE : gc);
}

#endif /* SCHEDHINT_CLIENT_H */
