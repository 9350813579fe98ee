#pragma once
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include "memory.h"

namespace refold {

/** A small aligned array, zeroed. */
template <class T>
class Aligned {
 public:
  explicit Aligned(size_t count = 0)
      : data_(static_cast<T*>(std::aligned_alloc(64, aligned(count * sizeof(T) + 1))), std::free) {
    if (!data_) throw OutOfMemory(std::to_string(count * sizeof(T)) + " bytes");
    for (size_t i = 0; i < count; i++) data_.get()[i] = T();
  }
  T* get() const { return data_.get(); }
  T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  std::unique_ptr<T, decltype(&std::free)> data_;
};
using Floats = Aligned<float>;
using Doubles = Aligned<double>;

}  // namespace refold
