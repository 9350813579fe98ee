/** Products, sums and drop-out over blocked images. */
#pragma once
#include "kernel-table.h"
#include "uniform.h"
#include "vec.h"

namespace refold::REFOLD_ISA {

template <class T>
inline void put(T* y, vf value, bool accumulate) {
  store(y, accumulate ? load(y) + value : value);
}

template <class T>
void add(size_t vectors, const T* x, T* y, bool accumulate) {
#pragma omp parallel for schedule(static)
  for (int64_t v = 0; v < int64_t(vectors); v++) put(y + v * B, load(x + v * B), accumulate);
}

/** Pixel (y, x) to (y · strideH, x · strideW) of a larger image, whose other pixels become zero or stay. */
template <class T>
void spread(const ImageShape& s, int strideH, int strideW, int height, int width, const T* from, T* to, bool accumulate) {
  const size_t area = s.area(), targetArea = size_t(height) * width;
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const T* source = from + size_t(plane) * area * B;
    T* target = to + size_t(plane) * targetArea * B;
    if (!accumulate) std::memset(target, 0, targetArea * B * sizeof(T));
    for (int y = 0; y < s.height; y++)
      for (int x = 0; x < s.width; x++)
        put(target + (size_t(y) * strideH * width + size_t(x) * strideW) * B, load(source + (size_t(y) * s.width + x) * B), accumulate);
  }
}

template <class T>
void channelScale(const ImageShape& s, const T* x, const float* scale, T* y, bool accumulate) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const vf factor = load(scale + (plane % s.blocks) * B);
    const size_t offset = size_t(plane) * area * B;
    for (size_t at = offset; at < offset + area * B; at += B) put(y + at, factor * load(x + at), accumulate);
  }
}

/** partial: [images][blocks][B] */
template <class T>
void channelDot(const ImageShape& s, const T* x, const T* dy, double* sums, double* partial) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const size_t offset = size_t(plane) * area * B;
    double* mine = partial + size_t(plane) * B;
    for (int lane = 0; lane < B; lane++) mine[lane] = 0;
    for (size_t at = offset; at < offset + area * B; at += B) {
      const vf product = x ? load(x + at) * load(dy + at) : load(dy + at);
      for (int lane = 0; lane < B; lane++) mine[lane] += product[lane];
    }
  }
  for (int channel = 0; channel < s.blocks * B; channel++) {
    sums[channel] = 0;
    for (int image = 0; image < s.images; image++) sums[channel] += partial[size_t(image) * s.blocks * B + channel];
  }
}

template <class T>
void multiply(const ImageShape& s, bool perChannel, const T* a, const T* b, T* y, bool accumulate) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const size_t offset = size_t(plane) * area * B;
    const vf gate = perChannel ? load(b + size_t(plane) * B) : zero();
    for (size_t at = offset; at < offset + area * B; at += B)
      put(y + at, load(a + at) * (perChannel ? gate : load(b + at)), accumulate);
  }
}

template <class T>
void multiplyReduce(const ImageShape& s, const T* a, const T* dy, T* db, bool accumulate) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const size_t offset = size_t(plane) * area * B;
    vf sum = zero();
    for (size_t at = offset; at < offset + area * B; at += B) sum += load(a + at) * load(dy + at);
    put(db + size_t(plane) * B, sum, accumulate);
  }
}

template <class T>
void drop(const ImageShape& s, bool perElement, double rate, uint64_t key, const T* x, T* y, bool accumulate) {
  const size_t area = s.area();
  const float kept = float(1 / (1 - rate));
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const int image = plane / s.blocks;
    const size_t offset = size_t(plane) * area * B;
    const vf whole = splat(uniform(key, image) < rate ? 0 : kept);
    for (size_t p = 0; p < area; p++) {
      vf factor = whole;
      const size_t at = offset + p * B;
      if (perElement)
        for (int lane = 0; lane < B; lane++) factor[lane] = uniform(key, at + lane) < rate ? 0 : kept;
      put(y + at, factor * load(x + at), accumulate);
    }
  }
}

}  // namespace refold::REFOLD_ISA
