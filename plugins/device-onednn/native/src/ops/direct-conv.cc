#include <algorithm>
#include "../engine/memory.h"
#include "conv-kernel.h"

namespace refold {
namespace {

/** w[g·og, cg, k] → [g·cg, og, reversed k]; `s` is the turned shape: its `in` are the original's outputs. */
void turnWeights(const ConvShape& s, const float* w, float* to) {
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

size_t plainBytes(const ConvShape& s) {
  return sizeof(float) * s.out * (s.in / s.groups) * s.kernelH * s.kernelW;
}

/** By oneDNN. */
class DirectConv : public ConvKernel {
 public:
  DirectConv(const ConvShape& shape, ForwardOptions options, bool flip)
      : shape_(shape), flip_(flip), dnnl_(dnnlForward(shape, options)) {}
  size_t weightBytes() const override { return dnnl_->weightBytes(); }
  size_t scratchBytes() const override { return std::max(aligned(plainBytes(shape_)), dnnl_->scratchBytes()); }
  void prepare(const float* plain, const float* scale, void* weights, char* scratch) override {
    float* copy = reinterpret_cast<float*>(scratch);
    if (flip_) turnWeights(shape_, plain, copy);
    else if (scale) scaleWeights(plain, scale, copy);
    dnnl_->prepare(flip_ || scale ? copy : plain, weights);
  }
  void run(const void* source, const void* weights, const float* bias, void* target, char* scratch) override {
    dnnl_->run(source, weights, bias, target, scratch);
  }
  std::string algorithm() const override { return dnnl_->implementation(); }
  double flops() const override { return convFlops(shape_); }

 private:
  void scaleWeights(const float* plain, const float* scale, float* copy) const {
    const size_t each = plainBytes(shape_) / sizeof(float) / shape_.out;
#pragma omp parallel for schedule(static)
    for (int o = 0; o < shape_.out; o++)
      for (size_t i = 0; i < each; i++) copy[o * each + i] = plain[o * each + i] * scale[o];
  }
  ConvShape shape_;
  bool flip_;
  std::unique_ptr<DnnlConv> dnnl_;
};

/** Of any stride. oneDNN cannot add here: where it should, the gradient is computed aside and added. */
class DirectDataGradient : public ConvKernel {
 public:
  DirectDataGradient(const ConvShape& shape, bool accumulate)
      : shape_(shape), accumulate_(accumulate), dnnl_(dnnlBackwardData(shape)) {
    const int block = kernels().block;
    values_ = size_t(shape.images) * ((shape.in + block - 1) / block * block) * shape.inH * shape.inW;
  }
  size_t weightBytes() const override { return dnnl_->weightBytes(); }
  size_t scratchBytes() const override { return asideBytes() + dnnl_->scratchBytes(); }
  void prepare(const float* plain, const float*, void* weights, char*) override { dnnl_->prepare(plain, weights); }
  void run(const void* dy, const void* weights, const float*, void* dx, char* scratch) override {
    void* target = accumulate_ ? scratch : dx;
    dnnl_->run(dy, weights, nullptr, target, scratch + asideBytes());
    if (!accumulate_) return;
    if (shape_.half) add<bf16>(target, dx);
    else add<float>(target, dx);
  }
  std::string algorithm() const override { return dnnl_->implementation(); }
  double flops() const override { return convFlops(shape_); }

 private:
  size_t asideBytes() const { return accumulate_ ? aligned(values_ * (shape_.half ? sizeof(bf16) : sizeof(float))) : 0; }
  template <class T>
  void add(const void* from, void* to) const {
    kernels().of<T>().add(values_ / kernels().block, static_cast<const T*>(from), static_cast<T*>(to), true);
  }
  ConvShape shape_;
  bool accumulate_;
  size_t values_;
  std::unique_ptr<DnnlConv> dnnl_;
};

class DirectGradient : public WeightGradient {
 public:
  explicit DirectGradient(const ConvShape& shape) : shape_(shape), dnnl_(dnnlBackwardWeights(shape)) {}
  size_t scratchBytes() const override { return aligned(dnnl_->weightBytes()) + dnnl_->scratchBytes(); }
  void run(const void* x, const void* dy, float* dw_OIHW, char* scratch) override {
    dnnl_->gradient(x, dy, scratch, dw_OIHW, scratch + aligned(dnnl_->weightBytes()));
  }
  std::string algorithm() const override { return dnnl_->implementation(); }
  double flops() const override { return convFlops(shape_); }

 private:
  ConvShape shape_;
  std::unique_ptr<DnnlConv> dnnl_;
};

}  // namespace

std::unique_ptr<ConvKernel> directConv(const ConvShape& shape, ForwardOptions options, bool flip) {
  return std::make_unique<DirectConv>(shape, options, flip);
}
std::unique_ptr<ConvKernel> directDataGradient(const ConvShape& shape, bool accumulate) {
  return std::make_unique<DirectDataGradient>(shape, accumulate);
}
std::unique_ptr<WeightGradient> directWeightGradient(const ConvShape& shape) {
  return std::make_unique<DirectGradient>(shape);
}

}  // namespace refold
