#pragma once
// Exports the addon's functions that watch the calling thread's event loop, read what the thread
// has used, and publish its collections to other threads.

#include <napi.h>

#include <vector>

namespace schedhint {

// Adds watchLoop() of compiled.ts, and the functions about what is watched.
void ExportStallWatch(std::vector<napi_property_descriptor>* exports);

}  // namespace schedhint
