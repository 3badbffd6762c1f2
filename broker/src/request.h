#pragma once
// Parses and validates the bytes of a request from a client.

#include <schedhint/schedhint_broker.h>

#include <cstddef>

namespace schedhint::broker {

constexpr size_t kRequestBytes = sizeof(schedhint_broker_request);
constexpr unsigned kLargestValue = 65536;  // that a task storage map can have

// Whether bytes of that size are a request of another version: of every version the first 16 bytes
// mean the same. `version`: which.
bool IsOfOtherVersion(const void* bytes, size_t size, unsigned* version);
// Null, and `request` filled in; or what is wrong, for the log. `descriptors` came with the bytes.
// What depends on earlier requests is not looked at.
const char* ParseRequest(const void* bytes, size_t size, unsigned descriptors,
                         schedhint_broker_request* request);

}  // namespace schedhint::broker
