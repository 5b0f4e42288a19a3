#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rankmesh/topology/state.hpp"

namespace rankmesh {

/// The sharded classes of a stage behind each other: which elements are in an interval of the buffer.
class FlatBuffer {
 public:
  /// @param experts the parts that the experts are divided into; 0 for the buffer of the dense classes
  /// @param tensor the parts that tensors are divided into
  FlatBuffer(std::span<const StateClass> classes, const PipelineLayout& layers, std::int64_t stage,
             std::int64_t experts, std::int64_t tensor);

  /// With padding.
  [[nodiscard]] std::int64_t length() const noexcept { return length_; }
  /// Adds the elements in an interval to the blocks of their classes.
  /// @param expert the part of the experts
  /// @param tensor the part of the tensors
  void add_blocks(const IndexRange& interval, std::int64_t expert, std::int64_t tensor,
                  std::vector<std::vector<StateBlock>>& blocks) const;

 private:
  /// A tensor, or the same tensor of several experts.
  struct Segment {
    std::size_t state = 0;
    std::int64_t layer = 0;
    std::int64_t first = 0;
    std::int64_t experts = 1;
    /// Elements of each expert.
    std::int64_t elements = 1;

    [[nodiscard]] std::int64_t end() const noexcept { return first + experts * elements; }
  };

  void add_layers(StatePlace place, const PipelineLayout& layers, std::int64_t stage, std::int64_t experts);
  void append(std::size_t state, std::int64_t layer, std::int64_t experts);
  void add_part(const Segment& segment, const IndexRange& part, std::int64_t expert, std::int64_t tensor,
                std::vector<StateBlock>& blocks) const;

  std::span<const StateClass> classes_;
  std::int64_t tensor_ = 1;
  std::vector<Segment> segments_;
  std::int64_t length_ = 0;
};

}  // namespace rankmesh
