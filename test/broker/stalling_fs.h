/* SPDX-License-Identifier: MIT */
/* Provides a file that blocks its users, to check that a client cannot stall the broker with it. */
#ifndef STALLING_FS_H
#define STALLING_FS_H

/*
 * Mounts a FUSE file system of this process at a directory, with one file, and opens that. From
 * then on its server answers nothing any more: anyone who asks the file for anything, or closes it,
 * waits until this process ends. Returns the descriptor, or -1 and errno.
 */
int open_stalling_file(const char* directory);

#endif
