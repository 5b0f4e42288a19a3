// Shell scripts: reading ends, and every unknown value has a place in the script.

#include "shell/reader.hpp"

#include <algorithm>
#include <string>

#include "fuzz.hpp"

using rankmesh::launch::shell::Command;
using rankmesh::launch::shell::read_script;
using rankmesh::launch::shell::Script;
using rankmesh::launch::shell::SyntaxError;
using rankmesh::launch::shell::Unknown;
using rankmesh::tests::Input;
using rankmesh::tests::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string text(input.text());
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  try {
    const Script script = read_script(text);
    for (const Command& command : script.commands) require(!command.words.empty(), "a command has words");
    for (const Unknown& unknown : script.unknowns) {
      require(unknown.place.line >= 1 && !unknown.text.empty(), "an unknown value has a place and a text");
    }
  } catch (const SyntaxError& error) {
    require(error.place.line >= 1 && error.place.column >= 1 && !error.rule.empty(),
            "an error has a place and a rule");
    require(error.place.line <= lines + 1, "an error is in the script");
  }
  return 0;
}
