/* SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0 */
/* Draws the number by which a reader owns its half of a block: schedhint_thread.reader_id. */
#ifndef READER_ID_H
#define READER_ID_H

#include <linux/types.h>
#include <sys/random.h>
#include <unistd.h>

/* Not 0. */
static inline __u32 draw_reader_id(void) {
  __u32 id = 0;

  if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != sizeof(id)) id = (__u32)getpid();
  return id ? id : 1;
}

#endif /* READER_ID_H */
