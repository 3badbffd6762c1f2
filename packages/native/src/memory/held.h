#pragma once
// A counted pointer. The count is a plain `holders_` in the object: it changes under the registry's
// lock only, so it needs no atomics.

#include <utility>

namespace schedhint {

template <typename T>
class Held {
 public:
  Held() = default;
  // Takes over an object that is not held yet.
  explicit Held(T* object) : object_(object) { object_->holders_ = 1; }
  Held(const Held& other) : object_(other.object_) {
    if (object_ != nullptr) object_->holders_++;
  }
  Held(Held&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Held& operator=(Held other) {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Held() {
    if (object_ != nullptr && --object_->holders_ == 0) delete object_;
  }

  bool holds_any() const { return object_ != nullptr; }
  T* operator->() const { return object_; }
  bool operator==(const Held& other) const { return object_ == other.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace schedhint
