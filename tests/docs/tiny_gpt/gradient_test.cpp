// Compares the hand-written gradients with finite differences of the loss. The tests of the layouts would not
// find a wrong gradient, because all layouts compute the same one.

#include <cmath>
#include <string>

#include "stage.hpp"
#include "support/catch.hpp"

namespace {

using namespace tiny_gpt;

const ModelSize size{.layers = 2, .hidden = 12, .heads = 3, .length = 6, .split_layer = 2};

/// A model in one process.
struct Model {
  rankmesh::mpi::Communicators made{MPI_COMM_WORLD, {.world_size = 1}};
  Groups groups = groups_of(made);
  Parameters parameters{parameters_of(size, made.state()), 1};
  Stage stage{
      size, made.state(), groups.at(GroupKind::pipeline), {size, parameters, groups, false}, 2 * size.length};
  std::vector<Microbatch> batch{{.tokens = {1, 2, 3, 250, 2, 1}, .targets = {2, 3, 250, 2, 1, 9}},
                                {.tokens = {0, 0, 7, 255, 2, 3}, .targets = {0, 7, 255, 2, 3, 3}}};

  double loss() { return stage.run(batch); }
};

}  // namespace

TEST_CASE("the gradient of each weight is the slope of the loss") {
  Model model;
  static_cast<void>(model.loss());
  const Vector gradient = model.parameters.gradients;
  for (const Parameter& parameter : parameters_of(size, model.made.state())) {
    CAPTURE(parameter.name);
    const auto own = gradient.segment(parameter.offset, parameter.end() - parameter.offset);
    // Along the gradient, the slope of the loss is the square of the gradient's norm.
    constexpr double step = 1e-5;
    auto values = model.parameters.values.segment(parameter.offset, parameter.end() - parameter.offset);
    const Vector before = values;
    // The second direction moves each entry by a different amount.
    for (const bool is_along : {true, false}) {
      Vector direction = own;
      for (Index i = 0; i < direction.size() && !is_along; ++i)
        direction[i] = std::sin(static_cast<double>(i + 1));
      values = before + step * direction;
      const double above = model.loss();
      values = before - step * direction;
      const double below = model.loss();
      values = before;
      const double expected = own.dot(direction);
      CHECK(std::abs((above - below) / (2 * step) - expected) <= 1e-8 + 1e-6 * std::abs(expected));
    }
    CHECK(own.norm() > 1e-4);
  }
}
