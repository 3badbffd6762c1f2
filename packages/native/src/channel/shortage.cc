#include "channel/shortage.h"

#include <errno.h>

#include "schedhint/schedhint_broker.h"

namespace schedhint {

bool IsShortage(const schedhint_status& status) {
  switch (status.step) {
    case SCHEDHINT_STEP_BROKER_CONNECT:
      return status.error != ENOENT && status.error != ENOTDIR;
    case SCHEDHINT_STEP_BROKER_REFUSED:
      // Another broker may be started behind a socket that stays.
      return status.detail == SCHEDHINT_BROKER_LIMIT ||
             status.detail == SCHEDHINT_BROKER_OTHER_VERSION;
    case SCHEDHINT_STEP_DELETE:
      return true;
    default:
      return status.error == EMFILE || status.error == ENFILE || status.error == ENOMEM ||
             status.error == EAGAIN;
  }
}

}  // namespace schedhint
