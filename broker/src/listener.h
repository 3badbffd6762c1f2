#pragma once
// The socket that apps connect to: systemd's, or one made here.

#include <string>

#include "descriptor.h"
#include "options.h"

namespace schedhint::broker {

class Listener {
 public:
  // False: the log says why.
  bool Open(const Options& options);
  // Removes the socket's file, if it is ours.
  ~Listener();
  int fd() const { return fd_.get(); }

 private:
  bool TakeFromSystemd();
  bool Make(const Options& options);

  Descriptor fd_;
  std::string path_;
};

// Informs systemd, if it asked for that, e.g. "READY=1".
void NotifySystemd(const char* state);

}  // namespace schedhint::broker
