#include <omp.h>
#include "conv-kernel.h"

namespace refold {
namespace {

const char* const kName = "winograd F(4x4,3x3)";

class WinogradConv : public ConvKernel {
 public:
  WinogradConv(const ConvShape& shape, ForwardOptions options, bool flip)
      : shape_(winogradShape(shape)), options_(options), half_(shape.half), flip_(flip),
        flops_(productFlops(shape) + transformFlops(shape)) {}
  size_t weightBytes() const override { return kernels().winogradWeightBytes(shape_, half_); }
  size_t scratchBytes() const override { return kernels().winogradForwardScratch(shape_, omp_get_max_threads(), half_); }
  void prepare(const float* plain, const float* scale, void* weights, char*) override {
    kernels().winogradWeights(shape_, plain, scale, flip_, half_, weights);
  }
  void run(const void* source, const void* weights, const float* bias, void* target, char* scratch) override {
    if (half_) runAs<bf16>(source, weights, bias, target, scratch);
    else runAs<float>(source, weights, bias, target, scratch);
  }
  bool takesAddend() const override { return true; }
  std::string algorithm() const override { return kName; }
  double flops() const override { return flops_; }

 private:
  template <class T>
  void runAs(const void* source, const void* weights, const float* bias, void* target, char* scratch) {
    kernels().of<T>().winogradForward(shape_, static_cast<const T*>(source), weights, bias, addend, options_.relu,
                                      options_.accumulate, static_cast<T*>(target), scratch);
  }
  WinogradShape shape_;
  ForwardOptions options_;
  bool half_, flip_;
  double flops_;
};

class SplitWinogradConv : public ConvKernel {
 public:
  SplitWinogradConv(const ConvShape& shape, ForwardOptions options, bool flip)
      : kernels_(kernels().tiles->winograd), shape_(winogradShape(shape)), options_(options), flip_(flip),
        flops_(productFlops(shape) + transformFlops(shape)) {}
  size_t weightBytes() const override { return kernels_.weightBytes(shape_); }
  size_t scratchBytes() const override { return kernels_.scratch(shape_, omp_get_max_threads()); }
  void prepare(const float* plain, const float* scale, void* weights, char*) override {
    kernels_.weights(shape_, plain, scale, flip_, weights);
  }
  void run(const void* source, const void* weights, const float* bias, void* target, char* scratch) override {
    kernels_.forward(shape_, static_cast<const float*>(source), weights, bias, addend, options_.relu, options_.accumulate,
                     static_cast<float*>(target), scratch);
  }
  bool takesAddend() const override { return true; }
  std::string algorithm() const override { return std::string(kName) + ", amx_bf16 in three parts"; }
  double flops() const override { return flops_; }

 private:
  const SplitWinogradKernels& kernels_;
  WinogradShape shape_;
  ForwardOptions options_;
  bool flip_;
  double flops_;
};

class WinogradGradient : public WeightGradient {
 public:
  explicit WinogradGradient(const ConvShape& shape)
      : shape_(winogradShape(shape)), half_(shape.half), flops_(productFlops(shape) + transformFlops(shape)) {}
  size_t scratchBytes() const override { return kernels().winogradBackwardScratch(shape_, omp_get_max_threads(), half_); }
  void run(const void* x, const void* dy, float* dw_OIHW, char* scratch) override {
    if (half_) runAs<bf16>(x, dy, dw_OIHW, scratch);
    else runAs<float>(x, dy, dw_OIHW, scratch);
  }
  std::string algorithm() const override { return kName; }
  double flops() const override { return flops_; }

 private:
  template <class T>
  void runAs(const void* x, const void* dy, float* dw_OIHW, char* scratch) {
    kernels().of<T>().winogradBackwardWeights(shape_, static_cast<const T*>(x), static_cast<const T*>(dy), dw_OIHW, scratch);
  }
  WinogradShape shape_;
  bool half_;
  double flops_;
};

}  // namespace

std::unique_ptr<ConvKernel> winogradConv(const ConvShape& shape, ForwardOptions options, bool flip) {
  return std::make_unique<WinogradConv>(shape, options, flip);
}
std::unique_ptr<ConvKernel> splitWinogradConv(const ConvShape& shape, ForwardOptions options, bool flip) {
  return std::make_unique<SplitWinogradConv>(shape, options, flip);
}
std::unique_ptr<WeightGradient> winogradWeightGradient(const ConvShape& shape) {
  return std::make_unique<WinogradGradient>(shape);
}

}  // namespace refold
