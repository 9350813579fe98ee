#include "../engine/memory.h"
#include "conv-kernel.h"

namespace refold {
namespace {

/**
 * The gradient of data of a 1×1 convolution with strides: it reaches one pixel of so many, so it is computed as if these lay
 * side by side, and then spread.
 */
class StridedGradient : public ConvKernel {
 public:
  StridedGradient(const ConvShape& shape, bool accumulate)
      : shape_(shape), accumulate_(accumulate), inner_(dataGradient(sideBySide(shape), false)) {
    const int block = kernels().block;
    image_ = {shape.images, shape.in, (shape.in + block - 1) / block, shape.outH, shape.outW};
    asideBytes_ = aligned(size_t(image_.images) * image_.blocks * block * image_.area() * (shape.half ? sizeof(bf16) : sizeof(float)));
  }
  size_t weightBytes() const override { return inner_->weightBytes(); }
  size_t scratchBytes() const override { return asideBytes_ + inner_->scratchBytes(); }
  void prepare(const float* plain, const float* scale, void* weights, char* scratch) override {
    inner_->prepare(plain, scale, weights, scratch);
  }
  void run(const void* dy, const void* weights, const float*, void* dx, char* scratch) override {
    inner_->run(dy, weights, nullptr, scratch, scratch + asideBytes_);
    if (shape_.half) spread<bf16>(scratch, dx);
    else spread<float>(scratch, dx);
  }
  std::string algorithm() const override { return inner_->algorithm(); }
  double flops() const override { return inner_->flops(); }

 private:
  static ConvShape sideBySide(ConvShape s) {
    s.inH = s.outH;
    s.inW = s.outW;
    s.strideH = s.strideW = 1;
    return s;
  }
  template <class T>
  void spread(const void* from, void* to) const {
    kernels().of<T>().spread(image_, shape_.strideH, shape_.strideW, shape_.inH, shape_.inW, static_cast<const T*>(from),
                             static_cast<T*>(to), accumulate_);
  }
  ConvShape shape_;
  bool accumulate_;
  std::unique_ptr<ConvKernel> inner_;
  ImageShape image_;
  size_t asideBytes_;
};

}  // namespace

std::unique_ptr<ConvKernel> stridedGradient(const ConvShape& shape, bool accumulate) {
  return std::make_unique<StridedGradient>(shape, accumulate);
}

}  // namespace refold
