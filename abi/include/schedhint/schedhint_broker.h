/* SPDX-License-Identifier: MIT */
/*
 * What an app and schedhint-broker say to each other, version 2.
 *
 * The broker is for apps that may not write the scheduler's map: the pin is 0600, or a container's
 * seccomp profile refuses bpf(2). The app keeps its blocks in memfds, of memory that it has paid
 * for, and hands over descriptors; the broker, which checks that they are the app's own, binds the
 * threads.
 *
 * A connection is a Unix stream socket and serves one map. The app sends requests of 512 bytes, the
 * broker answers each with 64, in order. Whatever does not keep to this ends the connection, and
 * with the connection end its bindings. Numbers are in native byte order; what is unused is zero.
 *
 * - OPEN, first and once: which map, and what its value must look like, the slots in order.
 *   Answered with the map's id. When it is refused, whatever else was sent is refused alike.
 * - MEMORY, with one descriptor: a memfd in which blocks lie. The app, in this order,
 *     1. makes it (MFD_ALLOW_SEALING), opened for reading and writing, with no seal but SHRINK and
 *        GROW, which it need not have;
 *     2. gives it its size and all its pages (fallocate(2)): they are charged to the app's cgroup,
 *        and a memfd in which one is missing is refused;
 *     3. maps it writable;
 *     4. hands it over, and keeps the mapping.
 *   The broker maps it and adds the seals SHRINK, GROW, FUTURE_WRITE and SEAL. From then on the app
 *   can't make holes in it, write(2) to it or map it writable ever again, and no more can another
 *   broker: a memory is good for one connection. Over the next one the app hands over another, into
 *   which it has moved its blocks. A memory can't be taken back before the connection ends. One
 *   that is refused leaves its number free.
 * - BIND, with one descriptor: a pidfd of a thread (PIDFD_THREAD) of the process that has
 *   connected. Its element gets the blocks. A second BIND of a thread replaces them.
 * - UNBIND, with one descriptor, as above. Its element is deleted; an answer of success means that
 *   no program that starts from now on finds the blocks.
 *
 * When the map comes, goes or is replaced, the broker deletes what the connection has bound, sends
 * an answer without a request, of kind END and with id 0, and ends the connection. The app
 * connects and opens again. An app whose OPEN was refused because there was no map stays
 * connected, and gets that END when the map comes. If a connection ends without END, its elements
 * may still be there: the app keeps their blocks until a later connection has answered for them.
 *
 * A connection over the limit is rejected immediately, by END with the reason LIMIT. Answers must
 * be read: with more than 64 of them waiting, the broker may end the connection.
 *
 * The sizes of requests and answers, the first 16 bytes of both and of END all that is in it are
 * the same in every version. A broker ends the connection of a request of another version by END
 * with that version in its header, the reason OTHER_VERSION, and its own version in `found`.
 * (Version 1 ends it with version 1 in the header, and without a reason.)
 */
#ifndef SCHEDHINT_BROKER_H
#define SCHEDHINT_BROKER_H

#include <linux/types.h>

#define SCHEDHINT_BROKER_SOCKET	  "/run/schedhint/broker.sock"
#define SCHEDHINT_BROKER_MAGIC	  0x31424853u /* "SHB1" */
#define SCHEDHINT_BROKER_VERSION  2
#define SCHEDHINT_BROKER_SLOTS	  16
#define SCHEDHINT_BROKER_PATH	  256 /* with the NUL */
#define SCHEDHINT_BROKER_MEMORIES 128 /* for a connection, at most */
/* Of one memory, at most; a multiple of the page. */
#define SCHEDHINT_BROKER_MEMORY_BYTES (256u * 1024)

enum schedhint_broker_kind {
	SCHEDHINT_BROKER_OPEN = 1,
	SCHEDHINT_BROKER_MEMORY = 2,
	SCHEDHINT_BROKER_BIND = 3,
	SCHEDHINT_BROKER_UNBIND = 4,
	SCHEDHINT_BROKER_END = 5, /* of an answer alone */
};

/* A pointer in the map's value. */
struct schedhint_broker_slot {
	__u32 offset; /* in the value, 8-byte aligned */
	__u32 size;   /* of the struct it points to, 1 to the page's size */
};

/* What it is to point to. */
struct schedhint_broker_pointer {
	__u32 memory; /* its number; 0: NULL, with an offset of 0 */
	__u32 offset; /* 64-byte aligned; the struct, rounded up to a power of two, 64 at least, must lie
                   within the memory and a page */
};

struct schedhint_broker_request {
	__u32 magic;
	__u16 version;
	__u16 kind;
	__u64 id;	      /* the app's own; the answer has it too */
	__extension__ union { /* types within: clang++ calls them an extension */
		struct {
			__u32 value_size;
			__u32 slot_count; /* 1..SCHEDHINT_BROKER_SLOTS */
			struct schedhint_broker_slot slots[SCHEDHINT_BROKER_SLOTS];
			char path[SCHEDHINT_BROKER_PATH]; /* of the pin, as the broker knows it */
		} open;
		struct {
			__u32 number; /* 1..SCHEDHINT_BROKER_MEMORIES, one that is free */
		} memory;
		struct {
			__u32 pointer_count; /* as many as slots */
			__u32 unused;
			struct schedhint_broker_pointer pointers[SCHEDHINT_BROKER_SLOTS];
		} bind;
		__u8 bytes[496];
	};
};

/* Why the broker has refused. */
enum schedhint_broker_reason {
	SCHEDHINT_BROKER_DONE = 0,
	SCHEDHINT_BROKER_KERNEL = 1, /* the kernel has: step, error, detail, found say where */
	SCHEDHINT_BROKER_MAP_NOT_OFFERED = 2, /* it does not serve a map of this path */
	SCHEDHINT_BROKER_FOREIGN_THREAD = 3,  /* not a thread of the process that has connected */
	SCHEDHINT_BROKER_NOT_A_THREAD = 4,    /* no pidfd, or of a thread that has ended */
	SCHEDHINT_BROKER_BAD_MEMORY = 5, /* no tmpfs memfd, wrong seals or size, or without pages */
	SCHEDHINT_BROKER_BAD_POINTER = 6,   /* outside of the memories handed over */
	SCHEDHINT_BROKER_LIMIT = 7,	    /* too many pages, threads, memories or connections */
	SCHEDHINT_BROKER_OTHER_VERSION = 8, /* of END: it speaks another one, found says which */
};

struct schedhint_broker_answer {
	__u32 magic;
	__u16 version;
	__u16 kind; /* of the request */
	__u64 id;   /* of the request */
	__u32 reason;
	__u32 step;  /* enum schedhint_step of schedhint_status.h, when the kernel has refused */
	__s32 error; /* errno, positive */
	__u32 detail;
	__u32 found;
	__u32 map_id; /* OPEN */
	__u8 unused[24];
};

#endif
