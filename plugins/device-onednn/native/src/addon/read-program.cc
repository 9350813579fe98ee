#include "read-program.h"
#include <map>
#include "../engine/memory.h"

namespace refold {
namespace {

double number(Napi::Object o, const char* key) { return o.Get(key).ToNumber().DoubleValue(); }
int integer(Napi::Object o, const char* key) { return o.Get(key).ToNumber().Int32Value(); }
bool flag(Napi::Object o, const char* key) { return o.Get(key).ToBoolean().Value(); }
std::string text(Napi::Object o, const char* key) { return o.Get(key).ToString().Utf8Value(); }
Napi::Array array(Napi::Object o, const char* key) { return o.Get(key).As<Napi::Array>(); }

template <class T>
std::vector<T> numbers(Napi::Array list) {
  std::vector<T> result;
  for (uint32_t i = 0; i < list.Length(); i++) result.push_back(T(list.Get(i).ToNumber().DoubleValue()));
  return result;
}

void pair(Napi::Object o, const char* key, int (&target)[2]) {
  if (!o.Has(key)) return;
  for (uint32_t i = 0; i < 2; i++) target[i] = array(o, key).Get(i).ToNumber().Int32Value();
}

Activation activationOf(const std::string& name) {
  static const std::map<std::string, Activation> known = {
      {"none", Activation::none}, {"relu", Activation::relu}, {"relu6", Activation::relu6},
      {"silu", Activation::silu}, {"gelu", Activation::gelu}, {"sigmoid", Activation::sigmoid},
      {"hard_sigmoid", Activation::hardSigmoid}, {"hard_swish", Activation::hardSwish}};
  const auto found = known.find(name);
  if (found == known.end()) throw Unsupported("the activation '" + name + "'");
  return found->second;
}

Step readStep(Napi::Object o) {
  Step s;
  s.name = text(o, "name");
  s.op = text(o, "op");
  s.region = integer(o, "region");
  s.inputs = numbers<int>(array(o, "inputs"));
  s.output = integer(o, "output");
  pair(o, "kernel", s.kernel);
  pair(o, "stride", s.stride);
  pair(o, "padding", s.padding);
  pair(o, "dilation", s.dilation);
  if (o.Has("groups")) s.groups = integer(o, "groups");
  if (o.Has("weight")) s.weight = integer(o, "weight");
  if (o.Has("bias")) s.bias = integer(o, "bias");
  if (o.Has("activation")) s.activation = activationOf(text(o, "activation"));
  if (o.Has("countIncludePad")) s.countIncludePad = flag(o, "countIncludePad");
  if (o.Has("mean")) s.mean = numbers<float>(array(o, "mean"));
  if (o.Has("std")) s.std = numbers<float>(array(o, "std"));
  if (o.Has("factors")) s.factors = numbers<float>(array(o, "factors"));
  if (o.Has("rate")) s.rate = number(o, "rate");
  if (o.Has("stream")) s.stream = integer(o, "stream");
  if (o.Has("scales")) s.integers = {true, numbers<double>(array(o, "scales"))};
  if (o.Has("norms")) {
    const Napi::Array norms = array(o, "norms");
    for (uint32_t i = 0; i < norms.Length(); i++) {
      BatchNorm norm;
      if (norms.Get(i).IsObject()) {
        const Napi::Object n = norms.Get(i).As<Napi::Object>();
        norm = {true, integer(n, "weight"), integer(n, "bias"), integer(n, "mean"), integer(n, "variance"),
                number(n, "eps"), number(n, "momentum")};
      }
      s.norms.push_back(norm);
    }
  }
  return s;
}

int readExpression(Napi::Object o, std::vector<Expression>& all) {
  using Op = Expression::Op;
  static const std::map<std::string, Op> known = {
      {"parameter", Op::parameter}, {"gradient", Op::gradient}, {"rate", Op::rate}, {"step", Op::step},
      {"slot", Op::slot}, {"hyper", Op::hyper}, {"constant", Op::constant}, {"add", Op::add}, {"sub", Op::sub},
      {"mul", Op::mul}, {"div", Op::div}, {"pow", Op::pow}, {"max", Op::max}, {"min", Op::min}, {"neg", Op::neg},
      {"sqrt", Op::sqrt}, {"abs", Op::abs}, {"sign", Op::sign}, {"exp", Op::exp}, {"norm", Op::norm}};
  const auto found = known.find(text(o, "op"));
  if (found == known.end()) throw Unsupported("the expression '" + text(o, "op") + "' of an update rule");
  Expression e{found->second};
  if (o.Has("index")) e.index = integer(o, "index");
  if (o.Has("value")) e.value = number(o, "value");
  if (o.Has("a")) e.a = readExpression(o.Get("a").As<Napi::Object>(), all);
  if (o.Has("b")) e.b = readExpression(o.Get("b").As<Napi::Object>(), all);
  all.push_back(e);
  return int(all.size()) - 1;
}

UpdateRule readRule(Napi::Object o) {
  UpdateRule rule;
  rule.slots = numbers<double>(array(o, "slots"));
  const Napi::Array hyper = array(o, "hyper"), assignments = array(o, "assignments");
  for (uint32_t i = 0; i < hyper.Length(); i++) rule.hyper.push_back(numbers<double>(hyper.Get(i).As<Napi::Array>()));
  for (uint32_t i = 0; i < assignments.Length(); i++) {
    const Napi::Object a = assignments.Get(i).As<Napi::Object>();
    rule.assignments.push_back({integer(a, "target"), readExpression(a.Get("value").As<Napi::Object>(), rule.expressions)});
  }
  return rule;
}

}  // namespace

Program readProgram(Napi::Object o) {
  Program p;
  p.training = flag(o, "training");
  p.half = text(o, "precision") == "bfloat16";
  p.batchSize = integer(o, "batchSize");
  const Napi::Array values = array(o, "values"), steps = array(o, "steps"), tensors = array(o, "tensors");
  for (uint32_t i = 0; i < values.Length(); i++) {
    const std::vector<int> shape = numbers<int>(values.Get(i).As<Napi::Array>());
    p.values.push_back(shape.size() == 3 ? ValueShape{shape[0], shape[1], shape[2]} : ValueShape{shape.at(0), 0, 0});
  }
  p.storage.resize(p.values.size());
  if (o.Get("storage").IsArray()) {
    const Napi::Array storage = array(o, "storage");
    for (uint32_t i = 0; i < storage.Length(); i++) {
      if (!storage.Get(i).IsObject()) continue;
      const Napi::Object one = storage.Get(i).As<Napi::Object>();
      p.storage[i] = {true, {float(number(one, "scale")), integer(one, "zero")}};
    }
  }
  if (o.Get("inputTable").IsArray()) p.inputTable = numbers<uint8_t>(array(o, "inputTable"));
  for (uint32_t i = 0; i < steps.Length(); i++) p.steps.push_back(readStep(steps.Get(i).As<Napi::Object>()));
  p.output = integer(o, "output");
  if (o.Get("normalize").IsObject()) {
    const Napi::Object n = o.Get("normalize").As<Napi::Object>();
    p.normalizes = true;
    p.mean = numbers<float>(array(n, "mean"));
    p.std = numbers<float>(array(n, "std"));
  }
  if (o.Get("loss").IsObject()) {
    const Napi::Object loss = o.Get("loss").As<Napi::Object>();
    p.hasLoss = true;
    p.labelSmoothing = number(loss, "labelSmoothing");
    p.softTargets = flag(loss, "soft");
  }
  for (uint32_t i = 0; i < tensors.Length(); i++)
    p.tensorSizes.push_back(size_t(number(tensors.Get(i).As<Napi::Object>(), "size")));
  p.parameterCount = integer(o, "parameterCount");
  p.buckets = numbers<int>(array(o, "buckets"));
  p.regionCount = int(array(o, "regions").Length());
  if (o.Get("rule").IsObject()) p.rule = readRule(o.Get("rule").As<Napi::Object>());
  p.seed = o.Get("seed").ToNumber().Uint32Value();
  return p;
}

}  // namespace refold
