#pragma once
#include <cstdint>

namespace refold {

/** A number in [0, 1) from a key and an index: SplitMix64's finaliser (Steele, Lea and Flood 2014). */
// Static: compiled for several instruction sets, of which the linker must not choose one for all.
static inline double uniform(uint64_t key, uint64_t index) {
  uint64_t z = key + (index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return double(z >> 11) * 0x1.0p-53;
}

}  // namespace refold
