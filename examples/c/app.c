/* SPDX-License-Identifier: MIT */
/*
 * A program in C that publishes hints: its main thread says how urgent it is, and a worker plays a
 * runtime that collects. Ends with SIGTERM.
 */
#include <schedhint/schedhint_client.h>
#include <stdlib.h>

static struct schedhint_client client;

/* What a runtime does around its collections. */
static void collect(struct schedhint_handle* handle) {
  struct timespec length = {0, 2000000};

  schedhint_gc_begin(handle, SCHEDHINT_GC_MINOR, 0);
  nanosleep(&length, NULL);
  schedhint_gc_end(handle);
}

static void* work(void* unused) {
  struct timespec between = {0, 20000000};
  struct schedhint_handle handle;

  (void)unused;
  if (schedhint_attach(&client, &handle, SCHEDHINT_ROLE_WORKER)) return NULL;
  schedhint_set_urgency(&handle, SCHEDHINT_URGENCY_LOW, SCHEDHINT_BATCH);
  for (;;) {
    collect(&handle);
    nanosleep(&between, NULL);
  }
}

/* Something is due in 50 ms, and takes 2 ms of CPU time. */
static void promise(struct schedhint_handle* handle) {
  struct schedhint_hints hints = {0};

  hints.urgency = SCHEDHINT_URGENCY_HIGH;
  hints.deadline_ns = schedhint_now(&client.memory) + 50 * 1000 * 1000;
  hints.runtime_us = 2000;
  schedhint_set(handle, &hints);
}

int main(void) {
  struct schedhint_options options = {
      .map = getenv("SCHEDHINT_MAP"), /* NULL: the default pin */
      .broker = NULL,                 /* this process writes the map itself */
      .runtime = SCHEDHINT_RUNTIME_PRIVATE,
      .flags = SCHEDHINT_F_GC_LIVE,
  };
  struct timespec between = {0, 20000000};
  struct schedhint_handle handle;
  pthread_t worker;

  if (schedhint_client_init(&client, &options) ||
      schedhint_attach(&client, &handle, SCHEDHINT_ROLE_MAIN) ||
      pthread_create(&worker, NULL, work, NULL))
    return 1;
  for (;;) {
    promise(&handle);
    if (schedhint_poll(&client))
      fprintf(stderr, "not bound: step %d, %s\n", (int)client.map.failure.step,
              strerror(-client.map.failure.error));
    nanosleep(&between, NULL);
  }
}
