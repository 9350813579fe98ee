#include "conv-kernel.h"
#include <omp.h>
#include <algorithm>

namespace refold {

bool canTurn(const ConvShape& s) {
  return s.strideH == 1 && s.strideW == 1 && s.dilationH * (s.kernelH - 1) >= s.padH &&
         s.dilationW * (s.kernelW - 1) >= s.padW;
}

ConvShape turned(const ConvShape& s) {
  ConvShape t = s;
  std::swap(t.in, t.out);
  std::swap(t.inH, t.outH);
  std::swap(t.inW, t.outW);
  t.padH = s.dilationH * (s.kernelH - 1) - s.padH;
  t.padW = s.dilationW * (s.kernelW - 1) - s.padW;
  return t;
}

WinogradShape winogradShape(const ConvShape& s) {
  return {s.images, s.groups, s.in / s.groups, s.out / s.groups, s.inH, s.inW, s.outH, s.outW, s.padH, s.padW};
}

double convFlops(const ConvShape& s) {
  return 2.0 * s.images * s.out * s.outH * s.outW * (s.in / s.groups) * s.kernelH * s.kernelW;
}

namespace {

/** 36 products of [tiles × in] and [in × out]. */
double productFlops(const ConvShape& s) {
  const double tiles = double(s.images) * ((s.outH + 3) / 4) * ((s.outW + 3) / 4);
  return tiles * 72.0 * (s.in / s.groups) * s.out;
}

/** About 250 operations for each transform of a tile's channel, 160 for that of a kernel. */
double transformFlops(const ConvShape& s) {
  const double tiles = double(s.images) * ((s.outH + 3) / 4) * ((s.outW + 3) / 4);
  return tiles * 250.0 * (s.in + s.out) + 160.0 * (s.in / s.groups) * s.out;
}

}  // namespace

double winogradFlops(const ConvShape& s) { return productFlops(s) + transformFlops(s); }

double convBytes(const ConvShape& s) {
  const double item = s.half ? 2 : 4;
  return item * s.images * (double(s.in) * s.inH * s.inW + double(s.out) * s.outH * s.outW) +
         4.0 * s.out * (s.in / s.groups) * s.kernelH * s.kernelW;
}

bool prefersWinograd(const ConvShape& s) {
  const int block = kernels().block;
  const bool fits = s.kernelH == 3 && s.kernelW == 3 && s.strideH == 1 && s.strideW == 1 && s.dilationH == 1 &&
                    s.dilationW == 1 && s.padH <= 2 && s.padW <= 2 && !s.plainSource &&
                    (s.in / s.groups) % block == 0 && (s.out / s.groups) % block == 0;
  if (!fits) return false;
  // By time, not by measurement: the same network gets the same algorithms, and so the same bits, in every run. Direct
  // convolutions reach about 0.9 of the peak, products of few channels about 0.7, transforms wait for memory.
  const double direct = convFlops(s) / (s.half ? 2 : 1);
  const double products = productFlops(s) / (s.half && kernels().hasPairs ? 2 : 1);
  return 1.3 * products + 2 * transformFlops(s) < direct;
}

namespace {

/** w[g·og, cg, k] → [g·cg, og, reversed k]. */
void turnWeights(const ConvShape& s, const float* w, float* to) {
  // `s` is the turned shape: its `in` are the original's outputs.
  const int originalOut = s.in / s.groups, originalIn = s.out / s.groups, taps = s.kernelH * s.kernelW;
#pragma omp parallel for collapse(2) schedule(static)
  for (int g = 0; g < s.groups; g++)
    for (int c = 0; c < originalIn; c++)
      for (int o = 0; o < originalOut; o++) {
        const float* from = w + (size_t(g * originalOut + o) * originalIn + c) * taps;
        float* target = to + (size_t(g * originalIn + c) * originalOut + o) * taps;
        for (int t = 0; t < taps; t++) target[t] = from[taps - 1 - t];
      }
}

}  // namespace

ConvKernel::ConvKernel(const ConvShape& shape, ForwardOptions options, bool flip)
    : shape_(shape), options_(options), flip_(flip), isWinograd_(prefersWinograd(shape)),
      winograd_(winogradShape(shape)) {
  if (!isWinograd_) dnnl_ = dnnlForward(shape, options);
}

size_t ConvKernel::weightBytes() const {
  return isWinograd_ ? kernels().winogradWeightBytes(winograd_, shape_.half) : dnnl_->weightBytes();
}

size_t ConvKernel::scratchBytes() const {
  if (isWinograd_) return kernels().winogradForwardScratch(winograd_, omp_get_max_threads(), shape_.half);
  const size_t copy = size_t(shape_.out) * (shape_.in / shape_.groups) * shape_.kernelH * shape_.kernelW * 4;
  return std::max(aligned(copy), dnnl_->scratchBytes());
}

void ConvKernel::prepare(const float* plain, const float* scale, void* weights, char* scratch) {
  if (isWinograd_) return kernels().winogradWeights(winograd_, plain, scale, flip_, shape_.half, weights);
  float* copy = reinterpret_cast<float*>(scratch);
  if (flip_) {
    turnWeights(shape_, plain, copy);
    plain = copy;
  } else if (scale) {
    const size_t each = size_t(shape_.in / shape_.groups) * shape_.kernelH * shape_.kernelW;
#pragma omp parallel for schedule(static)
    for (int o = 0; o < shape_.out; o++)
      for (size_t i = 0; i < each; i++) copy[o * each + i] = plain[o * each + i] * scale[o];
    plain = copy;
  }
  dnnl_->prepare(plain, weights);
}

template <class T>
void ConvKernel::run(const T* x, const void* weights, const float* bias, T* y, char* scratch) {
  if (isWinograd_) {
    kernels().of<T>().winogradForward(winograd_, x, weights, bias, options_.relu, options_.accumulate, y, scratch);
  } else {
    dnnl_->run(x, weights, bias, y, scratch);
  }
}
template void ConvKernel::run(const float*, const void*, const float*, float*, char*);
template void ConvKernel::run(const bf16*, const void*, const float*, bf16*, char*);

std::string ConvKernel::algorithm() const { return isWinograd_ ? "winograd F(4x4,3x3)" : dnnl_->implementation(); }

double ConvKernel::flops() const { return isWinograd_ ? winogradFlops(shape_) : convFlops(shape_); }

}  // namespace refold
