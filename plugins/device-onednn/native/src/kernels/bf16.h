#pragma once
#include <cstdint>

namespace refold {

/** The upper half of a float: 8 bits of exponent, 7 of mantissa. Rounded to nearest, ties to even. */
struct bf16 {
  uint16_t bits;
};

}  // namespace refold
