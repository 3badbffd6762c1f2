#pragma once
// What native.ts declares as ChannelRequest, as the registry takes it. To read one costs more than
// to bind a thread, and there are few: those used last are kept.

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "registry_abi.h"

namespace schedhint {

class ChannelRequests {
 public:
  // Valid until the next call.
  const schedhint_channel_spec& SpecOf(Napi::Object request);

 private:
  static constexpr size_t kKept = 8;

  struct Known {
    Napi::ObjectReference request;  // weak
    std::string path, broker;
    std::vector<schedhint_slot> slots;
    schedhint_channel_spec spec;
  };

  std::vector<std::unique_ptr<Known>> known_;
  size_t next_ = 0;  // to be replaced
};

}  // namespace schedhint
