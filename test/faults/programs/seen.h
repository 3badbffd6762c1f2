/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* What the scheduler's programs found in a thread's block when they last looked. */
#ifndef SEEN_H
#define SEEN_H

struct seen {
  __u64 ns; /* bpf_ktime_get_ns() of that look */
  __u64 looks;
  __u64 deadline_ns;
  __u64 user;
  __u32 urgency;
  __u32 reserved;
  /* of the last look that found it inside a pause; 0: none has */
  __u64 gc_ns;
  __u64 gc_since_ns;
};

#endif /* SEEN_H */
