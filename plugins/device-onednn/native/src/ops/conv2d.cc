#include <omp.h>
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
        forward_(shape_, {step.bias >= 0, step.activation == Activation::relu, false}, false) {
    inputs = {{in}};
    output = {out};
    biasBlock_ = Floats(out->image.blocks * kernels().block);
    if (!training) return;
    if (in->needsGradient) {
      if (canTurn(shape_)) {
        overwrite_ = std::make_unique<ConvKernel>(turned(shape_), ForwardOptions{}, true);
        add_ = std::make_unique<ConvKernel>(turned(shape_), ForwardOptions{false, false, true}, true);
      } else {
        data_ = dnnlBackwardData(shape_);
      }
    }
    isWinograd_ = prefersWinograd(shape_);
    if (!isWinograd_) weights_ = dnnlBackwardWeights(shape_);
    if (bias_ >= 0) {
      sums_ = Doubles(out->image.blocks * kernels().block);
      partial_ = Doubles(size_t(out->image.images) * out->image.blocks * kernels().block * 2);
    }
  }

  bool keepsInput(int) const override { return true; }

  void forward(Run& run) override {
    char* weights = run.scratch;
    char* scratch = weights + aligned(forward_.weightBytes());
    forward_.prepare(run.weights.tensor(weight_), nullptr, weights, scratch);
    const float* bias = nullptr;
    if (bias_ >= 0) {
      std::copy_n(run.weights.tensor(bias_), shape_.out, biasBlock_.get());
      bias = biasBlock_.get();
    }
    forward_.run(valueOf<T>(run, inputs[0]), weights, bias, valueOf<T>(run, output), scratch);
  }

  void backward(Run& run) override {
    const T* dy = gradientOf<T>(run, output);
    backwardWeights(run, dy);
    if (T* dx = gradientOf<T>(run, inputs[0])) backwardData(run, dy, dx);
  }

  size_t scratchBytes() const override {
    size_t most = aligned(forward_.weightBytes()) + forward_.scratchBytes();
    if (overwrite_) {
      for (auto* kernel : {overwrite_.get(), add_.get()})
        most = std::max(most, aligned(kernel->weightBytes()) + kernel->scratchBytes());
    }
    if (data_) most = std::max(most, aligned(data_->weightBytes()) + aligned(inputs[0].value->bytes) + data_->scratchBytes());
    if (weights_) most = std::max(most, aligned(weights_->weightBytes()) + weights_->scratchBytes());
    if (isWinograd_)
      most = std::max(most, kernels().winogradBackwardScratch(winogradShape(shape_), omp_get_max_threads(), shape_.half));
    return most;
  }

  void describe(std::vector<Operation>& all) const override {
    all.push_back({name, "conv2d", "forward", forward_.algorithm(), forward_.flops(), forward_.bytes()});
    const double direct = convFlops(shape_), bytes = convBytes(shape_);
    if (overwrite_) all.push_back({name, "conv2d", "backward-data", overwrite_->algorithm(), overwrite_->flops(), bytes});
    if (data_) all.push_back({name, "conv2d", "backward-data", data_->implementation(), direct, bytes});
    if (weights_) all.push_back({name, "conv2d", "backward-weights", weights_->implementation(), direct, bytes});
    else if (isWinograd_)
      all.push_back({name, "conv2d", "backward-weights", "winograd F(4x4,3x3)", winogradFlops(shape_), bytes});
  }

 private:
  void backwardWeights(Run& run, const T* dy) {
    float* dw = run.gradients + run.weights.gradientOffset(weight_);
    const T* x = valueOf<T>(run, inputs[0]);
    if (isWinograd_) {
      kernels().of<T>().winogradBackwardWeights(winogradShape(shape_), x, dy, dw, run.scratch);
    } else {
      weights_->gradient(x, dy, run.scratch, dw, run.scratch + aligned(weights_->weightBytes()));
    }
    if (bias_ < 0) return;
    // Σ dy: the moments' mean times their count.
    const ImageShape& image = output.value->image;
    Doubles& sums = sums_;
    kernels().of<T>().channelDot(image, nullptr, dy, sums.get(), partial_.get());
    float* db = run.gradients + run.weights.gradientOffset(bias_);
    for (int c = 0; c < shape_.out; c++) db[c] = float(sums[c]);
  }

  void backwardData(Run& run, const T* dy, T* dx) {
    const float* plain = run.weights.tensor(weight_);
    char* weights = run.scratch;
    if (overwrite_) {
      ConvKernel& kernel = inputs[0].accumulate ? *add_ : *overwrite_;
      char* scratch = weights + aligned(kernel.weightBytes());
      kernel.prepare(plain, nullptr, weights, scratch);
      kernel.run(dy, weights, nullptr, dx, scratch);
      return;
    }
    T* target = inputs[0].accumulate ? reinterpret_cast<T*>(weights + aligned(data_->weightBytes())) : dx;
    char* scratch = weights + aligned(data_->weightBytes()) + aligned(inputs[0].value->bytes);
    data_->prepare(plain, weights);
    data_->run(dy, weights, nullptr, target, scratch);
    if (target != dx) kernels().of<T>().add(inputs[0].value->bytes / sizeof(T) / kernels().block, target, dx, true);
  }

  ConvShape shape_;
  int weight_, bias_;
  ConvKernel forward_;
  std::unique_ptr<ConvKernel> overwrite_, add_;
  std::unique_ptr<DnnlConv> data_, weights_;
  bool isWinograd_ = false;
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
