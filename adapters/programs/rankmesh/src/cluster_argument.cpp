#include "cluster_argument.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "rankmesh/files/shown_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

bool is_file(const std::string& given) {
  std::error_code error;
  return given == "-" || std::filesystem::exists(given, error);
}

/// Whether a text is meant as `node:4 gpu:8`.
bool is_levels(const std::string& given) {
  return given.find(':') != std::string::npos && given.find_first_of("[/.,") == std::string::npos;
}

}  // namespace

std::optional<GivenCluster> read_cluster(const std::string& name, const std::string& given,
                                         std::optional<int> slots, Problems& problems) {
  try {
    if (!is_file(given) && is_levels(given)) return GivenCluster{.cluster = parse_cluster(given)};
    const bool is_hostlist = !is_file(given) && given.find_first_of("[,") != std::string::npos &&
                             given.find('/') == std::string::npos;
    const files::HostFile file =
        is_hostlist ? files::parse_host_file(given, name) : files::load_host_file(given);
    return GivenCluster{.cluster = file.cluster(slots), .file = file};
  } catch (const files::FileError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      const std::string message = diagnostic.message();
      problems.push_back(message.starts_with(name) ? message : name + ": " + message);
    }
  } catch (const ConfigError& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      problems.push_back(name + ": " + diagnostic.text());
    }
  }
  return std::nullopt;
}

}  // namespace rankmesh::cli
