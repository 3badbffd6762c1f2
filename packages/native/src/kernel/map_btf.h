#pragma once
// Reads the BTF of a pinned map, which the kernel gives to CAP_SYS_ADMIN only.

#include <cstdint>
#include <string>
#include <vector>

namespace schedhint {

struct MapBtf {
  uint32_t command = 0;  // the bpf(2) command that failed, enum bpf_cmd; 0: none did
  int error = 0;         // -errno of it
  uint32_t map_id = 0;
  std::string map_name;
  uint32_t value_type = 0;
  std::vector<uint8_t> bytes;  // empty if the map was made without BTF
};

MapBtf ReadMapBtf(const char* path);

}  // namespace schedhint
