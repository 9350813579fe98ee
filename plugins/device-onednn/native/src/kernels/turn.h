/** Rows turned into columns: plain weights hold an output channel's taps side by side, kernels want B channels of one tap. */
#pragma once
#include "vec.h"

namespace refold::REFOLD_ISA {

#if defined(__AVX512F__)

/** 16 × 16 values of 32 bits in their places: `a[c][r]` from `a[r][c]`. */
inline void turn(__m512i a[16]) {
  __m512i b[16];
  for (int r = 0; r < 16; r += 2) {
    b[r] = _mm512_unpacklo_epi32(a[r], a[r + 1]);
    b[r + 1] = _mm512_unpackhi_epi32(a[r], a[r + 1]);
  }
  for (int r = 0; r < 16; r += 4) {
    a[r] = _mm512_unpacklo_epi64(b[r], b[r + 2]);
    a[r + 1] = _mm512_unpackhi_epi64(b[r], b[r + 2]);
    a[r + 2] = _mm512_unpacklo_epi64(b[r + 1], b[r + 3]);
    a[r + 3] = _mm512_unpackhi_epi64(b[r + 1], b[r + 3]);
  }
  // a[4 q + j], 128 bits l: rows 4 q … 4 q + 3 of column 4 l + j.
  for (int j = 0; j < 4; j++) {
    const __m512i low = _mm512_shuffle_i32x4(a[j], a[4 + j], 0x88), high = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0x88);
    const __m512i odd = _mm512_shuffle_i32x4(a[j], a[4 + j], 0xdd), last = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0xdd);
    a[j] = _mm512_shuffle_i32x4(low, high, 0x88);
    a[4 + j] = _mm512_shuffle_i32x4(odd, last, 0x88);
    a[8 + j] = _mm512_shuffle_i32x4(low, high, 0xdd);
    a[12 + j] = _mm512_shuffle_i32x4(odd, last, 0xdd);
  }
}

inline __mmask16 firstOf(int count) { return __mmask16((1u << count) - 1); }

/** `taps[t]`, t < `count` ≤ 16: value `t` of each of B rows, which lie `row` floats apart. */
inline void loadTaps(const float* from, size_t row, int count, vf* taps) {
  __m512i a[16];
  for (int r = 0; r < B; r++) a[r] = _mm512_maskz_loadu_epi32(firstOf(count), from + r * row);
  turn(a);
  for (int t = 0; t < count; t++) taps[t] = (vf)a[t];
}

/** The inverse of `loadTaps`. */
inline void storeTaps(float* to, size_t row, int count, const vf* taps) {
  __m512i a[16];
  for (int t = 0; t < 16; t++) a[t] = t < count ? (__m512i)taps[t] : _mm512_setzero_si512();
  turn(a);
  for (int r = 0; r < B; r++) _mm512_mask_storeu_epi32(to + r * row, firstOf(count), a[r]);
}

#else

inline void loadTaps(const float* from, size_t row, int count, vf* taps) {
  for (int t = 0; t < count; t++)
    for (int r = 0; r < B; r++) taps[t][r] = from[r * row + t];
}
inline void storeTaps(float* to, size_t row, int count, const vf* taps) {
  for (int t = 0; t < count; t++)
    for (int r = 0; r < B; r++) to[r * row + t] = taps[t][r];
}

#endif

}  // namespace refold::REFOLD_ISA
