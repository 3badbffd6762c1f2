#pragma once
// Exports the addon's functions that attach threads to maps, and those that take the resulting
// handle: blocks, status, GC hook, release.

#include <napi.h>

#include <vector>

namespace schedhint {

// Adds attach() of compiled.ts, and the functions that take what it returns.
void ExportAttachments(std::vector<napi_property_descriptor>* exports);

}  // namespace schedhint
