// SPDX-License-Identifier: Apache-2.0
// Conversion of text between the engine and Python. The engine's texts are bytes: the path or the content of a damaged
// file need not be UTF-8, while texts of Python consist of characters. Neither direction ever fails.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>
#include <vector>

namespace graphsieve::python {

/// Returns text for readers, such as a message. A byte that is not UTF-8 becomes four characters such as \xff.
nanobind::str text(std::string_view bytes);
nanobind::list texts(const std::vector<std::string>& bytes);

/// Returns the bytes of a text: UTF-8, and the original bytes for those of a path that Python decoded although they are
/// not UTF-8 (os.fsdecode). Any other lone surrogate becomes characters such as \ud800.
std::string bytes_of(const nanobind::str& text);

/// Translates every exception of the engine to a Python exception whose message is text: graphsieve::Error becomes
/// `error`, and an exception of torch becomes RuntimeError without torch's stack trace.
void translate_exceptions(const nanobind::object& error);

}  // namespace graphsieve::python
