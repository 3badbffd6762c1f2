/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The memory of schedhint_client.h: blocks that BPF programs may hold pointers to,
 * and the clock that is written into them. For that file alone.
 */
#ifndef SCHEDHINT_CLIENT_MEMORY_H
#define SCHEDHINT_CLIENT_MEMORY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* include schedhint_client.h before others, or build with -D_GNU_SOURCE */
#endif
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "schedhint.h"

enum {
	SCHEDHINT_BLOCK = 256,	 /* the size of a cell, for a block of either kind */
	SCHEDHINT_CHUNK = 65536, /* what is handed to the broker in one piece */
	SCHEDHINT_CHUNKS = 64,
	SCHEDHINT_CHUNK_BLOCKS = SCHEDHINT_CHUNK / SCHEDHINT_BLOCK,
	SCHEDHINT_MEMORY = SCHEDHINT_CHUNK * SCHEDHINT_CHUNKS,
	SCHEDHINT_BLOCKS = SCHEDHINT_MEMORY / SCHEDHINT_BLOCK,
	SCHEDHINT_MEMBARRIER_GLOBAL = 1,
};
#define SCHEDHINT_SECOND_NS 1000000000ULL

typedef __u64 __attribute__((may_alias)) schedhint_pair; /* of __u32 */

struct schedhint_memory {
	unsigned char *start; /* and behind the blocks a chunk for moving one */
	struct schedhint_memory *next;
	__s64 clock_offset;
	int is_forked;
	__u32 used;		     /* blocks that were ever taken */
	__u32 oldest, newest, ready; /* freed ones, a list; of which may be taken */
};

/* The time that blocks have: in a time namespace, too, the initial one's. */
static inline __u64 schedhint_now(const struct schedhint_memory *m)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * SCHEDHINT_SECOND_NS + (__u64)now.tv_nsec -
	       (__u64)m->clock_offset;
}

static inline __s64 schedhint_clock_offset(void)
{
	FILE *file = fopen("/proc/self/timens_offsets", "re");
	long long seconds, ns, offset = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "monotonic %lld %lld", &seconds, &ns) == 2)
			offset = seconds * 1000000000 + ns;
	if (file)
		fclose(file);
	return offset;
}

/* The memories of this process, for fork(2). */
static struct schedhint_memory *schedhint_memories;
static pthread_mutex_t schedhint_memories_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void schedhint_before_fork(void)
{
	pthread_mutex_lock(&schedhint_memories_lock);
}

static inline void schedhint_after_fork(void)
{
	pthread_mutex_unlock(&schedhint_memories_lock);
}

static inline void schedhint_in_child(void)
{
	struct schedhint_memory *m;

	for (m = schedhint_memories; m; m = m->next) {
		mmap(m->start, SCHEDHINT_MEMORY, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		m->is_forked = 1;
	}
	schedhint_memories = NULL;
	pthread_mutex_unlock(&schedhint_memories_lock);
}

static inline struct schedhint_thread *schedhint_block(struct schedhint_memory *m, __u32 index)
{
	return (struct schedhint_thread *)(void *)(m->start + index * SCHEDHINT_BLOCK);
}

/* The list of freed blocks lies in them, in reserved bytes. */
static inline void schedhint_free(struct schedhint_memory *m, struct schedhint_thread *block)
{
	__u32 index = (__u32)(((unsigned char *)block - m->start) / SCHEDHINT_BLOCK);

	block->cold2[0] = schedhint_now(m);
	block->cold2[1] = 0;
	if (m->oldest)
		schedhint_block(m, m->newest)->cold2[1] = index;
	else
		m->oldest = index;
	m->newest = index;
}

static inline void schedhint_reclaim(struct schedhint_memory *m)
{
	__u64 now = schedhint_now(m);
	__u32 ready = 0, i;

	for (i = m->oldest; i && now - schedhint_block(m, i)->cold2[0] > SCHEDHINT_SECOND_NS;
	     i = (__u32)schedhint_block(m, i)->cold2[1])
		ready++;
	if (ready && !syscall(SYS_membarrier, SCHEDHINT_MEMBARRIER_GLOBAL, 0, 0))
		m->ready = ready;
}

/* A zeroed block, or NULL. */
static inline struct schedhint_thread *schedhint_take(struct schedhint_memory *m)
{
	struct schedhint_thread *block;

	if (!m->ready && m->used && m->used % SCHEDHINT_CHUNK_BLOCKS == 0)
		schedhint_reclaim(m);
	if (!m->ready)
		return m->used < SCHEDHINT_BLOCKS ? schedhint_block(m, m->used++) : NULL;
	m->ready--;
	block = schedhint_block(m, m->oldest);
	m->oldest = (__u32)block->cold2[1];
	memset(block, 0, sizeof(*block));
	return block;
}

/* 0 or -errno. `clock_offset` is kept at hand for schedhint_now(). */
static inline int schedhint_memory_map(struct schedhint_memory *m)
{
	static int handles_fork;
	const size_t bytes = SCHEDHINT_MEMORY + SCHEDHINT_CHUNK;
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	memset(m, 0, sizeof(*m));
	if (start == MAP_FAILED)
		return -errno;
	if (madvise(start, bytes, MADV_DONTFORK)) {
		int error = -errno;

		munmap(start, bytes);
		return error;
	}
	m->start = (unsigned char *)start;
	m->clock_offset = schedhint_clock_offset();
	pthread_mutex_lock(&schedhint_memories_lock);
	if (!handles_fork)
		handles_fork = !pthread_atfork(schedhint_before_fork, schedhint_after_fork,
					       schedhint_in_child);
	m->next = schedhint_memories;
	schedhint_memories = m;
	pthread_mutex_unlock(&schedhint_memories_lock);
	return 0;
}

/* A program that still has a pointer has the page pinned. */
static inline void schedhint_memory_unmap(struct schedhint_memory *m)
{
	struct schedhint_memory **place;

	pthread_mutex_lock(&schedhint_memories_lock);
	for (place = &schedhint_memories; *place != m;)
		place = &(*place)->next;
	*place = m->next;
	pthread_mutex_unlock(&schedhint_memories_lock);
	munmap(m->start, SCHEDHINT_MEMORY + SCHEDHINT_CHUNK);
}

#endif /* SCHEDHINT_CLIENT_MEMORY_H */
