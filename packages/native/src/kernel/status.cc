#include "kernel/status.h"

namespace schedhint {

schedhint_status Failed(schedhint_step step, int error, uint32_t detail, uint32_t found) {
  schedhint_status status = {};
  status.step = step;
  status.error = error < 0 ? -error : error;
  status.detail = detail;
  status.found = found;
  return status;
}

}  // namespace schedhint
