/* Tries the properties with numbers at the edges, and the book with threads: main [SEED]. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "properties.h"
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#include "../../../scheduler/policy.h"

#define TRIES 300000
#define THREADS 4
#define TIMES 200000

static __u64 state;

static __u64 random_number(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Of all sizes alike, often next to a power of two, and often the same as another. */
static __u64 number_at_an_edge(const __u64* others, int count) {
  __u64 random = random_number(), small = random_number() % 3;

  if (random % 8 == 0 && count) return others[random / 8 % count] + small - 1;
  if (random % 8 == 1) return (1ULL << (random / 8 % 64)) + small - 1;
  if (random % 8 == 2) return small - 1;
  return random_number() >> (random / 8 % 64);
}

static __u64 debt, added[THREADS], taken[THREADS];

static void* use_book(void* number) {
  int own = (long)number;

  for (int i = 0; i < TIMES; i++) {
    if (book_add(&debt, 3)) added[own] += 3;
    taken[own] += book_take(&debt, 2 + i % 3);
  }
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t threads[THREADS];
  __u64 in[PROPERTY_INPUTS], balance = 0;
  bool right;

  state = (count > 1 ? strtoull(arguments[1], NULL, 0) : 1) * 0x9e3779b97f4a7c15ULL + 1;
  for (int i = 0; i < TRIES; i++) {
    for (int n = 0; n < PROPERTY_INPUTS; n++) in[n] = number_at_an_edge(in, n);
    check_properties(in);
  }
  printf("  ok     properties: they hold for %d inputs at the edges\n", TRIES);
  for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, use_book, (void*)i);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    balance += added[i] - taken[i];
  }
  right = balance == debt;
  printf("  %s book: %d threads leave %llu, added less taken %llu\n", right ? "ok    " : "FAILED",
         THREADS, (unsigned long long)debt, (unsigned long long)balance);
  printf("%d passed, %d failed\n", 1 + right, !right);
  return !right;
}
