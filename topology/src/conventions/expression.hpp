#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace rankmesh {

/// The value of an expression: a number or a word.
using ExpressionValue = std::variant<std::int64_t, std::string>;

/// The values of names, for example of the sizes of a convention.
using ExpressionNames = std::map<std::string, ExpressionValue, std::less<>>;

/// What an expression cannot be evaluated for, as a phrase that follows the expression: `divides 16 by 3,
/// which leaves a rest`.
struct ExpressionError {
  std::string rule;
};

/// Evaluates an expression of a convention's table: whole numbers, names, words in single quotes, `+ - * /
/// %`, comparisons, `&& ||`, `a ? b : c` and parentheses, with the precedence of C. A comparison is 1 or 0. A
/// division must leave no rest. O(length).
/// @throws ExpressionError
[[nodiscard]] ExpressionValue evaluate(std::string_view expression, const ExpressionNames& names);

/// The same for an expression that must be a number.
[[nodiscard]] std::int64_t evaluate_number(std::string_view expression, const ExpressionNames& names);

}  // namespace rankmesh
