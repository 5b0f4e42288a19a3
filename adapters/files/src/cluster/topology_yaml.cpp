// SLURM's topology.yaml.

#include <algorithm>

#include "cluster/slurm_topology.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/files/yaml.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

int line_of(const YamlUse& use) {
  return use.place.line;
}

/// The value of a key of a map; null if there is none.
const YamlUse* find(const YamlUse& map, std::string_view key) {
  for (const YamlEntry& entry : map.value->entries) {
    if (entry.key.value->sort == YamlValue::Sort::scalar && entry.key.value->text == key) return &entry.value;
  }
  return nullptr;
}

class TopologyReader {
 public:
  explicit TopologyReader(HostFileProblems& problems) : problems_(problems) {}

  HostFile read(const YamlUse& root) {
    HostFile file{.kind = HostFileKind::slurm_topology_yaml};
    if (root.value->sort != YamlValue::Sort::list || root.value->parts.empty()) {
      problems_.add(line_of(root), "", "is not a list of topologies");
      return file;
    }
    const YamlUse* chosen = nullptr;
    for (const YamlUse& topology : root.value->parts) {
      const std::string kind = kind_of(topology);
      if (kind.empty()) continue;
      file.views.push_back(text_of(topology, "topology", "a topology") + ":" + kind);
      const bool is_default = is_true(find(topology, "cluster_default"));
      if (is_default && has_default_) {
        problems_.add(line_of(topology), file.views.back(), "is a second topology with cluster_default");
      }
      if ((is_default && !has_default_) || chosen == nullptr) chosen = &topology;
      has_default_ = has_default_ || is_default;
      read_topology(topology, kind, file.views.back());
    }
    if (chosen != nullptr) finish(*chosen, file);
    return file;
  }

 private:
  /// Hosts of a default that is flat are those of the other topologies.
  void finish(const YamlUse& chosen, HostFile& file) {
    problems_.require_none();
    for (const auto& [node, topology] : topologies_) {
      HostFile other;
      SlurmTopology copy = topology;
      copy.finish(other);
      if (file.block_sizes.empty()) file.block_sizes = other.block_sizes;
      if (node == &chosen) {
        file.hosts = std::move(other.hosts);
        file.levels = std::move(other.levels);
      } else if (file.hosts.empty() && is_true(find(chosen, "flat"))) {
        file.hosts = std::move(other.hosts);
        for (ListedHost& host : file.hosts) host.domains.clear();
      }
    }
  }

  static bool is_true(const YamlUse* node) {
    return node != nullptr &&
           (lower_case(node->value->text) == "true" || lower_case(node->value->text) == "yes");
  }

  std::string text_of(const YamlUse& map, std::string_view key, const std::string& noun) {
    const YamlUse* node = find(map, key);
    if (node != nullptr && node->value->sort == YamlValue::Sort::scalar) return node->value->text;
    problems_.add(node != nullptr ? line_of(*node) : line_of(map), noun,
                  "has no text for " + std::string(key));
    return "";
  }

  std::string text_if_any(const YamlUse& map, std::string_view key, const std::string& noun) {
    const YamlUse* node = find(map, key);
    return node == nullptr || node->value->sort == YamlValue::Sort::null ? "" : text_of(map, key, noun);
  }

  void require_keys(const YamlUse& map, std::initializer_list<std::string_view> keys,
                    const std::string& noun) {
    std::vector<std::string_view> given;
    for (const YamlEntry& entry : map.value->entries) {
      const std::string& key = entry.key.value->text;
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        problems_.add(line_of(entry.key), in_quotes(key),
                      "is no key of " + noun + ": there are " + joined(keys, ", "));
      } else if (std::find(given.begin(), given.end(), key) != given.end()) {
        problems_.add(line_of(entry.key), in_quotes(key), "is given again");
      }
      given.push_back(key);
    }
  }

  std::string kind_of(const YamlUse& topology) {
    if (topology.value->sort != YamlValue::Sort::map) {
      problems_.add(line_of(topology), "", "is not a topology, which begins with topology: NAME");
      return "";
    }
    require_keys(topology, {"topology", "cluster_default", "tree", "block", "ring", "flat"}, "a topology");
    std::vector<std::string> kinds;
    for (const char* kind : {"tree", "block", "ring", "flat"}) {
      if (find(topology, kind) != nullptr) kinds.emplace_back(kind);
    }
    if (kinds.size() == 1) return kinds.front();
    problems_.add(line_of(topology), "topology " + shown(text_of(topology, "topology", "a topology")),
                  kinds.empty() ? "has neither tree, block, ring nor flat"
                                : "has several of tree, block, ring and flat");
    return "";
  }

  /// Calls `read` with every map in the list of a key.
  template <typename Read>
  void for_each(const YamlUse& map, std::string_view key, const std::string& noun, Read read) {
    const YamlUse* list = find(map, key);
    if (list == nullptr || list->value->sort != YamlValue::Sort::list || list->value->parts.empty()) {
      problems_.add(line_of(map), noun, "has no list " + std::string(key));
      return;
    }
    for (const YamlUse& item : list->value->parts) {
      if (item.value->sort == YamlValue::Sort::map) {
        read(item);
      } else {
        problems_.add(line_of(item), "an item of " + std::string(key), "is not a map");
      }
    }
  }

  void read_topology(const YamlUse& node, const std::string& kind, const std::string& view) {
    SlurmTopology& topology = topologies_.emplace_back(&node, SlurmTopology(problems_)).second;
    const YamlUse& body = *find(node, kind);
    if (kind == "tree") {
      require_keys(body, {"switches"}, "a tree");
      for_each(body, "switches", view, [&](const YamlUse& item) {
        require_keys(item, {"switch", "children", "nodes"}, "a switch");
        topology.add_switch(line_of(item), text_of(item, "switch", "a switch"),
                            text_if_any(item, "nodes", "a switch"),
                            text_if_any(item, "children", "a switch"));
      });
    } else if (kind == "block") {
      require_keys(body, {"block_sizes", "blocks"}, "a block topology");
      for_each(body, "blocks", view, [&](const YamlUse& item) {
        require_keys(item, {"block", "nodes"}, "a block");
        topology.add_block(line_of(item), text_of(item, "block", "a block"),
                           text_of(item, "nodes", "a block"));
      });
      if (const YamlUse* sizes = find(body, "block_sizes")) {
        for (const YamlUse& size : sizes->value->parts)
          topology.add_block_size(line_of(size), size.value->text);
        if (sizes->value->sort == YamlValue::Sort::scalar)
          topology.add_block_size(line_of(*sizes), sizes->value->text);
      }
    } else if (kind == "ring") {
      require_keys(body, {"rings"}, "a ring topology");
      for_each(body, "rings", view, [&](const YamlUse& item) {
        require_keys(item, {"ring", "nodes"}, "a ring");
        topology.add_block(line_of(item), text_of(item, "ring", "a ring"), text_of(item, "nodes", "a ring"),
                           "ring");
      });
    }
  }

  HostFileProblems& problems_;
  bool has_default_ = false;
  std::vector<std::pair<const YamlUse*, SlurmTopology>> topologies_;
};

}  // namespace

HostFile read_topology_yaml(std::string_view text, const std::string& source, HostFileProblems& problems) {
  const Yaml yaml = read_yaml(text, source);
  if (yaml.documents.size() > 1) {
    problems.add(line_of(yaml.documents[1]), "", "begins a second document; a topology has one");
    return {.kind = HostFileKind::slurm_topology_yaml};
  }
  static const YamlValue nothing;
  return TopologyReader(problems).read(yaml.documents.empty() ? YamlUse{&nothing, {.line = 1}}
                                                              : yaml.documents.front());
}

}  // namespace rankmesh::files
