/** Between plain and blocked layouts, at the edges of the network. */
#pragma once
#include "elementwise.h"

namespace refold::REFOLD_ISA {

inline float toFloat(float x) { return x; }
inline float toFloat(bf16 x) {
  uint32_t bits = uint32_t(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline void fromFloat(float* y, float x) { *y = x; }
inline void fromFloat(bf16* y, float x) {
  alignas(64) bf16 lanes[B];
  store(lanes, splat(x));
  *y = lanes[0];
}

template <class T>
void toType(size_t count, const float* x, T* y) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < int64_t(count / B); i++) store(y + i * B, loadAnywhere(x + i * B));
  for (size_t i = count / B * B; i < count; i++) fromFloat(y + i, x[i]);
}

template <class T>
void blockInput(const ImageShape& s, const float* plain, T* y) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const int image = plane / s.blocks, first = plane % s.blocks * B;
    const int count = s.channels - first < B ? s.channels - first : B;
    const float* from = plain + (size_t(image) * s.channels + first) * area;
    for (size_t p = 0; p < area; p++) {
      vf v = zero();
      for (int lane = 0; lane < count; lane++) v[lane] = from[lane * area + p];
      store(y + (size_t(plane) * area + p) * B, v);
    }
  }
}

template <class T>
void flatten(const ImageShape& s, const T* x, float* y) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const int image = plane / s.blocks, first = plane % s.blocks * B;
    const int count = s.channels - first < B ? s.channels - first : B;
    float* to = y + (size_t(image) * s.channels + first) * area;
    for (size_t p = 0; p < area; p++)
      for (int lane = 0; lane < count; lane++) to[lane * area + p] = toFloat(x[(size_t(plane) * area + p) * B + lane]);
  }
}

template <class T>
void unflatten(const ImageShape& s, const float* dy, T* dx, bool accumulate) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const int image = plane / s.blocks, first = plane % s.blocks * B;
    const int count = s.channels - first < B ? s.channels - first : B;
    const float* from = dy + (size_t(image) * s.channels + first) * area;
    for (size_t p = 0; p < area; p++) {
      vf v = zero();
      for (int lane = 0; lane < count; lane++) v[lane] = from[lane * area + p];
      put(dx + (size_t(plane) * area + p) * B, v, accumulate);
    }
  }
}

template <class T>
void copyChannels(const ImageShape& x, int from, const ImageShape& y, int to, int count, const T* xs, T* ys,
                  bool accumulate) {
  const size_t area = x.area();
#pragma omp parallel for schedule(static)
  for (int image = 0; image < x.images; image++) {
    for (int c = 0; c < count; c++) {
      const int a = from + c, b = to + c;
      const T* source = xs + (size_t(image) * x.blocks + a / B) * area * B + a % B;
      T* target = ys + (size_t(image) * y.blocks + b / B) * area * B + b % B;
      for (size_t p = 0; p < area * B; p += B) {
        if (accumulate) fromFloat(target + p, toFloat(target[p]) + toFloat(source[p]));
        else target[p] = source[p];
      }
    }
  }
}

template <class T>
void normalize(const ImageShape& s, const float* mean, const float* std, const T* x, T* y) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const int block = plane % s.blocks;
    const vf centre = load(mean + block * B), spread = load(std + block * B);
    for (size_t at = size_t(plane) * area * B; at < (size_t(plane) + 1) * area * B; at += B)
      store(y + at, (load(x + at) / 255.0f - centre) / spread);
  }
}

}  // namespace refold::REFOLD_ISA
