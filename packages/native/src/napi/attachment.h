#pragma once

#include <napi.h>

#include <vector>

namespace schedhint {

// Adds attach() of compiled.ts, and the functions that take what it returns.
void ExportAttachments(std::vector<napi_property_descriptor>* exports);

}  // namespace schedhint
