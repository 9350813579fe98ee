/**
 * Matrix products in the tiles of AMX: eight registers of 16 rows of 64 bytes. One instruction adds the product of 16
 * rows of 16 pairs of bf16 with 16 pairs of 16 columns (Intel SDM, TDPBF16PS); it takes as long for fewer columns or pairs.
 */
#pragma once
#include <type_traits>
#include "gemm.h"
#include "turn.h"

namespace refold::REFOLD_ISA {

#if defined(__AMX_BF16__)
constexpr bool kHasTiles = true;
#else
constexpr bool kHasTiles = false;
#endif

constexpr int kTileRows = 16;
constexpr int kTilePairs = 16;

/** Pairs of a tile that divide `depth` without rest, as many as fit. */
inline int tilePairsOf(int depth) {
  for (int pairs = kTilePairs; pairs > 1; pairs--)
    if (depth % pairs == 0) return pairs;
  return 1;
}

/** Of products that take no tiles. */
struct NoSetup {
  NoSetup(int, int) {}
};

#if defined(__AMX_BF16__)

/** What LDTILECFG reads (Intel SDM, table of palette 1). */
struct alignas(64) TileConfig {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};
};

/** For as long as it lives, this thread's tiles multiply `rows` rows by `pairs` pairs along K. */
class TileSetup {
 public:
  TileSetup(int rows, int pairs) {
    TileConfig config;
    // C in 0 to 3, A in 4 and 5, B in 6 and 7.
    for (int t = 0; t < 8; t++) {
      config.rows[t] = uint8_t(t < 6 ? rows : pairs);
      config.rowBytes[t] = uint16_t(t == 4 || t == 5 ? pairs * sizeof(Pair) : B * sizeof(float));
    }
    asm volatile("ldtilecfg %0" ::"m"(config) : "memory");
  }
  ~TileSetup() { asm volatile("tilerelease" ::: "memory"); }
  TileSetup(const TileSetup&) = delete;
  TileSetup& operator=(const TileSetup&) = delete;
};

// GCC's intrinsics do not tell that they read memory.
template <int T>
inline void loadTile(const void* from, size_t rowBytes) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(rowBytes), "i"(T) : "memory");
}
template <int T>
inline void storeTile(void* to, size_t rowBytes) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(rowBytes), "i"(T) : "memory");
}
template <int T>
inline void zeroTile() {
  asm volatile("tilezero %%tmm%c0" ::"i"(T));
}
template <int C, int A, int B_>
inline void multiplyTiles() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B_));
}

/** 16 × 16 pairs turned: `to[c][k] = from[k][c]`. */
inline void turnPairs(const Pair* from, size_t fromRow, Pair* to, size_t toRow) {
  __m512i a[16];
  for (int r = 0; r < 16; r++) a[r] = _mm512_loadu_si512(from + r * fromRow);
  turn(a);
  for (int r = 0; r < 16; r++) _mm512_storeu_si512(to + r * toRow, a[r]);
}

/** R × V tiles of C, in 0 to 3: what is there already, or zeros. */
template <int R, int V>
inline void startSums(const float* c0, const float* c1, size_t cRow, bool accumulate) {
  const size_t cBytes = cRow * sizeof(float);
  if (accumulate) {
    loadTile<0>(c0, cBytes);
    if constexpr (V > 1) loadTile<1>(c0 + B, cBytes);
    if constexpr (R > 1) loadTile<2>(c1, cBytes);
    if constexpr (R > 1 && V > 1) loadTile<3>(c1 + B, cBytes);
  } else {
    zeroTile<0>(), zeroTile<1>(), zeroTile<2>(), zeroTile<3>();
  }
}
template <int R, int V>
inline void storeSums(float* c0, float* c1, size_t cRow) {
  const size_t cBytes = cRow * sizeof(float);
  storeTile<0>(c0, cBytes);
  if constexpr (V > 1) storeTile<1>(c0 + B, cBytes);
  if constexpr (R > 1) storeTile<2>(c1, cBytes);
  if constexpr (R > 1 && V > 1) storeTile<3>(c1 + B, cBytes);
}

/**
 * Whether a sum is stored after step `s` along K, though it is not finished, where a step is of PRODUCTS for each tile of C: a store
 * that comes long after the one before it holds the products up, as if what stores had fallen asleep (benchmarks/tile-stores.mjs).
 */
template <int PRODUCTS>
inline bool isStoreDue(int s) {
  constexpr int every = PRODUCTS == 1 ? 8 : 2;
  return s % every == every - 1;
}

/** R × V tiles of C; rows of A from `a0` and `a1`. */
template <int R, int V>
inline void blockOfTiles(int steps, int pairs, const Pair* a0, const Pair* a1, size_t aRow, const Pair* b, size_t bDepth,
                         float* c0, float* c1, size_t cRow, bool accumulate) {
  const size_t aBytes = aRow * sizeof(Pair), bBytes = bDepth * sizeof(Pair);
  startSums<R, V>(c0, c1, cRow, accumulate);
  for (int s = 0; s < steps; s++) {
    const Pair* at = b + s * pairs * bDepth;
    loadTile<6>(at, bBytes);
    loadTile<4>(a0 + s * pairs, aBytes);
    multiplyTiles<0, 4, 6>();
    if constexpr (V > 1) {
      loadTile<7>(at + B, bBytes);
      multiplyTiles<1, 4, 7>();
    }
    if constexpr (R > 1) {
      loadTile<5>(a1 + s * pairs, aBytes);
      multiplyTiles<2, 5, 6>();
      if constexpr (V > 1) multiplyTiles<3, 5, 7>();
    }
    if (isStoreDue<1>(s) && s + 1 < steps) storeTile<0>(c0, cRow * sizeof(float));
  }
  storeSums<R, V>(c0, c1, cRow);
}

/**
 * `panelOfWidth` with a row-major A. Tiles are set up for min(rows, 16) rows and `pairs` pairs, which divide `depth`.
 * Where `rows` is no multiple of 16, the last ones are computed twice: such a product cannot accumulate.
 */
inline void panelOfTiles(int vectors, int rows, int pairs, int depth, const Pair* a, size_t aRow, const Pair* b,
                         size_t bDepth, float* c, size_t cRow, bool accumulate) {
  const int steps = depth / pairs, last = rows > kTileRows ? rows - kTileRows : 0;
  for (int v = 0; v < vectors; v += 2) {
    const bool isWide = v + 1 < vectors;
    for (int r = 0; r < rows; r += 2 * kTileRows) {
      const int first = r < last ? r : last, second = r + kTileRows < last ? r + kTileRows : last;
      const bool isTall = rows - r > kTileRows;
      const Pair *a0 = a + first * aRow, *a1 = a + second * aRow, *columns = b + v * B;
      float *c0 = c + first * cRow + v * B, *c1 = c + second * cRow + v * B;
      const auto block = isTall ? isWide ? blockOfTiles<2, 2> : blockOfTiles<2, 1>
                                : isWide ? blockOfTiles<1, 2> : blockOfTiles<1, 1>;
      block(steps, pairs, a0, a1, aRow, columns, bDepth, c0, c1, cRow, accumulate);
    }
  }
}

template <class E>
using SetUpFor = std::conditional_t<std::is_same_v<E, Pair>, TileSetup, NoSetup>;
#else
template <class E>
using SetUpFor = NoSetup;
#endif

}  // namespace refold::REFOLD_ISA
