/*
 * Loads policy.h into the kernel, so that the verifier judges it, and compares what it computes
 * there with what it computes here: compare OBJECT [SEED].
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "results.h"

#define TRIES 20000

static __u64 state;

static __u64 random_number(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static int fails(const char* what) {
  printf("  FAILED %s: %s\n0 passed, 1 failed\n", what, strerror(errno));
  return 1;
}

int main(int count, char** arguments) {
  struct bpf_object* object;
  struct results here, *there;
  LIBBPF_OPTS(bpf_test_run_opts, options);
  int program, map;

  if (count < 2) return 64;
  state = (count > 2 ? strtoull(arguments[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15ULL + 1;
  object = bpf_object__open(arguments[1]);
  if (!object || bpf_object__load(object)) return fails("the verifier refuses policy.h");
  program = bpf_program__fd(bpf_object__find_program_by_name(object, "run"));
  map = bpf_map__fd(bpf_object__find_map_by_name(object, ".data.results"));
  there = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (there == MAP_FAILED) return fails("mmap of the results");
  for (int i = 0; i < TRIES; i++) {
    memset(&here, 0, sizeof(here));
    for (int n = 0; n < RESULT_INPUTS; n++) here.in[n] = random_number() >> random_number() % 64;
    *there = here;
    if (bpf_prog_test_run_opts(program, &options)) return fails("running it");
    compute_place(&here);
    compute_turn(&here);
    compute_book(&here);
    if (!memcmp(&here, there, sizeof(here))) continue;
    for (unsigned n = 0; n < sizeof(here) / sizeof(__u64); n++)
      if (((__u64*)&here)[n] != ((__u64*)there)[n])
        printf("  FAILED word %u of try %d: %llu in the kernel, %llu here\n", n, i,
               (unsigned long long)((__u64*)there)[n], (unsigned long long)((__u64*)&here)[n]);
    printf("0 passed, 1 failed\n");
    return 1;
  }
  printf("  ok     the kernel computes the same for %d inputs\n1 passed, 0 failed\n", TRIES);
  return 0;
}
