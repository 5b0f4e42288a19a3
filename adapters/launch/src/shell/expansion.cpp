#include <algorithm>
#include <array>

#include "rankmesh/topology/text.hpp"
#include "shell/interpreter.hpp"
#include "shell/lexer.hpp"

namespace rankmesh::launch::shell {
namespace {

/// A text that grows with every turn of a loop is no layout.
constexpr std::size_t longest_text = std::size_t{1} << 16;

/// `[subscript]` at the beginning of a text: its length with brackets; 0 if there is none.
std::size_t subscript_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const std::size_t end = text.find(']');
  return end == npos ? 0 : end + 1;
}

/// Characters behind `$'`, with the escapes that scripts use.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char c = text[++i];
    result += c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
  return result;
}

/// The part of a value that `#`, `##`, `%` or `%%` removes.
std::string trimmed(std::string_view operation, const std::string& value, const std::string& pattern) {
  const bool is_front = operation[0] == '#';
  const bool is_longest = operation.size() == 2;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    const std::size_t length = is_longest ? value.size() - i : i;
    const std::string_view part =
        std::string_view(value).substr(is_front ? 0 : value.size() - length, length);
    if (matches(pattern, part))
      return is_front ? value.substr(length) : value.substr(0, value.size() - length);
  }
  return value;
}

std::string replaced(const std::string& value, const std::string& pattern, const std::string& by, bool all) {
  std::string result;
  std::size_t at = 0;
  while (at < value.size()) {
    std::size_t length = std::min<std::size_t>(value.size() - at, 256);
    while (length > 0 && !matches(pattern, std::string_view(value).substr(at, length))) --length;
    if (length == 0) {
      result += value[at++];
      continue;
    }
    result += by;
    at += length;
    if (!all) break;
  }
  return result + value.substr(at);
}

}  // namespace

void Fields::add_quoted(std::string_view text, Place place) {
  if (!current_) current_ = Text{.place = place};
  current_->text += text;
}

void Fields::add_open(std::string_view text, Place place) {
  if (!splits_) return add_quoted(text, place);
  for (const char c : text) {
    if (separators_.find(c) != std::string::npos)
      end_field();
    else
      add_quoted(std::string_view(&c, 1), place);
  }
}

void Fields::end_field() {
  if (current_) done_.push_back(*std::exchange(current_, std::nullopt));
}

std::vector<Text> Fields::take() {
  end_field();
  return std::move(done_);
}

std::vector<Text> Interpreter::fields_of(const Token& word) {
  // {1..8}
  const std::string_view raw = word.text;
  if (const std::size_t dots = raw.find(".."); raw.starts_with('{') && raw.ends_with('}') && dots != npos) {
    std::int64_t first = 0;
    std::int64_t last = 0;
    if (read_number(raw.substr(1, dots - 1), first).empty() &&
        read_number(raw.substr(dots + 2, raw.size() - dots - 3), last).empty() && last >= first &&
        last - first < 1000) {
      std::vector<Text> numbers;
      for (std::int64_t i = first; i <= last; ++i) numbers.push_back({std::to_string(i), word.place});
      return numbers;
    }
  }
  const auto separators = value_of("IFS");
  Fields fields(true, separators ? separators->text : " \t\n");
  expand(raw, word.place, false, fields);
  return fields.take();
}

Text Interpreter::text_of(const Token& word) {
  Fields fields(false, "");
  expand(word.text, word.place, false, fields);
  const std::vector<Text> texts = fields.take();
  Text result{joined(texts, " ", &Text::text), word.place};
  if (result.text.size() > longest_text)
    throw SyntaxError{word.place, "is too much work: a text has more than 65536 bytes"};
  return result;
}

void Interpreter::expand(std::string_view raw, Place place, bool is_quoted, Fields& fields) {
  std::size_t at = 0;
  while (at < raw.size()) {
    const char c = raw[at];
    if (c == '\\' && at + 1 < raw.size()) {
      const char next = raw[at + 1];
      const bool is_escape = !is_quoted || std::string_view("$`\"\\\n").find(next) != npos;
      if (!is_escape) fields.add_quoted("\\", place);
      if (next != '\n') fields.add_quoted(raw.substr(at + 1, 1), place);
      at += 2;
      continue;
    }
    const bool is_special = c == '$' || c == '`' ||
                            (!is_quoted && (c == '\'' || c == '"' || ((c == '<' || c == '>') && at == 0)));
    if (!is_special) {
      const std::size_t end = std::min(raw.find_first_of("\\$`'\"", at + 1), raw.size());
      fields.add_quoted(raw.substr(at, end - at), place);
      at = end;
      continue;
    }
    if (c == '<' || c == '>') {
      fields.add_quoted(unknown(place, std::string(raw)), place);
      return;
    }
    const std::size_t end = std::min(end_of_quoted(raw, at), raw.size());
    const std::string_view part = raw.substr(at, end - at);
    if (c == '\'') {
      fields.add_quoted(part.substr(1, part.size() - 2), place);
    } else if (c == '"') {
      const std::string_view inside = part.substr(1, part.size() - 2);
      // "$@" and "${array[@]}" without elements leave no word.
      if (inside != "$@" && !inside.ends_with("[@]}")) fields.add_quoted("", place);
      expand(inside, place, true, fields);
    } else if (c == '`') {
      const std::string value = substitute(part.substr(1, part.size() - 2), place);
      is_quoted ? fields.add_quoted(value, place) : fields.add_open(value, place);
    } else {
      // end_of_quoted does not know how long a name is.
      std::size_t length = part.size();
      if (length == 1 && at + 1 < raw.size()) {
        const std::size_t name = name_length(raw.substr(at + 1));
        const bool is_sign = std::string_view("@*#?$!-0123456789").find(raw[at + 1]) != npos;
        length = name > 0 ? name + 1 : is_sign ? 2 : 1;
      }
      expand_dollar(raw.substr(at, length), place, is_quoted, fields);
      at += length;
      continue;
    }
    at = end;
  }
}

void Interpreter::expand_dollar(std::string_view raw, Place place, bool is_quoted, Fields& fields) {
  const auto add = [&](std::string_view value) {
    is_quoted ? fields.add_quoted(value, place) : fields.add_open(value, place);
  };
  if (raw == "$") return fields.add_quoted("$", place);
  if (raw.starts_with("$((") && raw.ends_with("))"))
    return add(calculate(raw.substr(3, raw.size() - 5), place));
  if (raw.starts_with("$(")) return add(substitute(raw.substr(2, raw.size() - 3), place));
  if (raw.starts_with("$'")) return fields.add_quoted(unescaped(raw.substr(2, raw.size() - 3)), place);
  if (raw.starts_with("${")) return expand_parameter(raw.substr(2, raw.size() - 3), place, is_quoted, fields);
  expand_parameter(raw.substr(1), place, is_quoted, fields);
}

void Interpreter::expand_parameter(std::string_view inside, Place place, bool is_quoted, Fields& fields) {
  const std::string_view whole = inside;
  const bool is_length =
      inside.size() > 1 && inside[0] == '#' && std::string_view(":-+=%/").find(inside[1]) == npos;
  if (is_length) inside.remove_prefix(1);
  const bool is_indirect = inside.size() > 1 && inside[0] == '!';
  if (is_indirect) inside.remove_prefix(1);
  std::size_t length = name_length(inside);
  if (length == 0) {
    while (length < inside.size() && inside[length] >= '0' && inside[length] <= '9') ++length;
    if (length == 0) length = std::min<std::size_t>(1, inside.size());
  }
  std::string name(inside.substr(0, length));
  std::string_view rest = inside.substr(length);
  const std::size_t brackets = subscript_length(rest);
  const std::string_view subscript = brackets == 0 ? "" : rest.substr(1, brackets - 2);
  rest.remove_prefix(brackets);
  const bool is_list = name == "@" || name == "*" || subscript == "@" || subscript == "*";
  if (is_indirect) {
    const auto target = value_of(name);
    const bool is_known = target && known(target->text) && is_name(target->text);
    if (is_list || !is_known)
      return fields.add_quoted(unknown(place, "${" + std::string(whole) + "}"), place);
    name = target->text;
  }
  std::vector<Text> values = values_of(name, subscript, place);
  if (is_length) {
    const std::string text = joined(values, " ", &Text::text);
    const auto value = known(text);
    const std::size_t count = is_list ? values.size() : value ? value->size() : 0;
    return fields.add_quoted(
        value || is_list ? std::to_string(count) : unknown(place, "${" + std::string(whole) + "}"), place);
  }
  const bool has_default = rest.starts_with(":-") || rest.starts_with(":=") || rest.starts_with(":+") ||
                           rest.starts_with(":?") ||
                           (!rest.empty() && std::string_view("-=+?").find(rest[0]) != npos);
  if (has_default) {
    const std::size_t colon = rest[0] == ':' ? 1 : 0;
    const char kind = rest[colon];
    // An unset variable is a mark that counts as empty.
    const auto value = known(joined(values, " ", &Text::text));
    const bool is_empty = value && value->empty();
    const bool takes_word = kind == '+' ? !is_empty : is_empty && kind != '?';
    if (kind == '+' && is_empty) return;
    if (takes_word) {
      const std::string_view word = rest.substr(colon + 1);
      if (kind == '=') {
        set(name, text_of({.kind = Token::Kind::word, .text = std::string(word), .place = place}));
        values = values_of(name, subscript, place);
      } else {
        if (!is_quoted && word.find_first_of("\"'") == npos) {
          // Without quotes, what is expanded is split as ever.
          const Text text = text_of({.kind = Token::Kind::word, .text = std::string(word), .place = place});
          return fields.add_open(text.text, place);
        }
        return expand(word, place, is_quoted && !word.starts_with('"'), fields);
      }
    }
    rest = "";
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string value = rest.empty() ? values[i].text : apply(rest, values[i].text, place);
    const Place own = values[i].place;
    const bool is_joined = is_quoted && (name == "*" || subscript == "*");
    if (i > 0) is_joined ? fields.add_quoted(" ", own) : fields.end_field();
    is_quoted ? fields.add_quoted(value, own) : fields.add_open(value, own);
  }
}

std::string Interpreter::apply(std::string_view operation, std::string value, Place place) {
  const auto give_up = [&] { return unknown(place, "${..." + std::string(operation) + "}"); };
  const auto plain = known(value);
  if (!plain) return value;
  const auto word_of = [&](std::string_view raw) {
    return text_of({.kind = Token::Kind::word, .text = std::string(raw), .place = place}).text;
  };
  if (operation[0] == '#' || operation[0] == '%') {
    const std::size_t length = operation.size() > 1 && operation[1] == operation[0] ? 2 : 1;
    return trimmed(operation.substr(0, length), *plain, word_of(operation.substr(length)));
  }
  if (operation[0] == '/') {
    const bool all = operation.size() > 1 && operation[1] == '/';
    const std::string_view rest = operation.substr(all ? 2 : 1);
    const std::size_t slash = rest.find('/', 1);
    return replaced(*plain, word_of(rest.substr(0, slash)),
                    slash == npos ? "" : word_of(rest.substr(slash + 1)), all);
  }
  if (operation == ",,") return lower_case(*plain);
  if (operation == "^^") return upper_case(*plain);
  if (operation[0] == ':') {
    const std::vector<std::string_view> parts = split_text(operation.substr(1), ':');
    std::int64_t offset = 0;
    std::int64_t length = static_cast<std::int64_t>(plain->size());
    if (!read_number(calculate(parts[0], place), offset).empty()) return give_up();
    if (parts.size() > 1 && !read_number(calculate(parts[1], place), length).empty()) return give_up();
    if (offset < 0) offset += static_cast<std::int64_t>(plain->size());
    if (offset < 0 || length < 0 || offset > static_cast<std::int64_t>(plain->size())) return give_up();
    return plain->substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }
  return give_up();
}

std::vector<Text> Interpreter::values_of(std::string_view name, std::string_view subscript, Place place) {
  if (name == "@" || name == "*") return state_.arguments;
  const auto variable = state_.variables.find(name);
  if (variable == state_.variables.end() || subscript.empty()) {
    if (auto value = value_of(name)) return {*value};
    if (subscript == "@" || subscript == "*") return {};
    return {{unknown(place, "$" + std::string(name), true), place}};
  }
  const auto& elements = variable->second.elements;
  if (subscript == "@" || subscript == "*") {
    std::vector<Text> values;
    for (const auto& [key, value] : elements) values.push_back(value);
    return values;
  }
  const std::string key =
      text_of({.kind = Token::Kind::word, .text = std::string(subscript), .place = place}).text;
  const Text* found = variable->second.find(key);
  if (found == nullptr) found = variable->second.find(calculate(key, place));
  if (found != nullptr) return {*found};
  return {{unknown(place, "${" + std::string(name) + "[" + std::string(subscript) + "]}", true), place}};
}

std::optional<Text> Interpreter::value_of(std::string_view name) const {
  if (name == "#") return Text{std::to_string(state_.arguments.size()), {}};
  if (name == "?") return Text{"0", {}};
  std::int64_t number = 0;
  if (read_number(name, number).empty() && number >= 1 &&
      number <= static_cast<std::int64_t>(state_.arguments.size()))
    return state_.arguments[static_cast<std::size_t>(number - 1)];
  const auto variable = state_.variables.find(name);
  if (variable != state_.variables.end()) {
    const Text* first = variable->second.find("0");
    return first == nullptr ? std::nullopt : std::optional(*first);
  }
  const std::string of_job = slurm_value(name);
  return of_job.empty() ? std::nullopt : std::optional(Text{of_job, {}});
}

std::string Interpreter::slurm_value(std::string_view name) const {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> names{
      {{"SLURM_NNODES", "nodes"},
       {"SLURM_JOB_NUM_NODES", "nodes"},
       {"SLURM_NTASKS", "ntasks"},
       {"SLURM_NPROCS", "ntasks"},
       {"SLURM_NTASKS_PER_NODE", "ntasks-per-node"},
       {"SLURM_GPUS_PER_NODE", "gpus-per-node"},
       {"SLURM_GPUS_ON_NODE", "gpus-per-node"}}};
  const auto* const known_name =
      std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == name; });
  if (known_name == names.end()) return "";
  const auto found = script_.directives.find(std::string(known_name->second));
  if (found == script_.directives.end()) return "";
  // h100:8 is eight GPUs of a type.
  const std::string& text = found->second.text;
  return text.substr(text.rfind(':') == std::string::npos ? 0 : text.rfind(':') + 1);
}

std::string Interpreter::substitute(std::string_view inside, Place place) {
  const auto give_up = [&] { return unknown(place, "$(" + std::string(inside) + ")"); };
  const State saved = state_;
  const std::size_t commands = script_.commands.size();
  std::string printed;
  std::string* const outer = std::exchange(output_, &printed);
  const bool was_unknown = std::exchange(is_output_unknown_, false);
  const auto outer_input = std::exchange(input_, std::nullopt);
  const Flow flow = flow_;
  try {
    run(parse(inside, place));
  } catch (const SyntaxError&) {
    if (steps_ > 20000) throw;
    is_output_unknown_ = true;
  }
  flow_ = flow;
  state_ = saved;
  script_.commands.resize(commands);
  output_ = outer;
  input_ = outer_input;
  const bool is_unknown = std::exchange(is_output_unknown_, was_unknown);
  while (printed.ends_with('\n')) printed.pop_back();
  return is_unknown ? give_up() : printed;
}

bool Interpreter::assign(const Token& word) {
  const std::string_view raw = word.text;
  const std::size_t length = name_length(raw);
  if (length == 0) return false;
  const std::string name(raw.substr(0, length));
  std::string_view rest = raw.substr(length);
  const std::size_t brackets = subscript_length(rest);
  const std::string_view subscript = brackets == 0 ? "" : rest.substr(1, brackets - 2);
  rest.remove_prefix(brackets);
  const bool appends = rest.starts_with("+=");
  if (!appends && !rest.starts_with('=')) return false;
  rest.remove_prefix(appends ? 2 : 1);
  if (rest.starts_with('(') && rest.ends_with(')')) {
    Variable value = appends ? state_.variables[name] : Variable{};
    Place inside = word.place;
    inside.column += static_cast<int>(raw.size() - rest.size()) + 1;
    assign_array(rest.substr(1, rest.size() - 2), inside, value);
    state_.variables[name] = std::move(value);
    return true;
  }
  Text value = text_of({.kind = Token::Kind::word, .text = std::string(rest), .place = word.place});
  value.place.column += static_cast<int>(raw.size() - rest.size());
  std::string key = "0";
  if (!subscript.empty())
    key = text_of({.kind = Token::Kind::word, .text = std::string(subscript), .place = word.place}).text;
  Variable& variable = state_.variables[name];
  const auto found = std::find_if(variable.elements.begin(), variable.elements.end(),
                                  [&](const auto& element) { return element.first == key; });
  if (found == variable.elements.end()) {
    variable.elements.emplace_back(key, std::move(value));
  } else if (appends) {
    found->second.text += value.text;
    if (found->second.text.size() > longest_text)
      throw SyntaxError{word.place, "is too much work: a text has more than 65536 bytes"};
  } else {
    if (subscript.empty()) variable.elements.clear();
    if (subscript.empty())
      variable.elements.emplace_back(key, std::move(value));
    else
      found->second = std::move(value);
  }
  return true;
}

void Interpreter::assign_array(std::string_view inside, Place place, Variable& variable) {
  std::size_t next = variable.elements.size();
  for (const Token& token : tokens_of(inside, place)) {
    if (token.kind != Token::Kind::word) continue;
    count_step(token.place);
    const std::size_t brackets = subscript_length(token.text);
    if (brackets > 0 && token.text.substr(brackets).starts_with('=')) {
      const std::string key =
          text_of(
              {.kind = Token::Kind::word, .text = token.text.substr(1, brackets - 2), .place = token.place})
              .text;
      variable.elements.emplace_back(key, text_of({.kind = Token::Kind::word,
                                                   .text = token.text.substr(brackets + 1),
                                                   .place = token.place}));
      continue;
    }
    for (Text& field : fields_of(token))
      variable.elements.emplace_back(std::to_string(next++), std::move(field));
  }
}

void Interpreter::set(std::string_view name, Text value) {
  state_.variables[std::string(name)].elements = {{"0", std::move(value)}};
}

}  // namespace rankmesh::launch::shell
