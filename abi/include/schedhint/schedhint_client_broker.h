/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * schedhint_client.h's side of schedhint_broker.h, the protocol. For
 * schedhint_client_map.h alone, which includes it.
 */
#ifndef SCHEDHINT_CLIENT_BROKER_H
#define SCHEDHINT_CLIENT_BROKER_H

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "schedhint_broker.h"

enum {
	/* What headers older than the kernel lack. */
	SCHEDHINT_MFD_FLAGS = 1 | 2, /* MFD_CLOEXEC, MFD_ALLOW_SEALING */
	SCHEDHINT_MFD_NOEXEC = 8,    /* MFD_NOEXEC_SEAL, since Linux 6.3 */
};

/* A connection that ends without END may have left elements behind. */
static inline int schedhint_hang_up(struct schedhint_map *m, int error)
{
	schedhint_map_close(m);
	m->is_told = 0;
	return schedhint_fail(m, SCHEDHINT_STEP_BROKER_CONNECT, error, 0);
}

static inline int schedhint_receive(struct schedhint_map *m, struct schedhint_broker_answer *answer)
{
	size_t filled = 0;

	while (filled < sizeof(*answer)) {
		char *place = (char *)answer + filled;
		ssize_t got = recv(m->socket, place, sizeof(*answer) - filled, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return schedhint_hang_up(m, got < 0 ? -errno : -ECONNRESET);
		filled += (size_t)got;
	}
	if (answer->magic != SCHEDHINT_BROKER_MAGIC)
		return schedhint_hang_up(m, -EPROTO);
	if (answer->version != SCHEDHINT_BROKER_VERSION)
		answer->reason = SCHEDHINT_BROKER_OTHER_VERSION;
	else if (answer->kind == SCHEDHINT_BROKER_END && !answer->reason)
		schedhint_fail(m, SCHEDHINT_STEP_BROKER_CONNECT, -ECONNRESET, 0);
	if (answer->kind == SCHEDHINT_BROKER_END || answer->version != SCHEDHINT_BROKER_VERSION) {
		schedhint_map_close(m);
		m->is_told = 1;
	}
	switch (answer->reason) {
	case SCHEDHINT_BROKER_DONE:
		return m->socket < 0 ? -ECONNRESET : 0;
	case SCHEDHINT_BROKER_KERNEL:
		return schedhint_fail(m, (enum schedhint_step)answer->step,
				      answer->error ? -answer->error : -EINVAL, answer->detail);
	case SCHEDHINT_BROKER_FOREIGN_THREAD: /* ours has ended, and its number is another's */
	case SCHEDHINT_BROKER_NOT_A_THREAD:
		return schedhint_fail(m, SCHEDHINT_STEP_OPEN_THREAD, -ESRCH, 0);
	default:
		return schedhint_fail(m, SCHEDHINT_STEP_BROKER_REFUSED, -EACCES, answer->reason);
	}
}

/* Sends a request, with a descriptor if it is one, and waits for the answer. */
static inline int schedhint_ask(struct schedhint_map *m, struct schedhint_broker_request *request,
				enum schedhint_broker_kind kind, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct schedhint_broker_answer answer;
	struct msghdr message;
	struct iovec bytes;
	int error;

	request->magic = SCHEDHINT_BROKER_MAGIC;
	request->version = SCHEDHINT_BROKER_VERSION;
	request->kind = (__u16)kind;
	request->id = ++m->last_request;
	bytes.iov_base = request;
	bytes.iov_len = sizeof(*request);
	memset(&message, 0, sizeof(message));
	message.msg_iov = &bytes;
	message.msg_iovlen = 1;
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
	}
	if (sendmsg(m->socket, &message, MSG_NOSIGNAL) != (ssize_t)sizeof(*request))
		return schedhint_hang_up(m, -ECONNRESET);
	do {
		error = schedhint_receive(m, &answer);
	} while (m->socket >= 0 && answer.id != request->id);
	if (!error && kind == SCHEDHINT_BROKER_OPEN)
		m->id = answer.map_id;
	return error;
}

static inline int schedhint_connect(struct schedhint_map *m)
{
	static const struct timeval patience = {1, 0};
	struct schedhint_broker_request request;
	struct sockaddr_un address;

	memset(&address, 0, sizeof(address));
	memset(&request, 0, sizeof(request));
	address.sun_family = AF_UNIX;
	if (strlen(m->broker) >= sizeof(address.sun_path) ||
	    strlen(m->pin) >= sizeof(request.open.path))
		return schedhint_fail(m, SCHEDHINT_STEP_BROKER_CONNECT, -ENAMETOOLONG, 0);
	memcpy(address.sun_path, m->broker, strlen(m->broker));
	m->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->socket < 0)
		return schedhint_fail(m, SCHEDHINT_STEP_BROKER_CONNECT, -errno, 0);
	setsockopt(m->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(m->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(m->socket, (struct sockaddr *)&address, sizeof(address)))
		return schedhint_hang_up(m, -errno);
	request.open.value_size = sizeof(struct schedhint_value);
	request.open.slot_count = 2;
	request.open.slots[0].size = sizeof(struct schedhint_thread);
	request.open.slots[1].offset = sizeof(void *);
	request.open.slots[1].size = sizeof(struct schedhint_process);
	memcpy(request.open.path, m->pin, strlen(m->pin));
	return schedhint_ask(m, &request, SCHEDHINT_BROKER_OPEN, -1);
}

/* A memfd, empty; or -1 and errno. */
static inline int schedhint_memfd(void)
{
	struct rlimit limit;
	long fd;

	/* A larger file would not be refused: it would raise SIGXFSZ. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < SCHEDHINT_CHUNK) {
		errno = EFBIG;
		return -1;
	}
	fd = syscall(SYS_memfd_create, "schedhint", SCHEDHINT_MFD_FLAGS | SCHEDHINT_MFD_NOEXEC);
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_memfd_create, "schedhint", SCHEDHINT_MFD_FLAGS);
	return (int)fd;
}

/*
 * Empties a block in pages that the process does not store to any more. A program may
 * still read it there, and must not take what is left halfway for a group: before
 * anything else of it changes, the block is no thread's, and its seq odd.
 */
static inline void schedhint_empty(struct schedhint_thread *block, int is_process)
{
	schedhint_pair *words = (schedhint_pair *)(void *)block;
	__u32 abi_and_seq[2] = {0, is_process ? 0 : block->seq | 1}, i;

	__atomic_store_n(words, *(schedhint_pair *)(void *)abi_and_seq, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (i = 1; i < SCHEDHINT_BLOCK / sizeof(*words); i++)
		__atomic_store_n(&words[i], 0, __ATOMIC_RELAXED);
	__atomic_store_n(words, 0, __ATOMIC_RELEASE);
}

/*
 * Moves a chunk, at its place, into a memfd that can be handed over: the memfd, or
 * -errno. Threads go on storing. Of a shared mapping mremap(2) makes a second one,
 * through which the old pages are still there afterwards: what was stored to them
 * since they were copied is stored again, unless something has been stored since.
 */
static inline int schedhint_move(struct schedhint_map *m, __u32 chunk)
{
	__u32 *place = (__u32 *)(void *)(m->memory + (size_t)chunk * SCHEDHINT_CHUNK);
	__u32 *copy = (__u32 *)(void *)(m->memory + SCHEDHINT_MEMORY), *old;
	__u32 *gc_threads = &((struct schedhint_process *)(void *)m->memory)->gc_threads;
	void *second = mremap(place, 0, SCHEDHINT_CHUNK, MREMAP_MAYMOVE), *moved = MAP_FAILED;
	__u32 i, last;
	int fd;

	if (second == MAP_FAILED)
		return -errno;
	old = (__u32 *)second;
	fd = schedhint_memfd();
	for (i = 0; i < SCHEDHINT_CHUNK / sizeof(*copy); i++)
		copy[i] = __atomic_load_n(&old[i], __ATOMIC_RELAXED);
	/* All pages are written, and so paid for by this process. */
	if (fd >= 0 && pwrite(fd, copy, SCHEDHINT_CHUNK, 0) == SCHEDHINT_CHUNK)
		moved = mmap(place, SCHEDHINT_CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			     fd, 0);
	if (moved == MAP_FAILED) {
		int error = errno ? -errno : -EIO;

		munmap(second, SCHEDHINT_CHUNK);
		if (fd >= 0)
			close(fd);
		return error;
	}
	madvise(place, SCHEDHINT_CHUNK, MADV_DONTFORK);
	for (i = 0; i < SCHEDHINT_CHUNK / sizeof(*copy); i++) {
		last = __atomic_load_n(&old[i], __ATOMIC_RELAXED);
		if (&place[i] == gc_threads) /* others have added to either */
			__atomic_fetch_add(&place[i], last - copy[i], __ATOMIC_RELAXED);
		else if (last != copy[i])
			__atomic_compare_exchange_n(&place[i], &copy[i], last, 0, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED);
	}
	for (i = 0; i < SCHEDHINT_CHUNK_BLOCKS; i++) /* the very first is the process's */
		schedhint_empty((struct schedhint_thread *)second + i, chunk + i == 0);
	munmap(second, SCHEDHINT_CHUNK);
	return fd;
}

/* Where the broker finds a block, whose chunk it is given first. */
static inline int schedhint_point(struct schedhint_map *m, const void *block,
				  struct schedhint_broker_pointer *pointer)
{
	struct schedhint_broker_request request;
	size_t place = (size_t)((const unsigned char *)block - m->memory);
	__u32 chunk = (__u32)(place / SCHEDHINT_CHUNK);
	int fd, error;

	if (!block)
		return 0;
	pointer->memory = chunk + 1;
	pointer->offset = (__u32)(place % SCHEDHINT_CHUNK);
	if (m->handed & 1ULL << chunk)
		return 0;
	fd = schedhint_move(m, chunk);
	if (fd < 0)
		return schedhint_fail(m, SCHEDHINT_STEP_BROKER_MEMORY, fd, 0);
	memset(&request, 0, sizeof(request));
	request.memory.number = chunk + 1;
	error = schedhint_ask(m, &request, SCHEDHINT_BROKER_MEMORY, fd);
	close(fd);
	if (!error)
		m->handed |= 1ULL << chunk;
	return error;
}

#endif /* SCHEDHINT_CLIENT_BROKER_H */
