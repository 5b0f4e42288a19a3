#include "rankmesh/files/file_text.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "rankmesh/files/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace rankmesh::files;
using rankmesh::tests::TemporaryFolder;

namespace {

std::string error_of(const std::string& path, std::size_t most_bytes = longest_file) {
  try {
    return "read " + std::to_string(file_text(path, most_bytes).size()) + " bytes";
  } catch (const FileError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a pipe that nobody writes to is refused, not waited for", "[file_text]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("pipe");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(error_of(path) == path + ": is a pipe, not a regular file; write - to read standard input");
  // The kind of the file that a link leads to counts.
  const std::string link = folder.file("link");
  std::filesystem::create_symlink(path, link);
  CHECK(error_of(link) == link + ": is a pipe, not a regular file; write - to read standard input");
}

TEST_CASE("a device is refused, because it may have no end", "[file_text]") {
  for (const std::string device : {"/dev/zero", "/dev/null"}) {
    CHECK(error_of(device) == device + ": is a device, not a regular file; write - to read standard input");
  }
}

TEST_CASE("a file is read up to its limit", "[file_text]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("text", std::string(std::size_t{2} << 20, 'x'));
  CHECK(error_of(path) == path + ": is longer than 1 MiB, the most that is read");
  CHECK(error_of(path, std::size_t{2} << 20) == "read 2097152 bytes");
}
