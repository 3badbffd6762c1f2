/* SPDX-License-Identifier: MIT */
/* Overloads a broker with invalid requests and connections from many processes at a time. */
#ifndef FLOOD_H
#define FLOOD_H

/*
 * Starts `count` processes, which end with this one. Each connects to a broker as often as it can
 * and does what a broken or hostile client may do. Returns 0, or -1 and errno.
 */
int flood(const char* socket, long count);

#endif
