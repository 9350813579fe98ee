#pragma once
#include <atomic>
#include <cstddef>
#include <stdexcept>

namespace refold {

/** The machine has not enough memory for a session. */
struct OutOfMemory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Something that no kernel computes. */
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** Huge ones are fewer to look up, but fresh ones cost a virtual machine that gives what is free back to its host a second per GiB. */
enum class Pages { huge, small };

/** Memory straight from the system, in huge pages where there are any; zeroed; given back at once. */
class Memory {
 public:
  Memory() = default;
  explicit Memory(size_t bytes, Pages pages = Pages::huge);
  ~Memory();
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;
  template <class T = char>
  T* at(size_t byte = 0) const {
    return reinterpret_cast<T*>(static_cast<char*>(start_) + byte);
  }
  size_t bytes() const { return bytes_; }
  /** From now on in huge pages: what is already there is joined by the system, in its own time. */
  void preferHugePages();
  /** Of all that live. */
  static std::atomic<size_t> total;

 private:
  void* start_ = nullptr;
  size_t bytes_ = 0;
};

inline size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace refold
