/**
 * Winograd's convolutions of floats (winograd.h says how) whose products are computed in tiles of bf16, from three parts of
 * each value (packed.h): as exact as products of floats, and faster where there are tiles of images enough.
 *
 * Shapes: V[f] is [group][tiles × C] as A, U[group][f] is [C × O] as B, M[f] is [tiles × O]; C in whole steps, filled with zeros.
 */
#pragma once
#include "packed.h"
#include "winograd.h"

namespace refold::REFOLD_ISA {

#if defined(__AMX_BF16__)

inline int stepsOf(int depth) { return (depth + kStep - 1) / kStep; }

/** Strides in elements and bytes of buffers for blocks of `count` tiles. */
struct SplitForwardSizes {
  int steps, rowBlocks, vectorPairs;
  size_t vGroup, vStride, mStride, vBytes, bytes, uFrequency;
  SplitForwardSizes(const WinogradShape& s, int count)
      : steps(stepsOf(s.cg)),
        rowBlocks(rowBlocksOf(count)),
        vectorPairs(vectorPairsOf(s.og / B)),
        vGroup(rowBlocks * rowBlockSize<3>(steps)),
        vStride(strideOf(s.groups * vGroup)),
        mStride(strideOf(size_t(rowBlocks) * kTileRows * s.groups * s.og)),
        vBytes(kFrequencies * vStride * sizeof(bf16)),
        bytes(vBytes + kFrequencies * mStride * sizeof(float)),
        // Off the multiples of 4 KiB, so that a row of frequencies is written into different sets of the first-level cache.
        uFrequency(vectorPairs * vectorPairSize<3>(steps) + 5 * kStep) {}
};

inline size_t splitWinogradWeightBytes(const WinogradShape& s) {
  return SplitForwardSizes(s, kTileRows).uFrequency * kFrequencies * s.groups * sizeof(bf16);
}

/**
 * Tiles that a thread takes through all three phases: V and M stay in its cache beside U; where U does not fit, enough rows for
 * each reading of it.
 */
inline int splitBlockOf(const WinogradShape& s, int threads) {
  constexpr int kMost = 128;
  const size_t perTile = size_t(kFrequencies) * s.groups * (s.cg * 3 * sizeof(bf16) + s.og * sizeof(float));
  const int fitting = int(REFOLD_SPLIT_BLOCK_BYTES / perTile) / kTileRows * kTileRows;
  const int most = splitWinogradWeightBytes(s) > 2 * REFOLD_SPLIT_BLOCK_BYTES ? kMost : fitting;
  const int fair = (Tiles(s).count / threads + kTileRows - 1) / kTileRows * kTileRows;
  const int count = most < fair ? most : fair;
  return count < kTileRows ? kTileRows : count > kMost ? kMost : count;
}

/** How the tiles are cut up for threads. */
struct SplitRounds {
  int block, count;
  /**
   * Threads share V and M, so that each reads but its frequencies of U, which weighs more than that where U is large and the
   * tiles are few: a round for each thread.
   */
  bool isShared;
  SplitRounds(const WinogradShape& s, int threads)
      : block(splitBlockOf(s, threads)),
        count(fairRounds(Tiles(s).count, block, threads)),
        isShared(threads > 1 && count <= threads && splitWinogradWeightBytes(s) > 4 * REFOLD_SPLIT_BLOCK_BYTES) {
    if (isShared) block = rowBlocksOf(Tiles(s).count) * kTileRows;
  }
};

inline size_t splitWinogradScratch(const WinogradShape& s, int threads) {
  const SplitRounds rounds(s, threads);
  return (rounds.isShared ? 1 : threads) * SplitForwardSizes(s, rounds.block).bytes;
}

/** Row Y of G g Gᵀ. */
template <int Y>
inline void weightRow(const vf taps[9], bool flip, vf out[6]) {
  vf row[3];
  REFOLD_UNROLLED
  for (int x = 0; x < 3; x++) {
    vf column[3], all[6];
    for (int y = 0; y < 3; y++) column[y] = taps[flip ? 8 - (3 * y + x) : 3 * y + x];
    weightTransform(column, all);
    row[x] = all[Y];
  }
  weightTransform(row, out);
}

/** U of frequencies (Y … 5, 0 … 5) of a step and vector: a row at a time, since more places are too many to write at once. */
template <int Y = 0>
inline void splitRows(const SplitForwardSizes& size, const vf low[B][9], const vf high[B][9], bool flip, bf16* u) {
  constexpr int kPlacesAhead = 2;
  for (int i = 0; i < B; i++) {
    vf even[6], odd[6];
    weightRow<Y>(low[i], flip, even);
    weightRow<Y>(high[i], flip, odd);
    bf16* to = u + 6 * Y * size.uFrequency + i * kStep;
    REFOLD_UNROLLED
    for (int x = 0; x < 6; x++, to += size.uFrequency) {
      storeParts(to, 2 * kTileValues, even[x], odd[x]);
      for (int part = 0; part < 3; part++) __builtin_prefetch(to + kPlacesAhead * kStep + part * 2 * kTileValues, 1);
    }
  }
  if constexpr (Y < 5) splitRows<Y + 1>(size, low, high, flip, u);
}

/** U of a step and vector, from `u` on. */
inline void splitStep(const WinogradShape& s, const SplitForwardSizes& size, const float* w, int g, int block, int step,
                      const float* scale, bool flip, bf16* u) {
  const int c = step * kStep;
  vf low[B][9], high[B][9] = {};
  loadKernels(s, w, g, block, c, flip, low);
  if (c + B < s.cg) loadKernels(s, w, g, block, c + B, flip, high);
  if (scale) {
    const vf factor = loadAnywhere(scale + g * s.og + block * B);
    for (int i = 0; i < B; i++)
      for (int t = 0; t < 9; t++) low[i][t] *= factor, high[i][t] *= factor;
  }
  splitRows(size, low, high, flip, u);
}

inline void splitWinogradWeights(const WinogradShape& s, const float* w, const float* scale, bool flip, void* target) {
  static_assert(B == kPairDistance<3>, "a pair is of two vectors");
  const SplitForwardSizes size(s, kTileRows);
  // Where there is no second vector.
  std::memset(target, 0, s.og / B % 2 ? splitWinogradWeightBytes(s) : 0);
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int block = 0; block < s.og / B; block++) {
      bf16* u = static_cast<bf16*>(target) + g * kFrequencies * size.uFrequency;
      for (int step = 0; step < size.steps; step++)
        splitStep(s, size, w, g, block, step, scale, flip, u + placeInB<3>(size.steps, step * kTilePairs, block));
    }
}

/** V of `count` tiles from `first` on. */
inline void splitInput(const WinogradShape& s, const Tiles& tiles, const TileRows& rows, const SplitForwardSizes& size, const float* x,
                       int first, int count, bf16* v) {
  const int blocks = s.cg / B;
  // The next step's places, where they are not in the second-level cache.
  const bool isFar = size.vBytes > REFOLD_SPLIT_BLOCK_BYTES;
  eachTile(tiles, rows, first, count, [&](const Place& at, const TileRow& row, auto down, auto across) {
    using Y = decltype(down);
    using X = decltype(across);
    for (int g = 0; g < s.groups; g++)
      for (int block = 0; block < blocks; block += 2) {
        vf low[Y::kPatch][X::kPatch], high[Y::kPatch][X::kPatch] = {};
        inputPatch<Y, X>(s, at, x, g * blocks + block, low);
        if (block + 1 < blocks) inputPatch<Y, X>(s, at, x, g * blocks + block + 1, high);
        eachFrequency<Y, X>(row, [&](int i, int j, int f, int r) {
          bf16* to = v + f * size.vStride + g * size.vGroup + placeInA<3>(size.steps, r, block / 2);
          storeParts(to, kTileValues, low[i][j], high[i][j]);
          if (isFar)
            for (int part = 0; part < 3; part++) __builtin_prefetch(to + (3 + part) * kTileValues, 1);
        });
      }
  });
}

/** M for work items [from, to) of (group, frequency). */
inline void splitProducts(const WinogradShape& s, const TileRows& rows, const SplitForwardSizes& size, const bf16* v, const bf16* u,
                          int from, int to, float* m) {
  const TileSetup setup(kTileRows, kTilePairs);
  const int vectors = s.og / B;
  for (int item = from; item < to; item++) {
    const int f = item % kFrequencies, g = item / kFrequencies, rowBlocks = rowBlocksOf(rows.count(f));
    for (int p = 0; p < size.vectorPairs; p++)
      packedColumns<3>(vectors - 2 * p, rowBlocks, size.steps, v + f * size.vStride + g * size.vGroup,
                       u + item * size.uFrequency + p * vectorPairSize<3>(size.steps),
                       m + f * size.mStride + size_t(g) * s.og + size_t(p) * 2 * B, s.groups * s.og, false);
  }
}

inline void splitWinogradForward(const WinogradShape& s, const float* x, const void* weights, const float* bias,
                                 const Addend& addend, bool relu, bool accumulate, float* y, void* scratch) {
  const Tiles tiles(s);
  const SplitRounds rounds(s, omp_get_max_threads());
  const SplitForwardSizes size(s, rounds.block);
  const Output<float> output{bias, addend, relu, accumulate, y};
  const bf16* u = static_cast<const bf16*>(weights);
  const int items = s.groups * kFrequencies, outBlocks = s.groups * s.og / B;
#pragma omp parallel
  {
    char* own = static_cast<char*>(scratch) + (rounds.isShared ? 0 : omp_get_thread_num() * size.bytes);
    bf16* v = reinterpret_cast<bf16*>(own);
    float* m = reinterpret_cast<float*>(own + size.vBytes);
    if (rounds.isShared) {
      const TileRows rows(tiles, 0, tiles.count);
#pragma omp for schedule(static)
      for (int t = 0; t < tiles.count; t++) splitInput(s, tiles, rows, size, x, t, 1, v);
      // Frequencies in turn, since they differ in rows.
#pragma omp for schedule(static, 1)
      for (int item = 0; item < items; item++) splitProducts(s, rows, size, v, u, item, item + 1, m);
#pragma omp for schedule(static)
      for (int t = 0; t < tiles.count; t++) transformOutput(s, tiles, rows, m, size.mStride, t, 1, 0, outBlocks, output);
    } else {
#pragma omp for schedule(static)
      for (int round = 0; round < rounds.count; round++) {
        // Rounds of equal size, so that the last is no remnant.
        const int first = int(int64_t(tiles.count) * round / rounds.count);
        const int count = int(int64_t(tiles.count) * (round + 1) / rounds.count) - first;
        const TileRows rows(tiles, first, count);
        splitInput(s, tiles, rows, size, x, first, count, v);
        splitProducts(s, rows, size, v, u, 0, items, m);
        transformOutput(s, tiles, rows, m, size.mStride, first, count, 0, outBlocks, output);
      }
    }
  }
}

#endif

}  // namespace refold::REFOLD_ISA
