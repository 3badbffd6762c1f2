/* What will happen, in the order of time. */
#ifndef EVENTS_H
#define EVENTS_H

#include <linux/types.h>

enum { WAKE, TICK, BURST_END, RESCHED, TIMER };
struct event {
  __u64 at, order;
  int kind, what;
  unsigned burst;
};

void push(__u64 at, int kind, int what, unsigned burst);
_Bool pop_until(__u64 ns, struct event* first); /* false: nothing happens until then */
void forget_events(void);

#endif /* EVENTS_H */
