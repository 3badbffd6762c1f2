#pragma once
// Objects of one kind side by side, in memory that is kept for the next of them: what the registry
// makes for a thread. The first malloc in a thread costs more than the rest of what the registry
// does to bind it. Under the registry's lock.

#include <cstddef>
#include <new>

namespace schedhint {

// To be derived from; `new` and `delete` are as ever.
template <typename T>
class FromSlab {
 public:
  static void* operator new(size_t size) {
    if (kIsChecked) return ::operator new(size);
    if (free_ == nullptr) AddChunk();
    Cell* cell = free_;
    free_ = cell->next;
    return cell;
  }

  static void operator delete(void* object) {
    if (kIsChecked) return ::operator delete(object);
    Cell* cell = static_cast<Cell*>(object);
    cell->next = free_;
    free_ = cell;
  }

 private:
  struct Cell {
    Cell* next;  // while it is free
  };

// A sanitizer has to see each of them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool kIsChecked = true;
#else
  static constexpr bool kIsChecked = false;
#endif
  static constexpr size_t kTogether = 16;

  static void AddChunk() {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "the chunk is aligned for less");
    char* chunk = static_cast<char*>(::operator new(kTogether * sizeof(T)));
    for (size_t i = kTogether; i-- > 0;) operator delete(chunk + i * sizeof(T));
  }

  static inline Cell* free_ = nullptr;
};

}  // namespace schedhint
