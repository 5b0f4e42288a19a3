#include "rankmesh/topology/invariants.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

constexpr std::size_t max_ranks_reported = 8;
constexpr int in_no_group = -1;

using Lists = std::vector<std::vector<int>>;

/// The first ranks, and how many there are if that is not all.
std::string first_of(std::span<const int> ranks) {
  const std::span<const int> first = ranks.first(std::min(ranks.size(), max_ranks_reported));
  return joined(first, ", ") +
         (first.size() == ranks.size() ? "" : ", ... (" + counted(ranks.size(), "rank") + ")");
}

std::string text(std::span<const int> ranks) {
  return "[" + first_of(ranks) + "]";
}

/// `rank 3`, `ranks 3, 5`
std::string ranks_text(std::span<const int> ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + first_of(ranks);
}

std::string group_name(GroupKind kind, std::size_t group) {
  return std::string(kind.name()) + " group " + std::to_string(group);
}

/// `position 1 of group 0`
std::string place_text(const std::optional<Place>& place) {
  if (!place) return "no group";
  return "position " + std::to_string(place->position) + " of group " + std::to_string(place->group);
}

bool includes(const std::vector<std::string>& axes, const std::vector<std::string>& others) {
  return std::all_of(others.begin(), others.end(), [&](const std::string& axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  });
}

bool disjoint(const std::vector<std::string>& axes, const std::vector<std::string>& others) {
  return std::none_of(others.begin(), others.end(), [&](const std::string& axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  });
}

/// One kind with its lists, and the group of every rank.
struct Subject {
  const KindFamily& kind;
  const Lists& groups;
  std::vector<int> group_of;
};

class Checker {
 public:
  Checker(const Topology& topology, std::span<const KindLists> lists) : topology_(topology), lists_(lists) {}

  std::vector<BrokenInvariant> run() {
    for (const KindFamily& kind : topology_.kinds()) check_kind(kind);
    check_kinds_given();
    for (const Subject& a : subjects_) {
      for (const Subject& b : subjects_) {
        if (a.kind.mesh != b.kind.mesh || &a == &b) continue;
        if (&a < &b) check_orthogonal(a, b);
        check_nested(a, b);
      }
      if (a.kind.parent) check_derived(a);
    }
    return std::move(broken_);
  }

 private:
  void report(std::string_view invariant, std::vector<GroupKind> kinds, std::vector<int> ranks,
              std::string message) {
    if (ranks.size() > max_ranks_reported) ranks.resize(max_ranks_reported);
    broken_.push_back({std::string(invariant), std::move(kinds), std::move(ranks), std::move(message)});
  }

  void check_kinds_given() {
    for (auto given = lists_.begin(); given != lists_.end(); ++given) {
      const std::string name(given->kind.name());
      if (topology_.find(given->kind) == nullptr) {
        report("complete", {given->kind}, {}, "the topology has no kind " + name);
      } else if (std::any_of(lists_.begin(), given,
                             [&](const KindLists& before) { return before.kind == given->kind; })) {
        report("complete", {given->kind}, {}, "kind " + name + " is given more than once");
      }
    }
  }

  void check_kind(const KindFamily& kind) {
    const auto given = std::find_if(lists_.begin(), lists_.end(),
                                    [&](const KindLists& lists) { return lists.kind == kind.kind; });
    if (given == lists_.end()) {
      report("complete", {kind.kind}, {}, "no lists of kind " + std::string(kind.kind.name()));
      return;
    }
    if (given->groups.size() != static_cast<std::size_t>(kind.family.group_count())) {
      report("complete", {kind.kind}, {},
             std::to_string(given->groups.size()) + " " + std::string(kind.kind.name()) +
                 " groups, expected " + std::to_string(kind.family.group_count()));
      return;
    }
    Subject subject{kind, given->groups, {}};
    if (!check_ranks(subject) || !check_sizes(subject)) return;
    if (check_coordinates(subject)) check_closed_form(subject);
    subjects_.push_back(std::move(subject));
  }

  /// @return whether all groups have the right size
  bool check_sizes(const Subject& subject) {
    const KindFamily& kind = subject.kind;
    std::int64_t expected = 1;
    for (const std::string& axis : kind.varying) expected *= topology_.meshes()[kind.mesh].size(axis);
    if (kind.derivation == Derivation::picked) {
      expected = std::min<std::int64_t>(expected, kind.family.group_size());
    } else if (kind.parent) {
      // The groups of a split or joined kind share the parent's ranks equally.
      const GroupFamily& parent = topology_.family(*kind.parent);
      expected = parent.member_count() / kind.family.group_count();
    } else if (kind.derivation == Derivation::split) {
      expected = kind.family.group_size();
    }
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      if (static_cast<std::int64_t>(subject.groups[g].size()) == expected) continue;
      report("size", {kind.kind}, subject.groups[g],
             group_name(kind.kind, g) + " " + text(subject.groups[g]) + " has " +
                 counted(subject.groups[g].size(), "rank") + ", expected " + std::to_string(expected));
      return false;
    }
    return true;
  }

  /// Checks the range and the partition, and stores the group of every rank.
  /// @return whether both are right, so that the lists can be checked further
  bool check_ranks(Subject& subject) {
    const GroupKind kind = subject.kind.kind;
    std::vector<int> outside;
    std::vector<int> repeated;
    subject.group_of.assign(static_cast<std::size_t>(topology_.world_size()), in_no_group);
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      for (const int rank : subject.groups[g]) {
        if (rank < 0 || rank >= topology_.world_size()) {
          outside.push_back(rank);
        } else if (int& group = subject.group_of[static_cast<std::size_t>(rank)]; group != in_no_group) {
          repeated.push_back(rank);
        } else {
          group = static_cast<int>(g);
        }
      }
    }
    std::vector<int> missing;
    for (int rank = 0; subject.kind.family.covers_world() && rank < topology_.world_size(); ++rank) {
      if (subject.group_of[static_cast<std::size_t>(rank)] == in_no_group) missing.push_back(rank);
    }
    const std::string name(kind.name());
    if (!outside.empty()) {
      report("in_range", {kind}, outside,
             name + " groups hold " + ranks_text(outside) + ", outside the world of " +
                 std::to_string(topology_.world_size()));
      return false;
    }
    if (repeated.empty() && missing.empty()) return true;
    // Where a rank is held twice, another is often missing: one mistake.
    std::vector<std::string> found;
    if (!repeated.empty()) found.push_back(name + " groups hold " + ranks_text(repeated) + " more than once");
    if (!missing.empty()) found.push_back("no " + name + " group holds " + ranks_text(missing));
    repeated.insert(repeated.end(), missing.begin(), missing.end());
    report("partition", {kind}, repeated, joined(found, "; "));
    return false;
  }

  /// @return whether the coordinates are right
  bool check_coordinates(const Subject& subject) {
    if (subject.kind.derivation == Derivation::joined) return true;  // `check_joined` checks the order
    const Mesh& mesh = topology_.meshes()[subject.kind.mesh];
    const int first = topology_.first_rank();
    const GroupFormula formula = subject.kind.family.formula();
    const auto digits = formula.grouping.inside();
    // Kinds of a mesh of one's own may have another order than the mesh.
    const bool in_order = std::is_sorted(formula.picked.begin(), formula.picked.end()) &&
                          std::is_sorted(digits.begin(), digits.end(),
                                         [](const Digit& a, const Digit& b) { return a.stride < b.stride; });
    std::vector<std::string_view> fixed;
    for (const Axis& axis : mesh.axes()) {
      if (!includes(subject.kind.varying, {axis.name})) fixed.push_back(axis.name);
    }
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      const std::vector<int>& ranks = subject.groups[g];
      for (const std::string_view axis : fixed) {
        const int stride = mesh.stride(axis);
        const int size = mesh.size(axis);
        for (const int rank : ranks) {
          if ((rank - first) / stride % size == (ranks.front() - first) / stride % size) continue;
          report("coordinates", {subject.kind.kind}, {ranks.front(), rank},
                 group_name(subject.kind.kind, g) + " " + text(ranks) + " varies along " + std::string(axis) +
                     ": " + ranks_text(std::array{ranks.front(), rank}));
          return false;
        }
      }
      if (in_order && !std::is_sorted(ranks.begin(), ranks.end())) {
        report("coordinates", {subject.kind.kind}, ranks,
               group_name(subject.kind.kind, g) + " " + text(ranks) + " is not in the order of the mesh");
        return false;
      }
    }
    return true;
  }

  void check_closed_form(const Subject& subject) {
    const GroupFamily& family = subject.kind.family;
    const auto differ = [&](std::vector<int> ranks, const std::string& what) {
      report("closed_form", {subject.kind.kind}, std::move(ranks),
             "the lists of kind " + std::string(subject.kind.kind.name()) +
                 " are not those of its formula: " + what);
    };
    std::vector<int> buffer(static_cast<std::size_t>(family.member_count()));
    family.enumerate(buffer);
    auto enumerated = buffer.begin();
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      const std::vector<int>& given = subject.groups[g];
      const RankList list = family.group(static_cast<int>(g));
      const auto name = [&] { return group_name(subject.kind.kind, g); };
      if (const std::vector<int> expected = list.to_vector(); expected != given) {
        return differ(given, name() + " is " + text(given) + ", expected " + text(expected));
      }
      if (!std::equal(list.begin(), list.end(), given.begin(), given.end())) {
        return differ(given, "the iterators of " + name() + " give other ranks than " + text(given));
      }
      if (!std::equal(given.begin(), given.end(), enumerated)) {
        return differ(given, "enumerate gives other ranks than " + text(given) + " for " + name());
      }
      enumerated += static_cast<std::ptrdiff_t>(given.size());
      for (std::size_t m = 0; m < given.size(); ++m) {
        const Place place{static_cast<int>(g), static_cast<int>(m)};
        if (family.locate(given[m]) != place || family.rank_at(place) != given[m] ||
            list.position_of(given[m]) != place.position) {
          return differ({given[m]}, "rank " + std::to_string(given[m]) + " is at position " +
                                        std::to_string(m) + " of " + name() + ", expected " +
                                        place_text(family.locate(given[m])));
        }
      }
    }
    for (int rank = 0; rank < topology_.world_size(); ++rank) {
      const int group = subject.group_of[static_cast<std::size_t>(rank)];
      const auto expected = family.locate(rank);
      if (expected.has_value() != (group != in_no_group)) {
        return differ({rank}, "rank " + std::to_string(rank) + " is in " +
                                  (group == in_no_group ? "no group" : "group " + std::to_string(group)) +
                                  ", expected " + place_text(expected));
      }
    }
  }

  void check_orthogonal(const Subject& a, const Subject& b) {
    if (is_joined(a) || is_joined(b) || !disjoint(a.kind.varying, b.kind.varying)) return;
    // For each group of `b`: the last group of `a` that shares a rank with it, and that rank.
    std::vector<std::pair<std::size_t, int>> met(b.groups.size(), {a.groups.size(), 0});
    for (std::size_t g = 0; g < a.groups.size(); ++g) {
      for (const int rank : a.groups[g]) {
        const int group = b.group_of[static_cast<std::size_t>(rank)];
        if (group == in_no_group) continue;
        auto& [last, first_rank] = met[static_cast<std::size_t>(group)];
        if (last == g) {
          report("orthogonal", {a.kind.kind, b.kind.kind}, {first_rank, rank},
                 group_name(a.kind.kind, g) + " and " +
                     group_name(b.kind.kind, static_cast<std::size_t>(group)) + " share " +
                     ranks_text(std::array{first_rank, rank}) + ", and may share one at most");
          return;
        }
        last = g;
        first_rank = rank;
      }
    }
  }

  void check_nested(const Subject& inner, const Subject& outer) {
    if (outer.kind.derivation != Derivation::whole || is_joined(inner) ||
        !includes(outer.kind.varying, inner.kind.varying))
      return;
    for (std::size_t g = 0; g < inner.groups.size(); ++g) {
      const std::vector<int>& ranks = inner.groups[g];
      for (const int rank : ranks) {
        if (outer.group_of[static_cast<std::size_t>(rank)] ==
            outer.group_of[static_cast<std::size_t>(ranks.front())]) {
          continue;
        }
        report("nested", {inner.kind.kind, outer.kind.kind}, {ranks.front(), rank},
               group_name(inner.kind.kind, g) + " " + text(ranks) + " lies in more than one " +
                   std::string(outer.kind.kind.name()) +
                   " group: " + ranks_text(std::array{ranks.front(), rank}));
        return;
      }
    }
  }

  static bool is_joined(const Subject& subject) { return subject.kind.derivation == Derivation::joined; }

  void check_derived(const Subject& subject) {
    const auto parent = std::find_if(subjects_.begin(), subjects_.end(), [&](const Subject& other) {
      return other.kind.kind == *subject.kind.parent;
    });
    if (parent == subjects_.end()) return;
    if (is_joined(subject)) {
      check_joined(subject, *parent);
    } else {
      check_within(subject, *parent);
    }
  }

  /// The groups of a picked or split kind each lie in one group of the parent, in the parent's order.
  void check_within(const Subject& subject, const Subject& parent) {
    const std::size_t parts = std::max<std::size_t>(1, subject.groups.size() / parent.groups.size());
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      for (const int rank : subject.groups[g]) {
        if (parent.group_of[static_cast<std::size_t>(rank)] == static_cast<int>(g / parts)) continue;
        report("derived", {subject.kind.kind, parent.kind.kind}, {rank},
               group_name(subject.kind.kind, g) + " holds rank " + std::to_string(rank) +
                   ", which is not in " + group_name(parent.kind.kind, g / parts));
        return;
      }
    }
  }

  /// A joined group is consecutive groups of the parent, one after another.
  void check_joined(const Subject& subject, const Subject& parent) {
    auto next = parent.groups.begin();
    for (std::size_t g = 0; g < subject.groups.size(); ++g) {
      std::vector<int> expected;
      for (std::size_t i = 0; i < parent.groups.size() / subject.groups.size(); ++i, ++next) {
        expected.insert(expected.end(), next->begin(), next->end());
      }
      if (subject.groups[g] == expected) continue;
      report("derived", {subject.kind.kind, parent.kind.kind}, subject.groups[g],
             group_name(subject.kind.kind, g) + " " + text(subject.groups[g]) + " is not the " +
                 std::string(parent.kind.kind.name()) + " groups joined, " + text(expected));
      return;
    }
  }

  const Topology& topology_;
  std::span<const KindLists> lists_;
  std::vector<Subject> subjects_;
  std::vector<BrokenInvariant> broken_;
};

}  // namespace

std::vector<KindLists> enumerate(const Topology& topology) {
  std::vector<KindLists> result;
  for (const KindFamily& kind : topology.kinds()) {
    KindLists lists{kind.kind, {}};
    lists.groups.reserve(static_cast<std::size_t>(kind.family.group_count()));
    for (int group = 0; group < kind.family.group_count(); ++group) {
      lists.groups.push_back(kind.family.group(group).to_vector());
    }
    result.push_back(std::move(lists));
  }
  return result;
}

std::vector<BrokenInvariant> check_invariants(const Topology& topology) {
  return check_invariants(topology, enumerate(topology));
}

std::vector<BrokenInvariant> check_invariants(const Topology& topology, std::span<const KindLists> lists) {
  return Checker(topology, lists).run();
}

}  // namespace rankmesh
