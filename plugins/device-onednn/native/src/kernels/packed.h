/**
 * Floats as sums of bf16, so that tiles of bf16 multiply them: x = x₀ + x₁ + x₂, x₀ the nearest bf16, x₁ the rest's upper half,
 * x₂ what is left, exactly. Of the nine products of a · b the six largest are added, a₀b₀, a₀b₁, a₁b₀, a₀b₂, a₁b₁, a₂b₀; what is
 * left out is below 2⁻²⁴ of a · b, a float's own rounding (Henry, Tang and Heinecke, arXiv 1904.06376). Numbers below 2⁻¹⁰⁰ lose
 * their last parts, infinities become NaN.
 *
 * Operands lie as the tiles read them, one after the other: A as [16 rows][step][part] of 16 rows × 32 values, B as
 * [2 vectors][step][part][vector] of 16 pairs × 16 columns; a step is 32 values along K. Where there are three parts, value k of a
 * step and value k + 16 are a pair, which two vectors of floats give without a shuffle; where there is one, neighbours are.
 */
#pragma once
#include "tiles.h"

namespace refold::REFOLD_ISA {

/** Of a value of the type in tiles. */
template <class T>
constexpr int kParts = std::is_same_v<T, float> ? 3 : 1;
constexpr int kStep = 2 * kTilePairs;
/** bf16 in a tile. */
constexpr int kTileValues = kTileRows * kStep;

inline int rowBlocksOf(int rows) { return (rows + kTileRows - 1) / kTileRows; }
inline int vectorPairsOf(int vectors) { return (vectors + 1) / 2; }
/** bf16 of 16 rows of A, and of two vectors of B, along `steps` steps. */
template <int PARTS>
inline size_t rowBlockSize(int steps) {
  return size_t(steps) * PARTS * kTileValues;
}
template <int PARTS>
inline size_t vectorPairSize(int steps) {
  return 2 * rowBlockSize<PARTS>(steps);
}

/** How far apart the values of a pair lie along K. */
template <int PARTS>
constexpr int kPairDistance = PARTS == 1 ? 1 : kTilePairs;
/** The first value of pair `p` of a step. */
template <int PARTS>
constexpr int pairAt(int p) {
  return PARTS == 1 ? 2 * p : p;
}

/** Of the first part of `row` and a step's values; the next part lies a tile further. */
template <int PARTS>
inline size_t placeInA(int steps, int row, int step) {
  return row / kTileRows * rowBlockSize<PARTS>(steps) + size_t(step) * PARTS * kTileValues + row % kTileRows * kStep;
}
/** Of the first part of pair `p` along K of vector `v`; the next part lies two tiles further. */
template <int PARTS>
inline size_t placeInB(int steps, int p, int v) {
  return v / 2 * vectorPairSize<PARTS>(steps) + (size_t(p / kTilePairs) * PARTS * 2 + v % 2) * kTileValues + p % kTilePairs * kTileRows * 2;
}

#if defined(__AMX_BF16__)

/** The vectors' upper halves as pairs. */
inline __m512i paired(__m512i low, __m512i high) { return _mm512_or_si512(_mm512_srli_epi32(low, 16), high); }

/** The three parts of pairs of floats, `stride` bf16 apart. */
inline void storeParts(bf16* to, size_t stride, vf low, vf high) {
  const __m512i upper = _mm512_set1_epi32(int(0xffff0000)), half = _mm512_set1_epi32(0x8000);
  const auto nearest = [&](vf v) { return _mm512_and_si512(_mm512_add_epi32((__m512i)v, half), upper); };
  const auto cut = [&](vf v) { return _mm512_and_si512((__m512i)v, upper); };
  const __m512i low0 = nearest(low), high0 = nearest(high);
  _mm512_store_si512(to, paired(low0, high0));
  low -= (vf)low0, high -= (vf)high0;
  const __m512i low1 = cut(low), high1 = cut(high);
  _mm512_store_si512(to + stride, paired(low1, high1));
  low -= (vf)low1, high -= (vf)high1;
  // What is left has lower bits only where it is denormal.
  _mm512_store_si512(to + 2 * stride, paired((__m512i)low, cut(high)));
}

inline vf orZero(const float* p) { return p ? load(p) : zero(); }
inline __m256i orZero(const bf16* p) { return p ? _mm256_load_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_setzero_si256(); }

// Of vectors as they lie in images; null: zeros.
inline void copyIntoA(bf16* to, const float* low, const float* high) { storeParts(to, kTileValues, orZero(low), orZero(high)); }
inline void copyIntoA(bf16* to, const bf16* low, const bf16* high) {
  _mm512_store_si512(to, _mm512_inserti64x4(_mm512_castsi256_si512(orZero(low)), orZero(high), 1));
}
inline void copyIntoB(bf16* to, const float* low, const float* high) {
  storeParts(to, 2 * kTileValues, orZero(low), orZero(high));
}
inline void copyIntoB(bf16* to, const bf16* low, const bf16* high) {
  _mm512_store_si512(to, _mm512_or_si512(_mm512_cvtepu16_epi32(orZero(low)), _mm512_slli_epi32(_mm512_cvtepu16_epi32(orZero(high)), 16)));
}

/** R × V tiles of C: rows of A from `a0` and `a1`. Neighbouring products share a side, which is loaded once. */
template <int R, int V, int PARTS>
inline void packedBlock(int steps, const bf16* a0, const bf16* a1, const bf16* b, float* c0, float* c1, size_t cRow,
                        bool accumulate) {
  constexpr size_t row = kStep * sizeof(bf16);
  startSums<R, V>(c0, c1, cRow, accumulate);
  for (int s = 0; s < steps; s++, a0 += PARTS * kTileValues, a1 += PARTS * kTileValues, b += 2 * PARTS * kTileValues) {
    const auto left = [&](int part) {
      loadTile<4>(a0 + part * kTileValues, row);
      if constexpr (R > 1) loadTile<5>(a1 + part * kTileValues, row);
    };
    const auto right = [&](int part) {
      loadTile<6>(b + 2 * part * kTileValues, row);
      if constexpr (V > 1) loadTile<7>(b + (2 * part + 1) * kTileValues, row);
    };
    const auto multiply = [] {
      multiplyTiles<0, 4, 6>();
      if constexpr (V > 1) multiplyTiles<1, 4, 7>();
      if constexpr (R > 1) multiplyTiles<2, 5, 6>();
      if constexpr (R > 1 && V > 1) multiplyTiles<3, 5, 7>();
    };
    if constexpr (PARTS == 3) {
      left(0), right(2), multiply();
      right(1), multiply();
      left(1), multiply();
      right(0), multiply();
      left(2), multiply();
      left(0), multiply();
    } else {
      left(0), right(0), multiply();
    }
    if (isStoreDue<PARTS == 3 ? 6 : 1>(s) && s + 1 < steps) storeTile<0>(c0, cRow * sizeof(float));
  }
  storeSums<R, V>(c0, c1, cRow);
}

/** C (+)= A · B for two vectors of B, or the last one, in tiles of 16 rows and pairs: C has whole blocks of rows. */
template <int PARTS>
inline void packedColumns(int vectors, int rowBlocks, int steps, const bf16* a, const bf16* b, float* c, size_t cRow,
                          bool accumulate) {
  const size_t size = rowBlockSize<PARTS>(steps);
  for (int r = 0; r < rowBlocks; r += 2) {
    const bf16 *a0 = a + r * size, *a1 = a0 + size;
    float *c0 = c + size_t(r) * kTileRows * cRow, *c1 = c0 + kTileRows * cRow;
    const auto block = r + 1 < rowBlocks ? vectors > 1 ? packedBlock<2, 2, PARTS> : packedBlock<2, 1, PARTS>
                                         : vectors > 1 ? packedBlock<1, 2, PARTS> : packedBlock<1, 1, PARTS>;
    block(steps, a0, a1, b, c0, c1, cRow, accumulate);
  }
}

/** Turns two vectors of B along K into two blocks of rows of A, or one. */
template <int PARTS>
inline void turnIntoA(int rowBlocks, int steps, const bf16* b, bf16* a) {
  for (int tile = 0; tile < steps * PARTS; tile++)
    for (int r = 0; r < rowBlocks; r++)
      turnPairs(reinterpret_cast<const Pair*>(b + (2 * tile + r) * kTileValues), kTilePairs,
                reinterpret_cast<Pair*>(a + r * rowBlockSize<PARTS>(steps) + tile * kTileValues), kTilePairs);
}

#endif

}  // namespace refold::REFOLD_ISA
