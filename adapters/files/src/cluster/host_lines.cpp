#include "cluster/host_lines.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\f\v";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// A text with blanks in place of its comments, so that lines keep their numbers.
std::string without_comments(std::string_view text, bool in_c_style, HostFileProblems& problems) {
  std::string result(text);
  int line = 1;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] == '\n') ++line;
    const std::string_view rest = std::string_view(result).substr(i);
    if (result[i] == '#' || (in_c_style && rest.starts_with("//"))) {
      for (; i < result.size() && result[i] != '\n'; ++i) result[i] = ' ';
      --i;
    } else if (in_c_style && rest.starts_with("/*")) {
      const std::size_t end = result.find("*/", i + 2);
      if (end == std::string::npos) problems.add(line, "/*", "begins a comment that does not end");
      const std::size_t stop = end == std::string::npos ? result.size() : end + 2;
      for (; i < stop; ++i) {
        if (result[i] == '\n') {
          ++line;
        } else {
          result[i] = ' ';
        }
      }
      --i;
    }
  }
  return result;
}

}  // namespace

void HostFileProblems::add(int line, std::string value, std::string rule) {
  diagnostics_.push_back({.value = std::move(value),
                          .rule = std::move(rule),
                          .place = SourcePlace{.source = source_, .line = line, .column = line > 0 ? 1 : 0}});
}

void HostFileProblems::require_none() {
  if (diagnostics_.empty()) return;
  sort_by_place(diagnostics_);
  for (Diagnostic& diagnostic : diagnostics_) {
    if (!diagnostic.value.empty()) diagnostic.rule = diagnostic.value + " " + diagnostic.rule;
    diagnostic.value.clear();
  }
  throw FileError(std::exchange(diagnostics_, {}));
}

bool HostFileProblems::has_room_for(std::size_t names, int line) {
  constexpr std::size_t most = std::size_t{1} << 22;
  const bool had_room = names_ <= most;
  names_ += names;
  if (names_ > most && had_room)
    add(line, "the file", "names more than 4194304 hosts, the most that are read");
  return names_ <= most;
}

std::vector<HostLine> lines_of(std::string_view text, bool in_c_style, HostFileProblems& problems) {
  std::vector<HostLine> lines;
  int number = 0;
  bool goes_on = false;
  const std::string bare = without_comments(text, in_c_style, problems);
  for (std::string_view line : split_text(bare, '\n')) {
    ++number;
    line = trimmed(line);
    const bool has_more = line.ends_with('\\');
    if (has_more) line.remove_suffix(1);
    if (goes_on) {
      lines.back().text.append(" ").append(line);
    } else if (!line.empty() || has_more) {
      lines.push_back({number, std::string(line)});
    }
    goes_on = has_more;
  }
  return lines;
}

std::vector<std::string> names_in(std::string_view hostlist, int line, HostFileProblems& problems) {
  Hostlist list = expand_hostlist(hostlist);
  for (const Diagnostic& diagnostic : list.diagnostics) {
    problems.add(line, diagnostic.value, diagnostic.rule.text());
  }
  if (!problems.has_room_for(list.names.size(), line)) return {};
  return std::move(list.names);
}

std::optional<int> positive(std::string_view text, std::string_view field, int line,
                            HostFileProblems& problems, int most) {
  std::int64_t number = 0;
  if (read_number(text, number).empty() && number >= 1 && number <= most) {
    return static_cast<int>(number);
  }
  problems.add(line, std::string(field) + " = " + shown(text),
               "is not a number from 1 to " + std::to_string(most));
  return std::nullopt;
}

ListedHost& HostTable::at(const std::string& name) {
  const auto [place, is_new] = index_.try_emplace(name, hosts_.size());
  if (is_new) hosts_.push_back({.name = name});
  return hosts_[place->second];
}

ListedHost& HostTable::add_slots(const std::string& name, int slots) {
  ListedHost& host = at(name);
  host.slots = host.slots.value_or(0) + slots;
  return host;
}

std::vector<std::string> dealt(const std::vector<ListedHost>& hosts, int turn) {
  std::vector<std::string> ranks;
  std::vector<int> left;
  std::size_t all = 0;
  for (const ListedHost& host : hosts) {
    left.push_back(host.slots.value_or(1));
    all += static_cast<std::size_t>(left.back());
  }
  if (all > most_slots_of_file) return {};
  for (bool is_done = false; !is_done;) {
    is_done = true;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      const int count = std::min(turn, left[i]);
      ranks.insert(ranks.end(), static_cast<std::size_t>(count), hosts[i].name);
      left[i] -= count;
      is_done = is_done && left[i] == 0;
    }
  }
  return ranks;
}

std::vector<std::string> by_slot(const std::vector<ListedHost>& hosts) {
  return dealt(hosts, std::numeric_limits<int>::max());
}

}  // namespace rankmesh::files
