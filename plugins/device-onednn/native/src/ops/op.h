#pragma once
#include <functional>
#include <string>
#include <vector>
#include "../engine/program.h"
#include "../engine/weights.h"

namespace refold {

/** Replicas whose batch norms share their statistics. */
struct StatisticsGroup {
  int size = 1;
  /** Replaces values by their sums over the replicas; waits for all of them. */
  std::function<void(double* values, size_t count)> sum;
};

/** What one run lends to the operations. */
struct Run {
  char* arena;
  char* scratch;
  const Weights& weights;
  /** Block that receives gradients of parameters. */
  float* gradients;
  /** Of this pass, for dropping. */
  uint64_t dropKey;
  /** Null in inference. */
  const StatisticsGroup* statistics;
};

struct Value {
  ValueShape shape;
  ImageShape image;
  /** In eight bits, [N, H, W, pixelBytes(channels)]; else float32 or bf16. */
  bool isStored = false;
  Storage storage;
  /** The input of convolutions of few channels: NCHW without blocks. */
  bool isPlain = false;
  size_t bytes = 0;
  /** In the arena; set when it has been laid out. */
  size_t offset = 0, gradientOffset = 0;
  bool needsGradient = false;
};

/** One piece of work as `refold plan` shows it. */
struct Operation {
  std::string name, op, pass, algorithm;
  double flops, bytes;
};

/** One input or output of an operation, with its place. */
struct Port {
  Value* value;
  /** Backward adds to what is there. */
  bool accumulate = false;
};

/** A step of a program for one number of images. Made by the planner, which places its values between making and running. */
class Op {
 public:
  explicit Op(const Step& step) : name(step.name), region(step.region) {}
  virtual ~Op() = default;
  virtual void forward(Run&) = 0;
  virtual void backward(Run&) {}
  /** Whether backward reads input k. */
  virtual bool keepsInput(int) const { return false; }
  /** Whether the gradient of input k may take the place of its value, when nobody else reads it. */
  virtual bool gradientInPlace(int) const { return false; }
  /** Scratch that a call needs, forward or backward. */
  virtual size_t scratchBytes() const { return 0; }
  /** Memory that it owns for as long as it lives. */
  virtual size_t ownBytes() const { return 0; }
  virtual void describe(std::vector<Operation>&) const {}

  std::string name;
  int region;
  std::vector<Port> inputs;
  Port output;
};

template <class T>
T* valueOf(const Run& run, const Port& port) {
  return reinterpret_cast<T*>(run.arena + port.value->offset);
}
/** Null where nobody wants it. */
template <class T>
T* gradientOf(const Run& run, const Port& port) {
  return port.value->needsGradient ? reinterpret_cast<T*>(run.arena + port.value->gradientOffset) : nullptr;
}

}  // namespace refold
