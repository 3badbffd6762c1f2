// The names of threads, as the kernel has them in versions of Node.js that we know. Built and run
// by helper-names.test.ts.

#include "registry/helper_names.h"

#include <cstdio>
#include <cstdlib>

namespace {

using Kind = schedhint::HelperThread::Kind;

void Expect(const char* name, std::optional<Kind> kind) {
  if (schedhint::KindByName(name) == kind) return;
  std::fprintf(stderr, "%s is taken for another thread\n", name);
  std::exit(1);
}

}  // namespace

int main() {
  Expect("V8Worker", Kind::kCollector);
  Expect("node-V8Worker", Kind::kCollector);
  Expect("libuv-worker", Kind::kPool);
  // Node.js's others; the kernel keeps 15 characters.
  for (const char* name : {"node", "MainThread", "node-MainThread", "WorkerThread",
                           "DelayedTaskSche", "SignalInspector", "schedhint-watch"}) {
    Expect(name, std::nullopt);
  }
  // And what others may call theirs.
  for (const char* name : {"", "V8Worker2", "my-V8Worker", "v8worker", "libuv-workers", "libuv-",
                           "tokio-runtime-w", "vips worker"}) {
    Expect(name, std::nullopt);
  }
}
