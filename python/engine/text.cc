// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

#include <filesystem>

#include "graphsieve/base/error.h"
#include "graphsieve/files/foreign_error.h"

namespace graphsieve::python {

namespace nb = nanobind;

namespace {

void raise(PyObject* type, std::string_view message) { PyErr_SetObject(type, text(message).ptr()); }

/// True if Python can decode the bytes as UTF-8.
bool is_utf8(std::string_view bytes) {
  PyObject* decoded = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
  if (!decoded) PyErr_Clear();
  Py_XDECREF(decoded);
  return decoded != nullptr;
}

/// Translates an exception. Exceptions that are rethrown go to nanobind's own translator.
void translate(const std::exception_ptr& exception, void* error) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& e) {
    raise(static_cast<PyObject*>(error), e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    raise(static_cast<PyObject*>(error), sentence_of(e));
  } catch (const c10::Error& e) {
    raise(PyExc_RuntimeError, e.what_without_backtrace());
  } catch (const nb::python_error&) {
    throw;
  } catch (const nb::builtin_exception&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    if (is_utf8(e.what())) throw;
    raise(PyExc_RuntimeError, e.what());
  }
}

}  // namespace

nb::str text(std::string_view bytes) {
  PyObject* decoded = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace");
  if (!decoded) throw nb::python_error();
  return nb::steal<nb::str>(decoded);
}

nb::list texts(const std::vector<std::string>& bytes) {
  nb::list all;
  for (const std::string& one : bytes) all.append(text(one));
  return all;
}

std::string bytes_of(const nb::str& text) {
  // The first error handler is that of paths; the second handles every text.
  for (const char* otherwise : {"surrogateescape", "backslashreplace"}) {
    PyObject* encoded = PyUnicode_AsEncodedString(text.ptr(), "utf-8", otherwise);
    if (encoded) {
      const auto bytes = nb::steal<nb::bytes>(encoded);
      return {bytes.c_str(), bytes.size()};
    }
    if (!PyErr_ExceptionMatches(PyExc_UnicodeError)) throw nb::python_error();
    PyErr_Clear();
  }
  throw Error("a text that has no bytes");
}

void translate_exceptions(const nb::object& error) { nb::register_exception_translator(translate, error.ptr()); }

}  // namespace graphsieve::python
