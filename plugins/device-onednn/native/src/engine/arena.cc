#include "arena.h"
#include <algorithm>
#include <numeric>
#include "memory.h"

namespace refold {

int Arena::add(size_t bytes, int first, int last) {
  buffers_.push_back({aligned(bytes), 0, first, last});
  return int(buffers_.size()) - 1;
}

void Arena::extend(int handle, int time) {
  buffers_[handle].first = std::min(buffers_[handle].first, time);
  buffers_[handle].last = std::max(buffers_[handle].last, time);
}

void Arena::place() {
  std::vector<int> order(buffers_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return buffers_[a].bytes > buffers_[b].bytes; });
  std::vector<int> placed;
  for (int handle : order) {
    Buffer& buffer = buffers_[handle];
    std::vector<std::pair<size_t, size_t>> taken;
    for (int other : placed) {
      const Buffer& o = buffers_[other];
      if (o.first <= buffer.last && buffer.first <= o.last) taken.push_back({o.offset, o.offset + o.bytes});
    }
    std::sort(taken.begin(), taken.end());
    size_t offset = 0;
    for (auto [from, to] : taken) {
      if (offset + buffer.bytes <= from) break;
      offset = std::max(offset, to);
    }
    buffer.offset = offset;
    bytes_ = std::max(bytes_, offset + buffer.bytes);
    placed.push_back(handle);
  }
}

}  // namespace refold
