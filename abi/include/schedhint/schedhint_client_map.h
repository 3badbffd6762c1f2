/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/*
 * The map of schedhint_client.h: opening it, asking whether it is one of ABI 1,
 * and setting elements, by bpf(2) or by schedhint-broker. For that file alone.
 */
#ifndef SCHEDHINT_CLIENT_MAP_H
#define SCHEDHINT_CLIENT_MAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* include schedhint_client.h before others, or build with -D_GNU_SOURCE */
#endif
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schedhint.h"
#include "schedhint_client_memory.h"
#include "schedhint_status.h"

enum {
	SCHEDHINT_TASK_STORAGE = 29,  /* BPF_MAP_TYPE_TASK_STORAGE, which older headers lack */
	SCHEDHINT_VALUE_BYTES = 4096, /* of the largest value that is accepted */
};

struct schedhint_failure {
	enum schedhint_step step; /* what was tried; SCHEDHINT_STEP_NONE: nothing failed */
	int error;		  /* -errno */
	__u32 detail;		  /* as schedhint_status.h has it */
};

struct schedhint_map {
	struct schedhint_failure failure;
	const char *pin, *broker;
	unsigned char *memory; /* of the blocks */
	struct stat stamp;     /* of the pin, when it was last looked at */
	int fd, socket;	       /* -1: none */
	int is_open;
	int is_told; /* that no element is left, by the broker whose connection has ended */
	__u32 id;
	__u64 handed; /* chunks that the broker has */
	__u64 last_request;
};

static inline int schedhint_fail(struct schedhint_map *m, enum schedhint_step step, int error,
				 __u32 detail)
{
	m->failure.step = step;
	m->failure.error = error;
	m->failure.detail = detail;
	return error;
}

static inline void schedhint_map_close(struct schedhint_map *m)
{
	if (m->fd >= 0)
		close(m->fd);
	if (m->socket >= 0)
		close(m->socket);
	m->fd = m->socket = -1;
	m->is_open = 0;
	m->handed = 0;
}

static inline int schedhint_bpf(int command, union bpf_attr *attr)
{
	long result = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return result < 0 ? -errno : (int)result;
}

static inline int schedhint_element(int command, int map, int key, const void *value)
{
	union bpf_attr attr;
	int result, tries = 64; /* EAGAIN: another first insert for the same task */

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)map;
	attr.key = (__u64)(unsigned long)&key;
	attr.value = (__u64)(unsigned long)value;
	do {
		result = schedhint_bpf(command, &attr);
	} while (result == -EAGAIN && --tries);
	return result;
}

static inline int schedhint_update(int map, int key, const void *thread, const void *process)
{
	const void *value[SCHEDHINT_VALUE_BYTES / sizeof(void *)];

	memset(value, 0, sizeof(value));
	value[0] = thread;
	value[1] = process;
	return schedhint_element(BPF_MAP_UPDATE_ELEM, map, key, value);
}

/*
 * Are both of the map's slots uptrs, to structs no larger than ours? An update
 * with key -1 is refused for its key (EBADF), after every pointer has been pinned:
 * EFAULT means a uptr and not plain data, EOPNOTSUPP a struct that crosses a page.
 */
static inline int schedhint_probe(struct schedhint_map *m, int map)
{
	static const size_t sizes[2] = {sizeof(struct schedhint_thread),
					sizeof(struct schedhint_process)};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *scratch =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = (char *)scratch + page; /* of what can be pinned */
	__u32 i;
	int error = 0;

	if (scratch == MAP_FAILED)
		return schedhint_fail(m, SCHEDHINT_STEP_PROBE, -errno, 0);
	if (mprotect(end, page, PROT_NONE))
		error = schedhint_fail(m, SCHEDHINT_STEP_PROBE, -errno, 0);
	for (i = 0; i < 2 && !error; i++) {
		char *last = end - sizes[i];
		int refused = schedhint_update(map, -1, i ? NULL : end, i ? end : NULL);
		int fits = schedhint_update(map, -1, i ? NULL : last, i ? last : NULL);

		if (refused == -EBADF)
			error = schedhint_fail(m, SCHEDHINT_STEP_SLOT_PLAIN, -EINVAL, 8 * i);
		else if (refused != -EFAULT)
			error = schedhint_fail(m, SCHEDHINT_STEP_PROBE, refused, 8 * i);
		else if (fits == -EOPNOTSUPP)
			error = schedhint_fail(m, SCHEDHINT_STEP_SLOT_SIZE, -EINVAL, 8 * i);
		else if (fits != -EBADF)
			error = schedhint_fail(m, SCHEDHINT_STEP_PROBE, fits, 8 * i);
	}
	munmap(scratch, 2 * page);
	return error;
}

/* The pinned map and its id, or -errno; checked, unless it is the one that is open. */
static inline int schedhint_open_pin(struct schedhint_map *m, __u32 *id)
{
	struct bpf_map_info info;
	union bpf_attr attr;
	int map, error;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (__u64)(unsigned long)m->pin;
	map = schedhint_bpf(BPF_OBJ_GET, &attr);
	if (map < 0)
		return schedhint_fail(m, SCHEDHINT_STEP_OPEN_MAP, map, 0);
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (__u32)map;
	attr.info.info_len = sizeof(info);
	attr.info.info = (__u64)(unsigned long)&info;
	error = schedhint_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	*id = info.id;
	if (error)
		schedhint_fail(m, SCHEDHINT_STEP_MAP_INFO, error, 0);
	else if (m->is_open && info.id == m->id)
		return map;
	else if (info.type != SCHEDHINT_TASK_STORAGE || info.key_size != sizeof(int))
		error = schedhint_fail(m, SCHEDHINT_STEP_MAP_TYPE, -EINVAL, info.type);
	else if (info.value_size < sizeof(struct schedhint_value) ||
		 info.value_size > SCHEDHINT_VALUE_BYTES)
		error = schedhint_fail(m, SCHEDHINT_STEP_VALUE_SIZE, -EINVAL, info.value_size);
	else
		error = schedhint_probe(m, map);
	if (!error)
		return map;
	close(map);
	return error;
}

#include "schedhint_client_broker.h"

/* Sets a thread's element. */
static inline int schedhint_map_put(struct schedhint_map *m, int pidfd, const void *thread,
				    const void *process)
{
	struct schedhint_broker_request request;
	int error;

	if (!m->broker) {
		error = schedhint_update(m->fd, pidfd, thread, process);
		return error ? schedhint_fail(m, SCHEDHINT_STEP_UPDATE, error, 0) : 0;
	}
	memset(&request, 0, sizeof(request));
	request.bind.pointer_count = 2;
	error = schedhint_point(m, thread, &request.bind.pointers[0]);
	if (!error)
		error = schedhint_point(m, process, &request.bind.pointers[1]);
	return error ? error : schedhint_ask(m, &request, SCHEDHINT_BROKER_BIND, pidfd);
}

/* 0: no program that starts from now on finds the thread's blocks. */
static inline int schedhint_map_delete(struct schedhint_map *m, int pidfd)
{
	struct schedhint_broker_request request;
	int error;

	memset(&request, 0, sizeof(request));
	if (m->broker)
		error = schedhint_ask(m, &request, SCHEDHINT_BROKER_UNBIND, pidfd);
	else
		error = schedhint_element(BPF_MAP_DELETE_ELEM, m->fd, pidfd, NULL);
	if (!error || error == -ENOENT || error == -ESRCH)
		return 0;
	return m->broker ? error : schedhint_fail(m, SCHEDHINT_STEP_DELETE, error, 0);
}

/* Opens the map if it is not. */
static inline int schedhint_map_open(struct schedhint_map *m)
{
	int error;

	if (m->is_open)
		return 0;
	if (m->broker) {
		/* A broker that waits for the map reports it on this connection. */
		error = m->socket < 0 ? schedhint_connect(m) : m->failure.error;
		if (error && m->socket >= 0 && m->failure.step != SCHEDHINT_STEP_OPEN_MAP)
			schedhint_map_close(m);
	} else {
		if (stat(m->pin, &m->stamp))
			memset(&m->stamp, 0, sizeof(m->stamp));
		m->fd = schedhint_open_pin(m, &m->id);
		error = m->fd < 0 ? m->fd : 0;
	}
	if (error)
		return error;
	m->is_open = 1;
	return schedhint_fail(m, SCHEDHINT_STEP_NONE, 0, 0);
}

/*
 * Is what was open still so? Otherwise what was bound has to be deleted, if it was
 * bound without a broker, and the map be closed.
 */
static inline int schedhint_map_is_there(struct schedhint_map *m)
{
	struct schedhint_broker_answer answer;
	struct stat now;
	__u32 id = m->id;
	char next;
	int map;

	if (m->broker) {
		while (m->socket >= 0 && (recv(m->socket, &next, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
					  (errno != EAGAIN && errno != EINTR)))
			schedhint_receive(m, &answer);
		return m->socket >= 0;
	}
	if (stat(m->pin, &now))
		memset(&now, 0, sizeof(now));
	else if (now.st_dev == m->stamp.st_dev && now.st_ino == m->stamp.st_ino &&
		 now.st_ctim.tv_sec == m->stamp.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == m->stamp.st_ctim.tv_nsec)
		return 1;
	map = schedhint_open_pin(m, &id);
	if (map >= 0) {
		m->stamp = now;
		close(map);
		return id == m->id;
	}
	/* It cannot be opened now: what is open goes on working. Unless another is there. */
	return map != -ENOENT && map != -ENOTDIR && id == m->id;
}

#endif /* SCHEDHINT_CLIENT_MAP_H */
