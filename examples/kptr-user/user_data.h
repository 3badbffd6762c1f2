/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* The struct that a thread shares with the BPF program, and the map's value. */
#ifndef USER_DATA_H
#define USER_DATA_H

/* Marks a pointer to user memory that the kernel pins (Linux 6.13, clang 16). */
#ifndef __uptr
#if defined(__bpf__)
#define __uptr __attribute__((btf_type_tag("uptr")))
#else
#define __uptr
#endif
#endif

struct user_data {
  int a;
  int b;
  int result;
};

struct value {
  struct user_data __uptr* udata;
};

#endif /* USER_DATA_H */
