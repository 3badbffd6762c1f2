#pragma once
// Publishes an isolate's pauses to other threads, in memory that they share: whether the collector
// runs now, and how long it has run. They can read it while the isolate's thread runs nothing else.

#include <cstddef>
#include <cstdint>

namespace schedhint {

class SharedPauses {
 public:
  // serveHealth() has the same layout. Each is written with one store.
  struct Words {
    int64_t total_ns;  // of all pauses that have ended
    int64_t since_ns;  // CLOCK_MONOTONIC: when the present one began; 0: no pause
  };

  explicit SharedPauses(Words* words) : words_(words) {}
  ~SharedPauses() { Stop(); }
  SharedPauses(const SharedPauses&) = delete;
  SharedPauses& operator=(const SharedPauses&) = delete;

  // Both on the isolate's thread, which has to stop it while the memory is there.
  // False where V8 has no such callbacks.
  bool Start();
  void Stop();
  const Words* words() const { return words_; }

 private:
  static void OnPrologue(void* isolate, int kind, int flags, void* pauses);
  static void OnEpilogue(void* isolate, int kind, int flags, void* pauses);

  Words* words_;
  void* isolate_ = nullptr;
  uint32_t depth_ = 0;  // pauses nest
};
static_assert(offsetof(SharedPauses::Words, since_ns) == 8, "native.ts: sharePauses()");

}  // namespace schedhint
