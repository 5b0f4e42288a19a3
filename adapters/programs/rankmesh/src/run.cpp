#include "rankmesh/cli/run.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <string_view>
#include <system_error>

#include "command_line.hpp"
#include "rankmesh/output/writer.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {
namespace {

/// Messages of a run. A message that cannot be written is dropped.
class Messages {
 public:
  explicit Messages(const Streams& streams) : err_(streams.err), style_(streams.colour_err) {}

  void error(const std::string& text) noexcept { put(style_.red("error:") + " " + text); }
  void warning(const std::string& text) noexcept { put(style_.yellow("warning:") + " " + text); }
  void put(const std::string& text) noexcept {
    try {
      err_.write(text + "\n");
    } catch (const std::exception&) {
    }
  }

 private:
  Sink& err_;
  Style style_;
};

int run_command(std::span<const std::string> args, const Streams& streams, Messages& messages) {
  const CommandLine line(args);
  if (!line.problems().empty()) {
    for (const std::string& problem : line.problems()) messages.error(printable(problem));
    messages.put("See " + line.help_command() + ".");
    return bad_input;
  }
  Writer out(streams.out);
  const int status = line.task().run(out, Style(streams.colour_out, streams.width));
  out.flush();
  for (const std::string& error : line.task().errors) messages.error(printable(error));
  for (const std::string& warning : line.task().warnings) messages.warning(printable(warning));
  return status;
}

}  // namespace

bool wants_colour(bool is_terminal, const char* no_color) noexcept {
  return is_terminal && (no_color == nullptr || *no_color == '\0');
}

std::size_t width_of_lines(std::size_t terminal, const char* columns) noexcept {
  constexpr std::size_t least = 40;
  std::size_t width = terminal;
  const std::string_view text = columns == nullptr ? "" : columns;
  if (width == 0) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (error != std::errc() || stop != text.data() + text.size()) width = 0;
  }
  return width == 0 ? default_width : std::max(width, least);
}

int run(std::span<const std::string> args, const Streams& streams) noexcept {
  Messages messages(streams);
  try {
    return run_command(args, streams, messages);
  } catch (const WriteError& error) {
    if (error.is_closed_pipe()) return success;
    messages.error(error.what());
  } catch (const std::exception& error) {
    messages.error(error.what());
  }
  return failure;
}

}  // namespace rankmesh::cli
