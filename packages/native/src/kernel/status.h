#pragma once
// Defines the result of an attempt to bind, from the kernel or a broker. It is part of the ABI in
// registry_abi.h, and so frozen.

#include <schedhint/schedhint_status.h>

#include <cstdint>

enum schedhint_via : uint32_t { SCHEDHINT_VIA_MAP = 0, SCHEDHINT_VIA_BROKER = 1 };

struct schedhint_status {
  schedhint_step step;
  int32_t error;  // errno, or 0
  uint32_t map_id;
  uint32_t detail;
  uint32_t found;
  int32_t tid;        // 0: not known
  schedhint_via via;  // who has tried the step
  uint32_t reserved;
  uint64_t bound_ns;  // since when, CLOCK_MONOTONIC of the initial time namespace; 0: not bound
};

namespace schedhint {

schedhint_status Failed(schedhint_step step, int error, uint32_t detail = 0, uint32_t found = 0);

}  // namespace schedhint
