#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "rankmesh/options/options.hpp"
#include "rankmesh/options/suggestions.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

std::string number_text(std::int64_t number) {
  return std::to_string(number);
}
std::string number_text(double number) {
  return decimal_text(number);
}

/// The rules for a text that is not a number, and for a number that is too large for its type.
struct NumberRules {
  const char* unreadable;
  const char* too_large;
};

template <typename Number, typename Range>
std::optional<Number> number_in(const Option& option, const std::string& text, const Range& range,
                                NumberRules rules, Problems& problems) {
  const auto refuse = [&](const std::string& rule) {
    problems.push_back(option.name() + ": " + text + " " + rule);
    return std::nullopt;
  };
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) return refuse(rules.too_large);
  if (error != std::errc() || stop != end) return refuse(rules.unreadable);
  // Comparisons with NaN are false, so NaN is refused as too small.
  if (!(number >= range.min)) return refuse("is below " + number_text(range.min));
  if (!(number <= range.max)) return refuse("is above " + number_text(range.max));
  return number;
}

constexpr NumberRules whole_numbers{"is not a whole number", "is beyond 64 bits"};

std::optional<std::size_t> index_of(const Option& option, const std::string& text, Problems& problems) {
  const std::vector<Choice>& choices = option.spec().choices;
  const auto found =
      std::find_if(choices.begin(), choices.end(), [&](const Choice& choice) { return choice.name == text; });
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  const std::vector<std::string> words = words_of(choices);
  problems.push_back(option.name() + ": \"" + text + "\" is not " + alternatives(words) +
                     did_you_mean(text, words));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> value_of(const Option& option, Problems& problems) {
  if (option.count() == 0) return std::nullopt;
  if (option.count() > 1) {
    problems.push_back(option.name() + " is given " +
                       (option.count() == 2 ? "twice" : std::to_string(option.count()) + " times"));
    return std::nullopt;
  }
  const std::vector<std::string> values = values_of(option, problems);
  return values.empty() ? std::nullopt : std::optional(values.front());
}

std::vector<std::string> values_of(const Option& option, Problems& problems) {
  std::vector<std::string> values;
  for (const std::string& value : option.words()) {
    if (value.empty()) {
      problems.push_back(option.name() + " has no value");
    } else {
      values.push_back(value);
    }
  }
  return values;
}

std::vector<std::string> words_between(std::string_view text, char separator) {
  const std::vector<std::string_view> words = split_text(text, separator);
  return {words.begin(), words.end()};
}

std::vector<std::string> list_of(const Option& option, Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return {};
  std::vector<std::string> words;
  for (std::string& word : words_between(*text, ',')) {
    if (word.empty()) {
      problems.push_back(option.name() + ": \"" + *text + "\" has an empty word between its commas");
      return {};
    }
    if (std::find(words.begin(), words.end(), word) != words.end()) {
      problems.push_back(option.name() + ": \"" + word + "\" is there twice");
      return {};
    }
    words.push_back(std::move(word));
  }
  return words;
}

bool is_given(const Option& option, Problems& problems) {
  if (option.count() > 0 && !option.words().front().empty()) {
    problems.push_back(option.name() + " takes no value");
  }
  return option.count() > 0;
}

std::optional<std::int64_t> number_of(const Option& option, NumberRange range, Problems& problems) {
  const auto text = value_of(option, problems);
  return text ? number_in<std::int64_t>(option, *text, range, whole_numbers, problems) : std::nullopt;
}

std::optional<GivenRange> range_of(const Option& option, NumberRange range, Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  const auto read = [&](const std::string& part) {
    return number_in<std::int64_t>(option, part, range, whole_numbers, problems);
  };
  const auto dots = text->find("..");
  if (dots == std::string::npos) {
    const auto number = read(*text);
    return number ? std::optional(GivenRange{number, number}) : std::nullopt;
  }
  const std::string first = text->substr(0, dots);
  const std::string last = text->substr(dots + 2);
  const std::size_t before = problems.size();
  GivenRange given;
  if (first.empty() && last.empty())
    problems.push_back(option.name() + ": " + *text + " has neither end: 2..8, 2.. or ..8");
  if (!first.empty()) given.min = read(first);
  if (!last.empty()) given.max = read(last);
  if (given.min && given.max && *given.min > *given.max)
    problems.push_back(option.name() + ": " + *text + " is empty");
  return problems.size() == before ? std::optional(given) : std::nullopt;
}

std::optional<double> decimal_of(const Option& option, DecimalRange range, Problems& problems) {
  const auto text = value_of(option, problems);
  if (!text) return std::nullopt;
  return number_in<double>(option, *text, range, {"is not a number", "is beyond what a double holds"},
                           problems);
}

std::string decimal_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::optional<std::size_t> choice_of(const Option& option, Problems& problems) {
  const auto text = value_of(option, problems);
  return text ? index_of(option, *text, problems) : std::nullopt;
}

std::vector<std::size_t> choices_of(const Option& option, Problems& problems) {
  std::vector<std::size_t> choices;
  for (const std::string& text : values_of(option, problems)) {
    if (const auto choice = index_of(option, text, problems)) choices.push_back(*choice);
  }
  return choices;
}

}  // namespace rankmesh::cli
