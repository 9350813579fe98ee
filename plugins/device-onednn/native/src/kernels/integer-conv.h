/** Convolutions of stored bytes: products of gathered pixels, and depthwise ones in vectors. */
#pragma once
#include <omp.h>
#include "integer-products.h"
#include "integer-values.h"

namespace refold::REFOLD_ISA {

constexpr int kMostByteRows = 128;

inline bool isDepthwise(const IntegerConvShape& s) { return s.cg == 1 && s.og == 1 && pixelBytes(s.in()) % 16 == 0; }

struct IntegerSizes {
  /** Bytes of a tap in a row of A; bytes of A from one row of the kernel that lie together in the source, and their number. */
  int tap, run, runs;
  int rows, depth, aRow, vectors, panels, columns, block, rounds, parts;
  /** A is the source itself. */
  bool isDirect;
  size_t aBytes, cBytes;
  IntegerSizes(const IntegerConvShape& s, int threads) {
    tap = s.groups == 1 ? pixelBytes(s.in()) : s.cg;
    const bool together = s.groups == 1 && s.dilationW == 1;
    run = together ? s.kernelW * tap : tap;
    runs = s.kernelH * (together ? 1 : s.kernelW);
    rows = s.images * s.outH * s.outW;
    depth = (run * runs + kQuadStep - 1) / kQuadStep * kQuadStep;
    isDirect = s.groups == 1 && s.kernelH * s.kernelW * s.strideH * s.strideW == 1 && s.padH + s.padW == 0;
    aRow = isDirect ? tap : depth;
    const int blocks = (s.og + B - 1) / B;
    vectors = panelOf(blocks);
    panels = blocks / vectors;
    columns = vectors * B;
    const int fitting = int(REFOLD_MATRIX_BLOCK_BYTES / depth) / 32 * 32, fair = (rows / threads + 31) / 32 * 32;
    block = fitting < fair ? fitting : fair;
    block = block < 32 ? 32 : block > kMostByteRows ? kMostByteRows : block;
    rounds = (rows + block - 1) / block;
    // Few rows: threads share their columns.
    parts = rounds >= threads ? 1 : (threads + rounds - 1) / rounds;
    if (parts > panels) parts = panels;
    // Copies go by whole vectors.
    aBytes = isDirect ? 0 : size_t(block) * depth + 64;
    cBytes = size_t(block) * columns * sizeof(int32_t);
  }
  size_t panelBytes() const { return size_t(depth) * columns; }
};

inline size_t integerWeightBytes(const IntegerConvShape& s) {
  if (isDepthwise(s)) return size_t(s.kernelH) * s.kernelW * pixelBytes(s.in()) * sizeof(int32_t);
  const IntegerSizes size(s, 1);
  return size.panelBytes() * size.panels * s.groups;
}

inline int integerLanes(const IntegerConvShape& s) {
  if (isDepthwise(s)) return pixelBytes(s.in());
  const IntegerSizes size(s, 1);
  return s.groups * size.panels * size.columns;
}

inline size_t integerScratch(const IntegerConvShape& s, int threads) {
  if (isDepthwise(s)) return 0;
  const IntegerSizes size(s, threads);
  return threads * (((size.aBytes + 63) / 64 * 64) + size.cBytes);
}

inline void integerWeights(const IntegerConvShape& s, const int8_t* w, void* target) {
  const int area = s.kernelH * s.kernelW;
  if (isDepthwise(s)) {
    const int stride = pixelBytes(s.in());
    int32_t* to = static_cast<int32_t*>(target);
    for (int t = 0; t < area; t++)
      for (int c = 0; c < stride; c++) to[size_t(t) * stride + c] = c < s.in() ? w[size_t(c) * area + t] : 0;
    return;
  }
  const IntegerSizes size(s, 1);
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int p = 0; p < size.panels; p++) {
      int8_t* to = static_cast<int8_t*>(target) + (size_t(g) * size.panels + p) * size.panelBytes();
      for (int k = 0; k < size.depth; k++) {
        const int t = k / size.tap, c = k % size.tap;
        for (int column = 0; column < size.columns; column++) {
          const int o = p * size.columns + column;
          const bool isReal = t < area && c < s.cg && o < s.og;
          to[(size_t(k / 4) * size.columns + column) * 4 + k % 4] =
              isReal ? w[((size_t(g) * s.og + o) * s.cg + c) * area + t] : 0;
        }
      }
    }
}

/** May write up to 63 bytes more, and read as many. */
inline void copyRun(uint8_t* to, const uint8_t* from, int count) {
#if defined(__AVX512F__)
  for (int i = 0; i < count; i += 64) _mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
#else
  std::memcpy(to, from, count);
#endif
}

/** A pixel of the target on the way through all of them. */
struct Pixel {
  int image, y, x;
  Pixel(const IntegerConvShape& s, int row)
      : image(row / (s.outH * s.outW)), y(row / s.outW % s.outH), x(row % s.outW) {}
  void next(const IntegerConvShape& s) {
    if (++x < s.outW) return;
    x = 0;
    if (++y < s.outH) return;
    y = 0;
    image++;
  }
};

/** Rows of A, in ascending order as each copy may run over into the next. */
inline void gatherBytes(const IntegerConvShape& s, const IntegerSizes& size, int first, int count, int g, const uint8_t* x,
                        uint8_t* a) {
  const int stride = pixelBytes(s.in()), across = size.runs / s.kernelH, taps = s.kernelW / across;
  const uint8_t* source = x + g * s.cg;
  Pixel pixel(s, first);
  for (int r = 0; r < count; r++, pixel.next(s)) {
    uint8_t* to = a + size_t(r) * size.depth;
    const int left = pixel.x * s.strideW - s.padW;
    for (int ky = 0; ky < s.kernelH; ky++) {
      const int iy = pixel.y * s.strideH - s.padH + ky * s.dilationH;
      const bool isRow = unsigned(iy) < unsigned(s.inH);
      const uint8_t* line = source + (size_t(pixel.image) * s.inH + (isRow ? iy : 0)) * s.inW * stride;
      for (int i = 0; i < across; i++, to += size.run) {
        const int ix = left + i * s.dilationW;
        if (isRow && ix >= 0 && ix + taps <= s.inW) copyRun(to, line + size_t(ix) * stride, size.run);
        else
          for (int kx = 0; kx < taps; kx++) {
            if (isRow && unsigned(ix + kx) < unsigned(s.inW)) std::memcpy(to + kx * size.tap, line + size_t(ix + kx) * stride, size.tap);
            else std::memset(to + kx * size.tap, s.zero, size.tap);
          }
      }
    }
  }
}

/** Sums of a block of rows and one panel to where they belong. */
inline void scatterSums(const IntegerConvShape& s, const IntegerSizes& size, int first, int count, int g, int p, const int32_t* c,
                        const IntegerTarget& t) {
  const size_t area = size_t(s.outH) * s.outW;
  const int stride = pixelBytes(s.out());
  const vf low = splat(t.relu ? 0.0f : float(-t.zero)), high = splat(float(255 - t.zero));
  for (int v = 0; v < size.vectors; v++) {
    const int channel = p * size.columns + v * B, lane = g * size.panels * size.columns + channel;
    const int lanes = s.og - channel, at = g * s.og + channel;
    vi bias;
    std::memcpy(&bias, t.bias + lane, sizeof bias);
    const vf factor = loadAnywhere(t.factor + lane);
    for (int r = 0; r < count; r++) {
      vi sum;
      std::memcpy(&sum, c + size_t(r) * size.columns + v * B, sizeof sum);
      const vf value = __builtin_convertvector(sum + bias, vf) * factor;
      const size_t row = size_t(first) + r;
      if (t.bytes) {
        // One group's last block may reach into the padding; between groups lie the next one's channels.
        storeBytes(t.bytes + row * stride + at, storedOf(value, low, high, t.zero), s.groups == 1 && stride % B == 0 ? B : lanes);
      } else {
        const vf bent = t.relu ? max(zero(), value) : value;
        const size_t place = row / area * t.imageStride + row % area * t.pixelStride;
        if (lanes >= B && at % B == 0) storeAnywhere(t.floats + place + at / B * t.blockStride, bent);
        else
          for (int l = 0; l < lanes && l < B; l++)
            t.floats[place + (at + l) / B * t.blockStride + (at + l) % B] = bent[l];
      }
    }
  }
}

inline void integerProduct(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& target,
                           void* scratch) {
  const IntegerSizes size(s, omp_get_max_threads());
  const int8_t* w = static_cast<const int8_t*>(weights);
  const size_t aBytes = (size.aBytes + 63) / 64 * 64;
  const int items = size.rounds * s.groups * size.parts;
#pragma omp parallel
  {
    char* own = static_cast<char*>(scratch) + omp_get_thread_num() * (aBytes + size.cBytes);
    uint8_t* gathered = reinterpret_cast<uint8_t*>(own);
    int32_t* c = reinterpret_cast<int32_t*>(own + aBytes);
#pragma omp for schedule(static)
    for (int item = 0; item < items; item++) {
      const int part = item % size.parts, g = item / size.parts % s.groups, round = item / size.parts / s.groups;
      const int first = int(int64_t(size.rows) * round / size.rounds);
      const int count = int(int64_t(size.rows) * (round + 1) / size.rounds) - first;
      const ByteSetup setup(count < kTileRows ? count : kTileRows, kTilePairs);
      if (!size.isDirect) gatherBytes(s, size, first, count, g, x, gathered);
      const uint8_t* a = size.isDirect ? x + size_t(first) * size.aRow : gathered;
      for (int p = size.panels * part / size.parts; p < size.panels * (part + 1) / size.parts; p++) {
        panelOfBytes(size.vectors, count, size.depth, a, size.aRow, w + (size_t(g) * size.panels + p) * size.panelBytes(), c);
        scatterSums(s, size, first, count, g, p, c, target);
      }
    }
  }
}

/** Sixteen-bit products would do, and the processor has no wider ones to offer: each channel meets its own weight alone. */
inline vi multiplyBytes(vi x, vi w) {
#if defined(__AVX512BW__)
  // x has no upper half, so that of w does not count.
  return (vi)_mm512_madd_epi16((__m512i)x, (__m512i)w);
#else
  return x * w;
#endif
}

inline void integerDepthwise(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& t) {
  const int stride = pixelBytes(s.in()), blocks = (s.in() + B - 1) / B;
  const int32_t* w = static_cast<const int32_t*>(weights);
  const vf low = splat(t.relu ? 0.0f : float(-t.zero)), high = splat(float(255 - t.zero));
  const vi padding = vi{} + int32_t(s.zero);
#pragma omp parallel for collapse(2) schedule(static)
  for (int image = 0; image < s.images; image++)
    for (int y = 0; y < s.outH; y++)
      for (int block = 0; block < blocks; block++) {
        vi bias;
        std::memcpy(&bias, t.bias + block * B, sizeof bias);
        const vf factor = loadAnywhere(t.factor + block * B);
        for (int column = 0; column < s.outW; column++) {
          vi sum = bias;
          for (int ky = 0; ky < s.kernelH; ky++) {
            const int iy = y * s.strideH - s.padH + ky * s.dilationH;
            for (int kx = 0; kx < s.kernelW; kx++) {
              const int ix = column * s.strideW - s.padW + kx * s.dilationW;
              const bool isInside = unsigned(iy) < unsigned(s.inH) && unsigned(ix) < unsigned(s.inW);
              const vi value =
                  isInside ? loadBytes(x + ((size_t(image) * s.inH + iy) * s.inW + ix) * stride + block * B) : padding;
              vi weight;
              std::memcpy(&weight, w + size_t(ky * s.kernelW + kx) * stride + block * B, sizeof weight);
              sum += multiplyBytes(value, weight);
            }
          }
          const vf value = __builtin_convertvector(sum, vf) * factor;
          const size_t place = size_t(y) * s.outW + column, row = size_t(image) * s.outH * s.outW + place;
          if (t.bytes) storeBytes(t.bytes + row * stride + block * B, storedOf(value, low, high, t.zero), B);
          else
            storeAnywhere(t.floats + image * t.imageStride + place * t.pixelStride + block * t.blockStride,
                          t.relu ? max(zero(), value) : value);
        }
      }
}

inline void integerConv(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& target,
                        void* scratch) {
  if (isDepthwise(s)) integerDepthwise(s, x, weights, target);
  else integerProduct(s, x, weights, target, scratch);
}

}  // namespace refold::REFOLD_ISA
