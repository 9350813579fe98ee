/** Poolings over blocked images; padding as in PyTorch. */
#pragma once
#include <algorithm>
#include <limits>
#include "elementwise.h"

namespace refold::REFOLD_ISA {

/** Part of a window that lies inside the image. */
struct Window {
  int top, bottom, left, right;
  Window(const PoolShape& s, int oy, int ox)
      : top(std::max(0, oy * s.strideH - s.padH)),
        bottom(std::min(s.in.height, oy * s.strideH - s.padH + s.kernelH)),
        left(std::max(0, ox * s.strideW - s.padW)),
        right(std::min(s.in.width, ox * s.strideW - s.padW + s.kernelW)) {}
  int count() const { return (bottom - top) * (right - left); }
};

/** body(window, offset of the input plane, offset of the output vector) for every output, planes in parallel. */
template <class Body>
void eachWindow(const PoolShape& s, Body body) {
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.out.images * s.out.blocks; plane++) {
    const size_t in = size_t(plane) * s.in.area() * B;
    const size_t out = size_t(plane) * s.out.area() * B;
    for (int oy = 0; oy < s.out.height; oy++)
      for (int ox = 0; ox < s.out.width; ox++)
        body(Window(s, oy, ox), in, out + (size_t(oy) * s.out.width + ox) * B);
  }
}

template <class T>
void clearUnless(bool accumulate, const ImageShape& s, T* x) {
  if (!accumulate) std::memset(x, 0, size_t(s.images) * s.blocks * s.area() * B * sizeof(T));
}

template <class T>
void maxPool(const PoolShape& s, const T* x, T* y) {
  eachWindow(s, [&](Window w, size_t in, size_t out) {
    vf best = splat(-std::numeric_limits<float>::infinity());
    for (int iy = w.top; iy < w.bottom; iy++)
      for (int ix = w.left; ix < w.right; ix++) best = max(best, load(x + in + (size_t(iy) * s.in.width + ix) * B));
    store(y + out, best);
  });
}

/** The gradient goes to the first of equals, as in PyTorch. */
template <class T>
void maxPoolBackward(const PoolShape& s, const T* x, const T* dy, T* dx, bool accumulate) {
  clearUnless(accumulate, s.in, dx);
  eachWindow(s, [&](Window w, size_t in, size_t out) {
    vf best = splat(-std::numeric_limits<float>::infinity());
    vi where = vi{} - 1;
    for (int iy = w.top; iy < w.bottom; iy++)
      for (int ix = w.left; ix < w.right; ix++) {
        const int at = iy * s.in.width + ix;
        const vf value = load(x + in + size_t(at) * B);
        const vi better = value > best;
        where = (better & (vi{} + at)) | (~better & where);
        best = max(best, value);
      }
    const vf d = load(dy + out);
    for (int iy = w.top; iy < w.bottom; iy++)
      for (int ix = w.left; ix < w.right; ix++) {
        const int at = iy * s.in.width + ix;
        const vi here = where == (vi{} + at);
        put(dx + in + size_t(at) * B, (vf)((vi)d & here), true);
      }
  });
}

template <class T>
inline float divisor(const PoolShape& s, const Window& w) {
  return s.countIncludePad ? float(s.kernelH * s.kernelW) : float(std::max(1, w.count()));
}

template <class T>
void avgPool(const PoolShape& s, const T* x, T* y) {
  eachWindow(s, [&](Window w, size_t in, size_t out) {
    vf sum = zero();
    for (int iy = w.top; iy < w.bottom; iy++)
      for (int ix = w.left; ix < w.right; ix++) sum += load(x + in + (size_t(iy) * s.in.width + ix) * B);
    store(y + out, sum / divisor<T>(s, w));
  });
}

template <class T>
void avgPoolBackward(const PoolShape& s, const T* dy, T* dx, bool accumulate) {
  clearUnless(accumulate, s.in, dx);
  eachWindow(s, [&](Window w, size_t in, size_t out) {
    const vf d = load(dy + out) / divisor<T>(s, w);
    for (int iy = w.top; iy < w.bottom; iy++)
      for (int ix = w.left; ix < w.right; ix++) put(dx + in + (size_t(iy) * s.in.width + ix) * B, d, true);
  });
}

template <class T>
void globalPool(const ImageShape& s, const T* x, T* y) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    vf sum = zero();
    for (size_t p = 0; p < area; p++) sum += load(x + (size_t(plane) * area + p) * B);
    store(y + size_t(plane) * B, sum / float(area));
  }
}

template <class T>
void globalPoolBackward(const ImageShape& s, const T* dy, T* dx, bool accumulate) {
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < s.images * s.blocks; plane++) {
    const vf d = load(dy + size_t(plane) * B) / float(area);
    for (size_t p = 0; p < area; p++) put(dx + (size_t(plane) * area + p) * B, d, accumulate);
  }
}

}  // namespace refold::REFOLD_ISA
