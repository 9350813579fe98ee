#include "make-op.h"

namespace refold {
namespace {

using Factory = std::unique_ptr<Op> (*)(const OpMaker&);

/** Factories for images of float32, images of bf16, and vectors; null where there is no such thing. */
struct Row {
  const char* op;
  Factory f32, b16, vector;
};

const Row rows[] = {
    {"conv2d", makeConv2d<float>, makeConv2d<bf16>, nullptr},
    {"branches", makeBranches<float>, makeBranches<bf16>, makeVectorBranches},
    {"scale", makeScale<float>, makeScale<bf16>, nullptr},
    {"mul", makeMul<float>, makeMul<bf16>, makeVectorMul},
    {"weighted_sum", makeWeightedSum<float>, makeWeightedSum<bf16>, makeVectorWeightedSum},
    {"concat", makeConcat<float>, makeConcat<bf16>, makeVectorConcat},
    {"max_pool", makePool<float>, makePool<bf16>, nullptr},
    {"avg_pool", makePool<float>, makePool<bf16>, nullptr},
    {"global_avg_pool", makeGlobalPool<float>, makeGlobalPool<bf16>, nullptr},
    {"normalize", makeNormalize<float>, makeNormalize<bf16>, nullptr},
    {"dropout", makeDrop<float>, makeDrop<bf16>, makeVectorDrop},
    {"drop_path", makeDrop<float>, makeDrop<bf16>, makeVectorDrop},
    // A vector is flat: its "sum" of one is a copy.
    {"flatten", makeFlatten<float>, makeFlatten<bf16>, makeVectorBranches},
    {"linear", nullptr, nullptr, makeLinear},
};

}  // namespace

std::unique_ptr<Op> createOp(const OpMaker& make, bool half) {
  if (make.step.op == "quantize" || make.step.op == "dequantize") return makeConversion(make);
  if (make.step.integers.present) return makeIntegerLayer(make);
  if (make.inputs[0]->isStored && make.step.op == "global_avg_pool") return makeIntegerPool(make);
  const bool isVector = make.inputs[0]->shape.isVector();
  for (const Row& row : rows) {
    if (make.step.op != row.op) continue;
    const Factory factory = isVector ? row.vector : half ? row.b16 : row.f32;
    if (factory) return factory(make);
  }
  throw Unsupported("the op '" + make.step.op + "' (" + make.step.name + ") on " + (isVector ? "vectors" : "images"));
}

}  // namespace refold
