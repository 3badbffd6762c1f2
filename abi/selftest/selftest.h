/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0-only */
/* What selftest.bpf.c has seen of one thread, for selftest.c. */
#ifndef SELFTEST_H
#define SELFTEST_H

struct found {
	__u64 looks, deadline_ns, user, slack_ns;
	__u32 urgency, slice_us, is_batch, has_slack;
	__u32 is_in_pause, gc, published, helps_gc;
};

#endif /* SELFTEST_H */
