#include "rankmesh/topology/pipeline_layout.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "pipeline/layout_text.hpp"
#include "pipeline/split_rules.hpp"

namespace rankmesh {
namespace {

constexpr std::size_t longest_text = 65536;

/// `t`, `tt`, `t*3`
std::string letters(char letter, std::int64_t count) {
  if (count <= 2) return std::string(static_cast<std::size_t>(count), letter);
  return letter + ("*" + std::to_string(count));
}

/// Appends texts, with a comma between a number and what follows it, but not before `|`.
class LayoutWriter {
 public:
  void put(const std::string& text) {
    flush();
    append(text);
  }
  /// Chunks that hold nothing but layers, each with its separator.
  void put_run(ChunkRun run) {
    if (run.layers != run_.layers) flush();
    run_ = {.layers = run.layers, .chunks = run_.chunks + run.chunks};
  }
  [[nodiscard]] bool is_full() const { return text_.size() > longest_text; }
  [[nodiscard]] std::string take() {
    flush();
    return is_full() ? "" : std::move(text_);
  }

 private:
  void append(const std::string& text) {
    if (text.empty()) return;
    if (ends_in_number_ && text.front() != '|' && text.front() != ')') text_ += ',';
    text_ += text;
    ends_in_number_ = text.back() >= '0' && text.back() <= '9';
  }
  void flush() {
    const auto [layers, chunks] = std::exchange(run_, {});
    const std::string one = letters('t', layers) + "|";
    const std::string group = "(" + one + ")*" + std::to_string(chunks);
    if (chunks > 4 || one.size() * static_cast<std::size_t>(chunks) > group.size()) return append(group);
    for (std::int64_t i = 0; i < chunks; ++i) append(one);
  }

  std::string text_;
  /// Not written yet.
  ChunkRun run_;
  bool ends_in_number_ = false;
};

}  // namespace

PipelineLayout::PipelineLayout(const PipelineSplit& split, const PipelineStages& stages) {
  if (auto diagnostics = broken_split_rules(split, stages); !diagnostics.empty())
    throw ConfigError(std::move(diagnostics));
  if (split.layout) {
    *this = parse(*split.layout, stages.stages);
    return;
  }
  stages_ = stages.stages;
  mtp_layers_ = split.mtp_layers.value_or(0);
  set_parts(parts_of_split(split, stages));
  mtp_chunk_ = chunks_ - 1;
}

PipelineLayout PipelineLayout::parse(std::string_view text, std::int64_t stages) {
  LayoutText read = read_layout_text(text);
  if (read.diagnostics.empty()) read.diagnostics = broken_text_rules(read, text, {.stages = stages});
  if (!read.diagnostics.empty()) throw ConfigError(std::move(read.diagnostics));
  PipelineLayout layout;
  layout.stages_ = stages;
  layout.mtp_layers_ = read.mtp_layers;
  layout.mtp_chunk_ = read.mtp_chunk;
  layout.set_parts(read.parts);
  return layout;
}

void PipelineLayout::set_parts(const std::vector<LayoutPart>& parts) {
  chunks_ = 0;
  layers_ = 0;
  for (const LayoutPart& part : parts) {
    std::vector<ChunkRun> runs;
    for (const ChunkRun& run : part.runs) append_run(runs, run);
    std::int64_t copies = part.copies;
    // Copies of equal chunks are one run.
    if (runs.size() == 1) runs.front().chunks *= std::exchange(copies, 1);
    Part placed{.chunk = chunks_, .layers_before = layers_, .runs = {}, .copies = copies};
    std::int64_t end = 0;
    std::int64_t layers = 0;
    for (const ChunkRun& run : runs) {
      placed.runs.push_back(
          {.begin = end, .end = end + run.chunks, .layers_before = layers, .layers = run.layers});
      end += run.chunks;
      layers += run.chunks * run.layers;
    }
    chunks_ += end * copies;
    layers_ += layers * copies;
    parts_.push_back(std::move(placed));
  }
}

const PipelineLayout::Part& PipelineLayout::part_of(std::int64_t chunk) const {
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), chunk,
                                      [](std::int64_t c, const Part& part) { return c < part.chunk; });
  return *std::prev(after);
}

PipelineLayout::Found PipelineLayout::find(std::int64_t chunk) const {
  const Part& part = part_of(chunk);
  const std::int64_t copy = (chunk - part.chunk) / part.period();
  const std::int64_t begin = part.chunk + copy * part.period();
  const auto run = std::upper_bound(part.runs.begin(), part.runs.end(), chunk - begin,
                                    [](std::int64_t c, const Run& r) { return c < r.end; });
  const Run& last = part.runs.back();
  const std::int64_t of_copy = last.layers_before + (last.end - last.begin) * last.layers;
  const std::int64_t before = run->layers_before + (chunk - begin - run->begin) * run->layers;
  return {.layers_before = part.layers_before + copy * of_copy + before,
          .layers = run->layers,
          .end = begin + run->end};
}

ChunkContent PipelineLayout::chunk(const ChunkQuery& query) const {
  if (query.stage < 0 || query.stage >= stages_) {
    throw RangeError("stage " + std::to_string(query.stage) + " does not exist: there are " +
                     std::to_string(stages_) + ", counted from 0");
  }
  if (query.virtual_stage < 0 || query.virtual_stage >= virtual_stages()) {
    throw RangeError("virtual stage " + std::to_string(query.virtual_stage) +
                     " does not exist: a stage has " + std::to_string(virtual_stages()) + ", counted from 0");
  }
  const std::int64_t chunk = query.virtual_stage * stages_ + query.stage;
  const Found found = find(chunk);
  return {.embedding = chunk == 0,
          .layers = {.first = found.layers_before + 1, .count = found.layers},
          .mtp = {.first = chunk > mtp_chunk_ ? mtp_layers_ + 1 : 1,
                  .count = chunk == mtp_chunk_ ? mtp_layers_ : 0},
          .loss = chunk == chunks_ - 1};
}

std::vector<std::int64_t> PipelineLayout::embedding_stages(bool tied) const {
  std::vector<std::int64_t> result{0};
  if (mtp_layers_ > 0) result.push_back(mtp_chunk_ % stages_);
  if (tied) result.push_back(stages_ - 1);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::string PipelineLayout::copies_text(const Part& part, std::int64_t copies) {
  LayoutWriter writer;
  writer.put("(");
  for (const Run& run : part.runs) {
    for (std::int64_t i = run.begin; i < run.end; ++i) {
      if (writer.is_full()) return "";
      writer.put(letters('t', run.layers));
      writer.put("|");
    }
  }
  writer.put(")*" + std::to_string(copies));
  return writer.take();
}

std::string PipelineLayout::to_string() const {
  LayoutWriter writer;
  const std::int64_t last = chunks_ - 1;
  const auto is_special = [&](std::int64_t chunk) {
    return chunk == 0 || chunk == last || (mtp_layers_ > 0 && chunk == mtp_chunk_);
  };
  for (std::int64_t at = 0; at < chunks_;) {
    if (writer.is_full()) return "";
    const Found found = find(at);
    if (is_special(at)) {
      if (at == 0) writer.put("E");
      writer.put(letters('t', found.layers));
      if (at == mtp_chunk_) writer.put(letters('m', mtp_layers_));
      writer.put(at == last ? "L" : "|");
      ++at;
      continue;
    }
    std::int64_t next = last;
    if (mtp_layers_ > 0 && mtp_chunk_ > at) next = mtp_chunk_;
    const Part& part = part_of(at);
    const std::int64_t copies = (std::min(next, part.end()) - at) / part.period();
    const bool begins_copy = (at - part.chunk) % part.period() == 0;
    if (part.runs.size() > 1 && begins_copy && copies > 1) {
      if (const std::string text = copies_text(part, copies); !text.empty()) {
        writer.put(text);
        at += copies * part.period();
        continue;
      }
    }
    const std::int64_t end = std::min(next, found.end);
    writer.put_run({.layers = found.layers, .chunks = end - at});
    at = end;
  }
  return writer.take();
}

bool PipelineLayout::operator==(const PipelineLayout& other) const {
  if (stages_ != other.stages_ || chunks_ != other.chunks_ || layers_ != other.layers_ ||
      mtp_layers_ != other.mtp_layers_ || (mtp_layers_ > 0 && mtp_chunk_ != other.mtp_chunk_)) {
    return false;
  }
  for (std::int64_t at = 0; at < chunks_;) {
    const Part& mine = part_of(at);
    const Part& others = other.part_of(at);
    const std::int64_t end = std::min(mine.end(), others.end());
    // Two periodic sequences that agree on the sum of their periods agree everywhere.
    const std::int64_t enough = std::min(end, at + mine.period() + others.period());
    while (at < enough) {
      const Found a = find(at);
      const Found b = other.find(at);
      if (a.layers != b.layers) return false;
      at = std::min({a.end, b.end, end});
    }
    at = end;
  }
  return true;
}

}  // namespace rankmesh
