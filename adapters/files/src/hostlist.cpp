#include "rankmesh/files/hostlist.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

constexpr std::size_t most_hosts = std::size_t{1} << 20;
constexpr std::size_t longest_name = 255;
/// More digits would not fit into 64 bits.
constexpr std::size_t most_digits = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// Expands one part of a hostlist.
class Part {
 public:
  explicit Part(std::string_view text) : rest_(text) {}

  /// The names; if `rule()` is not empty, the part is no hostlist and there are none.
  [[nodiscard]] std::vector<std::string> expand() {
    std::vector<std::string> names{""};
    while (!rest_.empty() && rule_.empty()) {
      const std::size_t bracket = std::min(rest_.find('['), rest_.size());
      read_plain(rest_.substr(0, bracket), names);
      rest_.remove_prefix(bracket);
      if (!rest_.empty()) read_bracket(names);
    }
    if (rule_.empty() && names.front().empty()) rule_ = "is empty: a name is missing";
    if (rule_.empty() && !is_letter_or_digit(names.front().front())) {
      rule_ = "is not the name of a host, which begins with a letter or a digit";
    }
    if (!rule_.empty()) names.clear();
    return names;
  }

  [[nodiscard]] const std::string& rule() const& { return rule_; }

 private:
  static bool is_letter_or_digit(char c) { return is_host_character(c) && c != '-' && c != '.' && c != '_'; }

  void read_plain(std::string_view text, std::vector<std::string>& names) {
    const auto bad = std::find_if_not(text.begin(), text.end(), is_host_character);
    if (bad != text.end()) {
      rule_ = "is not the name of a host: " + in_quotes(std::string_view(&*bad, 1)) +
              " is no letter, digit, -, . or _";
      if (*bad == ':') rule_ += "; write the name of a host instead of an IPv6 address";
      return;
    }
    if (names.front().size() + text.size() > longest_name) {
      rule_ = "is longer than " + std::to_string(longest_name) + " characters, which no name of a host is";
      return;
    }
    for (std::string& name : names) name += text;
  }

  /// Reads `[...]` and multiplies the names by its numbers.
  void read_bracket(std::vector<std::string>& names) {
    const std::size_t end = rest_.find(']');
    if (end == std::string_view::npos) {
      rule_ = "has a [ without a ]";
      return;
    }
    const std::string_view ranges = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    std::vector<std::string> numbers;
    for (const std::string_view range : split_text(ranges, ',')) {
      if (rule_.empty()) read_range(range, names.size(), numbers);
    }
    if (!rule_.empty()) return;
    std::vector<std::string> all;
    all.reserve(names.size() * numbers.size());
    for (const std::string& name : names) {
      for (const std::string& number : numbers) all.push_back(name + number);
    }
    names = std::move(all);
  }

  /// Reads `N` or `N-M`.
  /// @param factor the number of names that each number is appended to
  void read_range(std::string_view text, std::size_t factor, std::vector<std::string>& numbers) {
    const std::size_t dash = text.find('-');
    const std::string_view first_text = text.substr(0, dash);
    const std::string_view last_text = dash == std::string_view::npos ? first_text : text.substr(dash + 1);
    std::int64_t first = 0;
    std::int64_t last = 0;
    if (!read_digits(first_text, first) || !read_digits(last_text, last)) {
      rule_ = "has the range " + in_quotes(text) + ", which is not N or N-M with numbers of at most " +
              std::to_string(most_digits) + " digits";
      if (text.find(':') != std::string_view::npos) rule_ += "; a hostlist has no steps";
    } else if (last < first) {
      rule_ = "has the range " + in_quotes(text) + ", which goes down: write " + std::string(last_text) +
              "-" + std::string(first_text);
    } else if (static_cast<std::uint64_t>(last - first) >= most_hosts / factor - numbers.size()) {
      rule_ = "names more than " + std::to_string(most_hosts) + " hosts";
    } else {
      for (std::int64_t n = first; n <= last; ++n) numbers.push_back(padded(n, first_text.size()));
    }
  }

  static bool read_digits(std::string_view text, std::int64_t& number) {
    return text.size() <= most_digits && std::all_of(text.begin(), text.end(), is_digit) &&
           read_number(text, number).empty();
  }

  std::string_view rest_;
  std::string rule_;
};

}  // namespace

std::vector<std::string_view> split_hostlist(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  bool is_in_brackets = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') is_in_brackets = true;
    if (text[i] == ']') is_in_brackets = false;
    if (text[i] != ',' || is_in_brackets) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Hostlist expand_hostlist(std::string_view text) {
  Hostlist hostlist;
  for (const std::string_view part_text : split_hostlist(text)) {
    Part part(part_text);
    std::vector<std::string> names = part.expand();
    std::string rule = part.rule();
    if (rule.empty() && names.size() > most_hosts - hostlist.names.size()) {
      rule = "is too much: the list names more than " + std::to_string(most_hosts) + " hosts";
    }
    if (rule.empty()) {
      std::move(names.begin(), names.end(), std::back_inserter(hostlist.names));
    } else {
      hostlist.diagnostics.push_back(
          {.field = "host", .value = in_quotes(part_text), .rule = std::move(rule)});
    }
  }
  return hostlist;
}

}  // namespace rankmesh::files
