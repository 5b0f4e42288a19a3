#include "shell/interpreter.hpp"

#include <algorithm>
#include <array>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::launch::shell {
namespace {

using Kind = Node::Kind;

/// Commands that are followed at most; scripts that launch a job need a few hundred.
constexpr int most_steps = 20000;
constexpr int deepest_calls = 40;
constexpr int most_turns = 1000;

/// Whether a text may be a command line that another program runs.
bool may_be_script(std::string_view text) {
  return text.find_first_of(" \n") != std::string_view::npos && text.find("--") != std::string_view::npos &&
         !text.starts_with('{') && !text.starts_with("--");
}

}  // namespace

const Text* Variable::find(std::string_view key) const {
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [&](const auto& element) { return element.first == key; });
  return found == elements.end() ? nullptr : &found->second;
}

void Interpreter::count_step(Place place) {
  if (++steps_ > most_steps)
    throw SyntaxError{place, "is too much work: more than 20000 commands would be followed"};
}

Status Interpreter::run(const Node& node) {
  count_step(node.place);
  if (++depth_ > deepest_calls) throw SyntaxError{node.place, "calls itself too deeply"};
  Status status = Status::yes;
  switch (node.kind) {
    case Kind::simple:
      status = run_simple(node);
      break;
    case Kind::pipeline:
      status = run_pipeline(node);
      break;
    case Kind::list:
      status = run_list(node);
      break;
    case Kind::if_clause:
      status = run_if(node);
      break;
    case Kind::for_loop:
      status = run_for(node);
      break;
    case Kind::while_loop:
      status = run_while(node);
      break;
    case Kind::case_clause:
      status = run_case(node);
      break;
    case Kind::group:
      status = run(node.children.front());
      break;
    case Kind::function:
      state_.functions[node.name] = std::make_shared<const Node>(node.children.front());
      break;
    case Kind::arithmetic: {
      const auto value = known(calculate(node.name, node.place));
      status = !value ? Status::unknown : *value == "0" ? Status::no : Status::yes;
      break;
    }
    case Kind::condition: {
      std::vector<Text> words{{"[[", node.place}};
      for (const Token& word : node.words) {
        words.push_back(word.kind == Token::Kind::word ? text_of(word) : Text{word.text, word.place});
      }
      status = test(std::move(words), node.place);
      break;
    }
  }
  --depth_;
  return status;
}

Status Interpreter::run_list(const Node& list) {
  Status status = Status::yes;
  for (std::size_t i = 0; i < list.children.size() && flow_ == Flow::on; ++i) {
    const std::string& joint = list.joints[i];
    const Status wanted = joint == "&&" ? Status::yes : Status::no;
    if (joint == ";" || status == wanted) {
      status = run(list.children[i]);
    } else if (status == Status::unknown) {
      run_perhaps(list.children[i]);
    }
  }
  return status;
}

Status Interpreter::run_pipeline(const Node& pipeline) {
  Status status = Status::yes;
  const auto outer_input = std::exchange(input_, std::nullopt);
  for (std::size_t i = 0; i < pipeline.children.size(); ++i) {
    if (i + 1 == pipeline.children.size()) {
      status = run(pipeline.children[i]);
      break;
    }
    std::string printed;
    std::string* const outer = std::exchange(output_, &printed);
    const bool was_unknown = std::exchange(is_output_unknown_, false);
    run(pipeline.children[i]);
    output_ = outer;
    input_ = is_output_unknown_ ? std::nullopt : std::optional(printed);
    is_output_unknown_ = was_unknown;
  }
  input_ = outer_input;
  if (!pipeline.is_negated || status == Status::unknown) return status;
  return status == Status::yes ? Status::no : Status::yes;
}

void Interpreter::run_perhaps(const Node& node) {
  const State before = state_;
  run(node);
  flow_ = Flow::on;
  merge(before, node.place);
}

void Interpreter::merge(State other, Place place) {
  const auto same = [](const Variable& a, const Variable& b) {
    return std::equal(
        a.elements.begin(), a.elements.end(), b.elements.begin(), b.elements.end(),
        [](const auto& x, const auto& y) { return x.first == y.first && x.second.text == y.second.text; });
  };
  for (const auto& [name, variable] : other.variables) state_.variables.try_emplace(name);
  for (auto& [name, variable] : state_.variables) {
    const auto found = other.variables.find(name);
    if (found != other.variables.end() && same(found->second, variable)) continue;
    variable.elements = {{"0", {unknown(place, "$" + name + ", which depends on a condition"), place}}};
  }
  state_.arguments = std::move(other.arguments);
}

Status Interpreter::run_if(const Node& clause) {
  for (std::size_t i = 0; i < clause.children.size(); i += 2) {
    const bool is_else = i + 1 == clause.children.size();
    const Status condition = is_else ? Status::yes : run(clause.children[i]);
    if (condition == Status::yes) return run(clause.children[is_else ? i : i + 1]);
    if (condition == Status::no) continue;
    const State before = state_;
    run(clause.children[i + 1]);
    State then = std::exchange(state_, before);
    // What follows is read as if the condition were false.
    Node rest = clause;
    rest.children.erase(rest.children.begin(), rest.children.begin() + static_cast<std::ptrdiff_t>(i) + 2);
    run_if(rest);
    flow_ = Flow::on;
    merge(std::move(then), clause.place);
    return Status::unknown;
  }
  return Status::yes;
}

Status Interpreter::run_for(const Node& loop) {
  std::vector<Text> items;
  for (const Token& word : loop.words) {
    if (word.text == "$(for)") {
      items.push_back({unknown(word.place, "the counter of the loop"), word.place});
      continue;
    }
    for (Text& field : fields_of(word)) items.push_back(std::move(field));
  }
  for (const Text& item : items) {
    if (!loop.name.empty()) set(loop.name, item);
    run(loop.children.front());
    if (flow_ == Flow::leave_loop) {
      flow_ = Flow::on;
      break;
    }
    if (flow_ != Flow::on) break;
  }
  return Status::yes;
}

Status Interpreter::run_while(const Node& loop) {
  for (int turn = 0; turn < most_turns; ++turn) {
    const Status condition = run(loop.children[0]);
    if (condition == (loop.is_negated ? Status::yes : Status::no)) break;
    if (condition == Status::unknown) {
      run_perhaps(loop.children[1]);
      break;
    }
    run(loop.children[1]);
    if (flow_ == Flow::leave_loop) {
      flow_ = Flow::on;
      break;
    }
    if (flow_ != Flow::on) break;
  }
  return Status::yes;
}

Status Interpreter::run_case(const Node& clause) {
  const auto subject = known(text_of(clause.words.front()).text);
  for (std::size_t i = 0; i < clause.children.size(); ++i) {
    for (const std::string_view pattern : split_text(clause.joints[i], '\n')) {
      if (pattern.empty()) continue;
      if (!subject) {
        run_perhaps(clause.children[i]);
        break;
      }
      const Text expanded =
          text_of({.kind = Token::Kind::word, .text = std::string(pattern), .place = clause.place});
      if (matches(expanded.text, *subject)) return run(clause.children[i]);
    }
  }
  return Status::yes;
}

Status Interpreter::run_simple(const Node& command) {
  const auto& tokens = command.words;
  std::size_t first = 0;
  const State before = state_;
  while (first < tokens.size() && assign(tokens[first])) ++first;
  std::vector<Text> words;
  for (std::size_t i = first; i < tokens.size(); ++i) {
    constexpr std::array<std::string_view, 5> declarations{"export", "declare", "typeset", "local",
                                                           "readonly"};
    const bool is_declaration = !words.empty() && std::find(declarations.begin(), declarations.end(),
                                                            words.front().text) != declarations.end();
    if (is_declaration && assign(tokens[i])) continue;
    for (Text& field : fields_of(tokens[i])) {
      // A variable that is not set leaves no word; in the place of a program, nothing is lost with it.
      const Unknown* gap = words.empty() ? script_.unknown_in(field.text) : nullptr;
      if (gap != nullptr && known(field.text) == "") continue;
      words.push_back(std::move(field));
    }
  }
  if (words.empty()) return Status::yes;
  const auto after = [&](Status status) {
    // Assignments in front of a command end with it, unless the command itself assigns.
    for (std::size_t i = 0; i < first; ++i) {
      const std::string name = tokens[i].text.substr(0, name_length(tokens[i].text));
      const auto old = before.variables.find(name);
      if (old == before.variables.end())
        state_.variables.erase(name);
      else
        state_.variables[name] = old->second;
    }
    return status;
  };
  if (const auto function = state_.functions.find(words.front().text); function != state_.functions.end()) {
    const std::shared_ptr<const Node> body = function->second;
    const std::vector<Text> outer =
        std::exchange(state_.arguments, std::vector<Text>(words.begin() + 1, words.end()));
    const Status status = run(*body);
    state_.arguments = outer;
    if (flow_ == Flow::leave_function) flow_ = Flow::on;
    return after(status);
  }
  if (const auto status = run_builtin(words, command)) return after(*status);
  record(std::move(words), command);
  return after(Status::unknown);
}

void Interpreter::record(std::vector<Text> words, const Node& command) {
  is_output_unknown_ = true;
  constexpr std::array<std::string_view, 3> shells{"bash", "sh", "zsh"};
  std::vector<Text> nested;
  for (const Text& word : words) {
    if (&word != &words.front() && may_be_script(word.text)) nested.push_back(word);
  }
  const bool is_shell = std::any_of(words.begin(), words.end(), [&](const Text& word) {
    return std::find(shells.begin(), shells.end(), word.text.substr(word.text.rfind('/') + 1)) !=
           shells.end();
  });
  const bool writes_script =
      std::any_of(command.redirections.begin(), command.redirections.end(),
                  [](const auto& r) { return r.operation == ">" && r.target.text.ends_with(".sh"); });
  if (is_shell || writes_script) {
    if (const auto input = input_of(command)) nested.push_back({*input, command.place});
  }
  Command recorded{.words = std::move(words)};
  for (const auto& [name, variable] : state_.variables) {
    if (const Text* value = variable.find("0")) recorded.variables.emplace(name, *value);
  }
  script_.commands.push_back(std::move(recorded));
  for (const Text& text : nested) {
    const State saved = state_;
    run_text(text.text, text.place);
    state_ = saved;
  }
}

void Interpreter::run_text(const std::string& text, Place place) {
  const std::size_t commands = script_.commands.size();
  try {
    run(parse(text, place));
  } catch (const SyntaxError&) {
    // It is an argument of another kind, or what a program does with it is its own affair.
    if (steps_ > most_steps) throw;
    script_.commands.resize(commands);
  }
}

std::string Interpreter::unknown(Place place, std::string text, bool is_unset) {
  script_.unknowns.push_back({place, std::move(text), is_unset});
  return "\x01" + std::to_string(script_.unknowns.size() - 1) + "\x02";
}

std::optional<std::string> Interpreter::known(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    const std::size_t begin = text.find('\x01');
    result += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const Unknown* gap = script_.unknown_in(text.substr(begin));
    if (gap == nullptr || !gap->is_unset) return std::nullopt;
    text.remove_prefix(text.find('\x02', begin) + 1);
  }
  return result;
}

const Unknown* Script::unknown_in(std::string_view text) const {
  const std::size_t begin = text.find('\x01');
  const std::size_t end = begin == std::string_view::npos ? begin : text.find('\x02', begin);
  std::int64_t index = -1;
  if (end == std::string_view::npos || !read_number(text.substr(begin + 1, end - begin - 1), index).empty() ||
      index < 0 || static_cast<std::size_t>(index) >= unknowns.size())
    return nullptr;
  return &unknowns[static_cast<std::size_t>(index)];
}

Script read_script(std::string_view text) {
  Script script;
  Place place;
  for (const std::string_view line : split_text(text, '\n')) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto byte = static_cast<unsigned char>(line[i]);
      if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f)
        throw SyntaxError{{place.line, static_cast<int>(i) + 1},
                          "is no text: it has the control character " + std::to_string(byte)};
    }
    if (line.starts_with("#SBATCH ")) {
      for (const std::string_view word : split_words(line.substr(8))) {
        const std::size_t equals = word.find('=');
        if (word.starts_with('#')) break;
        if (word.starts_with("--") && equals != std::string_view::npos)
          script.directives[std::string(word.substr(2, equals - 2))] = {std::string(word.substr(equals + 1)),
                                                                        {place.line, 9}};
      }
      const std::vector<std::string_view> words = split_words(line.substr(8));
      if (words.size() >= 2 && words[0].find('=') == std::string_view::npos) {
        const std::string name =
            words[0] == "-N"   ? "nodes"
            : words[0] == "-n" ? "ntasks"
            : words[0] == "-G"
                ? "gpus"
                : std::string(words[0].substr(words[0].find_first_not_of('-') == std::string_view::npos
                                                  ? 0
                                                  : words[0].find_first_not_of('-')));
        script.directives.try_emplace(name, Text{std::string(words[1]), {place.line, 9}});
      }
    }
    ++place.line;
  }
  Interpreter(script).run(parse(text));
  return script;
}

bool matches(std::string_view pattern, std::string_view text) {
  // The last star, and the text that it has taken.
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  const auto in_set = [&](std::size_t& end) {
    end = pattern.find(']', p + 2);
    if (end == std::string_view::npos) return false;
    std::string_view set = pattern.substr(p + 1, end - p - 1);
    const bool is_negated = set.starts_with('!') || set.starts_with('^');
    if (is_negated) set.remove_prefix(1);
    bool is_in = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (i + 2 < set.size() && set[i + 1] == '-') {
        is_in = is_in || (text[t] >= set[i] && text[t] <= set[i + 2]);
        i += 2;
      } else {
        is_in = is_in || text[t] == set[i];
      }
    }
    return is_in != is_negated;
  };
  while (t < text.size()) {
    std::size_t end = p;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == '[' && in_set(end)) {
      p = end + 1;
      ++t;
    } else if (p < pattern.size() && pattern[p] != '[' && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace rankmesh::launch::shell
