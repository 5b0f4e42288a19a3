// Clusters in TOML.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <system_error>

#include "cluster/host_lines.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/toml.hpp"
#include "rankmesh/planner/machine.hpp"
#include "rankmesh/topology/closest_matches.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Sort = TomlValue::Sort;

constexpr std::array<std::string_view, 7> keys{"cluster",    "levels", "hosts",         "bandwidth_gb_s",
                                               "latency_us", "gpu",    "gpu_memory_gib"};

class TomlReader {
 public:
  explicit TomlReader(HostFileProblems& problems) : problems_(problems) {}

  HostFile read(const Toml& toml) {
    const auto entry = [&](std::string_view key) -> const TomlEntry* {
      const auto found = std::find_if(toml.entries.begin(), toml.entries.end(),
                                      [&](const TomlEntry& e) { return e.key == key; });
      return found == toml.entries.end() ? nullptr : &*found;
    };
    for (const TomlEntry& given : toml.entries) {
      if (std::find(keys.begin(), keys.end(), given.key) == keys.end()) refuse_key(given);
    }
    read_text(entry("cluster"));
    if (entry("levels") != nullptr) {
      for_each_text(*entry("levels"), [&](const std::string& text, int) { file_.levels.push_back(text); });
    }
    if (const TomlEntry* hosts = entry("hosts")) {
      for_each_text(*hosts, [&](const std::string& text, int line) { read_host(text, line); });
      if (file_.uniform)
        problems_.add(hosts->place.line, "hosts", "cannot stand beside cluster: give one of them");
    } else if (!file_.uniform && entry("cluster") == nullptr) {
      problems_.add(0, "", "has neither cluster nor hosts");
    }
    file_.hosts = table_.take();
    read_links(entry("bandwidth_gb_s"), &LevelLink::bandwidth_gb_s);
    read_links(entry("latency_us"), &LevelLink::latency_us);
    read_gpu(entry("gpu"));
    if (const TomlEntry* memory = entry("gpu_memory_gib")) {
      file_.gpu_memory_gib = positive_number(memory->value.text, memory->key, memory->place.line);
    }
    return std::move(file_);
  }

 private:
  void refuse_key(const TomlEntry& given) {
    const std::vector<std::string> known(keys.begin(), keys.end());
    const std::string meant = did_you_mean(closest_matches(given.key, known));
    problems_.add(given.place.line, shown(given.key),
                  "is no key of a cluster" + (meant.empty() ? "; there are " + joined(known, ", ") : meant));
  }

  void read_text(const TomlEntry* entry) {
    if (entry == nullptr) return;
    if (entry->value.sort != Sort::text) {
      problems_.add(entry->place.line, entry->key, "is no text such as \"rack:8 node:18 gpu:4\"");
      return;
    }
    try {
      file_.uniform = parse_cluster(entry->value.text);
    } catch (const ConfigError& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) {
        problems_.add(entry->place.line, "", "cluster: " + diagnostic.text());
      }
    }
  }

  void read_gpu(const TomlEntry* entry) {
    if (entry == nullptr) return;
    if (entry->value.sort != Sort::text) {
      problems_.add(entry->place.line, entry->key, "is no text such as \"H100\"");
      return;
    }
    if (const planner::Gpu* gpu = planner::find_gpu(entry->value.text)) {
      file_.gpu = gpu->name;
      return;
    }
    std::vector<std::string> names;
    for (const planner::Gpu& gpu : planner::known_gpus()) names.emplace_back(gpu.name);
    const std::string meant = did_you_mean(closest_matches(entry->value.text, names));
    problems_.add(entry->place.line, entry->key + " = " + shown(entry->value.text),
                  "is no GPU that is known" + (meant.empty() ? "; there are " + joined(names, ", ") : meant));
  }

  template <typename Use>
  void for_each_text(const TomlEntry& entry, Use use) {
    if (entry.value.sort != Sort::list) problems_.add(entry.place.line, entry.key, "is no array of texts");
    for (const TomlValue& part : entry.value.parts) {
      if (part.sort == Sort::text) {
        use(part.text, part.place.line);
      } else {
        problems_.add(part.place.line, entry.key, "has a part that is no text");
      }
    }
  }

  /// `node[01-18] slots=8 rack=r1`
  void read_host(const std::string& text, int line) {
    const std::vector<std::string_view> words = split_words(text);
    if (words.empty()) return problems_.add(line, "a text of hosts", "is empty");
    std::optional<int> slots;
    std::vector<std::string> domains(file_.levels.size());
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::size_t equals = std::min(words[i].find('='), words[i].size());
      const std::string_view key = words[i].substr(0, equals);
      const std::string_view value = words[i].substr(std::min(equals + 1, words[i].size()));
      const auto level = std::find(file_.levels.begin(), file_.levels.end(), key);
      if (key == "slots") {
        slots = positive(value, key, line, problems_);
      } else if (level == file_.levels.end() || value.empty()) {
        problems_.add(line, in_quotes(words[i]),
                      "is neither slots=N nor LEVEL=NAME with one of the levels " +
                          (file_.levels.empty() ? "none" : joined(file_.levels, ", ")));
      } else {
        domains[static_cast<std::size_t>(level - file_.levels.begin())] = value;
      }
    }
    for (std::size_t i = 0; i < domains.size(); ++i) {
      if (domains[i].empty()) problems_.add(line, shown(words[0]), "has no " + file_.levels[i] + "=NAME");
    }
    for (const std::string& name : names_in(words[0], line, problems_)) {
      const std::size_t before = table_.hosts().size();
      ListedHost& host = table_.at(name);
      if (table_.hosts().size() == before) problems_.add(line, shown(name), "is named twice");
      host.slots = slots;
      host.domains = domains;
    }
  }

  [[nodiscard]] bool has_level(std::string_view name) const {
    if (file_.uniform) return file_.uniform->find_level(name).has_value();
    return name == "node" || name == "gpu" ||
           std::find(file_.levels.begin(), file_.levels.end(), name) != file_.levels.end();
  }

  /// `["rack=50", "node=450"]`
  void read_links(const TomlEntry* entry, std::optional<double> LevelLink::*member) {
    if (entry == nullptr) return;
    for_each_text(*entry, [&](const std::string& text, int line) {
      const std::size_t equals = std::min(text.find('='), text.size());
      const std::string level = text.substr(0, equals);
      if (!has_level(level)) {
        problems_.add(line, entry->key + ": " + in_quotes(text),
                      "is not of the form LEVEL=NUMBER with a level of the cluster");
        return;
      }
      const auto number = positive_number(std::string_view(text).substr(std::min(equals + 1, text.size())),
                                          entry->key + " of " + level, line);
      auto link = std::find_if(file_.links.begin(), file_.links.end(),
                               [&](const LevelLink& known) { return known.level == level; });
      if (link == file_.links.end()) link = file_.links.insert(link, LevelLink{.level = level});
      (*link).*member = number;
    });
  }

  std::optional<double> positive_number(std::string_view text, const std::string& field, int line) {
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && stop == text.data() + text.size() && std::isfinite(number) && number > 0) {
      return number;
    }
    problems_.add(line, field + " = " + shown(text), "is not a number above 0");
    return std::nullopt;
  }

  HostFileProblems& problems_;
  HostFile file_{.kind = HostFileKind::toml};
  HostTable table_;
};

}  // namespace

HostFile read_cluster_toml(std::string_view text, const std::string& source, HostFileProblems& problems) {
  return TomlReader(problems).read(read_toml(text, source));
}

}  // namespace rankmesh::files
