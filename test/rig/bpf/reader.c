// SPDX-License-Identifier: MIT OR BSD-2-Clause OR GPL-2.0
/*
 * Runs a BPF object for a test process, which drives it over stdin and stdout.
 *
 *   reader OBJECT [--pins DIR] [--period-us N]
 *
 * Loads OBJECT, pins its maps in DIR (on a bpffs) under their names, attaches its tracing programs
 * and, with a clock on each CPU, its perf_event programs, and prints one line: {"ready":true,
 * "maps":{name:{"id","type","keySize","valueSize"}}}, or {"ready":false,"error","what","log"} and
 * exits with 2. Then it answers each line with one line, {"error":NAME,"what"} if it failed:
 *
 *   get MAP KEYHEX                  {"value":hex}
 *   set MAP KEYHEX VALUEHEX         {"ok":true}
 *   dump MAP [COUNT]                {"entries":[[keyhex,valuehex],...]}, all or the first COUNT
 *   lookup_task MAP TID             {"value":hex}         of a task storage map, by the thread's
 *   update_task MAP TID VALUEHEX FLAGS    {"ok":true}     pidfd: what any other process that may
 *   delete_task MAP TID             {"ok":true}           write the map can do to the element
 *   run PROG                        {"retval":n}          of a SEC("syscall") program
 *   length PROG                     {"bytes":n}           of any program, as the verifier left it
 *   detach                          {"ok":true}           no program runs after it
 *
 * At the end of stdin it removes the pins and exits with 0.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "json.h"

#define MAX_LINKS 1024
#define MAX_WORDS 5

static struct bpf_object* object;
static struct bpf_link* links[MAX_LINKS];
static size_t link_count;
static const char* pins;
static unsigned long period_us = 100;

static FILE* log_stream;
static char* log_text;
static size_t log_size;

static int keep_log(enum libbpf_print_level level, const char* format, va_list arguments) {
  return level == LIBBPF_DEBUG ? 0 : vfprintf(log_stream, format, arguments);
}

/* One line that says what failed, and how. Always false. */
static bool answer_error(const char* what, int error) {
  printf("{\"error\":");
  json_string(strerrorname_np(error) ?: "?");
  printf(",\"what\":");
  json_string(what);
  puts("}");
  return false;
}

static bool answer_ok(const char* what, int result) {
  if (result) return answer_error(what, errno);
  puts("{\"ok\":true}");
  return true;
}

static bool not_ready(const char* what, int error) {
  fflush(log_stream);
  printf("{\"ready\":false,\"error\":");
  json_string(strerrorname_np(error) ?: "?");
  printf(",\"what\":");
  json_string(what);
  printf(",\"log\":");
  json_string(log_text);
  puts("}");
  return false;
}

static void pin_path(char* path, size_t size, const struct bpf_map* map) {
  snprintf(path, size, "%s/%s", pins, bpf_map__name(map));
}

/* .bss and .rodata are maps as well, but no one's business. */
static bool is_named(const struct bpf_map* map) {
  return !bpf_map__is_internal(map);
}

static bool pin_maps(void) {
  char path[PATH_MAX];
  struct bpf_map* map;

  bpf_object__for_each_map(map, object) {
    if (!is_named(map)) continue;
    pin_path(path, sizeof(path), map);
    if (bpf_obj_pin(bpf_map__fd(map), path)) return not_ready(path, errno);
  }
  return true;
}

static void unpin_maps(void) {
  char path[PATH_MAX];
  struct bpf_map* map;

  if (!pins) return;
  bpf_object__for_each_map(map, object) {
    if (!is_named(map)) continue;
    pin_path(path, sizeof(path), map);
    unlink(path);
  }
}

static bool keep_link(struct bpf_link* link, const char* what) {
  if (!link) return not_ready(what, errno);
  if (link_count == MAX_LINKS) {
    bpf_link__destroy(link);
    return not_ready("attach: too many CPUs for MAX_LINKS", E2BIG);
  }
  links[link_count++] = link;
  return true;
}

static bool attach_clock(struct bpf_program* program) {
  struct perf_event_attr attr = {
      .size = sizeof(attr),
      .type = PERF_TYPE_SOFTWARE,
      .config = PERF_COUNT_SW_CPU_CLOCK,
      .sample_period = period_us * 1000ULL,
  };
  int cpus = libbpf_num_possible_cpus();

  for (int cpu = 0; cpu < cpus; cpu++) {
    int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    struct bpf_link* link;

    if (fd < 0 && errno == ENODEV) continue; /* offline */
    if (fd < 0) return not_ready("perf_event_open", errno);
    link = bpf_program__attach_perf_event(program, fd); /* which then owns the descriptor */
    if (!link) close(fd);
    if (!keep_link(link, bpf_program__name(program))) return false;
  }
  return true;
}

static bool attach(void) {
  struct bpf_program* program;

  bpf_object__for_each_program(program, object) {
    enum bpf_prog_type type = bpf_program__type(program);
    bool attached = true;

    if (type == BPF_PROG_TYPE_PERF_EVENT)
      attached = attach_clock(program);
    else if (type != BPF_PROG_TYPE_SYSCALL)
      attached = keep_link(bpf_program__attach(program), bpf_program__name(program));
    if (!attached) return false;
  }
  return true;
}

static void detach(void) {
  while (link_count) bpf_link__destroy(links[--link_count]);
  /* Waits for those that were running on other CPUs. */
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0)) usleep(100 * 1000);
}

static bool start(const char* path) {
  struct bpf_map* map;
  bool first = true;

  object = bpf_object__open_file(path, NULL);
  if (!object) return not_ready("open the object", errno);
  if (bpf_object__load(object)) return not_ready("load the object", errno);
  if ((pins && !pin_maps()) || !attach()) return false;
  printf("{\"ready\":true,\"maps\":{");
  bpf_object__for_each_map(map, object) {
    struct bpf_map_info info = {0};
    __u32 length = sizeof(info);

    if (!is_named(map)) continue;
    bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &length);
    printf("%s\"%s\":{\"id\":%u,\"type\":%u,\"keySize\":%u,\"valueSize\":%u}", first ? "" : ",",
           bpf_map__name(map), info.id, info.type, info.key_size, info.value_size);
    first = false;
  }
  puts("}}");
  return true;
}

/* The bytes of a hex string, or NULL and an answer if it is not exactly that many. */
static unsigned char* bytes_of(const char* hex, size_t size, const char* what) {
  unsigned char* bytes = calloc(1, size);

  if (bytes && strlen(hex) == 2 * size) {
    size_t i = 0;

    while (i < size && sscanf(hex + 2 * i, "%2hhx", &bytes[i]) == 1) i++;
    if (i == size) return bytes;
  }
  free(bytes);
  answer_error(what, EINVAL);
  return NULL;
}

static void dump(const struct bpf_map* map, unsigned long count) {
  size_t key_size = bpf_map__key_size(map), value_size = bpf_map__value_size(map);
  unsigned char *key = malloc(key_size), *value = malloc(value_size);
  int fd = bpf_map__fd(map);
  bool first = true;

  printf("{\"entries\":[");
  for (int end = bpf_map_get_next_key(fd, NULL, key); !end && count;
       end = bpf_map_get_next_key(fd, key, key)) {
    if (bpf_map_lookup_elem(fd, key, value)) continue;
    fputs(first ? "[" : ",[", stdout);
    json_hex(key, key_size);
    putchar(',');
    json_hex(value, value_size);
    putchar(']');
    first = false;
    count--;
  }
  puts("]}");
  free(key);
  free(value);
}

static void run(const char* name) {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  struct bpf_program* program = bpf_object__find_program_by_name(object, name);

  if (!program)
    answer_error("no such program", ENOENT);
  else if (bpf_prog_test_run_opts(bpf_program__fd(program), &options))
    answer_error("BPF_PROG_TEST_RUN", errno);
  else
    printf("{\"retval\":%u}\n", options.retval);
}

static void length(const char* name) {
  struct bpf_program* program = bpf_object__find_program_by_name(object, name);
  struct bpf_prog_info info = {};
  __u32 size = sizeof(info);

  if (!program)
    answer_error("no such program", ENOENT);
  else if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
    answer_error("BPF_OBJ_GET_INFO_BY_FD", errno);
  else
    printf("{\"bytes\":%u}\n", info.xlated_prog_len);
}

static void look_up(const struct bpf_map* map, const void* key) {
  size_t size = bpf_map__value_size(map);
  unsigned char* value = malloc(size);

  if (bpf_map_lookup_elem(bpf_map__fd(map), key, value)) {
    answer_error("BPF_MAP_LOOKUP_ELEM", errno);
  } else {
    printf("{\"value\":");
    json_hex(value, size);
    puts("}");
  }
  free(value);
}

static void update(const struct bpf_map* map, const void* key, const char* hex, __u64 flags) {
  unsigned char* value = bytes_of(hex, bpf_map__value_size(map), "VALUEHEX");

  if (!value) return;
  answer_ok("BPF_MAP_UPDATE_ELEM", bpf_map_update_elem(bpf_map__fd(map), key, value, flags));
  free(value);
}

/* The commands that name a thread. */
static void on_task(const struct bpf_map* map, int words, char** word) {
  int pidfd = syscall(SYS_pidfd_open, atoi(word[2]), O_EXCL); /* O_EXCL: PIDFD_THREAD */

  if (pidfd < 0) {
    answer_error("pidfd_open", errno);
    return;
  }
  if (!strcmp(word[0], "lookup_task"))
    look_up(map, &pidfd);
  else if (!strcmp(word[0], "delete_task"))
    answer_ok("BPF_MAP_DELETE_ELEM", bpf_map_delete_elem(bpf_map__fd(map), &pidfd));
  else
    update(map, &pidfd, word[3], words > 4 ? strtoull(word[4], NULL, 0) : BPF_ANY);
  close(pidfd);
}

/* The commands that name a key. */
static void on_key(const struct bpf_map* map, char** word) {
  unsigned char* key = bytes_of(word[2], bpf_map__key_size(map), "KEYHEX");

  if (!key) return;
  if (!strcmp(word[0], "get"))
    look_up(map, key);
  else
    update(map, key, word[3], BPF_ANY);
  free(key);
}

static void on_map(int words, char** word) {
  static const struct {
    const char* name;
    int words;
  } known[] = {{"get", 3},         {"set", 4},         {"dump", 2},
               {"lookup_task", 3}, {"update_task", 4}, {"delete_task", 3}};
  struct bpf_map* map;
  int needs = 0;

  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
    if (!strcmp(word[0], known[i].name)) needs = known[i].words;
  if (!needs || words < needs) {
    answer_error(needs ? "too few words" : "no such command", EINVAL);
    return;
  }
  map = bpf_object__find_map_by_name(object, word[1]);
  if (!map)
    answer_error("no such map", ENOENT);
  else if (!strcmp(word[0], "dump"))
    dump(map, words > 2 ? strtoul(word[2], NULL, 10) : ULONG_MAX);
  else if (strstr(word[0], "_task"))
    on_task(map, words, word);
  else
    on_key(map, word);
}

static void answer(char* line) {
  char *word[MAX_WORDS], *rest = NULL;
  int words = 0;

  for (char* w = strtok_r(line, " \n", &rest); w && words < MAX_WORDS;
       w = strtok_r(NULL, " \n", &rest))
    word[words++] = w;
  if (!words) return;
  if (!strcmp(word[0], "detach")) {
    detach();
    answer_ok("detach", 0);
  } else if (!strcmp(word[0], "run") && words == 2) {
    run(word[1]);
  } else if (!strcmp(word[0], "length") && words == 2) {
    length(word[1]);
  } else {
    on_map(words, word);
  }
}

int main(int argc, char** argv) {
  static const struct option known[] = {{"pins", required_argument, NULL, 'p'},
                                        {"period-us", required_argument, NULL, 'c'},
                                        {NULL, 0, NULL, 0}};
  char* line = NULL;
  size_t size = 0;
  int option;

  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 'p')
      pins = optarg;
    else if (option == 'c')
      period_us = strtoul(optarg, NULL, 10);
    else
      return 1;
  }
  if (optind + 1 != argc || !period_us) {
    fprintf(stderr, "Usage: reader OBJECT [--pins DIR] [--period-us N]\n");
    return 1;
  }
  log_stream = open_memstream(&log_text, &log_size);
  if (!log_stream) return 1;
  libbpf_set_print(keep_log);

  bool started = start(argv[optind]);
  fflush(stdout);
  while (started && getline(&line, &size, stdin) > 0) {
    answer(line);
    fflush(stdout);
  }
  detach();
  if (object) {
    unpin_maps();
    bpf_object__close(object);
  }
  return started ? 0 : 2;
}
