#pragma once
// Learns which threads are libuv's pool where they have no names: as many work items as the pool
// has threads wait for each other, for a moment, so each of them has a thread to itself.

#include <napi.h>

#include <vector>

namespace schedhint {

void ExportPoolMeeting(std::vector<napi_property_descriptor>* exports);

}  // namespace schedhint
