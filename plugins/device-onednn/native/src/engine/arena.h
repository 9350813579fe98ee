#pragma once
#include <cstddef>
#include <vector>

namespace refold {

/**
 * Places buffers with lifetimes in one block of memory: those that live at different times share bytes. Largest first,
 * each at the lowest offset that is free for its whole life.
 */
class Arena {
 public:
  /** @return a handle; the life is [first, last] in any unit of time, both included */
  int add(size_t bytes, int first, int last);
  /** Lengthens a life. */
  void extend(int handle, int time);
  void place();
  size_t offset(int handle) const { return buffers_[handle].offset; }
  size_t bytes() const { return bytes_; }

 private:
  struct Buffer {
    size_t bytes, offset;
    int first, last;
  };
  std::vector<Buffer> buffers_;
  size_t bytes_ = 0;
};

}  // namespace refold
