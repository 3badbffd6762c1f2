#include "account.h"

namespace schedhint::broker {

Payer::Payer(Accounts* accounts, uint32_t uid, const std::string& cgroup)
    : accounts_(accounts),
      user_(accounts->users.try_emplace(uid).first),
      cgroup_(accounts->cgroups.try_emplace(cgroup).first),
      levels_{&connection_, &user_->second, &cgroup_->second, &accounts->all} {
  for (Account* level : levels_) level->payers++;
}

Payer::~Payer() {
  for (Account* level : levels_) level->payers--;
  if (user_->second.payers == 0) accounts_->users.erase(user_);
  if (cgroup_->second.payers == 0) accounts_->cgroups.erase(cgroup_);
}

bool Payer::Take(Resource resource, uint32_t amount) {
  for (unsigned i = 0; i < kLevels; i++) {
    uint32_t limit = accounts_->limits[i][resource];
    uint32_t held = levels_[i]->held[resource];
    if (held > limit || amount > limit - held) return false;
  }
  for (Account* level : levels_) level->held[resource] += amount;
  return true;
}

void Payer::Return(Resource resource, uint32_t amount) {
  for (Account* level : levels_) level->held[resource] -= amount;
}

}  // namespace schedhint::broker
