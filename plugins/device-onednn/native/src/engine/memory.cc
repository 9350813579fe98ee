#include "memory.h"
#include <sys/mman.h>
#if defined(__linux__)
#include <unistd.h>
#endif
#include <string>
#include <utility>

namespace refold {

std::atomic<size_t> Memory::total{0};

namespace {

/** Linux grants more than there is and kills later: ask before. 0: unknown. */
size_t physicalBytes() {
#if defined(__linux__)
  return size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
#else
  return 0;
#endif
}

}  // namespace

Memory::Memory(size_t bytes, Pages pages) : bytes_(bytes) {
  if (bytes == 0) return;
  const size_t limit = physicalBytes();
  void* start = limit && total + bytes > limit
                    ? MAP_FAILED
                    : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) {
    bytes_ = 0;
    throw OutOfMemory(std::to_string(bytes) + " bytes");
  }
  start_ = start;
  total += bytes;
  if (pages == Pages::huge) preferHugePages();
}

void Memory::preferHugePages() {
#if defined(MADV_HUGEPAGE)
  if (bytes_ >= (size_t(4) << 20)) madvise(start_, bytes_, MADV_HUGEPAGE);
#endif
}

Memory::~Memory() {
  if (!start_) return;
  munmap(start_, bytes_);
  total -= bytes_;
}

Memory::Memory(Memory&& other) noexcept { *this = std::move(other); }

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(start_, other.start_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace refold
