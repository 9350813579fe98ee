#include "rule-evaluator.h"
#include <algorithm>
#include <cmath>

namespace refold {
namespace {

using Op = Expression::Op;
constexpr int kBlock = 512;

double onNumbers(Op op, double a, double b) {
  switch (op) {
    case Op::add: return a + b;
    case Op::sub: return a - b;
    case Op::mul: return a * b;
    case Op::div: return a / b;
    case Op::pow: return std::pow(a, b);
    case Op::max: return std::max(a, b);
    case Op::min: return std::min(a, b);
    case Op::neg: return -a;
    case Op::sqrt: return std::sqrt(a);
    case Op::abs: case Op::norm: return std::fabs(a);
    case Op::sign: return (a > 0) - (a < 0);
    case Op::exp: return std::exp(a);
    default: return 0;
  }
}

bool isBinary(Op op) { return op >= Op::add && op <= Op::min; }

}  // namespace

RuleEvaluator::RuleEvaluator(const UpdateRule& rule) : rule_(rule) {
  for (const Expression& e : rule.expressions) {
    bool scalar = e.op == Op::rate || e.op == Op::step || e.op == Op::constant || e.op == Op::hyper || e.op == Op::norm;
    if (e.op >= Op::add && e.op != Op::norm) scalar = scalar_[e.a] && (!isBinary(e.op) || scalar_[e.b]);
    scalar_.push_back(scalar);
    hasNorm_ |= e.op == Op::norm;
  }
}

void RuleEvaluator::fillScalars(Scope& scope, int upTo, bool norms) const {
  for (int i = 0; i <= upTo; i++) {
    if (!scalar_[i]) continue;
    const Expression& e = rule_.expressions[i];
    double& value = scope.scalars[i];
    switch (e.op) {
      case Op::rate: value = scope.rate; break;
      case Op::step: value = scope.step; break;
      case Op::constant: value = e.value; break;
      case Op::hyper: value = rule_.hyper[e.index][scope.index]; break;
      case Op::norm:
        if (isScalar(e.a)) value = std::fabs(scope.scalars[e.a]);
        else if (norms) value = norm(scope, e.a, size_t(scope.scalars.back()));
        break;
      default: value = onNumbers(e.op, scope.scalars[e.a], e.b >= 0 ? scope.scalars[e.b] : 0);
    }
  }
}

const float* RuleEvaluator::block(const Scope& scope, int expression, size_t from, int count, float* buffers) const {
  const Expression& e = rule_.expressions[expression];
  float* own = buffers + size_t(expression) * kBlock;
  switch (e.op) {
    case Op::parameter: return scope.parameter + from;
    case Op::slot: return scope.slots[e.index] + from;
    case Op::gradient:
      if (scope.gradientScale == 1) return scope.gradient + from;
      kernels().applyRule(Op::mul, count, scope.gradient + from, 0, nullptr, scope.gradientScale, own);
      return own;
    default: break;
  }
  const auto operand = [&](int index) {
    return index < 0 || isScalar(index) ? nullptr : block(scope, index, from, count, buffers);
  };
  const float *a = operand(e.a), *b = operand(e.b);
  kernels().applyRule(e.op, count, a, a ? 0 : float(scope.scalars[e.a]), b, b || e.b < 0 ? 0 : float(scope.scalars[e.b]), own);
  return own;
}

double RuleEvaluator::norm(const Scope& scope, int expression, size_t size) const {
  std::vector<float> buffers(rule_.expressions.size() * kBlock);
  double sum = 0;
  for (size_t from = 0; from < size; from += kBlock) {
    const int count = int(std::min<size_t>(kBlock, size - from));
    const float* values = block(scope, expression, from, count, buffers.data());
    for (int i = 0; i < count; i++) sum += double(values[i]) * values[i];
  }
  return std::sqrt(sum);
}

void RuleEvaluator::update(const Weights& weights, int parameter, const float* gradient, float gradientScale, double rate,
                           double step) const {
  const size_t size = weights.size(parameter);
  Scope scope{weights.tensor(parameter), gradient, gradientScale, {}, parameter, rate, step, {}};
  for (size_t s = 0; s < rule_.slots.size(); s++) scope.slots.push_back(weights.slot(int(s), parameter));
  scope.scalars.assign(rule_.expressions.size() + 1, 0);
  scope.scalars.back() = double(size);
  fillScalars(scope, int(rule_.expressions.size()) - 1, false);
  const auto run = [&](size_t firstAssignment, size_t lastAssignment) {
#pragma omp parallel if (size > 16 * kBlock)
    {
      std::vector<float> buffers(rule_.expressions.size() * kBlock);
#pragma omp for schedule(static)
      for (int64_t from = 0; from < int64_t(size); from += kBlock) {
        const int count = int(std::min<int64_t>(kBlock, int64_t(size) - from));
        for (size_t i = firstAssignment; i < lastAssignment; i++) {
          const auto& assignment = rule_.assignments[i];
          float* target = (assignment.target < 0 ? scope.parameter : scope.slots[assignment.target]) + from;
          if (isScalar(assignment.expression)) {
            std::fill_n(target, count, float(scope.scalars[assignment.expression]));
          } else {
            const float* values = block(scope, assignment.expression, size_t(from), count, buffers.data());
            if (values != target) std::copy_n(values, count, target);
          }
        }
      }
    }
  };
  // Each assignment sees the results of the ones before it: without norms block by block is enough.
  if (!hasNorm_) return run(0, rule_.assignments.size());
  for (size_t i = 0; i < rule_.assignments.size(); i++) {
    fillScalars(scope, rule_.assignments[i].expression, true);
    run(i, i + 1);
  }
}

}  // namespace refold
