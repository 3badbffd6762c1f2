#pragma once
// Counts the resources that clients hold, and refuses those beyond a limit.
//
// Each holding is counted four times: for its connection, the user, the cgroup, and all together.

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace schedhint::broker {

enum Resource : unsigned {
  kConnections,
  kMemories,
  kThreads,
  kPages,  // of memories, that a pointer in some element leads to
  kResources,
};

enum Level : unsigned { kConnection, kUser, kCgroup, kAll, kLevels };

using Amounts = std::array<uint32_t, kResources>;
using Limits = std::array<Amounts, kLevels>;

struct Account {
  Amounts held{};
  uint32_t payers = 0;
};

struct Accounts {
  explicit Accounts(const Limits& at_most) : limits(at_most) {}

  const Limits limits;
  Account all;
  std::map<uint32_t, Account> users;
  std::map<std::string, Account> cgroups;
};

// Who pays for a connection. Outlives it, until its last page is unpinned.
class Payer {
 public:
  Payer(Accounts* accounts, uint32_t uid, const std::string& cgroup);
  Payer(const Payer&) = delete;
  Payer& operator=(const Payer&) = delete;
  ~Payer();

  // All of it or, when that would exceed a limit, nothing.
  bool Take(Resource resource, uint32_t amount);
  void Return(Resource resource, uint32_t amount);

 private:
  Accounts* accounts_;
  Account connection_;
  std::map<uint32_t, Account>::iterator user_;
  std::map<std::string, Account>::iterator cgroup_;
  std::array<Account*, kLevels> levels_;
};

}  // namespace schedhint::broker
