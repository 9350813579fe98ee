/**
 * Products of rows of unsigned bytes with panels of signed ones, in 32-bit sums:
 *
 *   C[row, o] = Σ a[row, k] · w[k, o]
 *
 * A row-major with any row length; W in an order of its own. Tiles of AMX (Intel SDM, TDPBUSD) where there are
 * any, VPDPBUSD of AVX-512 VNNI, else plain vectors of 32 bits. Never VPMADDUBSW, which saturates.
 */
#pragma once
#include "tiles.h"

namespace refold::REFOLD_ISA {

/** Steps of K: a whole tile. */
constexpr int kQuadStep = 64;

/** Lines of a kernel that a product may take one after the other. */
constexpr int kMostRuns = 32;

/** Whether products take A in several runs. */
#if defined(__AMX_INT8__)
constexpr bool kTakesRuns = true;
#else
constexpr bool kTakesRuns = false;
#endif

#if defined(__AMX_INT8__)
constexpr const char* kIntegerName = "amx_int8";
#elif defined(__AVX512VNNI__)
constexpr const char* kIntegerName = "avx512_vnni";
#else
constexpr const char* kIntegerName = "vectors of 32 bits";
#endif

/** Rows of A: of `runs` pieces of `steps` · 64 bytes each, of which the first begins at a + offsets[run]. */
struct ByteRows {
  const uint8_t* a;
  size_t aRow;
  int runs, steps;
  const size_t* offsets;
};

#if defined(__AMX_INT8__)

constexpr int kTileBytes = kTileRows * kQuadStep;

/** Vectors of a panel that divide `blocks`: tiles go in pairs where they can. */
constexpr int vectorsOf(int blocks) { return blocks % 4 == 0 ? 4 : blocks % 2 == 0 ? 2 : blocks % 3 == 0 ? 3 : 1; }

/** Place of a weight in its panel: two columns of tiles, or the last one, are one stream. */
inline size_t weightPlace(int k, int column, int columns, int depth) {
  const int tile = column / B, first = tile / 2 * 2, width = columns / B - first > 1 ? 2 : 1;
  return size_t(first) * B * depth + (size_t(k / kQuadStep) * width + tile - first) * kTileBytes + k % kQuadStep / 4 * kQuadStep +
         column % B * 4 + k % 4;
}

template <int C, int A, int B_>
inline void multiplyByteTiles() {
  asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B_));
}

/** R × V tiles of C; those of W lie one behind the other, step by step. */
template <int R, int V>
inline void blockOfByteTiles(const ByteRows& rows, size_t first, size_t second, const int8_t* w, size_t columns, int32_t* c0,
                             int32_t* c1) {
  const size_t cBytes = columns * sizeof(int32_t);
  zeroTile<0>(), zeroTile<1>(), zeroTile<2>(), zeroTile<3>();
  for (int run = 0; run < rows.runs; run++) {
    const uint8_t *a0 = rows.a + rows.offsets[run] + first * rows.aRow, *a1 = rows.a + rows.offsets[run] + second * rows.aRow;
    for (int s = 0; s < rows.steps; s++, w += V * kTileBytes) {
      loadTile<6>(w, kQuadStep);
      loadTile<4>(a0 + s * kQuadStep, rows.aRow);
      multiplyByteTiles<0, 4, 6>();
      if constexpr (V > 1) {
        loadTile<7>(w + kTileBytes, kQuadStep);
        multiplyByteTiles<1, 4, 7>();
      }
      if constexpr (R > 1) {
        loadTile<5>(a1 + s * kQuadStep, rows.aRow);
        multiplyByteTiles<2, 5, 6>();
        if constexpr (V > 1) multiplyByteTiles<3, 5, 7>();
      }
      if (isStoreDue<1>(run * rows.steps + s)) storeTile<0>(c0, cBytes);
    }
  }
  storeTile<0>(c0, cBytes);
  if constexpr (V > 1) storeTile<1>(c0 + B, cBytes);
  if constexpr (R > 1) storeTile<2>(c1, cBytes);
  if constexpr (R > 1 && V > 1) storeTile<3>(c1 + B, cBytes);
}

using ByteSetup = TileSetup;

/** Rows that a call may have, and must have where there are as many. */
constexpr int kChunkRows = 2 * kTileRows, kLeastRows = kTileRows;

/** Rows `first` … of one panel of `vectors` · B columns. Where `count` is over 16, the last 16 may be computed twice. */
inline void panelOfBytes(int vectors, const ByteRows& rows, int first, int count, const int8_t* w, int32_t* c) {
  const size_t columns = size_t(vectors) * B;
  const bool isTall = count > kTileRows;
  const int second = isTall ? count - kTileRows : 0;
  for (int v = 0; v < vectors; v += 2) {
    const bool isWide = v + 1 < vectors;
    const auto block = isTall ? isWide ? blockOfByteTiles<2, 2> : blockOfByteTiles<2, 1>
                              : isWide ? blockOfByteTiles<1, 2> : blockOfByteTiles<1, 1>;
    block(rows, first, first + second, w + v * B * size_t(rows.runs * rows.steps) * kQuadStep, columns, c + v * B,
          c + second * columns + v * B);
  }
}

#else

using ByteSetup = NoSetup;

constexpr int vectorsOf(int blocks) { return panelOf(blocks); }

/** Place of a weight in its panel: [K / 4][columns][4]. */
inline size_t weightPlace(int k, int column, int columns, int) { return (size_t(k / 4) * columns + column) * 4 + k % 4; }

/** sum[lane] += Σ a[i] · w[lane][i] of four bytes. */
inline vi multiplyAddQuad(vi sum, const uint8_t* a, vi w) {
#if defined(__AVX512VNNI__)
  int32_t quad;
  std::memcpy(&quad, a, 4);
  return (vi)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(quad), (__m512i)w);
#else
  for (int i = 0; i < 4; i++) sum += (vi{} + int32_t(a[i])) * ((vi)((vu)w << (24 - 8 * i)) >> 24);
  return sum;
#endif
}

template <int MR, int NV>
inline void tileOfBytes(int quads, const uint8_t* a, size_t aRow, const int8_t* w, int32_t* c) {
  vi sums[MR][NV] = {};
  for (int k = 0; k < quads; k++) {
    vi row[NV];
    for (int v = 0; v < NV; v++) std::memcpy(&row[v], w + (size_t(k) * NV + v) * B * 4, sizeof(vi));
    for (int r = 0; r < MR; r++)
      for (int v = 0; v < NV; v++) sums[r][v] = multiplyAddQuad(sums[r][v], a + r * aRow + k * 4, row[v]);
  }
  for (int r = 0; r < MR; r++)
    for (int v = 0; v < NV; v++) std::memcpy(c + (size_t(r) * NV + v) * B, &sums[r][v], sizeof(vi));
}

template <int NV>
void panelOfByteRows(int rows, int depth, const uint8_t* a, size_t aRow, const int8_t* w, int32_t* c) {
  constexpr int MR = rowsOf(NV);
  int r = 0;
  for (; r + MR <= rows; r += MR) tileOfBytes<MR, NV>(depth / 4, a + r * aRow, aRow, w, c + size_t(r) * NV * B);
  for (; r < rows; r++) tileOfBytes<1, NV>(depth / 4, a + r * aRow, aRow, w, c + size_t(r) * NV * B);
}

/** A multiple of what each kind of panel takes at once, but for the narrowest. */
constexpr int kChunkRows = 24, kLeastRows = 1;

/** One panel; A has one run. */
inline void panelOfBytes(int vectors, const ByteRows& rows, int first, int count, const int8_t* w, int32_t* c) {
  const uint8_t* a = rows.a + first * rows.aRow;
  const int depth = rows.steps * kQuadStep;
  switch (vectors) {
    case 1: return panelOfByteRows<1>(count, depth, a, rows.aRow, w, c);
    case 2: return panelOfByteRows<2>(count, depth, a, rows.aRow, w, c);
    case 3: return panelOfByteRows<3>(count, depth, a, rows.aRow, w, c);
    default: return panelOfByteRows<4>(count, depth, a, rows.aRow, w, c);
  }
}

#endif

}  // namespace refold::REFOLD_ISA
