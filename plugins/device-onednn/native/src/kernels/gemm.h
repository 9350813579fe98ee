/**
 * Small matrix products in registers: C[M × N] (+)= A[M × K] · B[K × N], rows of B in vectors. Operands are floats, or
 * pairs of bf16 along K where the processor multiplies these (AVX-512 BF16).
 */
#pragma once
#include "kernel-table.h"
#include "vec.h"

namespace refold::REFOLD_ISA {

/** Rows that a panel of NV vectors takes at once: as many accumulators as the registers hold. */
constexpr int rowsOf(int vectors) {
#if defined(__AVX512F__)
  return vectors == 4 ? 6 : vectors == 3 ? 8 : vectors == 2 ? 12 : 14;
#else
  return vectors == 4 ? 2 : vectors == 3 ? 4 : vectors == 2 ? 6 : 8;
#endif
}

/** Vectors per panel that divide a row of `vectors` without rest. */
constexpr int panelOf(int vectors) {
#if defined(__AVX512F__)
  return vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : vectors % 2 == 0 ? 2 : 1;
#else
  return vectors % 2 == 0 ? 2 : vectors % 3 == 0 ? 3 : 1;
#endif
}

/** Two neighbours along K as one element. */
struct Pair {
  bf16 low, high;
};

inline void storePairs(Pair* p, vf low, vf high) {
  alignas(64) bf16 halves[2][B];
  store(halves[0], low);
  store(halves[1], high);
  const vu bits = __builtin_convertvector(*reinterpret_cast<const vh*>(halves[0]), vu) |
                  (__builtin_convertvector(*reinterpret_cast<const vh*>(halves[1]), vu) << 16);
  *reinterpret_cast<vu*>(p) = bits;
}

/** Whether products of bf16 are faster than those of floats here. */
#if defined(__AVX512BF16__)
constexpr bool kHasPairs = true;
#else
constexpr bool kHasPairs = false;
#endif

inline vf multiplyAdd(vf sum, const float* a, vf b) { return sum + *a * b; }
inline vf loadOperand(const float* p) { return loadAnywhere(p); }
#if defined(__AVX512BF16__)
inline vf multiplyAdd(vf sum, const Pair* a, vf b) {
  int32_t pair;
  std::memcpy(&pair, a, 4);
  return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(pair), (__m512bh)b);
}
inline vf loadOperand(const Pair* p) { return (vf)_mm512_loadu_si512(p); }
#endif

template <class E, int MR, int NV>
inline void tile(int depth, const E* a, size_t aRow, size_t aDepth, const E* b, size_t bDepth, float* c, size_t cRow,
                 bool accumulate) {
  vf sums[MR][NV];
  for (int r = 0; r < MR; r++)
    for (int v = 0; v < NV; v++) sums[r][v] = accumulate ? loadAnywhere(c + r * cRow + v * B) : zero();
  for (int k = 0; k < depth; k++) {
    vf row[NV];
    for (int v = 0; v < NV; v++) {
      row[v] = loadOperand(b + k * bDepth + v * B);
      // A panel comes from memory once for its first rows; the processor alone does not look that far ahead.
      if (bDepth == NV * B) __builtin_prefetch(b + (k + 64) * bDepth + v * B);
    }
    for (int r = 0; r < MR; r++)
      for (int v = 0; v < NV; v++) sums[r][v] = multiplyAdd(sums[r][v], a + r * aRow + k * aDepth, row[v]);
  }
  for (int r = 0; r < MR; r++)
    for (int v = 0; v < NV; v++) storeAnywhere(c + r * cRow + v * B, sums[r][v]);
}

template <class E, int MR, int NV>
inline void rest(int rows, int depth, const E* a, size_t aRow, size_t aDepth, const E* b, size_t bDepth, float* c,
                 size_t cRow, bool accumulate) {
  if (rows == MR) tile<E, MR, NV>(depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
  else if constexpr (MR > 1) rest<E, MR - 1, NV>(rows, depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
}

/** One panel: `rows` × (NV vectors). */
template <class E, int NV>
void panel(int rows, int depth, const E* a, size_t aRow, size_t aDepth, const E* b, size_t bDepth, float* c, size_t cRow,
           bool accumulate) {
  constexpr int MR = rowsOf(NV);
  int r = 0;
  for (; r + MR <= rows; r += MR)
    tile<E, MR, NV>(depth, a + r * aRow, aRow, aDepth, b, bDepth, c + r * cRow, cRow, accumulate);
  if (r < rows) rest<E, MR - 1, NV>(rows - r, depth, a + r * aRow, aRow, aDepth, b, bDepth, c + r * cRow, cRow, accumulate);
}

/** The panel with `vectors` known at run time. */
template <class E>
void panelOfWidth(int vectors, int rows, int depth, const E* a, size_t aRow, size_t aDepth, const E* b, size_t bDepth,
                  float* c, size_t cRow, bool accumulate) {
  switch (vectors) {
    case 1: return panel<E, 1>(rows, depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
    case 2: return panel<E, 2>(rows, depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
    case 3: return panel<E, 3>(rows, depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
    default: return panel<E, 4>(rows, depth, a, aRow, aDepth, b, bDepth, c, cRow, accumulate);
  }
}

}  // namespace refold::REFOLD_ISA
