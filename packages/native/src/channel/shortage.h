#pragma once
// Which failures may be over without any event that we could watch for.

#include "kernel/status.h"

namespace schedhint {

bool IsShortage(const schedhint_status& status);

}  // namespace schedhint
