#include "host_list.hpp"

#include <charconv>
#include <set>
#include <string_view>
#include <system_error>

#include "rankmesh/files/cluster.hpp"
#include "rankmesh/files/error.hpp"
#include "rankmesh/files/hostlist.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

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

}  // namespace

std::vector<Host> hosts_of_names(const std::string& names, std::optional<int> slots, Problems& problems) {
  Hosts hosts(slots, problems);
  for (const std::string_view part : files::split_hostlist(names)) hosts.add("--hosts", part, std::nullopt);
  return hosts.take("give --gpus-per-node N, or N behind the name and a colon");
}

std::vector<Host> hosts_of_file(const std::string& path, std::optional<int> slots, Problems& problems) {
  std::vector<Host> hosts;
  try {
    const files::HostFile file = files::load_host_file(path);
    std::vector<std::string> without_slots;
    for (const files::ListedHost& host : file.hosts) {
      if (!host.slots && !slots) without_slots.push_back(host.name);
    }
    if (!without_slots.empty()) {
      problems.push_back("the number of processes is missing for " + joined(without_slots, ", ") +
                         ": give --gpus-per-node N, or slots=N behind the name");
      return {};
    }
    const Cluster cluster = file.cluster(slots);
    for (int host = 0; host < cluster.hosts(); ++host)
      hosts.push_back({cluster.domain_name(cluster.host_level(), host), cluster.slots_of_host(host)});
  } catch (const files::FileError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      problems.push_back("--hosts-file " + diagnostic.message());
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics())
      problems.push_back("--hosts-file: " + diagnostic.text());
  }
  return hosts;
}

}  // namespace rankmesh::cli
