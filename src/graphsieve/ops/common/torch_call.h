// Small things that every adapter needs.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

namespace graphsieve::ops {

/// The dispatcher's entry of graphsieve::NAME; keep it in a function-local static.
template <class Signature>
c10::TypedOperatorHandle<Signature> find_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

/// Throws within a backward pass that is itself to be differentiated (create_graph): the operators have first derivatives alone,
/// and a gradient that leaves them out would be wrong.
inline void check_first_derivative(const char* op) {
  TORCH_CHECK(!at::GradMode::is_enabled(), op, ": has no second derivative (backward with create_graph)");
}

/// Throws unless `t` is float32 or float64.
inline void check_floating(const char* op, const char* argument, const at::Tensor& t) {
  TORCH_CHECK(t.scalar_type() == at::kFloat || t.scalar_type() == at::kDouble, op, ": ", argument,
              " must be float32 or float64, got ", t.scalar_type());
}

/// Throws unless `t` has the type of `x` and the shape `shape`, which the message calls `shape_name`.
inline void check_like(const char* op, const char* argument, const at::Tensor& t, const char* shape_name,
                       c10::SymIntArrayRef shape, const at::Tensor& x) {
  TORCH_CHECK(t.scalar_type() == x.scalar_type(), op, ": ", argument, " must be ", x.scalar_type(), " as x is, got ",
              t.scalar_type());
  TORCH_CHECK(t.sym_sizes().equals(shape), op, ": ", argument, " must be ", shape_name, " = ", shape, ", got ",
              t.sym_sizes());
}

/// The pointer of an optional contiguous tensor, null if absent.
template <class T>
const T* pointer_or_null(const std::optional<at::Tensor>& t) {
  return t.has_value() && t->defined() ? t->const_data_ptr<T>() : nullptr;
}

inline std::optional<at::Tensor> contiguous(const std::optional<at::Tensor>& t) {
  return t.has_value() && t->defined() ? std::optional(t->contiguous()) : std::nullopt;
}

}  // namespace graphsieve::ops
