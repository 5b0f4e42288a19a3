#include "rankmesh/dialects/dialect.hpp"

#include <algorithm>
#include <array>

#include "own_words.hpp"
#include "rankmesh/topology/error.hpp"
#include "readers.hpp"

namespace rankmesh::dialects {
namespace {

struct Entry {
  Dialect dialect;
  std::string_view name;
  ParallelConfig (*read)(std::string_view text, std::optional<std::int64_t> world_size);
  std::string (*write)(const ParallelConfig& config);
};

constexpr std::array<Entry, 6> entries{
    {{Dialect::rankmesh, "rankmesh", read_rankmesh, write_rankmesh},
     {Dialect::megatron, "megatron", read_megatron, write_megatron},
     {Dialect::devicemesh, "devicemesh", read_devicemesh, write_devicemesh},
     {Dialect::deepspeed, "deepspeed", read_deepspeed, write_deepspeed},
     {Dialect::torchtitan, "torchtitan", read_torchtitan, write_torchtitan},
     {Dialect::inner_to_outer, "inner-to-outer", read_inner_to_outer, write_inner_to_outer}}};

constexpr std::array<Dialect, 6> in_order = [] {
  std::array<Dialect, 6> result{};
  for (std::size_t i = 0; i < entries.size(); ++i) result[i] = entries[i].dialect;
  return result;
}();

const Entry& entry_of(Dialect dialect) {
  return *std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.dialect == dialect; });
}

}  // namespace

std::span<const Dialect> all() noexcept {
  return in_order;
}

std::string_view name_of(Dialect dialect) noexcept {
  return entry_of(dialect).name;
}

std::optional<Dialect> find(std::string_view name) noexcept {
  const auto* found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.name == name; });
  return found == entries.end() ? std::nullopt : std::optional(found->dialect);
}

ParallelConfig read(Dialect dialect, std::string_view text, std::optional<std::int64_t> world_size) {
  const Reader reader = [dialect](std::string_view words, WorldSize world) {
    ParallelConfig config = entry_of(dialect).read(words, world);
    if (auto diagnostics = check(config); !diagnostics.empty()) throw ConfigError(std::move(diagnostics));
    return config;
  };
  try {
    return reader(text, world_size);
  } catch (const ConfigError& error) {
    // The one-line form has the words of the library itself.
    if (dialect == Dialect::rankmesh) throw;
    const std::string words = dialect == Dialect::inner_to_outer ? with_words(text) : std::string(text);
    throw ConfigError(in_own_words({error.diagnostics().begin(), error.diagnostics().end()}, reader, words,
                                   world_size, dialect == Dialect::megatron));
  }
}

std::string write(Dialect dialect, const ParallelConfig& config) {
  if (auto diagnostics = check(config); !diagnostics.empty()) throw ConfigError(std::move(diagnostics));
  return entry_of(dialect).write(config);
}

}  // namespace rankmesh::dialects
