// Text between the engine and Python. The engine's texts are bytes: a file's path or a damaged file's contents need not
// be UTF-8, while Python's texts can only hold characters. Neither direction ever fails.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>
#include <vector>

namespace graphsieve::python {

/// Text for people, such as a message: a byte that is not UTF-8 becomes four characters such as \xff.
nanobind::str text(std::string_view bytes);
nanobind::list texts(const std::vector<std::string>& bytes);

/// The bytes of a text: UTF-8, and for what Python made of a path's bytes that are not UTF-8 (os.fsdecode), the bytes
/// themselves. Any other lone surrogate becomes characters such as \ud800.
std::string bytes_of(const nanobind::str& text);

/// Makes every exception of the engine a Python exception whose message is text: graphsieve::Error becomes `error`, and
/// one of torch becomes RuntimeError without torch's stack trace.
void translate_exceptions(const nanobind::object& error);

}  // namespace graphsieve::python
