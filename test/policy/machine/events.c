/* What will happen, in the order of time: a heap. Of two at one time the first pushed comes first.
 */
#include "events.h"

#include <stdlib.h>

#define MOST_EVENTS 65536

static struct event events[MOST_EVENTS];
static int pending;
static __u64 order;

static _Bool is_sooner(const struct event* a, const struct event* b) {
  return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void push(__u64 at, int kind, int what, unsigned burst) {
  struct event event = {at, order++, kind, what, burst};
  int i = pending++, up;

  if (pending > MOST_EVENTS) abort();
  for (; i && is_sooner(&event, &events[up = (i - 1) / 2]); i = up) events[i] = events[up];
  events[i] = event;
}

_Bool pop_until(__u64 ns, struct event* first) {
  struct event last;
  int i = 0, child;

  if (!pending || events[0].at > ns) return 0;
  *first = events[0];
  last = events[--pending];
  while ((child = 2 * i + 1) < pending) {
    if (child + 1 < pending && is_sooner(&events[child + 1], &events[child])) child++;
    if (is_sooner(&last, &events[child])) break;
    events[i] = events[child];
    i = child;
  }
  events[i] = last;
  return 1;
}

void forget_events(void) {
  pending = 0;
}
