// Random clusters, written in every form of file and read back.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/files/cluster.hpp"
#include "support/catch.hpp"
#include "support/random_hosts.hpp"

using namespace rankmesh;
using namespace rankmesh::files;
using namespace rankmesh::tests;

namespace {

constexpr int draws = 300;

void check_reads(const std::string& text, HostFileKind kind, const Cluster& cluster, int slots) {
  INFO(text);
  const HostFile file = parse_host_file(text, "f");
  CHECK(file.kind == kind);
  CHECK(file.cluster(slots) == cluster);
}

/// A switch of hosts or of switches.
struct Switch {
  std::string name{};
  std::vector<HostPattern> hosts{};
  std::vector<std::string> children{};
};

/// A tree of switches, and the cluster that it is.
class Tree {
 public:
  explicit Tree(Random& random) : random_(random), highest_(random.below(3)), slots_(1 + random.below(8)) {
    for (int left = 1 + random.below(2); left > 0; --left)
      add(left == 1 ? highest_ : random.below(highest_ + 1), {});
    // Only the order of the switches of hosts counts.
    random.shuffle(upper_);
  }

  [[nodiscard]] std::vector<Switch> switches() const {
    std::vector<Switch> all = upper_;
    all.insert(all.end(), leaves_.begin(), leaves_.end());
    return all;
  }

  [[nodiscard]] Cluster cluster() const {
    std::vector<std::string> levels;
    for (int height = highest_; height >= 0; --height)
      levels.push_back(highest_ == 0 ? "switch" : "switch" + std::to_string(height + 1));
    return Cluster(levels, hosts_);
  }

  [[nodiscard]] int slots() const { return slots_; }

 private:
  /// @param above the domain at each level outside the switch's own; empty at the levels that its part lacks
  std::string add(int height, std::vector<std::string> above) {
    Switch unit{.name = "s" + std::to_string(++count_)};
    above.resize(static_cast<std::size_t>(highest_ - height));
    above.push_back(unit.name);
    if (height == 0) {
      unit.hosts = drawn_patterns(random_, 2, 10 * count_);
      for (std::size_t level = above.size() - 1; level-- > 0;) {
        if (above[level].empty()) above[level] = above[level + 1];
      }
      for (const std::string& name : names_of(unit.hosts)) hosts_.push_back({name, slots_, above});
      leaves_.push_back(unit);
    } else {
      for (int left = 1 + random_.below(3); left > 0; --left)
        unit.children.push_back(add(left == 1 ? height - 1 : random_.below(height), above));
      upper_.push_back(unit);
    }
    return unit.name;
  }

  Random& random_;
  int highest_;
  int slots_;
  int count_ = 0;
  std::vector<Switch> upper_;
  std::vector<Switch> leaves_;
  std::vector<ClusterHost> hosts_;
};

std::string children_of(const Switch& unit) {
  std::string text;
  for (const std::string& child : unit.children) text += (text.empty() ? "" : ",") + child;
  return text;
}

std::string tree_conf(const std::vector<Switch>& switches) {
  std::string text;
  for (const Switch& unit : switches) {
    text += "SwitchName=" + unit.name;
    text += unit.children.empty() ? " Nodes=" + hostlist_of(unit.hosts) : " Switches=" + children_of(unit);
    text += "\n";
  }
  return text;
}

std::string tree_yaml(const std::vector<Switch>& switches) {
  std::string text = "---\n- topology: t\n  cluster_default: true\n  tree:\n    switches:\n";
  for (const Switch& unit : switches) {
    text += "      - switch: " + unit.name + "\n";
    text += unit.children.empty() ? "        nodes: " + hostlist_of(unit.hosts) + "\n"
                                  : "        children: " + children_of(unit) + "\n";
  }
  return text;
}

/// Blocks, the sizes of blocks and of runs of blocks, and the cluster that they are.
class Blocks {
 public:
  explicit Blocks(Random& random) : slots_(1 + random.below(8)) {
    const int count = 1 + random.below(6);
    std::size_t smallest = 1000;
    for (int i = 0; i < count; ++i) {
      blocks_.push_back({.name = "b" + std::to_string(i), .hosts = drawn_patterns(random, 2, 10 * i)});
      smallest = std::min(smallest, names_of(blocks_.back().hosts).size());
    }
    if (random.below(4) == 0) return;
    sizes_.push_back(1 + random.below(static_cast<int>(smallest)));
    for (int more = random.below(3); more > 0; --more) sizes_.push_back(sizes_.back() * 2);
  }

  [[nodiscard]] Cluster cluster() const {
    std::vector<std::string> levels{"block"};
    std::vector<std::size_t> runs;
    for (std::size_t i = 1; i < sizes_.size(); ++i) {
      const std::size_t run = std::size_t{1} << i;
      if (run >= blocks_.size()) continue;
      runs.insert(runs.begin(), run);
      levels.insert(levels.begin(), "block_of_" + std::to_string(sizes_[i]));
    }
    std::vector<ClusterHost> hosts;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      std::vector<std::string> domains;
      for (const std::size_t run : runs) {
        const std::size_t first = i - i % run;
        domains.push_back(blocks_[first].name + ".." +
                          blocks_[std::min(first + run, blocks_.size()) - 1].name);
      }
      domains.push_back(blocks_[i].name);
      for (const std::string& name : names_of(blocks_[i].hosts)) hosts.push_back({name, slots_, domains});
    }
    return Cluster(levels, hosts);
  }

  [[nodiscard]] std::string conf() const {
    std::string text;
    for (const Switch& block : blocks_)
      text += "BlockName=" + block.name + " Nodes=" + hostlist_of(block.hosts) + "\n";
    for (std::size_t i = 0; i < sizes_.size(); ++i)
      text += (i == 0 ? "BlockSizes=" : ",") + std::to_string(sizes_[i]);
    return text + "\n";
  }

  [[nodiscard]] std::string yaml() const {
    std::string text = "- topology: t\n  block:\n";
    if (!sizes_.empty()) text += "    block_sizes:\n";
    for (const int size : sizes_) text += "      - " + std::to_string(size) + "\n";
    text += "    blocks:\n";
    for (const Switch& block : blocks_)
      text += "      - block: " + block.name + "\n        nodes: " + hostlist_of(block.hosts) + "\n";
    return text;
  }

  [[nodiscard]] int slots() const { return slots_; }

 private:
  int slots_;
  std::vector<Switch> blocks_;
  std::vector<int> sizes_;
};

/// Named hosts without levels outside them; the hosts of a pattern have the same number of slots.
struct Flat {
  explicit Flat(Random& random) : patterns(drawn_patterns(random, 5)) {
    for (const HostPattern& pattern : patterns) {
      slots.push_back(1 + random.below(8));
      for (const std::string& name : pattern.names()) hosts.push_back({.name = name, .slots = slots.back()});
    }
  }

  std::vector<HostPattern> patterns;
  std::vector<int> slots;
  std::vector<ClusterHost> hosts;
};

}  // namespace

TEST_CASE("trees of switches are read back from topology.conf and topology.yaml") {
  Random random(220);
  for (int draw = 0; draw < draws; ++draw) {
    const Tree tree(random);
    check_reads(tree_conf(tree.switches()), HostFileKind::slurm_topology_conf, tree.cluster(), tree.slots());
    check_reads(tree_yaml(tree.switches()), HostFileKind::slurm_topology_yaml, tree.cluster(), tree.slots());
  }
}

TEST_CASE("blocks are read back from topology.conf and topology.yaml") {
  Random random(221);
  for (int draw = 0; draw < draws; ++draw) {
    const Blocks blocks(random);
    check_reads(blocks.conf(), HostFileKind::slurm_topology_conf, blocks.cluster(), blocks.slots());
    check_reads(blocks.yaml(), HostFileKind::slurm_topology_yaml, blocks.cluster(), blocks.slots());
  }
}

TEST_CASE("hostlists are read back") {
  Random random(222);
  for (int draw = 0; draw < draws; ++draw) {
    Flat flat(random);
    const int slots = 1 + random.below(8);
    for (ClusterHost& host : flat.hosts) host.slots = slots;
    const std::string text = hostlist_of(flat.patterns);
    const bool is_name = text.find_first_of("[,") == std::string::npos;
    check_reads(text, is_name ? HostFileKind::host_list : HostFileKind::hostlist, Cluster({}, flat.hosts),
                slots);
  }
}

TEST_CASE("plain lists of hosts are read back, with a line for each host or for each slot") {
  Random random(223);
  for (int draw = 0; draw < draws; ++draw) {
    Flat flat(random);
    std::string once;
    std::string each_slot;
    for (const ClusterHost& host : flat.hosts) {
      once += host.name + "\n";
      for (int slot = 0; slot < host.slots; ++slot) each_slot += host.name + "\n";
    }
    // Hosts with a line each have as many slots as the reader is told.
    const bool is_once = once == each_slot;
    check_reads(each_slot, HostFileKind::host_list, Cluster({}, flat.hosts), is_once ? 1 : 5);
    for (ClusterHost& host : flat.hosts) host.slots = 5;
    check_reads(once, HostFileKind::host_list, Cluster({}, flat.hosts), 5);
  }
}

TEST_CASE("hostfiles are read back, with a line for each host or each pattern") {
  Random random(224);
  for (int draw = 0; draw < draws; ++draw) {
    const Flat flat(random);
    const Cluster cluster({}, flat.hosts);
    std::string openmpi;
    std::string hydra;
    for (const ClusterHost& host : flat.hosts) {
      const std::string slots = std::to_string(host.slots);
      openmpi += host.name + " slots=" + slots;
      if (random.below(2) == 0) openmpi += " max_slots=" + std::to_string(host.slots + random.below(3));
      openmpi += "\n";
      hydra += host.name + ":" + slots + "\n";
    }
    check_reads(openmpi, HostFileKind::openmpi_hostfile, cluster, 99);
    check_reads(hydra, HostFileKind::hydra_hostfile, cluster, 99);
    openmpi.clear();
    hydra.clear();
    for (std::size_t i = 0; i < flat.patterns.size(); ++i) {
      openmpi += flat.patterns[i].text() + " slots=" + std::to_string(flat.slots[i]) + "\n";
      hydra += flat.patterns[i].text() + ":" + std::to_string(flat.slots[i]) + "\n";
    }
    check_reads(openmpi, HostFileKind::openmpi_hostfile, cluster, 99);
    check_reads(hydra, HostFileKind::hydra_hostfile, cluster, 99);
  }
}

TEST_CASE("TOML is read back: hosts in levels, and uniform clusters") {
  Random random(225);
  for (int draw = 0; draw < draws; ++draw) {
    const Flat flat(random);
    const std::vector<std::string> levels{"row", "rack"};
    std::vector<ClusterHost> hosts;
    std::string text = "levels = [\"row\", \"rack\"]\nhosts = [\n";
    for (std::size_t i = 0; i < flat.patterns.size(); ++i) {
      const int rack = random.below(4);
      const std::string row_name = "row" + std::to_string(rack / 2);
      const std::string rack_name = "R-0" + std::to_string(rack);
      for (const std::string& name : flat.patterns[i].names())
        hosts.push_back({name, flat.slots[i], {row_name, rack_name}});
      text += "  \"" + flat.patterns[i].text() + " slots=" + std::to_string(flat.slots[i]) +
              " rack=" + rack_name + " row=" + row_name + "\",\n";
    }
    check_reads(text + "]\n", HostFileKind::toml, Cluster(levels, hosts), 99);
    const Cluster uniform(
        {{"rack", 1 + random.below(9)}, {"node", 1 + random.below(20)}, {"gpu", 1 + random.below(8)}});
    check_reads("cluster = \"" + uniform.to_string() + "\"\n", HostFileKind::toml, uniform, 99);
  }
}
