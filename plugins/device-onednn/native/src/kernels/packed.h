/**
 * Floats as sums of bf16, so that tiles of bf16 multiply them: x = x₀ + x₁ + x₂ but for 2⁻²⁷ of x, each the rest's nearest
 * bf16. Of the nine products of a · b the six largest are added, a₀b₀, a₀b₁, a₁b₀, a₀b₂, a₁b₁, a₂b₀; what is left out is below
 * 2⁻²⁴ of a · b, a float's own rounding (Henry, Tang and Heinecke, arXiv 1904.06376). Numbers below 2⁻¹⁰⁰ lose their last
 * parts, infinities become NaN.
 *
 * Operands lie as the tiles read them, one after the other: A as [16 rows][step][part] of 16 rows × 32 values, B as
 * [2 vectors][step][part][vector] of 16 pairs × 16 columns; a step is 32 values along K.
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

/** Of the first part of value `k` of row `row`; the next lies a tile further. */
template <int PARTS>
inline size_t placeInA(int steps, int row, int k) {
  return row / kTileRows * rowBlockSize<PARTS>(steps) + size_t(k / kStep) * PARTS * kTileValues + row % kTileRows * kStep + k % kStep;
}
/** Of the first part of the pair of values `k` and `k + 1` of vector `v`; the next lies two tiles further. */
template <int PARTS>
inline size_t placeInB(int steps, int k, int v) {
  return v / 2 * vectorPairSize<PARTS>(steps) + (size_t(k / kStep) * PARTS * 2 + v % 2) * kTileValues + k % kStep * B;
}

#if defined(__AMX_BF16__)

inline vf widened(__m256i part) { return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32(part), 16); }
inline __m512i interleaved(__m256i even, __m256i odd) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(even), _mm512_slli_epi32(_mm512_cvtepu16_epi32(odd), 16));
}

/** The parts of 32 values of a row of A. */
template <int PARTS>
inline void storeInA(bf16* to, vf low, vf high) {
  for (int i = 0; i < PARTS; i++) {
    const __m512i part = (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    _mm512_store_si512(to + i * kTileValues, part);
    low -= widened(_mm512_castsi512_si256(part));
    high -= widened(_mm512_extracti64x4_epi64(part, 1));
  }
}

/** The parts of pairs of neighbours along K of one vector of B, `stride` bf16 apart. */
template <int PARTS>
inline void storeInB(bf16* to, size_t stride, vf low, vf high) {
  for (int i = 0; i < PARTS; i++) {
    const __m256i even = (__m256i)_mm512_cvtneps_pbh((__m512)low), odd = (__m256i)_mm512_cvtneps_pbh((__m512)high);
    _mm512_store_si512(to + i * stride, interleaved(even, odd));
    low -= widened(even);
    high -= widened(odd);
  }
}

inline vf orZero(const float* p) { return p ? load(p) : zero(); }
inline __m256i orZero(const bf16* p) { return p ? _mm256_load_si256(reinterpret_cast<const __m256i*>(p)) : _mm256_setzero_si256(); }

// Of vectors as they lie in images; null: zeros.
inline void copyIntoA(bf16* to, const float* low, const float* high) { storeInA<3>(to, orZero(low), orZero(high)); }
inline void copyIntoA(bf16* to, const bf16* low, const bf16* high) {
  _mm512_store_si512(to, _mm512_inserti64x4(_mm512_castsi256_si512(orZero(low)), orZero(high), 1));
}
inline void copyIntoB(bf16* to, size_t stride, const float* low, const float* high) {
  storeInB<3>(to, stride, orZero(low), orZero(high));
}
inline void copyIntoB(bf16* to, size_t, const bf16* low, const bf16* high) {
  _mm512_store_si512(to, interleaved(orZero(low), orZero(high)));
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
