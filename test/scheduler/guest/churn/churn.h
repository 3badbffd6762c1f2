/* What the changes at random share. */
#ifndef CHURN_H
#define CHURN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_CHILDREN 64
#define CGROUPS 6

extern uint64_t random_state;
extern int cpus, children;
extern pid_t child[MAX_CHILDREN];

static inline unsigned below(unsigned limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % limit;
}

static inline pid_t one_child(void) {
  return child[below(children)];
}

void fail(const char* what) __attribute__((noreturn));
void sleep_ms(unsigned ms);
void start_child(int i);

/* children.c: what a child does. With SIGUSR1 it begins again by exec. */
void live(unsigned seed, const char* pin) __attribute__((noreturn));

/* changes.c: one change of the machine; whether the kernel let it be. */
struct change {
  const char* name;
  unsigned weight; /* how often, compared with the others */
  bool (*make)(void);
  unsigned long made, refused;
};
extern struct change changes[];

/* cgroups.c */
void make_root(void);
bool add_cgroup(void);
bool remove_cgroup(void);
bool move_to_cgroup(void);
bool change_weight(void);
bool change_limit(void);
bool change_idle(void);
void remove_all_cgroups(void);

#endif /* CHURN_H */
