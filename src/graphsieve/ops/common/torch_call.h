// SPDX-License-Identifier: Apache-2.0
// Small functions that every adapter uses.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>

namespace graphsieve::ops {

/// Returns the dispatcher's handle of the operator graphsieve::NAME. Keep it in a function-local static variable.
template <class Signature>
c10::TypedOperatorHandle<Signature> find_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

/// Throws c10::Error in a backward pass that is to be differentiated itself (create_graph). The operators have first
/// derivatives only, and a second derivative without them would be wrong.
inline void check_first_derivative(const char* op) {
  TORCH_CHECK(!at::GradMode::is_enabled(), op, ": has no second derivative (backward with create_graph)");
}

/// True if the kernels for the CPU serve the tensor: its memory is the host's, or it has no memory (the device "meta").
inline bool on_host(const at::Tensor& t) { return t.is_cpu() || t.is_meta(); }

/// Returns an optional tensor in the form that is saved for a backward pass, undefined if it is absent.
inline at::Tensor defined_or_empty(const std::optional<at::Tensor>& t) { return t.value_or(at::Tensor()); }
/// Returns a saved tensor as an optional one, absent if it is undefined.
inline std::optional<at::Tensor> if_defined(const at::Tensor& t) {
  return t.defined() ? std::optional(t) : std::nullopt;
}

/// Throws c10::Error unless `t` is float32 or float64.
inline void check_floating(const char* op, const char* argument, const at::Tensor& t) {
  TORCH_CHECK(t.scalar_type() == at::kFloat || t.scalar_type() == at::kDouble, op, ": ", argument,
              " must be float32 or float64, got ", t.scalar_type());
}

/// Throws c10::Error unless `t` has the type of `x` and the shape `shape`, which is called `shape_name` in the message.
inline void check_like(const char* op, const char* argument, const at::Tensor& t, const char* shape_name,
                       c10::SymIntArrayRef shape, const at::Tensor& x) {
  TORCH_CHECK(t.scalar_type() == x.scalar_type(), op, ": ", argument, " must be ", x.scalar_type(), " as x is, got ",
              t.scalar_type());
  TORCH_CHECK(t.sym_sizes().equals(shape), op, ": ", argument, " must be ", shape_name, " = ", shape, ", got ",
              t.sym_sizes());
}

/// Returns the data of an optional contiguous tensor, or null if it is absent.
template <class T>
const T* pointer_or_null(const std::optional<at::Tensor>& t) {
  return t.has_value() && t->defined() ? t->const_data_ptr<T>() : nullptr;
}

/// Returns an optional tensor in contiguous form.
inline std::optional<at::Tensor> contiguous(const std::optional<at::Tensor>& t) {
  return t.has_value() && t->defined() ? std::optional(t->contiguous()) : std::nullopt;
}

}  // namespace graphsieve::ops
