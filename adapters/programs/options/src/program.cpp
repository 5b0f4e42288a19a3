#include "rankmesh/options/program.hpp"

namespace rankmesh::cli {

Command::Command(CommandSpec spec) : spec_(std::move(spec)) {
  common_options_.push_back(
      Option({.name = "--help", .letter = 'h', .description = "print this text and exit"}));
}

std::string Command::full_name() const {
  return program_ == nullptr ? name() : program_->name() + " " + name();
}

std::vector<const Option*> Command::options() const {
  std::vector<const Option*> result;
  for (const Option& option : options_) result.push_back(&option);
  for (const Option& option : common_options_) result.push_back(&option);
  return result;
}

std::string Command::explanation(const std::string& option) const {
  const auto found = explanations_.find(option);
  return found == explanations_.end() ? "" : found->second;
}

Program::Program(CommandSpec spec, std::string version)
    : Command(std::move(spec)),
      version_(std::move(version)) {
  if (version_.empty()) return;
  common_options_.push_front(Option({.name = "--version", .description = "print the version and exit"}));
}

std::vector<const Command*> Program::visible_commands() const {
  std::vector<const Command*> result;
  for (const Command* command : commands_) {
    if (!command->spec().is_hidden) result.push_back(command);
  }
  return result;
}

}  // namespace rankmesh::cli
