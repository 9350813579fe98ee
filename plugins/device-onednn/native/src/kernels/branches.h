/**
 * y = activation(Σ normᵢ(xᵢ)), the heart of a re-parameterisable block, forward and backward. No branch's normalised
 * value is ever stored: backward computes the sum anew from the branches, exactly as forward did.
 *
 * Work is shared out by planes: one image's block of channels, `area` vectors. Sums are taken plane by plane, float32
 * in short runs and float64 above, and merged in the order of the images, so that they depend on no thread count.
 */
#pragma once
#include "activation.h"

namespace refold::REFOLD_ISA {

/** Vectors that are summed in float32 before the sum is carried to float64. */
constexpr int kRun = 256;

inline void carry(double* sums, vf v) {
  for (int lane = 0; lane < B; lane++) sums[lane] += v[lane];
}

/** partial: [images][blocks][2][B] */
template <class T>
void moments(const ImageShape& s, const T* x, double* mean, double* variance, double* partial) {
  const int planes = s.images * s.blocks;
  const int area = int(s.area());
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < planes; plane++) {
    const T* data = x + size_t(plane) * area * B;
    // The pivot, the channel's first value, keeps the sum of squares from cancelling where |mean| ≫ deviation.
    const vf pivot = load(x + size_t(plane % s.blocks) * area * B);
    double* sums = partial + size_t(plane) * 2 * B;
    for (int lane = 0; lane < 2 * B; lane++) sums[lane] = 0;
    for (int from = 0; from < area; from += kRun) {
      const int to = from + kRun < area ? from + kRun : area;
      vf sum0 = zero(), sum1 = zero(), square0 = zero(), square1 = zero();
      int p = from;
      for (; p + 1 < to; p += 2) {
        const vf a = load(data + size_t(p) * B) - pivot, b = load(data + size_t(p + 1) * B) - pivot;
        sum0 += a;
        sum1 += b;
        square0 += a * a;
        square1 += b * b;
      }
      for (; p < to; p++) {
        const vf a = load(data + size_t(p) * B) - pivot;
        sum0 += a;
        square0 += a * a;
      }
      carry(sums, sum0 + sum1);
      carry(sums + B, square0 + square1);
    }
  }
  const double count = double(s.images) * area;
  for (int block = 0; block < s.blocks; block++) {
    const vf pivot = load(x + size_t(block) * area * B);
    for (int lane = 0; lane < B; lane++) {
      double sum = 0, square = 0;
      for (int image = 0; image < s.images; image++) {
        const double* sums = partial + (size_t(image) * s.blocks + block) * 2 * B;
        sum += sums[lane];
        square += sums[B + lane];
      }
      const double shifted = sum / count;
      mean[block * B + lane] = pivot[lane] + shifted;
      const double v = square / count - shifted * shifted;
      variance[block * B + lane] = v > 0 ? v : 0;
    }
  }
}

/** The sum before the activation; COUNT 0: as many as `count` says. */
template <class T, int COUNT>
inline vf sumOfBranches(int count, const T* const* planes, const vf* scales, vf shift, size_t at) {
  vf sum = shift;
  const int n = COUNT ? COUNT : count;
  for (int i = 0; i < n; i++) sum += scales[i] * load(planes[i] + at);
  return sum;
}

template <class T, int COUNT>
struct PlaneBranches {
  const T* planes[kMostBranches];
  vf scales[kMostBranches];
  vf shift;
  PlaneBranches(int count, const T* const* inputs, const float* const* allScales, const float* allShifts, int block,
                size_t offset) {
    shift = allShifts ? load(allShifts + block * B) : zero();
    for (int i = 0; i < count; i++) {
      planes[i] = inputs[i] + offset;
      scales[i] = allScales[i] ? load(allScales[i] + block * B) : splat(1);
    }
  }
};

template <class T, int COUNT>
void forwardOf(const ImageShape& s, int count, const T* const* inputs, const float* const* scales, const float* shift,
               Activation activation, T* y) {
  const int planes = s.images * s.blocks;
  const size_t area = s.area();
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < planes; plane++) {
    const size_t offset = size_t(plane) * area * B;
    const PlaneBranches<T, COUNT> b(count, inputs, scales, shift, plane % s.blocks, offset);
    for (size_t at = 0; at < area * B; at += B) {
      const vf sum = sumOfBranches<T, COUNT>(count, b.planes, b.scales, b.shift, at);
      store(y + offset + at, activate(activation, sum));
    }
  }
}

/** sums: [1 + count][channels]; partial: [images][blocks][1 + count][B] */
template <class T, int COUNT>
void reduceOf(const ImageShape& s, int count, const T* const* inputs, const float* const* scales,
              const float* const* means, const float* shift, Activation activation, const T* dy, double* sums,
              double* partial) {
  const int planes = s.images * s.blocks;
  const int area = int(s.area());
  const int n = COUNT ? COUNT : count;
  const int rows = 1 + n;
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < planes; plane++) {
    const size_t offset = size_t(plane) * area * B;
    const int block = plane % s.blocks;
    const PlaneBranches<T, COUNT> b(count, inputs, scales, shift, block, offset);
    vf centre[kMostBranches];
    for (int i = 0; i < n; i++) centre[i] = means[i] ? load(means[i] + block * B) : zero();
    double* mine = partial + size_t(plane) * rows * B;
    for (int lane = 0; lane < rows * B; lane++) mine[lane] = 0;
    for (int from = 0; from < area; from += kRun) {
      const int to = from + kRun < area ? from + kRun : area;
      vf total = zero();
      vf dots[COUNT ? COUNT : kMostBranches];
      for (int i = 0; i < n; i++) dots[i] = zero();
      for (int p = from; p < to; p++) {
        const size_t at = size_t(p) * B;
        const vf sum = sumOfBranches<T, COUNT>(count, b.planes, b.scales, b.shift, at);
        const vf dp = activateBackward(activation, sum, load(dy + offset + at));
        total += dp;
        for (int i = 0; i < n; i++) dots[i] += dp * (load(b.planes[i] + at) - centre[i]);
      }
      carry(mine, total);
      for (int i = 0; i < n; i++) carry(mine + (1 + i) * B, dots[i]);
    }
  }
  for (int row = 0; row < rows; row++) {
    for (int channel = 0; channel < s.blocks * B; channel++) {
      double sum = 0;
      for (int image = 0; image < s.images; image++) {
        sum += partial[((size_t(image) * s.blocks + channel / B) * rows + row) * B + channel % B];
      }
      sums[size_t(row) * s.blocks * B + channel] = sum;
    }
  }
}

template <class T, int COUNT>
void backwardOf(const ImageShape& s, int count, const T* const* inputs, const float* const* scales, const float* shift,
                Activation activation, const T* dy, const float* const* as, const float* const* bs,
                const float* const* cs, const BranchGradient<T>* gradients) {
  const int planes = s.images * s.blocks;
  const size_t area = s.area();
  const int n = COUNT ? COUNT : count;
#pragma omp parallel for schedule(static)
  for (int plane = 0; plane < planes; plane++) {
    const size_t offset = size_t(plane) * area * B;
    const int block = plane % s.blocks;
    const PlaneBranches<T, COUNT> branches(count, inputs, scales, shift, block, offset);
    vf a[kMostBranches], b[kMostBranches], c[kMostBranches];
    for (int i = 0; i < n; i++) {
      a[i] = as[i] ? load(as[i] + block * B) : splat(1);
      b[i] = bs[i] ? load(bs[i] + block * B) : zero();
      c[i] = cs[i] ? load(cs[i] + block * B) : zero();
    }
    for (size_t at = 0; at < area * B; at += B) {
      const vf sum = sumOfBranches<T, COUNT>(count, branches.planes, branches.scales, branches.shift, at);
      const vf dp = activateBackward(activation, sum, load(dy + offset + at));
      // Every input is read before any gradient is written: a gradient may take its input's place.
      vf dx[COUNT ? COUNT : kMostBranches];
      for (int i = 0; i < n; i++) dx[i] = a[i] * dp + b[i] * load(branches.planes[i] + at) + c[i];
      for (int i = 0; i < n; i++) {
        T* out = gradients[i].output;
        if (!out) continue;
        out += offset + at;
        store(out, gradients[i].accumulate ? load(out) + dx[i] : dx[i]);
      }
    }
  }
}

/** Calls F<COUNT> with the count as a constant, for the counts that occur. */
#define REFOLD_BY_COUNT(function, ...)                      \
  switch (count) {                                          \
    case 1: return function<T, 1>(__VA_ARGS__);             \
    case 2: return function<T, 2>(__VA_ARGS__);             \
    case 3: return function<T, 3>(__VA_ARGS__);             \
    case 4: return function<T, 4>(__VA_ARGS__);             \
    case 5: return function<T, 5>(__VA_ARGS__);             \
    case 6: return function<T, 6>(__VA_ARGS__);             \
    default: return function<T, 0>(__VA_ARGS__);            \
  }

template <class T>
void branchesForward(const ImageShape& s, int count, const T* const* inputs, const float* const* scales,
                     const float* shift, Activation activation, T* y) {
  REFOLD_BY_COUNT(forwardOf, s, count, inputs, scales, shift, activation, y)
}

template <class T>
void branchesReduce(const ImageShape& s, int count, const T* const* inputs, const float* const* scales,
                    const float* const* means, const float* shift, Activation activation, const T* dy, double* sums,
                    double* partial) {
  REFOLD_BY_COUNT(reduceOf, s, count, inputs, scales, means, shift, activation, dy, sums, partial)
}

template <class T>
void branchesBackward(const ImageShape& s, int count, const T* const* inputs, const float* const* scales,
                      const float* shift, Activation activation, const T* dy, const float* const* a,
                      const float* const* b, const float* const* c, const BranchGradient<T>* gradients) {
  REFOLD_BY_COUNT(backwardOf, s, count, inputs, scales, shift, activation, dy, a, b, c, gradients)
}

inline void activateVector(size_t count, int inputs, const float* const* xs, Activation activation, float* y) {
  const int64_t vectors = int64_t((count + B - 1) / B);
#pragma omp parallel for schedule(static)
  for (int64_t v = 0; v < vectors; v++) {
    vf sum = zero();
    for (int i = 0; i < inputs; i++) sum += load(xs[i] + v * B);
    store(y + v * B, activate(activation, sum));
  }
}

inline void activateVectorBackward(size_t count, int inputs, const float* const* xs, Activation activation,
                                   const float* dy, float* dx, bool accumulate) {
  const int64_t vectors = int64_t((count + B - 1) / B);
#pragma omp parallel for schedule(static)
  for (int64_t v = 0; v < vectors; v++) {
    vf sum = zero();
    for (int i = 0; i < inputs; i++) sum += load(xs[i] + v * B);
    const vf d = activateBackward(activation, sum, load(dy + v * B));
    store(dx + v * B, accumulate ? load(dx + v * B) + d : d);
  }
}

}  // namespace refold::REFOLD_ISA
