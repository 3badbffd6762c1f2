#include "tld_race.h"

#include <stdlib.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "registry/registry.h"

namespace {

constexpr int kRounds = 100;
constexpr int kThreads = 60;
constexpr uint32_t kNoLaterKeys = 0;

struct Place {
  uint32_t offset, size;
};

void Round() {
  schedhint::Registry registry;
  std::vector<Place> places(kThreads);
  std::vector<uint32_t> shared(kThreads);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; i++) {
    threads.emplace_back([&, i] {
      std::string name = "key_" + std::to_string(i);
      places[i].size = 1 + i;
      const schedhint_tld_key keys[] = {{name.c_str(), places[i].size}, {"shared", 8}};
      uint32_t offsets[2];
      if (registry.TldKeys(keys, 2, kNoLaterKeys, offsets) != 0) abort();
      places[i].offset = offsets[0];
      shared[i] = offsets[1];
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t offset : shared) {
    if (offset != shared.front()) abort();
  }
  places.push_back({shared.front(), 8});
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.offset < b.offset; });
  for (size_t i = 1; i < places.size(); i++) {
    if (places[i].offset < places[i - 1].offset + places[i - 1].size) abort();
  }
}

}  // namespace

void CreateKeysAtOnce() {
  for (int round = 0; round < kRounds; round++) Round();
}
