/** Convolutions and linear layers of stored values, with the relu behind them. */
#include <omp.h>
#include <algorithm>
#include <cmath>
#include "../engine/memory.h"
#include "make-op.h"

namespace refold {
namespace {

/** A linear layer is a convolution of images of one pixel. */
IntegerConvShape shapeOf(const Step& s, const Value& in, const Value& out) {
  return {in.image.images, s.groups, in.shape.channels / s.groups, out.shape.channels / s.groups, in.image.height,
          in.image.width, out.shape.isVector() ? 1 : out.shape.height, out.shape.isVector() ? 1 : out.shape.width,
          s.kernel[0], s.kernel[1], s.stride[0], s.stride[1], s.padding[0], s.padding[1], s.dilation[0], s.dilation[1],
          uint8_t(in.storage.zero)};
}

double whole(double value, double low, double high) { return std::min(high, std::max(low, std::nearbyint(value))); }

/**
 * y = relu(Σ (x − zero) · w + bias) · factor. Weights and bias are rounded when the first batch comes, as
 * `storedWeight` and `storedBias` of @refold/graph say.
 */
class IntegerLayerOp : public Op {
 public:
  IntegerLayerOp(const OpMaker& make)
      : Op(make.step), shape_(shapeOf(make.step, *make.inputs[0], *make.output)), step_(make.step),
        relu_(make.step.activation == Activation::relu) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
    const IntegerKernels& k = *kernels().integers;
    lanes_ = k.lanes(shape_);
    weights_ = Memory(k.weightBytes(shape_) + 64);
    bias_ = Aligned<int32_t>(lanes_);
    factor_ = Floats(lanes_);
  }

  void forward(Run& run) override {
    if (!isReady_) prepare(run.weights);
    IntegerTarget target{bias_.get(), factor_.get(), relu_, nullptr, 0, nullptr, 0, 0, 0};
    const Value& out = *output.value;
    const size_t block = size_t(kernels().block), area = out.image.area();
    if (out.isStored) {
      target.bytes = valueOf<uint8_t>(run, output);
      target.zero = out.storage.zero;
    } else {
      target.floats = valueOf<float>(run, output);
      const bool isVector = out.shape.isVector();
      target.imageStride = isVector ? out.shape.channels : out.image.blocks * area * block;
      target.pixelStride = block;
      target.blockStride = isVector ? block : area * block;
    }
    kernels().integers->conv(shape_, valueOf<uint8_t>(run, inputs[0]), weights_.at(), target, run.scratch);
  }

  size_t scratchBytes() const override { return kernels().integers->scratchBytes(shape_, omp_get_max_threads()); }
  size_t ownBytes() const override { return weights_.bytes(); }

  void describe(std::vector<Operation>& all) const override {
    const IntegerConvShape& s = shape_;
    const double pixels = double(s.images) * s.outH * s.outW, each = double(s.cg) * s.kernelH * s.kernelW;
    const bool isDepthwise = s.cg == 1 && s.og == 1;
    const std::string kind = isDepthwise ? "integers by channel" : std::string("integer product, ") + kernels().integers->name;
    all.push_back({name, step_.op, "forward", kind, 2 * pixels * s.out() * each,
                   double(inputs[0].value->bytes) + output.value->bytes + s.out() * each});
  }

 private:
  void prepare(const Weights& weights) {
    const int out = shape_.out(), groupLanes = lanes_ / shape_.groups;
    const size_t each = size_t(shape_.cg) * shape_.kernelH * shape_.kernelW;
    const double inputScale = inputs[0].value->storage.scale;
    const float* plain = weights.tensor(step_.weight);
    std::vector<int8_t> rounded(out * each);
    std::fill_n(bias_.get(), lanes_, 0);
    std::fill_n(factor_.get(), lanes_, 0.0f);
    for (int o = 0; o < out; o++) {
      const double scale = step_.integers.scales[o];
      int64_t sum = 0;
      for (size_t i = o * each; i < (o + 1) * each; i++) {
        rounded[i] = int8_t(whole(plain[i] / scale, -127, 127));
        sum += rounded[i];
      }
      const double shift = step_.bias < 0 ? 0 : weights.tensor(step_.bias)[o] / (inputScale * scale);
      const int lane = o / shape_.og * groupLanes + o % shape_.og;
      // Sums wrap around and come back, as adding does in 32 bits.
      bias_[lane] = int32_t(uint32_t(int64_t(whole(shift, -2147483648.0, 2147483647.0)) - shape_.zero * sum));
      const float product = float(inputScale * scale);
      factor_[lane] = output.value->isStored ? product / output.value->storage.scale : product;
    }
    kernels().integers->weights(shape_, rounded.data(), weights_.at());
    isReady_ = true;
  }

  IntegerConvShape shape_;
  Step step_;
  bool relu_, isReady_ = false;
  int lanes_;
  Memory weights_;
  Aligned<int32_t> bias_;
  Floats factor_;
};

}  // namespace

std::unique_ptr<Op> makeIntegerLayer(const OpMaker& make) { return std::make_unique<IntegerLayerOp>(make); }

}  // namespace refold
