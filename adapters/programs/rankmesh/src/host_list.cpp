#include "host_list.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// Collects hosts with different names.
class Hosts {
 public:
  Hosts(std::optional<int> slots, Problems& problems) : slots_(slots), problems_(problems) {}

  /// @param where `--hosts` or the place in a file
  void add(const std::string& where, const std::string& name, std::optional<int> slots) {
    if (!slots) slots = slots_;
    if (name.empty()) {
      problems_.push_back(where + ": a name is empty");
    } else if (name.find_first_of("= \t") != std::string::npos) {
      // These characters would end the name in a rankfile.
      problems_.push_back(where + ": \"" + name + "\" is not the name of a host");
    } else if (!names_.insert(name).second) {
      problems_.push_back(where + ": " + name + " is named twice");
    } else if (!slots) {
      without_slots_.push_back(name);
    } else {
      hosts_.push_back({name, *slots});
    }
  }

  [[nodiscard]] std::vector<Host> take(const std::string& remedy) {
    if (!without_slots_.empty()) {
      problems_.push_back("the number of processes is missing for " + joined(without_slots_, ", ") + ": " +
                          remedy);
    }
    return std::move(hosts_);
  }

 private:
  std::optional<int> slots_;
  Problems& problems_;
  std::set<std::string> names_;
  std::vector<std::string> without_slots_;
  std::vector<Host> hosts_;
};

std::optional<int> slots_of(std::string_view text) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && stop == text.data() + text.size();
  return is_number && number >= 1 && number <= max_gpus_per_node ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<Host> hosts_of_names(const std::string& names, std::optional<int> slots, Problems& problems) {
  Hosts hosts(slots, problems);
  for (const std::string_view name : split_text(names, ',')) {
    hosts.add("--hosts", std::string(name), std::nullopt);
  }
  return hosts.take("give --gpus-per-node N");
}

std::vector<Host> hosts_of_file(const std::string& path, std::optional<int> slots, Problems& problems) {
  std::ifstream file(path);
  const int error = errno;
  if (!file) {
    problems.push_back("--hosts-file " + path +
                       ": cannot be read: " + std::generic_category().message(error));
    return {};
  }
  Hosts hosts(slots, problems);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string where = path + ":" + std::to_string(number);
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    std::optional<int> own_slots;
    if (!(words >> name)) continue;
    bool is_right = true;
    for (std::string word; words >> word;) {
      if (word.starts_with("slots=")) own_slots = slots_of(std::string_view(word).substr(6));
      if (word.starts_with("slots=") && own_slots) continue;
      is_right = false;
      problems.push_back(where + ": \"" + word + "\" is not slots=N with N from 1 to " +
                         std::to_string(max_gpus_per_node));
    }
    if (is_right) hosts.add(where, name, own_slots);
  }
  if (file.bad()) problems.push_back("--hosts-file " + path + ": cannot be read");
  return hosts.take("give --gpus-per-node N, or slots=N behind the name");
}

}  // namespace rankmesh::cli
