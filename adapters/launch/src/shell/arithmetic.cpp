#include <array>
#include <limits>

#include "rankmesh/topology/text.hpp"
#include "shell/interpreter.hpp"

namespace rankmesh::launch::shell {

/// Works out an expression of whole numbers with the precedence of C.
class Calculator {
 public:
  Calculator(Interpreter& interpreter, std::string_view text, int depth)
      : interpreter_(interpreter),
        text_(text),
        depth_(depth) {}

  /// Nothing if a value is unknown; `unknown` then has the mark of the first, or is empty.
  std::optional<std::int64_t> run() {
    auto value = conditional();
    while (value && skip(",")) value = conditional();
    skip_blanks();
    return at_ == text_.size() ? value : std::nullopt;
  }
  [[nodiscard]] const std::string& unknown() const { return unknown_; }

 private:
  using Value = std::optional<std::int64_t>;

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool skip(std::string_view operation) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(operation)) return false;
    at_ += operation.size();
    return true;
  }

  Value conditional() {
    if (++depth_ > 50) return std::nullopt;
    const Value condition = binary(0);
    Value result = condition;
    if (condition && skip("?")) {
      const Value yes = conditional();
      const Value no = yes && skip(":") ? conditional() : std::nullopt;
      result = no ? (*condition != 0 ? yes : no) : std::nullopt;
    }
    --depth_;
    return result;
  }

  Value binary(std::size_t level) {
    static constexpr std::array<std::array<std::string_view, 4>, 7> levels{
        {{"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}, {"**"}}};
    if (level == levels.size()) return unary();
    Value left = binary(level + 1);
    while (left) {
      std::string_view found;
      skip_blanks();
      for (const std::string_view operation : levels[level]) {
        const bool is_power = operation == "*" && text_.substr(at_).starts_with("**");
        if (operation.empty() || is_power || !skip(operation)) continue;
        found = operation;
        break;
      }
      if (found.empty()) return left;
      const Value right = binary(level + 1);
      left = right ? combined(*left, found, *right) : std::nullopt;
    }
    return left;
  }

  static Value combined(std::int64_t a, std::string_view operation, std::int64_t b) {
    std::int64_t result = 0;
    if (operation == "+") return __builtin_add_overflow(a, b, &result) ? std::nullopt : Value(result);
    if (operation == "-") return __builtin_sub_overflow(a, b, &result) ? std::nullopt : Value(result);
    if (operation == "*") return __builtin_mul_overflow(a, b, &result) ? std::nullopt : Value(result);
    if (operation == "/" || operation == "%") {
      if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) return std::nullopt;
      return operation == "/" ? a / b : a % b;
    }
    if (operation == "**") {
      result = 1;
      if (b < 0 || b > 64) return std::nullopt;
      for (; b > 0; --b) {
        if (__builtin_mul_overflow(result, a, &result)) return std::nullopt;
      }
      return result;
    }
    if (operation == "||") return a != 0 || b != 0;
    if (operation == "&&") return a != 0 && b != 0;
    if (operation == "==") return a == b;
    if (operation == "!=") return a != b;
    if (operation == "<=") return a <= b;
    if (operation == ">=") return a >= b;
    return operation == "<" ? a < b : a > b;
  }

  Value unary() {
    if (++depth_ > 50) return std::nullopt;
    Value result;
    skip_blanks();
    if (text_.substr(at_).starts_with("!=")) {
      result = std::nullopt;
    } else if (skip("!")) {
      const Value value = unary();
      if (value) result = *value == 0;
    } else if (skip("-")) {
      const Value value = unary();
      if (value) result = combined(0, "-", *value);
    } else if (skip("+")) {
      result = unary();
    } else if (skip("(")) {
      result = conditional();
      if (!skip(")")) result = std::nullopt;
    } else {
      result = operand();
    }
    --depth_;
    return result;
  }

  Value operand() {
    if (at_ < text_.size() && text_[at_] == '\x01') {
      const std::size_t end = text_.find('\x02', at_);
      if (unknown_.empty()) unknown_ = text_.substr(at_, end == std::string_view::npos ? end : end - at_ + 1);
      return std::nullopt;
    }
    std::size_t digits = 0;
    while (at_ + digits < text_.size() && text_[at_ + digits] >= '0' && text_[at_ + digits] <= '9') ++digits;
    if (digits > 0) {
      std::int64_t number = 0;
      const bool is_number = read_number(text_.substr(at_, digits), number).empty();
      at_ += digits;
      return is_number ? Value(number) : std::nullopt;
    }
    const std::size_t length = name_length(text_.substr(at_));
    if (length == 0) return std::nullopt;
    const std::string name(text_.substr(at_, length));
    at_ += length;
    return variable(name);
  }

  Value variable(const std::string& name) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    const bool assigns = rest.starts_with('=') && !rest.starts_with("==");
    if (assigns) {
      ++at_;
      const Value value = conditional();
      if (value) interpreter_.set(name, {std::to_string(*value), place_});
      return value;
    }
    const auto text = interpreter_.value_of(name);
    if (!text) {
      if (unknown_.empty()) unknown_ = interpreter_.unknown(place_, "$" + name, true);
      return std::nullopt;
    }
    Calculator inner(interpreter_, text->text, depth_ + 10);
    inner.place_ = place_;
    Value value = depth_ > 50 ? std::nullopt : inner.run();
    if (!value && unknown_.empty()) unknown_ = inner.unknown_;
    for (const auto& [operation, step] : {std::pair{"++", 1}, std::pair{"--", -1}}) {
      if (!rest.starts_with(operation) || !value) continue;
      at_ += 2;
      interpreter_.set(name, {std::to_string(*value + step), place_});
    }
    for (const std::string_view operation : {"+=", "-=", "*=", "/=", "%="}) {
      if (!rest.starts_with(operation)) continue;
      at_ += 2;
      const Value right = conditional();
      value = value && right ? combined(*value, operation.substr(0, 1), *right) : std::nullopt;
      if (value) interpreter_.set(name, {std::to_string(*value), place_});
    }
    return value;
  }

  Interpreter& interpreter_;
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_;
  std::string unknown_;

 public:
  Place place_{};
};

std::string Interpreter::calculate(std::string_view raw, Place place) {
  count_step(place);
  Fields fields(false, "");
  expand(raw, place, true, fields);
  std::string text = joined(fields.take(), "", &Text::text);
  std::erase(text, '"');
  Calculator calculator(*this, text, 0);
  calculator.place_ = place;
  if (const auto value = calculator.run()) return std::to_string(*value);
  if (!calculator.unknown().empty()) return calculator.unknown();
  return unknown(place, "$((" + std::string(raw) + "))");
}

}  // namespace rankmesh::launch::shell
