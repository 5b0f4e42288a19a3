#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// Options of a program beside those of a configuration, each bound to a variable. The value of the variable
/// is the default and stands in the help text.
///
///     std::int64_t steps = 200;
///     Program program({.name = "train", .summary = "Trains a model"});
///     BoundOptions training(program, "Training");
///     training.add("--steps", steps, {.min = 1}, "steps to train");
///     const Parsed parsed = parse(program, args);
///     training.read(problems);
///     for (const auto& [name, value] : training.values()) job_fields.push_back({name, value});
class BoundOptions {
 public:
  /// @param command must outlive this object, as must the variables
  /// @param heading the heading of the help text under which the options are listed
  explicit BoundOptions(Command& command, std::string heading = "Options");

  /// Adds an option that takes a whole number.
  /// @param name `--steps`
  void add(const std::string& name, std::int64_t& value, NumberRange range, const std::string& description);
  /// Adds an option that takes a decimal number.
  void add(const std::string& name, double& value, DecimalRange range, const std::string& description);
  /// Adds an option that takes the name of a file.
  void add_file(const std::string& name, std::string& value, const std::string& description);
  /// Adds a switch, which sets the variable to true.
  void add(const std::string& name, bool& value, const std::string& description);

  /// Writes the values that were given into the variables. A variable keeps its value if its option was not
  /// given or has a problem.
  void read(Problems& problems) const;

  /// The name of each option, without dashes, and the value of its variable, in the order in which they were
  /// added: what all ranks of a job must have alike (`mpi::Options::job_fields`). Files are left out, since a
  /// file may have another name on another machine.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> values() const;

 private:
  struct Bound {
    std::string name;
    std::function<void(Problems&)> read;
    /// Null for a file.
    std::function<std::string()> value;
  };

  Command& command_;
  std::string heading_;
  std::vector<Bound> options_;
};

}  // namespace rankmesh::cli
