#include "rankmesh/cli/run.hpp"

#include <cerrno>

#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// A sink that takes some characters and then fails.
class FailingSink final : public cli::Sink {
 public:
  FailingSink(std::size_t room, int code) : room_(room), code_(code) {}
  void write(std::string_view text) override {
    if (text.size() > room_) throw cli::WriteError(code_);
    room_ -= text.size();
  }

 private:
  std::size_t room_;
  int code_;
};

const std::vector<std::string> large{"groups", "--world-size", "65536", "--format", "csv"};

}  // namespace

TEST_CASE("colour for a terminal without NO_COLOR") {
  CHECK(cli::wants_colour(true, nullptr));
  CHECK(cli::wants_colour(true, ""));
  CHECK_FALSE(cli::wants_colour(true, "1"));
  CHECK_FALSE(cli::wants_colour(true, "0"));
  CHECK_FALSE(cli::wants_colour(false, nullptr));
}

TEST_CASE("colour changes nothing but colour") {
  const auto plain_of = [](std::string text) {
    for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b', at)) {
      text.erase(at, text.find('m', at) - at + 1);
    }
    return text;
  };
  for (const std::string line :
       {"show --world-size 16 --tp 4 --gpus-per-node 2", "groups --world-size 64 --tp 2",
        "rank 3 --world-size 16 --pp 4", "show --world-size 16 --tp 3"}) {
    const Outcome plain = run_line(line);
    const Outcome coloured = run_line(line, {.out = true, .err = true});
    CHECK((plain.out + plain.err).find('\x1b') == std::string::npos);
    CHECK((coloured.out + coloured.err).find('\x1b') != std::string::npos);
    CHECK(plain_of(coloured.out) == plain.out);
    CHECK(plain_of(coloured.err) == plain.err);
  }
}

TEST_CASE("json and csv have no colour") {
  CHECK(run_line("groups --world-size 4 --format json", {.out = true}).out.find('\x1b') == std::string::npos);
  CHECK(run_line("groups --world-size 4 --format csv", {.out = true}).out.find('\x1b') == std::string::npos);
  CHECK(run_line("rank 1 --world-size 4 --format json", {.out = true}).out.find('\x1b') == std::string::npos);
}

TEST_CASE("warnings leave the standard output alone") {
  const Outcome outcome = run_line("groups --world-size 8 --sp 4 --fp8 --format csv --kind amax");
  CHECK(outcome.status == cli::success);
  CHECK(outcome.out == "kind,group,ranks\namax,0,0 1\namax,1,2 3\namax,2,4 5\namax,3,6 7\n");
  CHECK(outcome.err.starts_with("warning: amax groups are blocks"));
}

TEST_CASE("a closed pipe ends the program quietly") {
  FailingSink out(100000, EPIPE);
  cli::StringSink err;
  CHECK(cli::run(large, {.out = out, .err = err}) == cli::success);
  CHECK(err.text().empty());
}

TEST_CASE("output that cannot be written is a failure") {
  FailingSink out(100000, ENOSPC);
  cli::StringSink err;
  CHECK(cli::run(large, {.out = out, .err = err}) == cli::failure);
  CHECK(err.text() == "error: cannot write the output: No space left on device\n");
}

TEST_CASE("messages that cannot be written do not change the exit status") {
  cli::StringSink out;
  FailingSink err(0, ENOSPC);
  const std::vector<std::string> bad{"show"};
  CHECK(cli::run(bad, {.out = out, .err = err}) == cli::bad_input);
  CHECK(out.text().empty());
}

TEST_CASE("--help is answered also for a bad command line") {
  const Outcome outcome = run_line("groups --bogus --help");
  CHECK(outcome.status == cli::success);
  CHECK(outcome.out == run_line("groups --help").out);
  CHECK(outcome.err.empty());
}
