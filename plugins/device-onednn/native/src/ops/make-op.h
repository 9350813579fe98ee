/** One factory per op; each in the file of its name. */
#pragma once
#include <memory>
#include "../engine/floats.h"
#include "op.h"

namespace refold {

struct ConvShape;

/** What a step becomes an operation from. */
struct OpMaker {
  const Step& step;
  std::vector<Value*> inputs;
  Value* output;
  bool training;
};

ConvShape convShape(const Step&, const Value& in, const Value& out, bool half);

/** The operation of a step by its name; `half`: images are bf16. @throws Unsupported */
std::unique_ptr<Op> createOp(const OpMaker&, bool half);

template <class T> std::unique_ptr<Op> makeConv2d(const OpMaker&);
template <class T> std::unique_ptr<Op> makeBranches(const OpMaker&);
template <class T> std::unique_ptr<Op> makeScale(const OpMaker&);
template <class T> std::unique_ptr<Op> makeMul(const OpMaker&);
template <class T> std::unique_ptr<Op> makeWeightedSum(const OpMaker&);
template <class T> std::unique_ptr<Op> makeConcat(const OpMaker&);
template <class T> std::unique_ptr<Op> makePool(const OpMaker&);
template <class T> std::unique_ptr<Op> makeGlobalPool(const OpMaker&);
template <class T> std::unique_ptr<Op> makeFlatten(const OpMaker&);
template <class T> std::unique_ptr<Op> makeNormalize(const OpMaker&);
template <class T> std::unique_ptr<Op> makeDrop(const OpMaker&);
std::unique_ptr<Op> makeLinear(const OpMaker&);
/** Of stored values: a `conv2d` or `linear` with scales, a `global_avg_pool`. */
std::unique_ptr<Op> makeIntegerLayer(const OpMaker&);
std::unique_ptr<Op> makeIntegerPool(const OpMaker&);
/** `quantize` and `dequantize`: between floats and stored values. */
std::unique_ptr<Op> makeConversion(const OpMaker&);
/** `branches`, `mul`, `weighted_sum`, `concat` and dropping on vectors. */
std::unique_ptr<Op> makeVectorBranches(const OpMaker&);
std::unique_ptr<Op> makeVectorMul(const OpMaker&);
std::unique_ptr<Op> makeVectorWeightedSum(const OpMaker&);
std::unique_ptr<Op> makeVectorConcat(const OpMaker&);
std::unique_ptr<Op> makeVectorDrop(const OpMaker&);

/** A convolution of inference with what was merged into it. */
struct FoldedConv {
  const Step* conv;
  Value* input;
  /** Not present: taken as it is. */
  BatchNorm norm;
};

/** activation(Σ convs + Σ other addends) of inference: norms scale the kernels, all convolutions add to one output. */
template <class T>
std::unique_ptr<Op> makeFoldedBranches(const OpMaker&, const std::vector<FoldedConv>& convs, bool keepsWeights);

}  // namespace refold
