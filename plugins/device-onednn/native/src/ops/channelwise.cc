/** scale and normalize: one factor for each channel. */
#include <algorithm>
#include "make-op.h"

namespace refold {
namespace {

template <class T>
class Scale : public Op {
 public:
  Scale(const OpMaker& make) : Op(make.step), weight_(make.step.weight) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
    channels_ = size_t(make.output->image.blocks) * kernels().block;
    factor_ = Floats(channels_);
    if (!make.training) return;
    sums_ = Doubles(channels_);
    partial_ = Doubles(channels_ * make.output->image.images);
  }
  bool keepsInput(int) const override { return true; }
  void forward(Run& run) override {
    load(run);
    kernels().of<T>().channelScale(output.value->image, valueOf<T>(run, inputs[0]), factor_.get(),
                                   valueOf<T>(run, output), false);
  }
  void backward(Run& run) override {
    load(run);
    const ImageShape& image = output.value->image;
    const T* dy = gradientOf<T>(run, output);
    kernels().of<T>().channelDot(image, valueOf<T>(run, inputs[0]), dy, sums_.get(), partial_.get());
    float* dw = run.gradients + run.weights.gradientOffset(weight_);
    for (int c = 0; c < image.channels; c++) dw[c] = float(sums_[c]);
    if (T* dx = gradientOf<T>(run, inputs[0]))
      kernels().of<T>().channelScale(image, dy, factor_.get(), dx, inputs[0].accumulate);
  }

 private:
  void load(Run& run) { std::copy_n(run.weights.tensor(weight_), output.value->image.channels, factor_.get()); }
  int weight_;
  size_t channels_;
  Floats factor_;
  Doubles sums_, partial_;
};

template <class T>
class Normalize : public Op {
 public:
  Normalize(const OpMaker& make) : Op(make.step) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
    const size_t channels = size_t(make.output->image.blocks) * kernels().block;
    mean_ = Floats(channels);
    std_ = Floats(channels);
    inverse_ = Floats(channels);
    std::fill_n(std_.get(), channels, 1.0f);
    for (size_t c = 0; c < make.step.mean.size(); c++) {
      mean_[c] = make.step.mean[c];
      std_[c] = make.step.std[c];
      inverse_[c] = 1 / (255 * make.step.std[c]);
    }
  }
  void forward(Run& run) override {
    kernels().of<T>().normalize(output.value->image, mean_.get(), std_.get(), valueOf<T>(run, inputs[0]),
                                valueOf<T>(run, output));
  }
  void backward(Run& run) override {
    if (T* dx = gradientOf<T>(run, inputs[0]))
      kernels().of<T>().channelScale(output.value->image, gradientOf<T>(run, output), inverse_.get(), dx,
                                     inputs[0].accumulate);
  }

 private:
  Floats mean_, std_, inverse_;
};

}  // namespace

template <class T>
std::unique_ptr<Op> makeScale(const OpMaker& make) {
  return std::make_unique<Scale<T>>(make);
}
template std::unique_ptr<Op> makeScale<float>(const OpMaker&);
template std::unique_ptr<Op> makeScale<bf16>(const OpMaker&);
template <class T>
std::unique_ptr<Op> makeNormalize(const OpMaker& make) {
  return std::make_unique<Normalize<T>>(make);
}
template std::unique_ptr<Op> makeNormalize<float>(const OpMaker&);
template std::unique_ptr<Op> makeNormalize<bf16>(const OpMaker&);

}  // namespace refold
