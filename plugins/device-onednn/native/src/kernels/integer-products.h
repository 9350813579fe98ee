/**
 * Products of rows of unsigned bytes with panels of signed ones, in 32-bit sums:
 *
 *   C[row, o] = Σ a[row, k] · w[k, o]
 *
 * A row-major with any row length; W of a panel as [K / 4][columns][4]. Tiles of AMX (Intel SDM, TDPBUSD) where there are
 * any, VPDPBUSD of AVX-512 VNNI, else plain vectors of 32 bits. Never VPMADDUBSW, which saturates.
 */
#pragma once
#include "tiles.h"

namespace refold::REFOLD_ISA {

/** Steps of K: a whole tile. */
constexpr int kQuadStep = 64;

#if defined(__AMX_INT8__)
constexpr const char* kIntegerName = "amx_int8";
#elif defined(__AVX512VNNI__)
constexpr const char* kIntegerName = "avx512_vnni";
#else
constexpr const char* kIntegerName = "vectors of 32 bits";
#endif

#if defined(__AMX_INT8__)

template <int C, int A, int B_>
inline void multiplyByteTiles() {
  asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B_));
}

/** R × V tiles of C. */
template <int R, int V>
inline void blockOfByteTiles(int steps, const uint8_t* a0, const uint8_t* a1, size_t aRow, const int8_t* w, size_t columns,
                             int32_t* c0, int32_t* c1, size_t cRow) {
  const size_t wBytes = columns * 4, cBytes = cRow * sizeof(int32_t);
  zeroTile<0>(), zeroTile<1>(), zeroTile<2>(), zeroTile<3>();
  for (int s = 0; s < steps; s++) {
    const int8_t* at = w + size_t(s) * kQuadStep * columns;
    loadTile<6>(at, wBytes);
    loadTile<4>(a0 + s * kQuadStep, aRow);
    multiplyByteTiles<0, 4, 6>();
    if constexpr (V > 1) {
      loadTile<7>(at + B * 4, wBytes);
      multiplyByteTiles<1, 4, 7>();
    }
    if constexpr (R > 1) {
      loadTile<5>(a1 + s * kQuadStep, aRow);
      multiplyByteTiles<2, 5, 6>();
      if constexpr (V > 1) multiplyByteTiles<3, 5, 7>();
    }
  }
  storeTile<0>(c0, cBytes);
  if constexpr (V > 1) storeTile<1>(c0 + B, cBytes);
  if constexpr (R > 1) storeTile<2>(c1, cBytes);
  if constexpr (R > 1 && V > 1) storeTile<3>(c1 + B, cBytes);
}

using ByteSetup = TileSetup;

/** One panel of `vectors` · B columns. Where `rows` is no multiple of 16, the last ones are computed twice. */
inline void panelOfBytes(int vectors, int rows, int depth, const uint8_t* a, size_t aRow, const int8_t* w, int32_t* c) {
  const int steps = depth / kQuadStep, last = rows > kTileRows ? rows - kTileRows : 0;
  const size_t columns = size_t(vectors) * B;
  for (int v = 0; v < vectors; v += 2) {
    const bool isWide = v + 1 < vectors;
    for (int r = 0; r < rows; r += 2 * kTileRows) {
      const int first = r < last ? r : last, second = r + kTileRows < last ? r + kTileRows : last;
      const bool isTall = rows - r > kTileRows;
      const auto block = isTall ? isWide ? blockOfByteTiles<2, 2> : blockOfByteTiles<2, 1>
                                : isWide ? blockOfByteTiles<1, 2> : blockOfByteTiles<1, 1>;
      block(steps, a + first * aRow, a + second * aRow, aRow, w + v * B * 4, columns, c + first * columns + v * B,
            c + second * columns + v * B, columns);
    }
  }
}

#else

using ByteSetup = NoSetup;

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

inline void panelOfBytes(int vectors, int rows, int depth, const uint8_t* a, size_t aRow, const int8_t* w, int32_t* c) {
  switch (vectors) {
    case 1: return panelOfByteRows<1>(rows, depth, a, aRow, w, c);
    case 2: return panelOfByteRows<2>(rows, depth, a, aRow, w, c);
    case 3: return panelOfByteRows<3>(rows, depth, a, aRow, w, c);
    default: return panelOfByteRows<4>(rows, depth, a, aRow, w, c);
  }
}

#endif

}  // namespace refold::REFOLD_ISA
