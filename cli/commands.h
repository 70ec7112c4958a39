// SPDX-License-Identifier: Apache-2.0
// The commands. Each function adds a command's options and help to the parser, and sets program.action when that
// command is called.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

#include "graphsieve/base/error.h"

namespace graphsieve {

/// An error in the command line or in the recipe: exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A run is complete, but its report could not be written: exit code 3.
class ReportError : public Error {
 public:
  using Error::Error;
};

/// The parser of the command line.
struct Program {
  CLI::App app;
  std::function<void()> action;  ///< runs the command of the command line
};

void add_run_command(Program& program);
void add_plan_command(Program& program);
void add_estimate_command(Program& program);
void add_train_command(Program& program);
void add_sparsify_command(Program& program);
void add_predict_command(Program& program);
void add_inspect_command(Program& program);
void add_compress_command(Program& program);
void add_report_command(Program& program);
void add_explain_command(Program& program);
void add_study_command(Program& program);
void add_tune_command(Program& program);
void add_convert_command(Program& program);
void add_check_command(Program& program);
void add_generate_command(Program& program);
void add_datasets_command(Program& program);
void add_docs_command(Program& program);

/// Returns the text of docs/commands.md: the help of every command.
std::string command_reference(const CLI::App& app);

}  // namespace graphsieve
