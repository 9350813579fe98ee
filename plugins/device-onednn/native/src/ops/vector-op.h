#pragma once
#include "make-op.h"

namespace refold {

/** An operation on vectors [images, features]: rows of float32, whatever the precision. */
class VectorOp : public Op {
 public:
  VectorOp(const OpMaker& make) : Op(make.step), images_(make.output->image.images) {
    for (Value* value : make.inputs) inputs.push_back({value});
    output = {make.output};
  }
  int features(const Port& port) const { return port.value->shape.channels; }
  size_t count() const { return size_t(images_) * features(output); }
  int images_;
};

inline void put(float* to, float value, bool accumulate) { *to = accumulate ? *to + value : value; }


}  // namespace refold
