#include "options.h"

#include <getopt.h>
#include <schedhint/schedhint_broker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace schedhint::broker {
namespace {

constexpr const char* kResourceNames[kResources] = {"connections", "memories", "threads", "pages"};
constexpr const char* kLevelNames[kLevels] = {"connection", "uid", "cgroup", "all"};

constexpr Limits kDefaults = {{
    // connections, memories, threads, pages
    {1, SCHEDHINT_BROKER_MEMORIES, 16384, 2048},
    {64, 256, 16384, 4096},
    {64, 256, 16384, 4096},
    {512, 4096, 65536, 16384},
}};

constexpr const char* kUsage =
    "Usage: schedhint-broker --map PIN [OPTION]...\n"
    "Binds the threads of apps that may not write a scheduler's map themselves.\n"
    "\n"
    "  --map PIN            a pinned task storage map to bind threads in; may be repeated\n"
    "  --socket PATH        where apps connect (" SCHEDHINT_BROKER_SOCKET
    ")\n"
    "  --mode OCTAL         of the socket (0666)\n"
    "  --group NAME|GID     of the socket\n"
    "  --cgroup-depth N     names of a cgroup's path that make one account (3)\n"
    "  --help, --version\n"
    "\n"
    "Limits, --max-WHAT-per-LEVEL N, with these defaults:\n"
    "\n";

constexpr const char* kAfterLimits =
    "\n"
    "Under a systemd socket unit the socket is systemd's, and --socket, --mode and --group are "
    "not\n"
    "used. docs/broker.md explains the options, the limits and the log.\n";

void PrintUsage() {
  fputs(kUsage, stdout);
  printf("  %-12s", "WHAT");
  for (const char* level : kLevelNames) printf("%12s", level);
  for (unsigned resource = 0; resource < kResources; resource++) {
    printf("\n  %-12s", kResourceNames[resource]);
    for (const Amounts& level : kDefaults) printf("%12u", level[resource]);
  }
  printf("\n%s", kAfterLimits);
}

bool ParseNumber(const char* text, int base, unsigned long most, unsigned long* number) {
  char* end;
  if (*text < '0' || *text > '9') return false;
  *number = strtoul(text, &end, base);
  return *end == '\0' && *number <= most;
}

// "max-pages-per-uid"
bool IsLimit(const char* name, unsigned* level, unsigned* resource) {
  for (*resource = 0; *resource < kResources; (*resource)++) {
    for (*level = 0; *level < kLevels; (*level)++) {
      std::string known =
          std::string("max-") + kResourceNames[*resource] + "-per-" + kLevelNames[*level];
      if (known == name) return true;
    }
  }
  return false;
}

bool Set(const std::string& name, const char* value, Options* options) {
  unsigned level, resource;
  unsigned long number;
  if (name == "map" && value[0] == '/' && strlen(value) < SCHEDHINT_BROKER_PATH) {
    options->maps.push_back(value);
  } else if (name == "socket" && value[0] == '/') {
    options->socket = value;
  } else if (name == "mode" && ParseNumber(value, 8, 0777, &number)) {
    options->mode = static_cast<mode_t>(number);
  } else if (name == "group" && value[0] != '\0') {
    options->group = value;
  } else if (name == "cgroup-depth" && ParseNumber(value, 10, 64, &number) && number > 0) {
    options->cgroup_depth = static_cast<unsigned>(number);
  } else if (IsLimit(name.c_str(), &level, &resource) &&
             ParseNumber(value, 10, 1u << 30, &number)) {
    options->limits[level][resource] = static_cast<uint32_t>(number);
  } else {
    return false;
  }
  return true;
}

std::vector<std::string> OptionNames() {
  std::vector<std::string> names = {"map", "socket", "mode", "group", "cgroup-depth"};
  for (const char* resource : kResourceNames) {
    for (const char* level : kLevelNames) {
      names.push_back(std::string("max-") + resource + "-per-" + level);
    }
  }
  return names;
}

}  // namespace

bool ParseOptions(int argc, char** argv, Options* options, int* status) {
  options->socket = SCHEDHINT_BROKER_SOCKET;
  options->limits = kDefaults;
  std::vector<std::string> names = OptionNames();
  std::vector<option> known;
  for (const std::string& name : names)
    known.push_back({name.c_str(), required_argument, nullptr, 0});
  known.push_back({"help", no_argument, nullptr, 'h'});
  known.push_back({"version", no_argument, nullptr, 'v'});
  known.push_back({nullptr, 0, nullptr, 0});
  *status = 2;
  int index = 0;
  for (int which; (which = getopt_long(argc, argv, "", known.data(), &index)) != -1;) {
    if (which == 'h' || which == 'v') {
      if (which == 'h') {
        PrintUsage();
      } else {
        printf("schedhint-broker, protocol %d\n", SCHEDHINT_BROKER_VERSION);
      }
      *status = 0;
      return false;
    }
    if (which != 0) return false;  // getopt has said what is wrong
    const std::string& name = names[static_cast<size_t>(index)];
    if (!Set(name, optarg, options)) {
      fprintf(stderr, "schedhint-broker: --%s %s: see --help\n", name.c_str(), optarg);
      return false;
    }
  }
  if (optind != argc || options->maps.empty()) {
    fprintf(stderr, "schedhint-broker: %s: see --help\n",
            optind != argc ? argv[optind] : "no --map");
    return false;
  }
  return true;
}

}  // namespace schedhint::broker
