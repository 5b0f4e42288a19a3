#include "host_list.hpp"

#include <charconv>
#include <set>
#include <string_view>
#include <system_error>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// A file of 2^20 hosts with long names.
constexpr std::size_t longest_hosts_file = std::size_t{64} << 20;

/// A number of slots; nothing if the text is none.
std::optional<int> slots_of(std::string_view text) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && stop == text.data() + text.size();
  return is_number && number >= 1 && number <= max_gpus_per_node ? std::optional(number) : std::nullopt;
}

/// Collects hosts with different names.
class Hosts {
 public:
  Hosts(std::optional<int> slots, Problems& problems) : slots_(slots), problems_(problems) {}

  /// Adds the hosts of a part of a hostlist, perhaps with their slots behind a colon: `node[1-4]:8`.
  /// @param where `--hosts` or the place in a file
  /// @param slots the slots of each host that are given in another way
  void add(const std::string& where, std::string_view text, std::optional<int> slots) {
    const std::size_t colon = text.rfind(':');
    // A colon in a bracket is a mistake of the hostlist, several colons are an IPv6 address.
    if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos &&
        text.find(':') == colon) {
      const auto own_slots = slots_of(text.substr(colon + 1));
      if (!own_slots) {
        problems_.push_back(where + ": " + files::in_quotes(text) + " has no number of slots from 1 to " +
                            std::to_string(max_gpus_per_node) + " behind the colon");
        return;
      }
      if (slots) {
        problems_.push_back(where + ": the slots of " + files::shown(text) + " are given twice");
        return;
      }
      slots = own_slots;
      text = text.substr(0, colon);
    }
    const files::Hostlist list = files::expand_hostlist(text);
    for (const Diagnostic& diagnostic : list.diagnostics) {
      problems_.push_back(where + ": " + diagnostic.value + " " + diagnostic.rule.text());
    }
    for (const std::string& name : list.names) add_host(where, name, slots ? slots : slots_);
  }

  [[nodiscard]] std::vector<Host> take(const std::string& remedy) {
    if (!without_slots_.empty()) {
      problems_.push_back("the number of processes is missing for " + joined(without_slots_, ", ") + ": " +
                          remedy);
    }
    return std::move(hosts_);
  }

 private:
  void add_host(const std::string& where, const std::string& name, std::optional<int> slots) {
    if (!names_.insert(name).second) {
      problems_.push_back(where + ": " + name + " is named twice");
    } else if (!slots) {
      without_slots_.push_back(name);
    } else {
      hosts_.push_back({name, *slots});
    }
  }

  std::optional<int> slots_;
  Problems& problems_;
  std::set<std::string> names_;
  std::vector<std::string> without_slots_;
  std::vector<Host> hosts_;
};

/// Reads a line of a hosts file: a hostlist, and perhaps `slots=N` behind it.
void read_line(std::string_view line, const std::string& where, Hosts& hosts, Problems& problems) {
  const std::vector<std::string_view> words = split_words(line.substr(0, line.find('#')));
  std::optional<int> slots;
  bool is_right = true;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto given = word.starts_with("slots=") ? slots_of(word.substr(6)) : std::nullopt;
    is_right = is_right && given && !slots;
    if (!given) {
      problems.push_back(where + ": " + files::in_quotes(word) + " is not slots=N with N from 1 to " +
                         std::to_string(max_gpus_per_node));
    } else if (slots) {
      problems.push_back(where + ": slots=N is given twice");
    }
    if (given) slots = given;
  }
  if (!is_right || words.empty()) return;
  for (const std::string_view part : files::split_hostlist(words[0])) hosts.add(where, part, slots);
}

}  // namespace

std::vector<Host> hosts_of_names(const std::string& names, std::optional<int> slots, Problems& problems) {
  Hosts hosts(slots, problems);
  for (const std::string_view part : files::split_hostlist(names)) hosts.add("--hosts", part, std::nullopt);
  return hosts.take("give --gpus-per-node N, or N behind the name and a colon");
}

std::vector<Host> hosts_of_file(const std::string& path, std::optional<int> slots, Problems& problems) {
  Hosts hosts(slots, problems);
  try {
    const std::string text = files::file_text(path, longest_hosts_file);
    int number = 0;
    for (const std::string_view line : split_text(text, '\n')) {
      read_line(line, path + ":" + std::to_string(++number), hosts, problems);
    }
  } catch (const files::FileError& error) {
    problems.push_back(std::string("--hosts-file ") + error.what());
    return {};
  }
  return hosts.take("give --gpus-per-node N, or slots=N behind the name");
}

}  // namespace rankmesh::cli
