/* SPDX-License-Identifier: MIT */
/* Plays clients that try to make the broker pay for memory: one that points at every page of all
 * the memories it may hand over, and one that rebinds a thread many times. */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>

/* What a client that would have the broker pay for its memory has achieved. */
struct walked {
  unsigned memories; /* accepted */
  unsigned refused;  /* for what they are, not for a limit */
  unsigned holes;    /* that could be made in one that was accepted */
  unsigned pages;    /* that an element has pointed to */
};

/* Hands over as many memories of the largest size as the limits allow, on so many connections, then
 * leads one thread through all of their pages, a second time where it could make holes.
 * `allocated`: with their pages, or without any. 0; -1: the broker is gone, or the last errno. */
int walk(const char* socket, const char* map, unsigned connections, bool allocated,
         struct walked* walked);

/* Binds the main thread again and again, so often, to the two blocks of one page in turn. */
int rebind(const char* socket, const char* map, unsigned times);

#endif
