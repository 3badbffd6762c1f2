/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/* What checker.bpf.c finds, for conformance.c. */
#ifndef CHECKER_H
#define CHECKER_H

/* What a client must keep to, by the name under which it fails. */
#define RULES(RULE)                                                                          \
	RULE(ALIGNED, "aligned", "blocks are aligned to 256 and 128, each in one page")      \
	RULE(ABI, "abi", "abi is 0 or 1")                                                    \
	RULE(ABI_LAST, "abi-last", "abi is stored after attach_ns, runtime and role")        \
	RULE(RESERVED, "reserved", "reserved bytes are 0")                                   \
	RULE(URGENCY, "urgency", "urgency is 0..1024")                                       \
	RULE(HINTS, "hints", "hints has known bits")                                         \
	RULE(RANGES, "ranges", "runtime, role, phase and flags are known")                   \
	RULE(GROUP, "group", "no group of hints is seen mixed, and seq moves with each")     \
	RULE(GC_KIND, "gc-kind", "gc has known kinds of pause and bits")                     \
	RULE(GC_SINCE, "gc-since", "gc_since_ns is neither in the future nor before attach") \
	RULE(GC_COUNT, "gc-count", "gc_count never falls, and grows with a collection")      \
	RULE(ATTACH, "attach", "attach_ns is in the past")                                   \
	RULE(PROCESS, "process", "each element leads to the process's block")                \
	RULE(CLEARED, "cleared", "the reader's lines are 0 when a map is new")               \
	RULE(LEADER, "leader", "the leader has an element while any thread is bound")        \
	RULE(COUNTED, "counted", "bound_threads is the number of threads bound")             \
	RULE(BOUND, "bound", "threads are bound, also when the pin is replaced")             \
	RULE(STORED, "stored", "what was set is what is read")                               \
	RULE(LEFT, "left", "nothing is left after detaching, and after the end")

enum rule {
#define RULE_NUMBER(name, word, text) RULE_##name,
	RULES(RULE_NUMBER) RULE_COUNT
};

struct violation {
	__u64 times;
	__u64 value; /* of the first */
	__u32 tid;
	__u32 reserved;
};

/* What is known of a thread. */
struct seen {
	__u64 looks;
	__u64 thread, attach_ns, groups, deadline_ns, user;
	__u32 gc_count, gc_kinds, seq, urgency, hints, phase;
	__u16 runtime, role;
	__u32 is_looked_at;
};

/* What one walk over all threads has found. */
struct tally {
	__u32 elements; /* of any process */
	__u32 threads;	/* elements that lead to a thread's block with an abi */
	__u32 leaders;	/* elements of leaders, with a process's block */
	__u32 bound_threads;
	__u32 helpers; /* elements of helper threads, which lead to no thread's block; not in `elements` */
};

#endif /* CHECKER_H */
