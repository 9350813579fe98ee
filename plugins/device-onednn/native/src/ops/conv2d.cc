#include <algorithm>
#include "conv-kernel.h"
#include "make-op.h"

namespace refold {

ConvShape convShape(const Step& s, const Value& in, const Value& out, bool half) {
  return {in.image.images, s.groups, in.image.channels, in.image.height, in.image.width, out.image.channels,
          out.image.height, out.image.width, s.kernel[0], s.kernel[1], s.stride[0], s.stride[1], s.padding[0],
          s.padding[1], s.dilation[0], s.dilation[1], half, in.isPlain};
}

namespace {

/** conv2d in training; weights go through the algorithm's layout in scratch, once each way. */
template <class T>
class Conv2d : public Op {
 public:
  Conv2d(const Step& step, Value* in, Value* out, bool training)
      : Op(step), shape_(convShape(step, *in, *out, sizeof(T) == 2)), weight_(step.weight), bias_(step.bias),
        forward_(forwardConv(shape_, {step.bias >= 0, step.activation == Activation::relu, false})) {
    inputs = {{in}};
    output = {out};
    biasBlock_ = Floats(out->image.blocks * kernels().block);
    if (!training) return;
    if (in->needsGradient) {
      overwrite_ = dataGradient(shape_, false);
      add_ = dataGradient(shape_, true);
    }
    weights_ = weightGradient(shape_);
    if (bias_ >= 0) {
      sums_ = Doubles(out->image.blocks * kernels().block);
      partial_ = Doubles(size_t(out->image.images) * out->image.blocks * kernels().block * 2);
    }
  }

  bool keepsInput(int) const override { return true; }

  void forward(Run& run) override {
    char* weights = run.scratch;
    char* scratch = weights + aligned(forward_->weightBytes());
    forward_->prepare(run.weights.tensor(weight_), nullptr, weights, scratch);
    const float* bias = nullptr;
    if (bias_ >= 0) {
      std::copy_n(run.weights.tensor(bias_), shape_.out, biasBlock_.get());
      bias = biasBlock_.get();
    }
    forward_->run(valueOf<T>(run, inputs[0]), weights, bias, valueOf<T>(run, output), scratch);
  }

  void backward(Run& run) override {
    const T* dy = gradientOf<T>(run, output);
    backwardWeights(run, dy);
    if (T* dx = gradientOf<T>(run, inputs[0])) backwardData(run, dy, dx);
  }

  size_t scratchBytes() const override {
    size_t most = 0;
    for (const ConvKernel* kernel : {forward_.get(), overwrite_.get(), add_.get()})
      if (kernel) most = std::max(most, aligned(kernel->weightBytes()) + kernel->scratchBytes());
    return weights_ ? std::max(most, weights_->scratchBytes()) : most;
  }

  void describe(std::vector<Operation>& all) const override {
    const double bytes = convBytes(shape_);
    all.push_back({name, "conv2d", "forward", forward_->algorithm(), forward_->flops(), bytes});
    if (overwrite_) all.push_back({name, "conv2d", "backward-data", overwrite_->algorithm(), overwrite_->flops(), bytes});
    if (weights_) all.push_back({name, "conv2d", "backward-weights", weights_->algorithm(), weights_->flops(), bytes});
  }

 private:
  void backwardWeights(Run& run, const T* dy) {
    weights_->run(valueOf<T>(run, inputs[0]), dy, run.gradients + run.weights.gradientOffset(weight_), run.scratch);
    if (bias_ < 0) return;
    const ImageShape& image = output.value->image;
    kernels().of<T>().channelDot(image, nullptr, dy, sums_.get(), partial_.get());
    float* db = run.gradients + run.weights.gradientOffset(bias_);
    for (int c = 0; c < shape_.out; c++) db[c] = float(sums_[c]);
  }

  void backwardData(Run& run, const T* dy, T* dx) {
    ConvKernel& kernel = inputs[0].accumulate ? *add_ : *overwrite_;
    char* scratch = run.scratch + aligned(kernel.weightBytes());
    kernel.prepare(run.weights.tensor(weight_), nullptr, run.scratch, scratch);
    kernel.run(dy, run.scratch, nullptr, dx, scratch);
  }

  ConvShape shape_;
  int weight_, bias_;
  std::unique_ptr<ConvKernel> forward_, overwrite_, add_;
  std::unique_ptr<WeightGradient> weights_;
  Floats biasBlock_;
  Doubles sums_, partial_;
};

}  // namespace

template <class T>
std::unique_ptr<Op> makeConv2d(const OpMaker& make) {
  return std::make_unique<Conv2d<T>>(make.step, make.inputs[0], make.output, make.training);
}
template std::unique_ptr<Op> makeConv2d<float>(const OpMaker&);
template std::unique_ptr<Op> makeConv2d<bf16>(const OpMaker&);

}  // namespace refold
