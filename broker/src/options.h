#pragma once
// Parses the command line of schedhint-broker: the pins that it serves, its socket, and the limits
// on clients.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "account.h"

namespace schedhint::broker {

struct Options {
  std::vector<std::string> maps;
  std::string socket;
  mode_t mode = 0666;
  std::string group;          // of the socket; empty: ours
  unsigned cgroup_depth = 3;  // names of a cgroup's path that make an account
  Limits limits;
  uint64_t hold_ns = 1000000000;  // how long at least pages count after their last element
};

// True: go on. False: the process should exit with `status`; what there is to say has been said.
bool ParseOptions(int argc, char** argv, Options* options, int* status);

}  // namespace schedhint::broker
