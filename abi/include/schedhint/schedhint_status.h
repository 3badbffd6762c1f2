/* SPDX-License-Identifier: MIT */
/*
 * How far binding a thread came: the step that failed. An errno says why, and for some steps a
 * `detail` and a `found` say more.
 *
 * An app has all of them. schedhint-broker answers with those in which it asks the kernel for the
 * app: OPEN_MAP to PROBE, and UPDATE, for BIND and UNBIND alike. A number never gets another
 * meaning; new ones come behind.
 */
#ifndef SCHEDHINT_STATUS_H
#define SCHEDHINT_STATUS_H

#include <linux/types.h>

/* In C++ any number is one: a later version may send what this one does not know. */
#ifdef __cplusplus
#define SCHEDHINT_U32 : __u32
#else
#define SCHEDHINT_U32
#endif

enum schedhint_step SCHEDHINT_U32 {
	SCHEDHINT_STEP_NONE = 0, /* bound */
	SCHEDHINT_STEP_OPEN_MAP = 1,
	SCHEDHINT_STEP_MAP_INFO = 2,
	SCHEDHINT_STEP_MAP_TYPE = 3,   /* detail: the type found */
	SCHEDHINT_STEP_VALUE_SIZE = 4, /* detail: the size found */
	SCHEDHINT_STEP_SLOT_PLAIN = 5, /* detail: the offset of a slot that is no uptr */
	SCHEDHINT_STEP_SLOT_SIZE =
		6, /* detail: the offset, found: the struct's size, too large for us */
	SCHEDHINT_STEP_PROBE = 7, /* detail: the offset of the slot */
	SCHEDHINT_STEP_OPEN_THREAD = 8,
	SCHEDHINT_STEP_UPDATE = 9,
	SCHEDHINT_STEP_OTHER_LAYOUT = 10, /* this process uses the map with other slots already */
	SCHEDHINT_STEP_MEMORY = 11,	  /* no block could be mapped */
	SCHEDHINT_STEP_THREAD_NOT_SEEN = 12, /* a worker that has not attached yet */
	SCHEDHINT_STEP_THREAD_ENDED = 13,
	SCHEDHINT_STEP_BROKER_CONNECT = 14,
	SCHEDHINT_STEP_BROKER_ASKED = 15,   /* and has not answered yet */
	SCHEDHINT_STEP_BROKER_REFUSED = 16, /* detail: its enum schedhint_broker_reason */
	SCHEDHINT_STEP_BROKER_MEMORY =
		17, /* the blocks are not in a memfd that could be handed over */
	SCHEDHINT_STEP_TLD_SHARED_PAGE = 18, /* the map needs a page for each thread; ours share */
	SCHEDHINT_STEP_THREAD_KEY = 19, /* pthread_key_create(3), of the copy that serves all */
	SCHEDHINT_STEP_DELETE = 20,	/* an old element, in this map or the one before it */
	SCHEDHINT_STEP_TLD_IN_USE = 21, /* detail: enum schedhint_tld_user */
};

/* Whose task local data a map has, or has had, for a thread. */
enum schedhint_tld_user SCHEDHINT_U32 {
	SCHEDHINT_TLD_FOREIGN = 0, /* not this registry's */
	SCHEDHINT_TLD_OWN = 1,	   /* this process's, at another place */
};

#undef SCHEDHINT_U32

#endif
