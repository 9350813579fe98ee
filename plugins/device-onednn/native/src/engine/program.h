/** A lowered graph; the meaning of every field is written at its twin, src/native/native-program.ts. */
#pragma once
#include <string>
#include <vector>
#include "../kernels/kernel-table.h"

namespace refold {

/** Per-sample shape of a value; `height` 0: a vector of `channels` features. */
struct ValueShape {
  int channels = 0, height = 0, width = 0;
  bool isVector() const { return height == 0; }
};

struct ValueStorage {
  bool isStored = false;
  Storage as;
};

/** A convolution or linear of stored values. */
struct IntegerLayer {
  bool present = false;
  /** Of the weights, per output channel. */
  std::vector<double> scales;
};

struct BatchNorm {
  /** False: the input is taken as it is. */
  bool present = false;
  int weight = -1, bias = -1, mean = -1, variance = -1;
  double eps = 0, momentum = 0;
};

struct Step {
  std::string name, op;
  int region = 0;
  std::vector<int> inputs;
  int output = -1;
  int kernel[2] = {1, 1}, stride[2] = {1, 1}, padding[2] = {0, 0}, dilation[2] = {1, 1};
  int groups = 1, weight = -1, bias = -1;
  Activation activation = Activation::none;
  std::vector<BatchNorm> norms;
  bool countIncludePad = true;
  std::vector<float> mean, std, factors;
  double rate = 0;
  int stream = 0;
  IntegerLayer integers;
};

struct Expression {
  using Op = RuleOp;
  Op op;
  int index = 0;
  double value = 0;
  /** Indices into the rule's list of expressions, always smaller than one's own. */
  int a = -1, b = -1;
};

struct UpdateRule {
  std::vector<double> slots;
  /** [hyper][parameter] */
  std::vector<std::vector<double>> hyper;
  std::vector<Expression> expressions;
  struct Assignment {
    int target, expression;
  };
  std::vector<Assignment> assignments;
};

struct Program {
  bool training = false, half = false;
  int batchSize = 1;
  std::vector<ValueShape> values;
  /** By value; those that are not `isStored` are floats. */
  std::vector<ValueStorage> storage;
  /** Of a stored input of bytes: by channel and byte. */
  std::vector<uint8_t> inputTable;
  std::vector<Step> steps;
  int output = 0;
  bool normalizes = false;
  std::vector<float> mean, std;
  bool hasLoss = false, softTargets = false;
  double labelSmoothing = 0;
  std::vector<size_t> tensorSizes;
  int parameterCount = 0;
  std::vector<int> buckets;
  int regionCount = 0;
  UpdateRule rule;
  uint32_t seed = 0;
};

}  // namespace refold
