#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/parser.hpp"
#include "shell/reader.hpp"

namespace rankmesh::launch::shell {

/// Whether a command succeeded.
enum class Status { yes, no, unknown };

struct Variable {
  /// By index or key, in the order of assignment.
  std::vector<std::pair<std::string, Text>> elements{};

  [[nodiscard]] const Text* find(std::string_view key) const;
};

/// What commands may change.
struct State {
  std::map<std::string, Variable, std::less<>> variables{};
  std::map<std::string, std::shared_ptr<const Node>, std::less<>> functions{};
  std::vector<Text> arguments{};
};

/// The fields of a word while it is expanded.
class Fields {
 public:
  Fields(bool splits, std::string separators) : splits_(splits), separators_(std::move(separators)) {}

  void add_quoted(std::string_view text, Place place);
  /// Text that is split into fields.
  void add_open(std::string_view text, Place place);
  void end_field();
  [[nodiscard]] std::vector<Text> take();

 private:
  bool splits_;
  std::string separators_;
  std::vector<Text> done_;
  std::optional<Text> current_;
};

/// Follows the commands of a script.
class Interpreter {
 public:
  explicit Interpreter(Script& script) : script_(script) { set("IFS", {" \t\n", {}}); }

  Status run(const Node& node);

 private:
  enum class Flow { on, leave_loop, leave_function, leave_script };

  // interpreter.cpp
  Status run_list(const Node& list);
  Status run_pipeline(const Node& pipeline);
  Status run_if(const Node& clause);
  Status run_for(const Node& loop);
  Status run_while(const Node& loop);
  Status run_case(const Node& clause);
  Status run_simple(const Node& command);
  void record(std::vector<Text> words, const Node& command);
  /// Follows a text that a command runs: eval, `bash -c`.
  void run_text(const std::string& text, Place place);
  /// Follows commands that may run or not.
  void run_perhaps(const Node& node);
  /// Makes unknown what differs from a state of another branch.
  void merge(State other, Place place);
  void count_step(Place place);

  // builtins.cpp
  std::optional<Status> run_builtin(const std::vector<Text>& words, const Node& command);
  Status test(std::vector<Text> words, Place place);
  [[nodiscard]] std::optional<bool> test_two(std::string_view operation, const std::string& text) const;
  [[nodiscard]] std::optional<bool> test_three(const std::string& left, std::string_view operation,
                                               const std::string& right, bool is_pattern) const;
  Status read_values(const std::vector<Text>& words, const Node& command);
  [[nodiscard]] std::optional<std::string> input_of(const Node& command);
  void print(const std::string& text);
  bool filter(const std::vector<Text>& words, const Node& command);

  // expansion.cpp
  [[nodiscard]] std::vector<Text> fields_of(const Token& word);
  [[nodiscard]] Text text_of(const Token& word);
  void expand(std::string_view raw, Place place, bool is_quoted, Fields& fields);
  void expand_dollar(std::string_view raw, Place place, bool is_quoted, Fields& fields);
  void expand_parameter(std::string_view inside, Place place, bool is_quoted, Fields& fields);
  [[nodiscard]] std::string apply(std::string_view operation, std::string value, Place place);
  [[nodiscard]] std::vector<Text> values_of(std::string_view name, std::string_view subscript, Place place);
  [[nodiscard]] std::optional<Text> value_of(std::string_view name) const;
  [[nodiscard]] std::string substitute(std::string_view inside, Place place);
  /// Whether a word is an assignment, which is then made.
  bool assign(const Token& word);
  void assign_array(std::string_view inside, Place place, Variable& variable);
  void set(std::string_view name, Text value);
  [[nodiscard]] std::string slurm_value(std::string_view name) const;

  [[nodiscard]] std::string unknown(Place place, std::string text, bool is_unset = false);
  /// The text as a shell sees it where variables that are not set are empty; nothing if something else is
  /// unknown.
  [[nodiscard]] std::optional<std::string> known(std::string_view text) const;

  // arithmetic.cpp
  [[nodiscard]] std::string calculate(std::string_view raw, Place place);

  Script& script_;
  State state_;
  Flow flow_ = Flow::on;
  int steps_ = 0;
  int depth_ = 0;
  /// Where printed text goes while a substitution or pipeline is read.
  std::string* output_ = nullptr;
  /// Whether a program printed something unknown.
  bool is_output_unknown_ = false;
  /// What the command before in the pipeline printed.
  std::optional<std::string> input_;

  friend class Calculator;
};

/// Whether a text matches a pattern with `*`, `?` and `[a-z]`.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text);

}  // namespace rankmesh::launch::shell
