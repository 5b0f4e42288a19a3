#include "conventions/expression.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr int max_depth = 64;

/// The binary operators, from the weakest to the strongest, those of one strength together.
constexpr std::array<std::array<std::string_view, 4>, 6> operators{
    {{"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}}};

std::string text_of(const ExpressionValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return "'" + std::get<std::string>(value) + "'";
}

std::int64_t number_of(const ExpressionValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  throw ExpressionError{"counts with the word " + text_of(value)};
}

std::int64_t arithmetic(char op, std::int64_t a, std::int64_t b) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto too_large = [] { return ExpressionError{"is too large"}; };
  // Sizes are at most 2^31, so that more than 2^62 is a mistake.
  constexpr std::int64_t limit = std::int64_t{1} << 62;
  if (a > limit || a < -limit || b > limit || b < -limit) throw too_large();
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      if (b != 0 && (a > most / (b < 0 ? -b : b) || a < -(most / (b < 0 ? -b : b)))) throw too_large();
      return a * b;
    default:
      break;
  }
  if (b == 0) throw ExpressionError{"divides by 0"};
  if (op == '%') return a % b;
  if (a % b != 0)
    throw ExpressionError{"divides " + std::to_string(a) + " by " + std::to_string(b) +
                          ", which leaves a rest"};
  return a / b;
}

bool compare(std::string_view op, std::int64_t a, std::int64_t b) {
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  return op == "<=" ? a <= b : a >= b;
}

class Evaluator {
 public:
  Evaluator(std::string_view text, const ExpressionNames& names) : rest_(text), names_(names) {}

  ExpressionValue whole() {
    ExpressionValue value = conditional();
    if (skip_blanks(); !rest_.empty())
      throw ExpressionError{"has \"" + std::string(rest_) + "\" behind its end"};
    return value;
  }

 private:
  ExpressionValue conditional() {
    if (++depth_ > max_depth) throw ExpressionError{"is nested too deeply"};
    ExpressionValue value = binary(0);
    if (take("?")) {
      // Only the branch that is taken may fail, so that a condition can guard a division.
      const bool is_true = number_of(value) != 0;
      ExpressionValue first = branch(is_true);
      if (!take(":")) throw ExpressionError{"has a ? without a :"};
      ExpressionValue second = branch(!is_true);
      value = is_true ? std::move(first) : std::move(second);
    }
    --depth_;
    return value;
  }

  ExpressionValue branch(bool is_taken) {
    const int skipped_before = skipped_;
    if (!is_taken) ++skipped_;
    ExpressionValue value = conditional();
    skipped_ = skipped_before;
    return value;
  }

  ExpressionValue binary(std::size_t strength) {
    if (strength == operators.size()) return unary();
    ExpressionValue value = binary(strength + 1);
    while (const auto op = take_operator(strength)) {
      const ExpressionValue right = binary(strength + 1);
      value = skipped_ > 0 ? ExpressionValue(std::int64_t{1}) : apply(*op, value, right);
    }
    return value;
  }

  static ExpressionValue apply(std::string_view op, const ExpressionValue& left,
                               const ExpressionValue& right) {
    if (op == "==" || op == "!=") {
      if (left.index() != right.index())
        throw ExpressionError{"compares " + text_of(left) + " with " + text_of(right)};
      return std::int64_t{(left == right) == (op == "==") ? 1 : 0};
    }
    const std::int64_t a = number_of(left);
    const std::int64_t b = number_of(right);
    if (op == "||") return std::int64_t{a != 0 || b != 0 ? 1 : 0};
    if (op == "&&") return std::int64_t{a != 0 && b != 0 ? 1 : 0};
    if (op[0] == '<' || op[0] == '>') return std::int64_t{compare(op, a, b) ? 1 : 0};
    return arithmetic(op[0], a, b);
  }

  ExpressionValue unary() {
    if (!take("-")) return primary();
    if (++depth_ > max_depth) throw ExpressionError{"is nested too deeply"};
    const ExpressionValue value = unary();
    --depth_;
    return skipped_ > 0 ? ExpressionValue(std::int64_t{1}) : arithmetic('-', 0, number_of(value));
  }

  ExpressionValue primary() {
    if (take("(")) {
      ExpressionValue value = conditional();
      if (!take(")")) throw ExpressionError{"has a parenthesis that is not closed"};
      return value;
    }
    if (take("'")) {
      const std::size_t end = rest_.find('\'');
      if (end == std::string_view::npos) throw ExpressionError{"has a quote that is not closed"};
      std::string word(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      return word;
    }
    const std::string_view item = take_item();
    if (item.empty()) {
      throw ExpressionError{rest_.empty()
                                ? "ends where a value should be"
                                : "has \"" + std::string(rest_.substr(0, 1)) + "\" where a value should be"};
    }
    if (item[0] >= '0' && item[0] <= '9') {
      std::int64_t number = 0;
      if (const std::string rule = read_number(item, number); !rule.empty())
        throw ExpressionError{"has " + std::string(item) + ", which " + rule};
      return number;
    }
    return value_of(item);
  }

  ExpressionValue value_of(std::string_view name) const {
    if (const auto found = names_.find(name); found != names_.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [known_name, value] : names_) known.push_back(known_name);
    const std::string meant = did_you_mean(closest_matches(name, known));
    throw ExpressionError{"names " + std::string(name) + ", which is unknown here" +
                          (meant.empty() ? "; known are " + joined(known, ", ") : meant)};
  }

  /// A name or a number.
  std::string_view take_item() {
    skip_blanks();
    const auto belongs = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    std::size_t length = 0;
    while (length < rest_.size() && belongs(rest_[length])) ++length;
    const std::string_view item = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return item;
  }

  std::optional<std::string_view> take_operator(std::size_t strength) {
    for (const std::string_view op : operators[strength]) {
      if (!op.empty() && take(op)) return op;
    }
    return std::nullopt;
  }

  bool take(std::string_view token) {
    skip_blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  const ExpressionNames& names_;
  int depth_ = 0;
  /// Above 0 inside a branch that is not taken.
  int skipped_ = 0;
};

}  // namespace

ExpressionValue evaluate(std::string_view expression, const ExpressionNames& names) {
  return Evaluator(expression, names).whole();
}

std::int64_t evaluate_number(std::string_view expression, const ExpressionNames& names) {
  return number_of(evaluate(expression, names));
}

}  // namespace rankmesh
