#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// The options that a program has of its own, beside those of a configuration: each is bound to a variable,
/// whose value is the default and stands in the help text.
///
///     std::int64_t steps = 200;
///     BoundOptions training(app, "Training");
///     training.add("--steps", steps, {.min = 1}, "steps to train");
///     const Parsed parsed = parse(app, args);
///     training.read(problems);
///     for (const auto& [name, value] : training.values()) job_fields.push_back({name, value});
class BoundOptions {
 public:
  /// @param app must outlive this object, as must the variables
  /// @param group the heading of the help text under which the options are listed
  explicit BoundOptions(CLI::App& app, std::string group = "Options");

  /// Adds an option that takes a whole number.
  /// @param name `--steps`
  void add(const std::string& name, std::int64_t& value, NumberRange range, const std::string& description);
  /// Adds an option that takes a decimal number.
  void add(const std::string& name, double& value, DecimalRange range, const std::string& description);
  /// Adds an option that takes a text, such as the name of a file.
  /// @param value_name what stands for the value in the help text: `FILE`
  void add(const std::string& name, std::string& value, const std::string& value_name,
           const std::string& description);
  /// Adds a switch, which makes the variable true.
  void add(const std::string& name, bool& value, const std::string& description);

  /// Writes what was given into the variables; those of options that were not given, or have a problem, keep
  /// their values.
  void read(Problems& problems) const;

  /// The name of each option, without dashes, and the value of its variable, in the order in which they were
  /// added: what all ranks of a job must have alike (`mpi::Options::job_fields`). Texts are left out: a file
  /// may have another name on another machine.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> values() const;

 private:
  struct Bound {
    std::string name;
    std::function<void(Problems&)> read;
    /// None for a text.
    std::function<std::string()> value;
  };
  [[nodiscard]] const CLI::Option& add_option(const std::string& name, const std::string& value_name,
                                              const std::string& description, const std::string& value);

  CLI::App& app_;
  std::string group_;
  std::vector<Bound> options_;
};

}  // namespace rankmesh::cli
