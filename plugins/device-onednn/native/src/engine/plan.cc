#include "plan.h"
#include <omp.h>
#include <algorithm>
#include <cmath>
#include <string>
#include "../ops/make-op.h"

namespace refold {

Plan::Plan(const Program& program, Kind kind, int images, bool keepsWeights)
    : program_(program), kind_(kind), images_(images), keepsWeights_(keepsWeights) {
  makeValues();
  makeOps();
  place();
}

void Plan::makeValues() {
  const int block = kernels().block;
  const size_t item = program_.half ? 2 : 4;
  values_.resize(program_.values.size());
  readers_.assign(values_.size(), 0);
  bool onlyConvs = true;
  for (const Step& step : program_.steps) {
    for (int input : step.inputs) readers_[input]++;
    for (int input : step.inputs) onlyConvs &= input != 0 || (step.op == "conv2d" && step.groups == 1);
  }
  readers_[program_.output]++;
  for (size_t i = 0; i < values_.size(); i++) {
    Value& v = values_[i];
    v.shape = program_.values[i];
    v.isStored = program_.storage[i].isStored;
    v.storage = program_.storage[i].as;
    if (v.isStored) {
      const bool isVector = v.shape.isVector();
      v.image = {images_, v.shape.channels, (v.shape.channels + block - 1) / block, isVector ? 1 : v.shape.height,
                 isVector ? 1 : v.shape.width};
      v.bytes = aligned(images_ * v.image.area() * pixelBytes(v.shape.channels) + kStoredSlack);
      continue;
    }
    if (v.shape.isVector()) {
      v.image = {images_, v.shape.channels, 0, 1, 1};
      v.bytes = aligned(size_t(images_) * v.shape.channels * 4 + 64);
      continue;
    }
    v.isPlain = i == 0 && onlyConvs && v.shape.channels < block;
    v.image = {images_, v.shape.channels, (v.shape.channels + block - 1) / block, v.shape.height, v.shape.width};
    const int channels = v.isPlain ? v.shape.channels : v.image.blocks * block;
    v.bytes = aligned(size_t(images_) * channels * v.image.area() * item);
  }
  // A value needs a gradient when a parameter lies before it.
  for (const Step& step : program_.steps) {
    bool needs = step.weight >= 0;
    for (const BatchNorm& norm : step.norms) needs |= norm.present;
    for (int input : step.inputs) needs |= values_[input].needsGradient;
    values_[step.output].needsGradient = needs && kind_ == Kind::training;
  }
}

/** In inference a convolution that only a `branches` step reads is computed by it. By output value. */
std::map<int, const Step*> Plan::foldableConvs() const {
  std::map<int, const Step*> convs, folded;
  for (const Step& step : program_.steps) {
    if (step.op == "conv2d" && step.activation == Activation::none && !step.integers.present) convs[step.output] = &step;
    if (step.op != "branches" || values_[step.output].shape.isVector()) continue;
    for (int input : step.inputs) {
      const auto found = convs.find(input);
      if (found != convs.end() && readers_[input] == 1) folded.insert(*found);
    }
  }
  return folded;
}

void Plan::makeOps() {
  const bool infers = kind_ == Kind::inference;
  const auto folded = infers ? foldableConvs() : std::map<int, const Step*>();
  for (size_t s = 0; s < program_.steps.size(); s++) {
    const Step& step = program_.steps[s];
    if (folded.count(step.output)) continue;
    Step own = step;
    own.norms.clear();
    std::vector<Value*> inputs;
    std::vector<FoldedConv> convs;
    for (size_t i = 0; i < step.inputs.size(); i++) {
      const BatchNorm norm = step.norms.empty() ? BatchNorm{} : step.norms[i];
      const auto conv = folded.find(step.inputs[i]);
      if (conv != folded.end()) {
        convs.push_back({conv->second, &values_[conv->second->inputs[0]], norm});
      } else {
        inputs.push_back(&values_[step.inputs[i]]);
        own.norms.push_back(norm);
      }
    }
    if (infers && step.op == "conv2d" && !step.integers.present) {
      convs.push_back({&step, inputs[0], BatchNorm{}});
      inputs.clear();
      own.norms.clear();
    }
    const OpMaker maker{own, inputs, &values_[step.output], !infers};
    const bool folds = infers && !step.integers.present && !values_[step.output].shape.isVector() && (step.op == "branches" || step.op == "conv2d");
    if (!folds) ops_.push_back(createOp(maker, program_.half));
    else if (program_.half) ops_.push_back(makeFoldedBranches<bf16>(maker, convs, keepsWeights_));
    else ops_.push_back(makeFoldedBranches<float>(maker, convs, keepsWeights_));
    stepOf_.push_back(int(s));
  }
}

void Plan::place() {
  const int count = int(ops_.size()), lossTime = count, end = 2 * count;
  const auto backwardTime = [&](int op) { return end - op; };
  const bool trains = kind_ == Kind::training;
  Arena arena;
  std::vector<int> handles(values_.size(), -1), gradients(values_.size(), -1);
  const auto indexOf = [&](const Port& port) { return size_t(port.value - values_.data()); };

  handles[0] = arena.add(values_[0].bytes, -1, 0);
  const bool stages = !values_[0].isPlain && !values_[0].shape.isVector() && !values_[0].isStored;
  const int staging =
      stages ? arena.add(size_t(images_) * values_[0].shape.channels * values_[0].image.area() * 4, -1, -1) : -1;
  for (int op = 0; op < count; op++) {
    const size_t out = indexOf(ops_[op]->output);
    handles[out] = arena.add(values_[out].bytes, op, op);
    for (size_t i = 0; i < ops_[op]->inputs.size(); i++) {
      const int handle = handles[indexOf(ops_[op]->inputs[i])];
      arena.extend(handle, op);
      if (trains && ops_[op]->keepsInput(int(i))) arena.extend(handle, backwardTime(op));
    }
  }
  arena.extend(handles[program_.output], lossTime);

  if (trains) {
    std::vector<bool> isWritten(values_.size(), false);
    const auto gradientAt = [&](size_t value, int time) {
      if (gradients[value] < 0) gradients[value] = arena.add(values_[value].bytes, time, time);
      arena.extend(gradients[value], time);
    };
    if (values_[program_.output].needsGradient) {
      gradientAt(program_.output, lossTime);
      isWritten[program_.output] = true;
    }
    for (int op = count - 1; op >= 0; op--) {
      const size_t out = indexOf(ops_[op]->output);
      if (!values_[out].needsGradient) continue;
      gradientAt(out, backwardTime(op));
      for (size_t i = 0; i < ops_[op]->inputs.size(); i++) {
        Port& input = ops_[op]->inputs[i];
        const size_t value = indexOf(input);
        if (!values_[value].needsGradient) continue;
        input.accumulate = isWritten[value];
        isWritten[value] = true;
        if (gradients[value] < 0 && readers_[value] == 1 && value != 0 &&
            ops_[op]->gradientInPlace(int(i))) {
          gradients[value] = handles[value];
        }
        gradientAt(value, backwardTime(op));
      }
    }
  }

  for (const auto& op : ops_) scratchBytes_ = std::max(scratchBytes_, op->scratchBytes());
  arena.place();
  for (size_t i = 0; i < values_.size(); i++) {
    if (handles[i] >= 0) values_[i].offset = arena.offset(handles[i]);
    if (gradients[i] >= 0) values_[i].gradientOffset = arena.offset(gradients[i]);
  }
  if (staging >= 0) stagingOffset_ = arena.offset(staging);
  arenaBytes_ = arena.bytes();
}

template <class T>
void Plan::loadAs(const Batch& batch, char* arena) const {
  const Value& value = values_[0];
  const int channels = value.shape.channels;
  const size_t area = value.shape.isVector() ? 1 : value.image.area();
  // Plain first: the value itself, or where that is blocked, floats beside it.
  const bool isFinal = value.isPlain || value.shape.isVector();
  T* target = reinterpret_cast<T*>(arena + (isFinal ? value.offset : stagingOffset_));
  Aligned<T> table(batch.bytes ? size_t(channels) * 256 : 0);
  if (batch.bytes) {
    Floats exact(size_t(channels) * 256);
    for (int c = 0; c < channels; c++)
      for (int byte = 0; byte < 256; byte++)
        exact[size_t(c) * 256 + byte] = float((byte / 255.0 - double(program_.mean[c])) / double(program_.std[c]));
    kernels().of<T>().toType(size_t(channels) * 256, exact.get(), table.get());
  }
  const size_t pixelStride = batch.nhwc ? channels : 1, channelStride = batch.nhwc ? 1 : area;
#pragma omp parallel for collapse(2) schedule(static)
  for (int image = 0; image < batch.images; image++) {
    for (int c = 0; c < channels; c++) {
      const size_t from = size_t(image) * channels * area + c * channelStride;
      T* to = target + (size_t(image) * channels + c) * area;
      if (batch.bytes) {
        const T* of = table.get() + size_t(c) * 256;
        for (size_t p = 0; p < area; p++) to[p] = of[batch.bytes[from + p * pixelStride]];
      } else if constexpr (std::is_same_v<T, float>) {
        for (size_t p = 0; p < area; p++) to[p] = batch.floats[from + p * pixelStride];
      } else {
        for (size_t p = 0; p < area; p++) kernels().of<T>().toType(1, batch.floats + from + p * pixelStride, to + p);
      }
    }
  }
}

/** Bytes by the table, floats by rounding; channels last. */
void Plan::loadStored(const Batch& batch, char* arena) const {
  const Value& value = values_[0];
  const int channels = value.shape.channels, stride = pixelBytes(channels);
  const size_t area = value.image.area();
  const size_t pixelStride = batch.nhwc ? channels : 1, channelStride = batch.nhwc ? 1 : area;
  uint8_t* target = reinterpret_cast<uint8_t*>(arena + value.offset);
  const Storage& as = value.storage;
#pragma omp parallel for collapse(2) schedule(static)
  for (int image = 0; image < batch.images; image++)
    for (size_t p = 0; p < area; p++) {
      const size_t from = size_t(image) * channels * area + p * pixelStride;
      uint8_t* to = target + (image * area + p) * stride;
      for (int c = 0; c < channels; c++) {
        const size_t at = from + c * channelStride;
        if (batch.bytes) to[c] = program_.inputTable[size_t(c) * 256 + batch.bytes[at]];
        else to[c] = uint8_t(as.zero + std::nearbyint(std::min(float(255 - as.zero), std::max(float(-as.zero), batch.floats[at] / as.scale))));
      }
    }
}

void Plan::load(const Batch& batch, char* arena) const {
  const Value& value = values_[0];
  if (value.isStored) return loadStored(batch, arena);
  if (value.isPlain && program_.half) return loadAs<bf16>(batch, arena);
  loadAs<float>(batch, arena);
  if (value.isPlain || value.shape.isVector()) return;
  const float* staged = reinterpret_cast<const float*>(arena + stagingOffset_);
  if (program_.half) kernels().b16.blockInput(value.image, staged, reinterpret_cast<bf16*>(arena + value.offset));
  else kernels().f32.blockInput(value.image, staged, reinterpret_cast<float*>(arena + value.offset));
}

void Plan::forward(Run& run, double* regionMs) {
  for (const auto& op : ops_) {
    const double from = omp_get_wtime();
    op->forward(run);
    if (regionMs) regionMs[2 * op->region] += (omp_get_wtime() - from) * 1e3;
  }
}

void Plan::backward(Run& run, double* regionMs, const std::function<void(int)>& done) {
  for (size_t i = ops_.size(); i-- > 0;) {
    Op& op = *ops_[i];
    const double from = omp_get_wtime();
    if (op.output.value->needsGradient) op.backward(run);
    regionMs[2 * op.region + 1] += (omp_get_wtime() - from) * 1e3;
    done(stepOf_[i]);
  }
}

size_t Plan::ownBytes() const {
  size_t bytes = 0;
  for (const auto& op : ops_) bytes += op->ownBytes();
  return bytes;
}

void Plan::describe(std::vector<Operation>& all) const {
  for (const auto& op : ops_) op->describe(all);
}

}  // namespace refold
