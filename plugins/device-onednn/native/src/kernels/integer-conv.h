/** Convolutions of stored bytes: products of gathered pixels, and depthwise ones in vectors. */
#pragma once
#include <omp.h>
#include <algorithm>
#include "integer-depthwise.h"

namespace refold::REFOLD_ISA {

/** How the left operand comes to be. */
enum class Rows {
  /** It is the source itself. */
  direct,
  /** Lines of the source with their padding, where each row of A begins one pixel (or stride) after the one before. */
  lines,
  /** Each row gathered tap by tap. */
  gathered,
};

struct IntegerSizes {
  Rows kind;
  /** Bytes of a tap; of a run of A that lies together in the source, alone and filled up; number of runs. */
  int tap, run, runDepth, runs;
  int depth, vectors, panels, columns;
  size_t aRow;
  // Of lines: pixels of a padded line, rows of A that it gives, lines of a plane for `lines` lines of the target, planes.
  int lineWidth = 0, lineRows = 0, planeLines = 0, planes = 0;
  size_t lineBytes = 0, planeBytes = 0;
  /** A work item: lines of one image, or whole images; or, where nothing is lines, rows. */
  int lines = 0, images = 1, strips = 1, block = 0;
  int rounds, parts, rows;
  size_t aBytes;

  IntegerSizes(const IntegerConvShape& s, int threads) {
    const bool isDense = s.groups == 1 && s.dilationH == 1 && s.dilationW == 1;
    const bool isPoint = s.kernelH * s.kernelW * s.strideH * s.strideW == 1 && s.padH + s.padW == 0;
    kind = isDense && isPoint ? Rows::direct : isDense && kTakesRuns && s.kernelH <= kMostRuns ? Rows::lines : Rows::gathered;
    tap = s.groups == 1 ? pixelBytes(s.in()) : s.cg;
    const bool together = s.groups == 1 && s.dilationW == 1;
    run = together ? s.kernelW * tap : tap;
    runs = s.kernelH * (together ? 1 : s.kernelW);
    runDepth = kind == Rows::lines ? filled(run) : run;
    depth = filled(runDepth * runs);
    const int blocks = (s.og + B - 1) / B;
    vectors = vectorsOf(blocks);
    panels = blocks / vectors;
    columns = vectors * B;
    if (kind == Rows::lines) planLines(s, threads);
    else planRows(s, threads);
    // Few items: threads share their columns.
    parts = rounds * s.groups >= threads ? 1 : (threads + rounds - 1) / rounds;
    if (parts > panels) parts = panels;
  }
  size_t panelBytes() const { return size_t(depth) * columns; }
  size_t threadBytes() const {
    return (aBytes + 63) / 64 * 64 + size_t(kChunkRows) * columns * sizeof(int32_t) + (rows * sizeof(int32_t) + 63) / 64 * 64;
  }

 private:
  static int filled(int bytes) { return (bytes + kQuadStep - 1) / kQuadStep * kQuadStep; }

  void planRows(const IntegerConvShape& s, int threads) {
    const int all = s.images * s.outH * s.outW;
    const int fitting = int(REFOLD_MATRIX_BLOCK_BYTES / depth) / 32 * 32, fair = (all / threads + 31) / 32 * 32;
    block = fitting < fair ? fitting : fair;
    block = block < 32 ? 32 : block > 128 ? 128 : block;
    rounds = (all + block - 1) / block;
    rows = block;
    aRow = kind == Rows::direct ? tap : depth;
    // Copies go by whole vectors.
    aBytes = kind == Rows::direct ? 0 : size_t(block) * depth + 64;
  }

  void planLines(const IntegerConvShape& s, int threads) {
    const int reach = (s.outW - 1) * s.strideW + s.kernelW, fair = 160;
    lineRows = (reach + s.strideW - 1) / s.strideW;
    lineWidth = lineRows * s.strideW;
    aRow = size_t(s.strideW) * tap;
    lineBytes = size_t(lineWidth) * tap;
    planes = s.strideH < s.kernelH ? s.strideH : s.kernelH;
    const int each = lineRows * s.outH;
    if (each >= fair / 2) {
      strips = (each + fair / 2) / fair;
      if (s.images * strips < threads) strips = (threads + s.images - 1) / s.images;
      strips = strips < 1 ? 1 : strips > s.outH ? s.outH : strips;
    } else {
      images = fair / each;
      const int most = (s.images + threads - 1) / threads;
      images = images > most ? most : images;
    }
    lines = (s.outH + strips - 1) / strips;
    strips = (s.outH + lines - 1) / lines;
    planeLines = lines + (s.kernelH - 1) / s.strideH;
    planeBytes = lineBytes * planeLines * images;
    rounds = strips > 1 ? s.images * strips : (s.images + images - 1) / images;
    rows = planeLines * images * lineRows;
    // The last rows look beyond their line.
    aBytes = planeBytes * planes + run + 2 * kQuadStep;
  }
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
  return isDepthwise(s) ? 0 : threads * IntegerSizes(s, threads).threadBytes();
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
        const int run = k / size.runDepth, within = k % size.runDepth;
        const int t = run * (size.run / size.tap) + within / size.tap, c = within % size.tap;
        for (int column = 0; column < size.columns; column++) {
          const int o = p * size.columns + column;
          const bool isReal = run < size.runs && within < size.run && c < s.cg && o < s.og;
          to[weightPlace(k, column, size.columns, size.depth)] =
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

/** Rows of A for pixels `first` …, in ascending order as each copy may run over into the next. */
inline void gatherBytes(const IntegerConvShape& s, const IntegerSizes& size, int first, int count, int g, const uint8_t* x,
                        uint8_t* a) {
  const int stride = pixelBytes(s.in()), across = size.runs / s.kernelH, taps = s.kernelW / across;
  const uint8_t* source = x + g * s.cg;
  for (int r = 0; r < count; r++) {
    const int column = (first + r) % s.outW, y = (first + r) / s.outW % s.outH, image = (first + r) / s.outW / s.outH;
    uint8_t* to = a + size_t(r) * size.depth;
    const int left = column * s.strideW - s.padW;
    for (int ky = 0; ky < s.kernelH; ky++) {
      const int iy = y * s.strideH - s.padH + ky * s.dilationH;
      const bool isRow = unsigned(iy) < unsigned(s.inH);
      const uint8_t* line = source + (size_t(image) * s.inH + (isRow ? iy : 0)) * s.inW * stride;
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

/**
 * Padded lines for `lines` lines of the target from line `top` of `images` images. A plane holds every strideH-th line, so
 * that the same tap of the next row of A always lies aRow further, into the next line and the next image.
 */
inline void copyLines(const IntegerConvShape& s, const IntegerSizes& size, int image, int images, int top, const uint8_t* x,
                      uint8_t* a) {
  const int left = s.padW < size.lineWidth ? s.padW : size.lineWidth;
  const int pixels = size.lineWidth - left < s.inW ? size.lineWidth - left : s.inW;
  const size_t before = size_t(left) * size.tap, middle = size_t(pixels) * size.tap;
  for (int plane = 0; plane < size.planes; plane++)
    for (int i = 0; i < images; i++)
      for (int l = 0; l < size.planeLines; l++) {
        uint8_t* to = a + plane * size.planeBytes + (size_t(i) * size.planeLines + l) * size.lineBytes;
        const int iy = (top + l) * s.strideH + plane - s.padH;
        if (unsigned(iy) >= unsigned(s.inH)) {
          std::memset(to, s.zero, size.lineBytes);
          continue;
        }
        std::memset(to, s.zero, before);
        std::memcpy(to + before, x + (size_t(image + i) * s.inH + iy) * s.inW * size.tap, middle);
        std::memset(to + before + middle, s.zero, size.lineBytes - before - middle);
      }
}

/** Sums of some rows and one panel to stored bytes; NV whole vectors that nobody else writes. */
template <int NV>
inline void scatterVectors(const int32_t* pixels, int count, const int32_t* c, const int32_t* biases, const float* factors,
                           vf low, int zero, size_t stride, uint8_t* y) {
  vi bias[NV];
  vf factor[NV];
  for (int v = 0; v < NV; v++) {
    std::memcpy(&bias[v], biases + v * B, sizeof(vi));
    factor[v] = loadAnywhere(factors + v * B);
  }
  const vf high = splat(float(255 - zero));
  for (int r = 0; r < count; r++, c += NV * B) {
    if (pixels[r] < 0) continue;
    uint8_t* to = y + size_t(pixels[r]) * stride;
    for (int v = 0; v < NV; v++) {
      vi sum;
      std::memcpy(&sum, c + v * B, sizeof sum);
      const vf value = __builtin_convertvector(sum + bias[v], vf) * factor[v];
      storeBytes(to + v * B, storedOf(value, low, high, zero), B);
    }
  }
}

/** Sums of some rows and one panel to where they belong. @param pixels of the target, by row; −1: of none */
inline void scatterSums(const IntegerConvShape& s, const IntegerSizes& size, const int32_t* pixels, int count, int g, int p,
                        const int32_t* c, const IntegerTarget& t) {
  const size_t area = size_t(s.outH) * s.outW;
  const int stride = pixelBytes(s.out()), firstLane = (g * size.panels + p) * size.columns;
  const vf low = splat(t.relu ? 0.0f : float(-t.zero)), high = splat(float(255 - t.zero));
  // One group's last block may reach into the padding; between groups lie the next one's channels.
  if (t.bytes && (s.og % B == 0 || (s.groups == 1 && stride % B == 0))) {
    const auto scatter = size.vectors == 4   ? scatterVectors<4>
                         : size.vectors == 3 ? scatterVectors<3>
                         : size.vectors == 2 ? scatterVectors<2>
                                             : scatterVectors<1>;
    return scatter(pixels, count, c, t.bias + firstLane, t.factor + firstLane, low, t.zero, stride,
                   t.bytes + g * s.og + p * size.columns);
  }
  for (int v = 0; v < size.vectors; v++) {
    const int channel = p * size.columns + v * B, lanes = s.og - channel, at = g * s.og + channel;
    vi bias;
    std::memcpy(&bias, t.bias + firstLane + v * B, sizeof bias);
    const vf factor = loadAnywhere(t.factor + firstLane + v * B);
    for (int r = 0; r < count; r++) {
      if (pixels[r] < 0) continue;
      vi sum;
      std::memcpy(&sum, c + size_t(r) * size.columns + v * B, sizeof sum);
      const vf value = __builtin_convertvector(sum + bias, vf) * factor;
      const size_t row = size_t(pixels[r]);
      if (t.bytes) {
        storeBytes(t.bytes + row * stride + at, storedOf(value, low, high, t.zero), lanes);
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

/** A work item's A, and the pixels of its rows. @returns rows */
inline int prepareRows(const IntegerConvShape& s, const IntegerSizes& size, int round, int g, const uint8_t* x, uint8_t* own,
                       int32_t* pixels, const uint8_t** a) {
  if (size.kind != Rows::lines) {
    const int all = s.images * s.outH * s.outW, first = int(int64_t(all) * round / size.rounds);
    const int count = int(int64_t(all) * (round + 1) / size.rounds) - first;
    for (int r = 0; r < count; r++) pixels[r] = first + r;
    if (size.kind == Rows::gathered) gatherBytes(s, size, first, count, g, x, own);
    *a = size.kind == Rows::direct ? x + size_t(first) * size.aRow : own;
    return count;
  }
  const int image = size.strips > 1 ? round / size.strips : round * size.images;
  const int images = s.images - image < size.images ? s.images - image : size.images;
  const int top = size.strips > 1 ? round % size.strips * size.lines : 0;
  const int lines = s.outH - top < size.lines ? s.outH - top : size.lines;
  copyLines(s, size, image, images, top, x, own);
  *a = own;
  const int count = ((images - 1) * size.planeLines + lines - 1) * size.lineRows + s.outW;
  std::fill_n(pixels, count, -1);
  for (int i = 0; i < images; i++)
    for (int l = 0; l < lines; l++)
      for (int column = 0; column < s.outW; column++)
        pixels[(i * size.planeLines + l) * size.lineRows + column] = ((image + i) * s.outH + top + l) * s.outW + column;
  return count;
}

inline void integerProduct(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& target,
                           void* scratch) {
  const IntegerSizes size(s, omp_get_max_threads());
  const int8_t* w = static_cast<const int8_t*>(weights);
  size_t offsets[kMostRuns] = {};
  const bool hasRuns = size.kind == Rows::lines;
  for (int ky = 0; hasRuns && ky < size.runs; ky++)
    offsets[ky] = ky % s.strideH * size.planeBytes + ky / s.strideH * size.lineBytes;
  const size_t aBytes = (size.aBytes + 63) / 64 * 64, cBytes = size_t(kChunkRows) * size.columns * sizeof(int32_t);
  const int items = size.rounds * s.groups * size.parts;
#pragma omp parallel
  {
    char* own = static_cast<char*>(scratch) + omp_get_thread_num() * size.threadBytes();
    int32_t* c = reinterpret_cast<int32_t*>(own + aBytes);
    int32_t* pixels = reinterpret_cast<int32_t*>(own + aBytes + cBytes);
#pragma omp for schedule(static)
    for (int item = 0; item < items; item++) {
      const int part = item % size.parts, g = item / size.parts % s.groups, round = item / size.parts / s.groups;
      ByteRows rows{nullptr, size.aRow, hasRuns ? size.runs : 1, (hasRuns ? size.runDepth : size.depth) / kQuadStep, offsets};
      const int count = prepareRows(s, size, round, g, x, reinterpret_cast<uint8_t*>(own), pixels, &rows.a);
      const ByteSetup setup(count < kTileRows ? count : kTileRows, kTilePairs);
      for (int p = size.panels * part / size.parts; p < size.panels * (part + 1) / size.parts; p++) {
        const int8_t* panel = w + (size_t(g) * size.panels + p) * size.panelBytes();
        for (int first = 0; first < count; first += kChunkRows) {
          // Too few at the end take some of those before once more.
          int from = first, chunk = count - first < kChunkRows ? count - first : kChunkRows;
          if (chunk < kLeastRows && count >= kLeastRows) from = count - kLeastRows, chunk = kLeastRows;
          panelOfBytes(size.vectors, rows, from, chunk, panel, c);
          scatterSums(s, size, pixels + from, chunk, g, p, c, target);
        }
      }
    }
  }
}

inline void integerConv(const IntegerConvShape& s, const uint8_t* x, const void* weights, const IntegerTarget& target,
                        void* scratch) {
  if (isDepthwise(s)) integerDepthwise(s, x, weights, target);
  else integerProduct(s, x, weights, target, scratch);
}

}  // namespace refold::REFOLD_ISA
