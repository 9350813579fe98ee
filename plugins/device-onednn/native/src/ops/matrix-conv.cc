#include <omp.h>
#include <algorithm>
#include <vector>
#include "../engine/memory.h"
#include "conv-kernel.h"

namespace refold {
namespace {

const MatrixKernels& kernelsFor(bool half) { return half ? kernels().tiles->b16 : kernels().tiles->f32; }
const char* nameFor(bool half) { return half ? "matrix product, amx_bf16" : "matrix product, amx_bf16 in three parts"; }

/** A product with its taps. */
struct Part {
  MatrixConvShape shape;
  std::vector<Tap> taps;
  size_t weightOffset = 0;
  const MatrixConvShape& withTaps() {
    shape.taps = taps.data();
    shape.tapCount = int(taps.size());
    return shape;
  }
};

Part forwardPart(const ConvShape& s) {
  Part part;
  part.shape = {s.images, s.groups, s.in / s.groups, s.out / s.groups, s.inH, s.inW, s.outH, s.outW,
                s.outH, s.outW, s.strideH, s.strideW, 0, 0, 1, 1, s.kernelH * s.kernelW, 0, nullptr};
  for (int ky = 0; ky < s.kernelH; ky++)
    for (int kx = 0; kx < s.kernelW; kx++)
      part.taps.push_back({ky * s.dilationH - s.padH, kx * s.dilationW - s.padW, ky * s.kernelW + kx});
  return part;
}

/** Along one axis: the taps that reach the pixels `origin + i · stride` of x, and where they find dy. */
struct Reach {
  int tap, offset;
};
std::vector<Reach> reaching(int origin, int stride, int kernel, int dilation, int pad) {
  std::vector<Reach> all;
  for (int k = 0; k < kernel; k++) {
    const int distance = origin + pad - k * dilation;
    // dy's pixel is (origin + i · stride + pad − k · dilation) / stride, where that has no rest.
    if (distance % stride == 0) all.push_back({k, distance / stride});
  }
  return all;
}

/** One product for each class of x's pixels: those that lie at the same place between two strides. */
std::vector<Part> gradientParts(const ConvShape& s) {
  std::vector<Part> parts;
  for (int y = 0; y < std::min(s.strideH, s.inH); y++)
    for (int x = 0; x < std::min(s.strideW, s.inW); x++) {
      Part part;
      part.shape = {s.images, s.groups, s.out / s.groups, s.in / s.groups, s.outH, s.outW, s.inH, s.inW,
                    (s.inH - y - 1) / s.strideH + 1, (s.inW - x - 1) / s.strideW + 1, 1, 1, y, x, s.strideH, s.strideW,
                    s.kernelH * s.kernelW, 0, nullptr};
      for (const Reach& down : reaching(y, s.strideH, s.kernelH, s.dilationH, s.padH))
        for (const Reach& across : reaching(x, s.strideW, s.kernelW, s.dilationW, s.padW))
          part.taps.push_back({down.offset, across.offset, down.tap * s.kernelW + across.tap});
      parts.push_back(std::move(part));
    }
  return parts;
}

class MatrixConv : public ConvKernel {
 public:
  MatrixConv(const ConvShape& shape, std::vector<Part> parts, ForwardOptions options, bool turned)
      : kernels_(kernelsFor(shape.half)), name_(nameFor(shape.half)), parts_(std::move(parts)), options_(options),
        turned_(turned), flops_(convFlops(shape)) {
    for (Part& part : parts_) {
      part.withTaps();
      part.weightOffset = weightBytes_;
      weightBytes_ += aligned(kernels_.weightBytes(part.shape));
      const int threads = omp_get_max_threads();
      scratchBytes_ = std::max({scratchBytes_, kernels_.forwardScratch(part.shape, threads), threads * kernels_.weightsScratch(part.shape)});
    }
  }
  size_t weightBytes() const override { return weightBytes_; }
  size_t scratchBytes() const override { return scratchBytes_; }
  void prepare(const float* plain, const float* scale, void* weights, char* scratch) override {
    std::vector<MatrixPart> all;
    for (const Part& part : parts_) all.push_back({&part.shape, static_cast<char*>(weights) + part.weightOffset});
    kernels_.weights(all.data(), int(all.size()), plain, scale, turned_, scratch);
  }
  void run(const void* source, const void* weights, const float* bias, void* target, char* scratch) override {
    for (const Part& part : parts_) {
      if (part.taps.empty() && options_.accumulate) continue;
      kernels_.forward(part.shape, source, static_cast<const char*>(weights) + part.weightOffset, bias, options_.relu,
                       options_.accumulate, target, scratch);
    }
  }
  std::string algorithm() const override { return name_; }
  double flops() const override { return flops_; }

 private:
  const MatrixKernels& kernels_;
  const char* name_;
  std::vector<Part> parts_;
  ForwardOptions options_;
  bool turned_;
  double flops_;
  size_t weightBytes_ = 0, scratchBytes_ = 0;
};

class MatrixGradient : public WeightGradient {
 public:
  explicit MatrixGradient(const ConvShape& shape)
      : kernels_(kernelsFor(shape.half)), name_(nameFor(shape.half)), part_(forwardPart(shape)), flops_(convFlops(shape)) {
    part_.withTaps();
  }
  size_t scratchBytes() const override { return kernels_.backwardScratch(part_.shape, omp_get_max_threads()); }
  void run(const void* x, const void* dy, float* dw_OIHW, char* scratch) override {
    kernels_.backwardWeights(part_.shape, x, dy, dw_OIHW, scratch);
  }
  std::string algorithm() const override { return name_; }
  double flops() const override { return flops_; }

 private:
  const MatrixKernels& kernels_;
  const char* name_;
  Part part_;
  double flops_;
};

}  // namespace

std::unique_ptr<ConvKernel> matrixForward(const ConvShape& shape, ForwardOptions options) {
  std::vector<Part> parts;
  parts.push_back(forwardPart(shape));
  return std::make_unique<MatrixConv>(shape, std::move(parts), options, false);
}
std::unique_ptr<ConvKernel> matrixDataGradient(const ConvShape& shape, bool accumulate) {
  return std::make_unique<MatrixConv>(shape, gradientParts(shape), ForwardOptions{false, false, accumulate}, true);
}
std::unique_ptr<WeightGradient> matrixWeightGradient(const ConvShape& shape) {
  return std::make_unique<MatrixGradient>(shape);
}

}  // namespace refold
