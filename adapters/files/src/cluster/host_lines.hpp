#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/cluster.hpp"

namespace rankmesh::files {

/// A line of a file, without comments.
struct HostLine {
  int number = 0;
  std::string text{};
};

/// Collects what is wrong with a file.
class HostFileProblems {
 public:
  explicit HostFileProblems(std::string source) : source_(std::move(source)) {}

  /// @param value the text that breaks the rule, as it is to be shown
  void add(int line, std::string value, std::string rule);
  /// @throws FileError if there is a problem
  void require_none();
  /// Counts names of hosts; false, and a problem the first time, if the file has more than 2^22.
  [[nodiscard]] bool has_room_for(std::size_t names, int line);

 private:
  std::string source_;
  std::vector<Diagnostic> diagnostics_;
  std::size_t names_ = 0;
};

/// The most slots of a host, and of all hosts together.
inline constexpr int most_slots_of_host = 65536;
inline constexpr std::size_t most_slots_of_file = std::size_t{1} << 24;

/// The lines that are not empty, without `#` comments and, where `in_c_style`, without `//` and `/* */`
/// comments. A line that ends with a backslash goes on in the next.
[[nodiscard]] std::vector<HostLine> lines_of(std::string_view text, bool in_c_style,
                                             HostFileProblems& problems);

/// Expands a hostlist; a mistake becomes a problem of the line.
[[nodiscard]] std::vector<std::string> names_in(std::string_view hostlist, int line,
                                                HostFileProblems& problems);

/// A number from 1 to `most`; nothing, and a problem, for any other text.
[[nodiscard]] std::optional<int> positive(std::string_view text, std::string_view field, int line,
                                          HostFileProblems& problems, int most = most_slots_of_host);

/// Hosts in the order of their first mention.
class HostTable {
 public:
  /// The host of a name, which is added if it is new.
  [[nodiscard]] ListedHost& at(const std::string& name);
  /// The same, with some more slots.
  ListedHost& add_slots(const std::string& name, int slots);
  [[nodiscard]] std::vector<ListedHost> take() { return std::move(hosts_); }
  [[nodiscard]] const std::vector<ListedHost>& hosts() const { return hosts_; }

 private:
  std::map<std::string, std::size_t> index_;
  std::vector<ListedHost> hosts_;
};

/// The host of each rank when hosts take their slots in turns of at most `turn` ranks; empty for more than
/// `most_slots_of_file`.
[[nodiscard]] std::vector<std::string> dealt(const std::vector<ListedHost>& hosts, int turn);
/// The host of each rank when each host in turn takes all its slots.
[[nodiscard]] std::vector<std::string> by_slot(const std::vector<ListedHost>& hosts);

// The readers of the kinds of file.
[[nodiscard]] HostFile read_host_lines(std::string_view text, HostFileProblems& problems);
[[nodiscard]] HostFile read_slurm_environment(std::string_view text, HostFileProblems& problems);
[[nodiscard]] HostFile read_topology_conf(std::string_view text, HostFileProblems& problems);
[[nodiscard]] HostFile read_topology_yaml(std::string_view text, const std::string& source,
                                          HostFileProblems& problems);
[[nodiscard]] HostFile read_cluster_toml(std::string_view text, const std::string& source,
                                         HostFileProblems& problems);

}  // namespace rankmesh::files
