#include "conventions/expression.hpp"

#include <string>

#include "support/catch.hpp"

using rankmesh::evaluate;
using rankmesh::evaluate_number;
using rankmesh::ExpressionError;
using rankmesh::ExpressionNames;
using rankmesh::ExpressionValue;

namespace {

const ExpressionNames& names() {
  static const ExpressionNames all{
      {"tp", std::int64_t{4}}, {"pp", std::int64_t{3}}, {"mode", std::string("helix")}};
  return all;
}

std::int64_t number(const std::string& text) {
  return evaluate_number(text, names());
}

std::string problem(const std::string& text) {
  try {
    static_cast<void>(evaluate_number(text, names()));
    return "";
  } catch (const ExpressionError& error) {
    return error.rule;
  }
}

}  // namespace

TEST_CASE("expressions have the precedence of C", "[expression]") {
  CHECK(number("2 + 3 * tp") == 14);
  CHECK(number("(2+3)*tp") == 20);
  CHECK(number("20 / tp / 5") == 1);
  CHECK(number("7 - 2 - 1") == 4);
  CHECK(number("-tp + 10 % pp") == -3);
  CHECK(number("tp > pp && pp >= 3 || 0") == 1);
  CHECK(number("1 + 1 == 2") == 1);
  CHECK(number("tp < 4 || tp <= 3") == 0);
  CHECK(number("mode == 'helix' ? tp * pp : tp") == 12);
  CHECK(number("mode != 'helix' ? 1 : pp == 3 ? 5 : 6") == 5);
  CHECK(evaluate("mode", names()) == ExpressionValue(std::string("helix")));
}

TEST_CASE("the branch that is not taken may not work", "[expression]") {
  CHECK(number("pp > 4 ? tp / pp : 7") == 7);
  CHECK(number("pp < 4 ? 7 : tp / 0") == 7);
  CHECK(problem("pp > 4 ? tp : tp / pp") == "divides 4 by 3, which leaves a rest");
}

TEST_CASE("what is wrong with an expression is told", "[expression]") {
  CHECK(problem("tp / pp") == "divides 4 by 3, which leaves a rest");
  CHECK(problem("tp % (pp - 3)") == "divides by 0");
  CHECK(problem("tq") == "names tq, which is unknown here; known are mode, pp, tp");
  CHECK(problem("tp +") == "ends where a value should be");
  CHECK(problem("tp * * 2") == "has \"*\" where a value should be");
  CHECK(problem("(tp") == "has a parenthesis that is not closed");
  CHECK(problem("tp pp") == "has \"pp\" behind its end");
  CHECK(problem("mode + 1") == "counts with the word 'helix'");
  CHECK(problem("mode == 1") == "compares 'helix' with 1");
  CHECK(problem("mode") == "counts with the word 'helix'");
  CHECK(problem("'helix") == "has a quote that is not closed");
  CHECK(problem("tp ? 1") == "has a ? without a :");
  CHECK(problem("99999999999 * 99999999999") == "is too large");
  CHECK(problem("99999999999999999999") == "has 99999999999999999999, which is beyond 64 bits");
  CHECK(problem(std::string(1000, '(') + "1") == "is nested too deeply");
  CHECK(problem(std::string(1000, '-') + "1") == "is nested too deeply");
}
