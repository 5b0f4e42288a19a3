// SLURM's topology.yaml.

#include <algorithm>

#include "cluster/simple_yaml.hpp"
#include "cluster/slurm_topology.hpp"
#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::files {
namespace {

using Sort = YamlNode::Sort;

class YamlReader {
 public:
  explicit YamlReader(HostFileProblems& problems) : problems_(problems) {}

  HostFile read(const YamlNode& root) {
    HostFile file{.kind = HostFileKind::slurm_topology_yaml};
    if (root.sort != Sort::list || root.items.empty()) {
      problems_.add(root.line, "", "is not a list of topologies");
      return file;
    }
    const YamlNode* chosen = nullptr;
    for (const YamlNode& topology : root.items) {
      const std::string kind = kind_of(topology);
      if (kind.empty()) continue;
      file.views.push_back(text_of(topology, "topology", "a topology") + ":" + kind);
      const bool is_default = is_true(topology.find("cluster_default"));
      if (is_default && has_default_) {
        problems_.add(topology.line, file.views.back(), "is a second topology with cluster_default");
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
  void finish(const YamlNode& chosen, HostFile& file) {
    problems_.require_none();
    for (const auto& [node, topology] : topologies_) {
      HostFile other;
      SlurmTopology copy = topology;
      copy.finish(other);
      if (file.block_sizes.empty()) file.block_sizes = other.block_sizes;
      if (node == &chosen) {
        file.hosts = std::move(other.hosts);
        file.levels = std::move(other.levels);
      } else if (file.hosts.empty() && is_true(chosen.find("flat"))) {
        file.hosts = std::move(other.hosts);
        for (ListedHost& host : file.hosts) host.domains.clear();
      }
    }
  }

  static bool is_true(const YamlNode* node) {
    return node != nullptr && (lower_case(node->text) == "true" || lower_case(node->text) == "yes");
  }

  std::string text_of(const YamlNode& map, std::string_view key, const std::string& noun) {
    const YamlNode* node = map.find(key);
    if (node != nullptr && node->sort == Sort::scalar) return node->text;
    problems_.add(node != nullptr ? node->line : map.line, noun, "has no text for " + std::string(key));
    return "";
  }

  std::string text_if_any(const YamlNode& map, std::string_view key, const std::string& noun) {
    const YamlNode* node = map.find(key);
    return node == nullptr || node->sort == Sort::null ? "" : text_of(map, key, noun);
  }

  void require_keys(const YamlNode& map, std::initializer_list<std::string_view> keys,
                    const std::string& noun) {
    for (const auto& [key, value] : map.entries) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      problems_.add(value.line, in_quotes(key), "is no key of " + noun + ": there are " + joined(keys, ", "));
    }
  }

  std::string kind_of(const YamlNode& topology) {
    if (topology.sort != Sort::map) {
      problems_.add(topology.line, "", "is not a topology, which begins with topology: NAME");
      return "";
    }
    require_keys(topology, {"topology", "cluster_default", "tree", "block", "ring", "flat"}, "a topology");
    std::vector<std::string> kinds;
    for (const char* kind : {"tree", "block", "ring", "flat"}) {
      if (topology.find(kind) != nullptr) kinds.emplace_back(kind);
    }
    if (kinds.size() == 1) return kinds.front();
    problems_.add(topology.line, "topology " + shown(text_of(topology, "topology", "a topology")),
                  kinds.empty() ? "has neither tree, block, ring nor flat"
                                : "has several of tree, block, ring and flat");
    return "";
  }

  /// Calls `read` with every map in the list of a key.
  template <typename Read>
  void for_each(const YamlNode& map, std::string_view key, const std::string& noun, Read read) {
    const YamlNode* list = map.find(key);
    if (list == nullptr || list->sort != Sort::list || list->items.empty()) {
      problems_.add(map.line, noun, "has no list " + std::string(key));
      return;
    }
    for (const YamlNode& item : list->items) {
      if (item.sort == Sort::map) {
        read(item);
      } else {
        problems_.add(item.line, "an item of " + std::string(key), "is not a map");
      }
    }
  }

  void read_topology(const YamlNode& node, const std::string& kind, const std::string& view) {
    SlurmTopology& topology = topologies_.emplace_back(&node, SlurmTopology(problems_)).second;
    const YamlNode& body = *node.find(kind);
    if (kind == "tree") {
      require_keys(body, {"switches"}, "a tree");
      for_each(body, "switches", view, [&](const YamlNode& item) {
        require_keys(item, {"switch", "children", "nodes"}, "a switch");
        topology.add_switch(item.line, text_of(item, "switch", "a switch"),
                            text_if_any(item, "nodes", "a switch"),
                            text_if_any(item, "children", "a switch"));
      });
    } else if (kind == "block") {
      require_keys(body, {"block_sizes", "blocks"}, "a block topology");
      for_each(body, "blocks", view, [&](const YamlNode& item) {
        require_keys(item, {"block", "nodes"}, "a block");
        topology.add_block(item.line, text_of(item, "block", "a block"), text_of(item, "nodes", "a block"));
      });
      if (const YamlNode* sizes = body.find("block_sizes")) {
        for (const YamlNode& size : sizes->items) topology.add_block_size(size.line, size.text);
        if (sizes->sort == Sort::scalar) topology.add_block_size(sizes->line, sizes->text);
      }
    } else if (kind == "ring") {
      require_keys(body, {"rings"}, "a ring topology");
      for_each(body, "rings", view, [&](const YamlNode& item) {
        require_keys(item, {"ring", "nodes"}, "a ring");
        topology.add_block(item.line, text_of(item, "ring", "a ring"), text_of(item, "nodes", "a ring"),
                           "ring");
      });
    }
  }

  HostFileProblems& problems_;
  bool has_default_ = false;
  std::vector<std::pair<const YamlNode*, SlurmTopology>> topologies_;
};

}  // namespace

HostFile read_topology_yaml(std::string_view text, const std::string& source, HostFileProblems& problems) {
  return YamlReader(problems).read(read_simple_yaml(text, source));
}

}  // namespace rankmesh::files
