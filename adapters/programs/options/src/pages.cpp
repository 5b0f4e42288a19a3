#include "rankmesh/options/pages.hpp"

#include <fstream>
#include <system_error>

#include "rankmesh/topology/error.hpp"

namespace rankmesh::cli {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (error || !file) throw Error("cannot write " + path.string());
}

}  // namespace

void write_pages(const Program& program, std::string_view version, const fs::path& folder) {
  const std::string& name = program.name();
  write(folder / "man" / "man1" / (name + ".1"), man_page(program, version));
  for (const Command* command : program.visible_commands()) {
    write(folder / "man" / "man1" / (name + "-" + command->name() + ".1"), man_page(*command, version));
  }
  const fs::path share = folder / "share";
  write(share / "bash-completion" / "completions" / name, completion(program, Shell::bash));
  write(share / "zsh" / "site-functions" / ("_" + name), completion(program, Shell::zsh));
  write(share / "fish" / "vendor_completions.d" / (name + ".fish"), completion(program, Shell::fish));
}

}  // namespace rankmesh::cli
