#include <algorithm>
#include <array>

#include "rankmesh/topology/text.hpp"
#include "shell/interpreter.hpp"

namespace rankmesh::launch::shell {
namespace {

Status status_of(std::optional<bool> holds) {
  return !holds ? Status::unknown : *holds ? Status::yes : Status::no;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Status inverse(Status status) {
  return status == Status::unknown ? status : status == Status::yes ? Status::no : Status::yes;
}

}  // namespace

void Interpreter::print(const std::string& text) {
  if (output_ != nullptr && output_->size() + text.size() < (std::size_t{1} << 16)) *output_ += text;
}

std::optional<std::string> Interpreter::input_of(const Node& command) {
  for (const Redirection& redirection : command.redirections) {
    if (redirection.operation == "<<<") return text_of(redirection.target).text + "\n";
    if (redirection.operation != "<<" && redirection.operation != "<<-") continue;
    if (redirection.target.is_literal) return redirection.target.body;
    Fields fields(false, "");
    expand(redirection.target.body, redirection.target.place, true, fields);
    return joined(fields.take(), "", &Text::text);
  }
  return input_;
}

std::optional<Status> Interpreter::run_builtin(const std::vector<Text>& words, const Node& command) {
  const std::string& name = words.front().text;
  if (is_one_of(name, {"export",  "declare", "typeset", "local", "readonly", "cd",   "ulimit", "trap",
                       "unalias", "alias",   "wait",    "umask", "shopt",    "true", ":",      "module",
                       "pushd",   "popd",    "set",     "mkdir", "sleep",    "touch"})) {
    if (name == "set" && words.size() > 1 && words[1].text == "--")
      state_.arguments.assign(words.begin() + 2, words.end());
    return Status::yes;
  }
  if (name == "false") return Status::no;
  if (name == "[" || name == "test") return test(words, command.place);
  if (name == "exit") {
    // A check that fails ends the script with another status: what follows is what the script is for.
    if (words.size() == 1 || words[1].text == "0") flow_ = Flow::leave_script;
    return Status::yes;
  }
  if (name == "return") {
    flow_ = Flow::leave_function;
    return Status::yes;
  }
  if (name == "break" || name == "continue") {
    if (name == "break") flow_ = Flow::leave_loop;
    return Status::yes;
  }
  if (name == "shift") {
    if (state_.arguments.empty()) return Status::no;
    state_.arguments.erase(state_.arguments.begin());
    return Status::yes;
  }
  if (name == "unset") {
    for (std::size_t i = 1; i < words.size(); ++i) state_.variables.erase(words[i].text);
    return Status::yes;
  }
  if (name == "let") {
    for (std::size_t i = 1; i < words.size(); ++i) static_cast<void>(calculate(words[i].text, command.place));
    return Status::yes;
  }
  if (name == "getopts") return Status::no;
  if (name == "read") return read_values(words, command);
  if (name == "eval") {
    run_text(joined(std::vector<Text>(words.begin() + 1, words.end()), " ", &Text::text),
             words.front().place);
    return Status::unknown;
  }
  if (name == "source" || name == ".") {
    is_output_unknown_ = true;
    return Status::unknown;
  }
  return filter(words, command) ? std::optional(Status::yes) : std::nullopt;
}

bool Interpreter::filter(const std::vector<Text>& words, const Node& command) {
  const std::string& name = words.front().text;
  const bool is_to_file = std::any_of(command.redirections.begin(), command.redirections.end(),
                                      [](const Redirection& r) { return r.operation.starts_with('>'); });
  const std::string rest = joined(std::vector<Text>(words.begin() + 1, words.end()), " ", &Text::text);
  if (name == "echo" || name == "printf") {
    if (is_to_file) return true;
    std::string text = rest;
    if (name == "echo")
      text = text.starts_with("-n ") || text.starts_with("-e ") ? text.substr(3) : text + "\n";
    if (name == "printf" && text.starts_with("%s")) text = words.size() > 2 ? words[2].text : "";
    print(text);
    return true;
  }
  if (name == "expr") {
    print(calculate(rest, command.place) + "\n");
    return true;
  }
  if (name == "basename" && words.size() >= 2) {
    std::string base = words[1].text.substr(words[1].text.rfind('/') + 1);
    if (words.size() > 2 && base.ends_with(words[2].text)) base.resize(base.size() - words[2].text.size());
    print(base + "\n");
    return true;
  }
  if (name == "seq" && words.size() >= 2) {
    std::int64_t first = 1;
    std::int64_t last = 0;
    if ((words.size() == 3 && !read_number(words[1].text, first).empty()) || words.size() > 3 ||
        !read_number(words.back().text, last).empty() || last - first > 1000)
      return false;
    for (std::int64_t i = first; i <= last; ++i) print(std::to_string(i) + "\n");
    return true;
  }
  const auto input =
      is_one_of(name, {"cat", "bc", "wc", "tr"}) && !is_to_file ? input_of(command) : std::nullopt;
  if (!input) return false;
  if (name == "cat" && words.size() == 1) {
    print(*input);
  } else if (name == "bc") {
    std::string text = *input;
    while (text.ends_with('\n')) text.pop_back();
    print(calculate(text, command.place) + "\n");
  } else if (name == "wc" && (rest == "-l" || rest == "-w") && known(*input)) {
    const std::string text = *known(*input);
    print(std::to_string(rest == "-w" ? static_cast<std::int64_t>(split_words(text).size())
                                      : std::count(text.begin(), text.end(), '\n')) +
          "\n");
  } else if (name == "tr" && words.size() == 3 && words[1].text.size() == 1) {
    std::string text = *input;
    const std::string& to = words[2].text;
    std::replace(text.begin(), text.end(), words[1].text[0], to == "\\n" ? '\n' : to.empty() ? ' ' : to[0]);
    print(text);
  } else {
    return false;
  }
  return true;
}

Status Interpreter::read_values(const std::vector<Text>& words, const Node& command) {
  std::vector<std::string> names;
  bool is_array = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i].text;
    if (word.starts_with('-')) {
      is_array = is_array || word.find('a') != std::string::npos;
      // -d, -n, -p, -t and -u have a value.
      if (word.size() == 2 && std::string_view("dnptu").find(word[1]) != std::string_view::npos) ++i;
    } else {
      names.push_back(word);
    }
  }
  auto input = input_of(command);
  if (!input || !known(*input)) {
    for (const std::string& name : names)
      set(name, {unknown(command.place, "$" + name + ", which is read"), command.place});
    return Status::unknown;
  }
  const auto separators = value_of("IFS");
  Fields fields(true, separators ? separators->text + "\n" : " \t\n");
  fields.add_open(*input, command.place);
  const std::vector<Text> values = fields.take();
  if (is_array && !names.empty()) {
    Variable& variable = state_.variables[names.front()];
    variable.elements.clear();
    for (std::size_t i = 0; i < values.size(); ++i)
      variable.elements.emplace_back(std::to_string(i), values[i]);
    return Status::yes;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    Text value{.place = command.place};
    if (i < values.size()) value.text = values[i].text;
    // The last name takes what is left.
    for (std::size_t more = i + 1; i + 1 == names.size() && more < values.size(); ++more)
      value.text += " " + values[more].text;
    set(names[i], std::move(value));
  }
  return values.empty() ? Status::no : Status::yes;
}

std::optional<bool> Interpreter::test_two(std::string_view operation, const std::string& text) const {
  const auto value = known(text);
  if (operation == "-z" || operation == "-n") {
    if (value) return value->empty() == (operation == "-z");
    return std::nullopt;
  }
  if (operation == "-v") return state_.variables.contains(text);
  return std::nullopt;
}

std::optional<bool> Interpreter::test_three(const std::string& left, std::string_view operation,
                                            const std::string& right, bool is_pattern) const {
  const auto a = known(left);
  const auto b = known(right);
  if (!a || !b) return std::nullopt;
  if (operation == "=" || operation == "==") return is_pattern ? matches(*b, *a) : *a == *b;
  if (operation == "!=") return is_pattern ? !matches(*b, *a) : *a != *b;
  std::int64_t x = 0;
  std::int64_t y = 0;
  if (!read_number(*a, x).empty() || !read_number(*b, y).empty()) return std::nullopt;
  if (operation == "-eq") return x == y;
  if (operation == "-ne") return x != y;
  if (operation == "-lt" || operation == "<") return x < y;
  if (operation == "-le") return x <= y;
  if (operation == "-gt" || operation == ">") return x > y;
  if (operation == "-ge") return x >= y;
  return std::nullopt;
}

Status Interpreter::test(std::vector<Text> words, Place place) {
  count_step(place);
  const bool is_pattern = words.front().text == "[[";
  if (words.front().text == "[" && words.size() > 1 && words.back().text == "]") words.pop_back();
  words.erase(words.begin());
  // Conditions joined by || and then by &&, from the left.
  for (const auto& [joint, decides] :
       {std::pair{is_pattern ? "||" : "-o", Status::yes}, std::pair{is_pattern ? "&&" : "-a", Status::no}}) {
    const auto found =
        std::find_if(words.begin(), words.end(),
                     [&, text = std::string_view(joint)](const Text& w) { return w.text == text; });
    if (found == words.end() || found == words.begin()) continue;
    std::vector<Text> left{{is_pattern ? "[[" : "test", place}};
    std::vector<Text> right = left;
    left.insert(left.end(), words.begin(), found);
    right.insert(right.end(), found + 1, words.end());
    const Status first = test(std::move(left), place);
    if (first == decides) return first;
    const Status second = test(std::move(right), place);
    return second == decides || first != Status::unknown ? second : Status::unknown;
  }
  if (!words.empty() && words.front().text == "!") {
    words.front().text = is_pattern ? "[[" : "test";
    return inverse(test(std::move(words), place));
  }
  if (words.size() > 2 && words.front().text == "(" && words.back().text == ")") {
    words.pop_back();
    words.front().text = is_pattern ? "[[" : "test";
    return test(std::move(words), place);
  }
  if (words.size() == 1) return status_of(test_two("-n", words[0].text));
  if (words.size() == 2) return status_of(test_two(words[0].text, words[1].text));
  if (words.size() == 3)
    return status_of(test_three(words[0].text, words[1].text, words[2].text, is_pattern));
  return words.empty() ? Status::no : Status::unknown;
}

}  // namespace rankmesh::launch::shell
