// SPDX-License-Identifier: Apache-2.0
// The program: parses the command line, runs the command, and turns exceptions into exit codes (see README.md).
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "commands.h"
#include "graphsieve/base/mapped_range.h"
#include "graphsieve/base/option.h"
#include "graphsieve/files/foreign_error.h"
#include "graphsieve/recipe/suggest.h"
#include "stop.h"
#include "terminal.h"

namespace graphsieve {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoReport = 3;
constexpr int kMaxErrorLines = 12;

/// Returns at most `lines` lines of a message, with escapes for characters that would control the terminal.
std::string printable(const std::string& message, int lines = kMaxErrorLines) {
  std::string text;
  for (const char c : message) {
    if (c == '\n' && --lines == 0) break;
    text += c;
  }
  while (text.ends_with('\n')) text.pop_back();
  return printable_lines(text);
}

int fail(const std::string& message, int code, int lines = kMaxErrorLines) {
  std::fprintf(stderr, "%s %s\n", alarming("error:").c_str(), printable(message, lines).c_str());
  return code;
}

void add_commands(Program& program) {
  CLI::App& app = program.app;
  app.name("graphsieve");
  app.description("Sparse graph transformers for node classification");
  app.set_version_flag("--version", std::string("graphsieve ") + GRAPHSIEVE_VERSION, "Print the version");
  app.require_subcommand(1);
  app.footer("Example:\n  graphsieve run minesweeper.npz\n\nHelp on a command: graphsieve COMMAND --help");
  add_run_command(program);
  add_plan_command(program);
  add_estimate_command(program);
  add_sparsify_command(program);
  add_train_command(program);
  add_predict_command(program);
  add_inspect_command(program);
  add_compress_command(program);
  add_report_command(program);
  add_explain_command(program);
  add_study_command(program);
  add_tune_command(program);
  add_convert_command(program);
  add_check_command(program);
  add_generate_command(program);
  add_datasets_command(program);
  add_docs_command(program);
}

/// Returns the command as typed, for the hint after an error: "graphsieve run".
std::string called(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return app.get_name() + (commands.empty() ? "" : " " + commands.front()->get_name());
}

/// Returns what is wrong if no known command was given.
std::string no_command(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty()) return "a command is required";
  if (rest.front().starts_with('-')) return "unknown option " + rest.front();
  return "unknown command " + rest.front() + did_you_mean(rest.front(), names);
}

/// Prints what is wrong with the command line, and how to get help.
int usage_error(const Program& program, const CLI::ParseError& e) {
  fail(program.app.get_subcommands().empty() ? no_command(program.app) : e.what(), kUsage);
  std::fprintf(stderr, "Help: %s --help\n", called(program.app).c_str());
  return kUsage;
}

/// Runs the command of the command line, prints what went wrong, and returns the exit code.
int run_action(const Program& program) {
  try {
    with_mapped_files(program.action);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) return fail("stdout: cannot be written", kFailed);
    return 0;
  } catch (const Interrupted&) {
    const int signal = stop_signal();
    return fail("interrupted", signal != 0 ? 128 + signal : 130);
  } catch (const UsageError& e) {
    return fail(e.what(), kUsage);
  } catch (const ReportError& e) {
    return fail(e.what(), kNoReport);
  } catch (const std::exception& e) {
    return fail(sentence_of(e), kFailed);
  } catch (...) {
    return fail("internal error: an exception of an unknown kind; please report it, with the command", kFailed);
  }
}

int run(int argc, char** argv) {
  watch_mapped_files();
  Program program;
  add_commands(program);
  try {
    program.app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return e.get_exit_code() == 0 ? program.app.exit(e) : usage_error(program, e);
  }
  return run_action(program);
}

}  // namespace
}  // namespace graphsieve

int main(int argc, char** argv) {
  graphsieve::set_front_end(graphsieve::FrontEnd::kCommandLine);
  return graphsieve::run(argc, argv);
}
