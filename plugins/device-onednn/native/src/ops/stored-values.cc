/** Between floats and stored values, and what is computed on stored values beside convolutions. */
#include "make-op.h"

namespace refold {
namespace {

/** `quantize` and `dequantize`, by which of its values is stored. */
class Conversion : public Op {
 public:
  Conversion(const OpMaker& make) : Op(make.step), stores_(make.output->isStored) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
  }
  void forward(Run& run) override {
    const Value &from = *inputs[0].value, &to = *output.value;
    const Value& stored = stores_ ? to : from;
    const bool isVector = stored.shape.isVector();
    const int channels = stored.shape.channels, images = stored.image.images;
    const size_t area = isVector ? 1 : stored.image.area();
    const IntegerKernels& k = *kernels().integers;
    if (stores_)
      k.store(images, channels, area, isVector, stored.storage, valueOf<float>(run, inputs[0]), valueOf<uint8_t>(run, output));
    else
      k.restore(images, channels, area, isVector, stored.storage, valueOf<uint8_t>(run, inputs[0]), valueOf<float>(run, output));
  }
  void describe(std::vector<Operation>& all) const override {
    const double bytes = double(inputs[0].value->bytes) + output.value->bytes;
    all.push_back({name, stores_ ? "quantize" : "dequantize", "forward", "elementwise", 0, bytes});
  }

 private:
  bool stores_;
};

class IntegerPool : public Op {
 public:
  IntegerPool(const OpMaker& make) : Op(make.step) {
    inputs = {{make.inputs[0]}};
    output = {make.output};
  }
  void forward(Run& run) override {
    const Value& in = *inputs[0].value;
    kernels().integers->globalPool(in.image.images, in.shape.channels, in.image.area(), in.storage,
                                   valueOf<uint8_t>(run, inputs[0]), valueOf<float>(run, output));
  }
  void describe(std::vector<Operation>& all) const override {
    const double bytes = double(inputs[0].value->bytes);
    all.push_back({name, "global_avg_pool", "forward", "integer sums", bytes, bytes});
  }
};

}  // namespace

std::unique_ptr<Op> makeConversion(const OpMaker& make) { return std::make_unique<Conversion>(make); }
std::unique_ptr<Op> makeIntegerPool(const OpMaker& make) { return std::make_unique<IntegerPool>(make); }

}  // namespace refold
